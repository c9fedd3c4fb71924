"""A serial number stands on two chips, or on one that its maker never sold."""

from custody_stories import N, day, held, made, read, seen, sent
from world import TODAY, declared, flags, raised, voided

from ledger.events import GoodsLine


def conflicts(*events):
    return flags("serial-conflict", *events)


def test_a_chip_in_two_places_is_flagged_once_with_both_entries_and_holders():
    history = (made(), sent(), seen("AE", 20), seen("MY", 20, party="other"), seen("AE", 40))
    (flag,) = conflicts(*history)

    assert (
        "serial number N-1001: it was seen in AE (label read) on 2025-03-20 and seen in MY"
        " (label read) on 2025-03-20"
    ) == flag.because
    assert ("hard", "serial:N-1001", (3, 4)) == (flag.severity, flag.subject, flag.evidence)
    assert ("other", "acme") == flag.parties
    assert day(20) == flag.on


def test_a_label_is_flagged_where_the_chip_answers_with_another_number():
    (flag,) = conflicts(made(N, "N-9"), sent("S-1", N, "N-9"), read((N, "N-9")))

    assert "was read on 2025-03-20 on a chip that answered as N-9" in flag.because


def test_two_days_between_two_countries_are_time_enough():
    assert 1 == len(conflicts(made(), sent(), seen("AE", 20), seen("MY", 21)))
    assert [] == conflicts(made(), sent(), seen("AE", 20), seen("MY", 22))


def test_an_unknown_number_one_character_from_a_known_one_is_a_typing_error_to_put_right():
    (flag,) = conflicts(made("N-1007", "M-2202"), sent("S-1", N))

    assert "information" == flag.severity
    assert "N-1007, one character away, is listed: a typing error to put right" in flag.because


def test_a_number_with_one_character_more_or_less_is_a_typing_error_too():
    for number in ("N-10011", "N-101"):
        (flag,) = conflicts(made(number), sent("S-1", N))
        assert "information" == flag.severity


def test_typing_errors_come_singly():
    listed = [f"N-100{each}" for each in range(4)]
    typed = [f"N-10{each}9" for each in ("A", "B", "C", "D")]
    close = [f"N-10{each}8" for each in ("A", "B", "C", "D")]

    three = conflicts(made(*listed, *close), sent("S-1", *typed[:3]))
    four = conflicts(made(*listed, *close), sent("S-1", *typed))

    assert ["information"] * 3 == [flag.severity for flag in three]
    assert ["hard"] * 4 == [flag.severity for flag in four]


def test_a_number_listed_later_is_no_longer_unknown():
    history = (made("M-2201"), sent("S-1", N))

    assert 1 == len(conflicts(*history))
    assert [] == conflicts(*history, made(N, on=2))


def test_a_number_that_comes_before_its_registry_is_told_is_judged_by_it():
    (flag,) = conflicts(sent("S-1", N), made("M-2201", on=2))
    (typing,) = conflicts(sent("S-1", N), made("M-2201", on=2), made("N-1009", on=3))

    assert ("hard", "information") == (flag.severity, typing.severity)
    assert "no first sale of h100-sxm lists it, and its maker lists them since" in flag.because


def test_a_number_of_another_model_is_not_judged_by_this_registry():
    assert [] == conflicts(made("M-2201"), seen("AE", 9, "photo", "X-1"))


def test_a_void_takes_the_conflict_along():
    history = (made(), sent("S-1"), sent("S-2", on=15, to="MY"))

    assert 1 == len(conflicts(*history))
    assert [] == conflicts(*history, voided(3, "S-2"))


def test_a_flag_on_a_later_day_is_not_there_yet():
    history = (made(), sent(), seen("AE", 20), seen("MY", 20))
    found = [each.flag.rule for each in raised(history, day(19))]

    assert [] == found
    assert ["serial-conflict"] == [each.flag.rule for each in raised(history, TODAY)]


def test_a_void_of_what_was_declared_in_words_takes_the_conflict_along():
    goods = GoodsLine(description="H100", serials=(N,))
    words = declared(exporter="trader", route=("US", "MY"), declared_on=day(15), lines=(goods,))

    assert 1 == len(conflicts(made(), sent("S-1"), words))
    assert [] == conflicts(made(), sent("S-1"), words, voided(3, "S-9"))


def test_where_an_authority_held_what_was_declared_in_words_may_be_told_last():
    goods = GoodsLine(description="H100", serials=(N,))
    words = declared(exporter="trader", route=("US", "MY"), declared_on=day(3), lines=(goods,))
    history = (made(), words, sent("S-2", on=15))

    assert 1 == len(conflicts(*history))
    assert (
        [] == conflicts(*history, held("S-9", "US", 4)) == conflicts(held("S-9", "US", 4), *history)
    )
