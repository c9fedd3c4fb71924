"""Whether a party belongs to tier 3, in words a flag can use."""

from projections.reference import Day, Seat


def belongs_to_tier3(seat: Seat, day: Day) -> str:
    """Why a party belongs to Country Group D:5 or Macau; empty when nothing recorded says so."""
    own, above = seat.seats
    if own is not None and day.in_tier3(own):
        return f"{seat.party} is headquartered in {own}"
    if above is not None and day.in_tier3(above):
        parent = seat.parent if seat.parent != seat.party else "an unnamed parent"
        return f"{seat.party} belongs to {parent}, headquartered in {above}"
    return ""
