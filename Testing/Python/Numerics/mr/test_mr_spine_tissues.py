"""Tissues about the spine by their place: on a synthetic back of any contrast, and on real lumbar MR."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from PainGeneratorLib.Numerics.body.canal import SpineLine
from PainGeneratorLib.Numerics.core import tissues
from PainGeneratorLib.Numerics.core.image import Geometry
from PainGeneratorLib.Numerics.core.records import MRFinding
from PainGeneratorLib.Numerics.mr.checked_map import CONTRADICTION, checked_map, filled_levels
from PainGeneratorLib.Numerics.mr.endplate_pairs import find_endplate_pairs
from PainGeneratorLib.Numerics.mr.parameters import MRParameters
from PainGeneratorLib.Numerics.mr.picture import MRPicture
from PainGeneratorLib.Numerics.mr.signal import Signals
from PainGeneratorLib.Numerics.mr.spine_tissues import SpineTissues, find_spine_tissues
from PainGeneratorLib.Numerics.mr.tissue_map import tissue_signals
from PainGeneratorLib.Numerics.mr.verdicts import MODIC_I
from PainGeneratorLib.Workflow.protocol import load_protocol
from scipy import ndimage

P = load_protocol("low-back").stage("mr_findings", MRParameters)

DISCS_MM = np.array([24.0, 60.0, 96.0, 132.0])
T1 = {"marrow": 50.0, "disc": 32.0, "fluid": 22.0, "muscle": 30.0, "fat": 100.0, "cortex": 8.0}
T2 = {"marrow": 45.0, "disc": 60.0, "fluid": 110.0, "muscle": 14.0, "fat": 100.0, "cortex": 6.0}
STIR = {"marrow": 30.0, "disc": 36.0, "fluid": 90.0, "muscle": 26.0, "fat": 18.0, "cortex": 5.0}
GRADIENT_ECHO = {"marrow": 95.0, "disc": 140.0, "fluid": 150.0, "muscle": 110.0, "fat": 70.0, "cortex": 20.0}


def back(*contrasts: dict[str, float], names: tuple[str, ...]) -> tuple[Signals, SpineLine, dict[str, np.ndarray]]:
    """Signals of a back of 2 mm voxels along (S, A, R), its canal along S at A 0, and where each tissue truly lies."""
    shape = (80, 90, 50)
    matrix = np.diag([2.0, 2.0, 2.0, 1.0])
    matrix[:3, 3] = (-49.0, -98.0, 0.0)
    s, a, r = np.meshgrid(2.0 * np.arange(80), -98.0 + 2.0 * np.arange(90), -49.0 + 2.0 * np.arange(50), indexing="ij")
    to_disc = np.abs(s[..., None] - DISCS_MM).min(axis=-1)
    inside = (np.abs(r) / 24.0) ** 2.5 + (np.abs(a - 23.0) / 16.0) ** 2.5
    where = {
        "fat": a < -70.0,
        "muscle": (a >= -70.0) & (a < -8.0),
        "cortex": (inside < 1.3) & (inside >= 1.0),
        "marrow": (inside < 1.0) & (to_disc > 5.0),
        "disc": (inside < 1.0) & (to_disc <= 4.0),
        "fluid": (r / 9.0) ** 2 + (a / 7.0) ** 2 < 1.0,
    }
    body = a > -90.0
    rng = np.random.default_rng(3)
    roles = {}
    for name, signal in zip(names, contrasts, strict=True):
        values = np.full(shape, 0.8 * signal["muscle"] + 0.2 * signal["fat"], dtype=np.float32)
        for tissue, mask in where.items():
            values[mask] = signal[tissue]
        values[(inside < 1.0) & (to_disc > 4.0) & (to_disc <= 5.0)] = signal["cortex"]
        roles[name] = (values * rng.normal(1.0, 0.03, shape)).astype(np.float32)
    line = SpineLine(np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 158.0]]), 1.0, 1.0, DISCS_MM, np.zeros(4))
    return Signals(Geometry(shape, matrix), (1, 1, 1), roles, body), line, where


def found_in(*contrasts: dict[str, float], names: tuple[str, ...]) -> tuple[SpineTissues, dict[str, np.ndarray]]:
    """The tissues that are found, and the truth in their box."""
    signals, line, where = back(*contrasts, names=names)
    places = find_spine_tissues(signals, line)
    assert places is not None
    return places, {tissue: mask[places.coordinates.box] for tissue, mask in where.items()}


@pytest.mark.parametrize(
    ("contrast", "role"),
    [(T1, "T1"), (T2, "T2"), (STIR, "FLUID"), (GRADIENT_ECHO, "T1")],
    ids=["T1", "T2", "STIR", "gradient echo"],
)
def test_each_sequence_alone_shows_the_bodies_and_the_signal_of_each_tissue(
    contrast: dict[str, float], role: str
) -> None:
    places, truth = found_in(contrast, names=(role,))
    beyond = np.maximum(DISCS_MM[0] - places.coordinates.height, places.coordinates.height - DISCS_MM[-1])
    # A voxel of 2 mm beside the cortex shares its edge.
    between = ndimage.binary_erosion(truth["marrow"]) & (beyond < 15.0)
    assert places.bodies[between].mean() > 0.9
    assert truth["marrow"][places.bodies].mean() > 0.8
    # The sac touches the bodies here, without the cortex and ligament between them.
    assert places.bodies[truth["fluid"]].mean() < 0.03
    assert truth["muscle"][places.muscle].all()
    signal = places.signals[role]
    for tissue in ("marrow", "fluid", "muscle", "fat"):
        assert getattr(signal, tissue) == pytest.approx(contrast[tissue], rel=0.06), tissue


def test_several_series_are_used_together() -> None:
    places, truth = found_in(T1, STIR, names=("T1", "FLUID"))
    assert set(places.signals) == {"T1", "FLUID"}
    assert places.tells_fat_on_t1
    assert truth["muscle"][places.muscle].all()


def test_a_gradient_echo_is_not_read_as_a_t1_of_spin_echoes() -> None:
    places, _ = found_in(GRADIENT_ECHO, names=("T1",))
    assert not places.tells_fat_on_t1
    signals, _, _ = back(GRADIENT_ECHO, names=("T1",))
    assert tissue_signals(signals, 2.0, places).fat_t1 is None


def test_muscle_and_fluid_are_known_by_their_place_and_not_by_the_histogram() -> None:
    signals, line, _ = back(T2, names=("T2",))
    # Most of the view is dark noise, as in front of a spine coil.
    roles = {"T2": np.where(signals.body, signals.roles["T2"], np.float32(5.0))}
    places = find_spine_tissues(dataclasses.replace(signals, roles=roles), line)
    typical = tissue_signals(signals, 2.0, places)
    assert typical.muscle["T2"] == pytest.approx(T2["muscle"], rel=0.06)
    # Twice the signal of muscle is marrow on T2: fluid must have half of the signal of the dural sac.
    assert typical.fluid["T2"] == pytest.approx(0.5 * T2["fluid"], rel=0.06)


def changed(which: tuple[str, ...], drift: float, signs: tuple[float, float] = (0.75, 1.35)) -> list[MRFinding]:
    """Findings where endplates of the second disc are changed, below or above it, on T1 and STIR that drift.

    The place "body" is the whole vertebra above the disc.
    """
    signals, line, where = back(T1, STIR, names=("T1", "FLUID"))
    height = 2.0 * np.arange(80)[:, None, None]
    beside = {"below": (height < DISCS_MM[1]) & (height > DISCS_MM[1] - 16.0), "above": (height > DISCS_MM[1])}
    beside["above"] &= height < DISCS_MM[1] + 16.0
    beside["body"] = (height > DISCS_MM[1]) & (height < DISCS_MM[2])
    roles = {}
    for (role, array), sign in zip(signals.roles.items(), signs, strict=True):
        values = array * np.exp(drift * (height - 80.0) / 80.0).astype(np.float32)
        for side in which:
            values = np.where(where["marrow"] & beside[side], values * np.float32(sign), values)
        roles[role] = values.astype(np.float32)
    signals = dataclasses.replace(signals, roles=roles)
    places = find_spine_tissues(signals, line)
    assert places is not None
    picture = SimpleNamespace(
        signals=signals, smooth=roles, reads_t1=True, parameters=P, z={}, surroundings=None
    )  # what this search looks at
    return find_endplate_pairs(cast(MRPicture, picture), places)


@pytest.mark.parametrize("drift", [0.0, 0.4, -0.4])
def test_modic_one_at_both_endplates_is_found_against_the_drift_of_the_signal(drift: float) -> None:
    (found,) = changed(("below", "above"), drift)
    assert found.kind == MODIC_I
    assert found.rule == "modic-one-both-endplates"
    assert found.centroid_ras_mm[2] == pytest.approx(DISCS_MM[1], abs=4.0)
    assert found.volume_ml > 5.0


@pytest.mark.parametrize("drift", [0.0, 0.2, -0.4])
@pytest.mark.parametrize(("which", "away"), [("below", -10.0), ("above", 10.0)])
def test_modic_one_at_one_endplate_is_found_against_the_trend_of_the_others(
    which: str, away: float, drift: float
) -> None:
    (found,) = changed((which,), drift)
    assert (found.kind, found.rule) == (MODIC_I, "modic-one-endplate")
    assert found.centroid_ras_mm[2] == pytest.approx(DISCS_MM[1] + away, abs=4.0)


def test_a_slight_change_of_one_endplate_or_one_of_the_whole_body_is_no_modic_one() -> None:
    assert changed(("below",), 0.2, (0.92, 1.1)) == []
    assert changed(("body",), 0.2) == []


def test_the_z_of_modic_one_is_that_of_the_series_that_shows_it_bright() -> None:
    (found,) = changed(("below", "above"), 0.2)
    assert found.series_role == "FLUID"
    assert found.z is not None
    assert found.z > 3.0


def test_one_series_alone_is_no_modic_one() -> None:
    assert changed(("below", "above"), 0.2, (1.0, 1.5)) == []
    assert changed(("below", "above"), 0.2, (0.65, 1.0)) == []
    assert changed((), 0.4) == []


def test_without_discs_the_place_says_nothing() -> None:
    signals, line, _ = back(T1, names=("T1",))
    bare = dataclasses.replace(line, disc_mm=np.zeros(0), disc_tilt=np.zeros(0))
    assert find_spine_tissues(signals, bare) is None


def drawn_marrow() -> tuple[SpineTissues, dict[str, np.ndarray], np.ndarray]:
    """What the MR shows, where each tissue truly lies, and a segmentation of the marrow on the whole grid."""
    signals, line, where = back(T1, STIR, names=("T1", "FLUID"))
    places = find_spine_tissues(signals, line)
    assert places is not None
    return places, where, np.where(where["marrow"], np.uint8(tissues.MARROW), np.uint8(0))


def test_a_segmentation_that_leaks_into_canal_disc_and_muscle_loses_the_leaks_and_nothing_else() -> None:
    places, where, codes = drawn_marrow()
    s, a, r = np.meshgrid(2.0 * np.arange(80), -98.0 + 2.0 * np.arange(90), -49.0 + 2.0 * np.arange(50), indexing="ij")
    beside = (np.abs(s - 78.0) < 12.0) & (r > 38.0) & (np.abs(a - 23.0) < 10.0)
    leaks = (where["fluid"] & (np.abs(s - 78.0) < 48.0)) | where["disc"] | beside
    leaking = np.where(leaks, np.uint8(tissues.MARROW), codes)
    checked = checked_map(leaking, places)
    to_disc = np.abs(s[..., None] - DISCS_MM).min(axis=-1)
    # The borders of sac and disc are not judged, as both are found to some millimeters.
    deep = leaks & (np.abs(r) < 15.0) & ((a < 4.0) | ((a > 15.0) & (a < 31.0) & (to_disc < 2.0)))
    assert (checked.codes[deep] == tissues.MARROW).mean() < 0.1
    assert (checked.codes[beside] == tissues.UNKNOWN).all()
    assert (checked.codes[where["marrow"]] == tissues.MARROW).mean() > 0.99
    assert len(checked.warnings) == 1
    assert "were not used" in checked.warnings[0]


def test_a_segmentation_that_fits_is_used_without_a_word() -> None:
    places, where, codes = drawn_marrow()
    checked = checked_map(codes, places)
    assert (checked.codes[where["marrow"]] == tissues.MARROW).mean() > 0.99
    assert not checked.warnings


def test_a_segmentation_at_another_place_than_the_spine_is_not_cut_but_told() -> None:
    places, _, codes = drawn_marrow()
    moved = np.roll(codes, 15, axis=2)
    checked = checked_map(moved, places)
    assert checked.codes is moved
    assert checked.warnings == (CONTRADICTION,)


def test_levels_that_a_segmentation_lacks_follow_from_the_discs_in_its_numbers() -> None:
    own = np.array([0, 1, 1, 2, 2, 3, 3, 4], dtype=np.uint8)
    drawn = np.array([0, 0, 24, 23, 0, 22, 0, 0], dtype=np.uint8)
    assert filled_levels(drawn, own).tolist() == [0, 24, 24, 23, 23, 22, 22, 21]
    assert filled_levels(np.zeros(8, dtype=np.uint8), own).tolist() == [0] * 8
