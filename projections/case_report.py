"""report.html: a case in words, for whoever has to read it and was not there.

One static page without script. Whatever was signed or computed is put in as text: every value goes
through `html.escape`, so no name in an entry can become markup.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from typing import Final

from ledger.entry import Entry
from ledger.events import (
    EnrolledKey,
    KeyEnrolled,
    KeyRotated,
    LedgerOpened,
    PartyRegistered,
    PartyRenamed,
    PolicyAdopted,
    PolicyWithdrawn,
)
from projections.casefile import Chosen, Made
from projections.red_flags import Raised, Review
from projections.wording import say

SEVERITIES: Final[Mapping[str, str]] = {
    "hard": "hard: arithmetic or law",
    "strong": "strong: alone worth a look",
    "weak": "weak: counts only beside others",
    "information": "for information",
}

_REGISTRY: Final = ("ledger", "key")
_HEAD: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ --ink: #1b1f24; --soft: #57606a; --line: #d0d7de; }}
body {{ margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 54rem; color: var(--ink);
  font: 1rem/1.55 Georgia, "DejaVu Serif", serif; }}
h1 {{ font-size: 1.7rem; line-height: 1.25; margin: 0 0 .5rem; }}
h2 {{ font-size: 1.2rem; margin: 2.4rem 0 .7rem; border-bottom: 1px solid var(--line);
  padding-bottom: .25rem; }}
h3 {{ font-size: 1.05rem; margin: 0 0 .3rem; }}
p {{ margin: .4rem 0; }}
.soft {{ color: var(--soft); }}
.mono {{ font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: .82rem;
  overflow-wrap: anywhere; }}
.flag {{ border: 1px solid var(--line); border-left: .4rem solid #57606a; padding: .8rem 1rem;
  margin: 1rem 0; break-inside: avoid-page; }}
.flag.hard {{ border-left-color: #b42318; }}
.flag.strong {{ border-left-color: #bc4c00; }}
.flag.weak {{ border-left-color: #9a6700; }}
.because {{ font-size: 1.08rem; }}
.simulated {{ border: 2px solid #b42318; padding: .7rem 1rem; margin: 1rem 0; font-weight: bold; }}
table {{ border-collapse: collapse; width: 100%; font-size: .92rem; }}
th, td {{ text-align: left; vertical-align: top; padding: .35rem .7rem .35rem 0;
  overflow-wrap: anywhere;
  border-bottom: 1px solid var(--line); }}
th {{ color: var(--soft); font-weight: normal; font-style: italic; }}
td.number, th.number {{ text-align: right; font-variant-numeric: tabular-nums; }}
th, td.signer {{ overflow-wrap: normal; }}
th.signer {{ min-width: 9.5rem; }}
td.mono {{ white-space: nowrap; font-size: .75rem; }}
td.date {{ white-space: nowrap; font-variant-numeric: tabular-nums; }}
dl {{ display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.2rem; margin: .6rem 0; }}
dt {{ color: var(--soft); font-style: italic; }}
dd {{ margin: 0; }}
thead {{ display: table-header-group; }}
tr {{ break-inside: avoid; }}
@media print {{ body {{ max-width: none; padding: 0; font-size: 10.5pt; }}
  h2 {{ break-after: avoid; }} @page {{ margin: 18mm 16mm; }} }}
</style>
</head>
<body>
"""


@dataclass(frozen=True, slots=True)
class Account:
    """All a report tells.

    entries     every entry of the case, in the order of the log
    covered     how many entries the checkpoint covers
    checkpoint  its root, hexadecimal
    reviews     every review of a flag, by the flag's id
    """

    chosen: Chosen
    made: Made
    entries: Sequence[Entry]
    covered: int
    checkpoint: str
    reviews: Mapping[str, Sequence[Review]]


def report(account: Account) -> str:
    """The page."""
    return "".join(_page(account))


def _page(account: Account) -> Iterator[str]:
    made, chosen = account.made, account.chosen
    names = _names(account.entries)
    title = _title(chosen, names)
    yield _HEAD.format(title=escape(title))
    yield f"<h1>{escape(title)}</h1>\n"
    if made.simulated:
        packs = escape(", ".join(made.supposed))
        yield (
            f'<p class="simulated">SIMULATED: judged as if {packs} had always been in force,'
            " and not by the rules in force. No flag below was raised by the law of its day.</p>\n"
        )
    yield _facts(account)
    yield "<h2>What is suspected, and why</h2>\n"
    if not chosen.flags:
        yield f"<p>No flag stands on {_tags(chosen.subjects)} on {made.valid_on}.</p>\n"
    else:
        yield (
            '<p class="soft">A flag asks for an explanation. It is computed from signed entries by'
            " a published rule, and is no finding of guilt.</p>\n"
        )
    by_number = {entry.number: entry for entry in account.entries}
    for each in chosen.flags:
        yield from _flag(each, by_number, account.reviews.get(each.flag.id, ()), names)
    yield from _parties(account.entries)
    yield from _timeline(account)
    yield from _signers(account.entries)
    yield from _rules(account.entries)
    yield _checking(account)
    yield "</body>\n</html>\n"


def _title(chosen: Chosen, names: Mapping[str, str]) -> str:
    flagged = (each.flag for each in chosen.flags)
    suspects = (_party(flag.parties[0]) if flag.parties else flag.subject for flag in flagged)
    subjects = dict.fromkeys((*chosen.subjects, *suspects))
    named = [_named(tag, names) for tag in subjects]
    shown = ", ".join(named[:3]) + (f" and {len(named) - 3:,} more" if len(named) > 3 else "")
    many = len(chosen.flags)
    flags = {0: "", 1: "one red flag about "}.get(many, f"{many:,} red flags about ")
    return f"Case file: {flags}{shown}"


def _facts(account: Account) -> str:
    made = account.made
    rules = ", ".join(made.rules) or "none"
    return _list(
        ("ledger", escape(made.origin)),
        ("as it stood on", f"{made.valid_on}, known up to entry {made.entry:,}"),
        ("rules" + (" supposed" if made.simulated else " in force that day"), escape(rules)),
        ("entries in this file", f"{len(account.entries):,} of {account.covered:,}"),
        ("chosen", _chosen(made)),
        (
            "checkpoint",
            f'over {account.covered:,} entries, root <span class="mono">'
            f"{escape(account.checkpoint)}</span>",
        ),
        ("sealed", _SEALED if made.sealed else _UNSEALED),
    )


_SEALED: Final = (
    "yes: MANIFEST.sig, by the ledger’s log key, is the office’s word that these files belong"
    " together. Where it is not here, somebody took it off"
)
_UNSEALED: Final = (
    "no: nobody signed that these files belong together. If you were told that the case is sealed,"
    ' run <span class="mono">chip-ledger case verify FILE.zip --sealed</span>'
)


def _chosen(made: Made) -> str:
    """Which entries are here, and that the others are not."""
    if made.streams == "whole":
        return "everything recorded of each subject in this file, also where it is about others"
    said = (
        "what the flags rest on, every review of them, who the parties are, keys and rules; nothing"
        " else"
    )
    if made.left_out:
        entries = "1 more entry" if made.left_out == 1 else f"{made.left_out:,} more entries"
        said += (
            f". {entries} of these subjects {'is' if made.left_out == 1 else 'are'} in the ledger"
            " and not here, because they show none of it and tell of others too; whoever has to"
            " answer this case can ask for them"
        )
    return said


def _flag(
    raised: Raised,
    entries: Mapping[int, Entry],
    reviewed: Sequence[Review],
    names: Mapping[str, str],
) -> Iterator[str]:
    flag = raised.flag
    yield f'<section class="flag {escape(flag.severity, quote=True)}">\n'
    yield f"<h3>{escape(flag.rule.replace('-', ' '))}</h3>\n"
    yield f'<p class="because">{escape(flag.because)}</p>\n'
    tags = dict.fromkeys((flag.subject, *map(_party, flag.parties)))
    about = ", ".join(_named(tag, names) for tag in tags)
    yield _list(
        ("about", escape(about)),
        ("date", f"{flag.on}"),
        ("weight", escape(SEVERITIES[flag.severity])),
        ("standing", escape(raised.standing)),
        ("written in", escape(flag.source)),
        ("judged under", escape(flag.policy.replace("+", ", ")) or "no policy pack"),
        ("stands since", f"entry {flag.raised_at:,}"),
        ("flag", f'<span class="mono">{escape(flag.id)}</span>'),
    )
    yield "<p>It rests on:</p>\n"
    yield _entries(entries[number] for number in flag.evidence)
    for review in reviewed:
        until = f" until {review.until}" if review.until else ""
        reason = review.reason.replace("_", " ")
        yield (
            f"<p>Reviewed on {review.on} by {escape(review.by)}: {escape(review.outcome)}{until},"
            f" {escape(reason)} (entry {review.entry:,}).</p>\n"
        )
    yield "</section>\n"


def _entries(entries: Iterable[Entry]) -> str:
    rows = [
        (
            f"{entry.event.on}", escape(say(entry.event)),
            f"{escape(entry.by)}, {escape(entry.role.replace('_', ' '))}", f"{entry.number:,}",
        )
        for entry in entries
    ]  # fmt: skip
    return _table(("date", "what was recorded", "signed by", "entry"), rows)


def _parties(entries: Sequence[Entry]) -> Iterator[str]:
    rows = [
        (
            escape(event.name), escape(event.party), escape(event.country),
            escape(event.headquarters), f"{entry.number:,}",
        )
        for entry in entries
        if isinstance(event := entry.event, PartyRegistered)
    ]  # fmt: skip
    if rows:
        yield "<h2>Who they are</h2>\n"
        yield '<p class="soft">As registered; what changed since stands in the timeline.</p>\n'
        yield _table(("name", "id", "country", "headquarters", "entry"), rows)


def _timeline(account: Account) -> Iterator[str]:
    told = [
        entry for entry in account.entries if entry.event.subject.partition(":")[0] not in _REGISTRY
    ]
    told = [entry for entry in told if not isinstance(entry.event, PolicyAdopted | PolicyWithdrawn)]
    if told:
        yield "<h2>Timeline</h2>\n"
        what = (
            "Everything recorded of each subject in this file"
            if account.made.streams == "whole"
            else "What is cited"
        )
        yield (
            f'<p class="soft">{what}, by the date it is about. Entry numbers give the order in'
            " which it was recorded.</p>\n"
        )
        yield _entries(sorted(told, key=lambda entry: (entry.event.on, entry.number)))


def _signers(entries: Sequence[Entry]) -> Iterator[str]:
    keys = {key.key: (key, entry.number) for entry in entries for key in _enrolled(entry)}
    signed = Counter(entry.kid for entry in entries)
    rows = []
    for kid, many in sorted(signed.items(), key=lambda item: (-item[1], item[0])):
        known = keys.get(kid)
        if known is not None:
            key, number = known
            roles = ", ".join(role.replace("_", " ") for role in key.roles)
            rows.append((
                escape(key.actor), escape(roles), f"{many:,}", escape(key.algorithm),
                escape(kid), f"{number:,}",
            ))  # fmt: skip
    yield "<h2>Who signed</h2>\n"
    yield _table(("who", "as", "entries here", "algorithm", "key", "enrolled at entry"), rows)


def _rules(entries: Sequence[Entry]) -> Iterator[str]:
    rows = []
    for entry in entries:
        match entry.event:
            case PolicyAdopted(policy=policy, effective_on=on, content=content, citation=citation):
                digest = sha256(content.encode()).hexdigest()
                rows.append((
                    escape(policy), f"in force from {on}",
                    f'{escape(citation)} <span class="mono">SHA-256 {digest}</span>',
                    f"{entry.number:,}",
                ))  # fmt: skip
            case PolicyWithdrawn(policy=policy, withdrawn_on=on, reason=reason):
                rows.append(
                    (escape(policy), f"withdrawn from {on}", escape(reason), f"{entry.number:,}")
                )
    if rows:
        yield "<h2>Rules</h2>\n"
        yield '<p class="soft">The texts are in the folder policy/, as they were adopted.</p>\n'
        yield _table(("pack", "when", "published in, or why", "entry"), rows)


def _checking(account: Account) -> str:
    return (
        "<h2>How to check this</h2>\n"
        "<p>Nothing has to be installed. Open verify.html in a browser, or run"
        ' <span class="mono">sh verify_openssl.sh</span>, in the folder this file was unzipped to.'
        " Both check that each entry is word for word what was signed, by a key that might sign"
        f" it, and stands in the ledger of {account.covered:,} entries whose root is above; and"
        f" {_gapless(account.made)}. Compare the file anchor with the trust anchor the ledger’s"
        " office handed out.</p>\n"
        "<p>What this file cannot show by itself: that a subject has no later entries, that no key"
        " was revoked later, and when the checkpoint was made. The flags and this report are"
        " computed, and no entry signs them; MANIFEST.sig, where it is here, is the word of the"
        " ledger’s office for them. Whoever holds the whole ledger computes them again with"
        ' <span class="mono">chip-ledger flags</span>.</p>\n'
    )


def _gapless(made: Made) -> str:
    if made.streams == "whole":
        return "that nothing is missing between two entries of one subject"
    return "say how many entries are left out between two of one subject"


def _enrolled(entry: Entry) -> tuple[EnrolledKey, ...]:
    match entry.event:
        case LedgerOpened(administrators=administrators):
            return administrators
        case KeyEnrolled(enrolled=one) | KeyRotated(successor=one):
            return (one,)
        case _:
            return ()


def _list(*pairs: tuple[str, str]) -> str:
    """Names and values; the values are markup already."""
    said = "".join(f"<dt>{escape(name)}</dt><dd>{value}</dd>\n" for name, value in pairs)
    return f"<dl>\n{said}</dl>\n"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Rows of cells, which are markup already."""
    kinds = {"entry": "number", "enrolled at entry": "number", "entries here": "number",
             "date": "date", "key": "mono", "pack": "date", "when": "date",
             "signed by": "signer"}  # fmt: skip
    classes = [f' class="{kinds[head]}"' if head in kinds else "" for head in heads]
    top = "".join(
        f"<th{kind}>{escape(head)}</th>" for head, kind in zip(heads, classes, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(f"<td{kind}>{cell}</td>" for cell, kind in zip(row, classes, strict=True))
        + "</tr>\n"
        for row in rows
    )
    return f"<table>\n<thead><tr>{top}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>\n"


def _names(entries: Sequence[Entry]) -> dict[str, str]:
    """What each party is called: its newest name here."""
    names: dict[str, str] = {}
    for entry in entries:
        match entry.event:
            case PartyRegistered(party=party, name=name) | PartyRenamed(party=party, name=name):
                names[f"party:{party}"] = name
    return names


def _named(tag: str, names: Mapping[str, str]) -> str:
    """A subject with its name, where it has one.

    >>> _named("party:c1", {"party:c1": "Example Compute"}), _named("shipment:S-1", {})
    ('Example Compute (party:c1)', 'shipment:S-1')
    """
    return f"{names[tag]} ({tag})" if tag in names else tag


def _party(party: str) -> str:
    return party if ":" in party else f"party:{party}"


def _tags(tags: Sequence[str]) -> str:
    return escape(", ".join(tags))
