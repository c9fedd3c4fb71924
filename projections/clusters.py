"""Parties that may be one hand: one owner, address, controller or account, or by their own word.

1. A tie counts from its date on, and a controller's until it ended: a cluster is of a date.
2. Who owns more than half of a party, or was declared its parent, is in its cluster
   (`ledger.parties`); a controller, an affiliate and whoever it merged into is too.
3. The same address or account ties everybody who has it. Not the address of an agent where many
   are registered, if anybody said that of it; nor one with neither a number nor a building, which
   is only a town.
4. A cluster goes by the name of the member the ledger spoke of first, so that it keeps its name as
   it grows.

Only what is reached is looked up: a question costs the size of the cluster it is about.

    K/party/<party>    ties of a party, and the entry that spoke of it first
    K/with/<node>      parties that were ever tied to a party, an address or an account
    K/agent/<address>  the entry that said it is an agent's
    K/place/<words>    how an address was spelled first, by its words in alphabetical order
    K/merged/<party>   mergers of a party
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import msgspec

from ledger.entry import Entry
from ledger.events import (
    PartyAccountDeclared,
    PartyAddressDeclared,
    PartyAffiliateDeclared,
    PartyControllerDeclared,
    PartyMerged,
    PartyOwnershipChanged,
    PartyRegistered,
)
from ledger.fold import States
from projections.reference import Reference

SHORT: Final = {
    "street": "st", "road": "rd", "avenue": "ave", "boulevard": "blvd", "drive": "dr",
    "lane": "ln", "floor": "f", "fl": "f", "room": "rm", "suite": "ste", "unit": "ste",
    "building": "bldg", "tower": "twr", "centre": "center", "number": "", "no": "",
}  # fmt: skip
"""Words of an address in one spelling."""

PREMISES: Final = frozenset({
    "bldg", "campus", "center", "complex", "depot", "factory", "hangar", "house", "mall",
    "mansion", "park", "plant", "plaza", "terminal", "twr", "warehouse",
})  # fmt: skip
"""Words, in that spelling, by which an address without a number still is one place."""

NUMBERED: Final = frozenset({"block", "blk", "f", "flat", "level", "rm", "ste"})
"""Words, in that spelling, that the number after them belongs to, or the one before an `f`."""

WALK_MAX: Final = 10_000
"""Steps from one member of a cluster to the farthest; beyond any real one."""

FOUND_MAX: Final = 20_000
"""Clusters remembered at once."""

READS: Final = frozenset(
    event.wire
    for event in (
        PartyRegistered, PartyOwnershipChanged, PartyAddressDeclared, PartyControllerDeclared,
        PartyAccountDeclared, PartyAffiliateDeclared, PartyMerged,
    )
)  # fmt: skip
"""Wire names of the events that tie parties."""


class Tie(msgspec.Struct, frozen=True, array_like=True):
    """What ties a party to a node, by what an entry said.

    holds  false from the date on which it ended
    as_    in which capacity, where one node may be tied in several
    """

    to: str
    since: date
    entry: int
    holds: bool = True
    as_: str = ""


class Merger(msgspec.Struct, frozen=True, array_like=True):
    """That a party and another became one.

    up  whether it went up into the other
    """

    other: str
    since: date
    entry: int
    up: bool


class Ties(msgspec.Struct, frozen=True, array_like=True):
    """What ties a party, and the entry that spoke of it first."""

    first: int
    ties: tuple[Tie, ...] = ()


@dataclass(frozen=True, slots=True)
class Cluster:
    """Parties that may be one hand on a date.

    name     the member the ledger spoke of first
    members  all of them, by name
    """

    name: str
    members: tuple[str, ...]


class Clusters:
    """The clusters in some states; what was found is remembered until an entry changes it."""

    def __init__(self, reference: Reference) -> None:
        self._reference = reference
        self._states: States | None = None
        self._found: dict[tuple[str, date], Cluster] = {}

    def evolve(self, states: States, entry: Entry) -> None:
        """What an entry adds to what is tied; the reference is told of owners apart."""
        number, event = entry.number, entry.event
        match event:
            case PartyRegistered(party=party, country=country):
                node = place(states, event.address, country)
                # A registration says what was so already, whenever it was made.
                self._tie(states, party, Tie(node, date.min, number))
            case PartyOwnershipChanged(party=party):
                self._tie(states, party, Tie("", date.min, number))
            case PartyAddressDeclared(party=party, country=country, declared_on=on):
                node = place(states, event.address, country)
                if event.registered_agent and node:
                    states.put(f"K/agent/{node}", number)
                self._tie(states, party, Tie(node, on, number))
            case PartyControllerDeclared(party=party, controller=controller, declared_on=on):
                tie = Tie(f"party:{controller}", on, number, not event.ended, event.capacity)
                self._tie(states, party, tie)
            case PartyAccountDeclared(party=party, account=account, declared_on=on):
                self._tie(states, party, Tie(f"account:{account}", on, number))
            case PartyAffiliateDeclared(party=party, affiliate=other, declared_on=on):
                self._tie(states, party, Tie(f"party:{other}", on, number, as_="affiliate"))
            case PartyMerged(party=party, into=other, merged_on=on):
                self._tie(states, party, Tie(f"party:{other}", on, number, as_="merged"))
                for one, two, up in ((party, other, True), (other, party, False)):
                    key = f"K/merged/{one}"
                    known = states.get(key, list[Merger]) or []
                    states.put(key, [*known, Merger(two, on, number, up)])
            case _:
                return
        self._found.clear()

    def of(self, states: States, party: str, on: date) -> Cluster:
        """The cluster of a party on a date; of itself alone where nothing ties it."""
        self._about(states)
        found = self._found.get((party, on))
        if found is None:
            members = {party}
            for _, node in self._walk(states, party, on):
                noun, _, name = node.partition(":")
                if noun == "party":
                    members.add(name)
            ordered = sorted(members)
            found = Cluster(min(ordered, key=lambda name: _first(states, name)), tuple(ordered))
            if len(self._found) >= FOUND_MAX:
                self._found.clear()
            for member in ordered:
                self._found[member, on] = found
        return found

    def shown_by(self, states: States, party: str, other: str, on: date) -> tuple[int, ...]:
        """The entries that tie two parties of one cluster, by the shortest way; none for two
        clusters.
        """
        before = dict[str, str]()
        for node, reached in self._walk(states, party, on):
            before[reached] = node
            if reached == f"party:{other}":
                break
        else:
            return ()
        entries: set[int] = set()
        node = f"party:{other}"
        while node in before:
            entries.update(self._entries(states, before[node], node, on))
            node = before[node]
        return tuple(sorted(entries))

    def _walk(self, states: States, party: str, on: date) -> Iterator[tuple[str, str]]:
        """Steps through the cluster of a party, the nearest first: from a node to a new one."""
        # Loaded where it is used: that takes longer than most questions take to answer.
        import networkx

        # The graph stays in the states: its nodes are looked up as the walk reaches them.
        steps: Iterator[tuple[str, str]] = networkx.generic_bfs_edges(
            networkx.Graph(),
            f"party:{party}",
            neighbors=lambda node: self._neighbors(states, node, on),
            depth_limit=WALK_MAX,
        )
        return steps

    def _neighbors(self, states: States, node: str, on: date) -> Iterator[str]:
        noun, _, name = node.partition(":")
        if noun == "party":
            yield from (
                f"party:{each}" for each in self._reference.owner_and_owned(states, name, on)
            )
            yield from (tie.to for tie in _holding(states, name, on) if not _agents(states, tie.to))
        yield from (f"party:{each}" for each, _ in tied_to(states, node, on))

    def _entries(self, states: States, one: str, other: str, on: date) -> tuple[int, ...]:
        """The entries that tie two neighbors."""
        said = tuple(
            tie.entry
            for here, there in ((one, other), (other, one))
            if here.startswith("party:")
            for tie in _holding(states, here.removeprefix("party:"), on)
            if tie.to == there
        )
        if said:
            return said
        names = [node.removeprefix("party:") for node in (one, other)]
        owned = names[0] if self._reference.owner(states, names[0], on) == names[1] else names[1]
        return self._reference.seat(states, owned, on).entries

    def _tie(self, states: States, party: str, tie: Tie) -> None:
        known = states.get(f"K/party/{party}", Ties) or Ties(tie.entry)
        if tie.to:
            known = Ties(known.first, (*known.ties, tie))
            tied = states.get(f"K/with/{tie.to}", list[str]) or []
            if party not in tied:
                states.put(f"K/with/{tie.to}", [*tied, party])
        states.put(f"K/party/{party}", known)

    def _about(self, states: States) -> None:
        """Forget what was found in other states."""
        if states is not self._states:
            self._states = states
            self._found.clear()


def address(text: str, country: str) -> str:
    """An address as a node, in one spelling; empty where it is only a town.

    >>> address("Room 5, 610 Nathan Road, Mong Kok", "HK")
    'address:HK rm 5 610 nathan rd mong kok'
    >>> address("Rm. 5, No. 610 Nathan Rd., Mong Kok", "HK")
    'address:HK rm 5 610 nathan rd mong kok'
    >>> address("Mong Kok", "HK")
    ''
    >>> address("Harbour Complex (shared), Mong Kok", "HK")
    'address:HK harbour complex shared mong kok'
    """
    bare = "".join(
        each
        for each in unicodedata.normalize("NFKD", text.casefold())
        if not unicodedata.combining(each)
    )
    words = [SHORT.get(word, word) for word in re.findall(r"\w+", bare)]
    if not any(word in PREMISES or any(map(str.isdigit, word)) for word in words):
        return ""
    return f"address:{country} {' '.join(filter(None, words))}"


def place(states: States, text: str, country: str) -> str:
    """An address as a node, however its words are ordered: as it was spelled when told first.

    A number stays with what it numbers: room 5 at 610 is not room 610 at 5.
    """
    node = address(text, country)
    if not node:
        return ""
    key = f"K/place/{country} {' '.join(sorted(_parts(node.split()[1:])))}"
    known = states.get(key, str)
    if known is None:
        states.put(key, node)
    return known or node


def _parts(words: Sequence[str]) -> list[str]:
    """The words of an address, those of rooms and floors with their numbers.

    >>> _parts("rm 5 610 nathan rd 7th f".split())
    ['rm5', '610', 'nathan', 'rd', 'f7']
    >>> _parts("nathan rd 610 7f ste 5a".split())
    ['nathan', 'rd', '610', 'f7', 'ste5a']
    """
    found: list[str] = []
    waiting = iter(range(len(words)))
    for at in waiting:
        word, after = words[at], words[at + 1] if at + 1 < len(words) else ""
        ordinal = re.fullmatch(r"(\d+)(?:st|nd|rd|th|(f))?", word)
        if ordinal is not None:
            found.append(f"{ordinal[2] or ''}{ordinal[1]}")
        elif word == "f" and found and found[-1].isdigit():
            found[-1] = f"f{found[-1]}"
        elif word in NUMBERED and (len(after) == 1 or any(map(str.isdigit, after))):
            found.append(word + after)
            next(waiting)
        else:
            found.append(word)
    return found


def addresses(states: States, party: str, on: date) -> Iterator[tuple[str, int]]:
    """The addresses of a party on a date as nodes, with the entries that say so."""
    for tie in _holding(states, party, on):
        if tie.to.startswith("address:"):
            yield tie.to, tie.entry


def nodes(states: States, party: str) -> list[str]:
    """Every address and controller a party was ever said to have."""
    known = states.get(f"K/party/{party}", Ties)
    ties = () if known is None else known.ties
    return list(
        dict.fromkeys(
            tie.to
            for tie in ties
            if not tie.to.startswith("account:") and tie.as_ not in ("affiliate", "merged")
        )
    )


def tied_to(states: States, node: str, on: date) -> Iterator[tuple[str, int]]:
    """Who is tied to a node on a date, with the entry that says so; nobody to an agent's."""
    if _agents(states, node):
        return
    for party in states.get(f"K/with/{node}", list[str]) or []:
        for tie in _holding(states, party, on):
            if tie.to == node:
                yield party, tie.entry
                break


def merged(states: States, one: str, other: str) -> bool:
    """Whether two parties are one by mergers, whenever those were."""
    return other in merged_with(states, one, date.max)


def merged_with(states: States, party: str, on: date) -> dict[str, tuple[bool, tuple[int, ...]]]:
    """The others that are one party with it by mergers up to a date, the nearest first: whether it
    went up into them, and the entries that say so.
    """
    found: dict[str, tuple[bool, tuple[int, ...]]] = {party: (True, ())}
    waiting = [party]
    for one in waiting:
        went_up, shown = found[one]
        for each in states.get(f"K/merged/{one}", list[Merger]) or []:
            if each.since <= on and each.other not in found:
                found[each.other] = went_up and each.up, (*shown, each.entry)
                waiting.append(each.other)
    del found[party]
    return found


def once_tied(states: States, party: str, reference: Reference) -> list[str]:
    """A party and all that may stand in one cluster with it on some day, the nearest first.

    Through the address of an agent only its own neighbors are reached, which may have been of its
    cluster until somebody said that the address is an agent's.
    """
    found = [party]
    for one in found:
        known = states.get(f"K/party/{one}", Ties)
        ends = [] if known is None else [tie.to for tie in known.ties]
        with_it = [node for node in ends if one == party or not _agents(states, node)]
        near = [end.removeprefix("party:") for end in ends if end.startswith("party:")]
        near += reference.ever_near(states, one)
        for node in (f"party:{one}", *with_it):
            if node == f"party:{one}" or not node.startswith("party:"):
                near += states.get(f"K/with/{node}", list[str]) or []
        found += [each for each in dict.fromkeys(near) if each not in found]
    return found


def _first(states: States, party: str) -> tuple[bool, int, str]:
    """When the ledger spoke of a party first; last for one it never told anything of."""
    known = states.get(f"K/party/{party}", Ties)
    return known is None, 0 if known is None else known.first, party


def _holding(states: States, party: str, on: date) -> Sequence[Tie]:
    """What ties a party on a date: the newest that was said of each node and capacity."""
    known = states.get(f"K/party/{party}", Ties)
    if known is None:
        return ()
    newest: dict[tuple[str, str], Tie] = {}
    for tie in known.ties:
        key = tie.to, tie.as_
        if tie.since <= on and (key not in newest or newest[key].since <= tie.since):
            newest[key] = tie
    return [tie for tie in newest.values() if tie.holds]


def _agents(states: States, node: str) -> bool:
    """Whether a node is an address where an agent has many registered."""
    return node.startswith("address:") and states.get(f"K/agent/{node}", int) is not None
