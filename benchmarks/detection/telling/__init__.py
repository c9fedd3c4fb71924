"""A case in the ledger's own commands: the lines that `chip-ledger import` would read.

Each event of a case becomes the commands that say the same, in its place in the list. A type of
event nobody foresaw is told by what it holds (goods that go somewhere, money, a check, an owner),
and where that fits nothing it is a concern about the party it names: told is every event.

What is inferred, because the file does not say it, and what is left out stand in the notes.
"""

from benchmarks.detection.telling.kinds import TYPES
from benchmarks.detection.telling.story import tell, through
from benchmarks.detection.telling.teller import CHANNELS, Channel, Line, Told

__all__ = ["CHANNELS", "TYPES", "Channel", "Line", "Told", "tell", "through"]
