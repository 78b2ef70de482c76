"""Whether a PET lies on the ATTENUATION series of its own scanner, through which it is aligned."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from ..Numerics.image import Image
from .alignment_types import AlignmentParameters, PairAlignment
from .quality import CHECK, GIVE_LANDMARKS
from .rigid import change_between, mean_distance

CHECK_SPACING_MM = 4.0
"""Finest level of the check: a PET resolves no more."""
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
    alone = {"parameters": parameters, "moving_kind": "PET", "same_frame_of_reference": same_frame_of_reference}
    if chain.verdict != "aligned" and chain.evidence["doubt"] is not None:
        direct = align(reference, pet, **alone)
        return (direct, False) if direct.verdict == "aligned" else (chain, True)
    check = dataclasses.replace(
        parameters,
        finest_spacing_mm=max(CHECK_SPACING_MM, parameters.finest_spacing_mm),
        restarts=min(CHECK_RESTARTS, parameters.restarts),
    )
    image, kind = attenuation
    for how in (check, parameters):
        fit = align(image, pet, parameters=how, moving_kind="PET", fixed_kind=kind)
        doubt = fit.evidence["doubt"]
        misfit = fit.evidence["change_found_mm"] if fit.verdict == "aligned" else 0.0
        fits = doubt is None and misfit <= parameters.pet_fit_mm
        evidence = {**chain.evidence, "pet_fit_mm": None if doubt else misfit, "pet_fits": None if doubt else fits}
        if fits:
            return dataclasses.replace(chain, evidence=evidence), True
    chain = dataclasses.replace(chain, evidence=evidence)
    if doubt is not None:
        text = f"Whether PET and its ATTENUATION series fit could not be told: {doubt}"
        return dataclasses.replace(chain, warnings=(*chain.warnings, text)), True
    moved = fit.fixed_to_moving_ras @ chain.fixed_to_moving_ras
    direct = align(reference, pet, start=chain.fixed_to_moving_ras, **alone)
    points = _inner_points(reference)
    unmoved_mm, moved_mm = (
        mean_distance(direct.fixed_to_moving_ras, pose, points) for pose in (chain.fixed_to_moving_ras, moved)
    )
    text = f"PET and its ATTENUATION series do not fit: {misfit:.1f} mm"
    if direct.verdict == "aligned" and moved_mm < unmoved_mm:
        shift, rotation = change_between(np.eye(4), moved, reference.geometry.center_ras)
        return dataclasses.replace(
            chain,
            fixed_to_moving_ras=moved,
            kept="registered",
            verdict="aligned",
            shift_mm=shift,
            rotation_deg=rotation,
            evidence=evidence | {"pet_alone_mm": moved_mm},
            advice=CHECK,
            warnings=(
                f"{text}; the PET was moved onto it, as PET and reference alone confirm to {moved_mm:.1f} mm. "
                "It was corrected for attenuation unmoved: uptake at borders of bone, air and metal is less sure.",
            ),
        ), True
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
    ), True


def _inner_points(image: Image) -> np.ndarray:
    """Half-way between the middle and the corners of an image, RAS mm, shape (8, 3)."""
    center = image.geometry.center_ras
    return center + 0.5 * (image.geometry.corners_ras - center)
