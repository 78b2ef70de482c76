"""Whether a PET lies on the ATTENUATION series of its own scanner, through which it is aligned."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable

import numpy as np

from ..Numerics.core.image import Image
from .alignment_types import AlignmentParameters, PairAlignment
from .quality import CHECK, GIVE_LANDMARKS
from .rigid import change_between, mean_distance

CHECK_SPACING_MM = 4.0
"""Finest scale of the check: a PET resolves no more."""
CHECK_RESTARTS = 2

AlignPair = Callable[..., PairAlignment]


def through_attenuation(
    reference: Image,
    attenuation: tuple[Image, str],
    pet: Image,
    chain: PairAlignment,
    parameters: AlignmentParameters,
    same_frame_of_reference: bool,
    align: AlignPair,
) -> tuple[PairAlignment, bool]:
    """The alignment of a PET through its ATTENUATION series, after a look at whether both fit.

    The PET is registered to the ATTENUATION series, on which it should lie, coarsely first. If a trustworthy search
    leads farther away than ``pet_fit_mm``, the patient moved between both, or a header is wrong: then a search of the
    PET on the reference alone, which knows nothing of the ATTENUATION series, decides. The PET is moved when that
    search comes nearer to the moved place than to the unmoved one; else it is not aligned. That same search alone is
    also asked when the ATTENUATION series could not be registered to the reference.

    Parameters
    ----------
    reference, pet : Image
    attenuation : (Image, str)
        The series and its kind, ``MR`` or ``CT``.
    chain : PairAlignment
        Of the ATTENUATION series to the reference.
    parameters : AlignmentParameters
    same_frame_of_reference : bool
        Whether PET and reference share their coordinates.
    align : callable
        :func:`alignment.align`.

    Returns
    -------
    pair : PairAlignment
        Of the PET to the reference.
    through : bool
        False when the PET was aligned to the reference alone.
    """
    alone = functools.partial(
        align,
        reference,
        pet,
        parameters=parameters,
        moving_kind="PET",
        same_frame_of_reference=same_frame_of_reference,
    )
    if chain.verdict != "aligned" and chain.evidence["doubt"] is not None:
        direct = alone()
        return (direct, False) if direct.verdict == "aligned" else (chain, True)
    fit = _fit(attenuation, pet, parameters, align)
    doubt, misfit_mm = fit.evidence["doubt"], _misfit_mm(fit)
    fits = doubt is None and misfit_mm <= parameters.pet_fit_mm
    told = {"pet_fit_mm": None, "pet_fits": None} if doubt else {"pet_fit_mm": misfit_mm, "pet_fits": fits}
    chain = dataclasses.replace(chain, evidence={**chain.evidence, **told})
    if fits:
        return chain, True
    if doubt is not None:
        text = f"Whether PET and its ATTENUATION series fit could not be told: {doubt}"
        return dataclasses.replace(chain, warnings=(*chain.warnings, text)), True
    direct = alone(start=chain.fixed_to_moving_ras)
    return _settled(reference, chain, fit.fixed_to_moving_ras @ chain.fixed_to_moving_ras, direct, misfit_mm), True


def _fit(
    attenuation: tuple[Image, str], pet: Image, parameters: AlignmentParameters, align: AlignPair
) -> PairAlignment:
    """The PET registered to its ATTENUATION series: coarsely, and in full where that does not show that both fit."""
    image, kind = attenuation
    spacing_mm = max(CHECK_SPACING_MM, parameters.search.finest_spacing_mm)
    coarse = dataclasses.replace(
        parameters,
        search=dataclasses.replace(parameters.search, finest_spacing_mm=spacing_mm),
        restarts=dataclasses.replace(parameters.restarts, count=min(CHECK_RESTARTS, parameters.restarts.count)),
    )
    fit = align(image, pet, parameters=coarse, moving_kind="PET", fixed_kind=kind)
    if fit.evidence["doubt"] is None and _misfit_mm(fit) <= parameters.pet_fit_mm:
        return fit
    return align(image, pet, parameters=parameters, moving_kind="PET", fixed_kind=kind)


def _misfit_mm(fit: PairAlignment) -> float:
    return fit.evidence["change_found_mm"] if fit.verdict == "aligned" else 0.0


def _settled(
    reference: Image, chain: PairAlignment, moved: np.ndarray, direct: PairAlignment, misfit_mm: float
) -> PairAlignment:
    """Where a PET lies that does not fit its ATTENUATION series: `moved`, where `direct` comes nearer to that."""
    text = f"PET and its ATTENUATION series do not fit: {misfit_mm:.1f} mm"
    points = _inner_points(reference)
    unmoved_mm, moved_mm = (
        mean_distance(direct.fixed_to_moving_ras, pose, points) for pose in (chain.fixed_to_moving_ras, moved)
    )
    if direct.verdict != "aligned" or moved_mm >= unmoved_mm:
        return dataclasses.replace(
            chain,
            fixed_to_moving_ras=np.eye(4),
            kept="not aligned",
            verdict="not aligned",
            shift_mm=0.0,
            rotation_deg=0.0,
            reason=f"The images could not be aligned: {text}, and PET and reference alone do not tell which is right.",
            advice=GIVE_LANDMARKS,
            warnings=(*chain.warnings, f"{text}; where the PET lies on the MR is not known."),
        )
    shift, rotation = change_between(np.eye(4), moved, reference.geometry.center_ras)
    return dataclasses.replace(
        chain,
        fixed_to_moving_ras=moved,
        kept="registered",
        verdict="aligned",
        shift_mm=shift,
        rotation_deg=rotation,
        evidence=chain.evidence | {"pet_alone_mm": moved_mm},
        advice=CHECK,
        warnings=(
            f"{text}; the PET was moved onto it, as PET and reference alone confirm to {moved_mm:.1f} mm. "
            "It was corrected for attenuation unmoved: uptake at borders of bone, air and metal is less sure.",
        ),
    )


def _inner_points(image: Image) -> np.ndarray:
    """Half-way between the middle and the corners of an image, RAS mm, shape (8, 3)."""
    center = image.geometry.center_ras
    return center + 0.5 * (image.geometry.corners_ras - center)
