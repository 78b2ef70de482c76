"""More measures of a case of real lumbar MR: references against their truth, and why lesions were missed."""

from __future__ import annotations

import resource
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
from PainGeneratorLib.Numerics.core import tissues as codes
from PainGeneratorLib.Numerics.core.image import ball
from PainGeneratorLib.Numerics.pet.detector import MOST_SENSITIVE

if TYPE_CHECKING:
    from finding_cases import Lesion
    from finding_run import Run

NEAR_MM = 15.0
"""Upper bound of the distance of a focus or finding that is told of a missed lesion, mm."""
AROUND_MM = 4.0
"""Radius around a lesion within which its tissue in the program's map is told, mm."""
OFF = (0.67, 1.5)
"""Ratio of a reference to its truth outside of which it is wrong. Our estimate: a lesion of 1.5 would then vanish."""


class Facts:
    """Measures a run of one case."""

    def __init__(self, true: dict[str, float], plan: str) -> None:
        self._true, self._plan = true, plan

    def __call__(self, run: Run) -> dict[str, Any]:
        """References, what was said about them, MR findings, memory, and what there is at each lesion."""
        result = run.detector.find()
        warnings = [*(run.mr.warnings if run.mr is not None else []), *result.warnings]
        table = {row.name: row.median for row in result.references}
        return {
            "plan": self._plan,
            "references": self._references(table, warnings),
            "warnings": warnings,
            "mr_findings": dict(Counter(f.kind for f in run.mr.findings)) if run.mr is not None else {},
            "foci_ml": round(sum(s.mtv_ml for s in result.hot_spots), 1),
            "memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0),
            "why": {lesion.id: why(run, lesion) for lesion in run.lesions()},
        }

    def _references(self, table: dict[str, float], warnings: list[str]) -> dict[str, dict[str, Any]]:
        """Tissue -> the program's reference, its truth, their ratio, and whether a wrong one was told."""
        rows = {}
        for tissue, true in self._true.items():
            value = table.get(tissue)
            ratio = None if value is None else value / true
            said = any(tissue in text.lower() and "reference" in text.lower() for text in warnings)
            wrong = ratio is not None and not OFF[0] <= ratio <= OFF[1]
            rows[tissue] = {"value": value, "true": true, "ratio": ratio, "wrong": wrong, "said": said}
        return rows


def why(run: Run, lesion: Lesion) -> str:
    """Tissue at a lesion in the program's map, foci near it with the rule that excluded them, and MR findings."""
    words = [f"tissue there: {tissue_at(run, lesion.center_ras_mm)}"]
    result = run.detector.find()
    near = [s for s in result.hot_spots if _distance(run, s, lesion) <= NEAR_MM]
    words += [
        f"focus {_distance(run, s, lesion):.0f} mm off, tbr {s.tbr or 0:.2f} to {s.reference_name}, "
        + (f"excluded by '{s.rule}': {s.physiologic}" if s.physiologic else "shown, too far")
        for s in near
    ]
    if not near:
        words.append(_faint(run, lesion, result))
    findings = [] if run.mr is None else [*run.mr.findings, *run.mr.weak]
    words += [
        f"MR {f.kind} z {f.z or 0:.1f}{' (weak)' if 'weak' in f.flags else ''}"
        for f in findings
        if np.linalg.norm(f.centroid_ras_mm - lesion.center_ras_mm) <= NEAR_MM
    ]
    return "; ".join(words)


def _faint(run: Run, lesion: Lesion, result: Any) -> str:
    """What a missed lesion would need to be shown."""
    weak = [s for s in result.weak if _distance(run, s, lesion) <= NEAR_MM]
    if weak:
        spot = max(weak, key=lambda s: s.tbr or 0.0)
        return f"weak focus: tbr {spot.tbr or 0:.2f} to {spot.reference_name}, conspicuity {spot.conspicuity or 0:.2f}"
    spots = run.detector.find(MOST_SENSITIVE).hot_spots
    some = [s for s in spots if _distance(run, s, lesion) <= NEAR_MM]
    if some:
        spot = max(some, key=lambda s: s.tbr or 0.0)
        text = f"only at the most sensitive setting: tbr {spot.tbr or 0:.2f} to {spot.reference_name}"
        return f"{text}, excluded by '{spot.rule}'" if spot.physiologic else text
    return "no focus at any setting"


def _distance(run: Run, spot: Any, lesion: Lesion) -> float:
    return float(np.linalg.norm(run.to_lesions(spot.centroid_ras_mm) - lesion.center_ras_mm))


def tissue_at(run: Run, point: np.ndarray) -> str:
    """The two most frequent tissues of the program's map around a point."""
    if run.mr is None:
        return "no map"
    flat = ball(run.mr.tissues.geometry, point, AROUND_MM)
    if not flat.size:
        return "outside the MR"
    counts = Counter(run.mr.tissues.array.reshape(-1)[flat].tolist()).most_common(2)
    return ", ".join(f"{codes.NAMES[c]} {100 * n // flat.size} %" for c, n in counts)
