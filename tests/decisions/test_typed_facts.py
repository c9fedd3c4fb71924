"""Facts as they are typed: the parts of a line, dates, flags and amounts."""

from datetime import date

import click
import pytest

from commands.__main__ import cli
from commands.fact_names import FACTS


def typed(group, verb, *arguments):
    """The options of a command, as it is handed them."""
    found = cli.commands[group]
    assert isinstance(found, click.Group)
    return found.commands[verb].make_context(verb, [*arguments]).params


def test_a_line_of_goods_is_typed_part_by_part_and_a_description_may_hold_commas():
    said = typed(
        "party", "sale", "maker", "--purchaser", "reseller", "--country", "us", "--first",
        "--value", "3600000.50", "--sold-on", "2025-07-01", "--line",
        "description=GPU servers, 8 boards each,quantity=12,counted-in=computers,value=1000.50,"
        "net-weight-grams=1560000,serials=A1 A2",
    )  # fmt: skip

    assert (
        {
            "description": "GPU servers, 8 boards each",
            "quantity": 12,
            "counted_in": "computers",
            "value_cents": 100_050,
            "net_weight_grams": 1_560_000,
            "serials": ("A1", "A2"),
        },
    ) == said["lines"]
    assert ("US", True, 360_000_050) == (said["country"], said["first"], said["value_cents"])
    assert date(2025, 7, 1) == said["sold_on"]


def test_several_lines_are_several_options():
    said = typed(
        "check", "read", "C-1", "--party", "p1", "--country", "SG", "--method", "powered_on",
        "--reading", "label=A1,attested=A1", "--reading", "label=A2",
    )  # fmt: skip

    assert ({"label": "A1", "attested": "A1"}, {"label": "A2"}) == said["readings"]


@pytest.mark.parametrize("name", FACTS)
def test_every_fact_is_typed_under_its_own_name(name):
    group, _, verb = name.partition(".")
    found = cli.commands[group]

    assert isinstance(found, click.Group)
    assert verb in found.commands
