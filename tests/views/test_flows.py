"""The index in which rules find the dealings that go together."""

from datetime import date

from world import adopted, declared, entries, exported, raised, voided

from ledger.events import GoodsLine
from ledger.fold import MemoryStates, replay
from projections.red_flags import FlagsFold, _flows
from projections.red_flags._goods import alike, dealing

SPRING = date(2025, 3, 1), date(2025, 5, 31)


def told(*events) -> MemoryStates:
    return replay(FlagsFold(chosen=()), entries(*events))


def test_what_was_sent_and_got_is_found_by_party_between_two_days():
    march, june = exported(), exported("S-2", exported_on=date(2025, 6, 1))
    states = told(june, march)

    assert [2] == [each.entry for each in _flows.sent(states, "maker", *SPRING)]
    (got,) = _flows.received(states, "acme", *SPRING)
    assert (2, ("maker",), ("h100",)) == (got.entry, got.others, got.families)
    assert [] == _flows.sent(states, "acme", *SPRING)


def test_the_first_day_between_two_parties_is_the_earliest_told_so_far():
    states = told(exported("S-2", exported_on=date(2025, 6, 1)), exported())

    assert date(2025, 3, 3) == _flows.first(states, "maker", "acme")
    assert None is _flows.first(states, "acme", "maker")


def test_a_voided_shipment_leaves_no_trace_but_the_months_to_look_into():
    for gone in ((exported(), voided(1)), (declared(), voided(1, "S-9"))):
        kept = {key for key, _ in told(*gone).rows()}
        assert {"G/M"} == {key[:3] for key in kept - {"latest"}}


def test_the_first_day_is_found_again_once_the_earliest_shipment_is_voided():
    march, again = exported(), exported("S-2", exported_on=date(2025, 3, 20))
    states = told(march, again, voided(1))

    assert date(2025, 3, 20) == _flows.first(states, "maker", "acme")
    assert [2] == [each.entry for each in _flows.sent(states, "maker", *SPRING)]


def test_a_voiding_that_names_another_shipment_takes_nothing_away():
    states = told(declared(), voided(1, "S-1"))

    assert [1] == _flows.telling(states, "S-9")


def test_goods_are_alike_by_family_or_by_a_word_that_says_something():
    def goods(*words):
        return dealing(1, declared(*words))

    assert alike(goods("H100/H200"), goods("H200"))
    assert not alike(goods("H100"), goods("H200"))
    assert alike(goods("PowerEdge XE9680"), goods("PowerEdge XE9680 (998 with H100)"))
    assert not alike(goods("generic computer parts"), goods("aircraft parts"))
    assert not alike(goods("epoxy coating"), goods("spark gap"))


def test_a_declaration_in_words_that_names_a_license_is_voided_as_any_other():
    told_in_words = declared(
        authority="license", license="D1", lines=(GoodsLine(description="H100"),)
    )

    assert [] == raised([adopted(), told_in_words, voided(2, "S-9")])
