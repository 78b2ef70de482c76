"""The pattern of the uptake along each hip prosthesis of a case, with the normal bone that it is compared with."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from ..Anatomy.body_plan import BodyPlan
from ..Numerics.core.image import Image
from ..Numerics.core.sites import Site, SiteTable
from ..Numerics.core.words import LATERAL_SIDES, Certainty, Group, Role
from ..Numerics.fusion.loosening import NormalBone, interface_patterns, rows_as_patterns_say
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
    """The table of sites with the pattern of the uptake along each prosthesis, which judges its zones there, too.

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
    sites = [row.site for row in table.rows]
    if case.group != Group.HIP_REPLACEMENT or not any(site.zone for site in sites):
        return table
    normal: dict[str, NormalBone] = {}
    if alignment.is_aligned(Role.PET):
        pet = Image(suv.image.array, suv.image.geometry.moved(alignment.pet_to_reference))
        normal = normal_bone(sites, plan, pet, case.protocol.stage("sites", SiteParameters))
    fusion: FusionParameters = case.protocol.stage("fusion", FusionParameters)
    patterns = interface_patterns(table.rows, normal, prosthesis_facts(case), fusion.surgery)
    return dataclasses.replace(table, rows=rows_as_patterns_say(table.rows, patterns), interfaces=patterns)


def normal_bone(
    sites: Sequence[Site], plan: BodyPlan, pet: Image, parameters: SiteParameters
) -> dict[str, NormalBone]:
    """The uptake of the normal bone with which each zone is compared, by the name of its site.

    The other hip is compared only where it has no prosthesis and the midline is known.

    Parameters
    ----------
    sites : sequence of Site
        All sites of the case, in the reference frame.
    plan : BodyPlan
        The midline.
    pet : Image
        SUV, g/ml, in the reference frame.
    parameters : SiteParameters
    """
    zones = [site for site in sites if site.zone is not None]
    replaced = {site.side for site in zones}
    places: dict[tuple[str, str], Site] = {}
    if len(replaced) == 1 and plan.certainty != Certainty.UNCERTAIN:
        places |= {("opposite", site.name): mirrored(site, plan) for site in zones}
    places |= {("distal", site.side): shaft_below(site) for site in sites if site.structure == "stem tip"}
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


def shaft_below(tip: Site) -> Site:
    """The normal shaft of the femur below the tip of a stem, whose second axis points along the stem."""
    center = tip.center_ras + DISTAL_BELOW_TIP_MM * tip.axes[1]
    name = f"{tip.side} femur below the stem"
    return dataclasses.replace(tip, name=name, structure="femur", center_ras=center, half_mm=np.array(DISTAL_HALF_MM))
