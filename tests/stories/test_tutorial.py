"""What docs/tutorial-enforcement.md tells an analyst to type, typed; and what it shows, shown."""

import re
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest
from shell import after_demo

HOUSE = Path(__file__).parents[2]
PAGE = HOUSE / "docs" / "tutorial-enforcement.md"
BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
PROMPT, LEFT_OUT = "$ ", "…"


class Step(NamedTuple):
    """A line to type, with those it goes on over, and the lines shown under it."""

    typed: str
    shown: tuple[str, ...]


def steps() -> list[Step]:
    """Everything the page types, in its order."""
    found: list[Step] = []
    for block in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        for line in block.splitlines():
            if line.startswith(PROMPT):
                found.append(Step(line.removeprefix(PROMPT), ()))
            elif found[-1].typed.endswith("\\"):
                found[-1] = Step(f"{found[-1].typed}\n{line}", ())
            else:
                found[-1] = Step(found[-1].typed, (*found[-1].shown, line))
    return found


def told(line: str) -> str:
    """A line without what only fills columns."""
    return " ".join(line.split())


def expected(shown: tuple[str, ...]) -> re.Pattern[str]:
    """What a screen must be: `…` alone stands for any lines, within a line for any text of it."""
    lines = (
        r"(?:.*\n)*?"
        if told(line) == LEFT_OUT
        else ".*".join(map(re.escape, told(line).split(LEFT_OUT))) + r"\n"
        for line in shown
    )
    return re.compile("".join(lines))


@pytest.fixture(scope="module")
def screens(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[int, str]]:
    """Exit code and screen of each step, typed one after the other in one shell."""
    here = tmp_path_factory.mktemp("tutorial")
    shutil.copytree(HOUSE / "docs" / "tutorial", here / "docs" / "tutorial")
    typed = after_demo(here, [step.typed for step in steps()], talk=True)
    answers = [answer.rpartition("<") for answer in typed]
    return [
        (int(code.rstrip(">\n")), "".join(f"{told(line)}\n" for line in screen.splitlines()))
        for screen, _, code in answers
    ]


@pytest.mark.parametrize("at", range(len(steps())), ids=[step.typed for step in steps()])
def test_a_line_of_the_tutorial_answers_what_the_page_shows(screens, at):
    code, screen = screens[at]
    shown = steps()[at].shown

    assert 0 == code, screen
    assert expected(shown).fullmatch(screen), (
        f"{PAGE.name} shows\n" + "\n".join(shown) + f"\nand the screen is\n{screen}"
    )


def test_the_tutorial_types_every_verb_an_analyst_begins_with():
    typed = "\n".join(step.typed for step in steps())

    for words in (
        "flags --", "flags show", "flags rules", "why", "alerts", "trail party:",
        "trail shipment:", "trail serial:", "flag review", "case ", "case verify", "verify --",
    ):  # fmt: skip
        assert f"chip-ledger {words}" in typed
    for option in ("--known-at", "--valid-on", "--policy", "cleared", "snoozed", "referred"):
        assert option in typed


def test_a_page_that_shows_something_else_is_found_out():
    pattern = expected(("flags on …, as of entry 197", "…", "2ab7  hard"))

    assert pattern.fullmatch("flags on 2026-01-01, as of entry 197\n070f strong\n2ab7 hard\n")
    assert not pattern.fullmatch("flags on 2026-01-01, as of entry 197\n2ab7 strong\n")
    assert not pattern.fullmatch("flags on 2026-01-01, as of entry 197\n2ab7 hard\nmore\n")
