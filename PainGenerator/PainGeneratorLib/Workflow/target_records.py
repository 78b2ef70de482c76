"""What a target for a needle is: plain data, as tables, files and the panel show it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from ..Numerics.body.needle_records import PathFacts
from ..Numerics.core.image import LPS_TO_RAS, transform_points
from ..Numerics.core.records import Candidate
from ..Numerics.core.words import Status

TARGET_STATUSES = (Status.PENDING, Status.ACCEPTED)
"""Candidates that get a target."""
STAGE = "targets"
"""Name of the parameters in the protocol."""
REFERENCE = "reference"
"""In place of the role of a series: the reference series."""


class TargetState(StrEnum):
    """What there is of a target."""

    PATH = "path"
    POINT = "point only"
    REFUSED = "refused"


class PathOrigin(StrEnum):
    """Who made a path."""

    PROPOSED = "proposed"
    MOVED = "moved by the reader"


@dataclass(frozen=True, kw_only=True)
class TargetParameters:
    """Parameters of stage ``targets``."""

    series: str
    clearance_mm: float
    error_most_mm: float


@dataclass(frozen=True, eq=False)
class InSeries:
    """A target in the frame of one series.

    Parameters
    ----------
    role : str
    label : str
    point_ras, entry_ras : ndarray, shape (3,), or None
        In the frame of the series, RAS mm.
    point_ijk, entry_ijk : ndarray, shape (3,), or None
        Voxel (column, row, slice) of that series, from 0, with decimals.
    reason : str
        Why there is nothing; empty otherwise.
    """

    role: str
    label: str
    point_ras: np.ndarray | None = None
    entry_ras: np.ndarray | None = None
    point_ijk: np.ndarray | None = None
    entry_ijk: np.ndarray | None = None
    reason: str = ""


@dataclass(frozen=True, eq=False)
class Target:
    """One target; positions in the reference frame, RAS mm.

    Parameters
    ----------
    id : str
        That of the candidate, with the side where one candidate has two targets.
    candidate : Candidate
    side : str
        Of this target.
    state : str
        A word of :class:`TargetState`.
    reason : str
        Why there is no path, or nothing at all; empty otherwise.
    point_ras : ndarray, shape (3,), or None
    path : PathFacts or None
    approach : str
        The usual approach in words; empty without one.
    error_mm : float or None
        The expected error of the point.
    error_text : str
        What it is made of.
    known : dict of str to str
        What a path was kept free of, and from what that is known.
    unknown : tuple of str
        What it may meet without anybody knowing.
    doubts : tuple of str
        Sentences for the reader.
    in_series : InSeries
    origin : str
        A word of :class:`PathOrigin`.
    """

    id: str
    candidate: Candidate
    side: str
    state: str
    reason: str = ""
    point_ras: np.ndarray | None = None
    path: PathFacts | None = None
    approach: str = ""
    error_mm: float | None = None
    error_text: str = ""
    known: Mapping[str, str] = dataclasses.field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    in_series: InSeries = dataclasses.field(default_factory=lambda: InSeries("", ""))
    origin: str = str(PathOrigin.PROPOSED)


MovedPaths = Mapping[str, tuple[np.ndarray, np.ndarray]]
"""Id of a target -> the point and a place toward the skin as the reader moved them, RAS mm."""


def to_lps(point_ras: np.ndarray) -> np.ndarray:
    """A point in LPS, mm."""
    return transform_points(LPS_TO_RAS, point_ras)
