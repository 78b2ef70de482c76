"""What CONTRIBUTING.md says under "How to add", done once each: every extension takes only the steps named there."""

from __future__ import annotations

import csv
import dataclasses
import datetime
import io
from pathlib import Path

import numpy as np
import pytest
from PainGeneratorLib.Anatomy import codes
from PainGeneratorLib.Numerics.core import measures, records
from PainGeneratorLib.Numerics.core.coding import Code
from PainGeneratorLib.Numerics.core.image import Geometry, Image, ball
from PainGeneratorLib.Numerics.core.rules import Rule, RuleList
from PainGeneratorLib.Numerics.pet import contours, physiologic
from PainGeneratorLib.Numerics.pet.contours import ContourSpace, Heights, NormalUptake
from PainGeneratorLib.Numerics.pet.detector import HotSpotParameters
from PainGeneratorLib.Numerics.pet.organ_places import FocusContext
from PainGeneratorLib.Numerics.pet.peak import SphereMeans
from PainGeneratorLib.Numerics.pet.physiologic import Verdict, physiologic_verdict
from PainGeneratorLib.Report import case_outputs, tables
from PainGeneratorLib.Workflow.protocol import Protocol, load_protocol
from physiologic_contexts import PARAMETERS, focus
from report_examples import example_candidates


def two_thirds_of_the_summit(_space: ContourSpace, at: Heights) -> float:
    """Two thirds of the hottest voxel of the core, g/ml."""
    return 2.0 / 3.0 * at.core_max


def test_a_threshold_method(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(contours.METHODS, "two-thirds", "two thirds of SUVmax")
    monkeypatch.setitem(contours.THRESHOLDS, "two-thirds", two_thirds_of_the_summit)
    geometry = Geometry((24, 24, 24), np.diag([3.0, 3.0, 3.0, 1.0]))
    middle = np.array([36.0, 36.0, 36.0])
    away = np.linalg.norm(geometry.flat_to_ras(np.arange(geometry.size)) - middle, axis=1).reshape(geometry.shape)
    suv = Image((1.0 + 3.0 * np.clip(1.0 - away / 15.0, 0.0, 1.0)).astype(np.float32), geometry)
    flat = ball(geometry, middle, 14.0)
    owner = np.zeros(geometry.shape, dtype=np.int32)
    owner.reshape(-1)[flat] = 1
    parameters = load_protocol("low-back").stage("hot_spots", HotSpotParameters).contour
    normal = NormalUptake(typical_suv=0.8, rich_suv=1.6, mass_suv=2.8)
    core = ball(geometry, middle, 4.0)
    space = ContourSpace(suv, SphereMeans(suv), owner, 1, flat, core, parameters, normal)
    found = space.contour("two-thirds", 1.0, 0.1)
    assert found.threshold == pytest.approx(8.0 / 3.0)
    assert suv.array.reshape(-1)[found.flat].min() >= found.threshold


def test_a_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    def warm(context: FocusContext) -> Verdict | None:
        """Uptake below 1.5 g/ml is usual anywhere: a rule for this test alone."""
        if context.suv_max >= 1.5:
            return None
        return Verdict(f"usual: SUVmax {context.suv_max:.1f}", True, {"suv_max": context.suv_max})

    rules = RuleList([Rule("warm", warm), *physiologic.EVERYWHERE])
    monkeypatch.setattr(physiologic, "EVERYWHERE", rules)
    found = physiologic_verdict(focus(suv_max=1.4))
    assert found is not None
    assert (found[0], found[1].text) == ("warm", "usual: SUVmax 1.4")
    assert (physiologic_verdict(focus(suv_max=1.5)) or ("", None))[0] != "warm"
    off = dataclasses.replace(PARAMETERS, rules_off=("warm",))
    assert (physiologic_verdict(focus(suv_max=1.4, parameters=off)) or ("", None))[0] != "warm"


def test_an_mr_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codes, "MR_KINDS", (*records.MR_KINDS, "hemangioma"))
    monkeypatch.setitem(codes.KIND_CODES, "hemangioma", Code(codes.OWN, "hemangioma", "Hemangioma"))
    monkeypatch.setitem(codes._COLORS, "hemangioma", (200, 60, 60))
    assert "~99PAINGEN^hemangioma^Hemangioma~" in codes.terminology_entry("hemangioma")
    assert codes.color_of("hemangioma") == pytest.approx((200 / 255, 60 / 255, 60 / 255))
    assert '"hemangioma"' in str(codes.findings_terminology()).replace("'", '"')


def test_a_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    density = measures.Measure(
        key="density",
        title="Density",
        value=lambda candidate: None if not candidate.volume_ml else 1.0 / candidate.volume_ml,
        how="One over the volume: a measure for this test alone.",
        unit="1/ml",
    )
    monkeypatch.setattr(measures, "MEASURES", (*measures.MEASURES, density))
    candidates = example_candidates()
    rows = list(csv.DictReader(io.StringIO(tables.candidates_csv(candidates))))
    assert [float(row["density"]) for row in rows] == [
        pytest.approx(1.0 / candidate.volume_ml, abs=1e-3) for candidate in candidates
    ]
    assert all("density" in candidate.to_json() for candidate in candidates)
    assert "Density" in tables.text_table(candidates)


def test_an_export(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def write_line(_analysis: object, folder: Path, created: datetime.datetime) -> None:
        (folder / "line.txt").write_text(f"written {created:%Y}\n")

    monkeypatch.setattr(case_outputs, "TABLE_WRITERS", (write_line,))
    case_outputs.write_tables(None, tmp_path, datetime.datetime(2026, 1, 2))  # type: ignore[arg-type]
    assert (tmp_path / "line.txt").read_text() == "written 2026\n"


def test_a_parameter() -> None:
    entry = {"value": 2.0, "unit": "mm", "minimum": 0.0, "maximum": 9.0, "source": "a test", "description": "a size"}
    protocol = Protocol("low-back", {"stage": {"part": {"size_mm": entry}}})
    filled = protocol.with_values({"stage.part.size_mm": "3"}).stage("stage", StageParameters)
    assert filled == StageParameters(part=PartParameters(size_mm=3.0))


@dataclasses.dataclass(frozen=True, kw_only=True)
class PartParameters:
    """Parameters of a part of a stage."""

    size_mm: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class StageParameters:
    """Parameters of a stage with one part."""

    part: PartParameters
