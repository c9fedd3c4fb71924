"""Every message of the read verbs, provoked once."""

from collections import Counter
from datetime import date

import pytest
from click.testing import CliRunner
from reader import VERBS, FrontDoor
from world import ORIGIN, Office, adopted, approved, exported, party

from ledger.checkpoint import Checkpoint, parse_note, sign_note
from ledger.errors import Exit, LedgerError, Malformed
from ledger.policy import shipped_packs
from projections.alerts import called
from projections.red_flags import Raised, RedFlag


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    place = f"sqlite:///{tmp_path_factory.mktemp('ledger') / 'ledger.db'}"
    office = Office(place)
    office.say(
        adopted(), party("acme"), approved("acme"),
        *(exported(f"S-{number}", authority="none") for number in range(40)),
    )  # fmt: skip
    office.ledger.close()
    return place


@pytest.mark.parametrize(
    ("typed", "code", "exit_", "problem", "remedy"),
    [
        (
            "license D9 --valid-on 2026-11-22", "LICENSE_UNKNOWN", Exit.INCOMPLETE,
            "no entry speaks of license D9 on 2026-11-22 or before",
            "`chip-ledger licenses` lists them",
        ),
        (
            "shipments S-99 --valid-on 2026-11-22", "SHIPMENT_UNKNOWN", Exit.INCOMPLETE,
            "no entry speaks of shipment S-99 on 2026-11-22 or before",
            "`chip-ledger shipments` lists them",
        ),
        (
            "trail D9", "SUBJECT_UNKNOWN", Exit.INCOMPLETE,
            "no entry speaks of D9",
            "name it with its kind: license:ID, shipment:ID, party:ID, agreement:ID, check:ID, …",
        ),
        (
            "trail acme", "SUBJECT_AMBIGUOUS", Exit.USAGE,
            "acme names 2 things: license:acme, party:acme", "chip-ledger trail license:acme",
        ),
        (
            "flags show fffffffffff", "FLAG_UNKNOWN", Exit.INCOMPLETE,
            "no flag fffffffffff stands on 2026-11-22", "`chip-ledger flags --all` lists them",
        ),
        (
            "why fffffffffff", "FLAG_UNKNOWN", Exit.INCOMPLETE,
            "no flag and no alert fffffffffff stands on 2026-11-22",
            "`chip-ledger flags --all` and `chip-ledger alerts --all` list them",
        ),
        (
            "flags show fff", "ID_FORM", Exit.USAGE,
            "'fff' is not the id of a flag, nor the beginning of one",
            "give 4 to 16 lower-case hex digits; `chip-ledger flags` shows them",
        ),
        (
            "why party:acme", "ID_FORM", Exit.USAGE,
            "'party:acme' is not the id of a flag, nor the beginning of one",
            "give 4 to 16 lower-case hex digits; `chip-ledger flags` shows them",
        ),
        (
            "flags --rule smuggling", "RULE_UNKNOWN", Exit.INCOMPLETE,
            "no rule is called 'smuggling'", "`chip-ledger flags rules` lists them",
        ),
        (
            "alerts --rule without-autority", "RULE_UNKNOWN", Exit.INCOMPLETE,
            "no rule is called 'without-autority'",
            "did you mean without-authority? `chip-ledger flags rules` lists them",
        ),
        (
            "flags --all show 0123", "OPTION_UNUSED", Exit.USAGE,
            "--all chooses nothing of `flags show`",
            "leave it out; chip-ledger flags show --help lists its options",
        ),
        (
            "statistics --by-country open shipped_tpp", "OPTION_UNUSED", Exit.USAGE,
            "--by-country chooses nothing of `statistics open`",
            "leave it out; chip-ledger statistics open --help lists its options",
        ),
        (
            "replay --policy cn-2026 --to 2025-13-01", "DATE_FORM", Exit.USAGE,
            "'2025-13-01' is not a date: a year has months 1 to 12, and no 13",
            "write it like 2025-11-19",
        ),
        (
            "diff --valid-on 2025-02-01..2025-02-29", "DATE_FORM", Exit.USAGE,
            "'2025-02-29' is not a date: 2025-02 has 28 days", "write it like 2025-11-19",
        ),
        (
            "quotas --valid-on yesterday", "DATE_FORM", Exit.USAGE,
            "'yesterday' is not a date", "write it like 2025-11-19",
        ),
        (
            "alerts --party nobody", "SUBJECT_UNKNOWN", Exit.INCOMPLETE,
            "no entry speaks of party nobody",
            "name it by the id it was registered under: `chip-ledger flags` shows ids",
        ),
        (
            "quotas --known-at 45", "ENTRY_MISSING", Exit.INCOMPLETE,
            "there is no entry 45; the ledger holds 44",
            "--known-at with a number from 1 to 44, or an instant",
        ),
        (
            "quotas --known-at 2026-11-01T12:00:00", "ENTRY_MISSING", Exit.INCOMPLETE,
            "nothing was known at 2026-11-01T12:00:00.000000Z; the ledger was opened at"
            " 2026-11-02T09:00:00.000000Z",
            "name a later instant, or an entry",
        ),
        (
            "quotas --known-at yesterday", "KNOWN_AT_FORM", Exit.USAGE,
            "'yesterday' is neither an entry number nor an instant",
            "write 1204, 2025-11-19 or 2025-11-19T12:00:00Z",
        ),
        (
            "quotas --policy ,", "PACK_UNKNOWN", Exit.USAGE,
            "no policy pack is named",
            "--policy diffusion-2025, or several with commas between",
        ),
        (
            "flags --policy no-such", "PACK_UNKNOWN", Exit.INCOMPLETE,
            "no policy pack 'no-such' comes with this program",
            f"name one of {', '.join(shipped_packs())}, or a file",
        ),
        (
            "flags --policy mine.toml", "PACK_UNKNOWN", Exit.INCOMPLETE,
            "the policy pack mine.toml cannot be read: No such file or directory",
            "name a pack that ships, or a file that ends in .toml",
        ),
        (
            "flags --policy diffusion-2025:lpp.limit=1", "PARAMETER_UNKNOWN", Exit.USAGE,
            "policy pack diffusion-2025 has no parameter 'lpp.limit'",
            "did you mean lpp.limit_tpp or lpp.notice_tpp or lpp.report_days? chip-ledger policy"
            " show diffusion-2025 prints the pack: NAME is the table and the key, with a dot"
            " between",
        ),
        (
            "trail party:acme --svg acme.svg", "PICTURE_SUBJECT", Exit.USAGE,
            "party:acme has no route to draw; a chip has",
            "chip-ledger trail serial:NUMBER --svg FILE",
        ),
        (
            "balance nowhere", "STOCK_UNKNOWN", Exit.INCOMPLETE,
            "no entry speaks of stock at nowhere", "name a site as it was declared, or a party",
        ),
        (
            "diff --known-at 3 --valid-on 2025-05-01", "DIFF_SAME", Exit.USAGE,
            "both sides are the same state",
            "--known-at 120..head, --valid-on 2025-05-01..2025-06-01 or"
            " --policy diffusion-2025..in-force",
        ),
        (
            "views drop boards", "VIEW_UNKNOWN", Exit.INCOMPLETE,
            "no view is called boards",
            "name one of quotas, licenses, shipments, flags, custody, balance,"
                " statistics",
        ),
    ],
)  # fmt: skip
def test_a_read_verb_says_what_is_wrong_and_what_to_type(
    place, typed, code, exit_, problem, remedy
):
    words = typed.split()
    if words[0] == "flags" and "show" in words:
        words[1:1] = ["--valid-on", f"{date(2026, 11, 22)}"]
    with pytest.raises(LedgerError) as said:
        CliRunner().invoke(VERBS[words[0]], words[1:], obj=FrontDoor(place), catch_exceptions=False)

    assert (problem, remedy, code, exit_) == (
        said.value.problem, said.value.remedy, said.value.code, said.value.exit,
    )  # fmt: skip


def test_too_little_of_an_id_is_told_to_be_more():
    """Of some hundred ids two begin with the same four digits."""
    made, ids = [], Counter()
    while max(ids.values(), default=0) < 2:
        flag = RedFlag(
            "cap-breach", "hard", "country:AE", f"{len(made)}", "", "", "", date(2025, 1, 1), (1,)
        )
        made.append(Raised(flag, "open", None))
        ids[flag.id[:4]] += 1
    ((beginning, _),) = ids.most_common(1)
    one, two = (each.flag.id for each in made if each.flag.id.startswith(beginning))

    with pytest.raises(Malformed) as said:
        called(beginning, made, ())

    assert "FLAG_AMBIGUOUS" == said.value.code
    assert f"{beginning!r} begins the ids of 2 flags" == said.value.problem
    assert f"give more of it: {one}, {two}" == said.value.remedy
    assert made[-1] == called(made[-1].flag.id, made, ())
    assert None is called("0" * 16, made, ())


def test_a_draw_is_of_this_ledger_at_that_size_and_of_as_many_sites_as_there_are(tmp_path):
    office = Office(f"sqlite:///{tmp_path / 'sealed.db'}")
    sealed = office.ledger.checkpoint(office.log)
    office.ledger.close()
    notes = {
        "note": sealed,
        "empty": sign_note(Checkpoint(ORIGIN, 0, bytes(32)), office.log),
        "other": sign_note(Checkpoint(ORIGIN, 1, bytes(32)), office.log),
    }
    for name, text in notes.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "list").write_bytes(b"\xff")
    root = parse_note(sealed, origin=ORIGIN, log_spki=office.log.spki).root.hex()

    def said(note, population="sites"):
        typed = ["draw", "--population", population, "--checkpoint", str(tmp_path / note)]
        with pytest.raises(LedgerError) as refused:
            CliRunner().invoke(
                VERBS["inspection"], [*typed, "--randomness", "1", "--sample", "1"],
                obj=FrontDoor(f"sqlite:///{tmp_path / 'sealed.db'}"), catch_exceptions=False,
            )  # fmt: skip
        return refused.value.code, refused.value.problem

    assert ("SAMPLE_SIZE", "1 sites cannot be drawn from a list of 0") == said("note")
    assert (
        "CHECKPOINT_SYNTAX",
        f"{tmp_path / 'empty'} is of an empty ledger, and seals no list",
    ) == (said("empty"))
    assert (
        "ROOT",
        f"the first 1 entries have root {root[:16]}…, and {tmp_path / 'other'} says {'0' * 16}…",
    ) == said("other")
    assert ("NOT_UTF8", f"{tmp_path / 'list'} is not UTF-8 text") == said(
        "note", str(tmp_path / "list")
    )
