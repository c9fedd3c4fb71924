"""Somebody who looks at a ledger, typing the read verbs."""

import json
from dataclasses import dataclass

import click
from click.testing import CliRunner
from world import Office

from ledger.log import Ledger
from projections import cli

VERBS = {verb.name: verb for verb in cli.commands} | {"license": cli.license}
"""The front door mounts `license` as `license show`."""


@dataclass
class FrontDoor:
    """What the verbs are handed."""

    ledger_place: str

    def open(self):
        return Ledger.open(self.ledger_place)


def answer(place, words):
    """What typing answers: standard output and error."""
    group = click.Group(commands=VERBS)
    result = CliRunner().invoke(group, words, obj=FrontDoor(place), catch_exceptions=False)
    assert 0 == result.exit_code, result.output
    return result


class Desk:
    """Somebody at a keyboard."""

    def __init__(self, place, history):
        self.office = Office(place)
        self.place = place
        self.office.say(*history)
        self.ledger = self.office.ledger

    def type(self, text):
        return answer(self.place, text.split()).stdout

    def rows(self, text):
        return json.loads(self.type(f"{text} --format json"))
