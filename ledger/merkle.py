"""The log's Merkle tree: leaf and node hashes, the root, tiles, and proofs; arithmetic only.

Leaves are numbered from 0. The subtree (level, index) holds the 2**level leaves from
index * 2**level on. A complete subtree never changes, which is why tiles can be kept for ever and
why a log needs to remember only its `Frontier`: the largest complete subtrees, left to right.

Sources: RFC 6962 §2.1 and RFC 9162 §2.1 for hashes and proofs; C2SP tlog-tiles for tiles.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Final

import msgspec

from ledger.errors import NotAuthentic

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = sha256(b"").digest()
"""The root of a tree without leaves."""

TILE_HEIGHT: Final = 8
TILE_WIDTH: Final = 1 << TILE_HEIGHT
"""Hashes in a full tile. Tile (L, i) holds the subtrees (8L, 256i) to (8L, 256i + 255)."""

NodeSource = Callable[[int, int], bytes]
"""The hash of the complete subtree (level, index)."""

TileSource = Callable[[int, int], bytes | None]
"""The bytes of full tile (level, index); None where that tile is not full yet."""

LeafSource = Callable[[int, int], Sequence[bytes]]
"""The leaf hashes from start up to, and without, stop."""


def leaf_hash(line: bytes) -> bytes:
    """The hash of one entry line.

    >>> leaf_hash(b"").hex()
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d'
    """
    return sha256(b"\x00" + line).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of the node over two others."""
    return sha256(b"\x01" + left + right).digest()


class Frontier(msgspec.Struct, frozen=True):
    """Where a tree grows: its size, and its largest complete subtrees, the largest first.

    >>> Frontier().root() == EMPTY_ROOT
    True
    >>> one = Frontier().extended([leaf_hash(b"")])
    >>> one.size, one.root() == leaf_hash(b"")
    (1, True)
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def extended(self, leaf_hashes: Iterable[bytes]) -> "Frontier":
        """The frontier after these leaves, in order."""
        size, stack = self.size, list(self.hashes)
        for node in leaf_hashes:
            # Each trailing 1 in the size is a complete subtree as large as the one to the right.
            merges = size
            while merges & 1:
                node = sha256(b"\x01" + stack.pop() + node).digest()
                merges >>= 1
            stack.append(node)
            size += 1
        return Frontier(size, tuple(stack))

    def root(self) -> bytes:
        """The root of the whole tree."""
        if not self.hashes:
            return EMPTY_ROOT
        root = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            root = node_hash(left, root)
        return root

    def to_bytes(self) -> bytes:
        """The size in 8 bytes, big-endian, and the hashes."""
        return self.size.to_bytes(8, "big") + b"".join(self.hashes)

    @staticmethod
    def from_bytes(stored: bytes) -> "Frontier":
        """What `to_bytes` wrote; `NotAuthentic` when the number of hashes does not fit the size."""
        size = int.from_bytes(stored[:8], "big")
        expected = 8 + HASH_BYTES * size.bit_count()
        if len(stored) != expected:
            raise NotAuthentic(
                f"the frontier of {size:,} leaves takes {expected:,} bytes, not {len(stored):,}",
                code="FRONTIER",
            )
        return Frontier(size, tuple(_hashes_in(stored[8:])))


def completed_tiles(
    first: int, leaf_hashes: Sequence[bytes], tile: TileSource
) -> Iterator[tuple[int, int, bytes]]:
    """Every tile that becomes full with these leaves, as (level, index, bytes), lowest first.

    `first` is the number of the first leaf; it and the number of leaves are multiples of
    `TILE_WIDTH`. A tile of level 1 becomes full every 65,536 leaves and is computed from the
    256 tiles below it: those not in this batch are asked of `tile`.
    """
    if first % TILE_WIDTH or len(leaf_hashes) % TILE_WIDTH:
        raise ValueError(
            f"leaves {first:,} to {first + len(leaf_hashes):,} do not fill tiles of {TILE_WIDTH}"
        )
    fresh: dict[tuple[int, int], bytes] = {}
    level, start, stop = 0, first // TILE_WIDTH, (first + len(leaf_hashes)) // TILE_WIDTH
    for index in range(start, stop):
        offset = index * TILE_WIDTH - first
        content = b"".join(leaf_hashes[offset : offset + TILE_WIDTH])
        fresh[level, index] = content
        yield level, index, content
    while start < stop:
        # Tile n of the level above is full once tiles 256n to 256n + 255 of this level are.
        level, start, stop = level + 1, start // TILE_WIDTH, stop // TILE_WIDTH
        for index in range(start, stop):
            below = range(index * TILE_WIDTH, (index + 1) * TILE_WIDTH)
            content = b"".join(_tile_root(level - 1, each, fresh, tile) for each in below)
            fresh[level, index] = content
            yield level, index, content


def _tile_root(
    level: int, index: int, fresh: dict[tuple[int, int], bytes], tile: TileSource
) -> bytes:
    content = fresh.get((level, index)) or tile(level, index)
    if content is None:
        raise _missing_tile(level, index)
    return _root_of_full(_tile_hashes(level, index, content))


class NodeReader:
    """Answers `NodeSource` from the full tiles, and from leaves where a tile is not full yet.

    tile    the bytes of a full tile, or None
    leaves  the leaf hashes of a range; asked only within the last tile, which is not full

    The roots of tiles are remembered while the reader lives: 32 bytes for each 256 leaves.
    """

    __slots__ = ("_leaves", "_roots", "_tile")

    def __init__(self, tile: TileSource, leaves: LeafSource) -> None:
        self._tile = tile
        self._leaves = leaves
        self._roots: dict[tuple[int, int], bytes] = {}

    def __call__(self, level: int, index: int) -> bytes:
        """The hash of the complete subtree (level, index)."""
        tile_level, height = divmod(level, TILE_HEIGHT)
        if height == 0 and tile_level > 0:
            return self._root_of_tile(tile_level - 1, index)
        tile_index, offset = divmod(index << height, TILE_WIDTH)
        content = self._tile(tile_level, tile_index)
        if content is not None:
            hashes = _tile_hashes(tile_level, tile_index, content)
            return _root_of_full(hashes[offset : offset + (1 << height)])
        if tile_level == 0:
            start, stop = index << level, (index + 1) << level
            leaves = self._leaves(start, stop)
            if len(leaves) != stop - start:
                raise NotAuthentic(
                    f"{len(leaves):,} of the leaves {start:,} to {stop - 1:,} are there",
                    code="LEAF_MISSING",
                )
            return _root_of_full(leaves)
        return node_hash(self(level - 1, 2 * index), self(level - 1, 2 * index + 1))

    def _root_of_tile(self, level: int, index: int) -> bytes:
        known = self._roots.get((level, index))
        if known is None:
            content = self._tile(level, index)
            if content is None:
                raise _missing_tile(level, index)
            known = _root_of_full(_tile_hashes(level, index, content))
            self._roots[level, index] = known
        return known


def root_of(size: int, node: NodeSource) -> bytes:
    """The root of the first `size` leaves, from the roots of complete subtrees."""
    return _root_of_range(0, size, node) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, node: NodeSource) -> list[bytes]:
    """The hashes that lead from leaf `index` to the root of the first `size` leaves.

    RFC 6962 §2.1.1. `ValueError` when there is no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size:,} leaves has no leaf {index:,}")
    proof: list[bytes] = []
    start, stop = 0, size
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            proof.append(_root_of_range(middle, stop, node))
            stop = middle
        else:
            proof.append(_root_of_range(start, middle, node))
            start = middle
    proof.reverse()
    return proof


def consistency_proof(old: int, new: int, node: NodeSource) -> list[bytes]:
    """The hashes that show the tree of `new` leaves to begin with the tree of `old`.

    RFC 6962 §2.1.2. Empty when the sizes are equal, and from size 0, which begins every tree.
    """
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new:,} leaves does not begin with one of {old:,}")
    if old in (0, new):
        return []
    proof: list[bytes] = []
    start, stop = 0, new
    while old < stop:
        middle = start + _split(stop - start)
        if old <= middle:
            proof.append(_root_of_range(middle, stop, node))
            stop = middle
        else:
            proof.append(_root_of_range(start, middle, node))
            start = middle
    if start > 0:
        proof.append(_root_of_range(start, stop, node))
    proof.reverse()
    return proof


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Return when `proof` leads from this leaf hash to `root`; else `NotAuthentic`.

    RFC 9162 §2.1.3.2, whose letters are used.
    """
    if not 0 <= index < size:
        raise _unproven(f"a tree of {size:,} leaves has no leaf {index:,}", "INCLUSION")
    fn, sn = index, size - 1
    r = leaf
    for p in proof:
        if sn == 0:
            raise _unproven(
                f"{len(proof)} hashes are too many for leaf {index:,} of {size:,}", "INCLUSION"
            )
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0:
        raise _unproven(
            f"{len(proof)} hashes are too few for leaf {index:,} of {size:,}", "INCLUSION"
        )
    if r != root:
        raise _unproven(
            f"the proof for leaf {index:,} of {size:,} leads to root {r.hex()}, "
            f"not to {root.hex()}",
            "INCLUSION",
        )


def verify_consistency(
    old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Return when `proof` shows the old tree to be the start of the new; else `NotAuthentic`.

    RFC 9162 §2.1.4.2, whose letters are used; it leaves out equal sizes and size 0, where the
    proof is empty and the roots speak for themselves.
    """
    if not 0 <= old <= new:
        raise _unproven(f"{new:,} leaves do not begin with {old:,}", "CONSISTENCY")
    if old in (0, new):
        if proof:
            raise _unproven(
                f"from {old:,} to {new:,} leaves the proof is empty, and this has {len(proof)} "
                "hashes",
                "CONSISTENCY",
            )
        expected = EMPTY_ROOT if old == 0 else new_root
        if old_root != expected:
            raise _unproven(
                f"the root of {old:,} leaves is {expected.hex()}, not {old_root.hex()}",
                "CONSISTENCY",
            )
        return
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        raise _unproven(f"a proof from {old:,} to {new:,} leaves is not empty", "CONSISTENCY")
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            raise _unproven(
                f"{len(proof)} hashes are too many from {old:,} to {new:,} leaves", "CONSISTENCY"
            )
        if fn & 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0:
        raise _unproven(
            f"{len(proof)} hashes are too few from {old:,} to {new:,} leaves", "CONSISTENCY"
        )
    for size, computed, root in ((old, fr, old_root), (new, sr, new_root)):
        if computed != root:
            raise _unproven(
                f"the proof from {old:,} to {new:,} leaves gives {size:,} leaves the root "
                f"{computed.hex()}, not {root.hex()}",
                "CONSISTENCY",
            )


def _split(size: int) -> int:
    """The largest power of two below `size`; a tree divides there."""
    return 1 << (size - 1).bit_length() - 1


def _root_of_range(start: int, stop: int, node: NodeSource) -> bytes:
    """The root over a range that a tree's division made, so that its left part is complete."""
    size = stop - start
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return node(level, start >> level)
    middle = start + _split(size)
    return node_hash(_root_of_range(start, middle, node), _root_of_range(middle, stop, node))


def _root_of_full(hashes: Sequence[bytes]) -> bytes:
    """The root over a power of two of hashes."""
    while len(hashes) > 1:
        hashes = [
            sha256(b"\x01" + left + right).digest()
            for left, right in zip(hashes[::2], hashes[1::2], strict=True)
        ]
    return hashes[0]


def _tile_hashes(level: int, index: int, content: bytes) -> list[bytes]:
    if len(content) != TILE_WIDTH * HASH_BYTES:
        raise NotAuthentic(
            f"tile ({level}, {index:,}) has {len(content):,} bytes, and a full one "
            f"{TILE_WIDTH * HASH_BYTES:,}",
            remedy="the database was altered: chip-ledger verify",
            code="TILE",
        )
    return _hashes_in(content)


def _hashes_in(joined: bytes) -> list[bytes]:
    return [joined[at : at + HASH_BYTES] for at in range(0, len(joined), HASH_BYTES)]


def _missing_tile(level: int, index: int) -> NotAuthentic:
    return NotAuthentic(
        f"tile ({level}, {index:,}) is full but not there",
        remedy="chip-ledger doctor --tiles puts it back",
        code="TILE",
    )


def _unproven(problem: str, code: str) -> NotAuthentic:
    return NotAuthentic(problem, code=code)
