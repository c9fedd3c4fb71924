"""The verb that looks for ways around a pack."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from ledger import terms
from ledger.catalogue import chip
from ledger.errors import Malformed
from ledger.policy import Rules, suppose
from ledger.session import pack_files
from projections import loopholes
from projections.cli._look import options, told
from projections.cli._save import saving
from projections.cli._shown import names_in
from projections.loopholes import GAMBITS, Orders, World
from projections.probe import Bounds, Found, search
from projections.render import Column, Format, builtins, cell, count, millions, of, show

EXAMPLES: Final = 2_000
"""Sequences tried for each gambit, unless time runs out first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeRow:
    """What was found of one gambit.

    found       whether a sequence that counts stays green
    orders      of the shortest such sequence; each is buyer, day, units, under what
    moved_tpp   what the shortest moves
    most_tpp    what the most successful sequence moves, in most_orders orders
    tried       sequences that reach the goal and were judged
    file        the shortest as commands, where --out was given
    """

    gambit: str
    says: str
    found: bool
    orders: tuple[str, ...]
    moved_tpp: int
    most_orders: tuple[str, ...]
    most_tpp: int
    tried: int
    in_time: bool
    file: str
    policy: str
    country: str
    simulated: bool


@click.command()
@click.argument("policy", metavar="PACK")
@click.option("--to", "country", metavar="CODE", help="The capped country; else the first one.")
@click.option(
    "--chip", "model", metavar="MODEL", default="h100-sxm", show_default=True,
    help="The chip that is ordered, as `chips` lists it.",
)  # fmt: skip
@click.option(
    "--orders", type=click.IntRange(1, 12), default=6, show_default=True,
    help="Orders in one sequence, at most.",
)  # fmt: skip
@click.option(
    "--seconds", type=click.IntRange(1, 3_600), default=60, show_default=True,
    help="Time for the whole search.",
)  # fmt: skip
@click.option(
    "--out", "folder", metavar="FOLDER", type=click.Path(file_okay=False, path_type=Path),
    help="Write what was found there, as files that import reads.",
)  # fmt: skip
@click.option("--force", is_flag=True, help="Write over files that are there.")
@options()
def probe(
    policy: str,
    country: str | None,
    model: str,
    orders: int,
    seconds: int,
    folder: Path | None,
    force: bool,
    format_: Format,
) -> None:
    """Search for orders that move more than PACK means to allow, with nobody alerted.

    PACK may change values and name several packs, as --policy does. No ledger is needed or read.
    """
    rules = suppose(policy, pack_files(policy))
    world = _world(policy, rules, country, model)
    until = time.monotonic() + seconds
    rows = []
    for at, gambit in enumerate(GAMBITS):
        ends = until - (until - time.monotonic()) * (1 - 1 / (len(GAMBITS) - at))
        with told(f"looking for {gambit.says}"):
            found = search(world, gambit, Bounds(orders, EXAMPLES, _left(ends)))
        rows.append(_row(world, found, _write(world, found, folder, force=force)))
    heading = [
        f"SIMULATED: ways around {policy} toward {world.country}, whose cap is {world.cap:,} TPP",
        f"green: no approval is refused and no alert is open {loopholes.LOOKED_BACK_DAYS} days"
        " after the last order",
        "a way that was not found may exist: sequences of at most"
        f" {orders} orders were tried for {seconds} seconds",
    ]
    shown = [builtins(row) for row in rows]
    show(shown, format_, heading=heading, columns=_COLUMNS, fields=names_in(ProbeRow))


_COLUMNS: Final = (
    of("gambit"), Column("green", lambda row: "found" if row["found"] else "not found"),
    millions("moved_tpp", "M TPP"), of("orders", "shortest", folds=True),
    millions("most_tpp", "most M TPP"), count("tried", "tried"),
    Column("file", lambda row: cell(row["file"]), folds=True),
)  # fmt: skip


def _world(policy: str, rules: Rules, country: str | None, model: str) -> World:
    allocation = rules.country_allocation
    if allocation is None:
        raise Malformed(
            f"{policy} caps no country, so there is no cap to get around",
            remedy="name a pack with a [country_allocation], such as diffusion-2025",
            code="PROBE_UNCAPPED",
        )
    places = loopholes.capped(rules, allocation.period_from)
    code = places[0] if country is None else terms.country(country)
    if code not in places:
        raise Malformed(
            f"{policy} does not cap {code}",
            remedy=f"--to with one of {len(places)} countries, such as {places[0]}",
            code="PROBE_UNCAPPED",
        )
    known = chip(model)
    if known.eccn is None or not rules.counts(known.eccn):
        raise Malformed(
            f"{policy} does not count {model} against a cap",
            remedy="--chip with one it counts, such as h100-sxm",
            code="PROBE_UNCAPPED",
        )
    return World(rules, code, known, known.eccn, allocation.period_from, allocation.period_to)


def _left(ends: float) -> Callable[[], float]:
    return lambda: ends - time.monotonic()


def _write(world: World, found: Found, folder: Path | None, *, force: bool) -> str:
    """The shortest sequence, and the one that moves most, as files; the name of the first."""
    if folder is None or not found.shortest:
        return ""
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    for orders, ending in ((found.shortest, ""), (found.most, "-most")):
        to = folder / f"{found.gambit.name}{ending}.jsonl"
        with saving(to, force=force) as made:
            lines = (json.dumps(row, ensure_ascii=False) for row in loopholes.rows(world, orders))
            made.write_text("".join(f"{line}\n" for line in lines), "utf-8")
        names.append(str(to))
    return names[0]


def _row(world: World, found: Found, file: str) -> ProbeRow:
    return ProbeRow(
        gambit=found.gambit.name,
        says=found.gambit.says,
        found=bool(found.shortest),
        orders=_described(world, found.shortest),
        moved_tpp=world.tpp(found.shortest),
        most_orders=_described(world, found.most),
        most_tpp=world.tpp(found.most),
        tried=found.tried,
        in_time=found.in_time,
        file=file,
        policy=world.rules.label,
        country=world.country,
        simulated=True,
    )


def _described(world: World, orders: Orders) -> tuple[str, ...]:
    return tuple(
        f"{world.on(order)} buyer-{order.buyer + 1} {order.units:,}"
        f" {'licensed' if order.licensed else 'LPP'}"
        for order in sorted(orders)
    )
