"""What an analyst types about chips: their trail, their picture, a balance, a draw."""

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from custody_stories import IMPOSSIBLE, counted, made, onward, sent, site, stock
from msgspec.structs import replace
from reader import answer
from world import ORIGIN, Office, line, party

from ledger.checkpoint import parse_note
from ledger.events import (
    GoodsLine,
    ShipmentDelivered,
    ShipmentLegCompleted,
    ShipmentOnwardObserved,
    ShipmentVoided,
)

DELIVERED = ShipmentDelivered(
    shipment="S-1", delivered_on=sent(on=9).on, country="AE", received_by="acme"
)
LEG = ShipmentLegCompleted(
    shipment="S-1", leg=1, origin="US", arrived_in="AE", arrived_on=sent(on=8).on
)


@pytest.fixture
def typed(tmp_path):
    """A ledger with the events given, and what typing answers: standard output and error."""

    def on(*events):
        place = f"sqlite:///{tmp_path / 'ledger.db'}"
        office = Office(place)
        office.say(*events)
        note = office.ledger.checkpoint(office.log)
        (tmp_path / "sealed.txt").write_text(note, encoding="utf-8")
        office.ledger.close()

        def type_(*words):
            return answer(place, [str(word) for word in words])

        type_.sealed = parse_note(note, origin=ORIGIN, log_spki=office.log.spki)
        return type_

    return on


def test_the_trail_of_a_chip_has_entries_that_list_it_without_a_tag_and_its_shipments(typed):
    type_ = typed(party(), made(), sent(), LEG, DELIVERED, onward("S-9", "AE", "MY", 30))
    rows = json.loads(type_("trail", "serial:N-1001", "--format", "json").stdout)

    assert [
        "party.sold_domestically.v1", "shipment.exported.v1", "shipment.leg_completed.v1",
        "shipment.delivered.v1", "shipment.reexported.v1",
    ] == [row["type"] for row in rows]  # fmt: skip
    assert "last sent to MY with shipment S-9, with acme on 2025-03-30" in (
        type_("trail", "N-1001").stdout
    )


def test_the_trail_of_a_chip_says_what_is_impossible_and_draws_it(typed, tmp_path):
    story = IMPOSSIBLE["its label was read in two countries on one day"][1]
    drawn = typed(*story)("trail", "serial:N-1001", "--svg", tmp_path / "route.svg")

    assert "impossible: it was seen in AE (label read) on 2025-03-20 and seen in MY" in drawn.stdout
    assert f"drawn into {tmp_path / 'route.svg'}" in drawn.stderr
    assert (tmp_path / "route.svg").read_text(encoding="utf-8").startswith("<svg ")


def test_the_trail_of_a_shipment_says_what_became_of_its_chips(typed):
    type_ = typed(
        sent("S-1", lines=(line(10),)),
        onward("S-2", "AE", "MY", 20, of="S-1", lines=(line(4),)),
        onward("S-3", "AE", "MY", 21, of="S-2", lines=(line(5),)),
    )

    assert "of 10 h100-sxm: 4 went on as S-2, 6 left" in type_("trail", "shipment:S-1").stdout
    assert "of 4 h100-sxm: 5 went on as S-3, 1 more than came" in (
        type_("trail", "shipment:S-2").stdout
    )


def seen_on(shipment, *lines, of="S-1", day=20, destination="CN"):
    return ShipmentOnwardObserved(
        shipment=shipment, of=of, origins=("AE",), destination=destination, receiver="jade",
        lines=lines, method="customs_record", observed_on=date(2025, 3, day),
    )  # fmt: skip


def goods(quantity=None, **changes):
    return GoodsLine(**({"description": "H100", "model": "h100-sxm", "quantity": quantity,
                         "counted_in": "chips"} | changes))  # fmt: skip


def test_what_was_seen_to_go_on_is_not_left(typed):
    type_ = typed(
        sent("S-1", lines=(line(10),)),
        onward("S-2", "AE", "MY", 20, of="S-1", lines=(line(4),)),
        seen_on("X-1", goods(3)),
        seen_on("X-2", goods(1), day=25, destination="RU"),
        seen_on("S-2", goods(4), destination="MY"),
        seen_on("X-3", goods(5), of=None),
    )
    said = type_("trail", "shipment:S-1").stdout

    assert (
        "of 10 h100-sxm: 4 went on as S-2, 3 seen to go on as X-1, 1 seen to go on as X-2, 2 left\n"
    ) in said
    assert "last seen: 1 chips (H100) seen to go on to jade, AE → RU" in said
    assert "on 2025-03-25 (entry 5)\n" in said


def test_where_nobody_counted_what_went_on_no_more_than_so_many_are_left(typed):
    type_ = typed(sent("S-1", lines=(line(10),)), seen_on("X-1", goods(counted_in="computers")))

    assert "of 10 h100-sxm: at most 10 left\nlast seen: " in type_("trail", "shipment:S-1").stdout


def test_what_was_voided_was_not_seen(typed):
    voided = ShipmentVoided(shipment="X-1", entry=3, voided_on=date(2025, 4, 1), reason="a slip")
    type_ = typed(sent("S-1", lines=(line(10),)), seen_on("X-1", goods(3)), voided)
    said = type_("trail", "shipment:S-1").stdout

    assert "of 10 h100-sxm: 10 left\n" in said
    assert "last seen" not in said


@pytest.mark.parametrize("named", ["A", "acme", "party:acme"])
def test_a_balance_is_of_the_party_whose_site_it_is(typed, named):
    whole = replace(counted("A", 60), lines=(replace(stock()[0], units=97, serials=()),))
    type_ = typed(site("A"), sent("S-1", lines=(line(100),)), DELIVERED, whole)
    (row,) = json.loads(type_("balance", named, "--format", "json").stdout)

    assert (100, 97, 3, "h100-sxm") == (
        row["expected"], row["counted"], row["unaccounted"], row["model"],
    )  # fmt: skip
    assert "balance of acme" in type_("balance", named).stdout
    assert "nothing was counted at all its sites together yet" in (
        type_("balance", named, "--valid-on", "2025-03-30").stdout
    )


def test_a_draw_takes_sites_the_checkpoint_sealed_and_the_paper_draws_them_again(typed, tmp_path):
    names = [f"site-{number}" for number in range(30)]
    closed = replace(site("site-7"), closed=True)
    type_ = typed(*map(site, names), site("elsewhere", "MY"), closed)
    draw = ("inspection", "draw", "--checkpoint", tmp_path / "sealed.txt", "--randomness", "R-1")
    drawn = type_(*draw, "--population", "sites:AE", "--sample", "5", "--format", "json")
    rows = json.loads(drawn.stdout)
    listed = tmp_path / "sites.txt"
    listed.write_text("\n".join(each for each in names if each != "site-7"), encoding="utf-8")
    from_file = type_(*draw, "--population", listed, "--sample", "5", "--format", "json")
    paper = (Path(__file__).parents[2] / "docs" / "inspection-draw.md").read_text(encoding="utf-8")
    program = paper.partition("```python\n")[2].partition("```")[0]
    sealed = type_.sealed
    again = subprocess.run(
        [sys.executable, "-c", program, listed, ORIGIN, str(sealed.size), sealed.root.hex(), "R-1",
         "5"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert rows == json.loads(from_file.stdout)
    assert again.stdout.splitlines() == [row["site"] for row in rows]
    assert 29 == rows[0]["population"]
    table = type_(*draw, "--population", "sites", "--sample", "5").stdout
    assert "5 of 30 sites" in table
    assert "20 % diverted (6): 70.17 %" in table
