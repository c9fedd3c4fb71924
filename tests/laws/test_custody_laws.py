"""What holds after any history of chips: for the custody of each, for balances and their flags."""

from datetime import date
from itertools import pairwise
from tempfile import TemporaryDirectory

from custody_stories import back, counted, gone, made, moved, read, seen, sent, site
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from world import Office, entries, voided

from ledger import views
from ledger.events import Movement, ShipmentDelivered, ShipmentVoided
from ledger.fold import replay
from projections.balance import BalanceFold
from projections.custody import CustodyFold
from projections.red_flags import FlagsFold
from projections.red_flags.inventory_difference import InventoryDifference
from projections.red_flags.located_elsewhere import LocatedElsewhere
from projections.red_flags.removed_after_check import RemovedAfterCheck
from projections.red_flags.serial_conflict import SerialConflict

RULES = (InventoryDifference(), LocatedElsewhere(), RemovedAfterCheck(), SerialConflict())
FOLDS = (CustodyFold(), BalanceFold(), FlagsFold(chosen=RULES))
ON = date(2026, 11, 22)

days = st.integers(1, 40)
places = st.sampled_from(["AE", "MY", "CN"])
serials = st.sampled_from(["N-1", "N-2", "M-77"])
sites = st.sampled_from(["A", "B"])
numbers = st.lists(serials, min_size=1, max_size=3)


def delivered(shipment, on):
    return ShipmentDelivered(
        shipment=shipment, delivered_on=sent(on=on).on, country="AE", received_by="acme"
    )


@st.composite
def histories(draw, voids=True):
    """Events about three chips, right or wrong; no shipment is told twice."""
    history = [site("A"), site("B", "MY")]
    for number in range(draw(st.integers(0, 9))):
        on = draw(days)
        kinds = [
            "made",
            "sent",
            "sent",
            "deliver",
            "see",
            "count",
            "move",
            "lose",
            "return",
            "read",
        ]
        match draw(st.sampled_from(kinds)):
            case "made":
                history.append(made(*draw(numbers), on=on))
            case "sent":
                history.append(sent(f"S-{number}", *draw(numbers), on=on, to=draw(places)))
            case "deliver":
                history.append(delivered(f"S-{draw(st.integers(0, 8))}", on))
            case "see":
                method = draw(st.sampled_from(["paper", "label_read", "powered_on"]))
                history.append(seen(draw(places), on, method, *draw(numbers)))
            case "count":
                history.append(counted(draw(sites), on, *draw(numbers)))
            case "move":
                history.append(moved("A", "B", on))
            case "lose":
                cause = draw(st.sampled_from(["destroyed", "stolen"]))
                history.append(replace(gone(cause, on), lines=counted("A", 1, draw(serials)).lines))
            case "return":
                history.append(back(f"S-{draw(st.integers(0, 8))}", on))
            case "read":
                history.append(read((draw(serials), draw(st.none() | serials)), on=on))
    return history


def said(history):
    """What is flagged, without the numbers of entries."""
    fold = FlagsFold(chosen=RULES)
    found = fold.raised(replay(fold, history), ON)
    return sorted(
        (each.flag.rule, each.flag.severity, each.flag.subject, each.flag.on) for each in found
    )


@given(histories(), st.randoms())
def test_the_order_of_telling_decides_nothing(history, chance):
    other = list(history)
    chance.shuffle(other)

    assert said(entries(*history)) == said(entries(*other))


@given(histories(), st.data())
def test_a_voided_shipment_is_as_if_it_had_never_been(history, data):
    shipments = [(at, event) for at, event in enumerate(history, 1) if isinstance(event, Movement)]
    if not shipments:
        return
    at, event = data.draw(st.sampled_from(shipments))
    undone = entries(*history, voided(at, event.shipment))
    never = [entry for entry in entries(*history) if entry.number != at]

    assert said(never) == said(undone)


@given(histories(), st.data())
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_resumed_anywhere_in_sql_a_fold_keeps_the_same_bytes(history, data):
    movements = [at for at, event in enumerate(history, 1) if isinstance(event, Movement)]
    if movements:
        at = data.draw(st.sampled_from(movements))
        # The opening stands before it.
        history = [*history, voided(at + 1, history[at - 1].shipment)]
    cuts = sorted(data.draw(st.sets(st.integers(0, len(history)), max_size=3)))
    with TemporaryDirectory() as folder:
        office = Office(f"sqlite:///{folder}/ledger.db")
        try:
            for start, stop in pairwise([0, *cuts, len(history)]):
                office.say_at_once(history[start:stop])
                for fold in FOLDS:
                    views.catch_up(office.ledger.store, fold)
            in_pieces = [views.kept_rows(office.ledger.store, fold.name) for fold in FOLDS]
            with office.ledger.store.reading() as connection:
                in_memory = [
                    views.replayed(office.ledger.store, connection, fold).rows() for fold in FOLDS
                ]
        finally:
            office.ledger.close()

    assert in_memory == in_pieces


def test_a_void_of_something_else_takes_nothing():
    history = [made("N-1"), sent("S-1", "N-1"), sent("S-2", "N-1", to="MY", on=9)]
    other = ShipmentVoided(
        shipment="S-1", entry=3, voided_on=date(2025, 5, 1), reason="the wrong entry"
    )

    for fold in FOLDS:
        assert (
            replay(fold, entries(*history)).rows() == replay(fold, entries(*history, other)).rows()
        )
