"""The viewer of the report in a real browser: what a click, a key and a finger do, and what the canvases show."""

from __future__ import annotations

import dataclasses
import io
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser_pages import PHONE, WIDE, Visit, canvas, visit
from PainGeneratorLib.Report.content import ReportCase
from PainGeneratorLib.Report.drawing import ON_DARK, gray, robust_window
from PainGeneratorLib.Report.languages import LANGUAGE_NAMES, load_language
from PainGeneratorLib.Report.letter import comment_names
from PainGeneratorLib.Report.letter_html import CONFIRM, RESEARCH_USE
from PainGeneratorLib.Report.overview import overview_picture
from PainGeneratorLib.Report.planes import PLANE_NAMES, Plane, outline, sample
from PainGeneratorLib.Report.report import NO_DEVICE, report_html
from PainGeneratorLib.Report.viewer_packing import PET_FRAME
from PainGeneratorLib.Workflow.letter_notes import LetterNotes
from report_examples import example_candidates, example_images
from scipy import ndimage
from viewer_examples import (
    LESION,
    SMALL_LESION,
    example_viewer,
    oblique_viewer,
    report_content,
    report_with_pictures,
)

pytestmark = pytest.mark.slow
THROUGH = {"axial": 2, "coronal": 1, "sagittal": 0}


@pytest.fixture(scope="module")
def report_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report with viewer and key images."""
    path = tmp_path_factory.mktemp("viewer") / "report.html"
    path.write_text(report_html(report_with_pictures()), encoding="utf-8")
    return path


@pytest.fixture
def opened(browser: Any, report_path: Path) -> Iterator[Visit]:
    """The report, open on a wide screen; it must neither complain nor ask for anything."""
    with visit(browser, report_path) as found:
        yield found
        assert found.messages == []
        assert found.requests == [report_path.as_uri()]


def test_the_page_runs_no_script_but_ours_whatever_the_name_of_the_patient_holds(opened: Visit) -> None:
    assert opened.page.title().startswith("PainGenerator report")
    assert "document.title" in opened.page.inner_text("main")


def test_a_script_that_somebody_puts_into_the_page_does_not_run(
    browser: Any, report_path: Path, tmp_path: Path
) -> None:
    text = report_path.read_text(encoding="utf-8")
    changed = tmp_path / "changed.html"
    changed.write_text(
        text.replace(
            "</main>", '<script>document.title="hacked"</script><img src="x" onerror="document.title=1"></main>'
        )
    )
    with visit(browser, changed) as found:
        assert found.page.title().startswith("PainGenerator report")
        assert any("Content Security Policy" in message for message in found.messages)
        assert found.page.evaluate("fetch('https://example.org').then(() => 'loaded', () => 'refused')") == "refused"


@pytest.mark.parametrize("plane", PLANE_NAMES)
def test_a_click_moves_all_planes_to_within_a_voxel(opened: Visit, plane: str) -> None:
    before = opened.cursor()
    shown = opened.shown(plane)
    x, y = 0.62, 0.41
    expected = shown.origin_ras + shown.mm_per_pixel * shown.pixels * (x * shown.across + y * shown.down)
    opened.click(plane, x, y)
    assert np.abs(opened.cursor() - expected).max() < 1.25
    assert opened.cursor()[THROUGH[plane]] == before[THROUGH[plane]]
    for other in PLANE_NAMES:
        assert opened.shown(other).center_ras[THROUGH[other]] == pytest.approx(opened.cursor()[THROUGH[other]])
        slider = float(opened.page.input_value(f"[data-plane={other}] input"))
        assert slider == pytest.approx(opened.cursor()[THROUGH[other]], abs=0.01)


def _line(colors: np.ndarray) -> np.ndarray:
    return np.abs(colors - np.array(ON_DARK)).max(axis=-1) <= 2


def _far_part(first: np.ndarray, second: np.ndarray, reach: int) -> float:
    """The part of the true pixels of a mask that are farther than `reach` pixels from those of another one."""
    near = ndimage.binary_dilation(second, np.ones((3, 3), bool), iterations=reach)
    return float((first & ~near).sum() / max(first.sum(), 1))


@pytest.mark.parametrize("number", range(4))
def test_the_list_jumps_to_each_entry_and_its_outline_is_there(opened: Visit, number: int) -> None:
    inputs = example_viewer()
    mark = inputs.marks[number][1]
    button = opened.page.locator("[data-part=marks] button").nth(number)
    opened.do(lambda: button.click())
    assert np.abs(opened.cursor() - mark.centroid_ras_mm).max() < 0.01
    assert button.get_attribute("aria-current") == "true"
    for name in PLANE_NAMES:
        shown = opened.shown(name)
        drawn = _line(opened.pixels(name))
        expected = outline([mark.region], shown)
        rows, columns = np.nonzero(expected)
        near = np.zeros_like(drawn)
        near[rows.min() - 3 : rows.max() + 4, columns.min() - 3 : columns.max() + 4] = True
        assert (drawn & near).sum() > 0.3 * expected.sum()
        assert _far_part(expected & ~_crossed(opened, shown), drawn, 2) < 0.05


def _crossed(opened: Visit, shown: Plane) -> np.ndarray:
    """Pixels near the lines of the cursor, which may hide an outline."""
    x, y = np.rint(shown.pixel_of(opened.cursor())).astype(int)
    mask = np.zeros((shown.pixels, shown.pixels), dtype=bool)
    mask[max(y - 3, 0) : y + 4] = mask[:, max(x - 3, 0) : x + 4] = True
    return mask


def test_without_outlines_no_pixel_has_their_color(opened: Visit) -> None:
    opened.do(lambda: opened.page.uncheck("[data-part=outlines]"))
    assert not any(_line(opened.pixels(name)).any() for name in PLANE_NAMES)


def _choose(opened: Visit, title: str) -> None:
    opened.do(lambda: opened.page.select_option("[data-part=series]", label=title))


def _slide(opened: Visit, part: str, value: float) -> None:
    code = "([part, value]) => { const s = document.querySelector(`[data-part=${part}]`); s.value = value;"
    code += " s.dispatchEvent(new Event('input', { bubbles: true })); }"
    opened.do(lambda: opened.page.evaluate(code, [part, value]))


@pytest.mark.parametrize("name", PLANE_NAMES)
def test_the_canvas_shows_what_the_key_images_would_show(opened: Visit, name: str) -> None:
    opened.do(lambda: opened.page.uncheck("[data-part=outlines]"))
    _slide(opened, "opacity", 0)
    image = example_viewer().series[0].image
    shown = opened.shown(name)
    expected = gray(sample(image, shown), robust_window(image.array)).astype(int)
    free = ~_crossed(opened, shown)
    edge = shown.pixels // 6
    free[:edge] = free[-edge:] = free[:, :edge] = free[:, -edge:] = False
    assert np.median(np.abs(opened.pixels(name) - expected)[free]) <= 3
    assert np.corrcoef(opened.pixels(name)[free].ravel(), expected[free].ravel())[0, 1] > 0.99


def test_the_values_at_the_cursor_are_those_of_the_voxels_there(opened: Visit) -> None:
    inputs = example_viewer()
    opened.do(lambda: opened.page.locator("[data-part=marks] button").nth(1).click())
    cells = opened.page.locator("[data-part=values] tbody tr").all_inner_texts()
    there = opened.cursor()
    mirrored = there * [-1, 1, 1] + [-6, 0, 0]
    for series, text in zip(inputs.series, cells, strict=True):
        title, here, other = text.split("\t")
        assert title.startswith("SUV" if series.is_pet else series.title)
        for shown, place in ((here, there), (other, mirrored)):
            i, j, k = np.rint(series.image.geometry.to_ijk(place)).astype(int)
            value = float(series.image.array[k, j, i])
            expected = 0.0051 if series.is_pet else 4.0
            assert float(re.sub("[^0-9.]", "", shown)) == pytest.approx(value, abs=expected)


@pytest.mark.parametrize(
    ("order", "flips", "tilt"),
    [
        ((0, 1, 2), (-1, -1, 1), 0.0),  # axial, as scanners store it
        ((0, 1, 2), (1, 1, -1), 22.0),  # axial, stored the other way around, tilted
        ((1, 2, 0), (-1, -1, 1), 0.0),  # sagittal from left to right
        ((1, 2, 0), (-1, -1, -1), -28.0),  # sagittal from right to left, tilted
        ((0, 2, 1), (-1, -1, 1), 17.0),  # coronal, tilted
        ((2, 0, 1), (1, -1, -1), -12.0),
    ],
)
def test_a_lesion_on_the_left_is_at_the_right_of_the_picture_however_the_series_is_stored(
    browser: Any, tmp_path: Path, order: tuple[int, int, int], flips: tuple[int, int, int], tilt: float
) -> None:
    path = tmp_path / "report.html"
    path.write_text(report_html(report_content(oblique_viewer(order, flips, tilt))), encoding="utf-8")
    with visit(browser, path) as found:
        assert np.abs(found.cursor() - LESION).max() < 0.01
        found.do(lambda: found.page.uncheck("[data-part=outlines]"))
        for name in PLANE_NAMES:
            _lesion_is_where_it_belongs(
                found, name, LESION, {"axial": (1, -1), "coronal": (1, -1), "sagittal": (-1, -1)}
            )
        assert [found.data(canvas(name), "letters") for name in PLANE_NAMES] == ["RLAP", "RLSI", "APSI"]
        found.do(lambda: found.page.evaluate(_MOVE, SMALL_LESION.tolist()))
        for name in PLANE_NAMES:
            _lesion_is_where_it_belongs(
                found, name, SMALL_LESION, {"axial": (-1, 1), "coronal": (-1, 1), "sagittal": (1, 1)}
            )
        assert found.messages == []


_MOVE = """ras => ["sagittal", "coronal", "axial"].forEach((name, axis) => {
  const slider = document.querySelector(`[data-plane=${name}] input`);
  slider.value = ras[axis];
  slider.dispatchEvent(new Event("input", { bubbles: true }));
})"""
"""Move the three sliders to a position."""


def _lesion_is_where_it_belongs(
    found: Visit, name: str, lesion: np.ndarray, sides: dict[str, tuple[int, int]]
) -> None:
    """The bright pixels lie around the cursor, on the expected side of the middle (1: right, below)."""
    shown = found.shown(name)
    expected_x, expected_y = shown.pixel_of(lesion)
    middle = (shown.pixels - 1) / 2
    x_side, y_side = sides[name]
    assert np.sign(expected_x - middle) == x_side
    assert np.sign(expected_y - middle) == y_side
    bright = found.pixels(name).min(axis=-1) > 140
    yy, xx = np.indices(bright.shape)
    bright &= np.hypot(xx - expected_x, yy - expected_y) < 0.1 * shown.pixels
    bright &= ~(_crossed(found, shown) & (np.hypot(xx - expected_x, yy - expected_y) > 0.034 * shown.pixels))
    labeled = bright.sum()
    radius_px = np.sqrt(labeled / np.pi)
    assert 3.5 < radius_px * shown.mm_per_pixel < 13
    assert abs(xx[bright].mean() - expected_x) * shown.mm_per_pixel < 2.5
    assert abs(yy[bright].mean() - expected_y) * shown.mm_per_pixel < 2.5
    dark = found.pixels(name).min(axis=-1) < 120
    elsewhere = np.hypot(xx - (2 * middle - expected_x), yy - expected_y) < 0.02 * shown.pixels
    assert (dark | ~elsewhere | _crossed(found, shown)).mean() > 0.999


def test_keys_move_the_cursor_as_the_picture_shows_it(opened: Visit) -> None:
    start = opened.cursor()
    opened.press("axial", "ArrowRight")
    assert opened.cursor() - start == pytest.approx([-1, 0, 0])
    opened.press("axial", "Shift+ArrowUp")
    assert opened.cursor() - start == pytest.approx([-1, 10, 0])
    opened.press("sagittal", "ArrowRight")
    assert opened.cursor() - start == pytest.approx([-1, 9, 0])
    opened.press("coronal", "ArrowDown")
    assert opened.cursor() - start == pytest.approx([-1, 9, -1])
    opened.press("sagittal", "PageUp")
    assert opened.cursor()[0] - start[0] == pytest.approx(3.0, abs=0.1)


def test_keys_choose_candidates_series_and_the_other_side(opened: Visit) -> None:
    marks = [one for _, one in example_viewer().marks]
    opened.press("axial", "n")
    assert opened.cursor() == pytest.approx(marks[1].centroid_ras_mm, abs=0.01)
    opened.press("axial", "m")
    assert opened.cursor() == pytest.approx(marks[1].centroid_ras_mm * [-1, 1, 1] + [-6, 0, 0], abs=0.01)
    opened.press("axial", "p")
    assert opened.cursor() == pytest.approx(marks[0].centroid_ras_mm, abs=0.01)
    opened.press("axial", "s")
    assert opened.data("#viewer", "series") == "FLUID"
    opened.press("axial", "o")
    assert not opened.page.is_checked("[data-part=outlines]")
    before = opened.pixels("axial")
    opened.press("axial", "c")
    assert opened.page.is_checked("[data-part=mirrored]")
    assert (np.abs(opened.pixels("axial") - before).max(axis=-1) > 60).sum() > 30


def test_every_control_is_reached_with_the_tab_key(opened: Visit) -> None:
    code = """() => [...document.querySelectorAll("#viewer button, #viewer input, #viewer select, #viewer canvas")]
      .filter(e => !e.disabled && e.offsetParent !== null).map(e => e.tabIndex)"""
    indices = opened.page.evaluate(code)
    assert len(indices) > 15
    assert set(indices) == {0}
    unnamed = """() => [...document.querySelectorAll("#viewer button, #viewer input, #viewer select, #viewer canvas")]
      .filter(e => !(e.getAttribute("aria-label") || (e.labels || []).length || e.textContent.trim())).length"""
    assert opened.page.evaluate(unnamed) == 0


def test_the_wheel_goes_through_slices_and_enlarges_with_ctrl(opened: Visit) -> None:
    start = opened.cursor()
    opened.page.hover(canvas("coronal"))
    opened.do(lambda: opened.page.mouse.wheel(0, 120))
    step = opened.cursor() - start
    assert step[1] == pytest.approx(-1.25, abs=0.02)
    assert step[[0, 2]] == pytest.approx([0, 0])
    wide = float(opened.data(canvas("axial"), "mmPerPixel"))
    opened.page.keyboard.down("Control")
    opened.do(lambda: opened.page.mouse.wheel(0, -120))
    opened.page.keyboard.up("Control")
    assert float(opened.data(canvas("axial"), "mmPerPixel")) == pytest.approx(wide / 1.25)
    opened.do(lambda: opened.page.click("[data-part=whole]"))
    assert float(opened.data(canvas("axial"), "mmPerPixel")) == pytest.approx(wide)


def test_dragging_moves_on_and_with_shift_changes_the_window(opened: Visit) -> None:
    box = opened.page.locator(canvas("axial")).bounding_box()
    mouse = opened.page.mouse
    mouse.move(box["x"] + 100, box["y"] + 100)
    mouse.down()
    first = opened.cursor()
    opened.do(lambda: mouse.move(box["x"] + 150, box["y"] + 100))
    mouse.up()
    assert opened.cursor()[0] - first[0] == pytest.approx(-50 / box["width"] * _width(opened), abs=1.0)
    opened.settle()
    level, there = opened.page.input_value("[data-part=level]"), opened.cursor()
    opened.page.keyboard.down("Shift")
    mouse.down()
    opened.do(lambda: mouse.move(box["x"] + 150, box["y"] + 160))
    mouse.up()
    opened.page.keyboard.up("Shift")
    assert opened.cursor() == pytest.approx(there)
    assert opened.page.input_value("[data-part=level]") != level


def _width(opened: Visit) -> float:
    shown = opened.shown("axial")
    return shown.pixels * shown.mm_per_pixel


def test_colors_of_the_pet_begin_where_the_slider_says_and_fade_with_the_opacity(opened: Visit) -> None:
    def hot(colors: np.ndarray) -> int:
        return int(((colors[..., 0] - colors[..., 2]) > 60).sum())

    opened.do(lambda: opened.page.locator("[data-part=marks] button").nth(1).click())
    before = hot(opened.pixels("axial"))
    assert before > 20
    _slide(opened, "start", 0.3)
    assert hot(opened.pixels("axial")) > before
    _slide(opened, "opacity", 0)
    assert hot(opened.pixels("axial")) == 0


def test_the_pet_alone_is_dark_on_white(opened: Visit) -> None:
    _choose(opened, "PET alone")
    assert opened.pixels("coronal").mean() > 150
    assert opened.page.is_disabled("[data-part=opacity]")


def test_on_a_phone_nothing_is_wider_than_the_screen_and_a_finger_moves_the_cursor(
    browser: Any, report_path: Path
) -> None:
    with visit(browser, report_path, **PHONE) as found:
        assert found.page.evaluate("document.documentElement.scrollWidth") <= 390
        box = found.page.locator(canvas("coronal")).bounding_box()
        assert box["width"] > 300
        shown = found.shown("coronal")
        found.page.locator(canvas("coronal")).scroll_into_view_if_needed()
        at = {"x": box["width"] * 0.6, "y": box["height"] * 0.3}
        found.do(lambda: found.page.tap(canvas("coronal"), position=at))
        expected = shown.origin_ras + shown.mm_per_pixel * shown.pixels * (0.6 * shown.across + 0.3 * shown.down)
        assert np.abs(found.cursor() - expected)[[0, 2]].max() < 1.3
        small = (
            "() => [...document.querySelectorAll('#viewer button')].filter(e => e.offsetHeight && e.offsetHeight < 36)"
        )
        assert found.page.evaluate(f"({small})().length") == 0
        assert found.messages == []


def test_without_script_the_key_images_remain(browser: Any, report_path: Path) -> None:
    with visit(browser, report_path, viewer=False, java_script_enabled=False) as found:
        assert "The viewer needs JavaScript." in found.page.inner_text("main")
        assert not found.page.locator("#viewer canvas").first.is_visible()
        assert found.page.locator("figure.key").count() == 3
        assert found.page.locator("figure.key img").first.is_visible()
        assert found.requests == [report_path.as_uri()]


def test_a_browser_that_cannot_unpack_says_so(browser: Any, report_path: Path) -> None:
    context = browser.new_context()
    context.add_init_script("delete window.DecompressionStream")
    page = context.new_page()
    page.goto(report_path.as_uri())
    assert "too old for the viewer" in page.inner_text("#viewer")
    assert not page.locator("#viewer canvas").first.is_visible()
    context.close()


def test_data_that_is_damaged_is_said_and_hides_the_planes(browser: Any, report_path: Path, tmp_path: Path) -> None:
    text = report_path.read_text(encoding="utf-8")
    place = text.index('id="viewer-data">') + 2000
    broken = tmp_path / "broken.html"
    broken.write_text(text[:place] + "AAAA" * 50 + text[place + 200 :], encoding="utf-8")
    with visit(browser, broken, viewer=False) as found:
        found.page.wait_for_function(
            "document.querySelector('#viewer [role=status]').textContent.includes('not start')"
        )
        assert not found.page.locator("#viewer canvas").first.is_visible()


def test_the_summary_is_printed_on_two_pages_and_the_whole_record_when_asked(opened: Visit) -> None:
    import pypdf

    def printed() -> list[str]:
        pages = pypdf.PdfReader(io.BytesIO(opened.page.pdf(prefer_css_page_size=True))).pages
        return [page.extract_text() for page in pages]

    pages = printed()
    assert len(pages) == 2
    assert "Research use only" in pages[0]
    left_out = "All candidates, the details for the radiologist and the viewer are in report.html."
    assert left_out in " ".join(" ".join(pages).split())
    assert all("Cursor of the other side" not in page for page in pages)
    opened.page.check("#print-whole")
    assert len(printed()) > 2
    assert left_out not in " ".join(" ".join(printed()).split())


NOTES = LetterNotes(
    "The uptake fits the pain on extension, and is by far the highest of the spine.\n\nNo sign of infection.",
    "A block of the medial branches on the left. Control after six weeks.",
)
"""What a radiologist writes."""
COMMENT = (
    "Seen before in 2019, then smaller.\nTender on palpation.\nFits the pain on extension and on rotation to the left."
)


def _printed(found: Visit) -> list[str]:
    """The text of the printed pages, with ligatures as the letters that they stand for."""
    import pypdf

    pages = pypdf.PdfReader(io.BytesIO(found.page.pdf(prefer_css_page_size=True))).pages
    return [" ".join(unicodedata.normalize("NFKC", page.extract_text()).split()) for page in pages]


@pytest.mark.parametrize("code", list(LANGUAGE_NAMES))
@pytest.mark.parametrize("with_notes", [False, True])
def test_the_letter_is_printed_on_two_pages_in_every_language_also_with_what_the_radiologist_wrote(
    browser: Any, tmp_path: Path, code: str, with_notes: bool
) -> None:
    content = report_with_pictures()
    images = example_images()
    content = dataclasses.replace(content, language=code, overview_png=overview_picture(example_candidates(), images))
    if with_notes:
        first = next(iter(comment_names(content).values()))
        notes = dataclasses.replace(NOTES, comments={first: COMMENT})
        content = dataclasses.replace(content, notes=notes)
    path = tmp_path / "report.html"
    path.write_text(report_html(content), encoding="utf-8")
    with visit(browser, path, viewer=False) as found:
        pages = _printed(found)
    assert len(pages) == 2
    say = load_language(code).say
    assert say(RESEARCH_USE) in pages[0]
    assert say(NO_DEVICE, version="0.1.0") in pages[1]
    if with_notes:
        assert "Tender on palpation." in " ".join(pages)
    else:
        # The first candidate uses the free half of the first page.
        assert say(CONFIRM) in pages[0]


def test_much_text_makes_fewer_candidates_on_paper_and_the_page_says_so(browser: Any, tmp_path: Path) -> None:
    notes = LetterNotes(" ".join(["The uptake fits the pain on extension."] * 60))
    path = tmp_path / "report.html"
    path.write_text(report_html(dataclasses.replace(report_with_pictures(), notes=notes)), encoding="utf-8")
    with visit(browser, path, viewer=False) as found:
        pages = _printed(found)
        shown = found.page.evaluate(
            "[...document.querySelectorAll('.letter article')].filter(e => !e.classList.contains('off-paper')).length"
        )
    assert len(pages) == 2
    assert shown < 3
    assert f"Printed are the first {shown} of 3 candidates." in " ".join(pages)


def test_on_paper_the_fluid_sensitive_mr_stands_for_what_is_seen_on_mr_only(browser: Any, report_path: Path) -> None:
    with visit(browser, report_path) as found:
        found.page.emulate_media(media="print")
        rows = found.page.evaluate(
            """() => [...document.querySelectorAll(".letter article:not(.off-paper)")].map(article =>
              [article.className, [...article.querySelectorAll(".panels")].filter(e => e.offsetHeight)
                .map(e => e.className)])"""
        )
        sizes = found.page.evaluate(
            "[...document.querySelectorAll('.letter .panels img')].map(e => e.offsetWidth).filter(w => w > 60)"
        )
    assert len(rows) == 3
    for article, shown in rows:
        assert ("panels row-fluid" in shown) or "on-MRonly" not in article
        assert ("panels row-fused" in shown) or "on-MRonly" in article
        assert "panels row-pet" not in shown
    assert min(sizes) > 95  # Pixels of 1/96 inch: 25 mm.


@pytest.mark.parametrize("options", [PHONE, WIDE])
def test_a_long_name_does_not_widen_the_page(browser: Any, tmp_path: Path, options: dict[str, Any]) -> None:
    case = ReportCase(patient_name="Wolfeschlegelsteinhausenbergerdorff" * 3 + "^Hubert", patient_id="X" * 90)
    path = tmp_path / "report.html"
    path.write_text(report_html(dataclasses.replace(report_with_pictures(), case=case)), encoding="utf-8")
    with visit(browser, path, viewer=False, **options) as found:
        assert found.page.evaluate("document.documentElement.scrollWidth") <= options["viewport"]["width"]


def test_on_a_phone_key_images_fit_the_width_and_the_figure_is_large_with_a_hint(browser: Any, tmp_path: Path) -> None:
    overview = overview_picture(example_candidates(), example_images())
    path = tmp_path / "report.html"
    path.write_text(report_html(dataclasses.replace(report_with_pictures(), overview_png=overview)), encoding="utf-8")
    with visit(browser, path, **PHONE) as found:
        boxes = found.page.evaluate(
            """() => [...document.querySelectorAll(".letter figure.key img:not(.scale)")]
              .map(e => [e.getBoundingClientRect().right, e.offsetWidth])"""
        )
        assert len(boxes) >= 9
        assert max(right for right, _width in boxes) <= 390
        assert min(width for _right, width in boxes) > 150
        assert found.page.evaluate("document.querySelector('figure.overview img').offsetWidth") >= 700
        assert found.page.locator("figure.overview .hint").is_visible()
        assert found.page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("code", [code for code in LANGUAGE_NAMES if code != "en"])
def test_the_viewer_speaks_the_language_of_the_letter_and_its_list_has_the_names_of_the_letter(
    browser: Any, tmp_path: Path, code: str
) -> None:
    content = dataclasses.replace(report_with_pictures(), language=code)
    path = tmp_path / "report.html"
    path.write_text(report_html(content), encoding="utf-8")
    with visit(browser, path) as found:
        names = found.page.locator("[data-part=marks] button").all_inner_texts()
        headings = found.page.locator(".letter article h3").all_inner_texts()
        shown = found.page.inner_text("#viewer").lower()
        assert found.messages == []
    for name in names:
        if name[:1].isdigit():
            assert any(heading.startswith(name) for heading in headings), name
    for english in ("go to", "other side", "outlines", "mr only", "pet only", "posterior", "mouse", "whole image"):
        assert english not in shown


def test_pet_and_mr_that_are_not_aligned_are_never_on_top_of_each_other(browser: Any, tmp_path: Path) -> None:
    inputs = example_viewer()
    pet = dataclasses.replace(inputs.series[2], frame=PET_FRAME)
    path = tmp_path / "report.html"
    apart = dataclasses.replace(inputs, series=[*inputs.series[:2], pet])
    path.write_text(report_html(report_content(apart)), encoding="utf-8")
    with visit(browser, path) as found:
        titles = found.page.locator("[data-part=series] option").all_inner_texts()
        assert titles == ["T1", "Fluid-sensitive MR", "PET alone"]
        found.do(lambda: found.page.locator("[data-part=marks] button").nth(1).click())
        assert found.data("#viewer", "series") == "T1"
        colors = found.pixels("axial")
        assert ((colors[..., 0] - colors[..., 2]) > 60).sum() < 20  # The second cross is off; no color of the PET.
        values = found.page.locator("[data-part=values] tbody tr").all_inner_texts()
        assert values[2].split("\t")[1:] == ["\N{EN DASH}", "\N{EN DASH}"]
        found.do(lambda: found.page.locator("[data-part=marks] button").nth(2).click())
        assert found.data("#viewer", "series") == "PET"
        assert found.page.is_disabled("[data-part=mirrored]")
        assert found.messages == []
