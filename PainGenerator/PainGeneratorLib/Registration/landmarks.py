"""Pairs of points that a person placed at the same anatomical spots on the reference and on another series."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.image import transform_points
from ..Numerics.core.input_files import csv_rows, parsed_json, read_text_bytes
from ..Numerics.core.kept import Kept
from ..Numerics.core.words import GIVEN_ROLES, listed

MINIMUM_PAIRS = 3
"""Lower bound of the number of pairs: three points that are not on one line determine a rigid motion."""
COLLINEAR_MM = 5.0
"""Lower bound of the root mean square distance of the points from the line that fits them best, mm. Points nearer to
one line do not determine the rotation about it. Our estimate."""
RESIDUAL_LIMIT_MM = 15.0
"""Upper bound of the root mean square residual of the fit, mm. Pairs with a larger residual are not at the same
places. Our estimate."""
MIRROR_FACTOR = 2.0
"""Lower bound of the ratio between the residual of the fit and that of a mirrored fit at which left and right are
considered exchanged. Our estimate."""
RESIDUAL_FLOOR_MM = 4.0
"""A fit with a residual up to this is never considered mirrored, mm. Our estimate: the accuracy of points that are
placed by hand."""

FORM = (
    "Give point pairs as CSV with the header role,reference_r,reference_a,reference_s,series_r,series_a,series_s, "
    'as JSON {"<ROLE>": [{"reference": [R, A, S], "series": [R, A, S]}, ...]}, or as Slicer markups (.mrk.json) '
    "whose point labels are <ROLE>-reference-<n> and <ROLE>-series-<n>; all in mm."
)
"""Advice for the user: the forms in which landmarks can be given."""
_CSV_COLUMNS = ("reference_r", "reference_a", "reference_s", "series_r", "series_a", "series_s")
"""Columns of the coordinates in a CSV file, RAS mm."""


@dataclass(frozen=True, eq=False)
class LandmarkPairs(Kept):
    """Points of the reference and the points of a series at the same anatomical spots.

    Parameters
    ----------
    reference_ras : ndarray, shape (n, 3)
        Points of the reference, RAS mm.
    series_ras : ndarray, shape (n, 3)
        Points of the series in the same order, RAS mm.

    Raises
    ------
    ValueError
        The two arrays do not have the same number of points.
    """

    reference_ras: np.ndarray
    series_ras: np.ndarray

    def __post_init__(self) -> None:
        for name in ("reference_ras", "series_ras"):
            object.__setattr__(self, name, np.array(getattr(self, name), dtype=np.float64).reshape(-1, 3))
        if self.reference_ras.shape != self.series_ras.shape:
            raise ValueError("there must be as many points on the series as on the reference")

    def __len__(self) -> int:
        return len(self.reference_ras)


@dataclass(frozen=True, eq=False)
class LandmarkFit:
    """A rigid motion fitted to landmark pairs.

    Parameters
    ----------
    reference_to_series_ras : ndarray, shape (4, 4)
    residuals_mm : ndarray, shape (n,)
        Distance between every series point and its reference point after the motion, mm.
    """

    reference_to_series_ras: np.ndarray
    residuals_mm: np.ndarray

    @property
    def rms_mm(self) -> float:
        """Root mean square of the residuals, mm."""
        return float(np.sqrt(np.mean(self.residuals_mm**2)))


def read_landmarks(path: Path) -> dict[str, LandmarkPairs]:
    """Read pairs of points for each role.

    Three forms are accepted, all in RAS mm (Slicer markups can say that they are in LPS):

    * ``.csv`` with the header ``role,reference_r,reference_a,reference_s,series_r,series_a,series_s``;
    * ``.json``: ``{"PET": [{"reference": [R, A, S], "series": [R, A, S]}, ...], ...}``;
    * ``.mrk.json`` of Slicer: points labeled ``PET-reference-1`` and ``PET-series-1``, in any number of lists.

    Parameters
    ----------
    path : Path

    Returns
    -------
    dict
        Role (upper case) -> pairs.

    Raises
    ------
    PainGeneratorError
        The file cannot be read, it has another form, it has an unknown role or a point without its partner, or it
        holds no points.
    """
    try:
        text = read_text_bytes(Path(path), "landmark file").decode("utf-8-sig")
        pairs = _parse_csv(text) if path.suffix.lower() == ".csv" else _parse_json(parsed_json(text))
    except PainGeneratorError as error:
        raise PainGeneratorError(f"The landmark file {path} cannot be used: {error.reason}", error.advice) from error
    except (OverflowError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise PainGeneratorError(f"The landmark file {path} cannot be read: {error}.", FORM) from error
    if not pairs:
        raise PainGeneratorError(f"The landmark file {path} holds no point pairs.", FORM)
    return pairs


def fit_landmarks(pairs: LandmarkPairs, role: str = "series") -> LandmarkFit:
    """Find the rigid motion that maps the reference points best (least squares) to the series points.

    Parameters
    ----------
    pairs : LandmarkPairs
    role : str
        The role that the error messages name.

    Returns
    -------
    LandmarkFit
        The motion and its residuals.

    Raises
    ------
    PainGeneratorError
        There are fewer than three pairs, the points lie on one line, they look mirrored (left and right exchanged), or
        they do not fit a rigid motion.

    Notes
    -----
    Singular value decomposition of the cross-covariance (Arun, Huang, Blostein, IEEE PAMI 1987), with the sign
    correction for mirrored solutions (Umeyama, IEEE PAMI 1991).
    """
    if len(pairs) < MINIMUM_PAIRS:
        raise PainGeneratorError(
            f"{len(pairs)} landmark pair(s) for {role}: at least {MINIMUM_PAIRS} are needed.",
            "Add pairs at places that are easy to recognize on both series and that do not lie on one line.",
        )
    for points, where in ((pairs.reference_ras, "the reference"), (pairs.series_ras, "the series")):
        if _spread_across_line(points) < COLLINEAR_MM:
            raise PainGeneratorError(
                f"The landmarks of {role} lie on one line on {where}: the rotation about it stays unknown.",
                "Add a pair away from that line.",
            )
    matrix, residuals = _rigid_fit(pairs.reference_ras, pairs.series_ras)
    fit = LandmarkFit(matrix, residuals)
    mirrored = _rigid_fit(pairs.reference_ras * (-1.0, 1.0, 1.0), pairs.series_ras)[1]
    mirrored_rms = float(np.sqrt(np.mean(mirrored**2)))
    if len(pairs) > MINIMUM_PAIRS and fit.rms_mm > max(RESIDUAL_FLOOR_MM, MIRROR_FACTOR * mirrored_rms):
        raise PainGeneratorError(
            f"The landmarks of {role} fit a mirror image ({mirrored_rms:.1f} mm) better than the body "
            f"({fit.rms_mm:.1f} mm): left and right are exchanged, or the points are in LPS.",
            "Check the sides of the points, and that they are given in RAS.",
        )
    if fit.rms_mm > RESIDUAL_LIMIT_MM:
        worst = int(np.argmax(residuals)) + 1
        raise PainGeneratorError(
            f"The landmarks of {role} do not fit a rigid motion ({fit.rms_mm:.1f} mm; pair {worst} fits worst).",
            "Check that both points of every pair show the same place, and that they are in the same order.",
        )
    return fit


def _rigid_fit(reference: np.ndarray, series: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Matrix of the least squares fit, shape (4, 4), and the residual of each point in mm, shape (n,)."""
    reference_mean, series_mean = reference.mean(axis=0), series.mean(axis=0)
    u, _, vt = np.linalg.svd((reference - reference_mean).T @ (series - series_mean))
    sign = np.sign(np.linalg.det(vt.T @ u.T)) or 1.0
    matrix = np.eye(4)
    matrix[:3, :3] = vt.T @ np.diag([1.0, 1.0, sign]) @ u.T
    matrix[:3, 3] = series_mean - matrix[:3, :3] @ reference_mean
    return matrix, np.linalg.norm(transform_points(matrix, reference) - series, axis=1)


def _spread_across_line(points: np.ndarray) -> float:
    """Root mean square distance of points from the line that fits them best, mm."""
    values = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)
    return float(np.sqrt(np.sum(values[1:] ** 2) / len(points)))


def _role(name: Any) -> str:
    """The name of a role in upper case; refuse an unknown one."""
    role = str(name).strip().upper()
    if role not in GIVEN_ROLES:
        raise PainGeneratorError(f"there is no role {name!r}.", f"Roles are {listed(GIVEN_ROLES)}.")
    return role


def _point(values: Iterable[Any]) -> list[float]:
    """Three finite numbers; refuse anything else."""
    point = [float(v) for v in values]
    if len(point) != 3 or not np.isfinite(point).all():
        raise ValueError(f"{point} is not a position of three numbers")
    return point


def _collect(rows: Iterable[tuple[Any, Iterable[Any], Iterable[Any]]]) -> dict[str, LandmarkPairs]:
    """Sort rows of role, reference point and series point by role."""
    found: dict[str, list[tuple[list[float], list[float]]]] = {}
    for role, reference, series in rows:
        found.setdefault(_role(role), []).append((_point(reference), _point(series)))
    return {
        role: LandmarkPairs(np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs]))
        for role, pairs in found.items()
    }


def _parse_csv(text: str) -> dict[str, LandmarkPairs]:
    """Read pairs from CSV text; lines that begin with # are comments."""
    rows = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    names, *cells = csv_rows(rows) or [[]]
    missing = [name for name in ("role", *_CSV_COLUMNS) if name not in names]
    if missing:
        raise PainGeneratorError(f"the column {missing[0]} is missing.", FORM)
    table = [dict(zip(names, row, strict=False)) for row in cells]
    return _collect(
        (row["role"], [row[c] for c in _CSV_COLUMNS[:3]], [row[c] for c in _CSV_COLUMNS[3:]]) for row in table
    )


def _parse_json(content: Mapping[str, Any]) -> dict[str, LandmarkPairs]:
    """Read pairs from the content of a JSON file: our own form, or Slicer markups."""
    if "markups" in content:
        return _parse_markups(content["markups"])
    return _collect(
        (role, pair["reference"], pair["series"])
        for role, pairs in content.items()
        if not role.startswith("@")
        for pair in pairs
    )


def _parse_markups(lists: Iterable[Mapping[str, Any]]) -> dict[str, LandmarkPairs]:
    """Read pairs from Slicer markups; the labels of the points name their role and their partner."""
    points: dict[tuple[str, str], dict[str, list[float]]] = {}
    for markup in lists:
        to_ras: Callable[[list[float]], list[float]] = (
            (lambda p: [-p[0], -p[1], p[2]])
            if str(markup.get("coordinateSystem", "LPS")).upper() in ("LPS", "1")
            else (lambda p: p)
        )
        for point in markup["controlPoints"]:
            parts = str(point["label"]).rsplit("-", 2)
            if len(parts) != 3 or parts[1].lower() not in ("reference", "series"):
                raise PainGeneratorError(f"the point label {point['label']!r} does not name its pair.", FORM)
            points.setdefault((parts[0], parts[2]), {})[parts[1].lower()] = to_ras(_point(point["position"]))
    for (role, number), pair in points.items():
        if len(pair) != 2:
            raise PainGeneratorError(f"the point {role}-{next(iter(pair))}-{number} has no partner.", FORM)
    return _collect((role, pair["reference"], pair["series"]) for (role, _), pair in points.items())
