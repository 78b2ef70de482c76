"""Fixtures of the tests of the report."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from browser_pages import chromium


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium; skipped, with the reason, where it is missing."""
    yield from chromium()
