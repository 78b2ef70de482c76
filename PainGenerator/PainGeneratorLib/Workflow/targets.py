"""Targets for a needle: for each accepted or pending candidate a point, and where that is known a path from the skin.

Start at :class:`TargetFinder`. What a path has to keep to is in :mod:`..Numerics.body.needle_paths`, the usual
approach to each structure in :mod:`..Anatomy.approaches`, and how all of it was chosen in `docs/targets.md`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from ..Anatomy.anatomy_map import AnatomyMap
from ..Anatomy.approaches import APPROACHES, Approach
from ..Numerics.body.needle_paths import (
    PathFacts,
    PathLimits,
    Surroundings,
    choose,
    direction,
    evaluate,
    expected_error_mm,
    outward_directions,
    why_none,
)
from ..Numerics.body.skin_profile import skin_on_signal
from ..Numerics.core.image import LPS_TO_RAS, transform_points
from ..Numerics.core.records import NOT_JOINED, Candidate
from ..Numerics.core.words import LATERAL_SIDES, Certainty, Role, Side, Status
from .case import Case
from .finding import Found
from .stages import Alignment, Suv
from .target_ground import TargetGround, ground_of_targets, outline_point, root_name

TARGET_STATUSES = (Status.PENDING, Status.ACCEPTED)
"""Candidates that get a target."""
STAGE = "targets"
"""Name of the parameters in the protocol."""
REFERENCE = "reference"
"""In place of the role of a series: the reference series."""
ALIGNMENT_LEAST_MM = 2.0
"""Lower bound of the error of an alignment, mm. The spread of repeated searches can be far smaller, but not the error:
organs move, and edges of PET and MR differ. Our estimate."""
NOT_MEASURED_MM = 5.0
"""Error of an alignment that was not measured, mm. Our estimate: what a reader sees and corrects by eye."""
PET_BEYOND_MM = 12.0
"""Upper bound of the length by which the body on the PET reaches beyond the skin, mm. Our estimate: twice the
resolution of a PET. More means that the skin was found within the body."""
SKIN_BEYOND_MM = 40.0
"""Upper bound of the length by which the skin reaches beyond the body on the PET, mm. Our estimate: fat under the skin
takes up little, so that the PET may end at its inner side."""


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


class TargetFinder:
    """Finds the targets of a case.

    Parameters
    ----------
    case : Case
    suv : Suv
    alignment : Alignment
    found : Found
    anatomy : AnatomyMap, optional
    """

    def __init__(
        self, case: Case, suv: Suv, alignment: Alignment, found: Found, anatomy: AnatomyMap | None = None
    ) -> None:
        self._case, self._suv, self._alignment, self._found, self._anatomy = case, suv, alignment, found, anatomy
        self._parameters = case.protocol.stage(STAGE, TargetParameters)
        self._ground: TargetGround | None = None
        self._made: dict[tuple[Any, ...], Target] = {}

    @property
    def ground(self) -> TargetGround:
        """What is known around the targets."""
        if self._ground is None:
            self._ground = ground_of_targets(self._case, self._suv, self._alignment, self._found, self._anatomy)
        return self._ground

    def targets(self, candidates: Sequence[Candidate], moved: MovedPaths | None = None) -> list[Target]:
        """The targets of all accepted and pending candidates, best first.

        Parameters
        ----------
        candidates : sequence of Candidate
        moved : mapping, optional
            Paths that the reader moved.
        """
        chosen = sorted((c for c in candidates if c.status in TARGET_STATUSES), key=lambda one: one.rank)
        found = []
        for candidate in chosen:
            for key, side, point in _points_of(candidate, self._found):
                own = (moved or {}).get(key)
                found.append(self._kept(key, candidate, side, point, own))
        return found

    def _kept(
        self,
        key: str,
        candidate: Candidate,
        side: str,
        point: np.ndarray | None,
        moved: tuple[np.ndarray, np.ndarray] | None,
    ) -> Target:
        """A target, found once for the same place; status and rank are always those of now."""
        ends = () if moved is None else tuple(tuple(np.round(end, 3)) for end in moved)
        where = None if point is None else tuple(np.round(point, 3))
        rests_on = (key, side, where, ends, candidate.place, tuple(candidate.flags), tuple(_roles_of(candidate)))
        if rests_on not in self._made:
            self._made[rests_on] = self._target(key, candidate, side, point, moved)
        return dataclasses.replace(self._made[rests_on], candidate=candidate)

    def _target(
        self,
        key: str,
        candidate: Candidate,
        side: str,
        point: np.ndarray | None,
        moved: tuple[np.ndarray, np.ndarray] | None,
    ) -> Target:
        error_mm, error_text, refusal = self._error(candidate)
        base = Target(key, candidate, side, str(TargetState.REFUSED), doubts=_doubts(candidate), error_text=error_text)
        if point is None:
            return dataclasses.replace(base, reason="Its outline is empty.")
        if refusal:
            return dataclasses.replace(base, reason=refusal)
        base = dataclasses.replace(
            base, state=str(TargetState.POINT), point_ras=point, error_mm=error_mm, in_series=self._in_series(point)
        )
        approach = APPROACHES.get(candidate.place.structure)
        if moved is not None:
            return self._moved(base, approach, *moved)
        if approach is None:
            text = f"There is no usual approach of a needle to this structure ({candidate.place.structure})."
            return dataclasses.replace(base, reason=text)
        return self._with_path(base, approach, point)

    def _with_path(self, base: Target, approach: Approach, point: np.ndarray) -> Target:
        """The target with the proposed path, or with the reason why there is none."""
        limits = self._limits(base, approach)
        inside = self._holding(point, limits)
        base = dataclasses.replace(base, approach=approach.name)
        if inside:
            return dataclasses.replace(base, reason=f"The point itself lies in: {', '.join(inside)}.")
        plan = self._found.plan
        back = np.cross(plan.left_ras, [0.0, 0.0, 1.0])
        back = back / np.linalg.norm(back) * (-1.0 if back[1] > 0 else 1.0)
        best, tried = None, []
        for sign in _signs(base.side):
            aside = sign * np.cross([0.0, 0.0, 1.0], back)
            aside = aside * np.sign(aside @ (sign * plan.left_ras))
            ways = outward_directions(aside, back, approach.side_deg, approach.head_deg)
            paths = evaluate(point, ways, self.ground.around, limits)
            tried += paths
            usual = direction(aside, back, np.array(approach.usual_deg[0]), np.array(approach.usual_deg[1]))[0]
            one = choose(paths, usual)
            if one is not None and (best is None or (one.length_mm or 0.0) < (best.length_mm or 0.0)):
                best = one
        if best is None:
            text = f"No straight path of the usual approach ({approach.name}) is free: {why_none(tried)} tried."
            return dataclasses.replace(base, reason=text)
        return self._finished(base, best, str(PathOrigin.PROPOSED))

    def _moved(self, base: Target, approach: Approach | None, point: np.ndarray, toward: np.ndarray) -> Target:
        """The target with a path that the reader moved: measured, whatever it meets."""
        way = np.asarray(toward, dtype=float) - point
        length = float(np.linalg.norm(way))
        if length < 1e-6:
            return dataclasses.replace(base, reason="Both ends of the moved path lie at one place.")
        base = dataclasses.replace(
            base, point_ras=np.asarray(point, dtype=float), in_series=self._in_series(point),
            approach=approach.name if approach is not None else "",
        )  # fmt: skip
        path = evaluate(point, (way / length)[None], self.ground.around, self._limits(base, approach))[0]
        if path.length_mm is None:
            return dataclasses.replace(
                base, reason="The skin is not in view along the moved path.", origin=str(PathOrigin.MOVED)
            )
        return self._finished(base, path, str(PathOrigin.MOVED))

    def _finished(self, base: Target, path: PathFacts, origin: str) -> Target:
        """The target with a path whose skin was looked at closely."""
        refined, doubt = self._at_skin(path)
        if doubt:
            return dataclasses.replace(base, reason=doubt, origin=origin)
        met = [f"The path meets or comes too near: {', '.join(path.too_near)}."] if path.too_near else []
        if path.bone_mm > 0.0 and not path.is_free:
            met.append(f"It goes {path.bone_mm:.0f} mm through bone outside the target.")
        assert base.point_ras is not None
        return dataclasses.replace(
            base, state=str(TargetState.PATH), path=refined, origin=origin, known=dict(self.ground.known),
            unknown=tuple(self.ground.unknown), doubts=(*base.doubts, *met, *self._outside_map(refined)),
            in_series=self._in_series(base.point_ras, refined.entry_ras),
        )  # fmt: skip

    def _at_skin(self, path: PathFacts) -> tuple[PathFacts, str]:
        """The path up to the skin as the signal shows it, and why its skin is doubtful."""
        length = path.length_mm or 0.0
        signal = self.ground.signals.get(path.skin)
        if signal is not None:
            finer = skin_on_signal(signal, path.target_ras, path.outward_ras, length)
            length = length if finer is None else finer
        pet = self.ground.pet_skin
        if pet is not None and path.skin != pet.name:
            around, limits = Surroundings((pet,)), PathLimits(0.0, 0.0)
            there = evaluate(path.target_ras, path.outward_ras[None], around, limits)[0].length_mm
            if there is not None and not -SKIN_BEYOND_MM <= there - length <= PET_BEYOND_MM:
                return path, (
                    f"The skin is doubtful: {length:.0f} mm from the point on {path.skin}, {there:.0f} mm on the PET."
                )
        near, change = path.nearest, length - (path.length_mm or 0.0)
        if near is not None:
            near = dataclasses.replace(near, depth_mm=min(max(near.depth_mm + change, 0.0), length))
        return dataclasses.replace(path, length_mm=length, nearest=near), ""

    def _outside_map(self, path: PathFacts) -> list[str]:
        """What is said where the anatomy segmentation does not reach to the skin."""
        anatomy, entry = self._anatomy, path.entry_ras
        if anatomy is None or entry is None:
            return []
        steps = np.linspace(0.0, 1.0, 101)[:, None]
        points = path.target_ras + steps * (entry - path.target_ras)
        part = float(np.mean(~anatomy.image.geometry.contains(anatomy.to_map(points))))
        if part < 0.01:
            return []
        return [f"{100 * part:.0f} % of the path lies outside the anatomy segmentation, where no organ is known."]

    def _limits(self, base: Target, approach: Approach | None) -> PathLimits:
        ignored = set()
        if base.candidate.place.structure == "foramen":
            ignored = {
                root_name(row.site.name)
                for row in self._found.measured_sites.rows
                if row.site.structure == "foramen"
                and (row.site.level, row.site.side) == (base.candidate.place.level, base.side)
            }
        clearance = max(self._parameters.clearance_mm, base.error_mm or 0.0)
        return PathLimits(clearance, 0.0 if approach is None else approach.reach_mm, frozenset(ignored))

    def _holding(self, point: np.ndarray, limits: PathLimits) -> list[str]:
        """The structures in which a point lies although no target should."""
        return [
            one.name
            for one in self.ground.around.obstacles
            if not one.is_bone and one.name not in limits.ignored and float(one.distance_mm(point[None])[0]) <= 0.0
        ]

    def _in_series(self, point: np.ndarray, entry: np.ndarray | None = None) -> InSeries:
        """A target in the frame of the chosen series."""
        chosen = self._parameters.series
        role = self._case.reference_role if chosen == REFERENCE else chosen
        series = self._case.series.get(role)
        if series is None:
            return InSeries(role, "", reason=f"The case has no series {role}.")
        if not self._alignment.is_aligned(role):
            return InSeries(role, series.label, reason=f"{role} could not be aligned with the reference series.")
        matrix = self._alignment.reference_to(role)
        there = transform_points(matrix, point)
        entry_there = None if entry is None else transform_points(matrix, entry)
        to_ijk = series.image.geometry.to_ijk
        return InSeries(
            str(role), series.label, there, entry_there, to_ijk(there),
            None if entry_there is None else to_ijk(entry_there),
        )  # fmt: skip

    # --- how far a point may be off

    def _error(self, candidate: Candidate) -> tuple[float | None, str, str]:
        """The expected error of a candidate's place, what it is made of, and why it is refused."""
        roles = _roles_of(candidate)
        unaligned = [role for role in roles if role in self._case.series and not self._alignment.is_aligned(role)]
        if NOT_JOINED in candidate.flags or unaligned:
            what = " and ".join(unaligned) or "its series"
            return None, "", f"The alignment is doubtful: {what} could not be aligned with the reference series."
        chosen = self._parameters.series
        used = dict.fromkeys([*roles, *((chosen,) if chosen != REFERENCE and chosen in self._case.series else ())])
        away = {role: error for role in used if (error := self._alignment_error(role)) is not None}
        images = dict.fromkeys([*used, self._case.reference_role])
        edges = {role: max(self._case.series[role].image.geometry.spacing_mm) for role in images
                 if role in self._case.series}  # fmt: skip
        error = expected_error_mm(list(away.values()), list(edges.values()))
        parts = [f"alignment of {role} {value:.1f} mm" for role, value in away.items()]
        parts += [f"half a voxel of {role} {0.5 * edge:.1f} mm" for role, edge in edges.items()]
        text = f"root of the sum of squares of: {', '.join(parts)}"
        most = self._parameters.error_most_mm
        if error > most:
            return error, text, f"The alignment is doubtful: the expected error is {error:.1f} mm, above {most:g} mm."
        return error, text, ""

    def _alignment_error(self, role: str) -> float | None:
        """The error of the alignment of a series, mm; None for the reference itself."""
        series = self._alignment.by_role.get(role)
        if series is None:
            return None
        measured = [value for value in (series.spread_mm, series.offset_mm) if value is not None]
        return max(*measured, ALIGNMENT_LEAST_MM) if measured else NOT_MEASURED_MM


def _roles_of(candidate: Candidate) -> list[str]:
    """The series on which the place of a candidate rests."""
    if candidate.hot_spots or not candidate.mr_findings:
        return [str(Role.PET)]
    return [finding.series_role for finding in candidate.mr_findings[:1]]


def _points_of(candidate: Candidate, found: Found) -> Iterator[tuple[str, str, np.ndarray | None]]:
    """Id, side and point of each target of a candidate: two for a finding at both joints of a pair."""
    region, side = candidate.region, candidate.place.side
    if not len(region):
        yield candidate.id, side, None
        return
    if side != Side.BOTH:
        yield candidate.id, side, outline_point(region, region.centroid_ras_mm)
        return
    points = region.points_ras
    lateral = np.atleast_1d(found.plan.lateral_mm(points))
    for word, mask in ((str(Side.RIGHT), lateral < 0), (str(Side.LEFT), lateral >= 0)):
        own = points[mask]
        point = None
        if len(own):
            point = own[int(np.linalg.norm(own - own.mean(axis=0), axis=1).argmin())]
        yield f"{candidate.id}-{word}", word, point


def _signs(side: str) -> tuple[float, ...]:
    """The sides from which a target is approached, as factors of the way to the left."""
    if side in LATERAL_SIDES:
        return (1.0,) if side == Side.LEFT else (-1.0,)
    return (1.0, -1.0)


def _doubts(candidate: Candidate) -> tuple[str, ...]:
    """What about the name of a target is not certain."""
    place, found = candidate.place, []
    if place.side_certainty != Certainty.CERTAIN:
        found.append(f"The side is {place.side_certainty}: check it before anything is done.")
    if place.level_certainty not in (None, str(Certainty.CERTAIN)):
        found.append(f"The level is {place.level_certainty}: count the vertebrae before anything is done.")
    if "alignment-uncertain" in candidate.flags:
        found.append("PET and MR are off by some millimeters that the alignment could not remove.")
    return tuple(found)


def to_lps(point_ras: np.ndarray) -> np.ndarray:
    """A point in LPS, mm."""
    return transform_points(LPS_TO_RAS, point_ras)
