"""MR findings on synthetic lumbar spines and hips with known answers; every volume is asymmetric."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core import tissues
from PainGeneratorLib.Numerics.core.image import Geometry, Image
from PainGeneratorLib.Numerics.mr.bias import correct_bias
from PainGeneratorLib.Numerics.mr.findings import MRResult, find_mr_findings
from PainGeneratorLib.Numerics.mr.parameters import MRParameters
from PainGeneratorLib.Workflow.protocol import load_protocol
from scipy import ndimage

pytestmark = pytest.mark.slow

# Signal of each tissue on T1, FLUID and T2.
SIGNAL = {
    "muscle": (100, 50, 60), "fat": (330, 35, 200), "marrow": (210, 45, 110), "disc": (95, 80, 130),
    "csf": (55, 420, 400), "none": (2, 2, 2), "organ": (110, 110, 120), "oedema": (120, 150, 200),
    "haemangioma": (310, 75, 190), "vein": (120, 160, 220), "fluid": (60, 400, 390), "fat change": (300, 42, 160),
    "red marrow": (140, 52, 110),
    "sclerosis": (90, 35, 45), "dark disc": (80, 30, 35), "dark": (70, 50, 60), "unsuppressed fat": (330, 300, 260),
}  # fmt: skip
NAMES = list(SIGNAL)
SHAPE, SPACING = (24, 120, 112), (4.4, 1.9, 1.9)


def grid(turn: np.ndarray | None = None) -> Geometry:
    """A sagittal grid: i runs to anterior, j to inferior, k to the right; optionally turned."""
    matrix = np.eye(4)
    matrix[:3, 0], matrix[:3, 1], matrix[:3, 2] = [0, SPACING[2], 0], [0, 0, -SPACING[1]], [SPACING[0], 0, 0]
    matrix[:3, 3] = [-47.0, -115.0, 113.0]
    return Geometry(SHAPE, matrix if turn is None else turn @ matrix)


def spine(lesions: list[tuple], dark_disc: bool = False) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Signals by role, tissue codes and levels of a low back, with lesions (name, center RAS, radii RAS)."""
    rng = np.random.default_rng(7)
    geometry = grid()
    r, a, s = np.moveaxis(geometry.flat_to_ras(np.arange(geometry.size)).reshape(*SHAPE, 3), -1, 0)
    what = np.full(SHAPE, NAMES.index("muscle"), dtype=np.uint8)
    code = np.full(SHAPE, tissues.MUSCLE, dtype=np.uint8)
    level = np.zeros(SHAPE, dtype=np.uint8)

    def paint(where: np.ndarray, name: str, tissue: int) -> None:
        what[where] = NAMES.index(name)
        code[where] = tissue

    paint(a < -85, "fat", tissues.FAT)
    paint(a > 40, "organ", tissues.VISCERA)
    paint((a < -105) | (a > 90), "none", tissues.VOID)
    body = (np.abs(r) < 22) & (a > -10) & (a < 24)
    for n in range(6):
        center = -95 + 38 * n
        paint(body & (np.abs(s - center) < 16), "none", tissues.UNKNOWN)
        vertebra = body & (np.abs(s - center) < 14)
        arch = (np.abs(r) < 16) & (a < -28) & (a > -52) & (np.abs(s - center) < 8)
        paint(vertebra | arch, "marrow", tissues.MARROW)
        level[vertebra | arch] = 6 - n
        paint(body & (np.abs(s - center - 19) < 4.5), "dark disc" if dark_disc and n == 1 else "disc", tissues.DISC)
    paint((np.abs(r) < 9) & (a < -11.5) & (a > -26), "csf", tissues.FLUID)
    for name, c, radius in lesions:
        distance = ((r - c[0]) / radius[0]) ** 2 + ((a - c[1]) / radius[1]) ** 2 + ((s - c[2]) / radius[2]) ** 2
        what[distance < 1] = NAMES.index(name)
    texture = 1.0 + 0.5 * ndimage.gaussian_filter(rng.normal(size=SHAPE), (0.6, 1.5, 1.5))
    falloff = 0.3 + 1.0 / (1.0 + ((a + 110) / 120) ** 2)
    signals = {}
    for index, role in enumerate(("T1", "FLUID", "T2")):
        clean = np.array([values[index] for values in SIGNAL.values()], dtype=np.float32)[what]
        shaded = ndimage.gaussian_filter(clean * np.clip(texture, 0.8, 1.2), (0, 0.4, 0.4)) * falloff
        signals[role] = np.abs(shaded + rng.normal(size=SHAPE) * 2).astype(np.float32)
    return signals, code, level


@functools.cache
def parameters(group: str) -> MRParameters:
    return load_protocol(group).stage("mr_findings", MRParameters)


def find(
    lesions: list[tuple], *, roles: str = "T1 FLUID T2", anatomy: bool = True, dark_disc: bool = False,
    turn: np.ndarray | None = None, order: tuple[int, ...] = (0, 1, 2),
) -> MRResult:  # fmt: skip
    signals, code, level = spine(lesions, dark_disc)
    geometry = grid(turn)
    matrix = geometry.ijk_to_ras.copy()
    columns = [2 - axis for axis in order][::-1]
    matrix[:3, :3] = matrix[:3, columns]
    moved = Geometry(tuple(SHAPE[axis] for axis in order), matrix)

    def image(array: np.ndarray) -> Image:
        return Image(np.ascontiguousarray(array.transpose(order)), moved)

    series = {role: image(signals[role]) for role in roles.split()}
    return find_mr_findings(
        series, {}, next(iter(series.values())), parameters("low-back"), group="low-back",
        anatomy_tissues=image(code) if anatomy else None, levels=image(level) if anatomy else None,
    )  # fmt: skip


def kinds(result: MRResult) -> list[str]:
    return sorted(finding.kind for finding in result.findings)


OEDEMA = ("oedema", (9.0, 9.0, 19.0), (8.0, 7.0, 7.0))


@pytest.mark.parametrize("anatomy", [True, False])
def test_a_normal_spine_has_no_findings(anatomy: bool) -> None:
    assert kinds(find([], anatomy=anatomy)) == []


@pytest.mark.parametrize("anatomy", [True, False])
def test_marrow_bright_on_fluid_and_dark_on_t1_is_oedema_at_its_place(anatomy: bool) -> None:
    result = find([OEDEMA], anatomy=anatomy)
    assert kinds(result) == ["oedema"]
    finding = result.findings[0]
    assert np.linalg.norm(finding.centroid_ras_mm - OEDEMA[1]) < 3.0
    assert finding.z > 3.0
    assert finding.z_t1 < -1.0
    assert 0.8 < finding.volume_ml < 2.6
    assert finding.series_role == "FLUID"


def test_a_basivertebral_vein_and_a_haemangioma_are_no_findings() -> None:
    vein = ("vein", (1.0, -5.0, -19.0), (4.5, 7.0, 3.0))
    haemangioma = ("haemangioma", (-8.0, 9.0, 57.0), (8.0, 7.0, 7.0))
    assert kinds(find([vein, haemangioma])) == []


def test_red_marrow_in_fatty_marrow_is_no_oedema_as_it_does_not_outshine_muscle(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(SIGNAL, "marrow", (290, 22, 160))
    island = ("red marrow", (9.0, 9.0, -19.0), (8.0, 7.0, 7.0))
    result = find([island, OEDEMA])
    assert kinds(result) == ["oedema"]
    assert abs(result.findings[0].centroid_ras_mm[2] - 19.0) < 3.0
    assert all("weak" in finding.flags for finding in result.weak)


def test_the_same_bright_spot_away_from_the_veins_place_is_oedema() -> None:
    assert kinds(find([("vein", (-14.0, 12.0, -26.0), (6.0, 6.0, 4.0))])) != []


def test_oedema_along_an_endplate_is_modic_one_and_fat_is_modic_two_and_sclerosis_modic_three() -> None:
    one = ("oedema", (-4.0, 8.0, 10.0), (16.0, 12.0, 5.0))
    two = ("fat change", (-4.0, 8.0, -10.0), (16.0, 12.0, 5.0))
    assert kinds(find([one])) == ["Modic I"]
    fat, sclerosis = find([two]), find([("sclerosis", (-4.0, 8.0, 9.5), (16.0, 12.0, 6.5))])
    assert kinds(fat) == ["Modic II"]
    assert kinds(sclerosis) == ["Modic III"]
    # The sign is that of the signal: fat is bright on T1 and sclerosis dark.
    assert fat.findings[0].z == pytest.approx(fat.findings[0].z_t1)
    assert sclerosis.findings[0].z == pytest.approx(sclerosis.findings[0].z_t1)
    assert fat.findings[0].z > 2.0
    assert sclerosis.findings[0].z < -3.0


@pytest.mark.parametrize("anatomy", [True, False])
def test_fluid_in_soft_tissue_is_a_collection_and_the_spinal_canal_is_not(anatomy: bool) -> None:
    result = find([("fluid", (33.0, -27.0, 10.0), (9.0, 8.0, 12.0))], anatomy=anatomy)
    assert kinds(result) == ["fluid collection or bursitis"]
    assert np.linalg.norm(result.findings[0].centroid_ras_mm - [33.0, -27.0, 10.0]) < 3.0


def test_fluid_where_the_anatomy_says_nothing_is_found_too() -> None:
    signals, code, level = spine([("fluid", (33.0, -27.0, 10.0), (9.0, 8.0, 12.0))])
    code[code == tissues.MUSCLE] = tissues.UNKNOWN
    series = {role: Image(array, grid()) for role, array in signals.items()}
    result = find_mr_findings(
        series, {}, series["T1"], parameters("low-back"), group="low-back",
        anatomy_tissues=Image(code, grid()), levels=Image(level, grid()),
    )  # fmt: skip
    assert kinds(result) == ["fluid collection or bursitis"]


def test_a_vessel_and_fat_that_escaped_suppression_are_no_findings() -> None:
    vessel = ("fluid", (35.0, -30.0, 0.0), (4.5, 4.0, 70.0))
    fat = ("unsuppressed fat", (-30.0, -92.0, 60.0), (15.0, 8.0, 25.0))
    assert kinds(find([vessel, fat], anatomy=False)) == []


def test_fluid_beside_bone_is_an_effusion() -> None:
    result = find([("fluid", (20.0, -40.0, 19.0), (5.0, 8.0, 6.0))])
    assert kinds(result) == ["effusion or synovitis"]


def test_a_disc_darker_than_the_others_is_degenerated_and_common_without_pain() -> None:
    result = find([], dark_disc=True)
    assert kinds(result) == ["disc degeneration"]
    assert "common-without-pain" in result.findings[0].flags
    assert abs(result.findings[0].centroid_ras_mm[2] - (-38.0)) < 2.0


def test_a_t2_that_shows_fewer_than_three_discs_judges_none_of_them() -> None:
    signals, code, level = spine([], dark_disc=True)
    few = slice(70, 120)  # caudal end: two discs
    below = grid().ijk_to_ras.copy()
    below[:3, 3] = grid().to_ras(np.array([0.0, few.start, 0.0]))
    t2 = Image(np.ascontiguousarray(signals["T2"][:, few]), Geometry((SHAPE[0], 50, SHAPE[2]), below))
    result = find_mr_findings(
        {"T1": Image(signals["T1"], grid()), "T2": t2}, {}, Image(signals["T1"], grid()), parameters("low-back"),
        group="low-back", anatomy_tissues=Image(code, grid()), levels=Image(level, grid()),
    )  # fmt: skip
    assert "disc degeneration" not in kinds(result)


@pytest.mark.parametrize("order", [(1, 0, 2), (2, 1, 0)])
def test_the_order_of_the_axes_and_a_turn_of_the_patient_change_nothing(order: tuple[int, ...]) -> None:
    plain = find([OEDEMA]).findings[0]
    angle = np.radians(12.0)
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    turn[:3, 3] = [12.0, -7.0, 30.0]
    turned = find([OEDEMA], turn=turn, order=order)
    assert kinds(turned) == ["oedema"]
    expected = turn[:3, :3] @ plain.centroid_ras_mm + turn[:3, 3]
    assert np.linalg.norm(turned.findings[0].centroid_ras_mm - expected) < 1.5
    assert turned.findings[0].volume_ml == pytest.approx(plain.volume_ml, rel=0.2)


def test_without_a_fluid_series_t2_is_used_and_said() -> None:
    result = find([OEDEMA], roles="T1 T2")
    assert "oedema" in kinds(result)
    assert any("T2 was used" in text for text in result.warnings)


def test_t1_alone_shows_only_replaced_marrow_graded_low_and_says_why() -> None:
    result = find([("dark", (9.0, 9.0, 19.0), (9.0, 8.0, 8.0))], roles="T1")
    assert [finding.grade for finding in result.findings] == [0.33]
    assert "no-fluid-series" in result.findings[0].flags
    assert any("graded low" in text for text in result.warnings)


def test_without_t1_oedema_is_found_and_flagged() -> None:
    result = find([OEDEMA], roles="FLUID")
    assert "oedema" in kinds(result)
    assert all("no-t1" in finding.flags for finding in result.findings)
    assert any("no T1 series" in text for text in result.warnings)


@pytest.mark.parametrize("role", ["CONTRAST", "T2"])
def test_one_series_of_another_kind_gives_no_error_and_says_what_is_missing(role: str) -> None:
    signals, _, _ = spine([])
    series = {role: Image(signals["T2" if role == "T2" else "T1"], grid())}
    result = find_mr_findings(series, {}, series[role], parameters("low-back"), group="low-back")
    assert any("no T1 series" in text for text in result.warnings)
    assert (result.spine_line is None) == (role == "CONTRAST")
    assert result.findings == []


def test_without_t1_the_canal_is_found_where_it_is_bright() -> None:
    result = find([], roles="FLUID")
    line = result.spine_line.points_ras
    assert np.abs(line[:, 1] + 19.0).max() < 6.0
    assert np.abs(line[:, 0]).max() < 6.0


def test_a_bright_disc_and_fluid_of_the_kidney_are_no_findings() -> None:
    disc = ("fluid", (0.0, 8.0, 0.0), (17.0, 14.0, 4.0))
    kidney = ("fluid", (47.0, 8.0, 40.0), (6.0, 8.0, 10.0))
    found = find([disc, kidney], anatomy=False)
    assert kinds(found) == []
    assert kinds(find([kidney])) == []


def test_no_usable_series_or_no_signal_gives_a_warning_not_an_error() -> None:
    empty = Image(np.zeros(SHAPE, dtype=np.float32), grid())
    none = find_mr_findings({"OTHER": empty}, {}, empty, parameters("low-back"), group="low-back")
    assert none.findings == []
    assert len(none.warnings) == 1
    dark = find_mr_findings({"T1": empty}, {}, empty, parameters("low-back"), group="low-back")
    assert dark.findings == []
    assert "no signal" in dark.warnings[0]


def test_a_series_in_another_frame_is_brought_to_the_reference() -> None:
    signals, code, level = spine([OEDEMA])
    shift = np.eye(4)
    shift[:3, 3] = [3.0, -20.0, 11.0]
    series = {"T1": Image(signals["T1"], grid()), "FLUID": Image(signals["FLUID"], grid(shift))}
    result = find_mr_findings(
        series, {"FLUID": shift}, series["T1"], parameters("low-back"), group="low-back",
        anatomy_tissues=Image(code, grid()), levels=Image(level, grid()),
    )  # fmt: skip
    assert kinds(result) == ["oedema"]
    assert result.tissues.geometry.is_same_grid(series["T1"].geometry)


def test_fine_voxels_are_averaged_and_findings_come_back_on_the_reference_grid() -> None:
    signals, code, level = spine([OEDEMA])
    fine = [np.repeat(np.repeat(array, 3, 1), 3, 2)[4:20] for array in (signals["T1"], signals["FLUID"], code, level)]
    matrix = grid().ijk_to_ras.copy()
    matrix[:3, :2] /= 3.0
    matrix[:3, 3] += -matrix[:3, 0] - matrix[:3, 1] + 4 * matrix[:3, 2]
    images = [Image(array, Geometry(fine[0].shape, matrix)) for array in fine]
    result = find_mr_findings(
        {"T1": images[0], "FLUID": images[1]}, {}, images[0], parameters("low-back"), group="low-back",
        anatomy_tissues=images[2], levels=images[3],
    )  # fmt: skip
    assert kinds(result) == ["oedema"]
    assert np.linalg.norm(result.findings[0].centroid_ras_mm - OEDEMA[1]) < 3.0
    assert result.findings[0].region.geometry.is_same_grid(images[0].geometry)


def hip(void: str | None) -> dict[str, Image]:
    """A coronal pelvis; `void` is "prosthesis" (left, with pile-up) or "gas" (in front, without)."""
    rng = np.random.default_rng(3)
    shape = (26, 110, 150)
    matrix = np.eye(4)
    matrix[:3, 0], matrix[:3, 1], matrix[:3, 2] = [-2.2, 0, 0], [0, 0, -2.2], [0, 4.5, 0]
    matrix[:3, 3] = [162.0, -58.0, 118.0]
    geometry = Geometry(shape, matrix)
    r, a, s = np.moveaxis(geometry.flat_to_ras(np.arange(geometry.size)).reshape(*shape, 3), -1, 0)
    edge = (r / 152) ** 2 + (a / 75) ** 2
    t1 = np.where(edge < 0.8, 100.0, 330.0)
    for side in (-95, 95):
        t1[np.hypot(r - side, a) < 15] = 250.0
    t1[edge > 1] = 2.0
    fluid = np.where(t1 > 300, 40.0, np.where(t1 > 200, 45.0, 50.0)) * (edge <= 1)
    if void == "prosthesis":
        stem = (np.hypot(r + 95 + 0.08 * (s - 10), a) < 9) & (s < 40) & (s > -80)
        head = (r + 80) ** 2 + a**2 + (s - 55) ** 2 < 24**2
        metal = stem | head
        ring = ndimage.binary_dilation(metal, np.ones((3, 3, 3))) & ~metal
        for array in (t1, fluid):
            array[metal] = 1.0
            array[ring & (s > -20) & (r > -100)] = 700.0
    if void == "gas":
        gas = ((r + 60) / 25) ** 2 + ((a - 45) / 12) ** 2 + ((s - 30) / 16) ** 2 < 1
        t1[gas] = fluid[gas] = 1.0
    return {
        role: Image(np.abs(array + rng.normal(size=shape) * 2).astype(np.float32), geometry)
        for role, array in (("T1", t1), ("FLUID", fluid))
    }


def test_a_prosthesis_is_found_with_its_side_its_axis_and_its_margin() -> None:
    series = hip("prosthesis")
    result = find_mr_findings(
        series, {}, series["T1"], parameters("hip-replacement"), group="hip-replacement", prosthesis_side="left"
    )
    implant = result.implant
    assert implant.side == "left"
    assert implant.unreliable.volume_ml > implant.void.volume_ml
    assert set(implant.void.flat) <= set(implant.unreliable.flat)
    proximal, distal = implant.axis_ras
    assert abs(distal[2] - (-80.0)) < 8.0
    assert proximal[2] > 15.0
    assert np.allclose(distal[:2], [-95 - 0.08 * -90, 0.0], atol=6.0)
    artefacts = [finding for finding in result.findings if finding.kind == "implant artefact"]
    assert len(artefacts) == 1
    assert artefacts[0].grade == 0.0


@pytest.mark.parametrize("void", [None, "gas"])
@pytest.mark.parametrize("group", ["low-back", "hip-replacement"])
def test_bowel_gas_and_air_are_no_implant(void: str | None, group: str) -> None:
    series = hip(void)
    result = find_mr_findings(series, {}, series["T1"], parameters(group), group=group)
    assert result.implant.void is None
    assert (group == "hip-replacement") == any("No implant" in text for text in result.warnings)


BIAS = load_protocol("low-back").stage("mr_findings", MRParameters).bias


@pytest.mark.parametrize("strength", [0.0, 1.0])
def test_a_known_shading_is_removed_to_three_percent(strength: float) -> None:
    rng = np.random.default_rng(2)
    shape = (24, 128, 120)
    k, j, i = np.meshgrid(*(np.linspace(-1, 1, n) for n in shape), indexing="ij")
    body = i**2 + j**2 < 0.9
    pattern = ndimage.gaussian_filter(rng.normal(size=shape), (1.2, 5, 5))
    signal = np.select([pattern > 0.03, pattern > -0.01], [320.0, 110.0], 180.0) * body
    field = strength * (0.5 * np.sin(1.2 * j) + 0.3 * i * k - 0.35 * i**2 + 0.2 * k)
    noisy = np.abs(signal * np.exp(field) + rng.normal(size=shape) * 3).astype(np.float32)
    corrected, log_field = correct_bias(
        Image(noisy, Geometry(shape, np.diag([2.0, 2.0, 4.4, 1.0]))), mask=body, parameters=BIAS
    )
    error = (log_field - field)[body]
    assert np.abs(error - np.median(error)).mean() < 0.03
    assert corrected.dtype == log_field.dtype == np.float32
    assert np.allclose(corrected, noisy * np.exp(-log_field), rtol=1e-5)


def test_too_little_signal_leaves_the_image_as_it_is() -> None:
    image = Image(np.ones((3, 4, 5), dtype=np.int16), Geometry((3, 4, 5), np.eye(4)))
    corrected, log_field = correct_bias(image, parameters=BIAS)
    assert np.array_equal(corrected, image.array)
    assert not log_field.any()
