"""The rules as data: policy packs, which of them were in force when, and what they answer.

A pack is a TOML file whose every number stands beside its source. It proposes; only a signed
adoption that carries its text makes it count.
"""

from ledger.policy.pack import (
    PACK_BYTES_MAX,
    Act,
    Affiliates,
    ChipControl,
    CountryAllocation,
    Detection,
    DutyBand,
    Example,
    ExceptionRule,
    ItemGroup,
    LowProcessingPerformance,
    Pack,
    Pattern,
    Permit,
    RatioCap,
    ReviewRow,
    Section,
    Thresholds,
    UniversalVeu,
    digest,
    parse_pack,
    shipped_pack,
    shipped_packs,
    source_keys,
)
from ledger.policy.places import Parameter, Place, parameters, where
from ledger.policy.rules import PartyTier, Rules
from ledger.policy.supposing import Supposed, pack_names, suppose, supposed_packs
from ledger.policy.timeline import Adoption, PolicyTimeline, after

__all__ = [
    "PACK_BYTES_MAX",
    "Act",
    "Adoption",
    "Affiliates",
    "ChipControl",
    "CountryAllocation",
    "Detection",
    "DutyBand",
    "Example",
    "ExceptionRule",
    "ItemGroup",
    "LowProcessingPerformance",
    "Pack",
    "Parameter",
    "PartyTier",
    "Pattern",
    "Permit",
    "Place",
    "PolicyTimeline",
    "RatioCap",
    "ReviewRow",
    "Rules",
    "Section",
    "Supposed",
    "Thresholds",
    "UniversalVeu",
    "after",
    "digest",
    "pack_names",
    "parameters",
    "parse_pack",
    "shipped_pack",
    "shipped_packs",
    "source_keys",
    "suppose",
    "supposed_packs",
    "where",
]
