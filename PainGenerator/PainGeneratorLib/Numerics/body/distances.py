"""Distances and sizes of the human body that the rules rely on: one table, with unit, spread and source.

What a reader might want to change is a parameter of a protocol. What is anatomy stands here, once. A rule takes the
value from here by its name and defines no distance of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

OURS = "our estimate"
"""Source of a value that no publication gives; the note says how it was chosen."""


@dataclass(frozen=True)
class Distance:
    """One fact of anatomy.

    Parameters
    ----------
    value : float
    unit : str
        ``mm``, ``mm2``, ``ml``, ``deg``, ``part`` for a part of a whole (0 to 1), ``mm per part``, or ``ratio``.
    text : str
        What it is, in a full sentence, and whether it is a lower or an upper bound.
    source : str
        A publication, or :data:`OURS` with how the value was chosen.
    spread : tuple of (float, float), optional
        The range in which the value lies in people, in the same unit; None where it is not known.
    """

    value: float
    unit: str
    text: str
    source: str
    spread: tuple[float, float] | None = None


# ---- PET ----------------------------------------------------------------------------------------------------------
# Places and sizes of foci on PET: used by Numerics/pet. "Depth" is the place between the back (0) and the front (1) of
# the body, "side" the distance from the midline, "front" the distance in front of the middle of the spinal canal
# (negative behind it). The place of a focus is its centroid. LEAST is a lower bound, MOST an upper bound.

ADULT = f"{OURS} for adults lying on their back, from general anatomy"

# The trunk as a whole.
TRUNK_DEPTH_TYPICAL = Distance(220.0, "mm", "Depth of a trunk whose front is out of view.", ADULT)
TRUNK_DEPTH_LEAST = Distance(80.0, "mm", "Lower bound for the depth of a body that is seen whole.", ADULT)
TRUNK_STRIP_HALF_WIDTH = Distance(
    60.0,
    "mm",
    "Back and front of the body are measured within this distance of the midline: no arms lie there.",
    ADULT,
)
MIDLINE_STRIP_HALF_WIDTH = Distance(
    10.0, "mm", "The midline strip, where a trunk has tissue and the gap between two legs has none.", ADULT
)
MIRRORED_SIDE_LEAST = Distance(
    10.0,
    "mm",
    "Nearer to the midline than this, a focus overlaps its own mirrored place and has no other side.",
    ADULT,
)
MIDLINE_FILLED_LEAST = Distance(
    0.6,
    "part",
    "Lower bound for the part of the body's depth that the tissue of the midline strip fills in a trunk. Between the "
    "legs the strip is empty or holds only skin and fat.",
    ADULT,
)

# The bladder, which gives the height of the hips.
BLADDER_VOLUME_LEAST = Distance(10.0, "ml", "Lower bound for the hot volume of a bladder.", ADULT)
BLADDER_DEPTH_LEAST = Distance(0.4, "part", "Lower bound for the depth of the middle of the bladder.", ADULT)
BLADDER_SIDE_MOST = Distance(
    35.0, "mm", "Upper bound for the distance of the middle of the bladder from the midline.", ADULT
)
BLADDER_HALF_HEIGHT = Distance(30.0, "mm", "Half of the height of a bladder.", ADULT)
URINE_SIDE_MOST = Distance(
    70.0, "mm", "Upper bound for the side of urine in the bladder and the lower ureters: twice the bladder's.", ADULT
)
HIPS_ABOVE_BLADDER = Distance(
    35.0,
    "mm",
    "The roofs of the acetabula end about this far above the middle of the bladder, which lies at the height of the "
    "hips or a little above.",
    ADULT,
)
CREST_ABOVE_BLADDER = Distance(
    85.0, "mm", "The wide part of the iliac wings ends about this far above the middle of the bladder.", ADULT
)

# The depth of the spine.
SPINE_DEPTH_MOST = Distance(
    0.55, "part", "Upper bound for the depth of the spine; it leaves room for a flat abdomen.", ADULT
)
POSTERIOR_SPINE_DEPTH_MOST = Distance(
    0.35, "part", "Upper bound for the depth of posterior elements and back muscles.", ADULT
)
VENTRAL_DEPTH_SURE = Distance(
    0.6,
    "part",
    "From this depth on, a place lies clearly in front of the spine and the psoas and iliacus muscles.",
    ADULT,
)
PSOAS_DEPTH_LEAST = Distance(
    0.44, "part", "Lower bound for the depth of the psoas: the transverse processes end behind it.", ADULT
)

# Vertebrae and sacrum, measured from the middle of the spinal canal.
VERTEBRA_HALF_WIDTH = Distance(
    32.0,
    "mm",
    "Upper bound for half of the width of a lumbar vertebral body, with room for the resolution of the PET. Bodies "
    "are 40 to 55 mm wide.",
    ADULT,
    (20.0, 27.5),
)
VERTEBRA_MIDDLE_FRONT = Distance(
    27.0,
    "mm",
    "The middle of a lumbar body; its front half is round, with psoas, ureter and vessels beside it.",
    ADULT,
)
VERTEBRA_FRONT_MOST = Distance(
    48.0,
    "mm",
    "Upper bound for the front of a lumbar body: half a canal and a body of 32 to 38 mm. Vessels and bowel lie in "
    "front of it.",
    ADULT,
)
VERTEBRA_FORWARD_SIDE = Distance(
    25.0, "mm", "Nearer to the midline than this, vertebral bodies reach forward into the abdomen.", ADULT
)
VERTEBRA_FORWARD_DEPTH = Distance(
    0.08, "part", "How much deeper into the abdomen the vertebral bodies reach, near the midline.", ADULT
)
POSTERIOR_ELEMENTS_FRONT_MOST = Distance(
    -10.0,
    "mm",
    "Upper bound for posterior elements, back muscles and sacroiliac joints; the psoas lies in front of it.",
    ADULT,
)
BONE_BESIDE_FRONT_MOST = Distance(
    25.0, "mm", "Upper bound for the front of sacrum and ilium beside the canal; iliac vessels lie in front.", ADULT
)
SACROILIAC_SIDE_LEAST = Distance(30.0, "mm", "Lower bound for the side of a sacroiliac joint.", ADULT)
SACROILIAC_SIDE_MOST = Distance(75.0, "mm", "Upper bound for the side of a sacroiliac joint.", ADULT)
SACROILIAC_FRONT_MOST = Distance(
    36.0, "mm", "Upper bound for the front of a sacroiliac joint, at the height of the sacrum.", ADULT
)
SACRUM_ABOVE_CANAL_END = Distance(
    45.0, "mm", "The canal ends within the sacrum; the sacrum begins this far above the end that an MR shows.", ADULT
)
SACRUM_ABOVE_LOWEST_DISC = Distance(
    15.0,
    "mm",
    "The alae of sacrum and ilium reach this far above the lowest disc, which may be a rudimentary sacral disc.",
    ADULT,
)
CANAL_BEYOND_END = Distance(
    120.0,
    "mm",
    "The canal's end stands for its course this far beyond it. Above and below, the canal turns backward into thorax "
    "and sacrum, so what lies in front of its end lies at least as far in front of the canal.",
    ADULT,
)

# Reference tissue.
SAME_BONE_RADIUS = Distance(
    35.0,
    "mm",
    "Upper bound for the distance of marrow that mostly belongs to the same bone: red and yellow marrow differ "
    "between bones, not between sides. From the shaft of the femur to the ischium it is about 70 mm.",
    ADULT,
)
LIVER_VOLUME_LEAST = Distance(
    50.0, "ml", "Lower bound for the volume of the inner liver in view whose mean stands for the liver.", ADULT
)

# Discs. The core is the part of every lumbar disc that is measured: surely disc, and within the bone above and below.
DISC_CORE_HALF_HEIGHT = Distance(3.0, "mm", "Half of the height of the core of a disc.", ADULT)
DISC_CORE_SIDE_MOST = Distance(14.0, "mm", "Half of the width of the core of a disc.", ADULT)
DISC_CORE_FRONT_LEAST = Distance(
    14.0, "mm", "The core of a disc begins this far in front of the canal's middle.", ADULT
)
DISC_CORE_FRONT_MOST = Distance(38.0, "mm", "The core of a disc ends this far in front of the canal's middle.", ADULT)
BONE_FROM_DISC_LEAST = Distance(
    10.0, "mm", "From this distance above and below the middle of a disc on, there is bone of the vertebrae.", ADULT
)
BONE_FROM_DISC_MOST = Distance(16.0, "mm", "Up to this distance the bone beside a disc is measured.", ADULT)
WHOLE_DISC_HALF_HEIGHT = Distance(6.0, "mm", "Upper bound for half of the height of a whole disc.", ADULT)
WHOLE_DISC_SIDE_MOST = Distance(26.0, "mm", "Upper bound for half of the width of a whole disc.", ADULT)
WHOLE_DISC_FRONT_LEAST = Distance(8.0, "mm", "A whole disc begins this far in front of the canal's middle.", ADULT)
WHOLE_DISC_FRONT_MOST = Distance(46.0, "mm", "A whole disc ends this far in front of the canal's middle.", ADULT)

# Kidneys: place of the centroid of their uptake, which may be that of the renal pelvis alone.
KIDNEY_FOCUS_SIDE_LEAST = Distance(30.0, "mm", "Lower bound for the side of the uptake of a kidney.", ADULT)
KIDNEY_FOCUS_SIDE_MOST = Distance(115.0, "mm", "Upper bound for the side of the uptake of a kidney.", ADULT)
KIDNEY_FOCUS_DEPTH_LEAST = Distance(0.15, "part", "Lower bound for the depth of the uptake of a kidney.", ADULT)
KIDNEY_FOCUS_DEPTH_MOST = Distance(0.62, "part", "Upper bound for the depth of the uptake of a kidney.", ADULT)
KIDNEY_FOCUS_FRONT_LEAST = Distance(-25.0, "mm", "Lower bound for the front of the uptake of a kidney.", ADULT)
KIDNEY_FOCUS_FRONT_MOST = Distance(75.0, "mm", "Upper bound for the front of the uptake of a kidney.", ADULT)
KIDNEY_MASS_FRONT_LEAST = Distance(
    -60.0,
    "mm",
    "Lower bound for the front of a focus that is as large and as hot as only a kidney is. Above its upper end the "
    "place of the canal is not known well.",
    ADULT,
)

# Ureters.
URETER_SIDE_LEAST = Distance(25.0, "mm", "Lower bound for the side of a lumbar ureter.", ADULT)
URETER_SIDE_MOST = Distance(60.0, "mm", "Upper bound for the side of a lumbar ureter.", ADULT)
URETER_DEPTH_LEAST = Distance(
    0.38, "part", "Lower bound for the depth of a ureter, on the psoas; pedicles and facets lie behind it.", ADULT
)
URETER_VOLUME_MOST = Distance(5.0, "ml", "Upper bound for the volume of the uptake in a piece of a ureter.", ADULT)
RENAL_PELVIS_SIDE_LEAST = Distance(
    30.0, "mm", "Lower bound for the side of thin uptake of a renal pelvis: beyond the foramina.", ADULT
)
RENAL_PELVIS_FRONT_LEAST = Distance(
    10.0, "mm", "Lower bound for the front of thin uptake of a renal pelvis: before the transverse processes.", ADULT
)
PELVIC_URETER_SIDE_MOST = Distance(
    70.0, "mm", "Upper bound for the side of a ureter in the pelvis, medial of the hip joints.", ADULT
)
PELVIC_URETER_SIDE_AT_IMPLANT_MOST = Distance(
    50.0,
    "mm",
    "The same beside an implant: the floor of the acetabulum, and with it the margin of an implant, lies 55 mm from "
    "the midline and more.",
    ADULT,
)
PELVIC_URETER_DEPTH_LEAST = Distance(
    0.3, "part", "Lower bound for the depth of a ureter in the pelvis, in front of the sacrum.", ADULT
)
TUBE_ELONGATION_LEAST = Distance(3.0, "ratio", "Lower bound for length over width of a ureter or vessel.", ADULT)
TUBE_WIDTH_MOST = Distance(14.0, "mm", "Upper bound for the width of a ureter or vessel on PET.", ADULT)
TUBE_TILT_MOST = Distance(
    40.0, "deg", "Upper bound for the angle between a ureter or vessel and the body's axis.", ADULT
)

# The hips and the pelvis below them.
FEMORAL_HEAD_FRONT_MOST = Distance(
    105.0,
    "mm",
    "Upper bound for the front of a femoral head. The canal at the sacrum lies 30 to 40 mm from the skin of the back, "
    "the front of a femoral head 130 to 140 mm.",
    ADULT,
    (90.0, 110.0),
)
PUBIS_SIDE_MOST = Distance(50.0, "mm", "Upper bound for the side of the pubic bones.", ADULT)
RECTUM_SIDE_MOST = Distance(
    25.0, "mm", "Upper bound for the side of rectum, uterus, prostate and bladder at the height of the hips.", ADULT
)
RECTUM_DEPTH_LEAST = Distance(0.25, "part", "Lower bound for their depth: the coccyx lies behind it.", ADULT)
RECTUM_DEPTH_MOST = Distance(
    0.7, "part", "Upper bound for their depth: the pubic symphysis lies in front of it.", ADULT
)

# The abdomen: where nothing but organs can lie. It narrows from above the iliac wings to the hips.
HIPS_ABDOMEN_DEPTH_LEAST = Distance(
    0.6, "part", "Lower bound for the depth of organs at the height of the hips.", ADULT
)
HIPS_ABDOMEN_SIDE_MOST = Distance(60.0, "mm", "Upper bound for the side of organs at the height of the hips.", ADULT)
HIPS_ABDOMEN_WIDER_DEPTH = Distance(
    0.7, "part", "From this depth on, the abdomen in front of the hips grows wider toward the front.", ADULT
)
WINGS_ABDOMEN_DEPTH_LEAST = Distance(
    0.5, "part", "Lower bound for the depth of organs between the iliac wings.", ADULT
)
WINGS_ABDOMEN_SIDE_MOST = Distance(90.0, "mm", "Upper bound for the side of organs between the iliac wings.", ADULT)
WINGS_ABDOMEN_WIDER_DEPTH = Distance(
    0.5, "part", "From this depth on, the abdomen between the iliac wings grows wider toward the front.", ADULT
)
ABDOMEN_DEPTH_LEAST = Distance(0.42, "part", "Lower bound for the depth of organs above the iliac wings.", ADULT)
ABDOMEN_SIDE_MOST = Distance(135.0, "mm", "Upper bound for the side of organs above the iliac wings.", ADULT)
ABDOMEN_WIDER_DEPTH = Distance(
    1.0,
    "part",
    "From this depth on, the abdomen above the iliac wings grows wider: 1 is the front of the body.",
    ADULT,
)
ABDOMEN_WIDER_PER_DEPTH = Distance(
    300.0, "mm per part", "How much wider the abdomen grows toward the front, in front of hips and iliac wings.", ADULT
)
FLANK_SIDE_LEAST = Distance(
    80.0,
    "mm",
    "Further to the side, above the iliac wings, the abdomen reaches back: colon beside psoas and kidney.",
    ADULT,
)
FLANK_DEPTH = Distance(0.06, "part", "How much further back the abdomen reaches in the flanks.", ADULT)
