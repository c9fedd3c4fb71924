"""What README.md tells people to type, typed: every line works and shows what it is there for."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from shell import after_demo

HOUSE = Path(__file__).parents[2]
BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
OWN = re.compile(r"^```\n(chip-ledger init .*?)^```", re.MULTILINE | re.DOTALL)

SHOWS = {
    "quotas --valid-on": "no country cap is in force on 2025-11-19 (adv-comp-2023 sets none)",
    "quotas --policy": "SIMULATED",
    "license apply": "recorded as entry",
    "license approve": "nothing was written",
    "shipment export": "recorded as entry",
    "flags": "shipment:S-1",
    "trail": "S-1",
    "checkpoint": "demo.chip-ledger.example/public-record",
    "verify": "VALID",
}


def typed() -> list[str]:
    """The lines of README.md that a person types, without the prompt."""
    (block,) = BLOCK.findall((HOUSE / "README.md").read_text(encoding="utf-8"))
    return [line.removeprefix("$ ") for line in block.splitlines()]


@pytest.fixture(scope="module")
def screens(tmp_path_factory):
    """What each line of the README answers, typed one after the other in one shell."""
    lines = typed()
    return dict(zip(lines, after_demo(tmp_path_factory.mktemp("readme"), lines), strict=True))


def test_every_line_of_the_readme_works(screens):
    assert {} == {line: screen for line, screen in screens.items() if not screen.endswith("<0>\n")}


def test_there_are_ten_lines_after_the_one_that_opens_the_door():
    assert 10 == len(typed()[1:])


@pytest.mark.parametrize(("words", "shown"), SHOWS.items())
def test_a_line_of_the_readme_shows_what_it_is_there_for(screens, words, shown):
    (screen,) = [said for line, said in screens.items() if line.startswith(f"chip-ledger {words}")]

    assert shown in screen


def test_the_readme_shows_the_approval_against_the_allocation(screens):
    (screen,) = [said for line, said in screens.items() if "--policy" in line]

    assert "2.66" in screen
    assert "1.33" in screen


def test_a_ledger_of_your_own_is_made_as_it_says(tmp_path):
    (block,) = OWN.findall((HOUSE / "README.md").read_text(encoding="utf-8"))
    before, countersign, _ = block.partition("chip-ledger key countersign KEY-ID --key b.chen\n")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CHIP_LEDGER")} | {
        "CHIP_LEDGER_PASSPHRASE": "correct horse",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    confirm = countersign.replace(
        "KEY-ID", "$(chip-ledger key list | grep c.okafor | cut -d' ' -f1)"
    )
    shell = subprocess.run(
        ["bash", "-c", f"set -e\n{before}{confirm}chip-ledger key list"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=environment,
    )

    assert (0, ["valid"] * 3) == (shell.returncode, re.findall("valid", shell.stdout)), shell.stderr
