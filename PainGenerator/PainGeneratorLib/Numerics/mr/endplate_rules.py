"""Rules about changes of endplates (Modic II and III) and about degenerated discs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..body import distances
from ..core.image import Region
from ..core.known import known_median
from ..core.rules import Rule, RuleList
from .marrow_rules import disc_part
from .parameters import DiscParameters, MRParameters
from .picture import MRPicture, region_mean
from .signal import around_region
from .surroundings import slice_counts
from .verdicts import (
    DISC_DEGENERATION,
    MODIC_II,
    MRVerdict,
    artifact,
    grade_between,
    normal,
    reached,
)


@dataclass(frozen=True, eq=False)
class EndplatePlace:
    """A place in the band of marrow beside a disc. What the rules ask for is measured when it is asked for.

    Parameters
    ----------
    picture : MRPicture
    region : Region
    kind : str
        Modic II or Modic III, by its signal.
    band : ndarray of bool
        The bands of marrow beside all discs.
    inner : ndarray of bool
        Voxels at least about 2 mm within the marrow.
    t1 : ndarray
        z-scores on T1 without NaN.
    """

    picture: MRPicture
    region: Region
    kind: str
    band: np.ndarray
    inner: np.ndarray
    t1: np.ndarray

    @cached_property
    def parameters(self) -> MRParameters:
        """The parameters of the stage."""
        return self.picture.parameters

    @cached_property
    def volume_ml(self) -> float:
        """Volume of the place."""
        return self.region.volume_ml

    @cached_property
    def slice_voxels(self) -> int:
        """Number of voxels on the largest slice."""
        return int(slice_counts(self.region).max())

    @cached_property
    def slices(self) -> int:
        """Number of slices on which it is seen."""
        return int(slice_counts(self.region).size)

    @cached_property
    def inner_part(self) -> float:
        """Part of the place that lies deep in the marrow."""
        return float(np.mean(self.inner.reshape(-1)[self.region.flat]))

    @cached_property
    def beyond_part(self) -> float:
        """Part of the marrow around it and beyond the band that has the same change on T1; 0 without such marrow."""
        box, _, near = around_region(self.region, distances.BEYOND_ENDPLATE.value)
        beyond = near & self.picture.surroundings.marrow[box] & ~self.band[box]
        if not beyond.any():
            return 0.0
        sign = 1.0 if self.kind == MODIC_II else -1.0
        return float(np.mean(sign * self.t1[box][beyond] > abs(self.parameters.modic.t1_z)))

    @cached_property
    def touching_disc_part(self) -> float:
        """Part of the place that reaches the endplate."""
        is_fat = self.kind == MODIC_II
        reach = distances.ENDPLATE_FROM_DISC_EDGE if is_fat else distances.SHARP_ENDPLATE_FROM_DISC_EDGE
        return disc_part(self.picture, self.region, reach.value)

    @cached_property
    def z(self) -> float:
        """How far its mean z-score on T1 is from 0."""
        return abs(region_mean(self.picture.z["T1"], self.region) or 0.0)

    @property
    def clearness(self) -> float:
        """How far it is clear and large, 0 to 1."""
        p = self.parameters
        return min(reached(self.z, p.modic.clear_z), reached(self.volume_ml, p.grade.medium_ml))

    @cached_property
    def _in_spine(self) -> tuple[float, float] | None:
        """Side and front of its middle in the straightened spine, mm; None where the canal is not known."""
        if self.picture.spine_line is None:
            return None
        right, front, height = known_median(self.picture.straight.local(self.region.points_ras), axis=0)
        return (float(abs(right)), float(front)) if np.isfinite(height) else None

    @cached_property
    def aside_mm(self) -> float | None:
        """Distance of its middle to the side of the canal; None where the canal is not known."""
        return None if self._in_spine is None else self._in_spine[0]

    @cached_property
    def front_mm(self) -> float | None:
        """Distance of its middle in front of the canal; None where the canal is not known."""
        return None if self._in_spine is None else self._in_spine[1]


def small_on_slices(place: EndplatePlace) -> MRVerdict | None:
    """A change of an endplate is seen on more than one slice, and on one of them with many voxels."""
    p = place.parameters.modic
    return artifact("few voxels") if place.slice_voxels < p.slice_voxels or place.slices < p.slices else None


def rim_at_endplate(place: EndplatePlace) -> MRVerdict | None:
    """A place that lies mostly at the edge of the marrow shares its voxels with disc or canal."""
    return artifact("edge of marrow") if place.inner_part < place.parameters.modic.inner_part else None


def beyond_the_band(place: EndplatePlace) -> MRVerdict | None:
    """A change that reaches far beyond the band is a hemangioma or a fatty vertebra, not a change of an endplate."""
    return (
        normal("it reaches beyond the endplate, as a hemangioma or the fat of a whole vertebra does")
        if place.beyond_part > place.parameters.modic.beyond_part
        else None
    )


def apart_from_disc(place: EndplatePlace) -> MRVerdict | None:
    """A Modic change touches the endplate; a change that does not is another change of marrow."""
    if place.touching_disc_part < place.parameters.modic.touching_part:
        return normal("it does not touch the endplate")
    return None


def slight_change(place: EndplatePlace) -> MRVerdict | None:
    """Normal marrow varies, and a dark place may share its voxels with the endplate: the mean must differ clearly."""
    p = place.parameters.modic
    return (
        artifact("slight change of the signal of marrow")
        if place.z < (p.fat_z if place.kind == MODIC_II else p.sclerosis_z)
        else None
    )


def small_change(place: EndplatePlace) -> MRVerdict | None:
    """Small changes of endplates are usual at every age."""
    return (
        normal("small changes of endplates are usual at every age")
        if place.volume_ml < place.parameters.modic.sure_ml
        else None
    )


def beside_body(place: EndplatePlace) -> MRVerdict | None:
    """Beside the vertebral bodies and behind them lies the fat of the foramina."""
    if place.aside_mm is None or place.front_mm is None:
        return None
    in_body = place.front_mm > distances.BODY_FRONT_LEAST.value and place.aside_mm < distances.BODY_SIDE_MOST.value
    return None if in_body else normal("fat beside the vertebral bodies")


def clear_modic(place: EndplatePlace) -> MRVerdict | None:
    """A large change with a clear mean on T1 has about a medium grade: its extent says more than its signal."""
    p = place.parameters
    if place.z >= p.modic.clear_z and place.volume_ml >= p.grade.medium_ml:
        return MRVerdict(place.kind, "clear and large", grade=grade_between(place.clearness))
    return None


def modic_change(place: EndplatePlace) -> MRVerdict | None:
    """All other changes in the band are Modic II or III of about the lowest grade."""
    return MRVerdict(place.kind, "changed on T1 along an endplate", grade=grade_between(place.clearness))


ENDPLATE_RULES: RuleList[EndplatePlace, MRVerdict] = RuleList(
    [
        Rule("endplate-few-voxels", small_on_slices),
        Rule("endplate-rim", rim_at_endplate),
        Rule("endplate-beyond-band", beyond_the_band),
        Rule("endplate-apart-from-disc", apart_from_disc),
        Rule("endplate-slight", slight_change),
        Rule("endplate-small", small_change),
        Rule("endplate-beside-body", beside_body),
        Rule("endplate-clear", clear_modic),
        Rule("endplate-change", modic_change),
    ]
)
"""What marrow that is changed on T1 beside a disc is."""


@dataclass(frozen=True, kw_only=True)
class DiscPlace:
    """The signal of one disc.

    Parameters
    ----------
    ratio : float
        Signal of the inner part of the disc over that of fluid, on T2.
    typical : float
        The same of the brighter discs of the case.
    parameters : DiscParameters
    """

    ratio: float
    typical: float
    parameters: DiscParameters

    @property
    def bound(self) -> float:
        """A degenerated disc is darker than this, compared with the brighter discs."""
        return self.parameters.relative * self.typical

    @property
    def darkness(self) -> float:
        """How far it is much darker than the brighter discs, 0 to 1."""
        return 1.0 - reached(self.ratio, self.parameters.much_darker * self.bound)


def disc_as_usual(place: DiscPlace) -> MRVerdict | None:
    """A disc that is bright against fluid, or about as bright as the brighter discs, is not degenerated."""
    is_dark = place.ratio < place.parameters.ratio and place.ratio < place.bound
    return None if is_dark else normal("as bright as other discs")


def dark_disc(place: DiscPlace) -> MRVerdict | None:
    """A disc that is darker than other discs is degenerated. This is common without pain: about the lowest grade."""
    if place.ratio > place.parameters.much_darker * place.bound:
        return MRVerdict(DISC_DEGENERATION, "darker than other discs", grade=grade_between(place.darkness))
    return None


def very_dark_disc(place: DiscPlace) -> MRVerdict | None:
    """A disc that is much darker than the brighter discs has about a medium grade."""
    return MRVerdict(DISC_DEGENERATION, "much darker than other discs", grade=grade_between(place.darkness))


DISC_RULES: RuleList[DiscPlace, MRVerdict] = RuleList(
    [
        Rule("disc-as-usual", disc_as_usual),
        Rule("dark-disc", dark_disc),
        Rule("very-dark-disc", very_dark_disc),
    ]
)
"""Whether a disc is degenerated."""
