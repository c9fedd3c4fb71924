"""A draw of sites for inspection that nobody can steer, and that anybody can repeat.

1. The list of sites is fixed first: sorted, each once, and sealed by a checkpoint of the ledger.
2. A public number that nobody could know then is named: a beacon's round, a lottery's numbers.
3. Both decide which sites are drawn, by SHA-256 and nothing else.

docs/inspection-draw.md says it byte by byte, with a program of a few lines that shares no code.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import comb
from typing import Final

from ledger.errors import Malformed
from ledger.terms import WHOLE_BP

SCHEME: Final = "chip-ledger inspection draw v1"
SHARES_BP: Final = (100, 500, 1_000, 2_000)
"""Shares of diverted sites, hundredths of a percent, for which the chance is said."""

MISS_BP: Final = 1_000
"""The chance of missing all that a sample is planned for: 10 %."""


@dataclass(frozen=True, slots=True)
class Draw:
    """Sites in the order they were drawn, and what decided it.

    population_sha256  over the sites, sorted, each with a line feed
    seed               over the scheme, the checkpoint, the population and the randomness
    """

    sites: tuple[str, ...]
    population: int
    population_sha256: str
    seed: str


def population(names: Iterable[str]) -> tuple[str, ...]:
    """A list of sites: sorted by their UTF-8 bytes, each once, blank ones left out."""
    return tuple(sorted({name.strip() for name in names} - {""}, key=str.encode))


def draw(
    sites: Sequence[str], *, origin: str, size: int, root: bytes, randomness: str, sample: int
) -> Draw:
    """Draw some of the sites, which `population` put in order.

    origin, size, root  of the checkpoint that sealed the list
    """
    if not 1 <= sample <= len(sites):
        raise Malformed(
            f"{sample:,} sites cannot be drawn from a list of {len(sites):,}",
            remedy=f"--sample with a number from 1 to {len(sites)}"
            if sites
            else "name a list with sites in it",
            code="SAMPLE_SIZE",
        )
    digest = sha256("".join(f"{site}\n" for site in sites).encode()).hexdigest()
    lines = (SCHEME, origin, str(size), root.hex(), digest, str(len(sites)), randomness)
    seed = sha256("".join(f"{line}\n" for line in lines).encode()).digest()
    numbers = _numbers(seed)
    left = list(sites)
    drawn = [left.pop(_below(len(left), numbers)) for _ in range(sample)]
    return Draw(tuple(drawn), len(sites), digest, seed.hex())


def _numbers(seed: bytes) -> Iterator[int]:
    """Numbers of 256 bits: SHA-256 over the seed and a counter of 8 bytes, the high ones first."""
    counter = 0
    while True:
        yield int.from_bytes(sha256(seed + counter.to_bytes(8)).digest())
        counter += 1


def _below(bound: int, numbers: Iterator[int]) -> int:
    """A number below a bound, each equally likely: what would favor the small ones is left out."""
    fair = 2**256 - 2**256 % bound
    return next(number for number in numbers if number < fair) % bound


def chance_bp(population: int, diverted: int, sample: int) -> int:
    """The chance that at least one diverted site is drawn, in hundredths of a percent.

    Hypergeometric, exactly, and rounded down; it supposes that an inspection finds whatever is
    missing.

    >>> chance_bp(2_000, 100, 46), chance_bp(10, 0, 5), chance_bp(10, 6, 5)
    (9081, 0, 10000)
    """
    every = comb(population, sample)
    return (every - comb(population - diverted, sample)) * WHOLE_BP // every


def needed(population: int, diverted: int, miss_bp: int = MISS_BP) -> int:
    """Sites to draw so that all diverted ones are missed no more often than that.

    The rule of thumb n = N(1 - b^(1/M)) gives 46 here.

    >>> needed(2_000, 100)
    45
    """
    sample = 1
    while chance_bp(population, diverted, sample) < WHOLE_BP - miss_bp:
        sample += 1
    return sample
