"""Tables, key images and the report: right sides, right units, nothing invented, nothing loaded from elsewhere."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.image import Geometry, Image, Region
from PainGeneratorLib.Numerics.core.records import LedgerEntry, Place
from PainGeneratorLib.Numerics.core.sites import SiteTable
from PainGeneratorLib.Report import case_outputs, overview, planes, tables, words
from PainGeneratorLib.Report import key_images as key_images_module
from PainGeneratorLib.Report.content import ChangedParameter, ReferenceRow, ReportCase, ReportContent
from PainGeneratorLib.Report.drawing import Window, fused, gray, robust_window, round_up, ticks
from PainGeneratorLib.Report.evidence_section import basis, weight_row, weight_source
from PainGeneratorLib.Report.key_images import KeyImageInputs, key_image, key_images
from PainGeneratorLib.Report.report import report_html
from PainGeneratorLib.Report.site_text import conclusion
from PainGeneratorLib.Report.tables import ledger_text
from PainGeneratorLib.Workflow.evidence import evidence_table
from PainGeneratorLib.Workflow.protocol import load_protocol
from PIL import Image as Picture
from report_examples import (
    FACET,
    attention_examples,
    candidate,
    example_candidates,
    example_images,
    hot_spot,
    mr_geometry,
    pet_geometry,
    reference_to_pet,
    set_apart_examples,
)

CONTRACT = {
    "id", "rank", "score", "score_parts", "name", "short_name", "structure", "side", "side_certainty", "level",
    "level_certainty", "zone", "evidence", "strength", "pet_state", "mr_state", "reason", "status", "origin",
    "centroid_ras_mm", "volume_ml", "suv_max", "suv_peak", "suv_mean", "mtv_ml", "tlg_g", "tbr", "left_right_ratio",
    "mr_kind", "mr_z", "distance_to_pain_mm", "flags", "ledger",
}  # fmt: skip

MATRIX = pet_geometry().ijk_to_ras


@pytest.fixture(scope="module")
def images() -> KeyImageInputs:
    return example_images()


@pytest.fixture(scope="module")
def found():
    return example_candidates()


@pytest.fixture(scope="module")
def content(images, found) -> ReportContent:
    suv = {
        "factor": 0.000431234,
        "factors_per_slice": None,
        "weight_kg": 71.0,
        "dose_bq": 2.11e8,
        "half_life_s": 6586.2,
        "uptake_minutes": 61.2,
        "given_by_hand": ["Weight"],
        "provenance": [
            {"quantity": "Units", "value": "BQML", "unit": "", "source": "Units (0054,1001)", "note": ""},
            {"quantity": "Weight", "value": 71.0, "unit": "kg", "source": "given by hand", "note": ""},
            {"quantity": "Decay correction", "value": "START", "unit": "", "source": "(0054,1102)", "note": ""},
        ],
        "warnings": ["The uptake time is odd."],
    }
    return ReportContent(
        case=ReportCase(
            patient_name="Müller <script>alert(1)</script> & \"Søn\"",
            patient_id="0815&7",
            birth_date="1971-04-03",
            study_date="2026-02-17",
            group="low-back",
            pain_side="left",
        ),
        candidates=found[::-1],
        created="2026-03-01 14:20",
        software_version="0.1.0",
        key_images=key_images(found, images, limit=1),
        overview_png=overview.overview_picture(found, images),
        set_apart=set_apart_examples(),
        attention=attention_examples(),
        bar=1.0,
        weights=evidence_table(load_protocol("low-back")).weights,
        mr_findings=[finding for c in found for finding in c.mr_findings],
        series=[{"role": "PET", "number": 4, "description": "PET_AC <x>", "reason": "corrected for attenuation"}],
        left_out=[("series 1 MR 'localizer' (9 images)", "localizer")],
        suv=suv,
        alignment=[
            {
                "role": "PET", "verdict": "aligned", "kept": "registered", "through": "ATTENUATION",
                "shift_mm": 4.2, "rotation_deg": 1.3, "spread_mm": None, "reason": "Better.", "warnings": [],
            }
        ],
        reference_tissues=[
            ReferenceRow("marrow", "PET", 0.95, 0.08, "g/ml", use="used"),
            ReferenceRow("muscle", "PET", 0.002, 0.0, "g/ml", use="refused: 0.25 to 5 g/ml can be"),
        ],
        changed_parameters=[ChangedParameter("hot_spots.minimum_ratio", 1.3, 1.4)],
        protocol="low-back",
        warnings=["PET and MR are 2 days apart."],
    )  # fmt: skip


class Page(HTMLParser):
    """Tags with attributes, and the text, of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "br", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text.append(data)

    @property
    def words(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.text))


def plane(name: str, center=(0.0, 0.0, 0.0), pixels: int = 60, mm: float = 2.0) -> planes.Plane:
    return planes.plane_through(name, np.array(center), None, pixels * mm, pixels, np.eye(4))


def oblique_point_image(point_ras) -> Image:
    """A rotated, flipped grid with one bright voxel next to a position."""
    c, s = np.cos(0.3), np.sin(0.3)
    rotation = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]]) @ np.diag([-1.5, 2.0, -3.0])
    matrix = np.eye(4)
    matrix[:3, :3] = rotation
    matrix[:3, 3] = -rotation @ np.array([40, 30, 20.0])
    geometry = Geometry((41, 61, 81), matrix)
    array = np.zeros(geometry.shape, dtype=np.int16)
    i, j, k = np.rint(geometry.to_ijk(point_ras)).astype(int)
    array[k, j, i] = 100
    return Image(array, geometry)


@pytest.mark.parametrize(
    ("name", "letters", "across", "down"),
    [
        ("axial", ("R", "L", "A", "P"), 0, 1),
        ("coronal", ("R", "L", "H", "F"), 0, 2),
        ("sagittal", ("A", "P", "H", "F"), 1, 2),
    ],
)
def test_a_bright_spot_appears_where_a_radiologist_expects_it(name, letters, across, down):
    point = np.array([-20.0, 14.0, 26.0])  # left, anterior, superior of the middle
    through = next(axis for axis in range(3) if axis not in (across, down))
    center = np.zeros(3)
    center[through] = point[through]
    shown = plane(name, center)
    assert shown.letters == letters
    values = sample_max = planes.sample(oblique_point_image(point), shown)
    y, x = np.unravel_index(np.nanargmax(sample_max), values.shape)
    expected = (29.5 - point[across] / 2.0, 29.5 - point[down] / 2.0)
    assert (x, y) == pytest.approx(expected, abs=1.1)
    assert shown.pixel_of(point) == pytest.approx(expected)


def test_a_focus_on_the_patients_left_lies_on_the_right_of_axial_and_coronal_pictures(images, found):
    for shown in key_images_module.candidate_planes(np.array(FACET), images):
        x, _ = shown.pixel_of(np.array(FACET))
        uptake = planes.sample(images.suv, shown, images.reference_to_pet)
        hottest = np.unravel_index(np.nanargmax(uptake), uptake.shape)
        assert np.hypot(hottest[1] - x, hottest[0] - shown.pixel_of(np.array(FACET))[1]) * shown.mm_per_pixel < 8
        if shown.name != "sagittal":
            assert x > shown.pixel_of(np.zeros(3))[0]


def test_the_transform_is_used_in_the_right_direction(images):
    matrix = reference_to_pet()
    shown = key_images_module.candidate_planes(np.array(FACET), images)[1]
    right = planes.sample(images.suv, shown, matrix)
    wrong = planes.sample(images.suv, shown, np.linalg.inv(matrix))
    x, y = np.rint(shown.pixel_of(np.array(FACET))).astype(int)
    assert right[y, x] > 2.5
    assert wrong[y, x] < 2.2


def test_lengths_are_true_whatever_the_voxels(images):
    """A cube of 40 mm is a square in every plane, on a grid of 1 x 2 x 5 mm."""
    geometry = Geometry((30, 60, 120), np.diag([1.0, 2.0, 5.0, 1.0]))
    points = geometry.flat_to_ras(np.arange(geometry.size)).reshape(*geometry.shape, 3)
    cube = np.all(np.abs(points - np.array([60, 60, 72.5])) <= 20.1, axis=-1)
    for name in planes.PLANE_NAMES:
        shown = plane(name, (60, 60, 72.5), pixels=100, mm=1.0)
        inside = planes.sample(Image(cube, geometry), shown) >= 0.5
        height, width = inside.any(axis=1).sum(), inside.any(axis=0).sum()
        assert abs(height - width) <= 4
        assert 38 <= width <= 46


def test_beyond_the_image_there_is_no_value_and_single_slices_are_seen():
    geometry = Geometry((1, 10, 10), np.diag([2.0, 2.0, 4.0, 1.0]))
    values = planes.sample(Image(np.full((1, 10, 10), 7, np.uint8), geometry), plane("axial", (9, 9, 1.5)))
    assert np.nanmin(values) == np.nanmax(values) == 7
    assert np.isfinite(values).sum() * 4.0 == pytest.approx(400, abs=90)
    assert np.isnan(planes.sample(Image(np.ones((1, 10, 10)), geometry), plane("axial", (9, 9, 2.5)))).all()


def test_a_plane_stays_in_the_field_of_view_but_never_loses_its_point():
    field = Geometry((50, 100, 100), np.diag([3.0, 3.0, 6.0, 1.0]))  # 0 to 297 mm
    near_edge = planes.plane_through("axial", np.array([5.0, 150.0, 60.0]), field, 200.0, 100, np.eye(4))
    assert near_edge.center_ras[0] == pytest.approx(5 + 0.38 * 200)
    assert near_edge.center_ras[1] == pytest.approx(150)
    assert near_edge.center_ras[2] == 60.0
    x, y = near_edge.pixel_of(np.array([5.0, 150.0, 60.0]))
    assert 0 < x < 100
    assert 0 < y < 100


def test_the_outline_surrounds_the_region_and_hides_nothing_of_it():
    geometry = Geometry((21, 21, 21), np.diag([2.0, 2.0, 2.0, 1.0]))
    mask = np.zeros(geometry.shape, dtype=bool)
    mask[8:13, 7:14, 6:15] = True
    region = Region.from_mask(mask, geometry)
    shown = plane("axial", (20, 20, 20), pixels=80, mm=0.5)
    border = planes.outline([region], shown)
    inside = planes.sample(Image(mask, geometry), shown) >= 0.5
    assert border.any()
    assert not (border & inside).any()
    assert not planes.outline([], shown).any()
    assert not planes.outline([region], plane("axial", (20, 20, 90), pixels=80, mm=0.5)).any()


def test_windows_ticks_and_colors_follow_the_values():
    assert robust_window(np.array([np.nan])) == Window(0.0, 1.0)
    assert robust_window(np.full(5, 3.0)) == Window(3.0, 4.0)
    assert [round_up(v) for v in (0.9, 1.0, 1.01, 2.7, 13.1)] == [1.0, 1.0, 1.2, 3.0, 15.0]
    assert ticks(Window(0.0, 2.5)) == pytest.approx([0, 0.5, 1, 1.5, 2, 2.5])
    assert ticks(Window(1.2, 4.0)) == pytest.approx([2, 3, 4])
    shades = gray(np.array([[np.nan, 0.0, 1.0]]), Window(0.0, 1.0), inverted=True)
    assert shades[0, :, 0].tolist() == [255, 255, 0]
    background = np.full((1, 3, 3), 100, np.uint8)
    over = fused(background, np.array([[np.nan, 1.0, 4.0]]), Window(1.0, 4.0))
    assert over[0, 0].tolist() == over[0, 1].tolist() == [100, 100, 100]
    assert over[0, 2, 0] > 200


def test_a_key_image_has_three_planes_for_each_kind_of_picture(images, found):
    image = key_image(found[0], images)
    picture = Picture.open(io.BytesIO(image.jpeg))
    step = key_images_module.PANEL_PIXELS + key_images_module.GAP_PIXELS
    assert picture.size == (image.width, image.height)
    assert picture.height == 3 * step - key_images_module.GAP_PIXELS
    assert "Solid outline: PET; dashed outline: MR finding." in image.caption
    assert "g/ml" in image.caption
    without = dataclasses.replace(images, fluid=None)
    assert key_image(found[0], without).height == 2 * step - key_images_module.GAP_PIXELS
    alone = key_image(found[0], dataclasses.replace(without, reference=None))
    assert alone.height == step - key_images_module.GAP_PIXELS
    assert "colors begin" not in alone.caption
    again = key_image(found[0], dataclasses.replace(without, reference=None))
    assert again.jpeg == alone.jpeg


def test_the_hot_color_marks_the_focus_in_the_finished_picture(images, found):
    """In the first panel (axial) orange lies right of the middle, as the focus is on the patient's left."""
    picture = np.asarray(Picture.open(io.BytesIO(key_image(found[0], images).jpeg)).convert("RGB")).astype(int)
    panel = picture[: key_images_module.PANEL_PIXELS, : key_images_module.PANEL_PIXELS]
    hot = (panel[..., 0] - panel[..., 2] > 80) & (panel[..., 0] > 150)
    assert hot.sum() > 100
    assert np.nonzero(hot)[1].mean() > key_images_module.PANEL_PIXELS / 2


def test_a_candidate_without_uptake_gets_the_scale_of_the_others(images, found):
    images = dataclasses.replace(images, reference=None, fluid=None)
    calls = []
    made = key_images(found, images, limit=3, progress=lambda fraction, text: calls.append((fraction, text)))
    assert list(made) == ["PG-01", "PG-02", "PG-03"]
    assert [round(fraction, 2) for fraction, _ in calls] == [0.0, 0.33, 0.67]
    assert "black 4.0" in made["PG-03"].caption
    assert "Outline: the MR finding." in made["PG-03"].caption
    alone = key_image(found[2], images).caption
    assert "black 4.0" not in alone


@pytest.mark.parametrize("flips", [(1, 1, 1), (-1, -1, 1), (1, -1, -1)])
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_projections_show_the_focus_where_its_mark_is_however_the_volume_is_stored(flips, order):
    spacing = np.array([3.0, 4.0, 5.0])
    matrix = np.zeros((4, 4))
    for grid, patient in enumerate(order):
        matrix[patient, grid] = flips[grid] * spacing[grid]
    matrix[:3, 3] = (11, -7, 20)
    matrix[3, 3] = 1
    geometry = Geometry((22, 18, 26), matrix)
    array = np.zeros(geometry.shape, dtype=np.float32)
    array[5, 12, 19] = 9.0
    point = geometry.to_ras(np.array([19.0, 12, 5]))
    box = (np.array([1, 2, 3]), np.array([25, 17, 21]))
    for name, across in (("coronal", 0), ("sagittal", 1)):
        projection = overview.project(Image(array, geometry), name, box, 1.0)
        y, x = np.unravel_index(np.argmax(projection.values), projection.values.shape)
        assert projection.pixel_of(np.array([19.0, 12, 5])) == pytest.approx((x, y), abs=1.0)
        corners = geometry.to_ras(np.array([box[0], box[1]], dtype=float))
        assert x == pytest.approx(corners[:, across].max() - point[across], abs=1.0)  # right and front are at the left
        assert y == pytest.approx(corners[:, 2].max() - point[2], abs=1.0)  # head up
        assert projection.letters == (("R", "L"), ("A", "P"))[across]


def test_the_overview_is_a_picture_with_or_without_mr_and_candidates(images, found):
    higher = Image(np.concatenate([images.suv.array, images.suv.array]), Geometry((260, 96, 128), MATRIX))
    tall = dataclasses.replace(images, suv=higher)
    alone = dataclasses.replace(tall, reference=None)
    near = Picture.open(io.BytesIO(overview.overview_picture(found, tall)))
    whole = Picture.open(io.BytesIO(overview.overview_picture(found, alone)))
    empty = Picture.open(io.BytesIO(overview.overview_picture([], alone)))
    assert near.height == pytest.approx(overview.HEIGHT_PIXELS, abs=2)
    assert near.width > whole.width + 100  # less height is shown, so everything is larger
    assert empty.height == whole.height


def test_pet_and_mr_that_are_not_aligned_are_never_shown_on_top_of_each_other(images, found):
    apart = dataclasses.replace(images, aligned=False)
    rows = {c.id: apart.suited_to(c) for c in found}
    assert rows["PG-02"].reference is None
    assert rows["PG-02"].fluid is None
    assert rows["PG-03"].suv is None
    step = key_images_module.PANEL_PIXELS + key_images_module.GAP_PIXELS
    made = key_images(found[1:], apart)
    assert made["PG-02"].height == step - key_images_module.GAP_PIXELS
    assert made["PG-03"].height == 2 * step - key_images_module.GAP_PIXELS
    assert "PET" not in made["PG-03"].caption
    with_pet = overview.overview_picture(found[:2], apart)
    assert overview.overview_picture(found, apart) == with_pet


def test_labels_keep_their_distance_and_stay_on_the_picture():
    assert overview.spread([], 20, 100) == []
    assert overview.spread([50], 20, 100) == [50]
    placed = overview.spread([90, 91, 92, 93], 20, 100)
    assert np.diff(placed).min() >= 20 - 1e-9
    assert max(placed) <= 90
    crowded = overview.spread(list(range(50)), 20, 100)
    assert min(crowded) >= 0
    assert max(crowded) <= 100


def test_the_json_holds_the_contract_best_first(found):
    data = tables.candidates_json({"group": "low-back"}, found[::-1], set_apart_examples()[::-1], attention_examples())
    assert list(data) == ["schema", "case", "candidates", "set_apart", "attention"]
    assert data["schema"] == 2
    assert [entry["rank"] for entry in data["set_apart"]] == [1, 2]
    forms = {tuple(entry) for name in ("candidates", "set_apart", "attention") for entry in data[name]}
    assert len(forms) == 1
    assert data["attention"][0]["reason"].startswith("Uptake far above")
    assert data["candidates"][0]["reason"] is None
    signs = data["candidates"][0]["ledger"]
    assert set(signs[0]) >= {"sign", "measure", "points", "source", "state", "text"}
    assert sum(entry["points"] for entry in signs) == pytest.approx(data["candidates"][0]["score"])
    assert [entry["rank"] for entry in data["candidates"]] == [1, 2, 3]
    assert set(data["candidates"][0]) >= CONTRACT
    assert data["candidates"][2]["suv_max"] is None
    assert data["candidates"][1]["tbr"] is None
    json.dumps(data, allow_nan=False)


def test_a_json_entry_of_the_case_has_all_facts_of_the_patient():
    assert list(ReportCase(patient_id="7").to_json()) == [
        *("patient_name", "patient_id", "birth_date", "sex", "study_date", "study_description"),
        *("group", "prosthesis_side", "pain_side", "pain_sites_ras_mm"),
        *("surgery_date", "fixation", "crp_mg_l"),
    ]


def test_a_changed_parameter_shows_the_shipped_value_beside_its_own():
    shipped = load_protocol("low-back")
    name = "fusion.bar"
    (row,) = case_outputs._changed_parameters(shipped.with_values({name: 2}))
    assert (row.name, row.value, row.shipped, row.unit) == (name, 2.0, shipped.value(name), "points")
    assert row.description


def test_the_csv_holds_the_same_values_and_empty_fields_for_what_is_not_known(found):
    found = [dataclasses.replace(found[0], comment='says "here", and\nthere'), *found[1:]]
    text = tables.candidates_csv(found)
    assert text.count("\r\n") >= 4
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    for row, entry in zip(rows, tables.candidates_json({}, found)["candidates"], strict=True):
        for name, value in entry.items():
            if name == "score_parts":
                for part, points in value.items():
                    assert float(row[f"score_parts_{part}"]) == points
            elif name == "centroid_ras_mm":
                assert [float(row[f"centroid_ras_mm_{axis}"]) for axis in "ras"] == value
            elif name == "flags":
                assert row[name] == ";".join(value)
            elif name == "acts":
                assert row[name] == "; ".join(f"{a['time']} {a['reader']}: {a['act']} {a['detail']}" for a in value)
            elif name == "ledger":
                assert row[name].split("; ") == [f"{sign['sign']} {sign['points']:+.1f}" for sign in value]
            elif value is None:
                assert row[name] == ""
            elif isinstance(value, float | int):
                assert float(row[name]) == value
            else:
                assert row[name] == value
    assert tables.candidates_csv([]).strip() == text.splitlines()[0]


def test_the_terminal_table_is_aligned_and_narrow_enough(found):
    long = candidate(
        12,
        Place(
            "Enthesis of the gluteus medius at the greater trochanter, posterior facet",
            "bone",
            "right",
            None,
            "Gruen 1",
        ),
        [hot_spot(FACET, 8, 0.9)],
        [],
        flags=["near-implant", "expected-after-surgery", "peak-at-edge"],
    )
    lines = tables.text_table([*found, long]).splitlines()
    assert max(map(len, lines)) <= 120
    assert len(lines) == 6
    assert lines[0].index("Side") == lines[2].index("left", lines[2].index("L facet L4/5"))
    assert "strong" in lines[2]
    whole = tables.text_table(found[:1], columns=200).splitlines()
    assert whole[0].index("Side") == whole[2].index("left", whole[2].index("Facet joint L4/L5, left") + 23)
    assert "Gruen 1" in lines[-1]
    assert words.UNKNOWN in lines[3]
    assert tables.text_table([]) == "No candidate pain generator was found."


def test_what_is_not_known_is_a_dash_and_small_values_are_not_zero():
    assert words.number(None) == words.number(float("nan")) == words.number(float("inf")) == "\u2013"
    assert words.number(0.0) == "0.00"
    assert words.number(0.0004) == "0.0004"
    assert words.number(-1.25, 1) == "\u22121.2"
    assert words.number(2.0, 1, "ml") == "2.0\u00a0ml"
    assert (
        words.volume_text(None)
        == words.times(None)
        == words.text(None)
        == words.text("  ")
        == words.text([])
        == "\u2013"
    )
    assert words.volume_text(123.4) == "123\u00a0ml"
    assert words.text(True) == "yes"
    assert words.text([1, None, "x"]) == "1, \u2013, x"
    assert words.position(np.array([-18.2, 4.0, -7.7])) == ("18\u00a0mm left, 4\u00a0mm anterior, 8\u00a0mm inferior")
    assert words.flag_text("near-implant").startswith("Within the margin")
    assert words.flag_text("some-new-flag") == "Some new flag."


@pytest.mark.parametrize(
    ("number", "flag", "expected"),
    [
        (1, None, "without an MR abnormality"),
        (1, "outside-mr", "outside the MR's field of view"),
        (1, "not-aligned", "could not be aligned"),
        (2, None, "without raised FDG uptake"),
        (2, "outside-pet", "outside the PET's field of view"),
        (2, "not-aligned", "could not be aligned"),
        (0, None, "effusion or synovitis on MR at the same place"),
    ],
)
def test_a_missing_modality_is_not_called_normal(found, number, flag, expected):
    state = {"pet_state": "not assessable"} if number == 2 else {"mr_state": "not assessable"}
    shown = dataclasses.replace(found[number], flags=[flag], **state) if flag else found[number]
    assert expected in words.sentence(shown)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "MR: not assessable, as no fluid-sensitive series shows edema and fluid.",
            "while MR could not tell, as no fluid-sensitive series shows edema and fluid",
        ),
        ("MR: not assessable.", "while MR could not tell"),
    ],
)
def test_where_mr_could_not_tell_the_reason_is_said_and_nothing_is_called_normal(found, text, expected):
    entry = LedgerEntry("mr_normal", "mr", text, None, 0.0, "our estimate", "not assessable")
    shown = dataclasses.replace(found[1], flags=[], mr_state="not assessable", ledger=(entry,))
    for said in (words.sentence(shown), conclusion(SiteTable(), [shown])):
        assert expected in said
        assert "without an MR abnormality" not in said
    assert words.mr_or_state(shown) == "not assessable"
    assert "n/a" in tables.text_table([shown])
    assert ledger_text((entry,)) == "mr_normal not assessable"


def test_the_brightness_of_fluid_is_never_given_in_standard_deviations(found):
    finding = dataclasses.replace(found[0].mr_findings[0], over_muscle=3.94)
    assert words.mr_text(finding).endswith("on the fluid-sensitive series: signal 3.9 times that of muscle.")
    alone = dataclasses.replace(found[0], evidence="MR only", hot_spots=[], mr_findings=[], pet_state="normal")
    assert "standard deviations" not in words.sentence(alone)
    assert words.mr_or_state(alone) == "effusion or synovitis"


def test_the_ratio_stands_beside_the_reference_tissue_that_it_was_made_from(found):
    compared = dataclasses.replace(found[0], tbr=1.66, reference=1.45, reference_name="marrow within 7 cm")
    said = dict(words.evidence_list(compared))["PET"]
    assert "1.66 times the reference tissue (marrow within 7 cm: 1.45\u00a0g/ml)" in said


def test_the_sign_of_z_is_a_direction_in_every_text(found):
    dark = dataclasses.replace(found[2].mr_findings[0], kind="Modic III", z=-3.6, z_t1=-3.6, series_role="T1")
    assert words.mr_text(dark).endswith("on T1: signal 3.6 standard deviations below its reference tissue.")
    edema = dataclasses.replace(dark, kind="oedema", z=5.4, z_t1=-1.7, series_role="FLUID")
    assert words.mr_text(edema).endswith(
        "signal 5.4 standard deviations above its reference tissue; on T1 1.7 standard deviations below its reference "
        "tissue."
    )


def test_a_candidate_that_was_read_back_without_its_parts_still_has_its_evidence(found):
    bare = dataclasses.replace(found[0], hot_spots=[], mr_findings=[], suv_peak=None, tbr=None, status="rejected")
    rows = dict(words.evidence_list(bare))
    assert "SUVpeak \u2013" in rows["PET"]
    assert rows["MR"].startswith("effusion or synovitis")
    assert "rejected on review" in rows["Review"]
    assert "SUVmax 3.01" in words.sentence(bare)
    below = dataclasses.replace(found[2], mr_findings=[], mr_z=-3.0)
    assert "3.0 standard deviations below" in words.sentence(below)
    assert "3.0 standard deviations below" in dict(words.evidence_list(below))["MR"]


def test_the_title_adds_side_and_level_only_where_the_name_lacks_them(found):
    assert words.title(found[0]) == "Facet joint L4/L5, left"
    bare = dataclasses.replace(found[0], place=Place("Facet joint", "facet joint", "left", "L4/L5"))
    assert words.title(bare) == "Facet joint, L4/L5, left"
    assert words.title(found[2]) == "Lower endplate L2"


def test_the_report_is_well_formed_and_loads_nothing(content):
    text = report_html(content)
    page = Page(text)
    assert page.open == []
    for tag, attributes in page.tags:
        assert tag not in ("script", "link", "iframe", "object", "embed", "form", "a")
        for name, value in attributes.items():
            assert not name.startswith("on")
            if name in ("src", "href", "action"):
                assert value.startswith(("data:image/png;base64,", "data:image/jpeg;base64,"))
    without_pictures = re.sub(r'data:image/png;base64,[^"]*', "", text)
    assert "http:" not in without_pictures
    assert "https:" not in without_pictures
    assert "url(" not in without_pictures
    assert "@import" not in without_pictures
    assert "default-src 'none'" in text
    assert '<html lang="en">' in text


def test_everything_from_outside_is_escaped(content):
    text = report_html(content)
    assert "<script>" not in text
    assert "<x>" not in text
    assert "Müller &lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;Søn&quot;" in text
    assert content.case.patient_name in Page(text).words


def test_the_first_page_tells_what_was_found(content):
    said = Page(report_html(content)).words
    assert "3 candidate pain generators were found (1 on PET and MR, 1 on PET only, 1 on MR only)." in said
    assert "Research use only. Candidates, never a diagnosis." in said
    order = [said.index(word) for word in ("In short", "lower endplate L2 (strong", "facet joint L4/L5, left;")]
    assert order == sorted(order)
    assert said.index("Values given by hand, not read from the images, were used for SUV: Weight.") < order[0]
    assert said.index("The analysis gave a warning") < said.index("PET and MR are 2 days apart.")
    assert "2 further candidates are described without a picture." in said


def test_every_section_holds_its_numbers(content):
    said = Page(report_html(content)).words
    for expected in (
        "SUVpeak 2.41",
        "2.54 times the reference tissue (marrow of the other vertebrae: 0.95 g/ml)",
        "12 mm from the marked pain. +1.0",
        "Usual uptake: kidney, ureter, bowel or vessel: beside the spine, SUVmax 1.9.",
        "SUVbw (g/ml) is the stored value times 0.000431234 (stored as BQML): weight 71.0 kg",
        "injected activity 211.0 MBq",
        "uptake time 61 min",
        "decay correction START",
        "registered, through ATTENUATION",
        "hot_spots.minimum_ratio",
        "corrected for attenuation",
        "refused: 0.25 to 5 g/ml can be",
    ):
        assert expected in said, expected
    assert "None" not in re.sub(r"None is reviewed yet|None\.", "", said)
    assert "nan" not in said.lower().split()


def test_a_warning_of_the_alignment_stands_once_and_names_its_series(content):
    text = "Moved by 5.9 mm and 5.7 degrees from the scanner's alignment."
    rows = [{"role": role, "verdict": "aligned", "warnings": [text]} for role in ("PET", "FAT_FRACTION")]
    said = Page(report_html(dataclasses.replace(content, alignment=rows, warnings=[f"PET: {text}"]))).words
    assert said.count("Moved by") == 1
    assert f"PET: {text}" in said
    said = Page(report_html(dataclasses.replace(content, alignment=rows, warnings=[]))).words
    assert said.count(f"PET: {text}") == said.count("Moved by") == 1


def test_without_candidates_what_is_set_apart_is_no_further_finding(content):
    said = Page(report_html(dataclasses.replace(content, candidates=[], attention=[]))).words
    assert "2 findings are set apart, as they reach less than 1 point of evidence" in said


def test_points_too_small_for_one_decimal_are_none(content):
    assert [words.points(value) for value in (-0.015, 0.04, 0.06, -7.41)] == ["0.0", "0.0", "0.1", "\N{MINUS SIGN}7.4"]


def test_points_of_what_is_set_apart_have_no_unit(content):
    assert '<span class="unit">–</span>' not in report_html(content)


def test_the_reader_can_see_which_rule_decided(content):
    finding = dataclasses.replace(content.mr_findings[0], rule="facet-fluid")
    said = Page(report_html(dataclasses.replace(content, mr_findings=[finding]))).words
    assert "facet-fluid" in said


def test_values_given_by_hand_are_marked_in_the_table(content):
    text = report_html(content)
    assert '<span class="by-hand">Weight</span>' in text
    assert '<span class="by-hand">Units</span>' not in text


def test_the_same_content_gives_the_same_page(content):
    assert report_html(content) == report_html(content)


def test_a_pseudonymized_report_does_not_know_the_patient(content):
    for pseudonym in ("LBP-007", None):
        shown = dataclasses.replace(content, pseudonymized=True, pseudonym=pseudonym)
        text = report_html(shown)
        assert "Müller" not in text
        assert "0815" not in text
        assert "1971" not in text
        assert (pseudonym or "left out") in Page(text).words


def test_what_has_to_be_looked_at_stands_in_a_box_below_the_answer_in_neutral_words(content):
    text = report_html(content)
    said = Page(text).words
    box = said.index("Not a pain generator, but to be looked at")
    assert said.index("In short") < box < said.index("The candidates") < said.index("All candidates, best first")
    assert "Left psoas L3/L4. Uptake far above that of muscle, over 84 ml." in said[box:]
    assert "A. To be looked at: left psoas L3/L4" in said.replace("Left psoas L3/L4 PET", "left psoas L3/L4 PET")
    assert "To be looked at first, not as a source of pain: left psoas L3/L4." in conclusion(
        SiteTable(), content.candidates, content.attention
    )
    for word in ("cancer", "malignan", "metasta", "sarcoma"):
        assert word not in said.lower()
    none = report_html(dataclasses.replace(content, attention=()))
    assert "to be looked at" not in Page(none).words.replace("what has to be looked at", "")


def test_what_speaks_for_and_against_stands_where_the_candidate_is_described(content):
    said = Page(report_html(content)).words
    article = said[said.rindex("1. Facet joint L4/L5, left PET+MR") :]
    order = [
        "For a source of pain",
        "Uptake 2.1 times that of marrow. +60.5",
        "Edema on MR. +4.0",
        "Against",
        "Usual uptake: a vessel. \u22123.0",
        "Not assessable",
    ]
    places = [article.index(word) for word in order]
    assert places == sorted(places)
    assert "strong evidence (66.5 points)" in article


def test_the_source_of_a_weight_stands_once_in_one_table_at_the_end(content):
    said = Page(report_html(content)).words
    assert said.count("Han, eClinicalMedicine 2023;59:101960, pooled over 62 studies (1.8 to 4.3)") == 1
    table = said[said.index("Weights of the signs and their sources") :]
    weights = evidence_table(load_protocol("low-back")).weights
    assert " ".join(weight_row("uptake_facet", weights["uptake_facet"])) in table
    assert "Raised uptake of a facet joint +4.5 " in table
    assert "The place fits the marked pain +3.0 0.0 our estimate" in table
    assert "Modic I" not in table.split("Method and limits")[0]


def test_points_and_words_of_strength_are_explained_above_the_ranking_and_no_probability_is_given(content):
    said = Page(report_html(content)).words
    ranking = said[said.index("All candidates, best first") :]
    note = "strong from 10 points, moderate from 6 points, weak from 3 points, else little"
    assert ranking.index("10 points are ten times the odds") < ranking.index(note) < ranking.index("PET+MR")
    letter = said[said.index("In short") : said.index("Details for the radiologist")]
    assert "Strong evidence (66.5 points of evidence): PET and MR agree." in letter
    assert letter.count("probab") == letter.count("are no probability") == 1


def test_what_is_set_apart_stands_in_one_table_with_a_short_reason(content):
    said = Page(report_html(content)).words
    part = said[said.index("Set apart: found, but below the bar") : said.index("All measures")]
    assert "2 further findings are set apart, as they reach less than 1 point of evidence" in said
    assert "reach less than 1 point: too little speaks for them, or too much against them." in part
    assert "points of evidence, below the bar" not in part
    assert "Not clear of the normal uptake of this body." in part
    assert part.index("PG-07") < part.index("PG-08")
    assert "not assessable" in part
    nothing = Page(report_html(dataclasses.replace(content, set_apart=()))).words
    assert "Nothing was set apart." in nothing


def test_a_weight_says_whether_it_is_published_or_our_estimate():
    weights = evidence_table(load_protocol("low-back")).weights
    assert basis(weights["modic_1"]) == "published"
    assert basis(weights["uptake"]) == "our estimate"
    assert basis(dataclasses.replace(weights["modic_1"], absent_source="our estimate")) == (
        "present: published; absent: our estimate"
    )
    assert weight_source(weights["modic_3"]).startswith("sclerosis is a late stage")
    assert all(row[3] for row in (weight_row(sign, weight) for sign, weight in weights.items()))


def test_a_sign_that_the_protocol_does_not_know_keeps_its_source(content, found):
    entry = LedgerEntry("an_older_sign", "pet", "Something.", None, 1.0, "our estimate: old")
    shown = dataclasses.replace(content, candidates=[dataclasses.replace(found[0], ledger=(entry,))])
    assert "an older sign \u2013 \u2013 our estimate our estimate: old" in Page(report_html(shown)).words


def test_the_other_two_lists_have_a_file_that_says_which_list_an_entry_is_in(found):
    text = tables.set_apart_csv(attention_examples(), set_apart_examples())
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [(row["list"], row["id"], row["short_name"]) for row in rows] == [
        ("attention", "PG-09", "L psoas L3/4"),
        ("set_apart", "PG-07", "L paraspinal L3"),
        ("set_apart", "PG-08", "R prevertebral"),
    ]
    assert list(rows[0])[1:] == next(csv.reader(io.StringIO(tables.candidates_csv(found))))
    assert tables.set_apart_csv([], []).strip() == text.splitlines()[0]


def test_every_sign_of_every_entry_is_a_row_of_the_ledger_file(found):
    text = tables.ledger_csv(found, set_apart_examples(), attention_examples())
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    entries = [*found, *set_apart_examples(), *attention_examples()]
    assert len(rows) == sum(len(one.ledger) for one in entries)
    for one in entries:
        points = [float(row["points"]) for row in rows if row["id"] == one.id]
        assert sum(points) == pytest.approx(one.score)
    assert rows[0]["sign"] == "uptake_facet"
    assert rows[0]["source"]
    assert tables.ledger_csv([]).strip() == text.splitlines()[0]


def test_the_terminal_says_how_many_are_in_the_other_lists_and_where():
    line = tables.apart_line(set_apart_examples(), attention_examples())
    assert line == "2 set apart, 1 to be looked at (report.html, set-apart.csv)."
    assert tables.apart_line([], []) == "0 set apart, 0 to be looked at."


def test_the_overview_marks_by_letters_what_has_to_be_looked_at(images, found):
    with_mark = overview.overview_picture(found, images, attention=attention_examples())
    assert with_mark != overview.overview_picture(found, images)
    assert [words.letter(n) for n in (0, 25, 26)] == ["A", "Z", "AA"]


def test_a_pair_is_named_once_with_both_sides(found):
    pair = dataclasses.replace(
        found[0], place=Place("both facet joints L4/L5", "facet joint", "both", "L4/L5"), distance_to_pain_mm=None
    )
    assert words.title(pair) == "both facet joints L4/L5"
    line = tables.text_table([pair]).splitlines()[-1]
    assert "both facet joints L4/L5" in line


def test_not_aligned_stands_on_top(content):
    rows = [{"role": "PET", "verdict": "not aligned", "kept": "not aligned", "warnings": ["Restarts end far apart."]}]
    said = Page(report_html(dataclasses.replace(content, alignment=rows))).words
    assert said.index("PET and MR could not be aligned: findings of the two were not joined.") < said.index("In short")
    assert said.index("Not aligned. PET could not be aligned") < said.index("All sites in short")
    assert said.index("Restarts end far apart.") < said.index("All sites in short")


def test_nothing_found_is_a_whole_report():
    nothing = ReportContent(ReportCase(group="hip-replacement", prosthesis_side="right"), [], "2026-03-01", "0.1.0")
    page = Page(report_html(nothing))
    assert page.open == []
    assert "No candidate pain generator was found." in page.words
    assert "This does not exclude a pain generator" in page.words
    assert "Side of the prosthesis right" in page.words
    assert "Patient \u2013" in page.words
    assert "There is no SUV for this case." in page.words


def test_what_was_set_aside_on_review_does_not_lead(content, found):
    reviewed = [dataclasses.replace(found[0], status="rejected"), *found[1:]]
    said = Page(report_html(dataclasses.replace(content, candidates=reviewed))).words
    assert "2 candidate pain generators were found" in said
    assert "Set aside on review: 1. Facet joint L4/L5, left (rejected)." in said
    none_left = [dataclasses.replace(c, status="physiologic") for c in found]
    said = Page(report_html(dataclasses.replace(content, candidates=none_left))).words
    assert "All 3 candidates were set aside on review." in said


def test_the_fifth_and_later_are_counted_only_in_the_answer(content, found):
    more = [
        dataclasses.replace(found[1], id=f"PG-0{n}", rank=n, place=Place(f"Place {n}", "x", "right"), score=0.4)
        for n in (4, 5)
    ]
    said = Page(report_html(dataclasses.replace(content, candidates=[*found, *more]))).words
    assert "place 4, right; 1 more. A candidate is a place to look at" in said
    assert "5. Place 5, right" in said


def test_the_suv_line_says_when_factors_differ_or_are_missing():
    from PainGeneratorLib.Report.report_tables import suv_sentence

    several = suv_sentence({"factor": None, "factors_per_slice": [0.001, 0.002]})
    assert "a factor per slice, 0.001 to 0.002" in several
    assert "weight not known" in several
    assert suv_sentence({}).startswith("The SUVbw factor is not known")


def test_the_example_is_asymmetric():
    assert mr_geometry().spacing_mm != mr_geometry().spacing_kji_mm
    assert not np.allclose(reference_to_pet(), np.linalg.inv(reference_to_pet()))


def test_what_was_left_out_is_listed_but_not_under_a_pseudonym(content):
    assert "series 1 MR 'localizer' (9 images) localizer" in Page(report_html(content)).words
    hidden = dataclasses.replace(content, pseudonymized=True)
    assert "localizer" not in Page(report_html(hidden)).words
