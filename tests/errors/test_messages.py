"""What deciders, the key registry, the log and the store refuse: each message once, word for word.

Each is provoked for real. The second half reads the source: a message nobody provoked here fails,
and so does a code that is provoked nowhere and is on no list.
"""

import ast
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import officers
import psycopg
import pytest
from forge import Key
from officers import CHEN, DIFFUSION, G42, LIND, LOG, ORIGIN, RIVERA, TODAY, at
from scenario import By, Given, given
from sqlalchemy import create_engine, event, text
from world import adopted, applied, approved, exported, flags, licensed, party

from commands.facts import parse
from commands.flags import CLEARS_FOR, ReviewFlag
from commands.keys import ReaffirmEntries, RevokeKey, RotateKey
from commands.licenses import ApplyForLicense, ApproveLicense, LineWanted
from commands.policies import AdoptPolicy, WithdrawPolicy
from commands.shipments import LineDeclared, RecordDelivery, RecordExport, VoidShipment
from ledger.entry import Signing, compose, instant
from ledger.envelope import seal
from ledger.errors import LedgerError
from ledger.events import (
    KeyCountersigned,
    KeyEnrolled,
    KeyRevoked,
    KeyRotated,
    PartyRelocated,
    ShipmentDelivered,
)
from ledger.explain import ERRORS, FINDINGS
from ledger.log import Ledger, Slice, read_offer
from ledger.policy import shipped_pack
from ledger.store import Store, StoredEvent
from projections.red_flags import RULES

HOUSE = Path(__file__).parents[2]
HERE = Path(__file__).parent
LEAF = "2jmj7l5rSw0yVb/vlWAYkK/YBwk2jmj7l5rSw0yVb/s="
NEW = Key("somebody new")


@dataclass(frozen=True)
class Message:
    """What is said; PLACE stands for the ledger's own place."""

    code: str
    exit: int
    problem: str
    remedy: str
    provoke: Callable[..., Any]


def decided(history: Given, command: Any) -> Callable[..., Any]:
    def provoke() -> None:
        error = history.when(command).error
        assert error is not None
        raise error

    return provoke


def appended(*events: Any, by: Key = RIVERA, minute: int = 1) -> Callable[..., Any]:
    return lambda ledger: ledger.append(events, by, at=at(minute))


# ── deciders ─────────────────────────────────────────────────────────────────────────────────────

REGISTER = {
    "party": "g42", "name": "G42", "country": "AE", "headquarters": "AE",
    "registered_on": "2025-06-01",
}  # fmt: skip
CHECK = {"check": "C1", "party": "g42"}
REQUEST = CHECK | {"kind": "PSV", "country": "AE", "requested_on": "2025-06-01"}
RATE = CHECK | {"rated_on": "2025-07-01", "rating": "favorable"}
APPLY = ApplyForLicense(
    license="D1", applied_on=date(2025, 1, 20), applicant="maker", ultimate_consignee="acme",
    end_users=("acme",), destination="AE", lines=(LineWanted(model="h100-sxm", units=8),),
)  # fmt: skip
APPROVE = ApproveLicense(license="D1", decided_on=date(2025, 11, 19))
REVIEW = {"flag": "f3a1", "reason": "data_error", "reviewed_on": date(2026, 3, 2)}
SHIPPED_TWICE = (adopted(), approved(), exported(), exported("S-2"))
(OVER_SHIPPED,) = flags("over-shipped", *SHIPPED_TWICE)
EXPORT = {
    "shipment": "S-1", "lines": (LineDeclared(model="h100-sxm", units=8),),
    "ultimate_consignee": "acme", "route": ("US", "AE"), "exported_on": date(2025, 3, 3),
}  # fmt: skip
DELIVERED = ShipmentDelivered(
    shipment="S-1", delivered_on=date(2025, 3, 9), country="AE", received_by="acme"
)
LINDS = LIND.enrolled("c.lind", "licensing_officer")
OPENED = By("a.rivera", officers.opening())
HELD = (
    OPENED,
    By("a.rivera", KeyEnrolled(enrolled=LINDS, enrolled_on=TODAY)),
)
BIG = (licensed(13_167, model="gb300", tpp_per_unit=60_000),)

DECIDED = [
    Message(
        "DATE_FUTURE", 2, "license D1 is applied for on 2025-01-20, and today is 2025-01-19",
        "give the date it happened on",
        decided(given(today=date(2025, 1, 19)), APPLY),
    ),
    Message(
        "FIELDS", 2, "party.register: Invalid enum value 'XX' - at `$.country`",
        "docs/events.md lists the fields of party.registered.v1",
        lambda: parse("party.register", REGISTER | {"country": "XX"}),
    ),
    Message(
        "FIELDS", 2, "party.register: Invalid enum value 'XK' - at `$.country`",
        "ISO 3166-1 assigns Kosovo no code and ISO 3166-2 has it under RS: write RS, name Kosovo"
        " in a note, and know that it then counts with Serbia",
        lambda: parse("party.register", REGISTER | {"country": "XK"}),
    ),
    Message(
        "ALREADY_SAID", 5, "party g42 was already registered on 2025-06-01, with other details",
        "use another id, or record what changed since",
        decided(given(G42), parse("party.register", REGISTER | {"headquarters": "CN"})),
    ),
    Message(
        "ALREADY_SAID", 5, "check C1 was already rated on 2025-07-01",
        "record the change instead: a check that was rated is rated again with rerate",
        decided(
            given(parse("check.request", REQUEST).fact, parse("check.rate", RATE).fact),
            parse("check.rate", RATE | {"rating": "unfavorable"}),
        ),
    ),
    Message(
        "DATES_ORDER", 2,
        "check C1 was requested on 2025-06-01, and cannot be rated on 2025-05-31",
        "give the date it happened on",
        decided(
            given(parse("check.request", REQUEST).fact),
            parse("check.rate", RATE | {"rated_on": "2025-05-31"}),
        ),
    ),
    Message(
        "REVIEW_FORM", 2, "flag f3a1 is snoozed, and returns on no day",
        "give --until with snooze, and only then",
        decided(given(), ReviewFlag(**REVIEW, outcome="snoozed")),
    ),
    Message(
        "DATES_ORDER", 2, "flag f3a1 is snoozed on 2026-03-02 until 2026-03-01",
        "give a later day",
        decided(given(), ReviewFlag(**REVIEW, outcome="snoozed", until_on=date(2026, 3, 1))),
    ),
    Message(
        "RULE_UNKNOWN", 3, "no rule is called 'smuggling'",
        f"rules are {', '.join(rule.name for rule in RULES)}; --rule may be left out",
        decided(given(), ReviewFlag(**REVIEW, outcome="cleared", rule="smuggling")),
    ),
    Message(
        "FLAG_UNKNOWN", 3, "no flag f3a1 stands on 2026-03-02",
        "`chip-ledger flags --all` lists them; an alert is reviewed flag by flag",
        decided(given(), ReviewFlag(**REVIEW, outcome="cleared")),
    ),
    Message(
        "REVIEW_REASON", 2,
        "flag f3a1 is cleared for 'no_time', which is no reason on the list",
        f"reasons are {', '.join(CLEARS_FOR)}; --note is for your own words",
        decided(given(), ReviewFlag(**REVIEW | {"reason": "no_time"}, outcome="cleared")),
    ),
    Message(
        "REVIEW_OTHER", 2, f"flag {OVER_SHIPPED.id} was raised by over-shipped, not lpp-limit",
        "leave --rule out, or give --rule over-shipped",
        decided(
            given(*SHIPPED_TWICE),
            ReviewFlag(**REVIEW | {"flag": OVER_SHIPPED.id}, outcome="cleared", rule="lpp-limit"),
        ),
    ),
    Message(
        "REVIEW_OTHER", 2, f"flag {OVER_SHIPPED.id} does not cite entry 9",
        "leave --evidence out, or name entries among those it cites:"
        f" chip-ledger flags --all show {OVER_SHIPPED.id}",
        decided(
            given(*SHIPPED_TWICE),
            ReviewFlag(**REVIEW | {"flag": OVER_SHIPPED.id}, outcome="cleared", evidence=(9,)),
        ),
    ),
    Message(
        "KEY_ACTOR", 7, f"key {LIND.kid} belongs to c.lind, and a.rivera signs",
        "its holder rotates it; an administrator can revoke it",
        decided(
            given(*HELD, by="a.rivera"),
            RotateKey(
                key=LIND.kid, successor=NEW.enrolled("c.lind", "licensing_officer"),
                rotated_on=TODAY,
            ),
        ),
    ),
    Message(
        "NOT_SUSPECT", 5, f"no entry signed with key {LIND.kid} is suspect",
        "nothing needs to be done",
        decided(
            given(*HELD),
            ReaffirmEntries(key=LIND.kid, entries=(4,), reaffirmed_on=TODAY, note="seen"),
        ),
    ),
    Message(
        "LAST_ADMINISTRATOR", 5,
        f"key {RIVERA.kid} is the last valid key of a key administrator",
        "enroll another administrator first, or rotate this key",
        decided(
            given(
                OPENED, By("a.rivera", KeyRevoked(key=CHEN.kid, reason="lost", revoked_on=TODAY))
            ),
            RevokeKey(key=RIVERA.kid, reason="lost", revoked_on=TODAY),
        ),
    ),
    Message(
        "LINES_TWICE", 2, "h100-sxm stands on 2 lines",
        "put all the units of one chip on one line",
        decided(
            given(DIFFUSION, applied()),
            ApproveLicense(
                license="D1", decided_on=date(2025, 11, 19),
                lines=(LineWanted(model="h100-sxm", units=4),) * 2,
            ),
        ),
    ),
    Message(
        "CHIP_NOT_CONTROLLED", 2,
        "H20 (HGX) (h20) is not under 3A090: TPP 2,368 is below 2,400 and performance density"
        " 2.91 below 3.2 (3A090.b)",
        "leave it off: 3A090 asks for no license, and this ledger knows no other ECCN for it."
        " A letter may ask for one: chip-ledger policy show cn-h20-letter-2025",
        decided(
            given(),
            ApplyForLicense(
                license="D1", applied_on=date(2025, 1, 20), applicant="maker",
                ultimate_consignee="acme", end_users=("acme",), destination="AE",
                lines=(LineWanted(model="h20", units=8),),
            ),
        ),
    ),
    Message(
        "ALREADY_SAID", 5, "license D1 was already applied for with other details",
        "file the new application under an id of its own",
        decided(given(applied(lines=BIG)), APPLY),
    ),
    Message(
        "DATES_ORDER", 2, "license D1 is decided on 2025-11-19 and cannot expire on 2025-11-18",
        "give --expires-on a day after the decision",
        decided(
            given(applied()),
            ApproveLicense(
                license="D1", decided_on=date(2025, 11, 19), expires_on=date(2025, 11, 18)
            ),
        ),
    ),
    Message(
        "DATES_ORDER", 2,
        "license D1 was applied for on 2025-01-20 and cannot be decided on 2025-01-19",
        "give the date of the decision",
        decided(
            given(applied()),
            ApproveLicense(
                license="D1", decided_on=date(2025, 1, 19), expires_on=date(2026, 1, 19)
            ),
        ),
    ),
    Message(
        "BEYOND_APPLICATION", 5,
        "license D1 was applied for with 8 h100-sxm and this grants 1,000",
        "grant at most what was asked for",
        decided(
            given(DIFFUSION, applied()),
            ApproveLicense(
                license="D1", decided_on=date(2025, 11, 19),
                lines=(LineWanted(model="h100-sxm", units=1_000),),
            ),
        ),
    ),
    Message(
        "EXPIRY_UNKNOWN", 2, "no rules in force on 2025-11-19 say how long license D1 lives",
        "give --expires-on, such as 2026-11-19",
        decided(given(applied()), APPROVE),
    ),
    Message(
        "REVIEW_POLICY", 5,
        "license D1 is for acme, tier 3 by destination AE, headquarters CN, parent's headquarters"
        " CN: presumption of denial for 3A090.a",
        "deny it, or give --justification with the grounds for the exception",
        decided(
            given(
                DIFFUSION, party(), applied(),
                PartyRelocated(party="acme", headquarters="CN", relocated_on=date(2025, 9, 1)),
            ),
            APPROVE,
        ),
    ),
    Message(
        "CAP_EXCEEDED", 5,
        "AE has 790,000,000 TPP of headroom and this license takes 790,020,000: cap 790,000,000,"
        " reserved 0, drawn 0",
        "grant fewer units, or wait for licenses to lapse or an agreement to raise the cap",
        decided(given(DIFFUSION, party(), applied(lines=BIG)), APPROVE),
    ),
    Message(
        "LICENSE_UNKNOWN", 3, "no application for license D1 is in this ledger",
        "chip-ledger license apply D1 …",
        decided(given(), APPROVE),
    ),
    Message(
        "ALREADY_DECIDED", 5, "license D1 was already approved on 2025-02-01",
        "chip-ledger license show D1 shows the decision",
        decided(given(DIFFUSION, applied(), approved()), APPROVE),
    ),
    Message(
        "POLICY_ID", 2, "this pack calls itself 'diffusion-2025', not 'mine'",
        "adopt it under its own id: chip-ledger policy adopt diffusion-2025 --file FILE",
        decided(
            given(),
            AdoptPolicy(
                policy="mine", effective_on=TODAY, content=shipped_pack("diffusion-2025")
            ),
        ),
    ),
    Message(
        "POLICY_SCENARIO", 5, "policy what-if is a scenario: nobody ever issued these rules",
        "suppose it instead: chip-ledger quotas --policy what-if",
        decided(
            given(),
            AdoptPolicy(
                policy="what-if", effective_on=TODAY,
                content=shipped_pack("diffusion-2025").replace(
                    'id = "diffusion-2025"', 'id = "what-if"\nscenario = true'
                ),
            ),
        ),
    ),
    Message(
        "POLICY_UNKNOWN", 5, "policy mine is not adopted in this ledger",
        "chip-ledger policy list shows what is",
        decided(given(), WithdrawPolicy(policy="mine", withdrawn_on=TODAY, reason="none")),
    ),
    Message(
        "ALREADY_SAID", 5, "shipment S-1 was already reported with other details",
        "to put a mistake right, void the shipment and record it again",
        decided(given(exported()), RecordExport(**EXPORT, authority="none")),
    ),
    Message(
        "AUTHORITY_FORM", 2, "shipment S-1 relies on LPP and also names license D1",
        "name the license alone, or the exception alone: a shipment relies on one",
        decided(given(), RecordExport(**EXPORT, authority="LPP", license="D1")),
    ),
    Message(
        "AUTHORITY_FORM", 2, "shipment S-1 relies on a license and does not say which",
        "name the license alone, or the exception alone: a shipment relies on one",
        decided(given(), RecordExport(**EXPORT, authority="license")),
    ),
    Message(
        "DATES_ORDER", 2, "shipment S-1 left on 2025-03-03 and cannot arrive on 2025-03-02",
        "give the date it arrived, or void the shipment if its date was wrong",
        decided(
            given(exported()),
            RecordDelivery(
                shipment="S-1", delivered_on=date(2025, 3, 2), country="AE", received_by="acme"
            ),
        ),
    ),
    Message(
        "ALREADY_SAID", 5,
        "shipment S-1 was already delivered on 2025-03-09, with other details",
        "to put a mistake right, void the shipment and record it again",
        decided(
            given(exported(), DELIVERED),
            RecordDelivery(
                shipment="S-1", delivered_on=date(2025, 3, 9), country="MY", received_by="acme"
            ),
        ),
    ),
    Message(
        "SHIPMENT_UNKNOWN", 5,
        "no shipment S-1 stands in this ledger, so there is nothing to void",
        "check the id: chip-ledger shipments",
        decided(given(), VoidShipment(shipment="S-1", voided_on=TODAY, reason="none")),
    ),
]  # fmt: skip

# ── the registry and the log ─────────────────────────────────────────────────────────────────────


def pending(ledger):
    officers.propose(ledger, LINDS)
    ledger.append([G42], LIND, at=at(1))


def revoked(ledger):
    officers.enroll(ledger, LIND, "c.lind", "licensing_officer")
    ledger.append([KeyRevoked(key=LIND.kid, reason="lost", revoked_on=TODAY)], CHEN, at=at(1))
    ledger.append([G42], LIND, at=at(1))


def out_of_period(ledger):
    officers.enroll(ledger, LIND, "c.lind", "licensing_officer", valid_until=TODAY)
    ledger.append([G42], LIND, at=at(24 * 60))


def out_of_role(ledger):
    officers.enroll(ledger, LIND, "c.lind", "licensing_officer")
    ledger.append([DIFFUSION], LIND, at=at(1))


def alone(ledger):
    leaf = officers.propose(ledger, LINDS)
    confirmed = KeyCountersigned(key=LIND.kid, enrollment=leaf, countersigned_on=TODAY)
    ledger.append([confirmed], RIVERA, at=at(1))


def of_another_proposal(ledger):
    confirmed = KeyCountersigned(key=RIVERA.kid, enrollment=LEAF, countersigned_on=TODAY)
    ledger.append([confirmed], CHEN, at=at(1))


def rolled_back(ledger):
    with ledger.store.reading() as connection:
        ((size, frontier),) = ledger.store.head_rows(connection)
    ledger.append([G42], RIVERA, at=at(1))
    ledger.checkpoint(LOG)
    engine = create_engine(ledger.store._engine.url)
    with engine.begin() as connection:
        connection.execute(text("DROP TRIGGER entries_no_delete"))
        connection.execute(text("DELETE FROM entries WHERE position > 1"))
        connection.execute(
            text("UPDATE ledger_head SET size = :size, frontier = :frontier"),
            {"size": size, "frontier": frontier},
        )
    engine.dispose()
    ledger.checkpoint(LOG)


def altered(ledger, statement, *, say=lambda ledger: ledger.checkpoint(LOG)):
    ledger.append([G42], RIVERA, at=at(1))
    engine = create_engine(ledger.store._engine.url)
    with engine.begin() as connection:
        for one in statement.split("; "):
            connection.execute(text(one))
    engine.dispose()
    say(ledger)


def another_head(ledger):
    altered(ledger, "UPDATE ledger_head SET frontier = CAST(substr(frontier, 1, 8)"
                    " || zeroblob(length(frontier) - 8) AS BLOB)")  # fmt: skip


def no_head(ledger):
    altered(ledger, "UPDATE ledger_head SET frontier = 'none'")


def cut_off(ledger):
    altered(
        ledger,
        "DROP TRIGGER entries_no_delete; DELETE FROM entries WHERE position = 2",
        say=lambda ledger: Ledger(ledger.store).append([exported()], RIVERA, at=at(2)),
    )


def another_entry(ledger):
    altered(
        ledger,
        "INSERT INTO entries SELECT 3, 'x', 1, type, tags, line FROM entries WHERE position = 2",
        say=lambda ledger: ledger.append([exported()], RIVERA, at=at(2)),
    )


def no_line(ledger, say):
    altered(
        ledger,
        "DROP TRIGGER entries_no_update; UPDATE entries SET line = 'gone' WHERE position = 2",
        say=say,
    )


def another_tile(ledger, hashes):
    ledger.append([exported(f"S-{number}") for number in range(260)], RIVERA, at=at(1))
    altered(
        ledger,
        f"DROP TRIGGER tiles_no_update; UPDATE tiles SET hashes = {hashes}",
        say=lambda ledger: ledger.restore_tiles(),
    )


def behind(ledger):
    ledger.append([G42], RIVERA, at=at(10))
    ledger.append([exported()], RIVERA, at=at(10) - timedelta(seconds=301))


def no_offer(folder):
    (folder / "letter").write_text("[]")
    read_offer(folder / "letter")


def opened_otherwise(folder):
    store = Store.create(str(folder / "ledger.db"))
    signing = Signing(instant(at(0)), "a.rivera", RIVERA.kid, ORIGIN, "policy_officer", (0, LEAF))
    payload, tags = compose(G42, signing, ver=1, prev=None)
    with store.writing() as transaction:
        line = seal(payload, [RIVERA])
        transaction.append([StoredEvent(G42.wire, line, tags, G42.subject, 1)])
    store.close()
    Ledger.open(store.place)


def made(opening, log=LOG):
    return lambda folder: Ledger.create(str(folder / "ledger.db"), opening, RIVERA, log, at=at(0))


LOGGED = [
    Message(
        "KEY_UNKNOWN", 3, f"key {NEW.kid} is not enrolled in this ledger",
        "chip-ledger key list shows which are",
        appended(KeyRevoked(key=NEW.kid, reason="lost", revoked_on=TODAY)),
    ),
    Message(
        "KEY_UNKNOWN", 7, f"key {NEW.kid} is not enrolled in this ledger",
        "a key administrator enrolls it: chip-ledger key enroll",
        appended(G42, by=NEW),
    ),
    Message(
        "KEY_REVOKED", 7, f"key {LIND.kid} of c.lind was revoked at entry 4",
        "sign with another key; `chip-ledger key list` shows which are valid",
        revoked,
    ),
    Message(
        "KEY_PENDING", 7,
        f"key {LIND.kid} of c.lind waits for a second administrator; a.rivera proposed it",
        f"another administrator types: chip-ledger key countersign {LIND.kid}",
        pending,
    ),
    Message(
        "KEY_PERIOD", 7,
        f"key {LIND.kid} of c.lind signs from 2026-01-01 to 2026-01-05, not on 2026-01-06",
        "enroll a new key for the period, or rotate this one before it ends",
        out_of_period,
    ),
    Message(
        "ROLE", 7,
        "c.lind signs as licensing_officer, and policy.adopted.v1 is signed by policy_officer",
        "`chip-ledger roles` prints who may sign what",
        out_of_role,
    ),
    Message(
        "LEDGER_EXISTS", 5, "a ledger is opened once, by its first entry, and this one is open",
        "chip-ledger init makes a new ledger",
        appended(officers.opening()),
    ),
    Message(
        "TWO_PERSON", 5, f"key {RIVERA.kid} was enrolled by ..., and this confirms {LEAF}",
        f"chip-ledger key countersign {RIVERA.kid}",
        of_another_proposal,
    ),
    Message(
        "TWO_PERSON", 7, f"a.rivera proposed key {LIND.kid} and cannot confirm it too",
        "another key administrator countersigns it",
        alone,
    ),
    Message(
        "KEY_ACTOR", 7, f"key {CHEN.kid} is replaced by an entry signed with key {RIVERA.kid}",
        f"sign with key {CHEN.kid} itself; an administrator can revoke it",
        appended(
            KeyRotated(key=CHEN.kid, successor=NEW.enrolled("b.chen", "a"), rotated_on=TODAY)
        ),
    ),
    Message(
        "ROLE_UNKNOWN", 2, "'emperor' is not a role",
        "roles are key_administrator, policy_officer, licensing_officer, agreement_officer,"
        " trade_recorder, check_officer, enforcement_analyst",
        appended(KeyEnrolled(enrolled=NEW.enrolled("n.new", "emperor"), enrolled_on=TODAY)),
    ),
    Message(
        "KEY_ENROLLED", 5, f"key {CHEN.kid} is already enrolled for b.chen (valid)",
        "make a new key: chip-ledger key new",
        appended(
            KeyEnrolled(enrolled=CHEN.enrolled("b.chen", "check_officer"), enrolled_on=TODAY)
        ),
    ),
    Message(
        "ROTATION", 5,
        f"key {CHEN.kid} belongs to b.chen as {', '.join(officers.ROLES)}; its successor is"
        " offered for b.chen as check_officer",
        "a key of another person or with other roles is enrolled, not rotated",
        appended(
            KeyRotated(
                key=CHEN.kid, successor=NEW.enrolled("b.chen", "check_officer"), rotated_on=TODAY
            ),
            by=CHEN,
        ),
    ),
    Message(
        "ROLLBACK", 4, "the ledger does not extend its own checkpoint of 2 entries",
        "it was altered; sign nothing, and run chip-ledger verify",
        rolled_back,
    ),
    Message(
        "FRONTIER", 4,
        "the head says 2 entries and root ..., and the 2 lines that are there have root ...",
        "it was altered; sign nothing, and run chip-ledger verify",
        another_head,
    ),
    Message(
        "FRONTIER", 4, "the head of the log is damaged: it has no Merkle state",
        "chip-ledger verify says what still holds",
        no_head,
    ),
    Message(
        "FRONTIER", 4, "the head of the log is damaged: it has 2 rows, and one is right",
        "chip-ledger verify says what still holds",
        lambda ledger: altered(
            ledger,
            "INSERT INTO ledger_head SELECT 2, schema_version, size, frontier FROM ledger_head",
        ),
    ),
    Message(
        "FRONTIER", 4, "the head of the log says 1 entries, and its Merkle state is over 2",
        "it was altered: chip-ledger verify says what still holds",
        lambda ledger: altered(ledger, "UPDATE ledger_head SET size = 1"),
    ),
    Message(
        "ENTRY_SYNTAX", 4,
        "entry 2 is not what anybody signed: its line is stored as str and not as bytes",
        "the database was altered: chip-ledger verify",
        lambda ledger: no_line(ledger, lambda it: it.entries(Slice(types=(G42.wire,)))),
    ),
    Message(
        "ENTRY_SYNTAX", 4, "the newest entry of party:g42 is stored as str and not as bytes",
        "the database was altered: chip-ledger verify",
        lambda ledger: no_line(ledger, lambda it: it.append([G42], RIVERA, at=at(2))),
    ),
    Message(
        "ENTRY_SYNTAX", 4, "a line among entries 1 to 8,192 is not stored as bytes",
        "the database was altered: chip-ledger verify",
        lambda ledger: no_line(ledger, lambda it: it.checkpoint(LOG)),
    ),
    Message(
        "CHECKPOINT_SYNTAX", 4,
        "the checkpoint kept over 1 entries is stored as bytes and not as text",
        "the database was altered: chip-ledger verify",
        lambda ledger: altered(
            ledger, "DROP TRIGGER checkpoints_no_update; UPDATE checkpoints SET note = x'ff'"
        ),
    ),
    Message(
        "CHECKPOINT_SYNTAX", 4,
        "a checkpoint kept in the ledger is none: the checkpoint cannot be read: it is not a"
        " text, an empty line, and signature lines",
        "the database was altered: chip-ledger verify",
        lambda ledger: altered(
            ledger, "DROP TRIGGER checkpoints_no_update; UPDATE checkpoints SET note = 'x'"
        ),
    ),
    Message(
        "TILE", 4, "tile (0, 0) is stored as str and not as bytes",
        "the database was altered: chip-ledger verify",
        lambda ledger: another_tile(ledger, "'gone'"),
    ),
    Message(
        "TILE", 4, "tile (0, 0) is there and is not that of the entries",
        "no command changes a tile. Restore the database from a copy that verifies; or, as its"
        " owner, drop the trigger against deleting from tiles, delete that row, put the trigger"
        " back, and type this again",
        lambda ledger: another_tile(ledger, "zeroblob(8192)"),
    ),
    Message(
        "LEDGER_DAMAGED", 4,
        "... holds what no ledger wrote: UNIQUE constraint failed: entries.position",
        "it was damaged or altered: chip-ledger verify says what still holds; restore the file"
        " from a copy and verify it",
        another_entry,
    ),
    Message(
        "LEAF_MISSING", 4, "the head says 2 entries, and entry 2 is not there",
        "it was altered; run chip-ledger verify",
        cut_off,
    ),
    Message(
        "PROOF_RANGE", 5, "entry 2 is not among the first 1 of 1 entries",
        "name an entry the checkpoint covers, or sign a newer checkpoint",
        lambda ledger: ledger.prove_inclusion(2, 1),
    ),
    Message(
        "PROOF_RANGE", 5, "1 and 2 are not sizes of this ledger of 1 entries",
        "name two sizes, the smaller first",
        lambda ledger: ledger.prove_consistency(1, 2),
    ),
    Message(
        "TIME_BACKWARDS", 6,
        "this clock says 2026-01-05 09:04:59 UTC, and the newest entry was signed at 2026-01-05"
        " 09:10:00 UTC",
        "set this clock right if it is wrong; if that entry is dated ahead, a key"
        " administrator revokes its key with --suspect-from, and writing goes on",
        behind,
    ),
    Message(
        "KEY_ID", 4, f"the key offered for n.new is {NEW.kid} and calls itself {'0' * 32}",
        "the holder makes the offer again: chip-ledger key new",
        appended(
            KeyEnrolled(
                enrolled=NEW.enrolled("n.new", "check_officer", key="0" * 32), enrolled_on=TODAY
            )
        ),
    ),
    Message(
        "KEY_POP", 4, "the key offered for n.new was not signed for by its holder",
        "n.new offers it anew, for ledger.example.gov/chips: chip-ledger key new",
        appended(
            KeyEnrolled(
                enrolled=NEW.enrolled("n.new", "check_officer", origin="another.example"),
                enrolled_on=TODAY,
            )
        ),
    ),
    Message(
        "CHECKPOINT_SIGNATURE", 7, f"key {RIVERA.kid} is not the log key of {ORIGIN}",
        "use the log key made by chip-ledger init",
        lambda ledger: ledger.checkpoint(RIVERA),
    ),
]  # fmt: skip

MADE = [
    Message(
        "TWO_PERSON", 5,
        "this ledger is to be opened by two administrators at least, and names a.rivera",
        "name two people as key administrators, or say that there is one alone",
        made(officers.opening(RIVERA.enrolled("a.rivera", "key_administrator"))),
    ),
    Message(
        "KEY_UNKNOWN", 7, f"key {RIVERA.kid} is not one of the administrators of this ledger",
        "an administrator the opening entry names signs it",
        made(officers.opening(CHEN.enrolled("b.chen", "key_administrator"), sole=True)),
    ),
    Message(
        "OFFER_FORM", 2, "PLACE/letter is not an offer of a key: Expected `object`, got `array`",
        "chip-ledger key new writes one beside the key, ending in .offer",
        no_offer,
    ),
    Message(
        "OPENING_MISSING", 4, "PLACE/ledger.db has no opening entry",
        "its creation was interrupted: remove it, then chip-ledger init",
        lambda folder: Ledger(Store.create(str(folder / "ledger.db"))),
    ),
    Message(
        "OPENING_MISSING", 4,
        "entry 1 of PLACE/ledger.db is party.registered.v1, not ledger.opened.v1",
        "chip-ledger verify",
        opened_otherwise,
    ),
]  # fmt: skip

# ── the store ────────────────────────────────────────────────────────────────────────────────────


def newer(folder):
    store = Store.create(str(folder / "ledger.db"))
    store.close()
    engine = create_engine(f"sqlite:///{folder / 'ledger.db'}")
    with engine.begin() as connection:
        connection.execute(text("UPDATE ledger_head SET schema_version = 99"))
    engine.dispose()
    Store.open(store.place)


def no_database(folder):
    (folder / "letter.db").write_bytes(b"dear sir or madam, " * 100)
    Store.open(str(folder / "letter.db"))


def without_tables(folder):
    store = Store.create(str(folder / "ledger.db"))
    with store.writing() as transaction:
        for table in ("tiles", "view_rows"):
            store.run(transaction.connection, f"DROP TABLE {table}")
    store.close()
    Store.open(store.place)


def header_gone(folder):
    file = folder / "ledger.db"
    Store.create(str(file)).close()
    file.write_bytes(b"gone" + file.read_bytes()[4:])
    Store.open(str(file))


def twice(folder):
    Store.create(str(folder / "ledger.db"))
    Store.create(str(folder / "ledger.db"))


def locked(folder):
    store = Store.create(str(folder / "ledger.db"))
    hasty = Store.open(str(folder / "ledger.db"), patience_seconds=0.1)
    with store.writing(), hasty.writing():
        pass


def full(folder):
    ledger = officers.open_ledger(str(folder / "ledger.db"))
    ledger.close()
    event.listen(ledger.store._engine, "connect", lambda connection, _: connection.execute(
        "PRAGMA max_page_count = 60"
    ))  # fmt: skip
    ledger.append([exported(f"S-{number}") for number in range(500)], RIVERA, at=at(1))


STORED = [
    Message(
        "LEDGER_EXISTS", 5, "a ledger already stands at PLACE/ledger.db",
        "name another place, or use the one that is there", twice,
    ),
    Message(
        "LEDGER_MISSING", 3, "no ledger at PLACE/ledger.db",
        "name one with --ledger or CHIP_LEDGER, or make one: chip-ledger init",
        lambda folder: Store.open(str(folder / "ledger.db")),
    ),
    Message(
        "LEDGER_MISSING", 3, "'ledger at ://here' is not a path or a database URL",
        "write a path, or postgresql://user@host/database",
        lambda folder: Store.open("ledger at ://here"),
    ),
    Message(
        "LEDGER_MISSING", 3, "'dbase' is not a database this program knows",
        "use a path for SQLite, or postgresql://user@host/database",
        lambda folder: Store.open("dbase://here"),
    ),
    Message(
        "NOT_A_LEDGER", 3,
        "PLACE/ledger.db is not a ledger this program can read: its tables are of version 99",
        "check the path or URL; chip-ledger init makes a new ledger", newer,
    ),
    Message(
        "NOT_A_LEDGER", 3, "PLACE/letter.db is not a ledger: file is not a database",
        "check the path", no_database,
    ),
    Message(
        "LEDGER_LOCKED", 6,
        "another process is writing to PLACE/ledger.db and did not finish in time",
        "type the command again; nothing was recorded", locked,
    ),
    Message(
        "DISK_FULL", 8, "the disk that holds PLACE/ledger.db is full; nothing was recorded",
        "make room, then type the command again", full,
    ),
    Message(
        "LEDGER_PLACE", 2, "PLACE is a folder, and a ledger is a file",
        "name a file in it, such as PLACE/ledger.db", lambda folder: Store.create(str(folder)),
    ),
    Message(
        "LEDGER_PLACE", 2,
        "the place of the ledger begins like a database URL, postgresql:, and lacks the two"
        " slashes after it",
        "write a path, or postgresql://user@host/database",
        lambda _: Store.open("postgresql:/clerk:secret@here/ledger"),
    ),
    Message(
        "LEDGER_DAMAGED", 4, "PLACE/ledger.db is a ledger without its tables tiles, view_rows",
        "it was damaged or altered: restore it from a copy and verify it", without_tables,
    ),
    Message(
        "LEDGER_DAMAGED", 4,
        "PLACE/ledger.db holds what no ledger wrote: file is not a database",
        "it was damaged or altered: chip-ledger verify says what still holds; restore the file"
        " from a copy and verify it",
        header_gone,
    ),
    Message(
        "DATABASE", 8,
        "the database at postgresql+psycopg://clerk@127.0.0.1:1/ledger did not answer: ...",
        "check that it runs and that the URL is right",
        lambda _: Store.open("postgresql://clerk@127.0.0.1:1/ledger"),
    ),
]  # fmt: skip

DRIVER = Message(
    "DRIVER_MISSING", 8,
    "the driver for postgresql is not installed: import of psycopg halted; None in sys.modules",
    "pip install 'chip-ledger[postgres]'", lambda: Store.open("postgresql://clerk@here/ledger"),
)  # fmt: skip
READ_ONLY = Message(
    "READ_ONLY", 7, "postgresql+psycopg://...PLACE... may only be read by this account",
    "ask for write access, or use a read command",
    lambda url: Ledger.open(url).append([G42], RIVERA, at=at(1)),
)  # fmt: skip
ALL = (*DECIDED, *LOGGED, *MADE, *STORED, DRIVER, READ_ONLY)


def check(message: Message, *given: Any, place: str = "") -> None:
    """The message, word for word; three dots stand for what differs from run to run."""
    with pytest.raises(LedgerError) as caught:
        message.provoke(*given)
    said = caught.value
    for expected, words in ((message.problem, said.problem), (message.remedy, said.remedy)):
        pattern = re.escape(expected.replace("PLACE", place)).replace(r"\.\.\.", ".+")
        assert re.fullmatch(pattern, words), words
    assert (message.code, message.exit) == (said.code, said.exit)


def names(messages):
    return [f"{one.code}-{number}" for number, one in enumerate(messages)]


@pytest.mark.parametrize("message", DECIDED, ids=names(DECIDED))
def test_a_decider_says_it_in_these_words(message):
    check(message)


@pytest.mark.parametrize("message", LOGGED, ids=names(LOGGED))
def test_the_registry_and_the_log_say_it_in_these_words(message, tmp_path):
    ledger = officers.open_ledger(str(tmp_path / "ledger.db"))

    check(message, ledger)
    ledger.close()


@pytest.mark.parametrize("message", [*MADE, *STORED], ids=names([*MADE, *STORED]))
def test_a_place_that_is_no_ledger_is_said_to_be_in_these_words(message, tmp_path):
    check(message, tmp_path, place=str(tmp_path))


def test_a_database_that_is_not_served_is_not_to_be_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "MySQLdb", None)
    with pytest.raises(LedgerError) as said:
        Store.open("mysql://clerk@here/ledger")

    assert "DRIVER_MISSING" == said.value.code
    assert said.value.remedy == (
        "use a path for SQLite, or postgresql://user@host/database: no other is served"
    )


def test_a_missing_driver_is_named_in_these_words(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)

    check(DRIVER)


def test_a_database_that_may_only_be_read_says_so_in_these_words(postgresql_url):
    officers.open_ledger(postgresql_url).close()
    conninfo = postgresql_url.replace("postgresql+psycopg:", "postgresql:")
    with psycopg.connect(conninfo, autocommit=True) as server:
        (name,) = server.execute("SELECT current_database()").fetchone()
        server.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on".encode())

    check(READ_ONLY, postgresql_url, place=name)


# ── nothing is left out ──────────────────────────────────────────────────────────────────────────

SPOKEN_FOR = (
    "commands/decider.py", "commands/facts.py", "commands/flags.py", "commands/handler.py",
    "commands/keys.py", "commands/licenses.py", "commands/policies.py", "commands/shipments.py",
    "ledger/keyring.py", "ledger/log.py", "ledger/store.py",
)  # fmt: skip
"""Where every message is provoked above."""

ELSEWHERE = {
    "ANCHOR_FORM": "tests/kernel/test_verification.py",
    "CHECKPOINT_ORIGIN": "tests/kernel/test_checkpoint.py",
    "CHECKPOINT_SYNTAX": "tests/kernel/test_checkpoint.py",
    "CHIP_UNKNOWN": "tests/decisions/test_licenses.py",
    "COMMAND_UNKNOWN": "tests/stories/test_import.py",
    "COUNTRY_UNKNOWN": "tests/stories/test_bad_input.py",
    "CSV_CELLS": "tests/stories/test_import.py",
    "CSV_NUMBER": "tests/stories/test_import.py",
    "DATE_FORM": "tests/stories/test_bad_input.py",
    "DUPLICATE_MEMBER": "tests/stories/test_import.py",
    "ENTRY_NOT_CANONICAL": "tests/kernel/test_envelope.py",
    "ENTRY_SYNTAX": "tests/kernel/test_envelope.py",
    "ENTRY_TOO_LONG": "tests/kernel/test_envelope.py",
    "EVENT_SCHEMA": "tests/kernel/test_log.py",
    "EVENT_UNKNOWN": "tests/kernel/test_threats.py",
    "FRONTIER": "tests/kernel/test_merkle.py",
    "ID_FORM": "tests/kernel/test_log.py",
    "ITN_FORM": "tests/stories/test_bad_input.py",
    "KEYS_FOLDER_EXISTS": "tests/stories/test_demonstration.py",
    "KEY_FILE": "tests/kernel/test_keyfile.py",
    "KEY_FILE_EXISTS": "tests/kernel/test_keyfile.py",
    "KEY_FILE_MISSING": "tests/kernel/test_keyfile.py",
    "KEY_KIND": "tests/kernel/test_keyfile.py",
    "KEY_WEAK": "tests/kernel/test_checkpoint.py",
    "LEAF_MISSING": "tests/kernel/test_merkle.py",
    "LINE_FORM": "tests/stories/test_bad_input.py",
    "LINE_TOO_LONG": "tests/stories/test_import.py",
    "LOG_KEY": "tests/kernel/test_checkpoint.py",
    "NOT_UTF8": "tests/stories/test_import.py",
    "OPENING": "tests/kernel/test_threats.py",
    "ORIGIN_FORM": "tests/kernel/test_checkpoint.py",
    "PACK_FLOAT": "tests/decisions/test_policies.py",
    "PACK_FORM": "tests/kernel/test_policy.py",
    "PACK_SIZE": "tests/kernel/test_policy.py",
    "PACK_UNSOURCED": "tests/kernel/test_policy.py",
    "PARAMETER_UNKNOWN": "tests/kernel/test_policy_supposing.py",
    "PARAMETER_VALUE": "tests/kernel/test_policy_supposing.py",
    "PASSPHRASE_EMPTY": "tests/kernel/test_keyfile.py",
    "PASSPHRASE_WRONG": "tests/kernel/test_keyfile.py",
    "PAYLOAD_DUP_KEY": "tests/kernel/test_threats.py",
    "PAYLOAD_NOT_CANONICAL": "tests/kernel/test_threats.py",
    "PAYLOAD_SYNTAX": "tests/kernel/test_threats.py",
    "POLICY_SPEC": "tests/kernel/test_policy_supposing.py",
    "QUANTITY": "tests/stories/test_bad_input.py",
    "ROW_MISMATCH": "tests/kernel/test_log.py",
    "SIGNATURE": "tests/kernel/test_published_vectors.py",
    "SIGNER_SET": "tests/kernel/test_envelope.py",
    "STATEMENT_FORM": "tests/stories/test_signed_replay.py",
    "TILE": "tests/kernel/test_merkle.py",
}
"""Codes of other modules, and the tests that provoke them."""


def raised(path: Path) -> list[tuple[str, str]]:
    """Code and problem of every error a module makes; the problem as a pattern."""
    return [
        (keyword.value.value, pattern(call.args[0]) if call.args else ".*")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        for keyword in call.keywords
        if keyword.arg == "code" and isinstance(keyword.value, ast.Constant)
    ]


def pattern(node: ast.expr) -> str:
    match node:
        case ast.Constant(value=str(words)):
            return re.escape(words)
        case ast.JoinedStr(values=parts):
            return "".join(pattern(part) for part in parts)
        case _:
            return ".+"


@pytest.mark.parametrize("name", SPOKEN_FOR)
def test_every_message_of_a_module_is_provoked_above(name):
    assert [] == [
        f"{code}: {problem}"
        for code, problem in raised(HOUSE / name)
        if not any(code == one.code and re.match(problem, one.problem) for one in ALL)
    ]


def test_every_code_is_provoked_here_or_where_the_list_says():
    sources = [path for room in ("commands", "ledger") for path in (HOUSE / room).rglob("*.py")]
    codes = {code for path in sources for code, _ in raised(path)}
    here = "".join(path.read_text(encoding="utf-8") for path in HERE.glob("test_*.py"))
    listed = here.partition("\nELSEWHERE = ")[2].partition("\n}")[0]
    here = here.replace(listed, "")

    assert set() == {
        code for code in codes - ELSEWHERE.keys() if not re.search(rf"\b{code}\b", here)
    }
    assert set() == ELSEWHERE.keys() - codes
    assert [] == [
        f"{code} is not in {where}"
        for code, where in ELSEWHERE.items()
        if code not in (HOUSE / where).read_text(encoding="utf-8")
    ]


def test_every_code_can_be_explained():
    sources = [path for room in ("commands", "ledger") for path in (HOUSE / room).rglob("*.py")]
    codes = {code for path in sources for code, _ in raised(path)}

    assert set() == codes - ERRORS.keys() - FINDINGS.keys()
