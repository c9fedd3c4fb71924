"""What is done with a pack before anybody adopts it: looked over, tried out, compared."""

from ledger.packs.compared import Difference, compare
from ledger.packs.linted import Problem, lint
from ledger.packs.tried import Tried, try_examples

__all__ = ["Difference", "Problem", "Tried", "compare", "lint", "try_examples"]
