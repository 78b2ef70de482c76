"""Uptake that is expected: bladder, kidneys, ureters, bowel, vessels, and muscles that are used alike on both sides.

The rules are asked from the top, and the first one that applies decides. Where the MR shows the spinal canal above the
hips, :data:`AT_SPINE` follows :data:`EVERYWHERE`; else :data:`BY_PLACE` does. No rule decides by uptake or size alone:
the place must agree. Some rules say that a focus is bone or joint and is shown; they stand before the rules for organs
that lie next to such places. A focus that counts as physiologic stays in the list, with the reason and the name of
the rule.

To add a rule, write a function with a docstring that takes a :class:`.organ_places.FocusContext`, put it into its
list, and add its name to the choices of ``hot_spots.physiologic.rules_off`` in ``base.json``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..body import distances
from ..core import tissues as tissue_codes
from ..core.rules import Rule, RuleList
from .organ_places import FocusContext

Measure = float | str | bool
"""A measured value that a verdict rests on."""


@dataclass(frozen=True)
class Verdict:
    """What a rule says about a focus.

    Parameters
    ----------
    text : str or None
        Why the focus counts as physiologic, as a part of a sentence; None for a focus that is shown.
    is_sure : bool
        False where only the place, or the likeness of both sides, speaks for an organ: an MR finding there counts
        more.
    evidence : mapping of str to value
        The measures that the verdict rests on, by their name in :class:`.organ_places.FocusContext`.
    """

    text: str | None
    is_sure: bool = True
    evidence: dict[str, Measure] = field(default_factory=dict)


def _organ(text: str, **evidence: Measure) -> Verdict:
    """Surely physiologic."""
    return Verdict(text, True, evidence)


def _usual_place(text: str, **evidence: Measure) -> Verdict:
    """Physiologic by its place, or as both sides are alike; not sure."""
    return Verdict(text, False, evidence)


def _shown(**evidence: Measure) -> Verdict:
    """Not physiologic: no rule below is asked."""
    return Verdict(None, True, evidence)


# ---- Everywhere ----


def organ_label(c: FocusContext) -> Verdict | None:
    """An anatomy segmentation decides first: the focus lies in an organ that takes up or excretes the tracer."""
    if c.organ_part < c.parameters.organ_part:
        return None
    text = f"{c.organ}: {100 * c.organ_part:.0f} % of the focus lies in it"
    return _organ(text, organ=c.organ, organ_part=c.organ_part)


def bladder(c: FocusContext) -> Verdict | None:
    """A large, hot focus in the midline, at the height of the bladder and in front of the spine, is the bladder.

    The tissue on MR is not asked: with T1 alone, a bladder may pass for marrow or muscle.
    """
    is_at_height = abs(c.above_bladder) < distances.BLADDER_HALF_HEIGHT.value
    is_central = c.side <= distances.BLADDER_SIDE_MOST.value and c.depth >= distances.SPINE_DEPTH_MOST.value
    if not (is_at_height and is_central and c.is_big and c.is_hot):
        return None
    text = f"urine: the bladder, in the midline, {c.volume_ml:.0f} ml, SUVmax {c.suv_max:.0f}"
    return _organ(
        text, suv_max=c.suv_max, volume_ml=c.volume_ml, side=c.side, depth=c.depth, above_bladder=c.above_bladder
    )


def hot_urine(c: FocusContext) -> Verdict | None:
    """Near the midline and in front of the posterior spine, only urine is as hot as this, even where bone is near."""
    is_near = c.side <= distances.URINE_SIDE_MOST.value and c.depth >= distances.POSTERIOR_SPINE_DEPTH_MOST.value
    if c.is_bone or not (c.is_in_trunk and is_near and c.suv_max >= c.parameters.urine_suv):
        return None
    text = f"urine: near the midline, in front of the posterior spine, SUVmax {c.suv_max:.0f}"
    return _organ(text, suv_max=c.suv_max, side=c.side, depth=c.depth)


def brown_fat(c: FocusContext) -> Verdict | None:
    """Brown fat lies beside the thoracic and upper lumbar spine and around the kidneys: uptake in fat on MR, alike on
    both sides, above the iliac crests.

    It is not asked at the arches and below the crests, where fat surrounds joints, capsules and bursae that may be ill
    on both sides.
    """
    is_beside = (
        c.side >= distances.VERTEBRA_HALF_WIDTH.value and c.front > distances.POSTERIOR_ELEMENTS_FRONT_MOST.value
    )
    if c.tissue != tissue_codes.FAT or not (is_beside and c.is_above_crest and c.has_twin):
        return None
    text = f"brown fat: in fat on MR, alike on both sides (ratio {c.left_right_ratio:.2f})"
    return _usual_place(text, left_right_ratio=c.left_right_ratio, mirrored_suv=c.mirrored_suv, side=c.side)


def muscles_alike(c: FocusContext) -> Verdict | None:
    """Muscles that are used on both sides have raised uptake that is alike on both sides, whatever its degree.

    Place and tissue must both be those of a muscle: facet joints are small and lie between muscles, and the MR may
    show mostly muscle in their uptake. Joints that are alike on both sides may be ill on both sides.
    """
    if not (_is_muscle(c) and c.is_alike_on_both_sides):
        return None
    text = f"muscle use: alike on both sides (ratio {c.left_right_ratio:.2f})"
    return _usual_place(text, left_right_ratio=c.left_right_ratio, mirrored_suv=c.mirrored_suv)


def sides_alike(c: FocusContext) -> Verdict | None:
    """Moderate uptake that is alike on both sides is usual in paired vessels, kidneys and gonads.

    It says nothing of joints and bone, which may be ill on both sides: :mod:`..fusion.pairs` makes one candidate of
    both.
    """
    if not (_may_be_paired_organ(c) and c.is_alike_on_both_sides):
        return None
    if c.tbr >= c.parameters.symmetric_tbr:
        return None
    text = f"vessel, kidney or gonad: alike on both sides (ratio {c.left_right_ratio:.2f})"
    return _usual_place(text, left_right_ratio=c.left_right_ratio, mirrored_suv=c.mirrored_suv, tbr=c.tbr)


def _is_muscle(c: FocusContext) -> bool:
    """Whether tissue and place are those of a muscle.

    Beside the canal the place says it; elsewhere no bone must be near.
    """
    if c.tissue != tissue_codes.MUSCLE:
        return False
    if not c.is_beside_canal:
        return not c.has_bone_near
    return not (_is_at_joint_by_canal(c) or _is_in_body_by_canal(c))


def _is_at_joint_by_canal(c: FocusContext) -> bool:
    """Whether a focus lies where facet joints or sacroiliac joints are, by the spinal canal."""
    front = c.front
    is_at_facet = distances.FACET_FOCUS_FRONT_LEAST.value <= front <= distances.FACET_FOCUS_FRONT_MOST.value
    is_at_sacroiliac = c.is_at_sacrum and c.side >= distances.SACROILIAC_SIDE_LEAST.value
    if is_at_sacroiliac and c.side <= distances.SACROILIAC_SIDE_MOST.value:
        return front <= distances.SACROILIAC_FRONT_MOST.value
    return is_at_facet and c.side <= distances.JOINTS_SIDE_MOST.value


def _is_in_body_by_canal(c: FocusContext) -> bool:
    """Whether a focus lies where a vertebral body may be, in front of the posterior elements."""
    return c.is_in_vertebral_body and c.front > distances.POSTERIOR_ELEMENTS_FRONT_MOST.value


def _may_be_paired_organ(c: FocusContext) -> bool:
    """Whether a focus may be a vessel, a kidney or a gonad: an organ on MR, or no bone and a place of organs."""
    if c.tissue == tissue_codes.VISCERA:
        return True
    if c.is_bone or c.has_bone_near or c.tissue == tissue_codes.MUSCLE or _is_in_body_by_canal(c):
        return False
    if c.front <= distances.BONE_BESIDE_FRONT_MOST.value:
        return c.is_at_kidney_by_canal and not c.is_below_crest and not _is_at_joint_by_canal(c)
    return c.is_in_abdomen or (c.is_at_kidney and not c.is_below_crest and c.is_height_known)


# ---- Beside the spinal canal, above the hips ----


def kidney_at_spine(c: FocusContext) -> Verdict | None:
    """A large or hot focus beside the spine, above the iliac crests, is a kidney unless it is bone or lies on bone.

    Bone nearby speaks only against a kidney of moderate uptake: very high uptake is blurred onto the bone beside it.
    Kidneys come in pairs. Where the other side is known to have no such uptake, a large focus at the psoas, which is
    nearer to the spine than the middle of a kidney, and a focus of moderate uptake in muscle are none.
    """
    is_bony = c.is_bone or (c.has_bone_near and not c.is_hot)
    is_of_psoas = c.is_at_psoas and (c.is_big or (c.tissue == tissue_codes.MUSCLE and not c.is_hot))
    if is_bony or c.is_below_crest or (is_of_psoas and c.lacks_twin):
        return None
    if not (c.is_hot_as_kidney and c.is_at_kidney_by_canal and c.may_be_large):
        return None
    text = f"kidney: beside the spine, SUVmax {c.suv_max:.1f}"
    return Verdict(
        text, c.is_hot, {"suv_max": c.suv_max, "cluster_ml": c.cluster_ml, "side": c.side, "front": c.front}
    )


def ureter_thin(c: FocusContext) -> Verdict | None:
    """Thin, hot uptake beside the spine is a ureter or a renal pelvis, even where a vertebral body may reach.

    Farther to the side than kidneys lie, there is no ureter. What is larger than a whole ureter or a renal pelvis is
    neither.
    """
    is_before_bone = c.side >= distances.URETER_SIDE_LEAST.value and c.front >= distances.BONE_BESIDE_FRONT_MOST.value
    is_beside_foramina = (
        c.side >= distances.RENAL_PELVIS_SIDE_LEAST.value and c.front >= distances.RENAL_PELVIS_FRONT_LEAST.value
    )
    is_far = c.side > distances.KIDNEY_FOCUS_SIDE_MOST.value
    if is_far or not (c.may_be_ureter and (is_before_bone or is_beside_foramina)):
        return None
    text = f"ureter or renal pelvis: thin, beside the spine, SUVmax {c.suv_max:.1f}"
    return _usual_place(
        text, suv_max=c.suv_max, suv_peak=c.suv_peak, volume_ml=c.volume_ml, side=c.side, front=c.front
    )


def bone_below_crest(c: FocusContext) -> Verdict | None:
    """Shown: below the iliac crests the MR shows marrow or disc in the focus. Sacrum, wings and hips lie there as far
    in front of the canal as organs do, and what lies in marrow is no organ. Urine beside bone is hotter than bone."""
    is_shown = c.is_below_crest and c.is_bone and not c.is_hot
    return _shown(tissue=tissue_codes.NAMES[c.tissue]) if is_shown else None


def posterior_elements(c: FocusContext) -> Verdict | None:
    """Shown: behind the canal lie facet joints, processes, back muscles and sacroiliac joints, and no organs."""
    return _shown(front=c.front) if c.front <= distances.POSTERIOR_ELEMENTS_FRONT_MOST.value else None


def vertebral_body(c: FocusContext) -> Verdict | None:
    """Shown: the focus lies where a vertebral body or a disc may be."""
    return _shown(side=c.side, front=c.front) if c.is_in_vertebral_body else None


def bone_beside_spine(c: FocusContext) -> Verdict | None:
    """Shown: beside the spine and no farther in front than sacrum and ilium, the focus is bone or lies at bone.

    For a focus that is as hot as a kidney, it is not enough that bone is near.
    """
    is_beside = c.side > distances.VERTEBRA_HALF_WIDTH.value and c.front <= distances.BONE_BESIDE_FRONT_MOST.value
    is_bony = c.is_bone or (c.has_bone_near and not c.is_hot_as_kidney)
    return _shown(side=c.side, front=c.front, suv_max=c.suv_max) if is_beside and is_bony else None


def sacroiliac_joint(c: FocusContext) -> Verdict | None:
    """Shown: at the height of the sacrum the focus lies where a sacroiliac joint is, however hot it is."""
    is_beside = distances.SACROILIAC_SIDE_LEAST.value <= c.side <= distances.SACROILIAC_SIDE_MOST.value
    is_at_joint = is_beside and c.front <= distances.SACROILIAC_FRONT_MOST.value
    return _shown(side=c.side, front=c.front) if c.is_at_sacrum and is_at_joint else None


def ilium(c: FocusContext) -> Verdict | None:
    """Shown: below the iliac crests and behind the inner surface of the iliac wing lie ilium and gluteal muscles, and
    no organs, however hot the focus is."""
    return _shown(side=c.side, front=c.front) if c.is_behind_iliac_wing else None


def psoas(c: FocusContext) -> Verdict | None:
    """Shown: beside the vertebral bodies the MR shows muscle in the focus, or the focus is larger than a ureter and
    has no equal on the other side, as a kidney has. A small focus as hot as urine may be a ureter."""
    is_large = c.volume_ml > distances.URETER_WHOLE_VOLUME_MOST.value and not c.has_twin
    is_psoas = c.is_at_psoas and (is_large or (c.tissue == tissue_codes.MUSCLE and not c.is_small_urine))
    return _shown(side=c.side, front=c.front, volume_ml=c.volume_ml) if is_psoas else None


def on_sacrum(c: FocusContext) -> Verdict | None:
    """Shown: in the pelvis, a focus of moderate uptake beside the sacrum.

    Where the MR does not show the sacrum, its uptake cannot be distinguished from that of what lies on it.
    """
    is_beside = c.is_in_pelvis and c.front <= distances.BONE_BESIDE_FRONT_MOST.value
    return _shown(front=c.front, suv_max=c.suv_max) if is_beside and not c.is_hot_as_kidney else None


def organ_beside_spine(c: FocusContext) -> Verdict | None:
    """All other foci beside the vertebral bodies are kidney, ureter, bowel or vessel."""
    if not c.side > distances.VERTEBRA_HALF_WIDTH.value:
        return None
    text = f"kidney, ureter, bowel or vessel: beside the spine, SUVmax {c.suv_max:.1f}"
    return _usual_place(text, suv_max=c.suv_max, side=c.side, front=c.front)


def organ_before_spine(c: FocusContext) -> Verdict | None:
    """All other foci in front of the vertebral bodies are bowel or vessel."""
    if not c.side <= distances.VERTEBRA_HALF_WIDTH.value:
        return None
    text = f"bowel or vessel: in front of the spine, SUVmax {c.suv_max:.1f}"
    return _usual_place(text, suv_max=c.suv_max, side=c.side, front=c.front)


# ---- By the place in the body, without a canal or at the hips ----


def before_hips(c: FocusContext) -> Verdict | None:
    """In front of the femoral heads and beside the pubic bones lie bowel and vessels, where the MR shows no bone.

    The spinal canal, seen higher up, gives the distance from the back. Farther to the side than the femoral
    vessels lie muscles.
    """
    is_before = c.front >= distances.FEMORAL_HEAD_FRONT_MOST.value and c.side >= distances.PUBIS_SIDE_MOST.value
    is_lateral = c.side > distances.FEMORAL_VESSELS_SIDE_MOST.value
    if c.is_bone or is_lateral or not (is_before and c.is_in_trunk):
        return None
    text = f"bowel or vessel: in front of the hips, SUVmax {c.suv_max:.1f}"
    return _usual_place(text, suv_max=c.suv_max, side=c.side, front=c.front)


def behind_organs(c: FocusContext) -> Verdict | None:
    """Shown: in the pelvis, behind ureters and bowel and beside the rectum, lie sacrum, ilium and gluteal muscles."""
    return _shown(side=c.side, depth=c.depth, above_bladder=c.above_bladder) if c.is_behind_organs else None


def ureter_in_pelvis(c: FocusContext) -> Verdict | None:
    """Thin, hot uptake where ureters run through the pelvis, medial of hip joints and implants, with no bone there."""
    if c.is_bone or not (c.is_in_pelvis and c.may_be_ureter and c.is_at_pelvic_ureter):
        return None
    text = f"ureter: thin, beside the midline of the pelvis, SUVmax {c.suv_max:.1f}"
    return _usual_place(text, suv_max=c.suv_max, suv_peak=c.suv_peak, side=c.side, depth=c.depth)


def ureter_on_psoas(c: FocusContext) -> Verdict | None:
    """A small hot focus in soft tissue, where ureters cross the psoas.

    Bone nearby speaks against a ureter, but not beside the vertebral bodies, whose side walls are always near. At an
    implant uptake belongs to joint or bone: no ureter runs within the margin of its artifact.
    """
    is_away_from_bone = not c.has_bone_near or c.is_beside_bodies
    if not (c.may_be_soft_tissue and is_away_from_bone and c.is_at_ureter):
        return None
    text = f"ureter or vessel: small, in front of the spine, SUVmax {c.suv_max:.1f}"
    return _usual_place(text, suv_max=c.suv_max, volume_ml=c.volume_ml, side=c.side, depth=c.depth)


def bone_or_disc(c: FocusContext) -> Verdict | None:
    """Shown: the MR shows marrow or disc in the focus."""
    return _shown(tissue=tissue_codes.NAMES[c.tissue]) if c.is_bone else None


def kidney_paired(c: FocusContext) -> Verdict | None:
    """A hot, large focus beside the spine with one as hot on the other side: both are kidneys, even beside bone.

    Marrow is also hotter than muscle on both sides. Both foci must therefore be hotter than any normal bone. Below the
    iliac crests there are no kidneys.
    """
    if c.is_below_crest or not (c.is_hot_as_kidney and c.may_be_large and c.is_at_kidney):
        return None
    if not c.mirrored_suv >= c.kidney_suv:
        return None
    text = f"kidney: paired, beside the spine, SUVmax {c.suv_max:.1f}"
    return _organ(text, suv_max=c.suv_max, mirrored_suv=c.mirrored_suv, side=c.side, depth=c.depth)


def kidney_above_crest(c: FocusContext) -> Verdict | None:
    """A hot, large focus beside the spine above the iliac crests is a kidney.

    The other kidney may be out of view, removed, or higher. The height above the bladder must therefore agree. A large
    focus on the psoas, nearer to the spine than the middle of a kidney, is none where the other side has no such
    uptake.
    """
    is_above = c.above_bladder > distances.CREST_ABOVE_BLADDER.value
    if c.is_big and c.is_on_psoas and c.lacks_twin:
        return None
    if not (c.is_hot_as_kidney and c.may_be_large and c.is_at_kidney and is_above):
        return None
    text = f"kidney: beside the spine, SUVmax {c.suv_max:.1f}"
    return _usual_place(text, suv_max=c.suv_max, side=c.side, depth=c.depth, above_bladder=c.above_bladder)


def bowel_like_muscle(c: FocusContext) -> Verdict | None:
    """Far in front, what looks like muscle on MR is the wall of bowel; psoas and iliacus lie farther back."""
    is_far = c.is_in_trunk and c.depth >= distances.VENTRAL_DEPTH_SURE.value
    if not (c.tissue == tissue_codes.MUSCLE and is_far and c.is_in_abdomen):
        return None
    text = f"bowel or vessel: ventral of the spine, SUVmax {c.suv_max:.1f}"
    return _usual_place(text, suv_max=c.suv_max, side=c.side, depth=c.depth)


def muscle(c: FocusContext) -> Verdict | None:
    """Shown: the MR shows muscle in the focus, and the place is not that of an organ."""
    return _shown(tissue=tissue_codes.NAMES[c.tissue]) if c.tissue == tissue_codes.MUSCLE else None


def viscera_on_mr(c: FocusContext) -> Verdict | None:
    """The MR shows an organ or a vessel in the focus."""
    if c.tissue != tissue_codes.VISCERA:
        return None
    return _organ(f"organ or vessel on MR: SUVmax {c.suv_max:.1f}", tissue=tissue_codes.NAMES[c.tissue])


def urine_on_mr(c: FocusContext) -> Verdict | None:
    """Hot or large uptake in fluid is urine, where bladder, ureters and kidneys lie.

    Moderate uptake in a little fluid may be a joint. Elsewhere it is a collection, or a mass that is bright on MR.
    """
    if c.tissue != tissue_codes.FLUID or not (c.is_hot or c.is_big) or not c.is_where_urine_is:
        return None
    text = f"urine: SUVmax {c.suv_max:.1f} in fluid on MR"
    return _organ(text, suv_max=c.suv_max, volume_ml=c.volume_ml, tissue=tissue_codes.NAMES[c.tissue])


def rectum(c: FocusContext) -> Verdict | None:
    """A focus near bone, in the midline between coccyx and symphysis, is rectum, uterus or prostate."""
    if not (c.has_bone_near and c.is_at_rectum):
        return None
    text = f"rectum or pelvic organ: in front of the coccyx, SUVmax {c.suv_max:.1f}"
    return _usual_place(text, side=c.side, depth=c.depth, above_bladder=c.above_bladder)


def bone_near(c: FocusContext) -> Verdict | None:
    """Shown: marrow or disc lies so near that the focus may belong to the skeleton.

    In the abdomen there is no bone in front of the vertebral bodies: what a tissue map calls marrow there is bowel.
    """
    is_before_bodies = c.front > distances.VERTEBRA_FRONT_MOST.value and c.side <= distances.PSOAS_SIDE_MOST.value
    if not c.has_bone_near or (c.is_in_abdomen and is_before_bodies):
        return None
    return _shown(has_bone_near=True)


def implant_near(c: FocusContext) -> Verdict | None:
    """Shown: within the margin of an implant, uptake belongs to joint or bone, and the MR shows no tissue."""
    return _shown(is_near_implant=True) if c.is_near_implant else None


def organ_without_bone(c: FocusContext) -> Verdict | None:
    """A focus in front of the posterior spine, where the MR shows neither bone nor much muscle, is an organ.

    Farther to the side this says nothing: capsules and bursae of the hip lie in fat, away from bone.
    """
    if not (c.is_tissue_seen and c.is_before_spine):
        return None
    text = "organ, bowel or vessel: in front of the posterior spine, no bone, disc or muscle there on MR"
    return _usual_place(text, side=c.side, depth=c.depth)


def tube(c: FocusContext) -> Verdict | None:
    """A tube along the body before the posterior spine is a ureter or vessel, if it is hot or lies far in front."""
    is_before = c.depth > distances.POSTERIOR_SPINE_DEPTH_MOST.value
    is_hot_or_ventral = c.is_excreting or c.depth >= distances.VENTRAL_DEPTH_SURE.value
    if not (is_before and is_hot_or_ventral and c.is_tube):
        return None
    text = "ureter or vessel: a tube along the body in front of the posterior spine"
    return _usual_place(text, length_mm=c.length_mm, width_mm=c.width_mm, tilt_deg=c.tilt_deg, depth=c.depth)


def midline_unknown(c: FocusContext) -> Verdict | None:
    """Shown: between the legs, and where the midline is not known, the place does not speak for an organ."""
    return None if c.has_side else _shown(is_in_trunk=c.is_in_trunk)


def hot_in_midline(c: FocusContext) -> Verdict | None:
    """A hot or large focus in the midline and in front of the spine is bladder, bowel or a large vessel."""
    is_central = c.side <= distances.BLADDER_SIDE_MOST.value and c.depth >= distances.SPINE_DEPTH_MOST.value
    if not (c.is_excreting and (c.is_big or c.is_hot) and is_central):
        return None
    text = f"urinary bladder, bowel or vessel: midline, ventral, SUVmax {c.suv_max:.1f}"
    return _organ(text, suv_max=c.suv_max, volume_ml=c.volume_ml, side=c.side, depth=c.depth)


def hot_in_front(c: FocusContext) -> Verdict | None:
    """A hot or large focus in front of the spine is an organ, as far to the side as organs lie at its height.

    Where its height is not known, only medial of the hips.
    """
    is_before = c.depth >= distances.SPINE_DEPTH_MOST.value and not c.is_lateral_of_abdomen
    if not c.is_height_known and not c.side <= distances.HIP_JOINT_SIDE_LEAST.value:
        return None
    if not (c.is_excreting and (c.is_big or c.is_hot) and is_before):
        return None
    text = f"organ: ventral of the spine, SUVmax {c.suv_max:.1f}, {c.volume_ml:.0f} ml"
    return _organ(text, suv_max=c.suv_max, volume_ml=c.volume_ml, depth=c.depth)


def ureter_by_place(c: FocusContext) -> Verdict | None:
    """A small hot focus where ureters cross the psoas, in tissue that is neither muscle nor unknown on MR."""
    if not c.is_at_ureter:
        return None
    text = f"ureter: small, in front of the posterior spine, SUVmax {c.suv_max:.1f}"
    return _usual_place(text, suv_max=c.suv_max, volume_ml=c.volume_ml, side=c.side, depth=c.depth)


def bowel_by_place(c: FocusContext) -> Verdict | None:
    """A focus where only organs lie is bowel or vessel, whatever the degree of its uptake."""
    if not c.is_in_abdomen:
        return None
    text = f"bowel or vessel: ventral of the spine, SUVmax {c.suv_max:.1f}"
    return _usual_place(text, suv_max=c.suv_max, side=c.side, depth=c.depth)


EVERYWHERE: RuleList[FocusContext, Verdict] = RuleList(
    [
        Rule("organ-label", organ_label),
        Rule("bladder", bladder),
        Rule("hot-urine", hot_urine),
        Rule("brown-fat", brown_fat),
        Rule("muscles-alike", muscles_alike),
        Rule("sides-alike", sides_alike),
    ]
)
"""Asked first, for every focus."""

AT_SPINE: RuleList[FocusContext, Verdict] = RuleList(
    [
        Rule("kidney-at-spine", kidney_at_spine),
        Rule("ureter-thin", ureter_thin),
        Rule("bone-below-crest", bone_below_crest),
        Rule("posterior-elements", posterior_elements),
        Rule("vertebral-body", vertebral_body),
        Rule("bone-beside-spine", bone_beside_spine),
        Rule("sacroiliac-joint", sacroiliac_joint),
        Rule("ilium", ilium),
        Rule("psoas", psoas),
        Rule("on-sacrum", on_sacrum),
        Rule("organ-beside-spine", organ_beside_spine),
        Rule("organ-before-spine", organ_before_spine),
    ]
)
"""Asked next where the MR shows the spinal canal above the hips. Vertebrae, their joints and what lies behind them
belong to the spine; what lies beside and in front of them is psoas, kidney, ureter, vessel or bowel."""

BY_PLACE: RuleList[FocusContext, Verdict] = RuleList(
    [
        Rule("before-hips", before_hips),
        Rule("behind-organs", behind_organs),
        Rule("ureter-in-pelvis", ureter_in_pelvis),
        Rule("ureter-on-psoas", ureter_on_psoas),
        Rule("bone-or-disc", bone_or_disc),
        Rule("kidney-paired", kidney_paired),
        Rule("kidney-above-crest", kidney_above_crest),
        Rule("bowel-like-muscle", bowel_like_muscle),
        Rule("muscle", muscle),
        Rule("viscera-on-mr", viscera_on_mr),
        Rule("urine-on-mr", urine_on_mr),
        Rule("rectum", rectum),
        Rule("bone-near", bone_near),
        Rule("implant-near", implant_near),
        Rule("organ-without-bone", organ_without_bone),
        Rule("tube", tube),
        Rule("midline-unknown", midline_unknown),
        Rule("hot-in-midline", hot_in_midline),
        Rule("hot-in-front", hot_in_front),
        Rule("ureter-by-place", ureter_by_place),
        Rule("bowel-by-place", bowel_by_place),
    ]
)
"""Asked next everywhere else: the tissue on MR, then the place between back and front and the distance from the
midline."""

PHYSIOLOGIC_RULES: tuple[str, ...] = (*EVERYWHERE.names, *AT_SPINE.names, *BY_PLACE.names)
"""Names of all rules, in their order: the words that ``hot_spots.physiologic.rules_off`` may hold."""


def physiologic_verdict(context: FocusContext) -> tuple[str, Verdict] | None:
    """Name and verdict of the first rule that applies to a focus; None where no rule does, and the focus is shown.

    Rules whose names are in ``context.parameters.rules_off`` are not asked.
    """
    switched_off = context.parameters.rules_off
    found = EVERYWHERE.first(context, switched_off)
    if found is None:
        found = (AT_SPINE if context.is_beside_canal else BY_PLACE).first(context, switched_off)
    return found
