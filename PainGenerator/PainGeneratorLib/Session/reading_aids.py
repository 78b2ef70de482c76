"""Help for reading a case: images in one frame, where the views go, the chosen outline, the other side of the body."""

from __future__ import annotations

import numpy as np

from ..Numerics.body.symmetry import RELIABLE_QUALITY, SymmetryPlane
from ..Numerics.core.image import Image
from ..Numerics.core.records import Candidate
from ..Numerics.core.regions import contains
from ..Numerics.core.words import Role
from ..Numerics.pet.peak import sphere_means
from ..Scene.outline_brightness import dim_all_but
from .case_state import CaseState
from .remeasure import values_at
from .scene_link import SceneLink

SUV_1_ML = "SUV 1 ml"
"""Name of the mean SUV of the sphere of 1 ml around a place."""

Values = dict[str, float | None]
"""Value by role, and :data:`SUV_1_ML`; None outside a series."""


class ReadingAids:
    """What helps to read a case; changes nothing of it.

    Parameters
    ----------
    link : SceneLink
    state : CaseState
    """

    def __init__(self, link: SceneLink, state: CaseState) -> None:
        self._link, self._state = link, state

    def reference_images(self) -> dict[str, Image]:
        """SUV and MR series by role (the PET first), placed in the reference frame; only aligned ones."""
        case, suv, alignment = self._state.case, self._state.suv, self._state.alignment
        if case is None or suv is None:
            return {}
        images = {}
        for role in (Role.PET.value, *(role for role in case.series if role != Role.PET)):
            if alignment is not None and not alignment.is_aligned(role):
                continue
            image = suv.image if role == Role.PET else case.series[role].image
            to_series = np.eye(4) if alignment is None else alignment.reference_to(role)
            images[role] = Image(image.array, image.geometry.moved(np.linalg.inv(to_series)))
        return images

    def position_of(self, candidate: Candidate) -> np.ndarray:
        """Where the views go for a candidate: its hottest place, else the middle of its outline.

        Returns
        -------
        ndarray, shape (3,)
            RAS mm of the world; always within the outline.
        """
        if candidate.hot_spots:
            peak = candidate.hot_spots[0].peak_ras_mm
            if contains(candidate.region, peak[None])[0]:
                return np.array(peak, dtype=float)
        points = candidate.region.points_ras
        nearest: np.ndarray = points[np.linalg.norm(points - candidate.centroid_ras_mm, axis=1).argmin()]
        return nearest

    def highlight(self, candidate_id: str | None) -> None:
        """Make the outline of one candidate bright and the others dim; None makes all equal."""
        dim_all_but(self._link.result_node("candidates"), candidate_id)

    def mirrored(self, position_ras: np.ndarray) -> tuple[np.ndarray | None, dict[str, Values]]:
        """The place on the other side of the body, and the values here and there.

        Parameters
        ----------
        position_ras : ndarray, shape (3,)
            In the world, RAS mm.

        Returns
        -------
        position : ndarray, shape (3,), or None
            None when the plane of symmetry is not known.
        values : dict
            ``here`` and ``there``, see :data:`Values`. ``there`` is empty when the plane is not known.
        """
        images = self.reference_images()
        position = np.asarray(position_ras, dtype=float)
        here = _values(images, position)
        plane = self._plane() if Role.PET in images else None
        if plane is None:
            return None, {"here": here, "there": {}}
        other = plane.mirror(position)
        return other, {"here": here, "there": _values(images, other)}

    def _plane(self) -> SymmetryPlane | None:
        """The plane of symmetry in the reference frame; None when it is not known well enough."""
        found, alignment = self._state.found, self._state.alignment
        if found is None or found.symmetry.quality < RELIABLE_QUALITY:
            return None
        return found.symmetry if alignment is None else found.symmetry.moved(alignment.pet_to_reference)


def _values(images: dict[str, Image], position: np.ndarray) -> Values:
    found = values_at(images, position)
    pet = images.get(Role.PET)
    if pet is not None:
        found[SUV_1_ML] = _sphere_mean(pet, position)
    return found


def _sphere_mean(pet: Image, position: np.ndarray) -> float | None:
    """Mean of the sphere of 1 ml around the voxel at a position; None outside the image."""
    geometry = pet.geometry
    if not geometry.contains(position):
        return None
    ijk = np.clip(np.rint(geometry.to_ijk(position)).astype(int), 0, np.array(geometry.shape[::-1]) - 1)
    flat = np.ravel_multi_index(tuple(ijk[::-1]), geometry.shape)
    mean = float(sphere_means(pet, np.array([flat]))[0][0])
    return mean if np.isfinite(mean) else None
