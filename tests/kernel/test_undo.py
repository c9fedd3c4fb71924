"""What was known a little while ago is answered from what is kept, and as the entries say."""

import itertools
import sqlite3
from datetime import date, timedelta
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from world import Office, adopted, approved, exported, licensed, line, party, voided

from ledger import undo, views
from ledger.audit import audit
from ledger.quota import QuotaFold
from projections.licenses import LicensesFold
from projections.red_flags import FlagsFold
from projections.shipments import ShipmentsFold

FOLDS = (QuotaFold(), LicensesFold(), ShipmentsFold(), FlagsFold())
QUOTAS = FOLDS[0]


def history(count=28):
    """Shipments under two licenses, one in five of which never was."""
    yield adopted()
    yield party()
    yield approved("D1", lines=(licensed(40),))
    yield approved("D2", lines=(licensed(40),), decided_on=date(2025, 2, 20))
    for number in range(5, count):
        if number % 5 == 0:
            yield voided(number - 1, f"S-{number - 2}")
        else:
            on = date(2025, 3, 1) + timedelta(days=number)
            license_ = f"D{1 + number % 2}"
            yield exported(f"S-{number}", license=license_, lines=(line(2),), exported_on=on)


@pytest.fixture
def near(monkeypatch):
    """Marks three entries apart, over nine."""
    monkeypatch.setattr(undo, "MARK_ENTRIES", 3)
    monkeypatch.setattr(undo, "UNDO_ENTRIES", 9)


def rows_of(states):
    """The states by key, as they would be kept."""
    return [
        (key, msgspec.json.encode(value, order="sorted")) for key, value in states.scan("", Any)
    ]


def compared(store, fold, number):
    """What is kept as of an entry and what the entries say; None where it does not reach back."""
    with store.reading() as connection:
        known = views.as_of(store, connection, fold, number)
        said = views.replayed(store, connection, fold, up_to=number).rows()
        return (None if known is None else rows_of(known)), said


@pytest.mark.usefixtures("near")
def test_from_any_entry_it_reaches_what_is_kept_equals_a_replay(database_url):
    office = Office(database_url)
    store = office.ledger.store
    reached = {fold.name: 0 for fold in FOLDS}
    for event in history():
        office.say(event)
        for fold in FOLDS:
            views.catch_up(store, fold)
    size = office.ledger.size()
    for fold, number in itertools.product(FOLDS, range(1, size + 1)):
        known, said = compared(store, fold, number)
        if known is not None:
            assert said == known
            reached[fold.name] += 1
    with store.reading() as connection:
        marks = {fold.name: undo.marks(store, connection, fold.name) for fold in FOLDS}
        assert [] == [each for fold in FOLDS for each in views.differences(store, connection, fold)]
    office.ledger.close()

    assert all(undo.UNDO_ENTRIES <= count < size for count in reached.values())
    assert all(
        later - earlier >= undo.MARK_ENTRIES
        for found in marks.values()
        for earlier, later in itertools.pairwise(found)
    )


@pytest.mark.usefixtures("near")
def test_a_rebuild_sets_aside_what_came_last_and_nothing_else(sqlite_url):
    office = Office(sqlite_url)
    store = office.ledger.store
    office.say_at_once(list(history(40)))
    views.catch_up(store, QUOTAS)
    size = office.ledger.size()
    with store.reading() as connection:
        marks = undo.marks(store, connection, QUOTAS.name)
    answered = [compared(store, QUOTAS, number) for number in range(1, size + 1)]
    reaches = views.reach(store, QUOTAS), views.reach(store, LicensesFold())
    office.ledger.close()

    assert [size - 9, size - 6, size - 3] == marks
    assert (size - 9, 0) == reaches
    assert [None] * (size - 10) == [known for known, _ in answered[: size - 10]]
    assert all(known == said for known, said in answered[size - 10 :])


@pytest.mark.usefixtures("near")
def test_a_gap_in_what_was_set_aside_ends_it(sqlite_url):
    office = Office(sqlite_url)
    store = office.ledger.store
    told = list(history(40))
    for event in told[:10]:
        office.say(event)
        views.catch_up(store, QUOTAS)
    office.say_at_once(told[10:])
    views.catch_up(store, QUOTAS)
    size = office.ledger.size()
    before = compared(store, QUOTAS, 9)[0]
    views.drop(store, [QUOTAS.name])
    with store.reading() as connection:
        dropped = undo.marks(store, connection, QUOTAS.name)
    again = compared(store, QUOTAS, size - 1)
    office.ledger.close()

    assert before is None
    assert [] == dropped
    assert again[0] == again[1]


@given(st.data())
@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
def test_however_it_caught_up_every_answer_is_that_of_a_replay(data):
    told = list(history())
    cuts = sorted(data.draw(st.sets(st.integers(1, len(told)), max_size=12)))
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        patch.setattr(undo, "MARK_ENTRIES", data.draw(st.integers(1, 6)))
        patch.setattr(undo, "UNDO_ENTRIES", data.draw(st.integers(1, 20)))
        office = Office(f"sqlite:///{folder}/ledger.db")
        store = office.ledger.store
        try:
            for start, stop in itertools.pairwise([0, *cuts, len(told)]):
                office.say_at_once(told[start:stop])
                views.catch_up(store, QUOTAS)
            for number in range(1, office.ledger.size() + 1):
                known, said = compared(store, QUOTAS, number)
                assert known in (None, said)
            assert compared(store, QUOTAS, office.ledger.size() - 1)[0] is not None
        finally:
            office.ledger.close()


@pytest.mark.parametrize(
    ("deed", "found"),
    [
        ("UPDATE view_undo SET value = x'31' WHERE key LIKE 'H/%'", "is kept as of entry"),
        ("DELETE FROM view_undo WHERE key LIKE 'H/%'", "is kept as of entry"),
        (
            "INSERT INTO view_undo VALUES ('quotas', 999, 'x', x'31')",
            "set aside as of entry 999",
        ),
        (
            "INSERT INTO view_undo VALUES ('quotas', 'x', 'x', x'31')",
            "set aside as of entry 'x'",
        ),
    ],
)
@pytest.mark.usefixtures("near")
def test_what_was_set_aside_and_altered_is_found(tmp_path, deed, found):
    place = tmp_path / "ledger.db"
    office = Office(f"sqlite:///{place}")
    office.say_at_once(list(history()))
    views.catch_up(office.ledger.store, QUOTAS)
    with sqlite3.connect(place) as connection:
        connection.execute(deed)
    report = audit(office.ledger.store, views=[QUOTAS])
    office.ledger.close()

    assert {"VIEW"} == {one.code for one in report.findings}
    assert any(found in one.problem for one in report.findings)


@pytest.mark.usefixtures("near")
def test_what_was_set_aside_and_cannot_be_read_is_answered_from_the_entries(tmp_path, caplog):
    place = tmp_path / "ledger.db"
    office = Office(f"sqlite:///{place}")
    store = office.ledger.store
    office.say_at_once(list(history()))
    views.catch_up(store, QUOTAS)
    with sqlite3.connect(place) as connection:
        connection.execute("UPDATE view_undo SET value = x'ff'")
    known, said = compared(store, QUOTAS, office.ledger.size() - 2)
    office.ledger.close()

    assert said == known
    assert any("chip-ledger views rebuild quotas" in one.getMessage() for one in caplog.records)
