"""What a verb prints may be read by another program, which stops when it has read enough."""

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize("verb", ["roles", "quotas", "policy show diffusion-2025"])
def test_a_reader_who_has_read_enough_is_no_error(small_office, verb):
    read, write = os.pipe()
    os.close(read)
    ended = subprocess.run(
        [sys.executable, "-m", "commands", "--ledger", small_office.place, *verb.split()],
        stdout=write, stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    os.close(write)

    assert (0, "") == (ended.returncode, ended.stderr)
