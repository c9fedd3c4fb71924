"""Every check an auditor makes, on bytes alone: verify a ledger and say what was not checked.

This package shares no code with what writes a ledger: envelope, tree, notes, keys and registry
are read here a second time from docs/formats.md, so that one mistake is not made on both sides.
It takes from the rest only the nouns, the errors, the events as types, and the table of roles.
"""

from ledger.verification.anchor import Anchor, Witness, parse_anchor, render_anchor
from ledger.verification.report import CODES, Finding, Report, Step, Verdict
from ledger.verification.steps import verify
from ledger.verification.tree import Tree
from ledger.verification.walk import Row

__all__ = [
    "CODES", "Anchor", "Finding", "Report", "Row", "Step", "Tree", "Verdict", "Witness",
    "parse_anchor", "render_anchor", "verify",
]  # fmt: skip
