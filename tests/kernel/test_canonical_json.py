"""One value has one form: RFC 8785, by a small reference of our own and by published vectors.

The reference follows the RFC's text and knows nothing of the encoders it judges. Numbers outside
what is signed (floats) are written here by ECMAScript's rules, so that the published vectors,
which have them, can be used to judge the reference itself.
"""

import json
from datetime import date
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.entry import Signing, compose
from ledger.errors import Malformed, NotAuthentic
from ledger.events import (
    EVENTS,
    AgreementConcluded,
    CheckPerformed,
    CommodityLine,
    Event,
    FlagReviewed,
    KeyRevoked,
    LicenseApplied,
    LicenseLine,
    PartyRegistered,
    PolicyAdopted,
    ShipmentExported,
    decode,
    encode,
)
from ledger.terms import INTEGER_MAX, ActorId, Country, KeyId
from ledger.verification.line import read_canonical

VECTORS = Path(__file__).parents[3] / "shared" / "vectors"
ESCAPES = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}


def reference(value: object) -> bytes:
    """The canonical form of a JSON value (RFC 8785 §3.2)."""
    return _written(value).encode()


def _written(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return _string(value)
        case int():
            return str(value)
        case float():
            return _number(value)
        case list() | tuple():
            return f"[{','.join(_written(one) for one in value)}]"
        case dict():
            # §3.2.3: by UTF-16 code units, which big-endian bytes sort like.
            names = sorted(value, key=lambda name: name.encode("utf-16-be"))
            return f"{{{','.join(f'{_string(name)}:{_written(value[name])}' for name in names)}}}"
        case _:
            raise TypeError(f"{value!r} is not JSON")


def _string(text: str) -> str:
    """§3.2.2.2: short escapes where JSON has them, four hex digits for other controls."""
    written = (
        ESCAPES.get(ord(char), f"\\u{ord(char):04x}" if char < " " else char) for char in text
    )
    return f'"{"".join(written)}"'


def _number(value: float) -> str:
    """§3.2.2.3: as ECMAScript's Number.prototype.toString writes it."""
    if value == int(value) and abs(value) < 1e21:
        return str(int(value))
    mantissa, _, exponent = repr(value).partition("e")
    if not exponent:
        return mantissa
    power = int(exponent)
    digits, _, decimals = mantissa.partition(".")
    if -7 < power < 0:
        return f"0.{'0' * (-power - 1)}{digits}{decimals}"
    return f"{mantissa.removesuffix('.0')}e{power:+d}"


@pytest.mark.parametrize("name", ["arrays", "french", "structures", "unicode", "values", "weird"])
def test_the_reference_writes_the_published_vectors(name: str) -> None:
    given_, expected = VECTORS / f"jcs_{name}_input.json", VECTORS / f"jcs_{name}_output.json"
    if not given_.exists():
        pytest.skip(f"published vectors jcs_{name}_*.json are not beside this checkout")

    assert expected.read_bytes().rstrip(b"\n") == reference(json.loads(given_.read_bytes()))


# What may stand in an event: any text at all, surrogates apart, which are not Unicode.

text = st.text(st.characters(exclude_categories=("Cs",)), max_size=60)
awkward = st.one_of(
    text,
    st.text(
        st.sampled_from('\x00\x07\b\t\n\x0b\f\r\x1f "\\/\x7f\x80\u2028\ufeff€é😂דּ'), max_size=40
    ),
)
names = awkward.filter(bool)
ids = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True)
days = st.dates(date(1000, 1, 1))
countries = st.sampled_from(get_args(Country))
counts = st.integers(0, INTEGER_MAX)
units = st.integers(1, 1_000)
optional_ids = st.none() | ids

licensed = st.builds(
    LicenseLine, model=ids, eccn=st.just("3A090.a"), units=units,
    tpp_per_unit=st.integers(0, 10**9), value_cents=st.none() | counts,
)  # fmt: skip
declared = st.builds(
    CommodityLine, model=ids, units=units, tpp_per_unit=st.integers(0, 10**9),
    value_cents=st.none() | counts, serials=st.lists(names, max_size=3).map(tuple),
    description=awkward,
)  # fmt: skip
events: st.SearchStrategy[Event] = st.one_of(
    st.builds(
        PartyRegistered, party=ids, name=names, country=countries, headquarters=countries,
        ultimate_parent=optional_ids, address=awkward, formed_on=st.none() | days,
        business=awkward, registered_on=days, note=awkward,
    ),
    st.builds(
        LicenseApplied, license=ids, applied_on=days, applicant=ids, purchaser=optional_ids,
        ultimate_consignee=ids, end_users=st.lists(ids, min_size=1, max_size=3).map(tuple),
        destination=countries, lines=st.tuples(licensed), end_use=awkward,
    ),
    st.builds(
        ShipmentExported, shipment=ids, authority=st.sampled_from(["NLR", "none", "unknown"]),
        lines=st.lists(declared, min_size=1, max_size=3).map(tuple), ultimate_consignee=ids,
        route=st.tuples(countries, countries), exported_on=days, note=awkward,
        aggregate=st.booleans(),
    ),
    st.builds(
        AgreementConcluded, agreement=ids, country=countries, title=names,
        signatories=st.tuples(countries, countries), concluded_on=days, uplift_tpp=counts,
        terms=awkward,
    ),
    st.builds(
        CheckPerformed, check=ids, party=ids, performed_on=days, evidence=st.just("photo"),
        units_counted=st.none() | st.integers(0, 1_000), findings=awkward,
    ),
    st.builds(
        PolicyAdopted, policy=ids, effective_on=days, digest=st.just("0" * 64), content=names,
        citation=awkward,
    ),
    st.builds(
        FlagReviewed, flag=ids, rule=st.just("cap-breach"), outcome=st.just("cleared"),
        reason=st.just("lawful"), note=awkward, evidence=st.tuples(st.integers(1, INTEGER_MAX)),
        reviewed_on=days,
    ),
    st.builds(
        KeyRevoked, key=st.just("0" * 32), reason=awkward,
        suspect_from=st.none() | st.integers(1, INTEGER_MAX), revoked_on=days,
    ),
)  # fmt: skip


def plain(value: Any) -> Any:
    """An event as JSON values, without any encoder: what is at its default is left out."""
    match value:
        case msgspec.Struct():
            return {
                one.encode_name: plain(getattr(value, one.name))
                for one in msgspec.structs.fields(value)
                if getattr(value, one.name) != one.default or one.required
            }
        case tuple():
            return [plain(one) for one in value]
        case date():
            return value.isoformat()
        case _:
            return value


@given(event=events)
def test_an_event_is_written_as_the_reference_writes_it(event: Event) -> None:
    assert reference(plain(event)) == encode(event)
    assert event == decode(event.wire, encode(event))


@given(event=events, seen=counts, role=awkward, version=st.integers(1, INTEGER_MAX))
def test_a_payload_is_written_as_the_reference_writes_it(
    event: Event, seen: int, role: str, version: int
) -> None:
    signing = Signing(
        at="2026-11-22T00:40:00.123456Z", by=ActorId("a.rivera"),
        kid=KeyId("0" * 32), log="ledger.example.gov/chips", role=role, seen=(seen, "root"),
    )  # fmt: skip

    payload, tags = compose(event, signing, ver=version, prev=None)

    assert payload == reference(
        {
            "at": "2026-11-22T00:40:00.123456Z",
            "by": "a.rivera",
            "data": plain(event),
            "id": event.subject,
            "kid": "0" * 32,
            "log": "ledger.example.gov/chips",
            "prev": None,
            "role": role,
            "seen": [seen, "root"],
            "tags": tags,
            "type": event.wire,
            "v": 1,
            "ver": version,
        }
    )


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-INTEGER_MAX, INTEGER_MAX) | awkward,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec="ascii"), max_size=8), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(value=json_values)
def test_the_careful_reader_takes_what_the_reference_writes(value: object) -> None:
    assert value == read_canonical(reference(value))


@given(value=json_values, data=st.data())
def test_the_careful_reader_takes_nothing_else(value: object, data: st.DataObject) -> None:
    written = reference(value)
    at = data.draw(st.integers(0, len(written)))
    other = written[:at] + data.draw(st.sampled_from([b" ", b"\n", b"0", b'"'])) + written[at:]
    try:
        again = read_canonical(other)
    except NotAuthentic:
        return
    assert other == reference(again)


def test_every_event_has_fields_whose_names_are_ascii_and_sort_alike() -> None:
    for event in EVENTS.values():
        names_ = [one.encode_name for one in msgspec.structs.fields(event)]

        assert all(name.isascii() for name in names_)


def test_a_surrogate_alone_is_no_text_and_is_not_signed() -> None:
    with pytest.raises((UnicodeEncodeError, Malformed, NotAuthentic)):
        encode(
            PolicyAdopted(policy="p", effective_on=date(2026, 1, 1), digest="", content="\ud800")
        )
