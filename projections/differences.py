"""What would be otherwise under other rules, and by which line of them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, Literal

from ledger.policy import Pack, Rules, Section, where
from projections.verdicts import Kind

Change = (
    Kind
    | Literal[
        "allowed", "denial_not_needed", "relied_on", "moved_on", "account", "flag_added",
        "flag_removed", "flag_changed",
    ]
)  # fmt: skip
"""What would differ; besides the verdicts of `projections.verdicts`:

allowed            made against the rules of its day, and the supposed ones have nothing against it
denial_not_needed  denied as the rules of its day called for, and the supposed ones do not
relied_on          a shipment under a license that would have been refused
moved_on           goods of a shipment that would not have left
account            a country's cap, or what counts against it
flag_added, flag_removed, flag_changed
                   a red flag more, one less, or the same one otherwise
"""


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A rule in its pack: its name, its line from 1, the line itself, and what it cites."""

    policy: str = ""
    rule: str = ""
    line: int | None = None
    text: str = ""
    source: str = ""


NO_RULE: Final = RuleLine()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One decision, shipment, country's account or red flag that would be otherwise.

    entry        what it is about; of an account, the first entry that counts in it
    diverges_at  the first entry from which history would have gone another way for it
    as_it_was    what happened, and what the rules of its day said
    supposed     what would have been
    stopped      whether something that was granted or shipped would not have been
    units, tpp   of the decision or shipment
    cap_tpp, headroom_tpp
                 under the supposed rules when it came, or of the account
    then_…       the same under the rules in force
    reserved_tpp, drawn_tpp
                 of the account
    rule…        the line that makes the difference; of the rules in force where the supposed ones
                 have none
    """

    kind: Literal["decision", "shipment", "account", "flag"]
    change: Change
    subject: str
    country: str | None
    on: date
    entry: int
    diverges_at: int
    as_it_was: str
    supposed: str
    stopped: bool = False
    units: int | None = None
    tpp: int | None = None
    cap_tpp: int | None = None
    reserved_tpp: int | None = None
    drawn_tpp: int | None = None
    headroom_tpp: int | None = None
    then_cap_tpp: int | None = None
    then_reserved_tpp: int | None = None
    then_drawn_tpp: int | None = None
    then_headroom_tpp: int | None = None
    rule_policy: str = ""
    rule: str = ""
    rule_line: int | None = None
    rule_text: str = ""
    rule_source: str = ""


class Lines:
    """Where the rules of some packs stand in their texts."""

    def __init__(self, texts: Iterable[tuple[Pack, str]]) -> None:
        self._texts = list(texts)
        self._found: dict[tuple[int, Section | None, str], tuple[Rules, RuleLine]] = {}

    def of(self, rules: Rules, section: Section | None, place: str) -> RuleLine:
        """The line of a rule, in the pack that governs its section."""
        key = id(rules), section, place
        found = self._found.get(key)
        if found is None:
            # With the rules beside it, so that their id stays their own.
            found = self._found[key] = rules, self._line(rules, section, place)
        return found[1]

    def _line(self, rules: Rules, section: Section | None, place: str) -> RuleLine:
        policy = None if section is None else rules.governing(section)
        pack = next((each for each in reversed(rules.packs) if each.id == policy), None)
        text = next((text for known, text in self._texts if known == pack), None)
        if pack is None or text is None:
            return NO_RULE
        found = where(text, place)
        return RuleLine(pack.id, found.name, found.line, found.text, found.source)


def ruled(found: Difference, line: RuleLine) -> Difference:
    """A difference with the rule that makes it."""
    return replace(
        found, rule_policy=line.policy, rule=line.rule, rule_line=line.line, rule_text=line.text,
        rule_source=line.source,
    )  # fmt: skip
