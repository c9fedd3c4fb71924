"""The house rules that no other tool checks: the rooms, the wheel, the papers, the words."""

import ast
import importlib.util
import json
import re
import subprocess
import sys
import tomllib
from base64 import b64decode, b64encode
from collections.abc import Iterator
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from types import ModuleType
from zipfile import ZipFile

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from ledger.envelope import pae, unseal
from ledger.events import EVENTS, decode, encode
from projections.red_flags import RULES
from projections.reference import default_detection

HOUSE = Path(__file__).parent.parent
ROOMS = ("ledger", "commands", "projections")

# Modules that may lean on a database, cryptography or a terminal. All others are meaning, and
# stand in the contract of that name in pyproject.toml.
MACHINERY = (
    "commands.__main__",
    "commands.cli",
    "commands.demo",
    "commands.feeds",
    "commands.handler",
    "commands.importing",
    "ledger.audit",
    "ledger.casefile",
    "ledger.checkpoint",
    "ledger.cli",
    "ledger.database",
    "ledger.envelope",
    "ledger.explain",
    "ledger.keyfile",
    "ledger.known",
    "ledger.log",
    "ledger.proof",
    "ledger.session",
    "ledger.signatures",
    "ledger.statement",
    "ledger.store",
    "ledger.tables",
    "ledger.typed",
    "ledger.undo",
    "ledger.verification",
    "ledger.views",
    "projections.cli",
    "projections.files",
    "projections.render",
)

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)


def files(*under: str) -> list[Path]:
    """What is in the repository, or would be once added; never what git ignores."""
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others",
         "--exclude-standard", "--", *under],
        cwd=HOUSE, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return [path for name in listed.stdout.split("\0") if name and (path := HOUSE / name).is_file()]


def modules() -> Iterator[str]:
    for path in files(*ROOMS):
        parts = path.relative_to(HOUSE).with_suffix("").parts
        if path.suffix == ".py" and parts[1:] != ("__init__",):
            yield ".".join(part for part in parts if part != "__init__")


def belongs(module: str, listed: tuple[str, ...]) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in listed)


def test_every_module_is_either_meaning_or_machinery():
    house = tomllib.loads((HOUSE / "pyproject.toml").read_text())
    contracts = {each["id"]: each for each in house["tool"]["importlinter"]["contracts"]}
    meaning = tuple(contracts["meaning"]["source_modules"])

    assert [] == [
        module for module in modules() if belongs(module, meaning) == belongs(module, MACHINERY)
    ]


def test_a_room_says_one_sentence_at_its_door_and_imports_nothing():
    doors = {room: ast.parse((HOUSE / room / "__init__.py").read_text()) for room in ROOMS}

    assert [] == [room for room, door in doors.items() if len(door.body) != 1]
    assert [] == [room for room, door in doors.items() if not ast.get_docstring(door)]


def test_the_wheel_holds_exactly_the_three_packages(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", tmp_path],
        cwd=HOUSE, check=True, capture_output=True,
    )  # fmt: skip
    (built,) = tmp_path.iterdir()
    with ZipFile(built) as wheel:
        held = [name for name in wheel.namelist() if ".dist-info/" not in name]

    assert sorted(str(path.relative_to(HOUSE)) for path in files(*ROOMS)) == sorted(held)
    assert set(ROOMS) == {name.split("/")[0] for name in held}


def test_the_list_of_events_is_what_their_docstrings_say_now():
    written = (HOUSE / "docs" / "events.md").read_text(encoding="utf-8")

    assert generator("make_events").page() == written, "type: make docs"


def test_the_table_of_red_flags_is_what_the_detection_pack_says_now():
    written = (HOUSE / "docs" / "red-flags.md").read_text(encoding="utf-8")

    assert generator("make_red_flags").page(written) == written, "type: make docs"


def test_every_rule_has_its_pattern_in_the_pack_and_every_pattern_its_place_on_the_page():
    written = (HOUSE / "docs" / "red-flags.md").read_text(encoding="utf-8")
    places = dict(re.findall(r"^## (P\d\d)$\n(.*?)(?=^## |\Z)", written, re.MULTILINE | re.DOTALL))
    said = ("Class:", "**Fires:**", "**Quiet:**", "**Source:**", "**Cannot see:**")
    patterns = {pattern.name: pattern.id for pattern in default_detection().patterns}

    assert [] == [rule.name for rule in RULES if rule.name not in patterns]
    assert [f"P{number:02}" for number in range(1, 32)] == sorted(set(patterns.values()))
    assert sorted(places) == sorted(set(patterns.values()))
    assert [] == [(id_, each) for id_, text in places.items() for each in said if each not in text]


def test_a_rule_asks_its_pattern_for_numbers_the_pack_has():
    asked = re.compile(r"(?:limits|parameters)\[\s*\"(\w+)\"")
    parameters = {each.name: each.parameters for each in default_detection().patterns}
    folder = HOUSE / "projections" / "red_flags"

    assert [] == [
        (rule.name, name)
        for rule in RULES
        for name in asked.findall(
            (folder / f"{rule.name.replace('-', '_')}.py").read_text(encoding="utf-8")
        )
        if name not in parameters[rule.name]
    ]


def generator(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, HOUSE / "docs" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_example_on_the_page_of_formats_is_what_we_sign():
    page = (HOUSE / "docs" / "formats.md").read_text(encoding="utf-8")
    shown = dict(re.findall(r"^```(\w+)\n(.*?)\n```$", page, re.MULTILINE | re.DOTALL))
    payload, line = shown["payload"].encode(), shown["line"].encode()
    envelope = unseal(line)
    ((kid, signature),) = envelope.signatures
    spki = b64decode(shown["spki"])
    said = json.loads(payload)
    leaf = sha256(b"\0" + line)
    note, _, signed = shown["checkpoint"].partition("\n\n")
    origin, key_hash, key = shown["verifier"].split("+", 2)
    log_key = b64decode(key)

    assert payload == envelope.payload
    assert said["data"] == json.loads(
        encode(decode(said["type"], json.dumps(said["data"]).encode()))
    )
    assert kid == said["kid"] == shown["keyid"] == sha256(spki).hexdigest()[:32]
    assert leaf.hexdigest() == shown["leaf"]
    assert f"{said['log']}\n1\n{b64encode(leaf.digest()).decode()}" == note
    assert key_hash == sha256(origin.encode() + b"\n" + log_key).hexdigest()[:8]
    load_der_public_key(spki).verify(signature, pae(payload))
    blob = b64decode(signed.removeprefix(f"— {origin} "))
    assert key_hash == blob[:4].hex()
    Ed25519PublicKey.from_public_bytes(log_key[1:]).verify(blob[4:], f"{note}\n".encode())


def test_every_event_has_its_bytes_kept():
    kept = (HOUSE / "tests" / "vectors" / "events").glob("*")

    assert set(EVENTS) == {path.name.removesuffix(".json") for path in kept}


def test_no_file_names_a_registry_or_a_folder_of_somebodys_machine():
    # Written in pieces, or this file would name them.
    hosts = ("py" + "pi.", "python" + "hosted", "npm" + "js.", "deb." + "debian", "crates" + ".io")
    folders = ("wo" + "rk", "ro" + "ot", "ho" + "me", "op" + "t", "Us" + "ers")
    named = re.compile(
        "|".join(map(re.escape, hosts)) + rf"|(?<![\w.*>)\]}}])/(?:{'|'.join(folders)})/"
    )

    found = {
        f"{path.relative_to(HOUSE)}: {hit[0]}"
        for path in files()
        for hit in named.finditer(path.read_text(encoding="utf-8", errors="replace"))
    }

    assert set() == found


def test_no_code_is_left_for_later():
    later = re.compile(r"\b(?:" + "TO" + "DO|" + "FIX" + r"ME)\b")

    assert [] == [
        str(path.relative_to(HOUSE))
        for path in files()
        if path.suffix == ".py" and later.search(path.read_text(encoding="utf-8"))
    ]


def test_every_command_and_every_option_says_what_it_is_for():
    front_door: click.Group = import_module("commands.__main__").cli

    assert [] == list(silent("chip-ledger", front_door))


def silent(path: str, command: click.Command) -> Iterator[str]:
    if not (command.help or "").strip():
        yield path
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not (parameter.help or "").strip():
            yield f"{path} {parameter.opts[0]}"
    if isinstance(command, click.Group):
        for name, verb in command.commands.items():
            yield from silent(f"{path} {name}", verb)


def test_every_link_between_our_papers_leads_somewhere():
    papers = [path for path in files() if path.suffix == ".md"]

    assert [] == [dead for paper in papers for dead in dead_links(paper)]


def dead_links(paper: Path) -> Iterator[str]:
    for link in LINK.findall(CODE.sub("", paper.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        place, _, anchor = link.partition("#")
        target = (paper.parent / place).resolve() if place else paper
        if not target.exists() or (anchor and anchor not in anchors(target)):
            yield f"{paper.relative_to(HOUSE)}: {link}"


def anchors(paper: Path) -> set[str]:
    """The anchor of each heading: lower case, punctuation dropped, spaces to hyphens."""
    headings = HEADING.findall(paper.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}
