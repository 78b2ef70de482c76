"""Cases for the ruler of sites: phantoms with anatomical variants, and real lumbar MR with drawn vertebrae."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from finding_cases import TestCase, kept_phantom, make_case, phantom_case
from PainGeneratorLib.Numerics.core.image import Geometry, Image, transform_points
from PainGeneratorLib.Phantoms.case import write_label_map
from PainGeneratorLib.Workflow.case import CaseOptions
from real_spine import Body, Spine, spine_of
from real_spine_cases import PLANS, CasePlan, as_series, reference_to_series, volumes_of, write_drawn_labels
from real_spine_places import spots_of
from real_spine_truth import kept_truth
from real_spine_variants import clinical, cut
from sites_score import Place

SEEDS = {"dev": 300, "held-out": 900}
"""Name of a set of seeds -> its first seed. The second set is only for figures that are quoted."""
ENDPLATE_MM = 2.0
"""How far inside the body the middle of an endplate is, mm, as in the phantoms."""
ROUGH = {
    "facet": "facet joint",
    "pedicle": "pedicle",
    "root": "foramen",
    "spinous process": "spinous process",
    "interspinous": "interspinous space",
}
"""Places that were set by hand on pictures of the real volumes -> the structure of the site."""
TILT_DEG = (12.0, 5.0)
"""Turn of a tilted patient about the long axis and about the axis from back to front, degrees."""


@dataclass(eq=False)
class SiteCase:
    """A case with its true sites.

    Parameters
    ----------
    name, kind : str
        `kind` is the variant, by which results are grouped.
    test : TestCase
    truth : list of Place
        In the reference frame; only what lies in the field of the MR.
    normal_suv : dict
        ``marrow`` and ``muscle`` -> true normal uptake, g/ml; empty for real MR.
    clean_pet : Image or None
        PET without noise.
    """

    name: str
    kind: str
    test: TestCase
    truth: list[Place]
    normal_suv: dict[str, float] = field(default_factory=dict)
    clean_pet: Image | None = None


def phantom_site_case(cache: Path, group: str, seed: int, variant: str, size: str, realism: str) -> SiteCase:
    """A phantom with an anatomical variant."""
    test = phantom_case(cache, group, seed, size, realism, variant)
    phantom, _, name = kept_phantom(cache, group, seed, size, realism, variant)
    truth = [Place.from_truth(site) for site in phantom.truth["sites"] if site["is_in_field"] and not site["is_rest"]]
    return SiteCase(name, variant, test, truth, phantom.truth["normal_suv"], phantom.clean_pet)


def sacrum_outside(image: Image) -> Image:
    """The upper 55 percent of the rows."""
    rows = image.array.shape[1]
    array = np.ascontiguousarray(image.array[:, : round(0.55 * rows)])
    return Image(array, image.geometry.cropped((0, 0, 0), array.shape))


def _turn(center: np.ndarray) -> np.ndarray:
    """The rigid motion of a tilted patient, shape (4, 4)."""
    a, b = np.deg2rad(TILT_DEG)
    about_s, about_a = np.eye(4), np.eye(4)
    about_s[:2, :2] = [[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]
    about_a[np.ix_([0, 2], [0, 2])] = [[np.cos(b), np.sin(b)], [-np.sin(b), np.cos(b)]]
    turn = about_s @ about_a
    turn[:3, 3] = center - turn[:3, :3] @ center
    return turn


CHANGES: dict[str, Callable[[Image], Image]] = {
    "plain": lambda image: image,
    "clinical": clinical,
    "cut": cut,
    "sacrum-outside": sacrum_outside,
    "tilt": lambda image: image,
}
"""Name of a variant of real MR -> change of an image. ``clinical`` has slices of 4 mm, ``cut`` the lower half of the
rows, ``tilt`` turns the patient."""


def real_names(cases: list[str], variants: list[str]) -> Iterator[tuple[CasePlan, str]]:
    """The chosen cases of real MR with their variants; all plain ones and some changed ones when nothing is chosen."""
    for plan in PLANS:
        if cases and plan.name not in cases:
            continue
        for variant in variants or CHANGES:
            yield plan, variant


def real_site_case(cache: Path, data: Path, plan: CasePlan, variant: str) -> SiteCase:
    """A case of real lumbar MR. Its sides are not certain, and nothing is known of its uptake."""
    volumes = volumes_of(plan, data)
    role, name = plan.reference
    volume = volumes[role]
    spine = spine_of(volume)
    change = CHANGES[variant]
    moved = _turn(volume.image.geometry.center_ras) if variant == "tilt" else np.eye(4)
    images = {r: _moved(change(v.image), moved) for r, v in volumes.items()}
    series = as_series(images, {r: v.name for r, v in volumes.items()})
    case = dataclasses.replace(make_case(CaseOptions(group="low-back"), series), reference_role=role)
    back = np.linalg.inv(moved)
    transforms = {r: moved @ m @ back for r, m in reference_to_series(volumes, role).items()}
    geometry = images[role].geometry
    places = [*drawn_places(spine), *_by_hand(cache, data, name)]
    truth = [_moved_place(place, moved) for place in places]
    truth = [place for place in truth if geometry.contains(place.center_ras)]
    folder = cache / "real-sites"
    label, names = write_drawn_labels(folder, volume)
    if variant != "plain":
        label = folder / f"{name}-{variant}-drawn.nii.gz"
        if not label.exists():
            write_label_map(label, _moved(change(Image(volume.labels, volume.image.geometry)), moved))
    test = TestCase(f"{plan.name}-{variant}", case, [], [], transforms, (label, names))
    return SiteCase(test.name, variant, test, truth)


def _moved(image: Image, matrix: np.ndarray) -> Image:
    return Image(image.array, image.geometry.moved(matrix))


def _moved_place(place: Place, matrix: np.ndarray) -> Place:
    center = transform_points(matrix, place.center_ras)
    return dataclasses.replace(place, center_ras=center, axes=place.axes @ matrix[:3, :3].T)


def drawn_places(spine: Spine) -> list[Place]:
    """Bodies, discs and endplates of drawn vertebrae. Between drawn discs, bodies and the discs themselves."""
    places = []
    is_disc = spine.volume.has_discs
    for body in spine.bodies:
        half = np.array([0.7 * body.half_width_mm, 0.35 * body.depth_mm, 0.35 * body.height_mm])
        places.append(Place("vertebral body", "midline", body.level, body.center, _axes(body), half))
    if is_disc:
        return places + _drawn_discs(spine)
    for below, above in zip(spine.bodies[:-1], spine.bodies[1:], strict=True):
        level = f"{above.level}/{below.level}"
        low, high = below.at(up=0.5 * below.height_mm), above.at(up=-0.5 * above.height_mm)
        flat = np.array([15.0, 11.0, 3.0])
        disc = np.array([17.0, 12.0, max(0.4 * float(np.linalg.norm(high - low)), 1.5)])
        places += [
            Place("disc", "midline", level, 0.5 * (low + high), _axes(below), disc),
            Place("upper endplate", "midline", level, low - ENDPLATE_MM * below.up, _axes(below), flat),
            Place("lower endplate", "midline", level, high + ENDPLATE_MM * above.up, _axes(above), flat),
        ]
    return places


def _drawn_discs(spine: Spine) -> list[Place]:
    """The middles of drawn discs; the lowest is L5/S1."""
    upward = ("S1", *(f"L{n}" for n in range(5, 0, -1)), "T12", "T11")
    geometry: Geometry = spine.volume.image.geometry
    places = []
    for number, lower, upper in zip(spine.volume.numbers, upward, upward[1:], strict=False):
        points = geometry.flat_to_ras(np.flatnonzero(spine.volume.labels == number))
        half = np.array([17.0, 12.0, 4.0])
        places.append(Place("disc", "midline", f"{upper}/{lower}", points.mean(axis=0), np.eye(3), half))
    return places


def _axes(body: Body) -> np.ndarray:
    """Right, front and up of a body as rows."""
    return np.stack([body.right, -body.back, body.up])


def _by_hand(cache: Path, data: Path, name: str) -> list[Place]:
    """Places of the arch that were set by hand on pictures. They are good to about 4 mm."""
    places = []
    for spot in spots_of(kept_truth(cache, data, name)):
        if spot.structure in ROUGH:
            structure = ROUGH[spot.structure]
            axes = spot.axes[[2, 1, 0]]
            places.append(
                Place(structure, spot.side, spot.level, spot.middle, axes, np.full(3, 5.0), is_rough=True)
            )  # fmt: skip
    return places
