"""Targets as files: ``targets.csv``, ``targets.mrk.json`` for Slicer, and the outlines as STL and OBJ."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..Numerics.body.needle_paths import table_angles
from ..Scene.outline_models import KINDS, save_outline
from ..Scene.safe_names import safe_name
from ..Workflow.targets import Target, TargetState, to_lps
from .output_folder import write_json, write_text
from .tables import csv_text

OUTLINES_FOLDER = "target-outlines"
"""Folder of the outlines."""
MARKUPS_SCHEMA = (
    "https://raw.githubusercontent.com/slicer/slicer/master/Modules/Loadable/Markups/Resources/Schema/"
    "markups-schema-v1.0.3.json#"
)
"""The form of a markups file of Slicer."""
AXES = ("r", "a", "s")
LPS_AXES = ("l", "p", "s")
VOXEL_AXES = ("i", "j", "k")
Row = dict[str, Any]


def write_target_tables(targets: Sequence[Target], folder: Path) -> None:
    """Write ``targets.csv``."""
    rows = [target_row(target) for target in targets]
    write_text(folder / "targets.csv", csv_text(rows, dict.fromkeys(BLANK, "")))


def write_target_models(targets: Sequence[Target], folder: Path) -> None:
    """Write ``targets.mrk.json``, and the outline of each candidate with a target as STL and OBJ."""
    write_json(folder / "targets.mrk.json", markups_json(targets))
    shown = {one.candidate.id: one.candidate for one in targets if one.state != TargetState.REFUSED}
    if not shown:
        return
    (folder / OUTLINES_FOLDER).mkdir()
    for candidate in shown.values():
        for kind in KINDS:
            save_outline(candidate.region, folder / OUTLINES_FOLDER / f"{safe_name(candidate.id)}-LPS{kind}")


def target_row(target: Target) -> Row:
    """The fields of ``targets.csv``; what is not known is empty."""
    candidate, path = target.candidate, target.path
    entry = None if path is None else path.entry_ras
    return {
        "target": target.id,
        "candidate": candidate.id,
        "rank": candidate.rank,
        "status": candidate.status,
        "name": candidate.place.name,
        "structure": candidate.place.structure,
        "side": target.side,
        "side_certainty": candidate.place.side_certainty,
        "level": candidate.place.level or "",
        "level_certainty": candidate.place.level_certainty or "",
        "state": target.state,
        "reason": target.reason,
        **_xyz("point_ras", AXES, target.point_ras),
        **_xyz("entry_ras", AXES, entry),
        **_xyz("point_lps", LPS_AXES, None if target.point_ras is None else to_lps(target.point_ras)),
        **_xyz("entry_lps", LPS_AXES, None if entry is None else to_lps(entry)),
        **_path_fields(target),
        "error_mm": _number(target.error_mm),
        "error_made_of": target.error_text,
        **_series_fields(target),
        "doubts": " ".join(target.doubts),
    }


def _path_fields(target: Target) -> Row:
    """Depth, angles and surroundings of the path."""
    path = target.path
    blank = dict.fromkeys(
        (
            *("approach", "path", "depth_mm", "skin_from", "angle_in_axial_plane_deg", "hub_toward_side"),
            *("angle_to_head_deg", "nearest", "nearest_mm", "nearest_at_depth_mm", "bone_at_target_mm"),
            *("kept_free_of", "unknown"),
        ),
        "",
    )
    if path is None:
        return {**blank, "approach": target.approach}
    axial, toward, head = table_angles(path.outward_ras)
    near = path.nearest
    return {
        **blank,
        "approach": target.approach,
        "path": target.origin,
        "depth_mm": _number(path.length_mm),
        "skin_from": path.skin,
        "angle_in_axial_plane_deg": _number(axial),
        "hub_toward_side": toward,
        "angle_to_head_deg": _number(head),
        "nearest": "nothing known within 40 mm" if near is None else near.name,
        "nearest_mm": "" if near is None else _number(near.distance_mm),
        "nearest_at_depth_mm": "" if near is None else _number(near.depth_mm),
        "bone_at_target_mm": _number(path.bone_at_target_mm),
        "kept_free_of": "; ".join(f"{group} ({source})" for group, source in target.known.items()),
        "unknown": "; ".join(target.unknown),
    }


def _series_fields(target: Target) -> Row:
    """The target in the frame and the voxels of the chosen series."""
    there = target.in_series
    point, entry = there.point_ras, there.entry_ras
    return {
        "series": there.role,
        "series_label": there.label,
        "series_reason": there.reason,
        **_xyz("series_point_lps", LPS_AXES, None if point is None else to_lps(point)),
        **_xyz("series_entry_lps", LPS_AXES, None if entry is None else to_lps(entry)),
        **_xyz("series_point_voxel", VOXEL_AXES, there.point_ijk),
        **_xyz("series_entry_voxel", VOXEL_AXES, there.entry_ijk),
    }


BLANK = (
    *("target", "candidate", "rank", "status", "name", "structure", "side", "side_certainty", "level"),
    *("level_certainty", "state", "reason"),
)
"""The first columns, for a file without targets."""


def _number(value: float | None) -> Any:
    return "" if value is None else round(float(value), 1) + 0.0


def _xyz(name: str, axes: Sequence[str], point: np.ndarray | None) -> Row:
    values = (None, None, None) if point is None else point
    ending = "" if axes is VOXEL_AXES else "_mm"
    return {f"{name}_{axis}{ending}": _number(value) for axis, value in zip(axes, values, strict=True)}


def markups_json(targets: Sequence[Target]) -> dict[str, Any]:
    """The content of ``targets.mrk.json``: one point for each target, and a line from the skin for each path."""
    shown = [one for one in targets if one.point_ras is not None and one.state != TargetState.REFUSED]
    points = [_control(n, label_of(one), one.point_ras, _described(one)) for n, one in enumerate(shown, start=1)]
    lines = []
    for one in shown:
        if one.path is not None and one.path.entry_ras is not None:
            ends = [
                _control(1, "skin", one.path.entry_ras, "where the path enters the skin"),
                _control(2, "target", one.point_ras, label_of(one)),
            ]
            lines.append(_markup("Line", f"Path {label_of(one)}", ends))
    return {"@schema": MARKUPS_SCHEMA, "markups": [_markup("Fiducial", "Targets", points), *lines]}


def label_of(target: Target) -> str:
    """Rank and name of a target; the side where a candidate has two."""
    own = f", {target.side}" if target.id != target.candidate.id else ""
    return f"{target.candidate.rank} {target.candidate.place.name}{own}"


def _described(target: Target) -> str:
    parts = [target.id, target.candidate.status]
    if target.path is not None and target.path.length_mm is not None:
        parts.append(f"{target.path.length_mm:.0f} mm from the skin")
    parts += [target.reason] if target.reason else []
    if target.error_mm is not None:
        parts.append(f"expected error {target.error_mm:.1f} mm")
    return "; ".join([*parts, *target.doubts])


def _markup(kind: str, name: str, controls: list[Row]) -> Row:
    return {
        "type": kind,
        "name": name,
        "coordinateSystem": "LPS",
        "coordinateUnits": "mm",
        "locked": True,
        "fixedNumberOfControlPoints": False,
        "labelFormat": "%N-%d",
        "lastUsedControlPointNumber": len(controls),
        "controlPoints": controls,
    }


def _control(number: int, label: str, point_ras: Any, description: str) -> Row:
    return {
        "id": str(number),
        "label": label,
        "description": description,
        "position": [round(float(x), 4) + 0.0 for x in to_lps(np.asarray(point_ras, dtype=float))],
        "positionStatus": "defined",
        "selected": True,
        "locked": True,
        "visibility": True,
    }
