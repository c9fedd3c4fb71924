"""What rules say is the same, whether or not they were asked something alike before."""

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st
from world import approved, exported, licensed, line, pack

from ledger.policy import Rules
from ledger.quota import QuotaAccount
from projections.answers import Eras, asked_in, moved_in
from projections.reference import Day, Ruling, Seat
from projections.verdicts import Asked, on_application, on_movement

PACKS = [
    pack(name)
    for name in ("adv-comp-2023", "diffusion-2025", "draft-2026", "anthropic-2025", "safe-chips")
]
LETTER = Rules.of([*PACKS[0].packs, *pack("cn-h20-letter-2025").packs, *pack("cn-2026").packs])
RULES = [Rules(), *PACKS, LETTER]
ERAS = [Eras(rules) for rules in RULES]
"""Asked by every example, so that nearly all is remembered from another."""

days = st.dates(date(2023, 9, 1), date(2027, 3, 1))
places = st.sampled_from(["AE", "CN", "HK", "MO", "GB", "JP", "LI", "CH", "US", "RU", "DK", "GL"])
seats = st.builds(
    Seat, st.just("acme"), st.none() | places, st.none() | places, st.just("acme"),
    st.none() | places, st.just(()),
)  # fmt: skip
chips = st.sampled_from(
    [("h100-sxm", "3A090.a", 15_832), ("h20", "3A090.b", 2_368), ("h200-sxm", "4A090.a", 15_832),
     ("a100-80-sxm", "3A090.a", 4_992), ("h20", "EAR99", 2_368)]
)  # fmt: skip
units = st.sampled_from([1, 100, 5_000, 200_000])
which = st.integers(0, len(RULES) - 1)


@settings(max_examples=400)
@given(which, days, places, seats, seats, chips, units, st.sampled_from(["export", "transfer"]))
def test_an_application_is_answered_as_if_it_were_the_first(
    at, on, destination, consignee, user, chip, many, act
):
    def seat(name):
        return {"acme": consignee, "user": user}[name]

    model, eccn, tpp = chip
    lines = (licensed(many, model=model, eccn=eccn, tpp_per_unit=tpp),)
    event = approved("D1", destination=destination, ultimate_consignee="acme",
                     end_users=("user",), lines=lines, decided_on=on,
                     expires_on=date(2030, 1, 1))  # fmt: skip
    asked = Asked.of(event, act)
    found = ERAS[at].on(on).on_application(asked, asked_in(asked, seat), seat)

    assert on_application(asked, Day(Ruling(RULES[at]), on), seat, QuotaAccount).kind == found


@settings(max_examples=400)
@given(which, days, places, seats, seats, chips, units,
       st.sampled_from(["LPP", "AIA", "NAC", "ACA", "UVEU", "NLR", "none"]), st.booleans(),
       st.sampled_from([0, 20_000_000, 30_000_000]))  # fmt: skip
def test_a_shipment_is_answered_as_if_it_were_the_first(
    at, on, destination, consignee, user, chip, many, authority, declared, had
):
    def seat(name):
        return {"acme": consignee, "user": user}[name]

    model, eccn, tpp = chip
    goods = line(many, model=model, eccn=eccn if declared else None, tpp_per_unit=tpp)
    movement = exported("S-1", authority=authority, ultimate_consignee="acme", end_user="user",
                        lines=(goods,), route=("US", destination), exported_on=on)  # fmt: skip
    day, answers = Day(Ruling(RULES[at]), on), ERAS[at].on(on)
    words = moved_in(movement, seat)
    found = answers.on_movement(1, movement, words, seat, lambda parent: had)

    assert on_movement(1, movement, day, seat, lambda parent: had).kind == found
