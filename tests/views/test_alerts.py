"""Which flags, together, are worth an officer's day."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.alerts import Weighing, alerts
from projections.red_flags import RULES, SEVERITIES, Raised, RedFlag, Review
from projections.reference import default_detection

DETECTION = default_detection()
DAY = date(2025, 3, 3)
PATTERNS = {each.name: each for each in DETECTION.patterns}


def flag(rule, severity="weak", at=1, *, days=0, party="acme", standing="open", **changes):
    fields = {
        "rule": rule, "severity": severity, "subject": f"shipment:S-{at}", "key": f"{at}",
        "because": "", "source": "", "policy": "", "on": DAY + timedelta(days=days),
        "evidence": (at,), "parties": (party,) if party else (),
    }  # fmt: skip
    review = None if standing == "open" else Review(99, standing, DAY, None, "a.rivera", "")
    return Raised(RedFlag(**(fields | changes)), standing, review)


def found(*raised, cluster_of=lambda party, on: party):
    return alerts(raised, cluster_of, DETECTION)


OWNED = flag("ownership", at=1)  # weight 2, authorization
SHARED = flag("shared-address", at=2)  # weight 2, parties
NEW = flag("new-customer", at=3)  # weight 1, parties


@pytest.mark.parametrize("severity", ["hard", "strong"])
def test_a_hard_flag_alerts_alone_and_so_does_a_strong_one(severity):
    (alert,) = found(flag("successor", severity, at=7))

    assert (severity, 7, "acme", ("acme",), DAY) == (
        alert.severity, alert.raised_at, alert.cluster, alert.members, alert.on,
    )  # fmt: skip


def test_weak_ones_alert_from_two_groups_and_weight_three():
    assert [] == found(OWNED)
    assert [] == found(SHARED, NEW)
    assert [] == found(NEW, flag("remote-access", "information", at=4))
    (alert,) = found(OWNED, NEW)

    assert "weak" == alert.severity
    assert 3 == alert.raised_at
    assert (NEW, OWNED) == alert.flags


def test_two_groups_that_weigh_two_are_not_enough():
    assert [] == found(NEW, flag("pass-through", at=4))


def test_one_pattern_counts_once_however_often_it_shows():
    again = [flag("new-customer", at=at) for at in range(3, 9)]

    assert [] == found(*again, flag("pass-through", at=1))


def test_a_flag_may_weigh_more_than_its_pattern():
    large = flag("new-customer", at=3, weight=2)

    assert 1 == len(found(large, flag("pass-through", at=4)))


def test_information_never_alerts_and_is_not_among_the_flags():
    told = flag("remote-access", "information", at=4)

    assert [] == found(told)
    assert (OWNED, NEW) == found(OWNED, NEW, told)[0].flags[::-1]


def test_flags_of_one_window_are_one_alert_and_the_next_window_is_another():
    hard = [flag("tier3-party", "hard", at=at, days=days) for at, days in enumerate((0, 89, 90), 1)]
    first, second = found(*hard)

    assert (2, 1) == (len(first.flags), len(second.flags))
    assert DAY + timedelta(days=90) == second.on


def test_weak_signs_meet_wherever_the_window_would_begin():
    early = flag("ownership", at=1, days=0)
    later = (flag("ownership", at=2, days=80), flag("new-customer", at=3, days=100))
    (alert,) = found(early, *later)

    assert DAY + timedelta(days=80) == alert.on
    assert 2 == len(alert.flags)


def test_flags_of_one_cluster_meet_and_those_of_two_do_not():
    other = flag("new-customer", at=3, party="shell")

    assert [] == found(OWNED, other)
    (alert,) = found(OWNED, other, cluster_of=lambda party, on: "acme")
    assert ("acme", "shell") == alert.members


def test_only_the_party_a_flag_is_most_about_places_it():
    two = flag("successor", "strong", at=1, parties=("acme", "maker"))
    (alert,) = found(two)

    assert ("acme",) == alert.members


def test_a_flag_about_nobody_stands_for_its_subject():
    (alert,) = found(flag("cap-breach", "hard", party="", subject="country:AE"))

    assert ("country:AE", ()) == (alert.cluster, alert.members)


def test_the_deciding_flag_is_the_one_with_which_it_could_first_have_been_raised():
    strong, hard = flag("successor", "strong", at=5), flag("tier3-party", "hard", at=6)
    (alert,) = found(hard, OWNED, strong)

    assert (strong, OWNED, hard) == alert.flags
    assert ("hard", 5) == (alert.severity, alert.raised_at)


def test_what_was_cleared_counts_for_nothing():
    assert [] == found(OWNED, flag("new-customer", at=3, standing="cleared"))
    assert [] == found(flag("successor", "strong", standing="cleared"))


def test_what_is_confirmed_or_referred_still_alerts():
    assert ["open"] * 2 == [
        found(flag("successor", "strong", standing=standing))[0].standing
        for standing in ("confirmed", "referred")
    ]


def test_a_snoozed_alert_stays_so_until_something_as_bad_comes():
    strong = flag("successor", "strong", at=1, standing="snoozed")

    assert "snoozed" == found(strong)[0].standing
    assert "snoozed" == found(strong, OWNED)[0].standing
    assert "open" == found(strong, flag("successor", "strong", at=2))[0].standing
    assert "open" == found(strong, flag("tier3-party", "hard", at=2))[0].standing


def test_a_snoozed_weak_sign_hides_nothing_from_the_next():
    snoozed = flag("ownership", at=1, standing="snoozed")

    assert "open" == found(snoozed, NEW)[0].standing
    assert "snoozed" == found(snoozed, flag("new-customer", at=3, standing="snoozed"))[0].standing


def test_an_alert_keeps_its_id_as_flags_are_added_and_has_another_elsewhere():
    one = found(flag("tier3-party", "hard"))[0].id

    assert one == found(flag("tier3-party", "hard"), flag("successor", "strong", at=9))[0].id
    assert one != found(flag("tier3-party", "hard", party="shell"))[0].id
    assert one != found(flag("tier3-party", "hard", days=1))[0].id


def test_every_rule_has_a_pattern_that_says_what_it_weighs():
    assert set() == {rule.name for rule in RULES} - PATTERNS.keys()


def test_a_weak_pattern_of_another_pack_weighs_nothing():
    assert 0 == Weighing(DETECTION).weight(flag("of-another-office").flag)


# ── laws ────────────────────────────────────────────────────────────────────────────────────────

raised_flags = st.lists(
    st.builds(
        flag,
        st.sampled_from(sorted(PATTERNS)),
        st.sampled_from(SEVERITIES),
        st.integers(1, 40),
        days=st.integers(0, 400),
        party=st.sampled_from(["acme", "shell", "japan"]),
        standing=st.sampled_from(["open", "open", "cleared", "snoozed", "confirmed"]),
    ),
    max_size=12,
    unique_by=lambda each: each.flag.id,
)


def same(party, on):
    return "acme" if party == "shell" else party


@given(raised_flags, st.randoms())
def test_the_order_in_which_flags_are_handed_in_decides_nothing(raised, random):
    shuffled = list(raised)
    random.shuffle(shuffled)

    assert alerts(raised, same, DETECTION) == alerts(shuffled, same, DETECTION)


@given(raised_flags)
def test_no_flag_is_in_two_alerts_and_no_two_alerts_of_a_cluster_share_a_window(raised):
    made = alerts(raised, same, DETECTION)
    ids = [each.flag.id for alert in made for each in alert.flags]
    starts = sorted((alert.cluster, alert.on) for alert in made)

    assert len(ids) == len(set(ids))
    for (one, on), (other, later) in pairwise(starts):
        assert one != other or later - on >= timedelta(days=DETECTION.window_days)


@given(raised_flags)
def test_every_hard_and_strong_flag_is_in_an_alert_unless_it_was_cleared(raised):
    made = {each.flag.id for alert in alerts(raised, same, DETECTION) for each in alert.flags}

    for each in raised:
        if each.flag.severity in ("hard", "strong"):
            assert (each.standing != "cleared") == (each.flag.id in made)


@given(raised_flags)
def test_what_weak_signs_are_in_no_alert_are_not_enough_in_any_window(raised):
    weigh = Weighing(DETECTION)
    made = {each.flag.id for alert in alerts(raised, same, DETECTION) for each in alert.flags}
    left = [
        each
        for each in raised
        if each.standing != "cleared" and each.flag.severity == "weak" and each.flag.id not in made
    ]
    for first in left:
        within = [
            each
            for each in left
            if same(each.flag.parties[0], DAY) == same(first.flag.parties[0], DAY)
            and timedelta() <= each.flag.on - first.flag.on < weigh.window
        ]
        assert not weigh.enough(within)


@given(raised_flags)
def test_an_alert_says_when_it_could_first_have_been_raised(raised):
    """With nothing that was raised later it alerts, and with less it does not."""
    weigh = Weighing(DETECTION)
    for alert in alerts(raised, same, DETECTION):
        known = [each for each in alert.flags if each.flag.raised_at <= alert.raised_at]
        before = [each for each in alert.flags if each.flag.raised_at < alert.raised_at]

        assert weigh.enough(known)
        assert not weigh.enough(before)
        assert alert.raised_at == alert.flags[0].flag.raised_at


@given(raised_flags)
def test_a_snooze_hides_no_alert_that_the_others_would_raise(raised):
    awake = [each for each in raised if each.standing != "snoozed"]
    shown = {alert.cluster for alert in alerts(raised, same, DETECTION) if alert.standing == "open"}

    assert {alert.cluster for alert in alerts(awake, same, DETECTION)} <= shown
