"""How amounts, chips and reasons are written in a line."""

from ledger.events import CommodityLine, GoodsLine, LicenseLine, StockLine


def chips(lines: tuple[LicenseLine, ...] | tuple[CommodityLine, ...]) -> str:
    """Chips of the catalogue, with their TPP: 8 h100-sxm (126,656 TPP)."""
    named = ", ".join(f"{line.units:,} {line.model}" for line in lines)
    return f"{named} ({sum(line.tpp for line in lines):,} TPP)"


def goods(lines: tuple[GoodsLine, ...]) -> str:
    """Goods in the words of a document: 12 computers (GPU servers)."""
    return "; ".join(
        line.description
        if line.quantity is None
        else f"{line.quantity:,} {line.counted_in} ({line.description})"
        for line in lines
    )


def stock(lines: tuple[StockLine, ...]) -> str:
    """Chips in somebody's hands: 64 h100-sxm (8 in boxes)."""
    return "; ".join(
        f"{line.units:,} {line.model or 'chips'}"
        + (f" ({line.boxed:,} in boxes)" if line.boxed else "")
        for line in lines
    )


def numbers(serials: tuple[str, ...]) -> str:
    """How many chips, and which when it is one: chip 1650524000117."""
    return f"chip {serials[0]}" if len(serials) == 1 else f"{len(serials):,} chips"


def dollars(cents: int) -> str:
    """An amount of US cents: $1,234.56."""
    return f"${cents // 100:,}.{cents % 100:02}"


def plain(word: str) -> str:
    """A word of the wire as it is spoken: post_shipment is post shipment."""
    return word.replace("_", " ")


def why(text: str) -> str:
    """What somebody added, where they did."""
    return f": {text}" if text else ""


def where(name: str, of: object) -> str:
    """A word and what it names, where it is known: ` for lab`."""
    return f" {name} {of}" if of is not None and of != "" else ""
