"""The pattern of the uptake along each hip prosthesis of a case, with the normal bone that it is compared with."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from ..Anatomy.body_plan import BodyPlan
from ..Anatomy.zones import HipImplant
from ..Numerics.core.image import Image
from ..Numerics.core.sites import Site, SiteTable
from ..Numerics.core.words import LATERAL_SIDES, Certainty, Group, Role
from ..Numerics.fusion.loosening import NormalBone, interface_patterns
from ..Numerics.fusion.parameters import FusionParameters
from ..Numerics.fusion.site_parameters import SiteParameters
from ..Numerics.fusion.site_uptake import measure_uptake
from ..Numerics.fusion.site_voxels import site_voxels
from .case import Case
from .prosthesis_facts import prosthesis_facts
from .stages import Alignment, Suv

DISTAL_BELOW_TIP_MM = 25.0
"""Distance of the middle of the normal shaft below the tip of a stem, mm. Our estimate: the bone at the tip carries
load and reacts, and 25 mm lower the blur of a PET brings nothing of it."""
DISTAL_HALF_MM = (6.0, 10.0, 6.0)
"""Half axes of the ellipsoid in which the normal shaft is measured, mm: its marrow is 12 to 16 mm wide. Our
estimate."""


def with_interfaces(table: SiteTable, case: Case, suv: Suv, alignment: Alignment, plan: BodyPlan) -> SiteTable:
    """The table of sites with the pattern of the uptake along each prosthesis.

    Parameters
    ----------
    table : SiteTable
        Measured.
    case : Case
    suv : Suv
    alignment : Alignment
    plan : BodyPlan
        The midline and the prostheses, in the reference frame.
    """
    zones = [row.site for row in table.rows if row.site.zone is not None]
    if case.group != Group.HIP_REPLACEMENT or not zones:
        return table
    normal: dict[str, NormalBone] = {}
    if alignment.is_aligned(Role.PET):
        pet = Image(suv.image.array, suv.image.geometry.moved(alignment.pet_to_reference))
        normal = normal_bone(zones, plan, pet, case.protocol.stage("sites", SiteParameters))
    fusion: FusionParameters = case.protocol.stage("fusion", FusionParameters)
    patterns = interface_patterns(table.rows, normal, prosthesis_facts(case), fusion.surgery)
    return dataclasses.replace(table, interfaces=patterns)


def normal_bone(
    zones: Sequence[Site], plan: BodyPlan, pet: Image, parameters: SiteParameters
) -> dict[str, NormalBone]:
    """The uptake of the normal bone with which each zone is compared, by the name of its site.

    The other hip is compared only where it has no prosthesis and the midline is known.

    Parameters
    ----------
    zones : sequence of Site
        In the reference frame.
    plan : BodyPlan
    pet : Image
        SUV, g/ml, in the reference frame.
    parameters : SiteParameters
    """
    replaced = {site.side for site in zones}
    places: dict[tuple[str, str], Site] = {}
    if len(replaced) == 1 and plan.certainty != Certainty.UNCERTAIN:
        places |= {("opposite", site.name): mirrored(site, plan) for site in zones}
    for implant in plan.implants:
        shaft = shaft_below(implant, zones)
        if shaft is not None:
            places["distal", implant.side] = shaft
    peaks = _peaks(places, pet, parameters)
    return {
        site.name: NormalBone(peaks.get(("opposite", site.name)), peaks.get(("distal", site.side))) for site in zones
    }


def _peaks(
    places: Mapping[tuple[str, str], Site], pet: Image, parameters: SiteParameters
) -> dict[tuple[str, str], float]:
    """SUVpeak of places, of those that the PET shows."""
    voxels = [site_voxels(site, pet.geometry) for site in places.values()]
    found = measure_uptake(pet, voxels, 1.0 - parameters.part_outside, parameters.spill)
    return {key: one.suv_peak for key, one in zip(places, found, strict=True) if one is not None}


def mirrored(site: Site, plan: BodyPlan) -> Site:
    """The same place on the other side of the midline."""
    left = plan.left_ras
    center = site.center_ras - 2.0 * float(plan.lateral_mm(site.center_ras)) * left
    axes = site.axes - 2.0 * np.outer(site.axes @ left, left)
    other = next(side for side in LATERAL_SIDES if side != site.side)
    return dataclasses.replace(site, center_ras=center, axes=axes, side=str(other))


def shaft_below(implant: HipImplant, zones: Sequence[Site]) -> Site | None:
    """The normal shaft of the femur below a stem; None without a stem that has zones."""
    top, tip = implant.stem_top_ras, implant.stem_tip_ras
    like = next((site for site in zones if site.side == implant.side and site.structure == "femur"), None)
    if top is None or tip is None or like is None:
        return None
    down = (tip - top) / np.linalg.norm(tip - top)
    center = tip + DISTAL_BELOW_TIP_MM * down
    return dataclasses.replace(
        like,
        name=f"{implant.side} femur below the stem",
        zone=None,
        center_ras=center,
        half_mm=np.array(DISTAL_HALF_MM),
    )
