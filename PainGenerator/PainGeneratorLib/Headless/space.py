"""How much space results need, so that a full disk is noticed before minutes of work, not after them."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from ..Numerics.core.errors import PainGeneratorError
from ..Report.target_checks import refuse_unwritable_name

FIXED_BYTES = 20_000_000
"""Space for report, key pictures and tables, bytes. Our estimate: they took 2 to 9 MB on our phantoms."""
SHARE_OF_INPUT = 1.5
"""Space for scene and segmentations as a share of the input. The scene holds the input once, compressed, and the SUV
volume with twice the bytes of its values. Our estimate: it was 0.8 on a low-back phantom of 32 MB."""
PHANTOM_BYTES = 60_000_000
"""Space that a phantom needs, bytes: 32 MB measured for a low back, and a reserve."""
DEMO_BYTES = 160_000_000
"""Space that the demonstration needs, bytes: a phantom and its results."""


def needed_bytes(case: Path) -> int:
    """Space that the results of a case need, bytes; too much rather than too little."""
    total = 0
    for root, _, names in os.walk(case):
        for name in names:
            try:
                total += os.lstat(os.path.join(root, name)).st_size
            except OSError:
                continue
    return FIXED_BYTES + int(SHARE_OF_INPUT * total)


def require_temporary_space(needed: int) -> None:
    """Refuse when the folder for temporary files is too full: the scene is put together there.

    Raises
    ------
    PainGeneratorError
    """
    try:
        place = Path(tempfile.gettempdir())
        free = shutil.disk_usage(place).free
    except OSError as error:
        raise PainGeneratorError(
            f"There is no folder for temporary files that can be written to: {error.strerror or error}.",
            "Set the environment variable TMPDIR to a folder with space.",
        ) from error
    refuse_unwritable_name(place)
    if free < needed:
        raise PainGeneratorError(
            f"The disk of {place}, for temporary files, has {free / 1e6:.0f} MB left; about {needed / 1e6:.0f} MB are "
            "needed.",
            "Free some space there, or set the environment variable TMPDIR to a folder with space.",
        )
