"""Hashes of the files that a case was read from, taken while it is read: later they may be changed or gone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

HASH_CHUNK = 1 << 20
"""So many bytes of a file are hashed at a time."""


def file_hashes(files: Iterable[Path]) -> tuple[str | None, ...]:
    """The SHA-256 of each file, as hexadecimal digits; None where a file cannot be read any more."""
    return tuple(_sha256(file) for file in files)


def _sha256(file: Path) -> str | None:
    digest = hashlib.sha256()
    try:
        with file.open("rb") as stream:
            while chunk := stream.read(HASH_CHUNK):
                digest.update(chunk)
    except OSError:
        return None
    return digest.hexdigest()
