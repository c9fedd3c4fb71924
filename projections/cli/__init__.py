"""The read verbs: quotas, licenses, shipments, flags, and the views kept in SQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from hashlib import sha256
from typing import Any, Final

import click

from ledger import quota, terms, views
from ledger.errors import Unknown
from ledger.fold import Fold
from ledger.policy import Rules
from ledger.store import Store
from ledger.terms import Country
from projections import licenses as register
from projections import quotas as board
from projections import shipments as journeys
from projections.balance import BalanceFold
from projections.cli import case as cases
from projections.cli import custody
from projections.cli import replay as replays
from projections.cli._look import Place, Question, looking, options, question_of, refresh
from projections.cli._shown import entries_of, names_in, show_rows
from projections.cli.diff import diff
from projections.cli.flags import alerts, flags, why
from projections.cli.save import save
from projections.cli.statistics import statistics
from projections.custody import CustodyFold
from projections.licenses import LicensesFold
from projections.quotas import QuotaRow
from projections.red_flags import FlagsFold
from projections.render import Column, count, millions, of
from projections.shipments import ShipmentsFold
from projections.statistics import StatisticsFold

FOLDS: Final[tuple[Fold, ...]] = (
    quota.QuotaFold(),
    LicensesFold(),
    ShipmentsFold(),
    FlagsFold(),
    CustodyFold(),
    BalanceFold(),
    StatisticsFold(),
)
"""What is kept in SQL, and can be dropped."""


@click.command()
@click.option("--country", metavar="CODE", help="One country, whether it has any chips or not.")
@click.option("--wide", is_flag=True, help="More columns than fit 80 characters; JSON has all.")
@options("valid_on", "known_at", "policy")
@click.pass_obj
def quotas(
    place: Place,
    country: str | None,
    wide: bool,
    valid_on: date | None,
    known_at: str | None,
    policy: str | None,
    format_: str,
) -> None:
    """Each country's account: cap, reserved, drawn, headroom, overdrawn; in TPP."""
    question = question_of(valid_on, known_at, policy, format_)
    fold = quota.QuotaFold()
    with looking(place, question, [fold]) as look:
        rules = look.rules(question)
        code = None if country is None else terms.country(country)
        states = look.lived(fold, question.valid_on)
        found = board.rows(states, rules, question.valid_on, country=code)
        names = "+".join(rules.names)
        stamp = {"rules": names, **look.stamp(question)}
        bars = {row.country: board.bar(row) for row in found}
        capped = any(row.cap_tpp is not None for row in found)
        heading = [
            look.heading("quotas", question),
            board.which_cap(rules, question.valid_on),
            "millions of TPP" + (f"; {_MULTIPLES}" + _MORE * (not wide) if capped else ""),
        ]
        shared = None if code is None else _shared_account(code, rules)
        if shared is not None:
            heading.append(shared)
            if question.format != "table":
                click.echo(f"note: {shared}", err=True)
        columns = _quota_columns(found, bars, wide=wide) if capped else _UNCAPPED
        if not found:
            heading.append("no license reserves anything, and no shipment drew")
        show_rows(found, names_in(QuotaRow), stamp, question, heading, columns)


@click.command("licenses")
@click.option("--country", metavar="CODE", help="Only licenses for this destination.")
@click.option(
    "--status",
    type=click.Choice(["applied", "approved", "denied", "returned", "exhausted", "expired"]),
    help="Only licenses that are so on the day.",
)
@options("valid_on", "known_at")
@click.pass_obj
def licenses(
    place: Place,
    country: str | None,
    status: str | None,
    valid_on: date | None,
    known_at: str | None,
    format_: str,
) -> None:
    """The register of licenses, line by line, with what was shipped and what is left."""
    question = question_of(valid_on, known_at, None, format_)
    fold = LicensesFold()
    with looking(place, question, [fold]) as look:
        code = None if country is None else terms.country(country)
        found = [
            row
            for row in register.rows(look.lived(fold, question.valid_on), question.valid_on)
            if code in (None, row.destination) and status in (None, row.status)
        ]
        heading = [look.heading("licenses", question)] + ([] if found else ["there are none"])
        _show_licenses(found, look.stamp(question), question, heading, _LICENSE_COLUMNS)


@click.command("license")
@click.argument("license_", metavar="LICENSE")
@options("valid_on", "known_at")
@click.pass_obj
def license(
    place: Place,
    license_: str,
    valid_on: date | None,
    known_at: str | None,
    format_: str,
) -> None:
    """One license: where it stands, its lines, its conditions and its entries."""
    question = question_of(valid_on, known_at, None, format_)
    fold = LicensesFold()
    with looking(place, question, [fold]) as look:
        states = look.lived(fold, question.valid_on)
        found = list(register.rows(states, question.valid_on, license_))
        if not found:
            raise Unknown(
                f"no entry speaks of license {license_} on {question.valid_on} or before",
                remedy="`chip-ledger licenses` lists them",
                code="LICENSE_UNKNOWN",
            )
        first = found[0]
        users = ", ".join(first.end_users)
        heading = [
            look.heading(f"license {license_}", question),
            f"{first.status}"
            + (f": {first.reason.replace('_', ' ')}" if first.reason else "")
            + (f", for {first.ultimate_consignee}" if first.ultimate_consignee else "")
            + (f" in {first.destination}" if first.destination else "")
            + (f", used by {users}" if users else ""),
            *(f"condition: {condition}" for condition in first.conditions),
            "entries: " + ", ".join(f"{number:,}" for number in first.entries),
        ]
        _show_licenses(found, look.stamp(question), question, heading, _LICENSE_COLUMNS[2:])


@click.command("shipments")
@click.argument("shipment", metavar="[SHIPMENT]", required=False)
@click.option("--country", metavar="CODE", help="Only shipments that touched this country.")
@options("valid_on", "known_at")
@click.pass_obj
def shipments(
    place: Place,
    shipment: str | None,
    country: str | None,
    valid_on: date | None,
    known_at: str | None,
    format_: str,
) -> None:
    """Where each shipment is, what it relied on, and whose it is."""
    question = question_of(valid_on, known_at, None, format_)
    fold = ShipmentsFold()
    with looking(place, question, [fold]) as look:
        code = None if country is None else terms.country(country)
        states = look.lived(fold, question.valid_on)
        found = list(journeys.rows(states, shipment=shipment, country=code))
        if shipment is not None and not found:
            raise Unknown(
                f"no entry speaks of shipment {shipment} on {question.valid_on} or before",
                remedy="`chip-ledger shipments` lists them",
                code="SHIPMENT_UNKNOWN",
            )
        heading = [look.heading("shipments", question)]
        columns = [
            of("shipment"), of("status"), of("kind"), of("on"),
            Column("authority", lambda row: row["license"] or row["authority"] or "–"),
            Column("route", lambda row: " → ".join(row["route"]) or "–"), of("place", "now in"),
            of("ultimate_consignee", "consignee", folds=True), count("units", "units"),
            millions("shipment_tpp", "M TPP"), Column("entries", entries_of, folds=True),
        ]  # fmt: skip
        if not found:
            heading.append("there are none")
        names = names_in(journeys.ShipmentRow)
        show_rows(found, names, look.stamp(question), question, heading, columns)


@click.group("views")
def views_() -> None:
    """What is kept in SQL to answer quickly; it can be dropped and rebuilt at any time."""


@views_.command("status")
@options()
@click.pass_obj
def views_status(place: Place, format_: str) -> None:
    """How far each view is kept, and in how many rows."""
    question = question_of(None, None, None, format_)
    with looking(place, question, []) as look:
        store = look.ledger.store
        extents = {fold: views.extent(store, fold) for fold in FOLDS}
        rows = [
            ViewRow(
                fold.name, position, max(0, look.entry - position), kept, views.reach(store, fold)
            )
            for fold, (position, kept) in extents.items()
        ]
        columns = [
            of("view"), count("kept_up_to_entry", "up to entry"),
            count("behind_entries", "behind"), count("rows", "rows"),
            count("back_to_entry", "back to entry"),
        ]  # fmt: skip
        stamp = {"as_of_entry": look.entry, "root": look.root}
        heading = [f"views as of entry {look.entry:,}, root {look.root[:16]}…"]
        show_rows(rows, names_in(ViewRow), stamp, question, heading, columns)


@views_.command("rebuild")
@click.argument("names", metavar="[VIEW]...", nargs=-1)
@click.pass_obj
def views_rebuild(place: Place, names: tuple[str, ...]) -> None:
    """Drop views, or all, and make them again from the entries."""
    folds = _named(names)
    ledger = place.open()
    try:
        before = [_kept(ledger.store, fold) for fold in folds]
        views.drop(ledger.store, [fold.name for fold in folds])
        refresh(ledger, folds)
        for fold, (up_to, digest) in zip(folds, before, strict=True):
            position, kept = views.extent(ledger.store, fold)
            click.echo(f"{fold.name}: {kept:,} rows up to entry {position:,}", err=True)
            if up_to == position and digest != _kept(ledger.store, fold)[1]:
                click.echo(
                    f"warning: {fold.name} was kept otherwise than the entries say, and is right"
                    " now: what was decided or shown from it may be wrong",
                    err=True,
                )
    finally:
        ledger.close()


@views_.command("drop")
@click.argument("names", metavar="[VIEW]...", nargs=-1)
@click.pass_obj
def views_drop(place: Place, names: tuple[str, ...]) -> None:
    """Forget views, or all; the next question makes them again."""
    folds = _named(names)
    ledger = place.open()
    try:
        views.drop(ledger.store, [fold.name for fold in folds])
    finally:
        ledger.close()
    click.echo(f"dropped: {', '.join(fold.name for fold in folds)}", err=True)


commands: Final[list[click.Command]] = [
    quotas, license, licenses, shipments, flags, alerts, why, views_, *custody.commands,
    *cases.commands, save, diff, statistics, *replays.commands,
]  # fmt: skip
"""What the front door mounts."""


def _kept(store: Store, fold: Fold) -> tuple[int, bytes]:
    """Up to which entry a view is kept, and a digest of its rows."""
    digest = sha256()
    for row in views.kept_rows(store, fold.name):
        digest.update(repr(row).encode())
    return views.extent(store, fold)[0], digest.digest()


_MULTIPLES: Final = (
    "×cap and ×full: reserved and drawn, in multiples of the cap, and of the cap with a full"
    " G2G uplift"
)
"""What the last two columns of the quota table say."""

_MORE: Final = "; over: drawn beyond the cap; more with --wide"

_UNCAPPED: Final = (
    of("country"), count("tier", "tier"), millions("reserved_tpp", "reserved"),
    millions("drawn_tpp", "drawn"), count("h100_equivalents", "H100-eq"),
)  # fmt: skip


def _quota_columns(
    found: Sequence[QuotaRow], bars: dict[Country, str], *, wide: bool
) -> list[Column]:
    """The columns under a cap: what fits 80 characters, marked SIMULATED too; or all.

    Uplift and exempt flows stand among all only where there are any. Where there is no room for
    tenths of a million beside an amount of ten thousand millions, there are none.
    """
    amounts = ("cap_tpp", "reserved_tpp", "drawn_tpp", "headroom_tpp", "overdrawn_tpp")
    most = max((abs(getattr(row, name) or 0) for row in found for name in amounts), default=0)
    tpp = partial(millions, whole=not wide and most >= 10_000_000_000)
    columns = [of("country"), count("tier", "tier"), tpp("cap_tpp", "cap")]
    if wide and any(row.g2g_uplift_tpp for row in found):
        columns.append(tpp("g2g_uplift_tpp", "of it G2G"))
    columns += [
        tpp("reserved_tpp", "reserved"), tpp("drawn_tpp", "drawn"),
        tpp("headroom_tpp", "headroom"), tpp("overdrawn_tpp", "overdrawn" if wide else "over"),
    ]  # fmt: skip
    if wide and any(row.exempt_tpp for row in found):
        columns.append(millions("exempt_tpp", "exempt"))
    if wide:
        columns.append(count("h100_equivalents", "H100-eq"))
    columns += [
        Column("×cap", lambda row: row["used_of_cap"] or "–", number=True),
        Column("×full", lambda row: row["used_of_full_uplift_cap"] or "–", number=True),
    ]
    if wide:
        columns.append(Column("", lambda row: bars[row["country"]]))
    return columns


def _shared_account(country: Country, rules: Rules) -> str | None:
    """Why a territory's account is another country's, in a sentence; None where it has its own."""
    sovereign = rules.sovereign(country)
    if sovereign == country:
        return None
    named = rules.territories is not None and country in rules.territories.named
    return (
        f"{country} counts with {sovereign}, as territories count with their sovereign (15 CFR"
        f" 738.3(b){'' if named else ', which does not name it'})"
    )


_LICENSE_COLUMNS: Final = (
    of("license"), of("status"), of("destination", "to"),
    of("ultimate_consignee", "consignee", folds=True), of("decided_on", "decided"),
    of("expires_on", "expires"), of("model", folds=True), of("eccn"),
    count("licensed_units", "licensed"), count("shipped_units", "shipped"),
    count("left_units", "left"), millions("left_tpp", "left M TPP"),
)  # fmt: skip


def _show_licenses(
    found: Sequence[register.LicenseRow],
    stamp: dict[str, Any],
    question: Question,
    heading: list[str],
    columns: Sequence[Column],
) -> None:
    """Lines of licenses; what was asked for stands there where something else was granted."""
    if any(row.asked_units not in (0, row.licensed_units) for row in found):
        before = [column.title for column in columns].index("licensed")
        columns = [*columns[:before], count("asked_units", "asked"), *columns[before:]]
    show_rows(found, names_in(register.LicenseRow), stamp, question, heading, columns)


@dataclass(frozen=True, slots=True)
class ViewRow:
    """How far one view is kept.

    back_to_entry  the earliest --known-at that is answered without a replay
    """

    view: str
    kept_up_to_entry: int
    behind_entries: int
    rows: int
    back_to_entry: int


def _named(names: tuple[str, ...]) -> list[Fold]:
    """The views of some names, or all."""
    known = {fold.name: fold for fold in FOLDS}
    for name in names:
        if name not in known:
            raise Unknown(
                f"no view is called {name}",
                remedy=f"name one of {', '.join(known)}",
                code="VIEW_UNKNOWN",
            )
    return [known[name] for name in names] if names else list(known.values())
