"""Make the digital patient with chronic low back pain."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..Numerics.core.image import transform_points
from . import spine, wear
from .abdomen import paint_body, paint_bowel, paint_kidneys, paint_vessels
from .atlas import Atlas
from .lesions import NormalStructure
from .low_back_lesions import add_lesions, add_look_alikes
from .patient import Patient
from .pelvis import paint_ilium, paint_sacroiliac_joint, paint_sacrum
from .realism import PLAIN, Realism
from .true_sites import disc_in_sacrum, pelvis_sites, rest_in_sacrum, spine_sites
from .variants import PLAIN_VARIANT, Variant

AddLesions = Callable[[Patient, np.random.Generator, spine.SpineShape, dict, dict], None]
"""Function that adds lesions to a patient, as :func:`.low_back_lesions.add_lesions` does."""
LOWER_RAS = np.array([-186.0, -150.0, -205.0])
"""Lower corner of the atlas, RAS mm."""
UPPER_RAS = np.array([186.0, 140.0, 125.0])
"""Upper corner of the atlas, RAS mm."""


def make_low_back(
    rng: np.random.Generator,
    spacing_mm: float,
    realism: Realism = PLAIN,
    variant: Variant = PLAIN_VARIANT,
    add: AddLesions = add_lesions,
) -> Patient:
    """Make the patient. All choices follow from the random generator.

    Parameters
    ----------
    rng : numpy.random.Generator
    spacing_mm : float
        Voxel size of the atlas, mm.
    realism : Realism
        Which effects of a clinical examination the body shows.
    variant : Variant
        The anatomical variant.
    add : callable
        Adds the lesions to the patient.

    Returns
    -------
    Patient
    """
    degenerated, worn = wear.choose_wear(_dry_discs(rng), realism)
    degenerated |= variant.heights
    worn |= dict.fromkeys(variant.heights, "worn disc" if variant.name == "worn" else "dry disc")
    shape = spine.make_shape(rng, degenerated, variant)
    scale = shape.scale
    atlas = Atlas.of_box(LOWER_RAS, UPPER_RAS, spacing_mm)
    patient = Patient(atlas, age=int(rng.integers(28, 79)), sex="F" if rng.random() < 0.55 else "M")
    patient.height_m = round(1.62 * scale + (0.13 if patient.sex == "M" else 0.03) + rng.uniform(-0.03, 0.03), 2)
    habitus = rng.uniform(0.0, 1.0)
    patient.weight_kg = round(float((21 + 10 * habitus) * patient.height_m**2), 1)
    patient.suv_gains["marrow"] = float(1.25 - 0.005 * (patient.age - 30) + rng.normal(0, 0.08))

    sway = float(realism.rng("body-shape").uniform(0.08, 0.16)) if "body-shape" in realism else 0.0
    paint_body(atlas, rng, shape, habitus, sway)
    joints = _sacroiliac_points(shape)
    paint_vessels(atlas, patient, rng, shape)
    paint_bowel(atlas, patient, rng, habitus)
    paint_kidneys(atlas, patient, rng, shape)
    frames = paint_sacrum(atlas, shape.bodies["S1"], scale)
    _paint_bones_and_discs(patient, rng, shape, joints, worn)
    _paint_variant(atlas, shape, frames, variant)
    if "osteophytes" in realism:
        wear.paint_osteophytes(atlas, shape, realism.rng("osteophytes"), degenerated)
    spine.paint_canal(atlas, shape)
    facets = {(disc, s): spine.paint_facet(atlas, shape, disc, s) for disc in shape.discs for s in ("left", "right")}
    clefts = {side: paint_sacroiliac_joint(atlas, joint, side, scale) for side, joint in joints.items()}
    _landmarks(patient, shape, frames, joints)
    patient.sites = spine_sites(shape) + pelvis_sites(frames, joints, clefts, scale)
    if variant.transitional == "lumbarized":
        patient.sites.append(rest_in_sacrum(frames, scale))
    for level in shape.levels:
        back = transform_points(shape.bodies[level], np.array([0, -14 * scale, 0]))
        patient.normal.append(NormalStructure("basivertebral vein", back, 5.0))
    add_look_alikes(patient, rng, shape)
    if "worn-discs" in realism:
        wear.add_schmorl_nodes(patient, realism.rng("worn-discs", "Schmorl's nodes"), shape)
    add(patient, rng, shape, facets, clefts)
    return patient


def _dry_discs(rng: np.random.Generator) -> dict[str, float]:
    """Choose the dry discs of a plain phantom: level -> fraction of the height that is left."""
    return {disc: rng.uniform(0.6, 0.85) for disc in ("L5/S1", "L4/L5", "L3/L4") if rng.random() < 0.4}


def _paint_bones_and_discs(
    patient: Patient, rng: np.random.Generator, shape: spine.SpineShape, joints: dict, worn: dict[str, str]
) -> None:
    """Paint vertebrae, iliac bones and discs; some discs bulge. `worn` is the tissue of worn discs by level."""
    atlas, scale = patient.atlas, shape.scale
    for level in shape.levels:
        spine.paint_vertebra(atlas, shape, level)
    for side, joint in joints.items():
        paint_ilium(atlas, joint, side, scale)
    for disc in shape.discs:
        bulge = float(rng.choice([0.0, 0.0, 2.5]))
        spine.paint_disc(atlas, shape, disc, worn.get(disc), bulge)
        if bulge:
            where = transform_points(shape.discs[disc], np.array([0, -18 * scale, 0]))
            patient.normal.append(NormalStructure("disc bulge", where, 6.0))


def _paint_variant(atlas: Atlas, shape: spine.SpineShape, sacrum: list[np.ndarray], variant: Variant) -> None:
    """Paint what a variant adds to the bones."""
    if variant.has_ribs:
        spine.paint_ribs(atlas, shape)
    if variant.transitional == "sacralized":
        spine.paint_sacralized(atlas, shape)
    elif variant.transitional == "lumbarized":
        spine.paint_disc_in_sacrum(atlas, disc_in_sacrum(sacrum), shape.scale)


def _sacroiliac_points(shape: spine.SpineShape) -> dict[str, np.ndarray]:
    """Middle of the sacroiliac joint of each side, RAS mm."""
    k = shape.scale
    return {
        side: transform_points(shape.bodies["S1"], np.array([sign * 50 * k, -14 * k, -16 * k]))
        for side, sign in (("right", 1), ("left", -1))
    }


def _landmarks(patient: Patient, shape: spine.SpineShape, frames: list[np.ndarray], joints: dict) -> None:
    """Add the landmarks of bones to the patient."""
    for level in shape.levels:
        patient.landmarks[f"{level} body"] = shape.bodies[level][:3, 3]
    for level in shape.levels[-5::2]:
        patient.landmarks[f"{level} spinous process"] = transform_points(
            shape.bodies[level], np.array([0, -60.0 * shape.scale, -8.0])
        )
    for level in shape.levels[-4::2]:
        for side, sign in (("right", 1), ("left", -1)):
            patient.landmarks[f"{level} {side} pedicle"] = transform_points(
                shape.bodies[level], np.array([sign * 15.0 * shape.scale, -20.0 * shape.scale, 4.5])
            )
    for n in (0, 2):
        patient.landmarks[f"S{n + 1} body"] = frames[n][:3, 3]
    for side, point in joints.items():
        patient.landmarks[f"{side} sacroiliac joint"] = point
