"""Tags come into their index by the thousand; before and after, they are found and compared."""

import pytest
from eventsourcing.dcb.api import DCBAppendCondition, DCBQuery, DCBQueryItem
from eventsourcing.persistence import IntegrityError
from sqlalchemy import text

from ledger.store import INDEXED_AT_ONCE, Store, StoredEvent


@pytest.fixture
def store(database_url):
    opened = Store.create(database_url)
    yield opened
    opened.close()


def tagged(*tags: str) -> DCBQuery:
    return DCBQuery([DCBQueryItem(tags=list(tags))])


def said(number: int) -> StoredEvent:
    subject = f"shipment:S{number}"
    tags = sorted([subject, f"country:{'AE' if number % 2 else 'SA'}"])
    return StoredEvent("said", b"%d" % number, tags, subject, 1)


def fill(store: Store, count: int) -> None:
    store.append([said(number) for number in range(1, count + 1)])


def found(store: Store, *tags: str) -> list[int]:
    return [one.position for one in store.read(tagged(*tags))]


@pytest.mark.parametrize("count", [INDEXED_AT_ONCE - 1, INDEXED_AT_ONCE, INDEXED_AT_ONCE + 1])
def test_a_tag_is_found_whether_or_not_it_is_in_the_index_yet(store, count):
    fill(store, count)

    assert list(range(1, count + 1, 2)) == found(store, "country:AE")
    assert [1] == found(store, "shipment:S1")
    assert [count] == found(store, f"shipment:S{count}")
    assert [] == found(store, "country:A")
    assert [] == found(store, "country:AE", "country:SA")
    assert ["country:AE", "shipment:S1"] == next(iter(store.read(tagged("shipment:S1")))).event.tags


def test_a_condition_sees_tags_that_are_in_no_index_yet(store):
    fill(store, 3)
    with pytest.raises(IntegrityError):
        store.append([said(4)], DCBAppendCondition(tagged("country:AE"), after=2))

    assert 4 == store.append([said(4)], DCBAppendCondition(tagged("country:AE"), after=3))


def test_tags_appended_one_by_one_come_into_the_index_all_the_same(store):
    fill(store, INDEXED_AT_ONCE - 2)
    for number in range(INDEXED_AT_ONCE - 1, INDEXED_AT_ONCE + 3):
        store.append([said(number)])

    with store.reading() as connection:
        rows = store.fetch(connection, "SELECT count(*), max(position) FROM entry_tags")
        assert [(INDEXED_AT_ONCE, INDEXED_AT_ONCE)] == [tuple(row) for row in rows]
        for (number, subject, *_), tags in store.audited(connection):
            assert tags == [f"country:{'AE' if number % 2 else 'SA'}", subject]


@pytest.mark.parametrize(
    "deed",
    [
        "INSERT INTO entry_tags (tag, position) VALUES ('country:CN', 7)",
        f"INSERT INTO entry_tags (tag, position) VALUES ('country:AE', {INDEXED_AT_ONCE + 1})",
    ],
)
def test_an_index_that_says_more_than_the_rows_is_noticed(store, deed):
    fill(store, INDEXED_AT_ONCE + 1)
    with store._engine.begin() as connection:
        connection.execute(text(deed))

    with store.reading() as connection:
        noticed = [row[0] for row, tags in store.audited(connection) if len(tags) != 2]
    assert 1 == len(noticed)
