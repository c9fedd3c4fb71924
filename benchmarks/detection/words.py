"""What the words of a case mean in the ledger's terms: countries, chips, authorities, business."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, get_args

from ledger.catalogue import catalogue
from ledger.events.goods import CountedIn
from ledger.events.parties import PartyRole
from ledger.events.profiles import Activity
from ledger.events.shipments import Authority
from ledger.terms import COUNTRIES

ROLES: Final = frozenset(get_args(PartyRole))
AUTHORITIES: Final = frozenset(get_args(Authority))
ACTIVITIES: Final = frozenset(get_args(Activity))

_ROLE: Final = {
    "seller": "distributor", "intermediate_consignee": "consignee",
    "ultimate_consignee": "consignee", "declared_end_user": "end_user", "operator":
    "data_center_operator", "reexporter": "exporter", "forwarder": "freight_forwarder",
    "logistics": "freight_forwarder", "buyer": "purchaser", "tenant": "cloud_tenant",
    "lessor": "bank",
}  # fmt: skip
"""Roles of a case that have another name here; what is in neither list is no role in trade."""

_COUNTRY: Final = {
    "russia": "RU", "belarus": "BY", "china": "CN", "prc": "CN", "hong kong": "HK", "macau": "MO",
    "macao": "MO", "iran": "IR", "north korea": "KP", "syria": "SY", "cuba": "CU", "taiwan": "TW",
    "singapore": "SG", "malaysia": "MY", "thailand": "TH", "vietnam": "VN", "india": "IN",
    "japan": "JP", "south korea": "KR", "korea": "KR", "indonesia": "ID", "turkey": "TR",
    "uae": "AE", "united arab emirates": "AE", "dubai": "AE", "pakistan": "PK",
    "south africa": "ZA", "cyprus": "CY", "germany": "DE", "netherlands": "NL", "usa": "US",
    "united states": "US", "uk": "GB", "united kingdom": "GB", "kazakhstan": "KZ", "mexico": "MX",
    "kyrgyzstan": "KG", "armenia": "AM", "georgia": "GE", "uzbekistan": "UZ", "israel": "IL",
    "saudi arabia": "SA", "qatar": "QA", "philippines": "PH", "canada": "CA", "france": "FR",
    "hungary": "HU", "poland": "PL", "czech republic": "CZ", "czechia": "CZ", "austria": "AT",
    "switzerland": "CH", "italy": "IT", "spain": "ES", "portugal": "PT", "ireland": "IE",
    "belgium": "BE", "luxembourg": "LU", "denmark": "DK", "norway": "NO", "sweden": "SE",
    "finland": "FI", "estonia": "EE", "latvia": "LV", "lithuania": "LT", "ukraine": "UA",
    "moldova": "MD", "romania": "RO", "bulgaria": "BG", "greece": "GR", "malta": "MT",
    "serbia": "RS", "croatia": "HR", "slovakia": "SK", "slovenia": "SI", "iceland": "IS",
    "azerbaijan": "AZ", "tajikistan": "TJ", "turkmenistan": "TM", "mongolia": "MN",
    "afghanistan": "AF", "iraq": "IQ", "jordan": "JO", "lebanon": "LB", "kuwait": "KW",
    "bahrain": "BH", "oman": "OM", "yemen": "YE", "egypt": "EG", "libya": "LY", "algeria": "DZ",
    "morocco": "MA", "tunisia": "TN", "nigeria": "NG", "kenya": "KE", "ghana": "GH",
    "ethiopia": "ET", "tanzania": "TZ", "mauritius": "MU", "seychelles": "SC", "bangladesh": "BD",
    "sri lanka": "LK", "nepal": "NP", "myanmar": "MM", "burma": "MM", "cambodia": "KH",
    "laos": "LA", "brunei": "BN", "australia": "AU", "new zealand": "NZ", "brazil": "BR",
    "argentina": "AR", "chile": "CL", "colombia": "CO", "peru": "PE", "venezuela": "VE",
    "panama": "PA", "paraguay": "PY", "uruguay": "UY", "costa rica": "CR",
    "dominican republic": "DO", "british virgin islands": "VG", "cayman islands": "KY",
    "türkiye": "TR", "turkiye": "TR", "abu dhabi": "AE", "shenzhen": "CN", "shanghai": "CN",
    "beijing": "CN", "moscow": "RU", "great britain": "GB", "england": "GB",
}  # fmt: skip
"""Countries by the names that texts give them."""

_BUSINESS: Final = (
    (r"data.?cent|colocation", "data_center"),
    (r"cloud|gpu rental|hosting", "cloud"),
    (r"\bhpc\b|supercomput", "high_performance_computing"),
    (r"universit|research|laborator", "research"),
    (r"(hardware|computer|server|it|ict|electronics|component).{0,20}(distribut|resell|retail)"
     r"|distribut", "ict_distribution"),
    (r"semiconductor|foundry|chip", "semiconductors"),
    (r"server|computer manufactur|oem\b|assembl", "ict_manufacturing"),
    (r"telecom", "telecommunications"),
    (r"software|\bai\b", "software"),
    (r"freight|logistic|forward|shipping|courier", "logistics"),
    (r"real.?estate|realt|property", "real_estate"),
    (r"pharma|medic|health|hospital|biotech", "healthcare"),
    (r"bank|leas|financ|invest", "finance"),
    (r"oil|gas|energy|power|mining", "energy"),
    (r"defen[cs]e|military|weapon", "defense"),
    (r"government|ministr", "government"),
    (r"school|educat|college|kindergarten", "education"),
    (r"restaurant|hotel|tea\b|coffee|caf[eé]|food|catering|travel|touris", "hospitality"),
    (r"retail|shop\b|store\b|apparel|garment|fashion|cloth|cosmetic|toy|jewel", "retail"),
    (r"construct|building|architect|interior|decorat", "construction"),
    (r"farm|agricult|fish|timber|forest", "agriculture"),
    (r"marketing|advertis|consult|legal|accounting|media|entertain|gam(e|ing)\b|film", "services"),
    (r"textile|furniture|plastic|chemical|steel|machin|automo|factory|manufact", "manufacturing"),
    (r"trading|import|export|wholesale", "trading"),
)  # fmt: skip
"""Lines of business by the words that give them away; the first that fits."""

_CHIP: Final = (
    (r"gb300", "gb300"), (r"gb200", "gb200"), (r"b300", "b300"), (r"b200", "b200"),
    (r"b100", "b100"), (r"gh200", "gh200"), (r"h200 nvl", "h200-nvl"), (r"h200", "h200-sxm"),
    (r"h800", "h800-sxm"), (r"h100 nvl", "h100-nvl"), (r"h100 pcie", "h100-pcie"),
    (r"h100", "h100-sxm"), (r"\bh20\b", "h20"), (r"a800", "a800-80-sxm"),
    (r"a100 40\s?gb", "a100-40-sxm"), (r"a100", "a100-80-sxm"),
    (r"\ba30\b", "a30"), (r"\ba40\b", "a40"), (r"\ba10\b", "a10"), (r"l40s", "l40s"),
    (r"\bl40\b", "l40"), (r"\bl4\b", "l4"), (r"\bl20\b", "l20"), (r"v100", "v100-sxm2-32"),
    (r"4090\s?d", "rtx4090d"), (r"4090", "rtx4090"), (r"5090", "rtx5090"),
    (r"rtx pro 6000", "rtxpro6000"), (r"6000 ada", "rtx6000ada"), (r"vr200|vera rubin", "vr200"),
    (r"mi350x?", "mi350x"), (r"mi355x?", "mi355x"), (r"mi300a", "mi300a"), (r"mi100", "mi100"),
    (r"mi300x?", "mi300x"), (r"mi308x?", "mi308x"), (r"mi325x?", "mi325x"),
    (r"mi250x", "mi250x"), (r"mi250", "mi250"), (r"mi210", "mi210"), (r"gaudi\s?2", "gaudi2"),
    (r"gaudi\s?3", "gaudi3"), (r"tpu v5p", "tpuv5p"),
    (r"tpu v5e", "tpuv5e"), (r"tpu v6e", "tpuv6e"),
    (r"trainium\s?2", "trn2"), (r"trainium\s?3", "trn3"),
)  # fmt: skip
"""Chips by how texts call them; where a text does not say which variant, the usual one."""

_COUNTED: Final[tuple[tuple[str, CountedIn], ...]] = (
    (r"\bparts?\b|component", "pieces"),
    (r"rack|nvl72", "racks"),
    (r"module|board|baseboard|card", "boards"),
    (r"server|computer|poweredge|system|\bhgx\b|\bdgx\b|workstation", "computers"),
)


@dataclass(frozen=True, slots=True)
class Goods:
    """What a text says of goods: the chips it names, and what their number counts.

    apart  whether it names several chips one beside the other, rather than one or the other
    """

    models: tuple[str, ...]
    counted_in: CountedIn
    eccn: str | None
    apart: bool = False


def goods(text: str) -> Goods:
    """The chips a text names and what its quantity would count.

    >>> goods("HPE supercomputer with H100")
    Goods(models=('h100-sxm',), counted_in='computers', eccn=None, apart=False)
    >>> goods("ion implanter (ECCN 3B991)").eccn
    '3B991'
    """
    rest, models = text.lower(), []
    for pattern, model in _CHIP:
        rest, found = re.subn(rf"(?<![a-z0-9]){pattern}(?![0-9])", " ", rest)
        if found:
            models.append(model)
    counted = next((unit for pattern, unit in _COUNTED if re.search(pattern, text.lower())), None)
    eccn = re.search(r"\b[0-9][A-E][0-9]{3}(?:\.[a-z](?:\.[0-9]{1,2})?)?\b|\bEAR99\b", text)
    return Goods(
        tuple(models), counted or ("chips" if models else "pieces"), eccn.group() if eccn else None,
        len(models) > 1 and re.search(r"\band\b|,|\+", text) is not None,
    )  # fmt: skip


def chips_in_each(text: str) -> int | None:
    """How many chips are in each of what a text counts, where it says so itself.

    >>> chips_in_each("GB200 NVL72 racks"), chips_in_each("8-GPU server"), chips_in_each("server")
    (72, 8, None)
    """
    racks = re.search(r"\bnvl\s?(36|72|144)\b", text.lower())
    computers = re.search(r"\b(\d{1,2}|four|eight|ten|sixteen)[- ]gpu\b", text.lower())
    if racks:
        return int(racks[1])
    words = {"four": 4, "eight": 8, "ten": 10, "sixteen": 16}
    return None if computers is None else words.get(computers[1]) or int(computers[1])


def least(models: tuple[str, ...]) -> str | None:
    """The model of the lowest performance: where a text names several, no more is sure."""
    return min(models, key=lambda model: (catalogue()[model].tpp, model), default=None)


def countries(value: object) -> tuple[str, ...]:
    """The countries in a text or a list, each once, in order.

    >>> countries("TR/HK"), countries(["CN", "other"]), countries("Russia/Belarus controls")
    (('TR', 'HK'), ('CN',), ('RU', 'BY'))
    >>> countries("North Korea"), countries("Macau, then South Korea")
    (('KP',), ('MO', 'KR'))
    """
    return tuple(dict.fromkeys(_countries(value)))


def _countries(value: object) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _countries(each)
    if not isinstance(value, str):
        return
    words = re.split(r"[^A-Za-z]+", value)
    codes = [word for word in words if word in COUNTRIES]
    if codes:
        yield from codes
        return
    text = value.lower()
    found: list[tuple[int, str]] = []
    # The longest first, so that what is said of North Korea is not said of Korea too.
    for name in sorted(_COUNTRY, key=len, reverse=True):
        for at in re.finditer(rf"\b{name}\b", text):
            found.append((at.start(), _COUNTRY[name]))
        text = re.sub(rf"\b{name}\b", lambda at: " " * len(at.group()), text)
    yield from (code for _, code in sorted(found))


def named(text: str) -> tuple[str, ...]:
    """The countries a title names; none where it speaks of a whole group of them.

    >>> named("Russia/Belarus controls"), named("license for firms of D:5/Macau")
    (('RU', 'BY'), ())
    """
    if re.search(r"\b[A-E]:\d", text):
        return ()
    return tuple(code for code in countries(text.lower()) if code != "US")


def roles(value: object) -> tuple[str, ...]:
    """The roles of a party in trade; seller and the like under the ledger's own names."""
    found = (_ROLE.get(each, each) for each in texts(value))
    return tuple(dict.fromkeys(each for each in found if each in ROLES))


def activities(text: str) -> tuple[str, ...]:
    """Lines of business in a declaration; what a party formerly did is past.

    >>> activities("formerly marketing solutions, AI data centers since 2024")
    ('data_center',)
    """
    today = re.sub(r"\bformerly\b[^,;.]*[,;.]?", " ", text.lower())
    return (next((name for pattern, name in _BUSINESS if re.search(pattern, today)), "other"),)


def authority(value: object) -> str:
    """What a shipment relied on.

    >>> authority("not_required_claimed"), authority("none"), authority("lpp"), authority(None)
    ('NLR', 'none', 'LPP', 'unknown')
    """
    text = value.strip() if isinstance(value, str) else "unknown"
    if text.lower().startswith(("not_required", "nlr", "no_licence_required", "no_license_req")):
        return "NLR"
    if re.match(r"licen[cs]e(d|$|_|\b)", text.lower()):
        return "license"
    for known in (text, text.lower(), text.upper()):
        if known in AUTHORITIES:
            return known
    return "unknown"


def number(value: object) -> float | None:
    """A figure at or above zero, or the one in a text.

    >>> number(3.6), number("about 1,111"), number("200+"), number("37.5 %"), number("many")
    (3.6, 1111.0, 200.0, 37.5, None)
    """
    if isinstance(value, str):
        found = re.fullmatch(r"[^\d-]{0,20}(\d[\d,]{0,20}(?:\.\d+)?)[^\d-]{0,20}", value.strip())
        value = float(found[1].replace(",", "")) if found else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if 0 <= value < 2**50 else None


def amount(value: object) -> int | None:
    """A whole number that counts something, or None.

    >>> amount(3.6), amount("over 5,000"), amount(-1), amount(True)
    (4, 5000, None, None)
    """
    found = number(value)
    return None if found is None else round(found)


def thousandths(value: object) -> int | None:
    """Kilograms in grams, megawatts in kilowatts; None where there is nothing to weigh.

    >>> thousandths(1.5), thousandths("60 kg"), thousandths(0)
    (1500, 60000, None)
    """
    return round((number(value) or 0) * 1_000) or None


def percentage(value: object) -> int | None:
    """A share in basis points; a fraction below one is of the whole.

    >>> percentage(33), percentage(0.5), percentage("37.5 %"), percentage("a third")
    (3300, 5000, 3750, None)
    """
    found = number(value)
    if found is None or found > 100:
        return None
    return round(found * (10_000 if 0 < found < 1 else 100))


def word(value: str) -> str:
    """A name as one word of the ledger: BIS Entity List is entity_list."""
    found = re.sub(r"[^a-z0-9]+", "_", re.sub(r"\(.*?\)", "", value.lower())).strip("_")
    found = re.sub(r"^(us_)?bis_", "", found)
    return re.sub(r"^[^a-z]+", "", found)[:64] or "list"


def slug(value: object) -> str:
    """A text as part of an id."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", str(value)).strip("-._")[:40] or "x"


def said(value: object, most: int = 2_000) -> str:
    """A text, cut to what an event holds; a number stands for itself."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return ""
    # Half of a pair of surrogates is no text that could be signed.
    return value.encode("utf-8", "replace").decode().strip()[:most].strip()


def someone(value: object) -> str:
    """Who is meant: an id or a name, or the first of several.

    >>> someone("A"), someone(7), someone(["B", "C"]), someone({"name": "Beta"}), someone(None)
    ('A', '7', 'B', 'Beta', '')
    """
    if isinstance(value, list):
        return next(filter(None, map(someone, value)), "")
    if isinstance(value, dict):
        return someone(members(value, "party_id", "party", "id", "name"))
    return said(value, 200)


def members(said: Any, *names: str) -> Any:
    """The first of some members that is there; files do not agree on every name."""
    return next((said[name] for name in names if said.get(name) is not None), None)


def texts(value: object) -> Iterator[str]:
    """The texts in a list, or the one that stands where a list could."""
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, str) and said(each):
            yield said(each)
