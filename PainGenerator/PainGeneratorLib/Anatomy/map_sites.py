"""Move the sites of spine and pelvis to the structures that an anatomy segmentation labels."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from ..Numerics.core.sites import Site
from .anatomy_map import VERTEBRA_PARTS, AnatomyMap
from .site_shift import shifted
from .spine import BODY_PARTS

_STEP_MM = 2.0
"""Upper bound of the distance of the points of a structure that are looked at, mm; the mean over many of them is more
accurate. Our estimate."""
_BONE_MM = 5.0
"""Upper bound of the distance by which the bone of a vertebra moves a site that has no label of its own, mm. Our
estimate: individual vertebrae differ from published means by 2 to 4 mm (Panjabi et al., Spine 17 (1992) 299)."""
_PEDICLE_MM = 8.0
"""The same for a pedicle, whose distance from the midline differs most. Our estimate."""
_LABEL_MM = 12.0
"""Upper bound of the distance by which a label of its own moves a site, mm. Our estimate: more would be another
structure."""
_MUSCLE_MM = 40.0
"""Upper bound of the distance by which the label of a muscle of the same side moves a site, mm: more than half the
width of a psoas, so that it only excludes a label of another part of the body. Our estimate."""
_LEAST_LABEL = 12
"""Lower bound of the number of voxels of a label that place a site. Our estimate."""
_OWN_LABELS = {
    "disc": ("disc",),
    "upper endplate": ("upper endplate",),
    "lower endplate": ("lower endplate",),
    "pedicle": ("pedicle",),
    "spinous process": ("spinous process",),
    "vertebral body": ("vertebral body",),
}
"""Structure of a site -> structures of labels that are the same place, with the same level."""
_ENDPLATE_MM = 3.0
"""How far an endplate site lies inside of a labeled endplate, mm: a label is the surface, a site the marrow beside
it."""


class MapPoints:
    """Points of the labels of a map, in the frame of the map. Each structure is looked up once."""

    def __init__(self, anatomy: AnatomyMap) -> None:
        self.anatomy = anatomy
        self._known: dict[tuple[int, ...], np.ndarray] = {}

    def of(self, structures: Iterable[str] | str, side: str | None = None, level: str | None = None) -> np.ndarray:
        """Points of structures, RAS mm, shape (n, 3); a part of them when they are many."""
        labels = tuple(self.anatomy.labels_of(structures, side, level))
        if labels not in self._known:
            self._known[labels] = self.anatomy.points(labels, _STEP_MM)
        return self._known[labels]


def refined_by_map(sites: Iterable[Site], anatomy: AnatomyMap) -> list[Site]:
    """Move sites to the labels of a map.

    A site whose structure has a label moves to the middle of it. A site at the arch of a vertebra that is labeled as a
    whole moves to the middle of the bone around it. Sites that are no bone, disc or psoas stay where the frame has
    them.

    Parameters
    ----------
    sites : iterable of Site
        In the frame of the map.
    anatomy : AnatomyMap

    Returns
    -------
    list of Site
        In the same order.
    """
    points = MapPoints(anatomy)
    found = [_refined(site, points) for site in sites]
    processes = {site.level: site for site in found if site.structure == "spinous process"}
    return [_between_processes(site, processes) for site in found]


def _refined(site: Site, points: MapPoints) -> Site:
    own = _at_own_label(site, points)
    if own is not None:
        return own
    by_structure = _BY_STRUCTURE.get(site.structure)
    return site if by_structure is None else by_structure(site, points)


def _between_processes(site: Site, processes: dict[str | None, Site]) -> Site:
    """An interspinous space halfway between the spinous processes above and below it; other sites as they are."""
    if site.structure != "interspinous space" or site.level is None:
        return site
    upper, _, lower = site.level.partition("/")
    if upper not in processes or lower not in processes:
        return site
    return replace(site, center_ras=0.5 * (processes[upper].center_ras + processes[lower].center_ras))


def _at_own_label(site: Site, points: MapPoints) -> Site | None:
    """The site in the middle of its own label; None without such a label, or when it lies too far away."""
    labels = _OWN_LABELS.get(site.structure)
    if labels is None:
        return None
    found = points.of(labels, level=site.level)
    if site.structure == "pedicle" and len(found):
        # A label of both pedicles of a vertebra is split where the sites are nearest.
        found = points.of(labels, site.side, site.level) if len(points.of(labels, site.side, site.level)) else found
        found = found[site.radius(found) < 3.0]
    if len(found) < _LEAST_LABEL:
        return None
    middle = found.mean(axis=0)
    if "endplate" in site.structure:
        sign = -1.0 if site.structure == "upper endplate" else 1.0
        middle = middle + sign * _ENDPLATE_MM * site.axes[2]
    if np.linalg.norm(middle - site.center_ras) > _LABEL_MM:
        return None
    return replace(site, center_ras=middle)


def _disc(site: Site, points: MapPoints) -> Site:
    """A disc in a label of all discs."""
    return shifted(site, points.of("disc"), 1.4, _BONE_MM)


def _arch(site: Site, points: MapPoints) -> Site:
    """A part of the arch in the bone of its vertebra. A lamina moves only across its thickness, because the bone goes
    on into the articular processes."""
    parts = set(VERTEBRA_PARTS) - set(BODY_PARTS)
    along = (1,) if site.structure == "lamina" else (0, 1, 2)
    return shifted(site, points.of(parts, level=site.level), 1.5, _BONE_MM, along)


def _pedicle(site: Site, points: MapPoints) -> Site:
    """A pedicle: across and upward in the bone between body and arch."""
    return shifted(site, points.of(set(VERTEBRA_PARTS) - set(BODY_PARTS), level=site.level), 1.6, _PEDICLE_MM, (0, 2))


def _canal(site: Site, points: MapPoints) -> Site:
    """The canal in its label, across and to the front."""
    labels = points.of("spinal canal")
    return shifted(site, labels if len(labels) else points.of("spinal cord"), 1.5, _BONE_MM, (0, 1))


def _psoas(site: Site, points: MapPoints) -> Site:
    """The psoas in the cross section of its muscle at the same height."""
    muscle = points.of("iliopsoas", site.side)
    local = (muscle - site.center_ras) @ site.axes.T
    section = local[np.abs(local[:, 2]) < 0.5 * site.half_mm[2]]
    if len(section) < _LEAST_LABEL:
        return site
    middle = np.array([*section[:, :2].mean(axis=0), 0.0])
    if np.linalg.norm(middle) > _MUSCLE_MM:
        return site
    spread = np.clip(1.3 * section[:, :2].std(axis=0), 0.5 * site.half_mm[:2], 1.5 * site.half_mm[:2])
    half = np.array([*spread, site.half_mm[2]])
    return replace(site, center_ras=site.center_ras + middle @ site.axes, half_mm=half)


_BY_STRUCTURE: dict[str, Callable[[Site, MapPoints], Site]] = {
    "disc": _disc,
    "pedicle": _pedicle,
    "lamina": _arch,
    "spinous process": _arch,
    "spinal canal": _canal,
    "psoas": _psoas,
}
"""Structure -> how it is placed in a map that has no label of its own for it."""
