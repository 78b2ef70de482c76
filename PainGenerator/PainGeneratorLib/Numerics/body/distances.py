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
FACET_FOCUS_FRONT_LEAST = Distance(
    -25.0,
    "mm",
    "Lower bound for the front of the uptake of a facet joint, whose middle lies 8 mm behind that of the canal; the "
    "back muscles lie behind it.",
    ADULT,
)
FACET_FOCUS_FRONT_MOST = Distance(
    8.0, "mm", "Upper bound for the front of the uptake of a facet joint; the psoas lies in front of it.", ADULT
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
CREST_ABOVE_SACRUM = Distance(
    25.0,
    "mm",
    "The iliac crests lie at the height of L4 or of the disc below it. Up to this far above the alae of the sacrum "
    "the wings are wide, and no normal kidney lies there: their lower poles are at L3.",
    ADULT,
)
HIP_JOINT_SIDE_LEAST = Distance(
    50.0, "mm", "Lower bound for the distance of the bottom of the acetabulum from the midline.", ADULT
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

# Muscle and bone beside the spine, which organs must not be given.
PSOAS_SIDE_MOST = Distance(
    55.0,
    "mm",
    "Upper bound for the side of the middle of a focus in the psoas. The middle of a kidney lies farther to the side, "
    "at 60 to 70 mm.",
    ADULT,
)
PSOAS_FRONT_MOST = Distance(
    40.0,
    "mm",
    "Upper bound for the front of a focus in the psoas, which ends in front with the vertebral bodies. Ureters, "
    "vessels and bowel lie on it and in front of it.",
    ADULT,
)
ILIAC_WING_FRONT_SLOPE = Distance(
    0.9,
    "ratio",
    "How much farther in front the inner surface of an iliac wing lies for each mm to the side, from the sacroiliac "
    "joint (75 mm to the side, 36 mm in front) to the anterior spine (130 mm to the side, 90 mm in front). Behind it "
    "lie ilium and gluteal muscles, and no organ.",
    ADULT,
)

# Ureters.
URETER_SIDE_LEAST = Distance(25.0, "mm", "Lower bound for the side of a lumbar ureter.", ADULT)
URETER_SIDE_MOST = Distance(60.0, "mm", "Upper bound for the side of a lumbar ureter.", ADULT)
URETER_DEPTH_LEAST = Distance(
    0.38, "part", "Lower bound for the depth of a ureter, on the psoas; pedicles and facets lie behind it.", ADULT
)
URETER_VOLUME_MOST = Distance(5.0, "ml", "Upper bound for the volume of the uptake in a piece of a ureter.", ADULT)
URETER_WHOLE_VOLUME_MOST = Distance(
    15.0,
    "ml",
    "Upper bound for the volume of the uptake in a whole ureter or renal pelvis. A ureter looks 10 mm wide on PET, "
    "which is 0.8 ml for each cm of its length; a renal pelvis holds up to 10 ml.",
    ADULT,
)
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
FEMORAL_VESSELS_SIDE_MOST = Distance(
    100.0,
    "mm",
    "Upper bound for the side of femoral vessels in front of the head; sartorius, rectus femoris and tensor fasciae "
    "latae lie farther to the side.",
    ADULT,
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
    "Farther to the side, above the iliac wings, the abdomen reaches back: colon beside psoas and kidney.",
    ADULT,
)
FLANK_DEPTH = Distance(0.06, "part", "How much farther back the abdomen reaches in the flanks.", ADULT)

# --- MR: spine
# Places and sizes on MR: used by Numerics/mr. "Side" is the distance from the middle of the spinal canal, "front" the
# distance in front of it (negative behind it), both across the canal. LEAST is a lower bound, MOST an upper bound.

MR_UNRECORDED = f"{OURS}; how it was chosen was not recorded"

# The spinal canal and its dural sac.
SAC_HALF_WIDTH = Distance(11.0, "mm", "Half of the width of the dural sac.", ADULT)
SAC_HALF_DEPTH = Distance(10.0, "mm", "Half of the depth of the dural sac, front to back.", ADULT)
WIDE_SAC_HALF_WIDTH = Distance(
    16.0,
    "mm",
    "Half of the width of a wide dural sac; fluid within it that is connected with the sac belongs to the canal.",
    ADULT,
)
WIDE_SAC_HALF_DEPTH = Distance(18.0, "mm", "Half of the depth of a wide dural sac, front to back.", ADULT)
CANAL_CORE_HALF_WIDTH = Distance(
    4.0, "mm", "Nearer to the middle of the canal than this, there is nothing but the sac.", ADULT
)

# What is looked at around the canal.
SPINE_PLACES_SIDE_MOST = Distance(
    75.0, "mm", "Upper bound for the side of bright places of the spine: the sacroiliac joints end here.", ADULT
)
SPINE_PLACES_BEHIND_MOST = Distance(
    55.0, "mm", "Upper bound for how far bright places of the spine lie behind the canal: the arches end here.", ADULT
)
SPINE_PLACES_FRONT_MOST = Distance(
    48.0, "mm", "Upper bound for the front of bright places of the spine: the bodies end here.", ADULT
)
SPINE_MAP_BEHIND_MARGIN = Distance(
    15.0, "mm", "How much farther back than its bright places the spine is mapped, for the processes.", MR_UNRECORDED
)

# Vertebral bodies, on MR.
BODY_FRONT_LEAST = Distance(8.0, "mm", "The vertebral bodies begin this far in front of the canal's middle.", ADULT)
BODY_SIDE_MOST = Distance(
    30.0,
    "mm",
    "Upper bound for the side of a lumbar body: half of its width and some millimeters of doubt.",
    ADULT,
    (20.0, 27.0),
)
SURE_BODY_SIDE_MOST = Distance(22.0, "mm", "Nearer to the midline than this, a place lies within the body.", ADULT)
FRONT_WALL_FRONT_LEAST = Distance(
    38.0,
    "mm",
    "The front wall of a lumbar body (body 27 to 36 mm, half a canal 8 to 10 mm). What lies as far forward may be a "
    "great vessel on the wall.",
    ADULT,
    (36.0, 45.0),
)
BACK_WALL_FRONT_MOST = Distance(
    14.0, "mm", "Behind this, the back wall of a body shares voxels with fluid of the canal.", MR_UNRECORDED
)
BODY_MARROW_SIDE_MOST = Distance(
    24.0, "mm", "Bright places nearer to the midline than this may replace marrow of the body.", MR_UNRECORDED
)
BODY_MARROW_FRONT_MOST = Distance(
    40.0, "mm", "Bright places that lie less far in front than this may replace marrow of the body.", MR_UNRECORDED
)
VERTEBRA_MARROW_SIDE_MOST = Distance(
    32.0, "mm", "Upper bound for the side of the marrow of a vertebra.", MR_UNRECORDED
)
VERTEBRA_MARROW_FRONT_LEAST = Distance(
    -12.0,
    "mm",
    "Lower bound for the front of marrow that is marked from the canal: pedicles begin.",
    MR_UNRECORDED,
)
VERTEBRA_MARROW_FRONT_MOST = Distance(46.0, "mm", "Upper bound for the front of the marrow of a body.", MR_UNRECORDED)
MARROW_GAP_MOST = Distance(
    3.5,
    "mm",
    "Upper bound for the width of dark lines that part the marrow of one vertebra within a slice.",
    MR_UNRECORDED,
)
VERTEBRA_WITH_ARCH_DEPTH_LEAST = Distance(
    50.0, "mm", "A vertebra that is deeper than this from back to front includes its arch, not the body alone.", ADULT
)

# Discs, measured along the canal from their middle unless the text says otherwise.
DISC_HALF_HEIGHT = Distance(
    4.0,
    "mm",
    "Places nearer to the middle of a disc than this are disc; lumbar discs are 7 to 12 mm high.",
    ADULT,
    (3.5, 6.0),
)
DISC_EDGE_HALF_HEIGHT = Distance(
    6.0, "mm", "Nearer to the middle of a disc than this, a bright place may still belong to a high disc.", ADULT
)
DISC_SIDE_MOST = Distance(26.0, "mm", "Upper bound for the side of a disc.", ADULT)
DISC_FRONT_MOST = Distance(44.0, "mm", "Upper bound for the front of a disc.", ADULT)
NUCLEUS_SIDE_MOST = Distance(15.0, "mm", "Upper bound for the side of what surely is nucleus.", ADULT)
NUCLEUS_FRONT_LEAST = Distance(14.0, "mm", "Lower bound for the front of what surely is nucleus.", ADULT)
NUCLEUS_FRONT_MOST = Distance(36.0, "mm", "Upper bound for the front of what surely is nucleus.", ADULT)
NUCLEUS_HALF_HEIGHT = Distance(3.0, "mm", "Half of the height of what surely is nucleus.", ADULT)
FACET_JOINT_REACH = Distance(
    9.0,
    "mm",
    "What is bright nearer to the middle of a facet joint than this lies in the joint: half of its height of about "
    "16 mm and a millimeter for its place. The middle of a pedicle lies 12 mm and more away.",
    MR_UNRECORDED,
)
ENDPLATE_FROM_DISC_MIDDLE = Distance(
    8.0, "mm", "A change of an endplate comes as near as this to the middle of the disc.", MR_UNRECORDED
)
ENDPLATE_BAND_FROM_DISC_MIDDLE = Distance(
    15.0, "mm", "A change of an endplate lies mostly nearer to the middle of the disc than this.", MR_UNRECORDED
)
ENDPLATE_FROM_DISC_EDGE = Distance(
    5.5,
    "mm",
    "A change of an endplate comes as near as this to the disc itself: bony endplate, cartilage and a voxel lie "
    "between.",
    MR_UNRECORDED,
)
SHARP_ENDPLATE_FROM_DISC_EDGE = Distance(
    4.5, "mm", "The same for Modic III, which is easily mistaken for the blurred edge of a vertebra.", MR_UNRECORDED
)
BRIGHT_DISC_HEIGHT_MOST = Distance(16.0, "mm", "Upper bound for the height of a bright disc.", ADULT)
BRIGHT_DISC_LENGTH_LEAST = Distance(15.0, "mm", "Lower bound for the length of a bright disc.", ADULT)
DARK_DISC_HEIGHT_MOST = Distance(10.0, "mm", "Upper bound for the height of a disc that was taken for marrow.", ADULT)

# The basivertebral vein.
VEIN_PLACE_VOLUME_MOST = Distance(
    0.6, "ml", "Upper bound for the volume of a basivertebral vein whose place in the body is known.", MR_UNRECORDED
)
VEIN_PLACE_LENGTH_MOST = Distance(16.0, "mm", "Upper bound for the length of a basivertebral vein.", MR_UNRECORDED)
VEIN_PLACE_SIDE_MOST = Distance(8.0, "mm", "Upper bound for the side of a basivertebral vein.", ADULT)
VEIN_PLACE_FRONT_MOST = Distance(30.0, "mm", "Upper bound for its front: it lies in the back of a body.", ADULT)
VEIN_VOLUME_MOST = Distance(
    1.5,
    "ml",
    "Upper bound for the volume of a basivertebral vein in a vertebra whose outline is known.",
    MR_UNRECORDED,
)
VEIN_WIDTH_LEAST = Distance(
    0.28, "part", "Lower bound for its place across the vertebral body, from the left side.", MR_UNRECORDED
)
VEIN_WIDTH_MOST = Distance(
    0.72, "part", "Upper bound for its place across the vertebral body, from the left side.", MR_UNRECORDED
)
VEIN_UP_LEAST = Distance(0.25, "part", "Lower bound for its place in the height of the vertebral body.", MR_UNRECORDED)
VEIN_UP_MOST = Distance(0.75, "part", "Upper bound for its place in the height of the vertebral body.", MR_UNRECORDED)
VEIN_DEPTH_MOST = Distance(
    0.55, "part", "Upper bound for its place in the vertebral body, from back to front.", MR_UNRECORDED
)
VEIN_HEIGHT_PART_MOST = Distance(
    0.45, "part", "Upper bound for its height over the height of the vertebral body.", MR_UNRECORDED
)
BODY_PART_OF_VERTEBRA = Distance(0.6, "part", "The front part of a whole vertebra that is its body.", ADULT)
VEIN_MIDLINE_MOST = Distance(
    9.0, "mm", "Upper bound for the distance of a vein from the midline where no vertebra is known.", MR_UNRECORDED
)
VEIN_MIDLINE_VOLUME_MOST = Distance(0.6, "ml", "Upper bound for its volume where no vertebra is known.", MR_UNRECORDED)
VEIN_MIDLINE_HEIGHT_MOST = Distance(8.0, "mm", "Upper bound for its height where no vertebra is known.", MR_UNRECORDED)
VEIN_MARROW_ABOVE = Distance(7.0, "mm", "Marrow lies this far above and below a basivertebral vein.", ADULT)
VEIN_WALL_LEAST = Distance(4.0, "mm", "Lower bound for the distance of a vein from the back wall of the body.", ADULT)
VEIN_WALL_MOST = Distance(22.0, "mm", "Upper bound for the distance of a vein from the back wall of the body.", ADULT)

# Joints, sacrum and what lies beside the spine.
JOINTS_SIDE_MOST = Distance(
    34.0, "mm", "Upper bound for the side of facet joints; beside them only bone and collections count.", ADULT
)
COLLECTION_SIDE_LEAST = Distance(
    24.0, "mm", "Lower bound for the side of collections beside the spine.", MR_UNRECORDED
)
COLLECTION_FRONT_MOST = Distance(
    25.0, "mm", "Upper bound for the front of collections beside the spine.", MR_UNRECORDED
)
SACROILIAC_BONE_FRONT_MOST = Distance(32.0, "mm", "Upper bound for the front of bone at a sacroiliac joint.", ADULT)
RENAL_HILUM_SIDE_LEAST = Distance(
    42.0,
    "mm",
    "Lower bound for the side of the hilum of a kidney and the ureter below it.",
    ADULT,
    (40.0, 50.0),
)
PELVIC_ORGANS_BELOW_LOWEST_DISC = Distance(
    40.0, "mm", "Farther below the lowest disc than a vertebra is high, uterus and bowel lie in front.", ADULT
)
PELVIC_ORGANS_FRONT_LEAST = Distance(
    25.0,
    "mm",
    "Lower bound for the front of uterus and bowel: in front of the sacrum, which is thinner below.",
    ADULT,
    (20.0, 30.0),
)
TWIN_SIDE_LEAST = Distance(
    8.0, "mm", "Nearer to the middle of the canal than this, a place has no twin on the other side.", MR_UNRECORDED
)
TWIN_SIDE_DIFFERENCE_MOST = Distance(6.0, "mm", "Upper bound for the difference in side of two twins.", MR_UNRECORDED)
TWIN_FRONT_DIFFERENCE_MOST = Distance(
    8.0, "mm", "Upper bound for the difference in front of two twins.", MR_UNRECORDED
)
TWIN_HEIGHT_DIFFERENCE_MOST = Distance(
    8.0, "mm", "Upper bound for the difference in height of two twins.", MR_UNRECORDED
)

# Fluid and vessels, where the spine is not straightened: "middle" is the distance from the midline of the body.
MR_TUBE_ELONGATION_LEAST = Distance(
    4.0, "ratio", "Lower bound for length over width of a vessel, nerve or ureter on MR.", MR_UNRECORDED
)
MR_TUBE_WIDTH_MOST = Distance(14.0, "mm", "Upper bound for the width of a vessel, nerve or ureter on MR.", ADULT)
MR_TUBE_LENGTH_LEAST = Distance(
    25.0, "mm", "Lower bound for the length of a vessel, nerve or ureter on MR.", MR_UNRECORDED
)
CANAL_ELONGATION_LEAST = Distance(2.5, "ratio", "Lower bound for length over width of the spinal canal.", ADULT)
CANAL_UPRIGHT_LEAST = Distance(
    0.7, "ratio", "Lower bound for the upward part of the unit vector along the spinal canal.", ADULT
)
CANAL_MIDDLE_MOST = Distance(25.0, "mm", "Upper bound for the distance of the spinal canal from the midline.", ADULT)
BESIDE_BODY_MIDDLE_LEAST = Distance(
    25.0, "mm", "Farther from the canal's middle than this, a place lies beside the vertebral bodies.", ADULT
)
BODY_DEPTH_BEFORE_CANAL = Distance(
    40.0, "mm", "Farther in front of the canal than this, a place lies in front of the vertebral bodies.", ADULT
)
FLUID_ON_T2_VOLUME_MOST = Distance(
    60.0,
    "ml",
    "Upper bound for a collection on a T2 without suppressed fat: larger bright places there are mostly bladder, "
    "bowel or fat.",
    ADULT,
)
MR_BLADDER_MIDDLE_MOST = Distance(
    30.0, "mm", "Upper bound for the distance of the middle of bladder or bowel from the midline.", ADULT
)
DISC_UPRIGHT_MOST = Distance(
    0.7, "ratio", "Upper bound for the upward part of the unit vector along the longest axis of a disc.", ADULT
)
ABDOMEN_BEFORE_BONE = Distance(
    3.0, "mm", "The abdomen begins this far behind the foremost marrow at its height.", MR_UNRECORDED
)
ABDOMEN_BESIDE_BONE = Distance(
    20.0, "mm", "The same beside the bodies: vessels, ureters and bowel lie from about their middle on.", MR_UNRECORDED
)
ABDOMEN_BESIDE_MIDDLE_LEAST = Distance(
    22.0, "mm", "Lower bound for the distance from the midline of what lies beside the bodies.", ADULT
)
ABDOMEN_BONE_HEIGHT = Distance(
    25.0, "mm", "Marrow no farther above or below than this is compared with a place.", MR_UNRECORDED
)
ABDOMEN_BONE_MIDDLE_MOST = Distance(
    35.0, "mm", "Marrow no farther from the midline than this is compared with a place.", MR_UNRECORDED
)
FLUID_CANAL_MIDDLE_MOST = Distance(
    12.0, "mm", "Upper bound for the distance from the midline of fluid in the canal of sacrum and spine.", ADULT
)
FLUID_CANAL_BONE_FRONT = Distance(25.0, "mm", "Bone lies nearer than this in front of fluid in the canal.", ADULT)
FLUID_CANAL_BONE_BEHIND = Distance(14.0, "mm", "Bone lies nearer than this behind fluid in the canal.", ADULT)
SKIN_DEPTH_MOST = Distance(8.0, "mm", "Upper bound for the depth of the skin and what lies on it.", ADULT)
PELVIS_MIDDLE_MOST = Distance(
    45.0, "mm", "Upper bound for the distance from the midline of organs of the pelvis, between the hips.", ADULT
)
NORMAL_FLUID_MARGIN = Distance(
    2.5, "mm", "Fluid no farther than this from discs, organs and the canal belongs to them.", MR_UNRECORDED
)
BEYOND_ENDPLATE = Distance(
    6.0, "mm", "How far around a change of an endplate the marrow beyond the band is looked at.", MR_UNRECORDED
)

# --- MR: hip, implant, tissues
# Places and sizes on MR of both hips after a replacement: used by Numerics/mr. The distance of a place is the median
# distance of its voxels to the void of the implant. LEAST is a lower bound, MOST and REACH are upper bounds.

HIP_TUNED = f"{OURS} for adults, tuned on phantoms of hip replacements"

HIP_JOINT_REACH = Distance(
    25.0, "mm", "Upper bound for the distance between the implant and fluid in the hip joint.", HIP_TUNED
)
AROUND_IMPLANT_REACH = Distance(
    45.0, "mm", "Upper bound for the distance between the implant and a collection around it.", HIP_TUNED
)
EDEMA_AT_IMPLANT_REACH = Distance(
    25.0, "mm", "Upper bound for the distance between the implant and edema that is due to it.", HIP_TUNED
)
BESIDE_HIP_REACH = Distance(
    75.0, "mm", "Upper bound for the distance of bursae and collections lateral of a hip from its joint.", HIP_TUNED
)
LATERAL_OF_IMPLANT_LEAST = Distance(
    10.0,
    "mm",
    "Lower bound for how much farther from the midline than the middle of the implant a place lies, for it to be "
    "lateral of the hip, where no bowel is.",
    HIP_TUNED,
)
COLLECTION_THICKNESS_LEAST = Distance(
    8.0,
    "mm",
    "Lower bound for the thickness of a bursitis or a collection; traces of fluid in bursae are 5 to 7 mm thick.",
    HIP_TUNED,
)
HIP_FLUID_VOLUME_LEAST = Distance(
    1.0, "ml", "Lower bound for the volume of fluid at the hips; smaller places are judged as edema.", HIP_TUNED
)
SACROILIAC_FROM_IMPLANT_LEAST = Distance(
    45.0, "mm", "Lower bound for the distance of the sacroiliac joints from an implant.", HIP_TUNED
)
SACROILIAC_BEHIND_IMPLANT_LEAST = Distance(
    20.0,
    "mm",
    "Lower bound for how far the sacroiliac joints lie behind the middle of a hip implant.",
    ADULT,
    (30.0, 70.0),
)
FAR_EDEMA_VOLUME_LEAST = Distance(
    1.0, "ml", "Lower bound for the volume of edema in bone far from the implant.", HIP_TUNED
)
BOWEL_LOOP_LENGTH_LEAST = Distance(
    80.0,
    "mm",
    "Longer places far from the implant are loops of bowel. Sacroiliac joints are 50 to 60 mm long, here with their "
    "margins.",
    ADULT,
)
VESSEL_FROM_IMPLANT_LEAST = Distance(
    12.0, "mm", "Lower bound for the distance of the great vessels from an implant.", HIP_TUNED
)
VESSEL_PIECE_ELONGATION_LEAST = Distance(
    2.2, "ratio", "Lower bound for length over width of a piece of an iliac or femoral vessel.", HIP_TUNED
)
VESSEL_PIECE_FLATNESS_MOST = Distance(
    1.4, "ratio", "Upper bound for width over thickness of a piece of an iliac or femoral vessel.", HIP_TUNED
)
VESSEL_PIECE_WIDTH_MOST = Distance(
    16.0, "mm", "Upper bound for the width of an iliac or femoral vessel, blurred.", ADULT, (8.0, 14.0)
)
METAL_HALO_SHELL_INNER = Distance(
    6.0, "mm", "Inner border of the shell around an implant in which a halo is looked for.", HIP_TUNED
)
METAL_HALO_SHELL_OUTER = Distance(12.0, "mm", "Outer border of that shell.", HIP_TUNED)
METAL_HALO_REACH = Distance(
    25.0, "mm", "Nearer to an implant with a halo than this, a bright place may be due to the metal.", HIP_TUNED
)

IMPLANT_FRONT_MOST = Distance(
    35.0,
    "mm",
    "Hip implants lie behind this distance in front of the middle of the body; bowel gas mostly does not.",
    HIP_TUNED,
)
IMPLANT_PARTS_GAP_MOST = Distance(
    20.0,
    "mm",
    "Upper bound for the gap between two voids of one implant; a neck is about as long.",
    HIP_TUNED,
)
IMPLANT_LENGTH_LEAST = Distance(50.0, "mm", "Lower bound for the length of a stem with its neck and head.", HIP_TUNED)
IMPLANT_SIDE_SURE = Distance(
    25.0, "mm", "Farther from the midline than this, the side of a void is sure enough to compare it.", HIP_TUNED
)
IMPLANT_SIDE_UNCERTAIN = Distance(
    20.0, "mm", "Nearer to the midline than this, the side of an implant is uncertain.", HIP_TUNED
)
STEM_LENGTH_LEAST = Distance(40.0, "mm", "Lower bound for the length of a void with a stem.", HIP_TUNED)
STEM_RADIUS_LEAST = Distance(4.0, "mm", "Lower bound for the radius of a stem on MR.", HIP_TUNED)
VOID_CORE_DEPTH = Distance(
    3.0, "mm", "Lower bound for the depth of the core of a void: cortex and fascia are thinner.", HIP_TUNED
)
VOID_AROUND_CORE = Distance(3.5, "mm", "Upper bound for the distance of a void's voxels from its core.", HIP_TUNED)
PILE_UP_SHELL = Distance(5.0, "mm", "Thickness of the shell around a void in which pile-up is looked for.", HIP_TUNED)

# Bones on MR without an anatomy segmentation, within slices.
MARROW_TUNED = f"{OURS}, tuned on phantoms and on real volumes of spine and thigh"
CORTEX_HALF_WIDTH_MOST = Distance(
    3.5,
    "mm",
    "Upper bound for half of the width of a dark line that counts as cortex between two brighter parts.",
    MARROW_TUNED,
)
CORTEX_GAP_HALF_WIDTHS = (
    Distance(1.9, "mm", "Half of the width of the gaps in the cortex of small bones.", MARROW_TUNED),
    Distance(3.5, "mm", "Half of the width of the gaps in the cortex of medium bones.", MARROW_TUNED),
    Distance(5.5, "mm", "Half of the width of the gaps in the cortex of large bones.", MARROW_TUNED),
)
"""Gaps in the cortex that are closed, in this order: small bones first."""
CORTEX_GAP_MARGIN = Distance(
    0.9, "mm", "How much farther than the half width of a gap the parts of a bone reach from their core.", MARROW_TUNED
)
SKIN_FAT_DEPTH = Distance(7.0, "mm", "What comes nearer to the skin than this is subcutaneous fat.", MARROW_TUNED)
BONE_SLICE_AREA_LEAST = Distance(40.0, "mm2", "Lower bound for the area of a bone on a slice.", MARROW_TUNED)
BONE_SLICE_AREA_MOST = Distance(9000.0, "mm2", "Upper bound for the area of a bone on a slice.", MARROW_TUNED)
BONE_HOLE_AREA_MOST = Distance(
    350.0,
    "mm2",
    "Upper bound for a lesion or a vessel in a bone; larger holes are the canal or the space of a joint.",
    MARROW_TUNED,
)
BONE_VOLUME_LEAST = Distance(1.5, "ml", "Lower bound for the volume of a bone that can be recognized.", MARROW_TUNED)
BONE_NOTCH_HALF_WIDTH = Distance(
    4.0,
    "mm",
    "Half of the width of the notches in a bone that are closed: vessels in the cortex, small lesions.",
    MARROW_TUNED,
)
LOCAL_FAT_WINDOW = Distance(60.0, "mm", "Width of the window whose brightest tissue is taken for fat.", MARROW_TUNED)
# ---- spine --------------------------------------------------------------------------------------------------------
# The spinal canal, the vertebrae and the discs: used by Numerics/body. "In front" and "behind" count from the middle
# of the canal, across it.

CANAL_DEPTH_MOST = Distance(
    110.0,
    "mm",
    "Upper bound for the distance of the canal from the skin of the back. Deeper places lose the more the deeper they "
    "lie.",
    f"{OURS}: the canal lies 50 to 100 mm deep in adults lying on their back",
    (50.0, 100.0),
)
BACK_WALL_DEPTH = Distance(
    36.0,
    "mm",
    "Lower bound for the depth of the canal: skin, subcutaneous fat and fascia of the back are not the canal.",
    f"{OURS} for adults lying on their back",
)
FRONT_ORGAN_TO_CANAL_LEAST = Distance(
    30.0,
    "mm",
    "Lower bound for the distance from a great vessel or bowel in front of the vertebrae back to the canal.",
    f"{OURS}: depth of a vertebral body",
)
FRONT_ORGAN_TO_CANAL_MOST = Distance(
    80.0,
    "mm",
    "Upper bound for the distance from a great vessel or bowel in front of the vertebrae back to the canal.",
    f"{OURS}: depth of a vertebral body with the vessels in front of it",
)
FRONT_ORGAN_ASIDE_MOST = Distance(
    21.0,
    "mm",
    "Upper bound for how far a great vessel or bowel in front of the vertebrae lies to a side of the canal.",
    f"{OURS}: half the width of a vertebral body",
)
MIRRORED_HALF_WIDTH = Distance(
    42.0,
    "mm",
    "The width on either side of the canal that is compared with its mirror image: a vertebra with its muscles.",
    OURS,
)
DISC_TO_DISC_LEAST = Distance(
    22.0,
    "mm",
    "Lower bound for the distance from one disc to the next, T10 to S1.",
    f"{OURS}: lumbar discs lie 30 to 42 mm apart, thoracic ones nearer",
    (30.0, 42.0),
)
DISC_TO_DISC_MOST = Distance(
    48.0,
    "mm",
    "Upper bound for the distance from one disc to the next, T10 to S1.",
    f"{OURS}: lumbar discs lie 30 to 42 mm apart",
    (30.0, 42.0),
)
TWO_VERTEBRAE = Distance(
    60.0, "mm", "Height of two vertebrae, over which the usual signal of marrow is taken.", f"{OURS} for adults"
)
BODY_INSIDE_FROM = Distance(
    14.0, "mm", "From here on forward lies the inside of every lumbar vertebral body.", f"{OURS} for adults"
)
BODY_INSIDE_TO = Distance(
    36.0,
    "mm",
    "Up to here in front of the canal lies the inside of every lumbar vertebral body.",
    f"{OURS} for adults",
)
BODY_INSIDE_SIDE = Distance(
    12.0,
    "mm",
    "Up to here to either side of the middle lies the inside of every lumbar vertebral body.",
    f"{OURS} for adults",
)
BODY_MIDDLE = Distance(
    25.0, "mm", "The middle of a lumbar vertebral body lies this far in front of the middle of the canal.", OURS
)
BODY_BEGINS = Distance(
    8.0, "mm", "Lower bound for how far in front of the middle of the canal a vertebral body begins.", OURS
)
VERTEBRA_SIDE = Distance(
    34.0,
    "mm",
    "Upper bound for how far a vertebra with its facet joints reaches to either side.",
    f"{OURS} for adults",
)
VERTEBRA_BEHIND = Distance(
    56.0, "mm", "Upper bound for how far the spinous process reaches behind the canal.", f"{OURS} for adults"
)
VERTEBRA_FRONT = Distance(
    48.0, "mm", "Upper bound for how far the vertebral body reaches in front of the canal.", f"{OURS} for adults"
)
DISC_TILT_MOST = Distance(
    0.4,
    "part",
    "Upper bound for the rise of a disc along the canal for each mm toward the front: 22 degrees. The lowest lumbar "
    "disc leans most.",
    f"{OURS} for adults",
)
