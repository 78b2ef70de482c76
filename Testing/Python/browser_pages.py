"""A real browser for the tests of the report: Debian's chromium, driven by playwright. Nothing is loaded by either."""

from __future__ import annotations

import base64
import contextlib
import io
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Picture

WIDE = {"viewport": {"width": 1200, "height": 1000}}
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}
WAIT_MS = 20_000


def chromium() -> Iterator[Any]:
    """Chromium without a window; skips, with the reason, where it or playwright is missing, and fails in CI."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        _missing(f"playwright cannot be loaded ({error}): install the extra 'test'")
    if path is None:
        _missing("there is no chromium: apt install chromium")
    with sync_playwright() as playwright:
        # No sandbox: as root, as in a container, chromium has none.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


def _missing(reason: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@dataclass
class Visit:
    """A page that is open, and what it did."""

    page: Any
    messages: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def cursor(self) -> np.ndarray:
        """Where the viewer's cursor is, RAS mm."""
        return np.array([float(v) for v in self.data("#viewer", "cursor").split()])

    def data(self, selector: str, name: str) -> str:
        """A data attribute of an element."""
        return self.page.eval_on_selector(selector, f"element => element.dataset.{name}")

    def do(self, act: Any) -> None:
        """Do something in the page and wait until the viewer has drawn."""
        before = self.data("#viewer", "drawn")
        act()
        self.page.wait_for_function(
            "before => document.getElementById('viewer').dataset.drawn !== before", arg=before, timeout=WAIT_MS
        )
        self.settle()

    def settle(self) -> None:
        """Wait until nothing is left to draw."""
        self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def press(self, plane: str, key: str) -> None:
        """Press a key while a plane has the focus."""
        self.do(lambda: self.page.press(canvas(plane), key))

    def click(self, plane: str, x: float, y: float) -> None:
        """Click on a place of a plane, given as parts of its width and height."""
        box = self.page.locator(canvas(plane)).bounding_box()
        at = {"x": round(box["width"] * x), "y": round(box["height"] * y)}
        self.do(lambda: self.page.click(canvas(plane), position=at))

    def pixels(self, plane: str) -> np.ndarray:
        """The colors of a canvas, int, shape (pixels, pixels, 3)."""
        url = self.page.eval_on_selector(canvas(plane), 'canvas => canvas.toDataURL("image/png")')
        with Picture.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))) as picture:
            return np.asarray(picture.convert("RGB")).astype(int)

    def shown(self, plane: str) -> Any:
        """The plane that a canvas shows, as the key images know planes."""
        from PainGeneratorLib.Report.planes import _AXES, Plane

        center = np.array([float(v) for v in self.data(canvas(plane), "center").split()])
        across, down = (np.array(axis) for axis in _AXES[plane])
        size = int(self.page.eval_on_selector(canvas(plane), "element => element.width"))
        return Plane(plane, center, across, down, size, float(self.data(canvas(plane), "mmPerPixel")))


def canvas(plane: str) -> str:
    """The selector of the canvas of a plane."""
    return f"[data-plane={plane}] canvas"


@contextlib.contextmanager
def visit(browser: Any, path: Path, viewer: bool = True, **options: Any) -> Iterator[Visit]:
    """Open a page, wait for its viewer, and note every message and request."""
    context = browser.new_context(**(options or WIDE))
    page = context.new_page()
    found = Visit(page)
    page.on("console", lambda message: found.messages.append(message.text))
    page.on("pageerror", lambda error: found.messages.append(str(error)))
    page.on("request", lambda request: found.requests.append(request.url))
    page.goto(path.as_uri())
    if viewer:
        page.wait_for_selector("#viewer[data-drawn]", timeout=WAIT_MS)
        found.settle()
    yield found
    context.close()
