"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of reference data; skips (or fails in CI) where it is missing."""
    folder = Path(os.environ.get("PAINGENERATOR_DATA") or PROJECT.parent / "shared" / "data")
    if not (folder / "README.md").is_file():
        text = f"no reference data in {folder}: set PAINGENERATOR_DATA"
        if os.environ.get("CI"):
            pytest.fail(text)
        pytest.skip(text)
    return folder


@pytest.fixture(scope="session")
def project_folder() -> Path:
    """The root of the project."""
    return PROJECT
