"""The verbs about chips themselves: where each is, what is in stock, and where to go and look."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Final

import click

from ledger import terms
from ledger.checkpoint import parse_note
from ledger.entry import Entry
from ledger.errors import Malformed, NotAuthentic, Unknown
from ledger.events import PartySiteDeclared, ShipmentOnwardObserved, ShipmentVoided
from ledger.terms import WHOLE_BP
from projections import balance as balances
from projections import custody, inspection
from projections import trail as trails
from projections.balance import BalanceFold
from projections.cli._look import Look, Place, looking, options, question_of
from projections.cli._shown import TRAIL_COLUMNS, names_in, show_rows
from projections.custody import CustodyFold
from projections.picture import svg
from projections.red_flags.inventory_difference import InventoryDifference
from projections.red_flags.serial_conflict import SerialConflict
from projections.reference import default_detection
from projections.render import Column, Format, count, of
from projections.wording import say

CHIPS: Final = ("chips", "pieces")
"""What quantities of a model in the catalogue count."""


@click.command()
@click.argument("subject", metavar="SUBJECT")
@click.option("--svg", "picture", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="Draw the route of a chip into FILE, for a browser.")  # fmt: skip
@options("all_days", "known_at")
@click.pass_obj
def trail(
    place: Place,
    subject: str,
    picture: Path | None,
    valid_on: date | None,
    known_at: str | None,
    format_: Format,
) -> None:
    """Everything said about SUBJECT: license:D1, party:acme, serial:1320123, or a bare id.

    Of a chip, named by its serial number, also where it is, and what in its history no single chip
    can have been through; of a shipment, what went on of it and what came back.
    """
    question = question_of(valid_on, known_at, None, format_)
    fold = CustodyFold()
    with looking(place, question, [fold]) as look:
        by_then = valid_on is not None
        states = look.lived(fold, question.valid_on) if by_then else look.states(fold)

        def entries_of(tag: str) -> list[Entry]:
            found = said_of(tag)
            return look.by(question.valid_on, found) if by_then else found

        def said_of(tag: str) -> list[Entry]:
            noun, _, name = tag.partition(":")
            tagged = look.tagged(tag)
            if noun != "serial":
                return tagged
            steps = custody.history(states, name)
            # Shipments and sightings list serial numbers without a tag; legs and deliveries are
            # of the shipment.
            carried = {f"shipment:{step.of}" for step in steps if step.kind == "sent"}
            found = {entry.number: entry for entry in (*tagged, *look.numbered(_numbers(steps)))}
            for entry in chain.from_iterable(look.tagged(each) for each in sorted(carried)):
                if entry.event.subject in carried:
                    found[entry.number] = entry
            return [found[number] for number in sorted(found)]

        tag, entries = trails.subject_of(subject, entries_of)
        stamp = look.stamp(question)
        heading = [look.heading(f"trail of {tag}", question)]
        if not by_then:
            del stamp["valid_on"]
            heading = [f"trail of {tag}, as of entry {look.entry:,}, root {look.root[:16]}…"]
        noun, _, name = tag.partition(":")
        if noun == "shipment":
            seen = _seen_to_go_on(look, entries, name)
            heading += _lot(custody.lot(states, name), seen)
        if noun == "serial":
            steps = custody.placed(states, name)
            broken = custody.conflicts(steps, lambda _: _travel_days(look, question.valid_on))
            heading += [custody.whereabouts(steps), *(f"impossible: {b.because}" for b in broken)]
            if picture is not None:
                picture.write_text(svg(name, steps, broken), encoding="utf-8")
                click.echo(f"drawn into {picture}", err=True)
        elif picture is not None:
            raise Malformed(
                f"{tag} has no route to draw; a chip has",
                remedy="chip-ledger trail serial:NUMBER --svg FILE",
                code="PICTURE_SUBJECT",
            )
        rows = trails.rows(entries)
        show_rows(rows, names_in(trails.TrailRow), stamp, question, heading, TRAIL_COLUMNS)


@click.command()
@click.argument("subject", metavar="SITE|PARTY")
@options("valid_on", "known_at")
@click.pass_obj
def balance(
    place: Place, subject: str, valid_on: date | None, known_at: str | None, format_: Format
) -> None:
    """Opening + came - went - lost, and what was counted, of the party whose SITE it is.

    Receipts name a party and not its site, so that all sites of a party are one balance. A period
    ends when every site it declared was counted within a few days. The interval widens as the
    evidence of a count weakens.
    """
    question = question_of(valid_on, known_at, None, format_)
    fold = BalanceFold()
    with looking(place, question, [fold]) as look:
        states = look.lived(fold, question.valid_on)
        party = states.get(f"balance/site/{subject}", str) or subject.removeprefix("party:")
        stock = balances.stock(states, party)
        if not stock.flows and not stock.counts and not stock.sites:
            raise Unknown(
                f"no entry speaks of stock at {subject}",
                remedy="name a site as it was declared, or a party",
                code="STOCK_UNKNOWN",
            )
        parameters = _parameters(look, InventoryDifference.name, question.valid_on)
        found = [
            period
            for model in stock.models
            for period in stock.balance(model, balances.Terms.of(parameters))
        ]
        sites = ", ".join(sorted(stock.sites)) or "none declared"
        heading = [
            look.heading(f"balance of {party}", question),
            f"sites: {sites}; chips; the interval is {parameters['sigmas']} standard errors to"
            " either side",
        ]
        if not found:
            heading.append("nothing was counted at all its sites together yet")
        columns = [
            of("model"), of("closed_on", "closed"), count("opening", "opening"),
            count("came", "came"), count("went", "went"), count("lost", "lost"),
            count("expected", "expected"), count("counted", "counted"), of("evidence"),
            count("unaccounted", "missing"),
            Column("interval", lambda row: f"{row['low']:,} to {row['high']:,}", number=True),
            of("found"),
        ]  # fmt: skip
        stamp = look.stamp(question)
        show_rows(found, names_in(balances.Period), stamp, question, heading, columns)


@click.group(name="inspection")
def inspection_group() -> None:
    """Where to go and look."""


@dataclass(frozen=True, slots=True)
class DrawnRow:
    """One site that was drawn."""

    drawn: int
    site: str


@inspection_group.command("draw")
@click.option("--population", required=True, metavar="sites[:COUNTRY]|FILE",
              help="Open sites the ledger knows, or a file with one site a line.")  # fmt: skip
@click.option("--checkpoint", "note", required=True, metavar="FILE",
              type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Checkpoint that sealed the list before the number was known.")  # fmt: skip
@click.option("--randomness", required=True, metavar="VALUE",
              help="Public number from after the checkpoint, as published.")  # fmt: skip
@click.option("--sample", required=True, type=click.IntRange(min=1), help="Sites to draw.")
@options()
@click.pass_obj
def draw(
    place: Place, population: str, note: Path, randomness: str, sample: int, format_: Format
) -> None:
    """Draw sites that nobody can choose and anybody can draw again (docs/inspection-draw.md)."""
    ledger = place.open()
    try:
        sealed = parse_note(_text(note), origin=ledger.origin, log_spki=ledger.log_spki)
    finally:
        ledger.close()
    if sealed.size < 1:
        raise Malformed(
            f"{note} is of an empty ledger, and seals no list",
            remedy="take a newer checkpoint",
            code="CHECKPOINT_SYNTAX",
        )
    question = question_of(None, str(sealed.size), None, format_)
    with looking(place, question, []) as look:
        if look.root != sealed.root.hex():
            raise NotAuthentic(
                f"the first {sealed.size:,} entries have root {look.root[:16]}…, and {note} says"
                f" {sealed.root.hex()[:16]}…",
                remedy="chip-ledger verify",
                code="ROOT",
            )
        kind, _, code = population.partition(":")
        if kind == "sites":
            country = terms.country(code) if code else None
            sites = inspection.population(_open_sites(look, country))
            seal = "sealed by the checkpoint: anyone with the ledger makes the same list"
        else:
            sites = inspection.population(_text(Path(population)).splitlines())
            seal = "a file: sealed only where its SHA-256 was recorded or published before"
        drawn = inspection.draw(
            sites, origin=sealed.origin, size=sealed.size, root=sealed.root,
            randomness=randomness, sample=sample,
        )  # fmt: skip
        # A share of a short list is rounded up to whole sites; each number of sites is said once.
        diverted = {
            -(-len(sites) * share // WHOLE_BP): share for share in inspection.SHARES_BP[::-1]
        }
        chances = [
            f"{share / 100:g} % diverted ({most:,}):"
            f" {inspection.chance_bp(len(sites), most, sample) / 100:.2f} %"
            for most, share in sorted(diverted.items())
        ]
        heading = [
            f"{sample:,} of {drawn.population:,} sites, list {drawn.population_sha256}",
            seal,
            f"checkpoint {sealed.size:,} {sealed.root.hex()}, randomness {randomness}",
            "chance that at least one diverted site is drawn: " + "; ".join(chances),
        ]
        stamp = {
            "population": drawn.population,
            "population_sha256": drawn.population_sha256,
            "seed": drawn.seed,
            "randomness": randomness,
            "as_of_entry": sealed.size,
            "root": look.root,
        }
        rows = [DrawnRow(number, site) for number, site in enumerate(drawn.sites, 1)]
        columns = [count("drawn", "drawn"), of("site")]
        show_rows(rows, names_in(DrawnRow), stamp, question, heading, columns)


def _open_sites(look: Look, country: str | None) -> list[str]:
    """Sites declared and not closed again, whatever their dates, as of the entry looked at."""
    open_: dict[str, str] = {}
    for entry in look.of_types((PartySiteDeclared.wire,)):
        event = entry.event
        if isinstance(event, PartySiteDeclared):
            open_.pop(event.site, None)
            if not event.closed and country in (None, event.country):
                open_[event.site] = event.country
    return list(open_)


def _seen_to_go_on(look: Look, entries: Sequence[Entry], shipment: str) -> list[Entry]:
    """The entries by which goods of a shipment were seen to go on, those voided left out."""
    return [
        entry
        for entry in entries
        if isinstance(event := entry.event, ShipmentOnwardObserved)
        and event.of == shipment
        and not any(
            isinstance(later.event, ShipmentVoided) and later.event.entry == entry.number
            for later in look.stream(event.subject)
        )
    ]


def _lot(lot: custody.Lot | None, seen: Sequence[Entry]) -> list[str]:
    """What became of a shipment's chips, in a line for each model, and where they were seen last.

    seen  the entries by which goods of it were seen to go on; one that is recorded as a movement
          too is counted once
    """
    if lot is None:
        return []
    onward: dict[str, Counter[str]] = {}
    unnumbered = False
    for entry in seen:
        event = entry.event
        if isinstance(event, ShipmentOnwardObserved) and event.shipment not in lot.went_on:
            part = onward.setdefault(event.shipment, Counter())
            for line in event.lines:
                if line.model in lot.came and line.quantity and line.counted_in in CHIPS:
                    part[line.model] += line.quantity
            unnumbered |= not part
    said = []
    for model, rest in sorted(lot.left().items()):
        on = [f"{part[model]:,} went on as {name}" for name, part in lot.went_on.items()
              if model in part]  # fmt: skip
        on += [f"{part[model]:,} seen to go on as {name}" for name, part in onward.items()
               if model in part]  # fmt: skip
        left = rest - sum(part[model] for part in onward.values())
        back = sum(part.get(model, 0) for part in lot.returned.values())
        came_back = [f"{back:,} came back"] if back else []
        most = "at most " if unnumbered and left > 0 else ""
        parts = [*on, *came_back,
                 f"{most}{left:,} left" if left >= 0 else f"{-left:,} more than came"]  # fmt: skip
        said.append(f"of {lot.came.get(model, 0):,} {model or 'chips'}: {', '.join(parts)}")
    if seen:
        last = max(seen, key=lambda entry: (entry.event.on, entry.number))
        said.append(f"last seen: {say(last.event)}, on {last.event.on} (entry {last.number:,})")
    return said


def _travel_days(look: Look, on: date) -> int:
    return _parameters(look, SerialConflict.name, on)["travel_days_min"]


def _parameters(look: Look, rule: str, on: date) -> dict[str, int]:
    """How a rule looks for its pattern by the rules in force on a day."""
    detection = look.timeline().rules_on(on).detection or default_detection()
    return next(each.parameters for each in detection.patterns if each.name == rule)


def _numbers(steps: Sequence[custody.Step]) -> list[int]:
    return sorted({step.entry for step in steps})


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise Malformed(f"{path} is not UTF-8 text", code="NOT_UTF8") from error


commands: Final[list[click.Command]] = [trail, balance, inspection_group]
"""What the front door mounts from here."""
