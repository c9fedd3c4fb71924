"""The nouns: countries, classification numbers, ids and amounts, each checked where it is made.

Ids are `NewType`s, so that one is never passed for another. Amounts are plain integers under
a name. A function here turns what somebody typed into the noun, or says what is wrong with it.
"""

import re
from calendar import monthrange
from collections.abc import Iterable
from datetime import date
from difflib import get_close_matches
from typing import Annotated, Final, Literal, NewType, cast, get_args

from msgspec import Meta

from ledger.errors import Malformed

# fmt: off
Country = Literal[
    "AD", "AE", "AF", "AG", "AI", "AL", "AM", "AO", "AQ", "AR", "AS", "AT", "AU", "AW", "AX",
    "AZ", "BA", "BB", "BD", "BE", "BF", "BG", "BH", "BI", "BJ", "BL", "BM", "BN", "BO", "BQ",
    "BR", "BS", "BT", "BV", "BW", "BY", "BZ", "CA", "CC", "CD", "CF", "CG", "CH", "CI", "CK",
    "CL", "CM", "CN", "CO", "CR", "CU", "CV", "CW", "CX", "CY", "CZ", "DE", "DJ", "DK", "DM",
    "DO", "DZ", "EC", "EE", "EG", "EH", "ER", "ES", "ET", "FI", "FJ", "FK", "FM", "FO", "FR",
    "GA", "GB", "GD", "GE", "GF", "GG", "GH", "GI", "GL", "GM", "GN", "GP", "GQ", "GR", "GS",
    "GT", "GU", "GW", "GY", "HK", "HM", "HN", "HR", "HT", "HU", "ID", "IE", "IL", "IM", "IN",
    "IO", "IQ", "IR", "IS", "IT", "JE", "JM", "JO", "JP", "KE", "KG", "KH", "KI", "KM", "KN",
    "KP", "KR", "KW", "KY", "KZ", "LA", "LB", "LC", "LI", "LK", "LR", "LS", "LT", "LU", "LV",
    "LY", "MA", "MC", "MD", "ME", "MF", "MG", "MH", "MK", "ML", "MM", "MN", "MO", "MP", "MQ",
    "MR", "MS", "MT", "MU", "MV", "MW", "MX", "MY", "MZ", "NA", "NC", "NE", "NF", "NG", "NI",
    "NL", "NO", "NP", "NR", "NU", "NZ", "OM", "PA", "PE", "PF", "PG", "PH", "PK", "PL", "PM",
    "PN", "PR", "PS", "PT", "PW", "PY", "QA", "RE", "RO", "RS", "RU", "RW", "SA", "SB", "SC",
    "SD", "SE", "SG", "SH", "SI", "SJ", "SK", "SL", "SM", "SN", "SO", "SR", "SS", "ST", "SV",
    "SX", "SY", "SZ", "TC", "TD", "TF", "TG", "TH", "TJ", "TK", "TL", "TM", "TN", "TO", "TR",
    "TT", "TV", "TW", "TZ", "UA", "UG", "UM", "US", "UY", "UZ", "VA", "VC", "VE", "VG", "VI",
    "VN", "VU", "WF", "WS", "YE", "YT", "ZA", "ZM", "ZW",
]
# fmt: on
"""ISO 3166-1 alpha-2 code: all 249 that are assigned. Anything else is not a country here."""

Eccn = NewType("Eccn", str)
"""Export Control Classification Number with its paragraph, such as 3A090.a; or EAR99."""

Itn = NewType("Itn", str)
"""Internal Transaction Number of an Electronic Export Information filing: X and 14 digits."""

LicenseId = NewType("LicenseId", str)
ShipmentId = NewType("ShipmentId", str)
PartyId = NewType("PartyId", str)
AgreementId = NewType("AgreementId", str)
CheckId = NewType("CheckId", str)
PolicyId = NewType("PolicyId", str)
FlagId = NewType("FlagId", str)
KeyId = NewType("KeyId", str)
ActorId = NewType("ActorId", str)
ModelId = NewType("ModelId", str)
"""Id of a chip in the catalogue, such as h100-sxm."""

SiteId = NewType("SiteId", str)
"""Id of a place where chips stand: a data center, a store, an office."""

AddressId = NewType("AddressId", str)
ControlId = NewType("ControlId", str)
InvoiceId = NewType("InvoiceId", str)
RmaId = NewType("RmaId", str)
"""Reference of a return, a lease or a test, under which goods go and come back."""

AccountId = NewType("AccountId", str)
"""A bank account: its IBAN without spaces, or a digest of it."""

SerialNumber = NewType("SerialNumber", str)
"""Serial number of one chip or computer, in the form of an id."""

INTEGER_MAX: Final = 2**53 - 1
"""The largest integer every JSON reader keeps exactly."""

UNITS_MAX: Final = 100_000_000
"""More chips than were ever made in a year; beyond it, a typing error."""

Tpp = Annotated[int, Meta(ge=0, le=INTEGER_MAX)]
"""Total processing performance: 2 x MacTOPS x bit length (3A090 Technical Note 1)."""

Units = Annotated[int, Meta(ge=1, le=UNITS_MAX)]
"""Whole chips."""

Cents = Annotated[int, Meta(ge=0, le=INTEGER_MAX)]
"""US cents."""

WHOLE_BP: Final = 10_000
"""The whole, in basis points."""

BasisPoints = Annotated[int, Meta(ge=0, le=WHOLE_BP)]
"""Hundredths of a percent."""

COUNTRIES: Final[frozenset[str]] = frozenset(get_args(Country))

INSTEAD: Final = {
    "XK": "ISO 3166-1 assigns Kosovo no code and ISO 3166-2 has it under RS: write RS, name Kosovo"
    " in a note, and know that it then counts with Serbia",
    "UK": "the United Kingdom is GB",
    "EL": "Greece is GR",
}
"""What to write for codes that are in use and are not in ISO 3166-1."""

ID_PATTERN: Final = "[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
ACTOR_PATTERN: Final = "[a-z0-9][a-z0-9._-]{0,63}"
ECCN_PATTERN: Final = r"EAR99|[0-9][A-E][0-9]{3}(\.[a-z](\.[0-9]{1,2})?)?"
ITN_PATTERN: Final = "X[0-9]{14}"
ACN_PATTERN: Final = "[A-Z][0-9]{6}"
KEY_ID_PATTERN: Final = "[0-9a-f]{32}"

_ID = re.compile(ID_PATTERN)
_ECCN = re.compile(ECCN_PATTERN)
_ITN = re.compile(ITN_PATTERN)
_ACN = re.compile(ACN_PATTERN)
_KEY_ID = re.compile(KEY_ID_PATTERN)
_ACTOR = re.compile(ACTOR_PATTERN)
FLAG_ID_DIGITS: Final = 16
_FLAG_ID = re.compile(f"[0-9a-f]{{4,{FLAG_ID_DIGITS}}}")


def quarter_of(day: date) -> str:
    """The calendar quarter of a day.

    >>> quarter_of(date(2025, 3, 31)), quarter_of(date(2025, 4, 1))
    ('2025Q1', '2025Q2')
    """
    return f"{day.year}Q{(day.month + 2) // 3}"


def meant(typed: str, known: Iterable[str], *, cutoff: float = 0.6) -> str:
    """Which of some names may have been meant, as a question without its mark; empty for none.

    >>> meant("licence", ["license", "shipment"]), meant("x", ["license"])
    ('did you mean license', '')
    """
    near = get_close_matches(typed, [*known], n=3, cutoff=cutoff)
    return f"did you mean {' or '.join(near)}" if near else ""


def month_of(day: date) -> str:
    """The month of a day, in order of time as text.

    >>> month_of(date(2025, 3, 31))
    '2025-03'
    """
    return day.isoformat()[:7]


def day(text: str) -> date:
    """A date as ISO 8601 writes it.

    >>> day("2025-11-19")
    datetime.date(2025, 11, 19)
    """
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Malformed(
            f"{text!r} is not a date{_why_no_day(text)}",
            remedy="write it like 2025-11-19",
            code="DATE_FORM",
        ) from error


def _why_no_day(text: str) -> str:
    """What the calendar lacks of a date that is well written; empty for one that is not."""
    found = re.fullmatch(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", text)
    if found is None:
        return ""
    year, month = int(found[1]), int(found[2])
    if not 1 <= month <= 12:
        return f": a year has months 1 to 12, and no {month}"
    return f": {found[1]}-{found[2]} has {monthrange(year, month)[1]} days" if year else ""


def country(text: str) -> Country:
    """The country behind a two-letter code, in either case.

    >>> country("ae")
    'AE'
    """
    code = text.strip().upper()
    if code not in COUNTRIES:
        raise Malformed(
            f"{text!r} is not a country in ISO 3166-1",
            remedy=country_instead(code),
            code="COUNTRY_UNKNOWN",
        )
    return cast("Country", code)


def country_instead(code: str) -> str:
    """What to write in place of a code that is no country here.

    >>> country_instead("UK")
    'the United Kingdom is GB'
    """
    return INSTEAD.get(
        code, "use a two-letter code such as AE; GB is the United Kingdom, KR South Korea"
    )


def eccn(text: str) -> Eccn:
    """A classification number as the Commerce Control List prints it.

    >>> eccn("3A090.a")
    '3A090.a'
    """
    if not _ECCN.fullmatch(text):
        raise Malformed(
            f"{text!r} is not an ECCN", remedy="write it like 3A090.a, or EAR99", code="ECCN_FORM"
        )
    return Eccn(text)


def itn(text: str) -> Itn:
    """An Internal Transaction Number (15 CFR part 30, appendix B).

    >>> itn("X20250303123456")
    'X20250303123456'
    """
    if not _ITN.fullmatch(text):
        raise Malformed(
            f"{text!r} is not an ITN",
            remedy="write X and 14 digits: X20250303123456",
            code="ITN_FORM",
        )
    return Itn(text)


def application_control_number(text: str) -> str:
    """One letter and six digits (15 CFR 748.6(b)); it is not the license number."""
    if not _ACN.fullmatch(text):
        raise Malformed(
            f"{text!r} is not an application control number",
            remedy="write one letter and six digits, such as Z123456",
            code="ACN_FORM",
        )
    return text


def identifier(text: str, noun: str) -> str:
    """An id somebody outside made: letters, digits, dot, dash, underscore; at most 64.

    >>> identifier("D1234567", "license")
    'D1234567'
    """
    if not _ID.fullmatch(text):
        shown = text if len(text) <= 80 else text[:77] + "..."
        raise Malformed(
            f"{shown!r} cannot name a {noun}",
            remedy="use up to 64 letters, digits, dots, dashes, underscores; start with a letter or"
            " a digit",
            code="ID_FORM",
        )
    return text


def actor(text: str) -> ActorId:
    """A person or system that signs, in lower case: a.rivera."""
    if not _ACTOR.fullmatch(text):
        raise Malformed(
            f"{text!r} cannot name an actor",
            remedy="use lower-case letters, digits, dots and dashes, such as a.rivera",
            code="ID_FORM",
        )
    return ActorId(text)


def flag_id(text: str) -> str:
    """A red flag's id, or as much of its beginning as names it: 4 of its 16 hex digits or more.

    The id is a digest of the flag's rule, its key and its evidence.
    """
    if not _FLAG_ID.fullmatch(text):
        raise Malformed(
            f"{text!r} is not the id of a flag, nor the beginning of one",
            remedy="give 4 to 16 lower-case hex digits; `chip-ledger flags` shows them",
            code="ID_FORM",
        )
    return text


def the_one(beginning: str, ids: Iterable[str], kind: str) -> str | None:
    """The one id that begins so, None where none does.

    >>> the_one("9f3c", ["9f3c2a1b00000000", "070f2136e80eed8e"], "flags")
    '9f3c2a1b00000000'

    Raises `Malformed` (FLAG_AMBIGUOUS) where several do.
    """
    found = [each for each in ids if each.startswith(beginning)]
    if len(found) > 1:
        raise Malformed(
            f"{beginning!r} begins the ids of {len(found):,} {kind}",
            remedy=f"give more of it: {', '.join(found[:5])}{', …' if len(found) > 5 else ''}",
            code="FLAG_AMBIGUOUS",
        )
    return found[0] if found else None


def key_id(text: str) -> KeyId:
    """The first 32 hex digits of the SHA-256 of a public key's SPKI."""
    if not _KEY_ID.fullmatch(text):
        raise Malformed(
            f"{text!r} is not a key id",
            remedy="a key id is 32 lower-case hex digits; `chip-ledger key list` shows them",
            code="ID_FORM",
        )
    return KeyId(text)
