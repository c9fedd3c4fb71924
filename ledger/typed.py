"""What somebody typed behind an option, as the nouns of the field: for every room's verbs."""

from collections.abc import Callable
from typing import Any

import click

from ledger import terms


class Typed(click.ParamType[object]):
    """A value checked by one of the functions of `ledger.terms`; its error is shown as it is."""

    def __init__(self, name: str, parse: Callable[[str], object]) -> None:
        self.name = name
        self._parse = parse

    def convert(
        self, value: Any, _param: click.Parameter | None, _ctx: click.Context | None
    ) -> object:
        """The value behind what was typed; a default is one already."""
        return self._parse(value) if isinstance(value, str) else value


DAY = Typed("date", terms.day)
