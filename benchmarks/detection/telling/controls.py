"""Rules that take effect."""

import calendar
import re
from datetime import date
from zlib import crc32

from benchmarks.detection.cases import Seen
from benchmarks.detection.telling.teller import Teller
from benchmarks.detection.words import amount, countries, members, named, said, slug


def control(teller: Teller, event: Seen) -> None:
    """A rule is announced or takes effect."""
    get = event.said
    title = said(members(get, "control", "policy", "what", "rule"), 200)
    title = title or event.type.replace("_", " ")
    announced = event.type.endswith("announced")
    start = _compliance_day(title) if announced else None
    days = amount(get.get("clock_days"))
    said_of_it = {
        "title": title,
        "effective_on": start or event.on,
        "announced_on": event.on if announced else None,
        "countries": list(countries(get.get("countries")) or named(title)),
        "check_days": days if days and 1 <= days <= 3_650 else None,
        "note": said(members(get, "tier3_scope", "scope", "note")),
    }
    # Several cases tell of one control: in the same words it is the same one.
    words = crc32(repr(said_of_it).encode())
    name = f"{slug(title).lower()[:40]}-{event.on:%Y%m%d}-{words:08x}"
    teller.tell(event.id, {"command": "control.publish", "control": name, **said_of_it})


def _compliance_day(text: str) -> date | None:
    """The day a text says one has to comply from: compliance 15 May 2025."""
    found = re.search(r"(\d{1,2}) ([A-Z][a-z]{2})[a-z]* (\d{4})", text)
    months = calendar.month_abbr[1:]
    if found is None or found.group(2) not in months:
        return None
    try:
        return date(int(found.group(3)), months.index(found.group(2)) + 1, int(found.group(1)))
    except ValueError:
        return None
