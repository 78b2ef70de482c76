"""Check whether a PET fits the ATTENUATION series through which it is aligned, and correct the PET if it does not."""

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
"""Lower bound of the voxel size at which the fit is checked, mm: about the resolution of a PET. Our estimate."""
CHECK_RESTARTS = 2
"""Upper bound of the number of restarts of the quick check. Our estimate."""

AlignPair = Callable[..., PairAlignment]
"""The function :func:`.alignment.align`."""


def through_attenuation(
    reference: Image,
    attenuation: tuple[Image, str],
    pet: Image,
    chain: PairAlignment,
    parameters: AlignmentParameters,
    same_frame_of_reference: bool,
    align: AlignPair,
) -> tuple[PairAlignment, bool]:
    """Align a PET through its ATTENUATION series, and check whether the two fit each other.

    The PET should lie on the ATTENUATION series. To check this, the PET is registered to that series, coarsely at
    first. If a trustworthy search leads farther away than ``pet_fit_mm``, the patient moved between the two series, or
    a header is wrong. Then the PET is registered to the reference alone, without the ATTENUATION series. If this
    result is nearer to the moved place than to the unmoved one, the PET is moved. Otherwise it is not aligned.

    The PET is also registered to the reference alone when the ATTENUATION series could not be aligned.

    Parameters
    ----------
    reference, pet : Image
    attenuation : (Image, str)
        The series and its kind, ``MR`` or ``CT``.
    chain : PairAlignment
        Alignment of the ATTENUATION series to the reference.
    parameters : AlignmentParameters
    same_frame_of_reference : bool
        Whether PET and reference share their coordinates.
    align : callable
        The function :func:`.alignment.align`.

    Returns
    -------
    pair : PairAlignment
        Alignment of the PET to the reference.
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
    measured = {"pet_fit_mm": None, "pet_fits": None} if doubt else {"pet_fit_mm": misfit_mm, "pet_fits": fits}
    chain = dataclasses.replace(chain, evidence={**chain.evidence, **measured})
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
    """Register the PET to its ATTENUATION series: coarsely, and again in full if this does not show that they fit."""
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
    """How far the PET lies from its place on the ATTENUATION series, mm; 0 when no better place was found."""
    return fit.evidence["change_found_mm"] if fit.verdict == "aligned" else 0.0


def _settled(
    reference: Image, chain: PairAlignment, moved: np.ndarray, direct: PairAlignment, misfit_mm: float
) -> PairAlignment:
    """Decide where a PET lies that does not fit its ATTENUATION series.

    It lies at `moved` when `direct`, the registration to the reference alone, is nearer to that place than to the
    unmoved one. Otherwise the PET is not aligned.
    """
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
    """Points halfway between the center and the corners of an image, RAS mm, shape (8, 3)."""
    center = image.geometry.center_ras
    return center + 0.5 * (image.geometry.corners_ras - center)
