"""The Merkle tree over the entry lines (RFC 6962 §2.1), with the root of every prefix at hand.

Leaf hashes are kept, 32 bytes each, and above them only subtrees of 256 leaves and more. The root
of any prefix then costs at most 256 hashes, and a million entries cost 32 MB.
"""

from collections.abc import Iterator
from hashlib import sha256
from typing import Final

_HASH: Final = 32  # bytes
_BLOCK: Final = 256  # leaves

EMPTY_ROOT: Final = sha256(b"").digest()
"""Root of a tree without leaves."""


def leaf_hash(line: bytes) -> bytes:
    """Hash of one entry line as a leaf.

    >>> leaf_hash(b"").hex()[:16]
    '6e340b9cffb37a98'
    """
    return sha256(b"\x00" + line).digest()


class Tree:
    """Leaves, appended one by one; entry n is leaf n - 1 and is asked for as n."""

    __slots__ = ("_blocks", "_leaves")

    def __init__(self) -> None:
        self._leaves = bytearray()
        # At level k: roots of the complete subtrees of 256 * 2^k leaves, from the left.
        self._blocks: list[list[bytes]] = []

    def __len__(self) -> int:
        return len(self._leaves) // _HASH

    def append(self, leaf: bytes) -> None:
        self._leaves += leaf
        if len(self._leaves) % (_BLOCK * _HASH) == 0:
            self._complete(_root(self._leaves[-_BLOCK * _HASH :]))

    def leaf(self, number: int) -> bytes:
        """Leaf hash of entry `number`, from 1."""
        return bytes(self._leaves[(number - 1) * _HASH : number * _HASH])

    def root(self, size: int) -> bytes:
        """Root of the tree over the first `size` leaves, of those there are.

        >>> tree = Tree()
        >>> tree.append(leaf_hash(b""))
        >>> tree.root(0) == EMPTY_ROOT, tree.root(1) == leaf_hash(b"")
        (True, True)
        """
        if not 0 <= size <= len(self):
            raise ValueError(f"there are {len(self):,} leaves, not {size:,}")
        if size == 0:
            return EMPTY_ROOT
        whole, rest = divmod(size, _BLOCK)
        # A tree of n leaves is the largest complete subtree on the left and the rest on the
        # right, and so on: one subtree for every bit of n.
        parts, start = [], 0
        for level in reversed(range(whole.bit_length())):
            if whole >> level & 1:
                parts.append(self._blocks[level][start >> level])
                start += 1 << level
        if rest:
            parts.append(_root(self._leaves[(size - rest) * _HASH : size * _HASH]))
        root = parts.pop()
        while parts:
            root = _node(parts.pop(), root)
        return root

    def frontier(self) -> bytes:
        """What a log keeps of its tree to go on from: the size, and the largest complete subtrees.

        The size in 8 bytes, big-endian; then a hash for every bit of it, the largest first.
        """
        size, start = len(self), 0
        hashes = []
        for bit in reversed(range(size.bit_length())):
            if size >> bit & 1:
                hashes.append(self._subtree(bit, start))
                start += 1 << bit
        return size.to_bytes(8, "big") + b"".join(hashes)

    def tiles(self) -> Iterator[tuple[int, int, bytes]]:
        """Every full tile (C2SP tlog-tiles) as level, number and its 256 hashes."""
        level, hashes = 0, bytes(self._leaves)
        while full := len(hashes) // (_BLOCK * _HASH):
            for number in range(full):
                yield level, number, hashes[number * _BLOCK * _HASH : (number + 1) * _BLOCK * _HASH]
            level += 1
            hashes = b"".join(self._blocks[8 * (level - 1)])

    def _subtree(self, level: int, start: int) -> bytes:
        """Root of the complete subtree of 2^level leaves after the first `start`."""
        leaves = 1 << level
        if leaves >= _BLOCK:
            return self._blocks[level - 8][start >> level]
        return _root(self._leaves[start * _HASH : (start + leaves) * _HASH])

    def _complete(self, block: bytes) -> None:
        level = 0
        while True:
            if level == len(self._blocks):
                self._blocks.append([])
            row = self._blocks[level]
            row.append(block)
            if len(row) % 2:
                return
            block = _node(row[-2], row[-1])
            level += 1


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def _root(row: bytes | bytearray) -> bytes:
    """Root over a few leaves, pair by pair; an odd one at the end moves up as it is."""
    pair = 2 * _HASH
    while len(row) > _HASH:
        whole = len(row) // pair * pair
        hashes = [sha256(b"\x01" + row[i : i + pair]).digest() for i in range(0, whole, pair)]
        row = b"".join([*hashes, row[whole:]])
    return bytes(row)
