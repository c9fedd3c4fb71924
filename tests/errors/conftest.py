"""Lets the tests of this folder import `world`, which stands one folder up."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))
