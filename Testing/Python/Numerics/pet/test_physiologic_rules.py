"""Each rule for physiologic uptake, on both sides of every threshold that it uses, and the order of the rules."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import math
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import pytest
from PainGeneratorLib.Numerics.core import tissues
from PainGeneratorLib.Numerics.pet import conspicuity, hot_discs, organ_places, physiologic, splitting
from PainGeneratorLib.Numerics.pet.detector import HotSpotParameters
from PainGeneratorLib.Numerics.pet.physiologic import (
    AT_SPINE,
    BY_PLACE,
    EVERYWHERE,
    PHYSIOLOGIC_RULES,
    Verdict,
    physiologic_verdict,
)
from PainGeneratorLib.Workflow.protocol import load_protocol
from physiologic_contexts import PARAMETERS, focus

APPLY = {rule.name: rule.apply for rules in (EVERYWHERE, AT_SPINE, BY_PLACE) for rule in rules}
TUBE = {"length_mm": 40.0, "width_mm": 10.0, "tilt_deg": 10.0}
THIN = {"suv_max": 5.0, "suv_peak": 2.0}
ALIKE = {"side": 50.0, "left_right_ratio": 1.0, "mirrored_suv": 1.5, "reference_suv": 1.0}
AT_PSOAS = {"suv_max": 4.0, "side": 40.0, "depth": 0.5, "is_in_trunk": True}
KIDNEY = {"suv_max": 10.0, "cluster_ml": 30.0, "side": 60.0}
KIDNEY_BY_DEPTH = {**KIDNEY, "depth": 0.4, "is_in_trunk": True}
IN_FRONT = {"suv_max": 10.0, "volume_ml": 30.0, "side": 0.0, "depth": 0.6, "is_in_trunk": True}

APPLIES: dict[str, dict[str, Any]] = {
    "organ-label": {"organ": "liver", "organ_part": 0.5},
    "bladder": {"suv_max": 10.0, "volume_ml": 30.0, "side": 0.0, "depth": 0.7, "above_bladder": 0.0},
    "hot-urine": {"suv_max": 20.0, "side": 0.0, "depth": 0.5, "is_in_trunk": True},
    "brown-fat": {**ALIKE, "tissue": tissues.FAT, "front": 10.0, "above_sacrum": 100.0},
    "muscles-alike": {**ALIKE, "tissue": tissues.MUSCLE, "tbr": 5.0},
    "sides-alike": {**ALIKE, "tbr": 1.5, "tissue": tissues.VISCERA},
    "kidney-at-spine": {**KIDNEY, "front": 20.0},
    "ureter-thin": {**THIN, "side": 40.0, "front": 30.0},
    "bone-below-crest": {"side": 90.0, "front": 60.0, "above_sacrum": 10.0, "tissue": tissues.MARROW},
    "posterior-elements": {"front": -30.0},
    "vertebral-body": {"side": 0.0, "front": 20.0},
    "bone-beside-spine": {"side": 50.0, "front": 0.0, "tissue": tissues.MARROW},
    "sacroiliac-joint": {"side": 50.0, "front": 10.0, "is_at_sacrum": True},
    "ilium": {"side": 100.0, "front": 40.0, "above_sacrum": 0.0, "suv_max": 11.0},
    "psoas": {"side": 45.0, "front": 20.0, "volume_ml": 85.0, "suv_max": 5.0},
    "on-sacrum": {"front": 10.0, "above_bladder": 50.0},
    "organ-beside-spine": {"side": 50.0, "front": 20.0},
    "organ-before-spine": {"side": 0.0, "front": 60.0},
    "before-hips": {"side": 60.0, "front": 110.0, "is_in_trunk": True},
    "behind-organs": {"side": 80.0, "depth": 0.2, "above_bladder": 40.0, "volume_ml": 101.0, "suv_max": 6.3},
    "ureter-in-pelvis": {**THIN, "side": 40.0, "depth": 0.5, "above_bladder": 20.0, "is_in_trunk": True},
    "ureter-on-psoas": AT_PSOAS,
    "bone-or-disc": {"tissue": tissues.MARROW},
    "kidney-paired": {**KIDNEY_BY_DEPTH, "mirrored_suv": 9.0},
    "kidney-above-crest": {**KIDNEY_BY_DEPTH, "above_bladder": 100.0},
    "bowel-like-muscle": {"tissue": tissues.MUSCLE, "side": 50.0, "depth": 0.8, "is_in_trunk": True},
    "muscle": {"tissue": tissues.MUSCLE},
    "viscera-on-mr": {"tissue": tissues.VISCERA},
    "urine-on-mr": {"tissue": tissues.FLUID, "suv_max": 10.0},
    "rectum": {"side": 0.0, "depth": 0.5, "above_bladder": 0.0, "has_bone_near": True},
    "bone-near": {"has_bone_near": True},
    "implant-near": {"is_near_implant": True},
    "organ-without-bone": {"side": 50.0, "depth": 0.6, "is_tissue_seen": True},
    "tube": {**TUBE, "suv_max": 5.0, "depth": 0.5},
    "midline-unknown": {"side": 10.0, "is_in_trunk": False},
    "hot-in-midline": IN_FRONT,
    "hot-in-front": {**IN_FRONT, "side": 80.0, "above_bladder": 120.0},
    "ureter-by-place": AT_PSOAS,
    "bowel-by-place": {"side": 50.0, "depth": 0.65},
}
"""For each rule a focus that it applies to."""

TEXTS = {
    "organ-label": ("liver: 50 % of the focus lies in it", True),
    "bladder": ("urine: the bladder, in the midline, 30 ml, SUVmax 10", True),
    "hot-urine": ("urine: near the midline, in front of the posterior spine, SUVmax 20", True),
    "brown-fat": ("brown fat: in fat on MR, alike on both sides (ratio 1.00)", False),
    "muscles-alike": ("muscle use: alike on both sides (ratio 1.00)", False),
    "sides-alike": ("vessel, kidney or gonad: alike on both sides (ratio 1.00)", False),
    "kidney-at-spine": ("kidney: beside the spine, SUVmax 10.0", True),
    "ureter-thin": ("ureter or renal pelvis: thin, beside the spine, SUVmax 5.0", False),
    "bone-below-crest": (None, True),
    "posterior-elements": (None, True),
    "vertebral-body": (None, True),
    "bone-beside-spine": (None, True),
    "sacroiliac-joint": (None, True),
    "ilium": (None, True),
    "psoas": (None, True),
    "on-sacrum": (None, True),
    "organ-beside-spine": ("kidney, ureter, bowel or vessel: beside the spine, SUVmax 2.0", False),
    "organ-before-spine": ("bowel or vessel: in front of the spine, SUVmax 2.0", False),
    "before-hips": ("bowel or vessel: in front of the hips, SUVmax 2.0", False),
    "behind-organs": (None, True),
    "ureter-in-pelvis": ("ureter: thin, beside the midline of the pelvis, SUVmax 5.0", False),
    "ureter-on-psoas": ("ureter or vessel: small, in front of the spine, SUVmax 4.0", False),
    "bone-or-disc": (None, True),
    "kidney-paired": ("kidney: paired, beside the spine, SUVmax 10.0", True),
    "kidney-above-crest": ("kidney: beside the spine, SUVmax 10.0", False),
    "bowel-like-muscle": ("bowel or vessel: ventral of the spine, SUVmax 2.0", False),
    "muscle": (None, True),
    "viscera-on-mr": ("organ or vessel on MR: SUVmax 2.0", True),
    "urine-on-mr": ("urine: SUVmax 10.0 in fluid on MR", True),
    "rectum": ("rectum or pelvic organ: in front of the coccyx, SUVmax 2.0", False),
    "bone-near": (None, True),
    "implant-near": (None, True),
    "organ-without-bone": (
        "organ, bowel or vessel: in front of the posterior spine, no bone, disc or muscle there on MR",
        False,
    ),
    "tube": ("ureter or vessel: a tube along the body in front of the posterior spine", False),
    "midline-unknown": (None, True),
    "hot-in-midline": ("urinary bladder, bowel or vessel: midline, ventral, SUVmax 10.0", True),
    "hot-in-front": ("organ: ventral of the spine, SUVmax 10.0, 30 ml", True),
    "ureter-by-place": ("ureter: small, in front of the posterior spine, SUVmax 4.0", False),
    "bowel-by-place": ("bowel or vessel: ventral of the spine, SUVmax 2.0", False),
}
"""Sentence of each rule for that focus, and whether it is sure."""

# Each line: rule, measure, bound, where the rule applies, and what else differs from the focus in APPLIES.
# "from": at the bound and above; "to": at the bound and below; "above" and "below": not at the bound.
BOUNDS: list[tuple[str, str, float, str, dict[str, Any]]] = [
    ("organ-label", "organ_part", 0.4, "from", {}),
    ("bladder", "above_bladder", 30.0, "below", {}),
    ("bladder", "above_bladder", -30.0, "above", {}),
    ("bladder", "side", 35.0, "to", {}),
    ("bladder", "depth", 0.55, "from", {}),
    ("bladder", "volume_ml", 20.0, "from", {}),
    ("bladder", "suv_max", 8.0, "from", {}),
    ("hot-urine", "side", 70.0, "to", {}),
    ("hot-urine", "depth", 0.35, "from", {}),
    ("hot-urine", "suv_max", 15.0, "from", {}),
    *(
        bound
        for rule in ("muscles-alike", "sides-alike")
        for bound in (
            (rule, "side", 10.0, "from", {}),
            (rule, "mirrored_suv", 1.1, "from", {}),
            (rule, "left_right_ratio", 0.8, "from", {}),
            (rule, "left_right_ratio", 1.25, "to", {}),
            (rule, "level_ratio", 1.5, "below", {}),
        )
    ),
    ("sides-alike", "tbr", 2.0, "below", {}),
    # Facet joints beside the canal are no muscle, whatever the MR shows there.
    ("muscles-alike", "side", 34.0, "above", {"front": -8.0}),
    ("muscles-alike", "front", -25.0, "below", {"side": 20.0}),
    ("muscles-alike", "front", 8.0, "above", {"side": 33.0}),
    # Neither are sacroiliac joints.
    ("muscles-alike", "side", 75.0, "above", {"front": 20.0, "is_at_sacrum": True}),
    ("muscles-alike", "front", 36.0, "above", {"side": 50.0, "is_at_sacrum": True}),
    # Organs by their place, where the MR does not show the tissue.
    ("sides-alike", "front", 25.0, "above", {"tissue": tissues.UNKNOWN, "depth": 0.65, "is_at_sacrum": True}),
    ("kidney-at-spine", "side", 30.0, "from", {}),
    ("kidney-at-spine", "side", 115.0, "to", {}),
    ("kidney-at-spine", "front", 75.0, "to", {}),
    ("kidney-at-spine", "front", -60.0, "from", {}),
    ("kidney-at-spine", "front", -25.0, "from", {"suv_max": 5.0}),
    ("kidney-at-spine", "front", -25.0, "from", {"cluster_ml": 1.0}),
    ("kidney-at-spine", "suv_max", 8.0, "from", {"front": -40.0}),
    ("kidney-at-spine", "cluster_ml", 20.0, "from", {"front": -40.0}),
    ("kidney-at-spine", "cluster_ml", 20.0, "from", {"suv_max": 5.0}),
    ("kidney-at-spine", "suv_max", 8.0, "from", {"cluster_ml": 1.0}),
    ("kidney-at-spine", "suv_max", 8.0, "from", {"has_bone_near": True}),
    ("kidney-at-spine", "suv_max", 3.0, "from", {}),
    ("kidney-at-spine", "suv_max", 6.0, "from", {"typical_suv": 2.0}),
    ("kidney-at-spine", "suv_max", 6.4, "from", {"rich_suv": 4.0}),
    ("kidney-at-spine", "above_bladder", 85.0, "from", {}),
    ("ureter-thin", "side", 25.0, "from", {}),
    ("ureter-thin", "side", 30.0, "from", {"front": 15.0}),
    ("ureter-thin", "front", 10.0, "from", {}),
    ("ureter-thin", "front", 25.0, "from", {"side": 27.0}),
    ("ureter-thin", "suv_max", 3.4, "from", {}),
    ("ureter-thin", "suv_max", 3.0, "from", {"suv_peak": 1.0}),
    ("ureter-thin", "suv_max", 6.0, "from", {"typical_suv": 2.0}),
    ("ureter-thin", "volume_ml", 15.0, "to", {}),
    ("kidney-at-spine", "side", 55.0, "above", {"volume_ml": 85.0, "mirrored_suv": 1.0}),
    ("kidney-at-spine", "side", 32.0, "to", {"volume_ml": 85.0, "mirrored_suv": 1.0}),
    ("kidney-at-spine", "front", 40.0, "above", {"side": 45.0, "volume_ml": 85.0, "mirrored_suv": 1.0}),
    ("kidney-at-spine", "front", -10.0, "to", {"side": 45.0, "volume_ml": 85.0, "mirrored_suv": 1.0}),
    ("kidney-at-spine", "volume_ml", 20.0, "below", {"side": 45.0, "mirrored_suv": 1.0}),
    ("kidney-at-spine", "mirrored_suv", 1.6, "from", {"side": 45.0, "volume_ml": 85.0}),
    ("kidney-at-spine", "suv_max", 8.0, "from", {"side": 45.0, "mirrored_suv": 1.0, "tissue": tissues.MUSCLE}),
    ("brown-fat", "side", 32.0, "from", {}),
    ("brown-fat", "front", -10.0, "above", {}),
    ("brown-fat", "above_sacrum", 25.0, "from", {}),
    ("brown-fat", "above_bladder", 85.0, "from", {"above_sacrum": math.nan}),
    ("brown-fat", "left_right_ratio", 0.8, "from", {}),
    ("brown-fat", "left_right_ratio", 1.25, "to", {}),
    ("ilium", "above_sacrum", 25.0, "below", {}),
    ("ilium", "side", 75.0, "above", {"front": 20.0}),
    ("ilium", "front", 58.5, "to", {}),
    ("psoas", "side", 32.0, "above", {}),
    ("psoas", "side", 55.0, "to", {}),
    ("psoas", "front", -10.0, "above", {}),
    ("psoas", "front", 40.0, "to", {}),
    ("psoas", "volume_ml", 15.0, "above", {}),
    ("psoas", "volume_ml", 5.0, "from", {"tissue": tissues.MUSCLE}),
    ("psoas", "suv_max", 3.0, "below", {"tissue": tissues.MUSCLE, "volume_ml": 1.0}),
    ("psoas", "left_right_ratio", 1.25, "above", {}),
    ("behind-organs", "above_bladder", 85.0, "below", {}),
    ("behind-organs", "side", 25.0, "above", {}),
    ("behind-organs", "depth", 0.3, "below", {}),
    ("ureter-in-pelvis", "volume_ml", 15.0, "to", {}),
    ("before-hips", "side", 100.0, "to", {}),
    ("posterior-elements", "front", -10.0, "to", {}),
    ("vertebral-body", "side", 32.0, "to", {}),
    ("vertebral-body", "side", 32.0, "to", {"front": 27.0}),
    ("vertebral-body", "front", 48.0, "to", {}),
    ("vertebral-body", "front", 27.0, "to", {"side": 32.0}),
    ("bone-beside-spine", "side", 32.0, "above", {}),
    ("bone-beside-spine", "front", 25.0, "to", {}),
    ("bone-beside-spine", "suv_max", 3.0, "below", {"tissue": tissues.UNKNOWN, "has_bone_near": True}),
    ("sacroiliac-joint", "side", 30.0, "from", {}),
    ("sacroiliac-joint", "side", 75.0, "to", {}),
    ("sacroiliac-joint", "front", 36.0, "to", {}),
    ("on-sacrum", "above_bladder", 85.0, "below", {}),
    ("on-sacrum", "front", 25.0, "to", {}),
    ("on-sacrum", "suv_max", 3.0, "below", {}),
    ("organ-beside-spine", "side", 32.0, "above", {}),
    ("organ-before-spine", "side", 32.0, "to", {}),
    ("before-hips", "side", 50.0, "from", {}),
    ("before-hips", "front", 105.0, "from", {}),
    ("ureter-in-pelvis", "above_bladder", 85.0, "below", {}),
    ("ureter-in-pelvis", "side", 70.0, "to", {}),
    ("ureter-in-pelvis", "side", 50.0, "to", {"is_near_implant": True}),
    ("ureter-in-pelvis", "depth", 0.3, "from", {}),
    ("ureter-in-pelvis", "suv_max", 3.4, "from", {}),
    ("ureter-in-pelvis", "suv_max", 3.0, "from", {"suv_peak": 1.0}),
    *(
        bound
        for rule in ("ureter-on-psoas", "ureter-by-place")
        for bound in (
            (rule, "side", 25.0, "from", {}),
            (rule, "side", 60.0, "to", {"above_bladder": 100.0}),
            (rule, "side", 50.0, "to", {}),
            (rule, "depth", 0.38, "from", {}),
            (rule, "volume_ml", 5.0, "below", {}),
            (rule, "suv_max", 1.5, "from", {}),
            (rule, "suv_max", 6.0, "from", {"typical_suv": 2.0}),
            (rule, "length_mm", 30.0, "from", {**TUBE, "suv_max": 1.0}),
            (rule, "width_mm", 14.0, "to", {**TUBE, "length_mm": 60.0, "suv_max": 1.0}),
            (rule, "tilt_deg", 40.0, "to", {**TUBE, "suv_max": 1.0}),
        )
    ),
    ("ureter-on-psoas", "above_bladder", 85.0, "from", {"has_bone_near": True}),
    ("ureter-on-psoas", "side", 32.0, "from", {"has_bone_near": True, "above_bladder": 100.0}),
    ("ureter-on-psoas", "depth", 0.44, "from", {"has_bone_near": True, "above_bladder": 100.0}),
    *(
        bound
        for rule in ("kidney-paired", "kidney-above-crest")
        for bound in (
            (rule, "side", 30.0, "from", {}),
            (rule, "side", 115.0, "to", {}),
            (rule, "depth", 0.15, "from", {}),
            (rule, "depth", 0.62, "to", {}),
            (rule, "suv_max", 3.0, "from", {}),
            (rule, "suv_max", 6.0, "from", {"typical_suv": 2.0}),
            (rule, "suv_max", 6.4, "from", {"rich_suv": 4.0}),
            (rule, "suv_max", 8.0, "from", {"cluster_ml": 1.0}),
            (rule, "cluster_ml", 20.0, "from", {"suv_max": 5.0}),
        )
    ),
    ("kidney-paired", "mirrored_suv", 1.6, "from", {}),
    ("kidney-paired", "mirrored_suv", 6.4, "from", {"rich_suv": 4.0}),
    ("kidney-paired", "mirrored_suv", 6.0, "from", {"typical_suv": 2.0}),
    ("kidney-above-crest", "above_bladder", 85.0, "above", {}),
    ("kidney-at-spine", "above_sacrum", 25.0, "from", {}),
    ("kidney-paired", "above_sacrum", 25.0, "from", {}),
    ("bone-below-crest", "above_sacrum", 25.0, "below", {}),
    ("bone-below-crest", "suv_max", 8.0, "below", {}),
    ("hot-in-front", "side", 50.0, "to", {"above_bladder": math.nan}),
    ("bowel-like-muscle", "depth", 0.6, "from", {}),
    ("bowel-like-muscle", "side", 100.0, "to", {"front": 60.0}),
    ("bowel-like-muscle", "side", 50.0, "to", {}),
    ("urine-on-mr", "suv_max", 8.0, "from", {}),
    ("urine-on-mr", "volume_ml", 20.0, "from", {"suv_max": 2.0}),
    ("urine-on-mr", "side", 70.0, "to", {"depth": 0.5, "is_in_trunk": True}),
    ("urine-on-mr", "depth", 0.35, "from", {"side": 20.0, "is_in_trunk": True}),
    ("urine-on-mr", "side", 115.0, "to", {"depth": 0.3, "is_in_trunk": True, "above_bladder": 100.0}),
    ("urine-on-mr", "above_bladder", 85.0, "from", {"side": 80.0, "depth": 0.3, "is_in_trunk": True}),
    ("kidney-above-crest", "volume_ml", 20.0, "below", {"side": 40.0, "depth": 0.5, "mirrored_suv": 1.0}),
    ("kidney-above-crest", "side", 55.0, "above", {"volume_ml": 85.0, "depth": 0.5, "mirrored_suv": 1.0}),
    ("kidney-above-crest", "depth", 0.44, "below", {"volume_ml": 85.0, "side": 50.0, "mirrored_suv": 1.0}),
    ("kidney-above-crest", "mirrored_suv", 1.6, "from", {"volume_ml": 85.0, "side": 50.0, "depth": 0.5}),
    ("hot-in-front", "side", 135.0, "to", {}),
    ("hot-in-front", "side", 60.0, "to", {"above_bladder": 0.0}),
    ("rectum", "above_bladder", 35.0, "to", {}),
    ("rectum", "side", 25.0, "to", {}),
    ("rectum", "depth", 0.25, "from", {}),
    ("rectum", "depth", 0.7, "to", {}),
    ("organ-without-bone", "depth", 0.35, "above", {}),
    ("organ-without-bone", "depth", 0.55, "above", {"side": 10.0}),
    ("organ-without-bone", "side", 25.0, "from", {"depth": 0.5}),
    ("organ-without-bone", "side", 100.0, "to", {"front": 60.0}),
    ("organ-without-bone", "side", 50.0, "to", {}),
    ("tube", "depth", 0.35, "above", {}),
    ("tube", "depth", 0.6, "from", {"suv_max": 1.0}),
    ("tube", "suv_max", 3.0, "from", {}),
    ("tube", "suv_max", 6.0, "from", {"typical_suv": 2.0}),
    ("tube", "length_mm", 30.0, "from", {}),
    ("tube", "width_mm", 14.0, "to", {"length_mm": 60.0}),
    ("tube", "tilt_deg", 40.0, "to", {}),
    *(
        bound
        for rule in ("hot-in-midline", "hot-in-front")
        for bound in (
            (rule, "depth", 0.55, "from", {}),
            (rule, "suv_max", 3.0, "from", {}),
            (rule, "suv_max", 8.0, "from", {"volume_ml": 1.0}),
            (rule, "volume_ml", 20.0, "from", {"suv_max": 5.0}),
        )
    ),
    ("hot-in-midline", "side", 35.0, "to", {}),
    # The height above the bladder is not known, but there is a spine: the protocol's values hold.
    ("bowel-by-place", "depth", 0.45, "from", {"front": 60.0}),
    ("bowel-by-place", "side", 100.0, "to", {"front": 60.0, "depth": 0.5}),
    ("bowel-by-place", "depth", 0.53, "from", {"side": 10.0, "front": 60.0}),
    ("bowel-by-place", "side", 25.0, "from", {"front": 60.0, "depth": 0.5}),
    ("bowel-by-place", "side", 80.0, "above", {"depth": 0.4, "front": 60.0}),
    ("bowel-by-place", "depth", 0.39, "from", {"side": 90.0, "front": 60.0}),
    # Nothing tells the height: the place may be a hip.
    ("bowel-by-place", "side", 50.0, "to", {}),
    ("bowel-by-place", "depth", 0.6, "from", {}),
    ("bowel-by-place", "depth", 0.45, "from", {"is_tissue_seen": True}),
    # At the hips.
    ("bowel-by-place", "depth", 0.6, "from", {"above_bladder": 0.0}),
    ("bowel-by-place", "side", 60.0, "to", {"above_bladder": 0.0, "depth": 0.65}),
    ("bowel-by-place", "side", 60.0, "to", {"above_bladder": 0.0, "depth": 0.7}),
    ("bowel-by-place", "side", 90.0, "to", {"above_bladder": 0.0, "depth": 0.8}),
    ("bowel-by-place", "depth", 0.25, "from", {"above_bladder": 0.0, "side": 10.0}),
    ("bowel-by-place", "above_bladder", 35.0, "above", {"depth": 0.55}),
    # Between the iliac wings.
    ("bowel-by-place", "depth", 0.5, "from", {"above_bladder": 60.0}),
    ("bowel-by-place", "depth", 0.58, "from", {"above_bladder": 60.0, "side": 10.0}),
    ("bowel-by-place", "side", 90.0, "to", {"above_bladder": 60.0, "depth": 0.5}),
    ("bowel-by-place", "side", 150.0, "to", {"above_bladder": 60.0, "depth": 0.7}),
    ("bowel-by-place", "depth", 0.5, "from", {"above_bladder": 60.0, "side": 85.0}),
    ("bowel-by-place", "above_bladder", 85.0, "above", {"depth": 0.45}),
    ("bowel-by-place", "above_bladder", 85.0, "above", {"depth": 0.37, "side": 90.0}),
    ("bowel-by-place", "above_bladder", 85.0, "above", {"depth": 0.45, "side": 85.0}),
    # Above the iliac wings.
    ("bowel-by-place", "depth", 0.42, "from", {"above_bladder": 100.0}),
    ("bowel-by-place", "depth", 0.5, "from", {"above_bladder": 100.0, "side": 10.0}),
    ("bowel-by-place", "depth", 0.36, "from", {"above_bladder": 100.0, "side": 90.0}),
    ("bowel-by-place", "side", 135.0, "to", {"above_bladder": 100.0, "depth": 0.8}),
    ("bowel-by-place", "side", 135.0, "to", {"above_bladder": 100.0, "depth": 1.0}),
    ("bowel-by-place", "side", 165.0, "to", {"above_bladder": 100.0, "depth": 1.1}),
]

NOT_AT: list[tuple[str, dict[str, Any]]] = [
    ("bladder", {"above_bladder": math.nan}),
    ("bladder", {"side": math.nan}),
    ("hot-urine", {"is_in_trunk": False}),
    ("hot-urine", {"tissue": tissues.MARROW}),
    ("hot-urine", {"tissue": tissues.DISC}),
    ("muscles-alike", {"tissue": tissues.UNKNOWN}),
    ("muscles-alike", {"has_bone_near": True}),
    ("muscles-alike", {"side": 20.0, "front": 20.0}),
    ("sides-alike", {"tissue": tissues.MARROW}),
    ("sides-alike", {"tissue": tissues.DISC}),
    ("sides-alike", {"tissue": tissues.UNKNOWN}),
    ("sides-alike", {"tissue": tissues.UNKNOWN, "depth": 0.65, "has_bone_near": True}),
    ("sides-alike", {"tissue": tissues.UNKNOWN, "side": 20.0, "front": -8.0}),
    ("sides-alike", {"tissue": tissues.UNKNOWN, "side": 50.0, "front": 10.0, "is_at_sacrum": True}),
    ("muscles-alike", {"is_near_implant": True}),
    ("muscles-alike", {"mirrored_suv": math.nan}),
    ("muscles-alike", {"left_right_ratio": math.nan}),
    ("sides-alike", {"tissue": tissues.MUSCLE}),
    ("sides-alike", {"is_near_implant": True}),
    ("kidney-at-spine", {"tissue": tissues.MARROW}),
    ("kidney-at-spine", {"tissue": tissues.DISC}),
    ("kidney-at-spine", {"is_at_sacrum": True}),
    ("ureter-thin", {"suv_peak": math.nan}),
    ("brown-fat", {"tissue": tissues.UNKNOWN}),
    ("brown-fat", {"above_sacrum": math.nan}),
    ("brown-fat", {"front": math.nan}),
    ("brown-fat", {"left_right_ratio": math.nan}),
    ("ilium", {"above_sacrum": math.nan}),
    ("psoas", {"volume_ml": 1.0}),
    ("psoas", {"front": math.nan}),
    ("psoas", {"left_right_ratio": 1.0}),
    ("behind-organs", {"above_bladder": math.nan}),
    ("urine-on-mr", {"side": 80.0, "depth": 0.2, "is_in_trunk": True}),
    ("urine-on-mr", {"side": 20.0, "depth": 0.5, "is_in_trunk": False}),
    ("bone-beside-spine", {"tissue": tissues.MUSCLE}),
    ("sacroiliac-joint", {"is_at_sacrum": False}),
    ("on-sacrum", {"above_bladder": math.nan}),
    ("before-hips", {"is_in_trunk": False}),
    ("before-hips", {"front": math.nan}),
    ("ureter-in-pelvis", {"is_in_trunk": False}),
    ("ureter-in-pelvis", {"above_bladder": math.nan}),
    ("ureter-on-psoas", {"is_in_trunk": False}),
    ("ureter-on-psoas", {"is_near_implant": True}),
    ("ureter-on-psoas", {"tissue": tissues.FAT}),
    ("ureter-on-psoas", {"has_bone_near": True}),
    ("bone-or-disc", {"tissue": tissues.VOID}),
    ("kidney-paired", {"is_in_trunk": False}),
    ("kidney-paired", {"mirrored_suv": math.nan}),
    ("kidney-above-crest", {"is_in_trunk": False}),
    ("kidney-above-crest", {"above_bladder": math.nan}),
    ("bowel-like-muscle", {"is_in_trunk": False}),
    ("bowel-like-muscle", {"tissue": tissues.FAT}),
    ("muscle", {"tissue": tissues.FAT}),
    ("viscera-on-mr", {"tissue": tissues.FLUID}),
    ("urine-on-mr", {"tissue": tissues.VISCERA}),
    ("rectum", {"has_bone_near": False}),
    ("rectum", {"above_bladder": math.nan}),
    ("bone-near", {"has_bone_near": False}),
    ("bone-near", {"depth": 0.7, "front": 49.0, "side": 20.0}),
    ("implant-near", {"is_near_implant": False}),
    ("organ-without-bone", {"is_tissue_seen": False}),
    ("organ-without-bone", {"side": math.nan}),
    ("tube", {"depth": math.nan}),
    ("tube", {"length_mm": math.nan}),
    ("midline-unknown", {"is_in_trunk": True}),
    ("ureter-by-place", {"is_in_trunk": False}),
    ("bowel-by-place", {"depth": math.nan}),
]
"""Foci that a rule does not apply to, as one fact differs from the focus in APPLIES."""

ALSO_AT: list[tuple[str, dict[str, Any]]] = [
    ("bone-near", {"depth": 0.7, "front": 47.0, "side": 20.0}),
    ("bone-near", {"depth": 0.7, "front": 90.0, "side": 110.0}),
    ("muscles-alike", {"side": math.nan}),
    ("brown-fat", {"level_ratio": 3.0}),
    ("ilium", {"above_sacrum": math.nan, "above_bladder": 50.0}),
    ("psoas", {"left_right_ratio": 2.0}),
    ("urine-on-mr", {"side": 20.0, "depth": 0.5, "is_in_trunk": True}),
    ("urine-on-mr", {"side": 20.0}),
    ("muscles-alike", {"front": -30.0, "side": 20.0, "has_bone_near": True}),
    ("muscles-alike", {"front": 20.0, "side": 45.0, "has_bone_near": True}),
    ("sides-alike", {"tissue": tissues.UNKNOWN, "depth": 0.65}),
    ("sides-alike", {"tissue": tissues.UNKNOWN, "side": 60.0, "front": 20.0}),
    ("kidney-at-spine", {"suv_max": 5.0, "cluster_ml": 1.0, "is_truncated": True}),
    ("kidney-paired", {"suv_max": 5.0, "cluster_ml": 1.0, "is_truncated": True}),
    ("kidney-at-spine", {"tissue": tissues.MUSCLE}),
    ("bone-beside-spine", {"tissue": tissues.DISC}),
    ("bone-beside-spine", {"tissue": tissues.MARROW, "suv_max": 30.0}),
    ("bone-or-disc", {"tissue": tissues.DISC}),
    ("ureter-on-psoas", {"tissue": tissues.MUSCLE}),
    ("ureter-by-place", {"tissue": tissues.FAT}),
    ("midline-unknown", {"is_in_trunk": True, "side": math.nan}),
    ("tube", {"side": math.nan, "is_in_trunk": False}),
]
"""More foci that a rule applies to."""


def verdict(rule: str, changes: Mapping[str, Any]) -> Verdict | None:
    return APPLY[rule](focus(**APPLIES[rule] | dict(changes)))


@pytest.mark.parametrize("rule", PHYSIOLOGIC_RULES)
def test_a_rule_says_why_and_on_which_measures_it_rests(rule: str) -> None:
    found = verdict(rule, {})
    assert (found.text, found.is_sure) == TEXTS[rule]
    assert found.evidence
    context = focus(**APPLIES[rule])
    for name, value in found.evidence.items():
        measured = getattr(context, name)
        assert value == (tissues.NAMES[measured] if name == "tissue" else measured)


@pytest.mark.parametrize(
    ("rule", "measure", "bound", "applies", "more"), BOUNDS, ids=[f"{b[0]}-{b[1]}-{b[2]}" for b in BOUNDS]
)
def test_a_rule_applies_on_one_side_of_its_threshold_only(
    rule: str, measure: str, bound: float, applies: str, more: dict[str, Any]
) -> None:
    little = 1e-6
    below, above = verdict(rule, more | {measure: bound - little}), verdict(rule, more | {measure: bound + little})
    if applies in ("from", "above"):
        assert below is None
        assert above is not None
    else:
        assert below is not None
        assert above is None


# Sums of two values that are no binary fractions: there is no exact bound to test.
SUMS = {("bowel-by-place", 0.53), ("bowel-by-place", 0.39), ("bowel-by-place", 90.0), ("bowel-by-place", 150.0)}
SUMS |= {("bowel-by-place", 165.0), ("bowel-by-place", 0.58), ("bowel-by-place", 0.36), ("bowel-by-place", 0.5)}
EXACT = [bound for bound in BOUNDS if (bound[0], bound[2]) not in SUMS]


@pytest.mark.parametrize(
    ("rule", "measure", "bound", "applies", "more"), EXACT, ids=[f"{b[0]}-{b[1]}-{b[2]}" for b in EXACT]
)
def test_a_value_at_the_threshold_counts_as_the_rule_says(
    rule: str, measure: str, bound: float, applies: str, more: dict[str, Any]
) -> None:
    assert (verdict(rule, more | {measure: bound}) is not None) == (applies in ("from", "to"))


@pytest.mark.parametrize(("rule", "changes"), NOT_AT)
def test_a_rule_does_not_apply_where_a_fact_is_missing(rule: str, changes: dict[str, Any]) -> None:
    assert verdict(rule, changes) is None


@pytest.mark.parametrize(("rule", "changes"), ALSO_AT)
def test_a_rule_also_applies_where_a_fact_does_not_matter(rule: str, changes: dict[str, Any]) -> None:
    assert verdict(rule, changes) is not None


@pytest.mark.parametrize(("front", "side"), [(37.5, 27.7128), (42.0, 22.3952), (30.0, 31.6718)])
def test_the_front_half_of_a_vertebral_body_is_round(front: float, side: float) -> None:
    assert verdict("vertebral-body", {"front": front, "side": side - 0.001}) is not None
    assert verdict("vertebral-body", {"front": front, "side": side + 0.001}) is None


def test_a_kidney_at_the_spine_is_sure_only_where_it_is_hot() -> None:
    assert verdict("kidney-at-spine", {"suv_max": 8.0}).is_sure
    assert not verdict("kidney-at-spine", {"suv_max": 7.9}).is_sure


def test_a_mass_of_the_psoas_is_no_ureter_and_no_kidney() -> None:
    mass = {"suv_max": 6.0, "suv_peak": 3.0, "volume_ml": 85.0, "cluster_ml": 85.0, "side": 45.0, "front": 20.0}
    assert physiologic_verdict(focus(**mass, mirrored_suv=0.6, left_right_ratio=5.0))[0] == "psoas"
    small = {**mass, "suv_max": 2.0, "volume_ml": 8.0, "cluster_ml": 8.0, "tissue": tissues.MUSCLE}
    assert physiologic_verdict(focus(**small))[0] == "psoas"
    without_canal = {**mass, "front": math.nan, "depth": 0.5, "above_bladder": 120.0, "is_in_trunk": True}
    found = physiologic_verdict(focus(**without_canal, mirrored_suv=0.6, tissue=tissues.MUSCLE))
    assert found[1].text is None


def test_kidneys_beside_the_psoas_stay_kidneys_as_they_come_in_pairs() -> None:
    kidney = {"suv_max": 6.0, "volume_ml": 85.0, "cluster_ml": 85.0, "side": 52.0, "front": 10.0}
    assert physiologic_verdict(focus(**kidney, mirrored_suv=4.0, left_right_ratio=1.5))[0] == "kidney-at-spine"
    assert physiologic_verdict(focus(**kidney))[0] == "kidney-at-spine"
    alone = {**kidney, "side": 65.0}
    assert physiologic_verdict(focus(**alone, mirrored_suv=0.6, left_right_ratio=8.0))[0] == "kidney-at-spine"


def test_a_gluteal_mass_that_is_bright_on_mr_is_no_urine() -> None:
    mass = {"suv_max": 6.3, "volume_ml": 101.0, "cluster_ml": 101.0, "tissue": tissues.FLUID, "side": 85.0}
    for height in ({"above_bladder": 20.0}, {"above_bladder": 60.0}, {}):
        found = physiologic_verdict(focus(**mass, depth=0.2, is_in_trunk=True, **height))
        assert found is None or found[1].text is None
    bladder = {**mass, "side": 10.0, "depth": 0.6, "is_in_trunk": True}
    assert physiologic_verdict(focus(**bladder))[0] == "urine-on-mr"


@pytest.mark.parametrize("tissue", [tissues.UNKNOWN, tissues.MARROW, tissues.MUSCLE, tissues.FLUID])
def test_a_metastasis_of_the_ilium_is_shown_however_hot_it_is(tissue: int) -> None:
    place = {"side": 100.0, "front": 30.0, "above_sacrum": -10.0, "is_at_sacrum": True, "has_bone_near": True}
    found = physiologic_verdict(focus(**place, suv_max=11.0, volume_ml=30.0, cluster_ml=30.0, tissue=tissue))
    assert found[1].text is None


def test_the_rules_stand_in_this_order() -> None:
    assert EVERYWHERE.names == ("organ-label", "bladder", "hot-urine", "brown-fat", "muscles-alike", "sides-alike")
    assert AT_SPINE.names == (
        "kidney-at-spine",
        "ureter-thin",
        "bone-below-crest",
        "posterior-elements",
        "vertebral-body",
        "bone-beside-spine",
        "sacroiliac-joint",
        "ilium",
        "psoas",
        "on-sacrum",
        "organ-beside-spine",
        "organ-before-spine",
    )
    assert tuple(APPLIES) == PHYSIOLOGIC_RULES
    assert len(set(PHYSIOLOGIC_RULES)) == len(PHYSIOLOGIC_RULES)


def test_the_canal_decides_above_the_hips_and_the_place_elsewhere() -> None:
    place = {"suv_max": 1.0, "side": 60.0, "depth": 0.7, "is_in_trunk": True}
    assert physiologic_verdict(focus(**place, front=60.0))[0] == "organ-beside-spine"
    assert physiologic_verdict(focus(**place, front=60.0, above_bladder=35.0))[0] == "organ-beside-spine"
    assert physiologic_verdict(focus(**place, front=60.0, above_bladder=34.9))[0] == "bowel-by-place"
    assert physiologic_verdict(focus(**place)) is None
    assert physiologic_verdict(focus(**place | {"side": 40.0}))[0] == "bowel-by-place"
    assert physiologic_verdict(focus(side=140.0, depth=0.7, is_in_trunk=True)) is None


def test_what_is_shown_carries_the_name_of_its_rule_too() -> None:
    name, found = physiologic_verdict(focus(side=0.0, front=20.0))
    assert (name, found.text) == ("vertebral-body", None)


@pytest.mark.parametrize(
    ("off", "expected"),
    [
        ((), "organ-label"),
        (("organ-label",), "ureter-thin"),
        (("organ-label", "ureter-thin"), "organ-beside-spine"),
        (("organ-label", "ureter-thin", "organ-beside-spine"), None),
    ],
)
def test_a_rule_that_is_switched_off_is_not_asked(off: tuple[str, ...], expected: str | None) -> None:
    parameters = dataclasses.replace(PARAMETERS, rules_off=off)
    place = {**THIN, "side": 40.0, "front": 30.0, "organ": "kidney", "organ_part": 0.9}
    found = physiologic_verdict(focus(**place, parameters=parameters))
    assert (found and found[0]) == expected


def test_a_protocol_switches_rules_off_by_their_names() -> None:
    shipped = load_protocol("low-back")
    assert shipped.stage("hot_spots", HotSpotParameters).physiologic.rules_off == ()
    changed = shipped.with_values({"hot_spots.physiologic.rules_off": "ureter-thin, bladder"})
    assert changed.stage("hot_spots", HotSpotParameters).physiologic.rules_off == ("ureter-thin", "bladder")
    with pytest.raises(Exception, match="rules_off"):
        shipped.with_values({"hot_spots.physiologic.rules_off": "no-such-rule"})


def test_the_choices_in_the_protocol_are_the_names_of_the_rules() -> None:
    entry = load_protocol("low-back").entry("hot_spots.physiologic.rules_off")
    assert tuple(entry["choices"]) == PHYSIOLOGIC_RULES


def numbers_that_decide(module: ModuleType) -> list[tuple[str, float]]:
    """Numeric literals inside the functions of a module, but for 0, 1, 2, 0.5, -1 and 100."""
    found = []
    for function in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(function, ast.FunctionDef):
            for node in ast.walk(function):
                is_number = isinstance(node, ast.Constant) and type(node.value) in (int, float)
                if is_number and node.value not in (0, 1, 2, 0.5, 100):
                    found.append((function.name, node.value))
    return found


@pytest.mark.parametrize("module", [physiologic, organ_places, conspicuity, hot_discs, splitting])
@pytest.mark.source
def test_no_bare_number_decides_inside_a_rule(module: ModuleType) -> None:
    assert numbers_that_decide(module) == []
