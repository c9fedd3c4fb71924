"""What a page tells people to type after `make demo`, typed line after line in one shell."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


def after_demo(here: Path, lines: Sequence[str], *, talk: bool = False) -> list[str]:
    """What each line answers on stdout, and with `talk` on stderr too, where the demonstration was
    built in a folder.

    Each answer ends with the exit code between angle brackets, on a line of its own.
    """
    (here / "demo").mkdir()
    (here / ".venv" / "bin").mkdir(parents=True)
    (here / ".venv" / "bin" / "activate").write_text(
        f'export PATH="{Path(sys.executable).parent}:$PATH"\n'
    )
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CHIP_LEDGER")}
    program = Path(sys.executable).with_name("chip-ledger")
    subprocess.run(
        [program, "demo", "--ledger", "demo/ledger.db"],
        cwd=here,
        check=True,
        capture_output=True,
        env=environment,
    )
    script = "\n".join(f"echo '>>>'\n{line}\necho \"<$?>\"" for line in lines)
    shell = subprocess.run(
        ["bash", "-c", f"exec 2>&1\n{script}" if talk else script],
        cwd=here,
        capture_output=True,
        text=True,
        env=environment,
        check=True,
    )
    return shell.stdout.split(">>>\n")[1:]
