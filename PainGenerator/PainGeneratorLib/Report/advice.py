"""What a finding at a kind of place may mean, how it can be confirmed, and how often people without pain have it.

General knowledge for the physician who sent the patient, by kind of place. It is no advice about one patient. The
publications are listed in ``docs/report.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..Numerics.core.records import Place


@dataclass(frozen=True)
class Advice:
    """What is known about one kind of place.

    Parameters
    ----------
    meaning : str
        What raised uptake or an MR abnormality there may come from.
    confirm : str
        How it can be confirmed that it causes the pain.
    common : str
        How often it is seen in people without pain, with the publication.
    """

    meaning: str
    confirm: str
    common: str


FACET = Advice(
    "An inflamed or overloaded facet joint, such as active arthritis of the joint.",
    "Diagnostic blocks of the medial branches that supply the joint, under imaging; an injection into the joint is "
    "the alternative (Cohen, Reg Anesth Pain Med 2020;45:424).",
    "Arthritis of lumbar facet joints was seen on CT in 37% of people without back pain (Kim, Asian Spine J "
    "2019;13(3)).",
)
SACROILIAC = Advice(
    "Inflammation or overload of the sacroiliac joint; in the sacral wing also a stress fracture.",
    "A diagnostic injection into the joint under imaging. In younger people with inflammatory back pain, an "
    "examination by a rheumatologist.",
    "An MR that meets the definition of sacroiliitis was seen in 23% of healthy people without back pain, and in "
    "57% of women with back pain after giving birth (de Winter, Arthritis Rheumatol 2018).",
)
ENDPLATE = Advice(
    "Active degeneration of the disc and the bone beside it (Modic change). With fever, raised CRP or very high "
    "uptake, infection of the disc has to be excluded.",
    "Compare with history and examination; CRP where infection is possible. No single test proves that a disc is the "
    "source.",
    "Modic changes were seen in 6% of people who are not patients and in 43% of patients with back pain (Jensen, Eur "
    "Spine J 2008;17:1407, medians). Degenerated discs are seen in 37% of people without pain at the age of 20 and "
    "in 96% at 80 (Brinjikji, AJNR 2015;36:811).",
)
MODIC_FAT = Advice(
    "Fat in the bone beside a worn disc (Modic II), a stage without much inflammation.",
    "Compare with history, examination and earlier images. No single test proves that a disc is the source.",
    ENDPLATE.common,
)
MODIC_HARD = Advice(
    "Hardened bone beside a worn disc (Modic III), a late stage without inflammation.",
    MODIC_FAT.confirm,
    ENDPLATE.common,
)
VERTEBRAL_BODY = Advice(
    "A fracture of the vertebral body (stress, insufficiency, osteoporosis), overload or active degeneration of the "
    "disc beside it; also infection, tumor or another process in the bone.",
    "CT of this vertebra shows a fracture; compare with earlier images, and ask about falls, osteoporosis, tumor and "
    "fever. A process that does not fit overload or fracture needs further examination.",
    "No figure is published for people without pain.",
)
ARCH = Advice(
    "A stress reaction or fracture of the vertebral arch, or overload of the joint beside it.",
    "Thin-slice CT of this level shows a fracture line; otherwise diagnostic blocks as for the facet joint.",
    "A gap in the vertebral arch (spondylolysis) was seen on CT in 21 of 188 adults, without relation to back pain "
    "(Kalichman, Spine 2009;34:199).",
)
INTERSPINOUS = Advice(
    "Irritation between two spinous processes that touch (Baastrup disease), or a strained ligament.",
    "An injection of local anesthetic between the spinous processes under imaging.",
    "FDG uptake between spinous processes was seen in 71 of 200 people who were scanned for other reasons "
    "(Nishimatsu, Ann Nucl Med 2015;29:766).",
)
NERVE = Advice(
    "An irritated or compressed nerve root, or another process in the canal or its exits.",
    "Compare with the skin area and the muscles of this root; a block of this nerve root under imaging.",
    "Protruding discs are seen in 29% of people without pain at the age of 20 and in 43% at 80 (Brinjikji, AJNR "
    "2015;36:811).",
)
NEAR_SACROILIAC = Advice(
    "A process of the sacroiliac joint beside it or of its ligaments, of the bone there, or of the muscle itself.",
    SACROILIAC.confirm,
    SACROILIAC.common,
)
MUSCLE = Advice(
    "A strained, overused or inflamed muscle or its attachment; also a recent injection.",
    "Examination of the muscle; ask about exercise in the days before the scan, and about injections. A repeated scan "
    "after rest is the best control.",
    "Muscles that were used before or during the uptake time take up FDG in people without pain.",
)
BONE = Advice(
    "Overload, a stress or insufficiency fracture, or another process in the bone.",
    "CT of this place; compare with earlier images. A process that does not fit overload or fracture needs further "
    "examination.",
    "No figure is published for people without pain.",
)
HIP = Advice(
    "Inflammation of the hip joint or its capsule, arthritis, or a process in the bone beside the joint.",
    "An injection of local anesthetic into the joint under imaging; aspiration where infection is possible.",
    "MR of 45 hips without complaints showed tears of the labrum in 69% and edema of the acetabulum in 11% "
    "(Register, Am J Sports Med 2012;40:2720).",
)
TROCHANTER = Advice(
    "Irritation of the gluteal tendons or the bursa at the greater trochanter.",
    "Examination of the tendons, and an injection of local anesthetic at this place under imaging.",
    "Changes beside the trochanter were seen on contrast-enhanced MR of 36 of 90 hips without complaints (Eur J "
    "Radiol 2009;72:480).",
)
ILIOPSOAS = Advice(
    "Irritation of the iliopsoas tendon or its bursa; after a hip replacement, by the rim of the cup.",
    "An injection of local anesthetic into the bursa under imaging; CT shows a cup that overhangs the bone.",
    "No figure is published for people without pain.",
)
PROSTHESIS = Advice(
    "Loosening, friction or overload at the prosthesis, or an infection. FDG uptake alone cannot tell these apart.",
    "CRP and sedimentation rate; aspiration of the joint with cell count and culture (EBJIS definition, Bone Joint J "
    "2021;103-B:18); MR with metal artifact reduction; comparison with earlier radiographs.",
    "Uptake around head and neck of a prosthesis is common without complaints, for years after the operation.",
)
PROSTHESIS_ZONE = Advice(
    PROSTHESIS.meaning,
    PROSTHESIS.confirm,
    "At head and neck of a prosthesis, uptake is common without complaints; along stem and cup it is less so.",
)
OTHER = Advice(
    "This place has no typical cause of pain in this program. Judge it on the images.",
    "Compare with history, examination and earlier images.",
    "No figure is published for people without pain.",
)

_AREAS: tuple[tuple[Advice, tuple[str, ...]], ...] = (
    (FACET, ("facet joint", "superior articular process", "inferior articular process")),
    (SACROILIAC, ("sacroiliac joint", "sacral ala")),
    (
        ENDPLATE,
        ("disc", "endplate", "upper endplate", "lower endplate", "discovertebral unit"),
    ),
    (VERTEBRAL_BODY, ("vertebral body", "vertebra")),
    (ARCH, ("pedicle", "lamina", "pars interarticularis", "vertebral arch", "transverse process")),
    (INTERSPINOUS, ("interspinous space", "spinous process")),
    (NERVE, ("foramen", "spinal canal", "spinal cord")),
    (
        MUSCLE,
        (
            *("multifidus", "psoas", "erector spinae", "quadratus lumborum", "muscle", "paraspinal region"),
            *("gluteus maximus", "gluteus medius", "gluteus minimus", "piriformis", "quadriceps femoris", "sartorius"),
            *("medial thigh muscles", "posterior thigh muscles", "iliopsoas"),
        ),
    ),
    (
        BONE,
        (
            *("sacrum", "coccyx", "ilium", "iliac crest", "ischium", "pubis", "hip bone", "rib", "femoral shaft"),
            *("lesser trochanter", "spine"),
        ),
    ),
    (HIP, ("hip joint", "hip joint capsule", "acetabulum", "femoral head", "femoral neck", "femur", "hip region")),
    (TROCHANTER, ("greater trochanter", "gluteal tendons", "trochanteric bursa")),
    (ILIOPSOAS, ("iliopsoas tendon", "iliopsoas bursa")),
    (
        PROSTHESIS,
        ("prosthesis neck", "prosthesis head", "prosthesis cup", "prosthesis shoulder", "stem tip", "implant"),
    ),
)
ADVICE: Mapping[str, Advice] = {structure: advice for advice, structures in _AREAS for structure in structures}
"""Structure -> what is known about it."""
ADVICE_BY_KIND: Mapping[str, Advice] = {"Modic I": ENDPLATE, "Modic II": MODIC_FAT, "Modic III": MODIC_HARD}
"""Kind of an MR finding -> what is known about it, whatever the structure is called."""
ALL_ADVICE = (
    *(advice for advice, _structures in _AREAS),
    NEAR_SACROILIAC,
    PROSTHESIS_ZONE,
    MODIC_FAT,
    MODIC_HARD,
    OTHER,
)
"""Every text once."""
BESIDE_SACROILIAC = ("paraspinal region", "pelvis or flank")
"""Regions without a structure of their own; beside a sacroiliac joint, its causes come first."""


def advice_for(place: Place, mr_kind: str | None = None) -> Advice:
    """What is known about the kind of a place.

    Parameters
    ----------
    place : Place
        One in a zone of a prosthesis is a place at the prosthesis.
    mr_kind : str, optional
        Kind of its clearest MR finding, which tells the stages of a degenerated endplate apart.
    """
    if place.zone is not None:
        return PROSTHESIS_ZONE
    if place.structure in BESIDE_SACROILIAC and "sacroiliac joint" in place.name:
        return NEAR_SACROILIAC
    return ADVICE_BY_KIND.get(mr_kind or "") or ADVICE.get(place.structure, OTHER)
