"""What was denied, detained or warned of goes another way: to somebody new."""

import itertools
from datetime import date, timedelta

import pytest
from world import adopted, applied, declared, exported, flags, line, party, voided

from ledger.events import (
    GoodsLine,
    LicenseApplicationReported,
    LicenseDecisionReported,
    LicenseDenied,
    LicenseResubmitted,
    PartyInformed,
    ShipmentDetained,
)

RULES = adopted()
DENIED = date(2025, 2, 1)


def rerouted(*events):
    return flags("rerouted", RULES, *events)


def denied(license="D1"):
    return LicenseDenied(license=license, decided_on=DENIED, destination="AE", reason="diversion")


def another(shipment="S-2", consignee="broker", days=30, **changes):
    fields = {
        "authority": "NLR", "ultimate_consignee": consignee, "end_user": None,
        "route": ("US", "MY"), "exported_on": DENIED + timedelta(days=days),
    }  # fmt: skip
    return exported(shipment, **(fields | changes))


def detained(shipment="S-1", on=DENIED):
    return ShipmentDetained(shipment=shipment, country="US", detained_by="CBP", detained_on=on)


def test_chips_a_license_was_denied_for_go_to_somebody_new():
    (flag,) = rerouted(applied(), denied(), another())

    assert (
        "8 h100-sxm went to broker on 2025-03-03, 30 days after license D1 was denied on"
        " 2025-02-01; maker had never sent to broker before, and no license or exception covers it"
    ) == flag.because
    assert "strong" == flag.severity
    assert (2, 3, 4) == flag.evidence
    assert ("maker", "broker", "acme") == flag.parties


@pytest.mark.parametrize(("days", "count"), [(-1, 0), (0, 1), (180, 1), (181, 0)])
def test_only_what_goes_within_the_window_counts(days, count):
    assert count == len(rerouted(applied(), denied(), another(days=days)))


def test_the_order_of_telling_decides_nothing():
    history = (applied(), denied(), another())
    told = [rerouted(*order) for order in itertools.permutations(history)]

    assert {1} == {len(each) for each in told}
    assert 1 == len({each[0].because for each in told})


def test_a_customer_of_old_is_nobody_new_even_where_that_is_told_late():
    before = another("S-0", days=-30)

    assert [] == rerouted(before, applied(), denied(), another())
    assert [] == rerouted(applied(), denied(), another(), before)
    assert 1 == len(rerouted(applied(), denied(), another(), before, voided(5, "S-0")))


def test_what_is_covered_or_other_goods_or_for_its_own_consignee_is_quiet():
    other = (line(model="a100-80-sxm", tpp_per_unit=4_992),)

    assert [] == rerouted(applied(), denied(), another(authority="ACA"))
    assert [] == rerouted(applied(), denied(), another(lines=other))
    assert [] == rerouted(applied(), denied(), another(end_user="broker"))
    assert [] == rerouted(applied(), denied(), another(consignee="acme"))


@pytest.mark.parametrize("words", ["notebooks", "network switches", "servers"])
def test_a_first_sale_of_other_goods_in_words_is_quiet(words):
    first = declared(
        words, exporter="maker", ultimate_consignee="broker", declared_on=DENIED + timedelta(days=1)
    )

    assert [] == rerouted(applied(), denied(), first)


def test_the_same_family_in_words_is_the_same_goods():
    first = declared(
        "H100 servers", exporter="maker", ultimate_consignee="broker", authority="none",
        declared_on=DENIED + timedelta(days=1),
    )  # fmt: skip

    assert 1 == len(rerouted(applied(), denied(), first))


def test_whoever_relies_on_nothing_is_not_believed_to_use_them_itself():
    assert 1 == len(rerouted(applied(), denied(), another(end_user="broker", authority="none")))


def test_a_sister_of_who_was_denied_is_no_new_customer_of_somebody_else():
    group = [
        party("acme", ultimate_parent="holding", parent_headquarters="AE"),
        party("sister", ultimate_parent="holding", parent_headquarters="AE"),
    ]
    through = another(consignee="sister", end_user="sister", exporter="dealer")
    (flag,) = rerouted(*group, applied(), denied(), through)

    assert "; sister belongs with acme, and no license" in flag.because


def test_a_detained_shipment_goes_to_another_consignee():
    (flag,) = rerouted(exported(), detained(), another())

    assert "30 days after shipment S-1 was detained on 2025-02-01" in flag.because
    assert (2, 3, 4) == flag.evidence
    assert [] == rerouted(exported(), detained())
    assert flag.because == rerouted(detained(), another(), exported())[0].because


def test_what_was_detained_may_be_any_goods_only_where_nobody_says_which():
    held = {"shipment": "S-1", "exporter": "maker", "declared_on": date(2025, 1, 9)}
    unsaid, said = declared(**held, lines=()), declared("valves", **held)
    parts = declared(
        "aircraft engines", exporter="maker", ultimate_consignee="broker",
        declared_on=DENIED + timedelta(days=1),
    )  # fmt: skip

    assert 1 == len(rerouted(unsaid, detained(), parts))
    assert [] == rerouted(said, detained(), parts)


def test_a_letter_without_goods_counts_for_what_relied_on_nothing_or_went_where_it_says():
    def told(**changes):
        letter = PartyInformed(party="maker", concerning="shell", informed_on=DENIED, **changes)
        return len(rerouted(letter, another())), len(rerouted(letter, another(authority="none")))

    assert (0, 1) == told()
    assert (1, 1) == told(countries=("MY",))
    assert (1, 1) == told(items="H100 chips")
    assert (0, 0) == told(items="H20 chips")


def test_what_was_decided_elsewhere_and_told_in_words_counts():
    asked = LicenseApplicationReported(
        license="X-1", applicant="maker", end_users=("plant",), authority="BIS",
        lines=(GoodsLine(description="epoxy coating"),), applied_on=date(2025, 1, 2),
    )  # fmt: skip
    answer = LicenseDecisionReported(
        license="X-1", outcome="denied", authority="BIS", decided_on=DENIED
    )
    coating = declared(
        "epoxy coating", authority="NLR", ultimate_consignee="dealer",
        declared_on=DENIED + timedelta(days=1),
    )  # fmt: skip

    assert 1 == len(rerouted(asked, answer, coating))
    assert [] == rerouted(asked, coating)


def sisters():
    return [
        party(each, ultimate_parent="holding", parent_headquarters="AE")
        for each in ("acme", "sister")
    ]


def test_an_application_for_a_sister_that_does_not_speak_of_the_denied_one_is_flagged():
    again = applied(
        "D2", ultimate_consignee="sister", end_users=("sister",), applied_on=date(2025, 3, 1)
    )
    (flag,) = rerouted(*sisters(), applied(), denied(), again)

    assert (
        "maker applied on 2025-03-01 for sister, 28 days after license D1 was denied on"
        " 2025-02-01, which was for acme of the same group, and does not say so"
    ) == flag.because


@pytest.mark.parametrize("late", [True, False])
def test_an_honest_resubmission_is_quiet(late):
    again = applied(
        "D2", ultimate_consignee="sister", end_users=("sister",), applied_on=date(2025, 3, 1)
    )
    openly = LicenseResubmitted(license="D2", of="D1", resubmitted_on=date(2025, 3, 1))
    both = (again, openly) if late else (openly, again)

    assert [] == rerouted(*sisters(), applied(), denied(), *both)


def test_an_application_for_the_same_party_or_another_customer_is_quiet():
    stranger = applied(
        "D3", ultimate_consignee="other", end_users=("other",), applied_on=date(2025, 3, 1)
    )

    assert [] == rerouted(
        *sisters(), applied(), denied(), applied("D2", applied_on=date(2025, 3, 1)), stranger
    )


def test_a_voided_shipment_went_nowhere():
    assert [] == rerouted(applied(), denied(), another(), voided(4, "S-2"))


def test_who_belongs_with_whom_may_be_told_last():
    sisters = (
        party("acme", ultimate_parent="holding"),
        party("sister", "MY", ultimate_parent="holding"),
    )
    history = (applied(), denied(), another(consignee="sister"), *sisters)
    told = {flag.because for order in itertools.permutations(history) for flag in rerouted(*order)}

    assert 1 == len(told)
    assert "; sister belongs with acme, and no license" in told.pop()


def test_a_subsidiary_founded_after_a_letter_is_whoever_was_told():
    letter = PartyInformed(party="maker", concerning="bad", items="H100 chips", informed_on=DENIED)

    def said(consignee, *history, days=20, parent="maker"):
        founded = DENIED + timedelta(days=days)
        subsidiary = party(
            "newco", "US", ultimate_parent=parent, parent_headquarters="US", formed_on=founded
        )
        sent = another(consignee=consignee, exporter="newco")
        orders = ((letter, subsidiary, *history, sent), (sent, *history, subsidiary, letter))
        told = {flag.because for order in orders for flag in rerouted(*order)}
        return told.pop().partition("; ")[2] if len(told) == 1 else told

    covers = ", and no license or exception covers it"

    assert f"newco belongs with maker{covers}" == said("bad")
    assert (f"newco, which belongs with maker, had never sent to broker before{covers}") == said(
        "broker"
    )
    assert set() == said("broker", another("S-0", days=-90)), "a customer of old of its group"
    assert set() == said("bad", days=-1), "a sister of old"
    assert set() == said("bad", parent="another")


def test_a_subsidiary_of_who_was_warned_of_may_be_founded_after_the_letter():
    letter = PartyInformed(party="maker", concerning="bad", items="H100 chips", informed_on=DENIED)
    founded = party("newco", "MY", ultimate_parent="bad", formed_on=DENIED + timedelta(days=20))
    sent = another(consignee="newco", end_user="newco")
    told = {
        flag.because
        for order in itertools.permutations((letter, founded, sent))
        for flag in rerouted(*order)
    }

    assert 1 == len(told)
    assert "; newco belongs with bad, and no license" in told.pop()
