"""Two clocks: what is so in the world, and when it was told.

Facts about parties may be told before the shipments they bear on, after them, or between. They
keep their own order, for of two that contradict each other the later one corrects the first.
"""

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st
from world import adopted, approved, diffusion, entries, exported, licensed, line, party, voided

from ledger.events import Movement, PartyOwnershipChanged, PartyRelocated, ShipmentVoided
from ledger.fold import replay
from projections.red_flags import FlagsFold

ON = date(2026, 11, 22)

NAMES = ("acme", "shell", "japan", "stranger")
names = st.sampled_from(NAMES)
owners = st.sampled_from([*NAMES, "top"])
places = st.sampled_from(["AE", "CN", "JP", "MY"])
days = st.dates(date(2025, 1, 20), date(2025, 3, 10))


@st.composite
def facts(draw):
    """What is told of parties, in order: registrations, moves, changes of ownership."""
    told = []
    for _ in range(draw(st.integers(1, 7))):
        name = draw(owners)
        match draw(st.sampled_from(["register", "move", "own", "own"])):
            case "register":
                above = draw(st.none() | owners)
                told.append(
                    party(
                        name, draw(places), headquarters=draw(places),
                        ultimate_parent=None if above == name else above,
                        parent_headquarters=draw(st.none() | places),
                        formed_on=draw(st.none() | days),
                    )
                )  # fmt: skip
            case "move":
                told.append(
                    PartyRelocated(party=name, headquarters=draw(places), relocated_on=draw(days))
                )
            case _:
                owner, share = draw(owners), draw(st.sampled_from([0, 1_000, 5_001, 10_000]))
                if owner != name:
                    told.append(
                        PartyOwnershipChanged(
                            party=name, owner=owner, share=share, changed_on=draw(days)
                        )
                    )
    return told


@st.composite
def trades(draw):
    """Shipments and licenses in order; a number stands for the voiding of that shipment."""
    told = []
    for number in range(draw(st.integers(1, 7))):
        authority = draw(st.sampled_from(["license", "LPP", "LPP", "AIA", "NLR", "none"]))
        told.append(
            exported(
                f"S-{number}", authority=authority, ultimate_consignee=draw(names),
                end_user=draw(st.none() | names), purchaser=draw(st.none() | names),
                intermediate_consignees=tuple(draw(st.lists(names, max_size=1))),
                lines=(line(draw(st.sampled_from([8, 900, 1_700]))),), route=("US", draw(places)),
                exported_on=draw(days),
            )
        )  # fmt: skip
        if draw(st.integers(0, 5)) == 0:
            told.append(number)
    if draw(st.booleans()):
        granted = approved(ultimate_consignee=draw(names), lines=(licensed(draw(units)),))
        told.insert(draw(st.integers(0, len(told))), granted)
    return told


units = st.integers(1, 4_000)


def seen(told):
    """The flags that stand, with the events that show them instead of their numbers."""
    at = {
        event.shipment: number
        for number, event in enumerate(told, 3)
        if isinstance(event, Movement)
    }
    said = [
        voided(at[f"S-{event}"], f"S-{event}") if isinstance(event, int) else event
        for event in told
    ]
    history = [adopted(), diffusion(), *said]
    fold = FlagsFold()
    found = fold.raised(replay(fold, entries(*history)), ON)
    assert not any(
        isinstance(history[number - 1], ShipmentVoided)
        for each in found
        for number in each.flag.evidence
    )
    return sorted(
        (
            each.flag.rule, each.flag.severity, each.flag.subject, each.flag.key,
            each.flag.because, each.flag.policy, each.flag.on,
            sorted(repr(history[number - 1]) for number in each.flag.evidence),
        )
        for each in found
    )  # fmt: skip


@given(facts(), trades(), st.randoms(use_true_random=False))
@settings(max_examples=200)
def test_when_facts_about_parties_are_told_decides_nothing(about, trade, chance):
    mixed, left, right = [], list(about), list(trade)
    while left or right:
        mixed.append((left if left and (not right or chance.random() < 0.5) else right).pop(0))

    first = seen([*about, *trade])
    assert first == seen([*trade, *about])
    assert first == seen(mixed)


@given(facts(), trades())
def test_a_flag_cites_the_fact_it_rests_on_whenever_that_was_told(about, trade):
    """What is cited is enough: the entries of a flag alone, and the rules, raise it again."""
    history = [adopted(), diffusion(), *trade, *about]
    history = [event for event in history if not isinstance(event, int)]
    fold = FlagsFold()
    for each in fold.raised(replay(fold, entries(*history)), ON):
        flag = each.flag
        if flag.rule != "tier3-party":
            continue
        told = [history[number - 1] for number in flag.evidence]
        alone = fold.raised(replay(fold, entries(adopted(), diffusion(), *told)), ON)
        assert flag.because in [one.flag.because for one in alone]
