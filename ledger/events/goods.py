"""Goods as documents and people tell of them, where the catalogue of chips does not fit.

A declaration that speaks of GPU servers says neither which chip is in them nor how many: it is
kept in its own words, and draws on no quota.
"""

from typing import Annotated, Literal

from msgspec import Meta

from ledger.events._event import Classification, Model, SerialId, Statement, Wire
from ledger.events.shipments import HsCode
from ledger.terms import INTEGER_MAX, UNITS_MAX, Cents

Grams = Annotated[int, Meta(ge=0, le=INTEGER_MAX)]
Counted = Annotated[int, Meta(ge=0, le=UNITS_MAX)]
Quantity = Annotated[int, Meta(ge=1, le=UNITS_MAX)]

CountedIn = Literal["chips", "boards", "computers", "racks", "pieces"]
"""What a quantity counts; computers are never counted as the chips in them."""


class GoodsLine(Wire, frozen=True, kw_only=True):
    """Goods in the words of a document.

    description       what the document calls them
    model             id of the chip in the catalogue, where it is one and the document says which
    quantity          how many, where the document says so
    counted_in        what the quantity counts
    value_cents       value of the line, US cents
    eccn              classification, where declared
    hs_code           Harmonized System code (15 CFR 30.6)
    net_weight_grams  net weight of the line
    serials           serial numbers, where listed
    """

    description: Statement
    model: Model | None = None
    quantity: Quantity | None = None
    counted_in: CountedIn = "pieces"
    value_cents: Cents | None = None
    eccn: Classification | None = None
    hs_code: HsCode | None = None
    net_weight_grams: Grams | None = None
    serials: Annotated[tuple[SerialId, ...], Meta(max_length=500)] = ()


class StockLine(Wire, frozen=True, kw_only=True):
    """So many chips of one model in somebody's hands.

    model    id of the chip in the catalogue; absent where several are counted together
    units    chips, those in boxes among them; 0 where none were there
    boxed    chips still in boxes, not running
    serials  serial numbers, where listed
    """

    model: Model | None = None
    units: Counted
    boxed: Counted = 0
    serials: Annotated[tuple[SerialId, ...], Meta(max_length=500)] = ()

    def __post_init__(self) -> None:
        if self.boxed > self.units:
            raise ValueError(f"{self.boxed:,} chips in boxes are more than the {self.units:,} held")


GoodsLines = Annotated[tuple[GoodsLine, ...], Meta(max_length=100)]
StockLines = Annotated[tuple[StockLine, ...], Meta(min_length=1, max_length=100)]


def serials_of(lines: tuple[GoodsLine, ...] | tuple[StockLine, ...]) -> tuple[str, ...]:
    """The tag of every serial number on some lines."""
    return tuple(f"serial:{serial}" for line in lines for serial in line.serials)
