"""The route of one chip as a picture."""

from xml.etree import ElementTree

from custody_stories import IMPOSSIBLE, N, made, onward, seen, sent
from hypothesis import given
from hypothesis import strategies as st
from world import entries

from ledger.fold import replay
from projections.custody import CustodyFold, conflicts, placed
from projections.picture import WRONG, svg

SVG = "{http://www.w3.org/2000/svg}"


def picture(*events, serial=N):
    steps = placed(replay(CustodyFold(), entries(*events)), serial)
    return ElementTree.fromstring(svg(serial, steps, conflicts(steps, lambda on: 2)))


def words(drawn):
    return [each.text for each in drawn.iter(f"{SVG}text")]


def test_a_route_has_a_row_for_each_place_and_a_point_for_each_step():
    drawn = picture(made(), sent(), onward("S-2", "AE", "MY", 20), seen("MY", 30, "powered_on"))

    assert ["US", "AE", "MY"] == [word for word in words(drawn) if word in ("US", "AE", "MY")]
    assert 4 == len(list(drawn.iter(f"{SVG}circle")))
    assert WRONG not in ElementTree.tostring(drawn, "unicode")
    assert "powered on" in words(drawn)


def test_what_contradicts_is_red_and_said():
    drawn = picture(*IMPOSSIBLE["its label was read in two countries on one day"][1])

    red = [each for each in drawn.iter(f"{SVG}circle") if each.get("fill") == WRONG]
    assert 2 == len(red)
    assert any(word.startswith("two places: it was seen in AE") for word in words(drawn))


def test_a_chip_nobody_placed_still_has_a_picture():
    assert "place unknown" in words(picture())


@given(st.text(max_size=64))
def test_no_text_becomes_markup(serial):
    svg_text = svg(serial, [], [])
    drawn = ElementTree.fromstring(svg_text)

    assert "script" not in {each.tag.removeprefix(SVG) for each in drawn.iter()}
    assert 1 == sum(each.get("font-size") == "16" for each in drawn.iter(f"{SVG}text"))


def test_markup_in_names_is_shown_and_not_run():
    bad = '<script>alert("1")</script>'
    drawn = picture(made(bad), sent("S-1", bad), serial=bad)

    assert bad in words(drawn)
    assert [] == list(drawn.iter(f"{SVG}script"))
