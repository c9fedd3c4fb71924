"""The tree against RFC 6962 read slowly, against its published vectors, and through tiles."""

from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import NotAuthentic
from ledger.merkle import (
    EMPTY_ROOT,
    TILE_WIDTH,
    Frontier,
    NodeReader,
    completed_tiles,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)

# The 8-leaf tree of the Certificate Transparency test-suite (merkletree/merkle_tree_test.cc).
CT_LEAVES = [
    bytes.fromhex(each)
    for each in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
CT_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
CT_INCLUSION = {
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CT_CONSISTENCY = {
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}

LEAVES = [leaf_hash(b"leaf %d" % number) for number in range(1100)]
sizes = st.one_of(st.integers(1, 70), st.integers(1, len(LEAVES)))


def slow_root(leaves):
    """RFC 6962 §2.1, as it is written."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    k = largest_power_of_two_below(len(leaves))
    return node_hash(slow_root(leaves[:k]), slow_root(leaves[k:]))


def slow_path(m, leaves):
    """RFC 6962 §2.1.1, as it is written."""
    if len(leaves) == 1:
        return []
    k = largest_power_of_two_below(len(leaves))
    if m < k:
        return [*slow_path(m, leaves[:k]), slow_root(leaves[k:])]
    return [*slow_path(m - k, leaves[k:]), slow_root(leaves[:k])]


def slow_subproof(m, leaves, complete):
    """RFC 6962 §2.1.2, as it is written."""
    if m == len(leaves):
        return [] if complete else [slow_root(leaves)]
    k = largest_power_of_two_below(len(leaves))
    if m <= k:
        return [*slow_subproof(m, leaves[:k], complete), slow_root(leaves[k:])]
    return [*slow_subproof(m - k, leaves[k:], False), slow_root(leaves[:k])]


def largest_power_of_two_below(size):
    k = 1
    while 2 * k < size:
        k *= 2
    return k


@cache
def node(level, index):
    return slow_root(LEAVES[index << level : (index + 1) << level])


def ct_node(level, index):
    hashes = [leaf_hash(line) for line in CT_LEAVES]
    return slow_root(hashes[index << level : (index + 1) << level])


def hexes(hashes):
    return [each.hex() for each in hashes]


def test_the_roots_are_those_of_the_certificate_transparency_test_suite():
    frontier, roots = Frontier(), []
    for line in CT_LEAVES:
        frontier = frontier.extended([leaf_hash(line)])
        roots.append(frontier.root().hex())

    assert CT_ROOTS == roots


@pytest.mark.parametrize(("index", "size"), CT_INCLUSION)
def test_inclusion_proofs_are_those_of_the_certificate_transparency_test_suite(index, size):
    proof = inclusion_proof(index, size, ct_node)

    assert CT_INCLUSION[index, size] == hexes(proof)
    verify_inclusion(
        leaf_hash(CT_LEAVES[index]), index, size, proof, bytes.fromhex(CT_ROOTS[size - 1])
    )


@pytest.mark.parametrize(("old", "new"), CT_CONSISTENCY)
def test_consistency_proofs_are_those_of_the_certificate_transparency_test_suite(old, new):
    proof = consistency_proof(old, new, ct_node)

    assert CT_CONSISTENCY[old, new] == hexes(proof)
    verify_consistency(
        old, bytes.fromhex(CT_ROOTS[old - 1]), new, bytes.fromhex(CT_ROOTS[new - 1]), proof
    )


@given(st.lists(st.integers(0, 40), max_size=8))
def test_a_tree_grown_in_any_batches_has_the_root_of_the_whole(batches):
    frontier, size = Frontier(), 0
    for batch in batches:
        frontier = frontier.extended(LEAVES[size : size + batch])
        size += batch

        assert size == frontier.size
        assert slow_root(LEAVES[:size]) == frontier.root()


@given(sizes)
def test_a_frontier_is_read_back_as_it_was_written(size):
    frontier = Frontier().extended(LEAVES[:size])

    assert frontier == Frontier.from_bytes(frontier.to_bytes())
    assert size.to_bytes(8, "big") == frontier.to_bytes()[:8]


@pytest.mark.parametrize("cut", [1, 8, 32, 40])
def test_a_frontier_with_bytes_missing_is_refused(cut):
    stored = Frontier().extended(LEAVES[:5]).to_bytes()

    with pytest.raises(NotAuthentic) as refusal:
        Frontier.from_bytes(stored[:-cut])
    assert "FRONTIER" == refusal.value.code


@given(st.data(), sizes)
def test_every_inclusion_proof_is_the_one_of_rfc_6962_and_verifies(data, size):
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(index, size, node)

    assert hexes(slow_path(index, LEAVES[:size])) == hexes(proof)
    verify_inclusion(LEAVES[index], index, size, proof, slow_root(LEAVES[:size]))


@given(st.data(), sizes)
def test_every_consistency_proof_is_the_one_of_rfc_6962_and_verifies(data, new):
    old = data.draw(st.integers(1, new))
    proof = consistency_proof(old, new, node)

    assert hexes(slow_subproof(old, LEAVES[:new], True)) == hexes(proof)
    verify_consistency(old, slow_root(LEAVES[:old]), new, slow_root(LEAVES[:new]), proof)


def test_every_tree_begins_with_the_empty_one():
    assert [] == consistency_proof(0, 7, node)
    verify_consistency(0, EMPTY_ROOT, 7, slow_root(LEAVES[:7]), [])
    verify_consistency(0, EMPTY_ROOT, 0, EMPTY_ROOT, [])


def altered(proof):
    """A proof shortened, lengthened, and with one bit changed in each of its hashes."""
    yield [*proof, LEAVES[0]]
    yield [LEAVES[0], *proof]
    if proof:
        yield proof[1:]
        yield proof[:-1]
    for at, each in enumerate(proof):
        yield [*proof[:at], bytes([each[0] ^ 1]) + each[1:], *proof[at + 1 :]]


@settings(deadline=None)
@given(st.data(), st.integers(1, 40))
def test_no_altered_inclusion_proof_verifies(data, size):
    index = data.draw(st.integers(0, size - 1))
    root = slow_root(LEAVES[:size])
    proof = inclusion_proof(index, size, node)

    for bad in altered(proof):
        with pytest.raises(NotAuthentic) as refusal:
            verify_inclusion(LEAVES[index], index, size, bad, root)
        assert "INCLUSION" == refusal.value.code
    for other in set(range(size + 1)) - {index}:
        with pytest.raises(NotAuthentic):
            verify_inclusion(LEAVES[index], other, size, proof, root)
    with pytest.raises(NotAuthentic):
        verify_inclusion(LEAVES[-1], index, size, proof, root)


@settings(deadline=None)
@given(st.data(), st.integers(1, 40))
def test_no_altered_consistency_proof_verifies(data, new):
    old = data.draw(st.integers(0, new))
    old_root, new_root = slow_root(LEAVES[:old]), slow_root(LEAVES[:new])
    proof = consistency_proof(old, new, node)

    for bad in altered(proof):
        with pytest.raises(NotAuthentic) as refusal:
            verify_consistency(old, old_root, new, new_root, bad)
        assert "CONSISTENCY" == refusal.value.code
    with pytest.raises(NotAuthentic):
        verify_consistency(old, LEAVES[-1], new, new_root, proof)
    if old:
        with pytest.raises(NotAuthentic):
            verify_consistency(old, old_root, new, LEAVES[-1], proof)
    with pytest.raises(NotAuthentic):
        verify_consistency(new + 1, old_root, new, new_root, proof)


def test_a_consistency_proof_between_unequal_sizes_is_not_empty():
    with pytest.raises(NotAuthentic):
        verify_consistency(3, slow_root(LEAVES[:3]), 5, slow_root(LEAVES[:5]), [])


@pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (-1, 3)])
def test_there_is_no_proof_for_a_leaf_that_is_not_there(index, size):
    with pytest.raises(ValueError, match="has no leaf"):
        inclusion_proof(index, size, node)


def test_a_larger_tree_is_never_the_start_of_a_smaller():
    with pytest.raises(ValueError, match="does not begin with"):
        consistency_proof(5, 4, node)


class Stored:
    """What a store keeps: full tiles, and the leaves of the last one."""

    def __init__(self, leaves, batch_tiles=1):
        self.leaves, self.tiles = leaves, {}
        full = len(leaves) // TILE_WIDTH * TILE_WIDTH
        edges = [*range(0, full, batch_tiles * TILE_WIDTH), full]
        for start, stop in pairwise(edges):
            for level, index, content in completed_tiles(start, leaves[start:stop], self.tile):
                self.tiles[level, index] = content

    def tile(self, level, index):
        return self.tiles.get((level, index))

    def tail(self, start, stop):
        assert start >= len(self.leaves) // TILE_WIDTH * TILE_WIDTH, "only the last tile is asked"
        return self.leaves[start:stop]


@settings(deadline=None)
@given(st.data(), st.integers(1, len(LEAVES)), st.integers(1, 3))
def test_nodes_read_from_tiles_are_those_of_the_tree(data, size, batch_tiles):
    stored = Stored(LEAVES[:size], batch_tiles)
    reader = NodeReader(stored.tile, stored.tail)
    level = data.draw(st.integers(0, size.bit_length() - 1))
    index = data.draw(st.integers(0, (size >> level) - 1))

    assert node(level, index) == reader(level, index)
    assert reader(level, index) == reader(level, index)


def test_tiles_of_every_level_are_made_whatever_the_batches():
    # Two full tiles of level 1, which takes 131,072 leaves; and something over.
    leaves = [leaf_hash(b"%d" % number) for number in range(2 * 65_536 + 700)]
    root = Frontier().extended(leaves).root()
    in_one = Stored(leaves, batch_tiles=1_000)
    in_many = Stored(leaves, batch_tiles=37)

    assert in_one.tiles == in_many.tiles
    assert {(1, 0), (1, 1)} == {key for key in in_one.tiles if key[0] > 0}
    reader = NodeReader(in_one.tile, in_one.tail)
    for index in (0, 255, 256, 70_000, 131_071, 131_072, 131_771):
        proof = inclusion_proof(index, len(leaves), reader)
        verify_inclusion(leaves[index], index, len(leaves), proof, root)
    for old in (1, 255, 65_536, 131_073):
        verify_consistency(
            old,
            Frontier().extended(leaves[:old]).root(),
            len(leaves),
            root,
            consistency_proof(old, len(leaves), reader),
        )


def test_leaves_that_do_not_fill_a_tile_make_none():
    with pytest.raises(ValueError, match="do not fill tiles of 256"):
        list(completed_tiles(0, LEAVES[:255], lambda level, index: None))


@pytest.mark.parametrize("content", [None, b"short"])
def test_a_tile_that_is_lost_or_cut_is_named(content):
    reader = NodeReader(lambda level, index: content, lambda start, stop: [])

    with pytest.raises(NotAuthentic, match=r"tile \(0, 3\)") as refusal:
        reader(8, 3)
    assert "TILE" == refusal.value.code


def test_a_leaf_that_is_lost_is_named():
    reader = NodeReader(lambda level, index: None, lambda start, stop: LEAVES[start : stop - 1])

    with pytest.raises(NotAuthentic, match="3 of the leaves 4 to 7 are there") as refusal:
        reader(2, 1)
    assert "LEAF_MISSING" == refusal.value.code
