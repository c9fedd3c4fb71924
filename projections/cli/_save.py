"""A file written whole or not at all, and never over another unless that was said."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ledger.errors import Refused, Unknown


@contextmanager
def saving(to: Path, *, force: bool) -> Iterator[Path]:
    """A path beside `to` for the content; when all went well it takes the name `to`.

    Raises `Refused` (FILE_EXISTS) where something is there already, unless forced, and `Unknown`
    (FOLDER_MISSING) where there is no such folder.
    """
    if to.exists() and not force:
        raise Refused(
            f"{to} is there already", remedy="give another name, or --force", code="FILE_EXISTS"
        )
    if not to.parent.is_dir():
        raise Unknown(
            f"there is no folder {to.parent}",
            remedy="make it, or name another",
            code="FOLDER_MISSING",
        )
    handle, name = tempfile.mkstemp(dir=to.parent, prefix=f".{to.name}.")
    os.close(handle)
    made = Path(name)
    try:
        yield made
        # Made for its owner alone; a new file is readable as the system's mask has it.
        mask = os.umask(0)
        os.umask(mask)
        made.chmod(0o666 & ~mask)
        made.replace(to)
    finally:
        made.unlink(missing_ok=True)
