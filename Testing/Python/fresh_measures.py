"""Measures of outlines computed anew, by plain arithmetic, to compare with those that a session shows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PainGeneratorLib.Dicom.reader import read_folder
from PainGeneratorLib.Numerics.core.regions import contains, voxels_of
from PainGeneratorLib.Report.session_export import export_session
from PainGeneratorLib.Session.session import Session


def session_with_files(host, bundle: Path, phantom: Path) -> Session:
    """A session on a saved case whose DICOM files are at hand, so that the SUV can be computed again."""
    frames = (frame for series in read_folder(phantom / "dicom").series for frame in series.frames)
    files = {frame.header["SOPInstanceUID"]: str(frame.path) for frame in frames}
    host.load_mrb(bundle)
    return Session(host.scene, files.get, export_session)


def values_inside(session, candidate) -> np.ndarray:
    """The SUV of all voxels of the PET that lie in an outline."""
    remeasure, pet = session._tools.remeasure(), session.case_state.suv.image
    # In the PET's own frame, where voxels whose centers lie on the border of an outline count as they do in a session.
    region = candidate.region.moved(np.linalg.inv(remeasure.pet_to_reference))
    if region.geometry.is_same_grid(pet.geometry):
        return pet.array.reshape(-1)[region.flat]
    low, high = region.span_ras
    near = [pet.geometry.to_ijk(np.array([[x, y, z]]))[0] for x in (low[0], high[0]) for y in (low[1], high[1])
            for z in (low[2], high[2])]  # fmt: skip
    first = np.maximum(np.floor(np.min(near, axis=0)).astype(int) - 2, 0)
    last = np.minimum(np.ceil(np.max(near, axis=0)).astype(int) + 2, np.array(pet.geometry.shape[::-1]) - 1)
    i, j, k = np.meshgrid(*(np.arange(a, b + 1) for a, b in zip(first, last, strict=True)), indexing="ij")
    ijk = np.stack([i.ravel(), j.ravel(), k.ravel()], axis=1)
    inside = contains(region, pet.geometry.to_ras(ijk))
    if not inside.any():  # smaller than a voxel of the PET: those that hold its points count
        return pet.array.reshape(-1)[voxels_of(pet.geometry, region.points_ras)]
    return pet.array[ijk[inside, 2], ijk[inside, 1], ijk[inside, 0]]


def assert_measures_are_fresh(session) -> None:
    """What is shown of each outline that a reader drew or changed is what is measured in it now."""
    remeasure = session._tools.remeasure()
    for candidate in session.candidates():
        assert candidate.volume_ml == pytest.approx(candidate.region.volume_ml)
        if candidate.origin == "automatic":
            continue
        values = values_inside(session, candidate)
        if candidate.suv_max is not None:
            assert candidate.suv_max == pytest.approx(float(np.nanmax(values)), rel=1e-5), candidate.id
            assert candidate.suv_mean == pytest.approx(float(np.nanmean(values)), rel=1e-4), candidate.id
            assert candidate.mtv_ml == pytest.approx(candidate.region.volume_ml), candidate.id
            assert candidate.tlg_g == pytest.approx(candidate.suv_mean * candidate.mtv_ml), candidate.id
            assert all(candidate.suv_peak == spot.suv_peak for spot in candidate.hot_spots)
        fresh = remeasure(candidate)
        for name in ("suv_max", "suv_peak", "suv_mean", "tbr", "left_right_ratio", "mr_z", "fat_fraction", "score"):
            shown, now = getattr(candidate, name), getattr(fresh, name)
            assert shown == (None if now is None else pytest.approx(now, rel=1e-6)), (candidate.id, name)
        assert (candidate.evidence, candidate.mr_kind) == (fresh.evidence, fresh.mr_kind), candidate.id


def ids_ever(session) -> set[str]:
    """Ids of everything that is in a list, was not found again, or was deleted."""
    review = session._review.review
    entries = [*session.candidates(), *session.set_apart(), *session.attention(), *session.unmatched, *review.deleted]
    return {entry.id for entry in entries}
