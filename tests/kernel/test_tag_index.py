"""Tags come into their index by the thousand; before and after, they are found and compared."""

import pytest
from eventsourcing.dcb.api import DCBAppendCondition, DCBQuery, DCBQueryItem
from eventsourcing.persistence import IntegrityError
from sqlalchemy import text

from ledger import tag_index
from ledger.audit import Index
from ledger.store import Store, StoredEvent
from ledger.tag_index import INDEXED_AT_ONCE, RUNS_AT_ONCE


@pytest.fixture
def store(database_url):
    opened = Store.create(database_url)
    yield opened
    opened.close()


def tagged(*tags: str, types: tuple[str, ...] = ()) -> DCBQuery:
    return DCBQuery([DCBQueryItem(types=list(types), tags=list(tags))])


def said(number: int) -> StoredEvent:
    subject = f"shipment:S{number}"
    tags = sorted([subject, f"country:{'AE' if number % 2 else 'SA'}"])
    wire = "seldom said" if number % 500 == 0 else "said"
    return StoredEvent(wire, b"%d" % number, tags, subject, 1)


def fill(store: Store, count: int) -> None:
    store.append([said(number) for number in range(1, count + 1)])


def found(store: Store, *tags: str, types: tuple[str, ...] = (), after: int = 0) -> list[int]:
    return [one.position for one in store.read(tagged(*tags, types=types), after=after)]


def runs(store: Store) -> list[int]:
    with store.reading() as connection:
        rows = store.fetch(connection, "SELECT DISTINCT run FROM entry_tags ORDER BY run")
    return [run for (run,) in rows]


def misplaced(store: Store) -> list[str]:
    with store.reading() as connection:
        index = Index(store, connection)
        for page in store.audited(connection):
            index.take(page)
        return list(index.problems())


@pytest.mark.parametrize("count", [INDEXED_AT_ONCE - 1, INDEXED_AT_ONCE, INDEXED_AT_ONCE + 1])
def test_a_tag_is_found_whether_or_not_it_is_in_the_index_yet(store, count):
    fill(store, count)

    assert list(range(1, count + 1, 2)) == found(store, "country:AE")
    assert list(range(1_001, count + 1, 2)) == found(store, "country:AE", after=1_000)
    assert [1] == found(store, "shipment:S1")
    assert [count] == found(store, f"shipment:S{count}")
    assert [] == found(store, "country:A")
    assert [] == found(store, "country:AE", "country:SA")
    seldom = list(range(500, count + 1, 500))
    assert seldom == found(store, types=("seldom said", "never said"))
    assert seldom[1:] == found(store, types=("seldom said",), after=500)
    assert seldom == found(store, "country:SA", types=("seldom said",))
    assert [] == found(store, "country:AE", types=("seldom said",))
    assert ["country:AE", "shipment:S1"] == next(iter(store.read(tagged("shipment:S1")))).event.tags


def test_a_tag_that_is_called_as_a_type_is_another_thing(store):
    events = [StoredEvent("said", b"%d" % n, ["heard"], None, None) for n in range(INDEXED_AT_ONCE)]
    store.append(events)

    assert INDEXED_AT_ONCE == len(found(store, "heard"))
    assert [] == found(store, "said")
    assert [] == found(store, types=("heard",))


def test_a_condition_sees_tags_that_are_in_no_index_yet(store):
    fill(store, 3)
    with pytest.raises(IntegrityError):
        store.append([said(4)], DCBAppendCondition(tagged("country:AE"), after=2))

    assert 4 == store.append([said(4)], DCBAppendCondition(tagged("country:AE"), after=3))


def test_tags_appended_one_by_one_come_into_the_index_all_the_same(store):
    fill(store, INDEXED_AT_ONCE - 2)
    assert [] == runs(store)
    for number in range(INDEXED_AT_ONCE - 1, INDEXED_AT_ONCE + 3):
        store.append([said(number)])

    assert [tag_index.run(0, INDEXED_AT_ONCE)] == runs(store)
    assert [] == misplaced(store)


def test_sixteen_runs_become_one_in_which_everything_is_found(store):
    size = INDEXED_AT_ONCE * (RUNS_AT_ONCE + 1)
    fill(store, size + 1)

    low = [tag_index.run(0, INDEXED_AT_ONCE * (n + 1)) for n in range(RUNS_AT_ONCE + 1)]
    high = tag_index.run(1, INDEXED_AT_ONCE * RUNS_AT_ONCE)
    assert sorted([*low, high]) == runs(store)
    assert [high, low[-1]] == tag_index.covering(0, size + 1)
    assert list(range(1, size + 2, 2)) == found(store, "country:AE")
    assert list(range(500, size + 2, 500)) == found(store, types=("seldom said",))
    assert [] == misplaced(store)


@pytest.mark.parametrize(
    ("run", "problem"),
    [
        (
            tag_index.run(0, INDEXED_AT_ONCE),
            "the index of tags says other things of entries 1 to 4,096 than they do, under 1 of"
            " their tags and types, as under 'country:CN'",
        ),
        (
            tag_index.run(0, 2 * INDEXED_AT_ONCE),
            "the index of tags has 1 row for entries that there are not",
        ),
    ],
)
def test_an_index_that_says_more_than_the_rows_is_noticed(store, run, problem):
    fill(store, INDEXED_AT_ONCE + 1)
    with store._engine.begin() as connection:
        connection.execute(text(f"INSERT INTO entry_tags VALUES ({run}, 'country:CN', '7')"))

    assert [problem] == misplaced(store)


def test_an_index_that_cannot_be_read_lets_the_entries_be_read_first(store, monkeypatch):
    fill(store, INDEXED_AT_ONCE)

    def unreadable(*_: object) -> None:
        raise store.driver_error("malformed")

    monkeypatch.setattr(store, "run_rows", unreadable)
    with store.reading() as connection:
        index = Index(store, connection)
        for page in store.audited(connection):
            index.take(page)
        with pytest.raises(store.driver_error, match="malformed"):
            list(index.problems())
