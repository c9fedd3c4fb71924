"""The verbs of case files: make one from flags or subjects, and check one."""

from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

import click

from ledger.casefile import Papers, Seal, case_file, covered
from ledger.checkpoint import Checkpoint, parse_note
from ledger.cli import answer, answer_form
from ledger.errors import Malformed, NotAuthentic, NotPermitted, Unknown
from ledger.log import ABOUT_KEYS
from ledger.signatures import Signer
from ledger.verification import Anchor, parse_anchor, render_anchor
from ledger.verification.casefile import CASE_BYTES_MAX, read_case, verify_case
from ledger.verification.timestamp import stamped
from projections.case_report import Account, report
from projections.casefile import Made, Streams, choose, flags_json, shown, whole
from projections.cli._look import Look, Place, Question, looking, options, question_of
from projections.cli._save import saving
from projections.cli.flags import found_on, kept_for
from projections.red_flags import reviews

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class Keeper(Place, Protocol):
    """A place with keys beside it."""

    def key_path(self, key: str) -> Path:
        """The file of a key named by its path, or by its name in the keys folder."""
        ...

    def load(self, path: Path) -> Signer:
        """The key in a file, opened with the passphrase."""
        ...


class _Case(click.Group):
    """`case FLAG --out FILE` is `case make FLAG --out FILE`: what is no verb is a subject."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, *ctx.help_option_names):
            args = ["make", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Case)
def case() -> None:
    """One ZIP for a court: entries, proofs, keys, rules, flags, readable and checkable anywhere.

    `chip-ledger case FLAG-OR-ALERT-OR-SUBJECT… --out case.zip` makes one; `case verify` checks one.
    """


@case.command("make")
@click.argument("words", metavar="FLAG-OR-ALERT-OR-SUBJECT...", nargs=-1, required=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True,
              help="The ZIP to write.")  # fmt: skip
@click.option(
    "--whole-streams",
    is_flag=True,
    help="Everything said of each subject, also about others; not only what is cited.",
)
@click.option(
    "--seal",
    metavar="KEY",
    help="Sign MANIFEST with the log's key: a file, or log for the one in LEDGER-keys.",
)
@click.option(
    "--timestamp",
    type=FILE,
    metavar="FILE.tsr",
    help="Put in a timestamp authority's reply over the newest checkpoint (RFC 3161).",
)
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@options("valid_on", "known_at", "policy", format_=False)
@click.pass_obj
def make(
    place: Keeper,
    words: tuple[str, ...],
    out: Path,
    whole_streams: bool,
    seal: str | None,
    timestamp: Path | None,
    force: bool,
    valid_on: date | None,
    known_at: str | None,
    policy: str | None,
) -> None:
    """Make a case file of flags and alerts, by the beginning of their ids, and of subjects.

    It holds the entries their flags rest on and their reviews, who the parties are, the key
    registry and the adopted rules, each entry with its proof on the newest checkpoint: what it says
    of others is only what is cited. The same ledger and the same question give the same bytes;
    their SHA-256 is printed.
    """
    question = question_of(valid_on, known_at, policy, "table")
    with saving(out, force=force) as made:
        with looking(place, question, kept_for(question)) as look:
            streams: Streams = "whole" if whole_streams else "cited"
            content, said = _case_file(
                look, question, words, streams, timestamp, _seal(place, look, seal)
            )
        made.write_bytes(content)
    click.echo(f"{sha256(content).hexdigest()}  {out}")
    click.echo(said, err=True)


@case.command("verify")
@click.argument("case_path", type=FILE, metavar="FILE")
@click.option("--anchor", "anchor_file", type=FILE, help="Trust anchor that you hold.")
@click.option("--sealed", is_flag=True, help="It was sealed: without the log's seal it is invalid.")
@answer_form
def verify(case_path: Path, anchor_file: Path | None, sealed: bool, form: str) -> None:
    """Check a case file; no ledger is needed. Ends with one verdict.

    Exit code 0: valid. 2: no case file. 3: something could not be checked. 4: something is wrong.
    """
    anchor = None if anchor_file is None else _anchor(anchor_file)
    with case_path.open("rb") as file:
        raw = file.read(CASE_BYTES_MAX + 1)
    answer(verify_case(read_case(raw), anchor, sealed=sealed), form)


def _case_file(
    look: Look,
    question: Question,
    words: tuple[str, ...],
    streams: Streams,
    timestamp: Path | None,
    seal: Seal | None,
) -> tuple[bytes, str]:
    """The bytes, and what to say of them."""
    note, checkpoint = _checkpoint(look)
    reply = None if timestamp is None else _reply(timestamp, note)
    found = found_on(look, question)
    chosen = choose(
        words, found.raised, found.alerts, look.tagged, look.numbered, found.ties, streams=streams
    )
    rules = look.rules(question)
    names = tuple(str(pack.id) for pack in rules.packs)
    # Whom to trust is asked today, whatever was known of the matter then.
    about_keys = look.of_types(tuple(sorted(ABOUT_KEYS)), ever=True)
    keys = {entry.number: entry for entry in about_keys}
    everything = keys | whole(chosen, names, look.tagged, look.stream)
    entries = everything if streams == "whole" else keys | shown(chosen, names, look.stream)
    numbers = sorted(entries)
    covered(numbers, checkpoint)
    ordered = [entries[number] for number in numbers]
    made = Made(
        origin=look.ledger.origin,
        entry=look.entry,
        root=look.root,
        valid_on=question.valid_on,
        rules=rules.names,
        supposed=rules.names if question.simulated else (),
        streams=streams,
        left_out=len(everything) - len(entries),
        sealed=seal is not None,
    )
    account = Account(
        chosen, made, ordered, checkpoint.size, checkpoint.root.hex(),
        {each.flag.id: reviews(found.states, each.flag.id) for each in chosen.flags},
    )  # fmt: skip
    ledger = look.ledger
    anchor = Anchor(ledger.origin, ledger.log_spki, ledger.opening_leaf)
    content = case_file(
        look.proved(ordered, checkpoint.size),
        note,
        render_anchor(anchor),
        Papers(flags_json(chosen, made, found.states, numbers), report(account)),
        timestamp=reply,
        seal=seal,
    )
    verdict = _checked(content, anchor)
    many = len(chosen.flags)
    left_out = (
        f"; {made.left_out:,} more about these subjects are left out (--whole-streams)"
        if made.left_out
        else ""
    )
    return content, (
        f"{len(numbers):,} entries and {many:,} flag{'' if many == 1 else 's'}, under the"
        f" checkpoint over {checkpoint.size:,}{left_out}; {verdict}"
    )


def _seal(place: Keeper, look: Look, key: str | None) -> Seal | None:
    """The log's key, opened to sign MANIFEST."""
    if key is None:
        return None
    signer = place.load(place.key_path(key))
    if signer.spki != look.ledger.log_spki:
        raise NotPermitted(
            f"key {signer.kid} is not the log key of {look.ledger.origin}",
            remedy="a case is sealed with the log's key, like a checkpoint: --seal log",
            code="LOG_KEY",
        )
    return Seal(signer.spki[-32:], signer.sign)


def _reply(path: Path, note: str) -> bytes:
    """A timestamp authority's reply, once it is over this checkpoint."""
    reply = path.read_bytes()
    if stamped(reply, note.encode()) is None:
        raise Malformed(
            f"{path} is no granted reply of a timestamp authority over the newest checkpoint",
            remedy="chip-ledger checkpoint > checkpoint, then openssl ts -query -data checkpoint"
            " -sha256 -cert -out checkpoint.tsq, and let the authority answer that",
            code="TIMESTAMP_FORM",
        )
    return reply


def _checked(content: bytes, anchor: Anchor) -> str:
    """The verdict on a case before it is handed out; refuses one that does not verify."""
    answer = verify_case(read_case(content), anchor)
    if answer.verdict == "INVALID":
        raise NotAuthentic(
            f"what the ledger holds does not verify: {answer.findings[0]}",
            remedy="it was altered: chip-ledger verify",
            code="CASE_INVALID",
        )
    return answer.verdict


def _checkpoint(look: Look) -> tuple[str, Checkpoint]:
    note = look.newest_checkpoint()
    if note is None:
        raise Unknown(
            "the ledger has no checkpoint, so nothing in a case could be proved",
            remedy="chip-ledger checkpoint",
            code="CHECKPOINT_MISSING",
        )
    return note, parse_note(note, origin=look.ledger.origin, log_spki=look.ledger.log_spki)


def _anchor(path: Path) -> Anchor:
    try:
        return parse_anchor(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise Malformed(
            f"{path} is not a text file in UTF-8", remedy="check which file it is", code="NOT_UTF8"
        ) from error


commands: list[Any] = [case]
"""What the front door mounts."""
