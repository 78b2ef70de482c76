"""What the search for MR findings gives where little can be seen, and how its parts come together."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.image import Geometry, Image, Region
from PainGeneratorLib.Numerics.core.records import MRFinding
from PainGeneratorLib.Numerics.mr import hip
from PainGeneratorLib.Numerics.mr.findings import find_canal_with_discs, find_mr_findings
from PainGeneratorLib.Numerics.mr.parameters import MRParameters
from PainGeneratorLib.Numerics.mr.signal import Signals
from PainGeneratorLib.Workflow.protocol import load_protocol

GRID = Geometry((8, 30, 30), np.diag([4.0, 4.0, 4.0, 1.0]))
PARAMETERS = load_protocol("hip-replacement").stage("mr_findings", MRParameters)


def series(value: float, *roles: str) -> dict[str, Image]:
    """Series of soft tissue with a layer of three times its signal, as fat has on T1."""
    signal = np.full(GRID.shape, value, dtype=np.float32)
    signal[:, :8] *= 3.0
    signal *= 1.0 + 0.03 * np.random.default_rng(1).normal(size=GRID.shape).astype(np.float32)
    return {role: Image(signal, GRID) for role in roles}


def search(given: dict[str, Image], group: str = "low-back") -> list[str]:
    reference = next(iter(given.values()))
    found = find_mr_findings(given, {}, reference, PARAMETERS, group=group)
    assert found.findings == []
    assert found.tissues.array.shape == GRID.shape
    return found.warnings


def test_without_a_known_role_or_any_signal_nothing_is_looked_for() -> None:
    assert search(series(100.0, "OTHER")) == [
        "There is no T1, fluid-sensitive, T2 or contrast series: MR findings were not looked for."
    ]
    assert search(series(0.0, "T1")) == ["The MR holds no signal: MR findings were not looked for."]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("roles", "texts"),
    [
        (("T1",), ["No bone marrow", "only marrow replaced on T1"]),
        (("CONTRAST",), ["There is no T1 series", "No bone marrow"]),
        (("T1", "T2"), ["There is no fluid-sensitive series: T2", "No bone marrow", "spinal canal was not found"]),
        (("FLUID",), ["There is no T1 series", "No bone marrow", "spinal canal was not found"]),
    ],
)
def test_each_missing_series_has_its_warning(roles: tuple[str, ...], texts: list[str]) -> None:
    warnings = search(series(100.0, *roles))
    assert len(warnings) == len(texts)
    assert all(text in warning for text, warning in zip(texts, warnings, strict=True))


def test_an_implant_that_is_missing_at_hips_is_reported() -> None:
    warnings = search(series(100.0, "T1", "FLUID"), "hip-replacement")
    assert warnings[-1] == "No implant's signal void was found, though the group is hip-replacement."


def test_the_canal_needs_t1_or_a_series_that_shows_fluid() -> None:
    only_contrast = Signals(GRID, (1, 1, 1), {"CONTRAST": np.ones(GRID.shape)}, np.ones(GRID.shape, dtype=bool))
    assert find_canal_with_discs(only_contrast, None, None) is None


# --- how the findings of hips come together


def finding(i: int, kind: str = "oedema", volume_ml: float = 4.0) -> MRFinding:
    region = Region(GRID, np.array([i, i + 1]))
    return MRFinding(1, kind, region, region.centroid_ras_mm, volume_ml, 5.0, None, "FLUID", 0.66)


@pytest.fixture
def hips(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[MRFinding]]:
    """The findings that each part gives; bright are the first ten voxels."""
    given: dict[str, list[MRFinding]] = {
        "bright": [finding(0), finding(2, volume_ml=0.1)],
        "bright weak": [finding(4)],
        "marrow": [finding(6), finding(20)],
        "marrow weak": [finding(8), finding(22)],
        "fluid": [finding(20, "effusion or synovitis"), finding(24, "effusion or synovitis", 0.1)],
    }
    monkeypatch.setattr(hip, "find_oedema", lambda _: (given["marrow"], given["marrow weak"]))
    monkeypatch.setattr(hip, "find_fluid", lambda _: given["fluid"])
    monkeypatch.setattr(hip, "_findings_of_bright_places", lambda *_: (given["bright"], given["bright weak"]))
    return given


def hip_picture(is_segmented: bool) -> SimpleNamespace:
    segmented = np.zeros(GRID.shape, dtype=np.uint8) if is_segmented else None
    return SimpleNamespace(
        implant=None, parameters=PARAMETERS, surroundings=SimpleNamespace(segmented=segmented, geometry=GRID)
    )


def bright_voxels() -> np.ndarray:
    bright = np.zeros(GRID.shape, dtype=bool)
    bright.reshape(-1)[:10] = True
    return bright


def test_without_a_segmentation_marrow_beside_the_bright_places_is_weak(hips) -> None:
    sure, weak = hip.find_at_hips(hip_picture(False), bright_voxels(), False)
    assert sure == hips["bright"][:1]
    assert weak == [*hips["bright weak"], hips["bright"][1], hips["marrow weak"][1], hips["marrow"][1]]


def test_with_a_segmentation_marrow_and_fluid_that_is_not_found_twice_count(hips) -> None:
    sure, weak = hip.find_at_hips(hip_picture(True), bright_voxels(), False)
    assert sure == [hips["bright"][0], hips["marrow"][1]]
    assert weak == [*hips["bright weak"], hips["bright"][1], hips["marrow weak"][1], hips["fluid"][1]]


def test_without_a_fluid_sensitive_series_only_marrow_and_fluid_are_known(hips) -> None:
    sure, weak = hip.find_at_hips(hip_picture(False), None, False)
    assert sure == [*hips["marrow"], *hips["fluid"]]
    assert weak == hips["marrow weak"]
