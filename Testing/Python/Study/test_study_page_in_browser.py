"""The page of a study in a real browser: its policy lets its own style and figures through, on screen and phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser_pages import PHONE, WIDE, chromium
from PainGeneratorLib.Study.report_files import PAGE, write_study_report
from PainGeneratorLib.Study.results import study_results
from PainGeneratorLib.Study.simulated import simulated_study

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    yield from chromium()


@pytest.mark.parametrize("view", [WIDE, PHONE], ids=["screen", "phone"])
def test_figures_and_style_are_shown_and_nothing_is_blocked(
    browser: Any, view: dict[str, Any], tmp_path: Path
) -> None:
    write_study_report(study_results(simulated_study()), tmp_path)
    context = browser.new_context(**view)
    page = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    page.goto((tmp_path / PAGE).as_uri())
    widths = page.evaluate("[...document.images].map(one => [one.complete, one.naturalWidth])")
    assert len(widths) == 5
    assert all(complete and width > 100 for complete, width in widths)
    assert page.evaluate("getComputedStyle(document.querySelector('main')).backgroundColor") == "rgb(255, 255, 255)"
    # The page itself never scrolls sideways; wide tables do so within their box.
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert said == []
    assert all(url.startswith(("file:", "data:")) for url in asked)
    context.close()
