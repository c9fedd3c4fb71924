"""What holds of any replay, whatever the history.

Histories are of two countries that have nothing to do with each other: licenses, denials, shipments
under licenses and under exceptions, goods sent on, voids. That the books a replay keeps say what
the arithmetic of quotas says is a law of quotas (`test_quota_laws`).
"""

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st
from world import (
    H100,
    adopted,
    applied,
    approved,
    diffusion,
    entries,
    exported,
    history_under,
    licensed,
    line,
    party,
    voided,
)

from ledger.events import LicenseApproved, LicenseDenied, Movement, ShipmentReexported
from ledger.fold import replay as folded
from ledger.policy import Rules, parse_pack, shipped_pack, suppose
from projections.differences import Lines
from projections.flag_changes import flag_differences
from projections.red_flags import RULES, FlagsFold
from projections.reference import ALWAYS

ON = date(2025, 12, 31)
PARTIES = {"AE": "acme", "SA": "sands"}
ONWARD = {"AE": "OM", "SA": "KW"}
LINES = Lines(
    [(parse_pack(text), text) for text in map(shipped_pack, ("adv-comp-2023", "diffusion-2025"))]
)
FLAGS = tuple(rule for rule in RULES if rule.name in ("cap-breach", "lpp-limit"))

days = st.dates(date(2025, 1, 20), date(2025, 6, 30))
units = st.integers(1, 60_000)
caps = st.integers(0, 100_000 * H100)


@st.composite
def said_in(draw, country, size=8, voids=True):
    """What is said of one country, in order; a void says which of these it takes back."""
    name, told = PARTIES[country], []
    for number in range(draw(st.integers(0, size))):
        kind = draw(st.sampled_from(["approve", "approve", "deny", "ship", "ship", "on", "void"]))
        id_, on, many = f"{country}-{number}", draw(days), draw(units)
        whom = {"ultimate_consignee": name, "destination": country}
        licenses = [one.license for one in told if isinstance(one, LicenseApproved)]
        moved = [one for one in told if isinstance(one, Movement)]
        match kind:
            case "approve":
                told.append(
                    approved(id_, **whom, end_users=(name,), lines=(licensed(many),),
                             decided_on=on)
                )  # fmt: skip
            case "deny":
                told.append(applied(id_, **whom, end_users=(name,), lines=(licensed(many),)))
                told.append(
                    LicenseDenied(license=id_, decided_on=on, destination=country, reason="")
                )
            case "ship":
                under = draw(st.sampled_from([*licenses, "LPP", "LPP", "AIA", "NLR"]))
                authority = under if under in ("LPP", "AIA", "NLR") else "license"
                told.append(
                    exported(
                        id_, authority=authority, ultimate_consignee=name, end_user=name,
                        lines=(line(many),), route=("US", country), exported_on=on,
                        **({"license": under} if authority == "license" else {}),
                    )
                )  # fmt: skip
            case "on" if moved:
                told.append(
                    ShipmentReexported(
                        shipment=id_, of=draw(st.sampled_from(moved)).shipment, authority="none",
                        lines=(line(many),), ultimate_consignee=name, reexported_on=on,
                        route=(country, ONWARD[country]),
                    )
                )  # fmt: skip
            case "void" if moved and voids:
                told.append(draw(st.sampled_from(moved)).shipment)
    return told


def told(*parts):
    """Events from parts, each void pointing at its entry; rules and parties before them."""
    history = [*RULES_AND_PARTIES]
    for one in (one for part in parts for one in part):
        if isinstance(one, str):
            at = next(
                number
                for number, event in enumerate(history, 1)
                if isinstance(event, Movement) and event.shipment == one
            )
            history.append(voided(at, one))
        else:
            history.append(one)
    return history


RULES_AND_PARTIES = (adopted(), party("acme", "AE"), party("sands", "SA"))


def supposing(cap=790_000_000, limit=26_900_000):
    return suppose(f"diffusion-2025:country_allocation.tpp={cap}:lpp.limit_tpp={limit}", {})


def made(history, *rules):
    return history_under(history, rules, LINES)


@settings(max_examples=25)
@given(said_in("AE"), said_in("SA"), st.booleans())
def test_the_same_rules_change_nothing(uae, saudi, under_caps):
    rules = diffusion(date(2020, 1, 1)) if under_caps else adopted()
    history = [rules, *told(uae, saudi)[1:]]
    name = "diffusion-2025" if under_caps else "adv-comp-2023"
    same = Rules.of([parse_pack(shipped_pack(name))])
    made_ = made(history, same)

    assert [] == made_.differences()
    assert [] == made_.account_differences(ON)

    folds = [FlagsFold(), FlagsFold(same)]
    then, now = (
        [each.flag for each in fold.raised(folded(fold, entries(*history)), ON)] for fold in folds
    )
    assert [] == flag_differences(then, now, {1}, lambda on: same, same, LINES, ALWAYS)


@given(said_in("AE", voids=False), caps, caps)
def test_a_stricter_cap_never_grants_more(uae, one, other):
    """Licenses here outlive the history, so that nothing lapses and gives room back."""
    history = told(uae)
    loose, strict = max(one, other), min(one, other)
    approvals = {
        f"license:{event.license}": event.lines[0].tpp
        for event in history
        if isinstance(event, LicenseApproved)
    }
    made_ = made(history, supposing(loose), supposing(strict))

    def granted(which):
        stopped = {each.subject for each in made_.differences(which) if each.change == "refused"}
        return sum(tpp for license, tpp in approvals.items() if license not in stopped)

    assert granted(1) <= granted(0)


@settings(max_examples=40)
@given(said_in("AE"), said_in("SA"), caps, caps)
def test_a_stricter_cap_never_removes_a_breach(uae, saudi, one, other):
    history = entries(*told(uae, saudi))

    def breached(cap):
        fold = FlagsFold(supposing(cap, cap), FLAGS)
        return {(each.flag.rule, each.flag.key) for each in fold.raised(folded(fold, history), ON)}

    assert breached(max(one, other)) <= breached(min(one, other))


@settings(max_examples=50)
@given(said_in("AE"), said_in("SA"), caps, st.randoms(use_true_random=False))
def test_the_order_of_what_has_nothing_to_do_with_each_other_never_matters(uae, saudi, cap, random):
    def found(history):
        made_ = made(history, supposing(cap))
        at = dict(enumerate(history, 1))
        rows = [*made_.differences(), *made_.account_differences(ON)]
        return sorted(
            (each.kind, each.change, each.subject, each.tpp, each.headroom_tpp, each.drawn_tpp,
             at[each.entry].subject, at[each.diverges_at].subject)
            for each in rows
        )  # fmt: skip

    mixed, left, right = [], [*uae], [*saudi]
    while left or right:
        mixed.append((left if right == [] or (left and random.random() < 0.5) else right).pop(0))

    assert found(told(uae, saudi)) == found(told(saudi, uae)) == found(told(mixed))
