"""AIA, NVEU and UVEU: lines drawn through all that a company received, said and never refused."""

from datetime import date

import pytest
from scenario import given
from world import adopted, applied, approved, diffusion, exported, licensed, line, party, voided

from commands.licenses import ApproveLicense
from commands.shipments import LineDeclared, RecordExport

DAY = date(2025, 3, 3)
H100 = 15_832


def shipping(authority, units, to="DE", consignee="acme", shipment="S-9"):
    return RecordExport(
        shipment=shipment, authority=authority, ultimate_consignee=consignee, exported_on=DAY,
        lines=(LineDeclared(model="h100-sxm", units=units),), route=("US", to),
    )  # fmt: skip


def shipped(authority, units, to="DE", consignee="acme", shipment="S-1", on=DAY):
    return exported(
        shipment, authority=authority, lines=(line(units),), route=("US", to), exported_on=on,
        ultimate_consignee=consignee,
    )  # fmt: skip


# ── AIA: a certificate from 253,000,000 TPP on ───────────────────────────────────────────────────

BEFORE_THE_LINE = 253_000_000 // H100
"""So many H100s are the most that stay below it."""


def test_from_the_line_on_a_certificate_under_aia_is_asked_for():
    first = shipped("AIA", BEFORE_THE_LINE)

    given(diffusion(), first).when(shipping("AIA", 1)).then_warns(
        f"acme has received {(BEFORE_THE_LINE + 1) * H100:,} TPP under AIA with this shipment: from"
        " 253,000,000 TPP on, its certificate goes to BIS before the export (15 CFR 740.27)"
    )
    given(diffusion()).when(shipping("AIA", BEFORE_THE_LINE)).then_warns()


@pytest.mark.parametrize(
    "before",
    [
        shipped("AIA", BEFORE_THE_LINE, consignee="another"),
        shipped("license", BEFORE_THE_LINE),
        shipped("AIA", BEFORE_THE_LINE, on=date(2025, 3, 4)),
    ],
)
def test_what_another_received_or_came_otherwise_or_later_does_not_count_under_aia(before):
    given(diffusion(), before).when(shipping("AIA", 1)).then_warns()


def test_a_voided_shipment_does_not_count_under_aia():
    given(diffusion(), shipped("AIA", BEFORE_THE_LINE), voided(2)).when(
        shipping("AIA", 1)
    ).then_warns()


# ── NVEU: a company's installed base in a country, quarter by quarter ────────────────────────────

QUARTER = 633_000_000 // H100
"""H100s within the limit of the first quarter of 2025."""
HOLDING = party("holding", "SA")
ACME = party("acme", "SA", ultimate_parent="holding")
SISTER = party("sister", "SA", ultimate_parent="holding")
SOLD = party("sold", "SA", ultimate_parent="somebody")


def test_past_the_limit_of_the_quarter_nveu_is_said_to_be():
    first = shipped("NVEU", QUARTER, to="IN", consignee="sister")
    total = (QUARTER + 1) * H100

    given(diffusion(), HOLDING, ACME, SISTER, first).when(shipping("NVEU", 1, to="IN")).then_warns(
        f"holding and what it owns have {total:,} TPP under NVEU in IN with this shipment, and"
        f" 633,000,000 TPP are allowed in 2025Q1: {total - 633_000_000:,} TPP over (15 CFR 748.15)"
    )


@pytest.mark.parametrize(
    "before",
    [
        shipped("NVEU", QUARTER, to="BR", consignee="sister"),
        shipped("NVEU", QUARTER, to="IN", consignee="sold"),
        shipped("license", QUARTER, to="IN", consignee="sister"),
    ],
)
def test_another_country_company_or_authority_is_not_this_nveu(before):
    given(diffusion(), HOLDING, ACME, SISTER, SOLD, before).when(
        shipping("NVEU", 1, to="IN")
    ).then_warns()


def test_outside_the_quarters_of_the_table_that_is_said():
    early = RecordExport(
        shipment="S-9", authority="NVEU", ultimate_consignee="acme", route=("US", "IN"),
        lines=(LineDeclared(model="h100-sxm", units=1),), exported_on=date(2024, 12, 31),
    )  # fmt: skip

    given(diffusion(date(2024, 1, 1))).when(early).then_warns(
        "no NVEU limit is set for 2024Q4, and this relies on one (15 CFR 748.15)"
    )


# ── UVEU: shares of what a company owns ──────────────────────────────────────────────────────────

EUROPEAN = party("acme", "DE", ultimate_parent="group", parent_headquarters="DE")
AMERICAN = party("acme", "US", ultimate_parent="group", parent_headquarters="US")


def test_within_its_shares_uveu_is_silent():
    given(diffusion(), EUROPEAN, shipped("UVEU", 93, to="DE")).when(
        shipping("UVEU", 7, to="IN")
    ).then_warns()


def test_more_than_its_share_in_one_country_is_said():
    given(diffusion(), EUROPEAN, shipped("UVEU", 92, to="DE")).when(
        shipping("UVEU", 8, to="IN")
    ).then_warns(
        f"with this, {8 * H100:,} of the {100 * H100:,} TPP on record here for group and what it"
        " owns stand in IN: 8.00 %; UVEU allows 7.00 % of all it owns"
    )


def test_more_than_its_share_outside_tier_1_is_said_whoever_it_came_to_and_how():
    sister = party("sister", "BR", ultimate_parent="group", parent_headquarters="DE")
    others = [
        shipped("license", 6, to=to, consignee="sister", shipment=f"S-{to}")
        for to in ("BR", "MX", "CL", "TH")
    ]

    given(diffusion(), EUROPEAN, sister, *others, shipped("UVEU", 74, to="DE")).when(
        shipping("UVEU", 2, to="IN")
    ).then_warns("stand outside tier 1: 26.00 %; UVEU allows 25.00 % of all it owns")


def test_an_american_company_keeps_half_at_home():
    given(diffusion(), AMERICAN).when(shipping("UVEU", 1, to="DE")).then_warns(
        "stand outside the United States: 100.00 %; UVEU allows 50.00 % of all it owns"
    )


def test_a_license_moves_the_shares_of_a_company_under_uveu_too():
    asked = applied(destination="IN", lines=(licensed(8),))
    approving = ApproveLicense(license="D1", decided_on=DAY)
    granted = approved(
        decided_on=DAY, expires_on=date(2026, 3, 3), destination="IN", lines=(licensed(8),)
    )

    given(diffusion(), EUROPEAN, shipped("UVEU", 92, to="DE"), asked).when(approving).then(
        granted
    ).then_warns("stand in IN: 8.00 %; UVEU allows 7.00 % of all it owns")
    given(diffusion(), EUROPEAN, shipped("AIA", 92, to="DE"), asked).when(approving).then(
        granted
    ).then_warns()


@pytest.mark.parametrize("authority", ["AIA", "NVEU", "UVEU"])
def test_rules_without_these_lines_draw_none(authority):
    given(adopted(), AMERICAN).when(shipping(authority, 100_000, to="IN")).then_warns()
