"""The words for places and findings with their codes, for segment tags, DICOM SEG and SR, and the panel.

The codes are those of the DICOM dictionary in pydicom 3.0.2 (context groups 6115, 7151, 7159, 7602 and others). A word
without a code there has a code of our own (scheme 99PAINGEN) with its text. Levels and sides have codes of their own,
which are used together with the code of the structure.
"""

from __future__ import annotations

from ..Numerics.core.coding import SCT, Code
from ..Numerics.core.records import MR_KINDS, Place

OWN = "99PAINGEN"
"""Coding scheme of our own codes."""
FINDINGS_CONTEXT = "PainGenerator findings"
"""Name of our terminology for findings in Slicer."""
ANATOMY_CONTEXT = "PainGenerator anatomy"
"""Name of our anatomic context in Slicer."""
_SCHEMA = "https://raw.githubusercontent.com/qiicr/dcmqi/master/doc/schemas/{}-context-schema.json#"
"""Address of the schema of Slicer's terminology files."""


SIDE_CODES: dict[str, Code] = {
    "right": Code(SCT, "24028007", "Right"),
    "left": Code(SCT, "7771000", "Left"),
    "midline": Code(SCT, "261129000", "Midline"),
    "both": Code(SCT, "51440002", "Bilateral"),
}
"""Side -> code."""

VERTEBRA_CODES: dict[str, Code] = {
    level: Code(SCT, value, f"{level} vertebra")
    for level, value in (
        *(("T10", "7610001"), ("T11", "12989004"), ("T12", "23215003"), ("L1", "66794005"), ("L2", "14293000")),
        *(("L3", "36470004"), ("L4", "11994002"), ("L5", "49668003")),
    )
} | {"L6": Code(OWN, "L6", "L6 vertebra"), "S1": Code(OWN, "S1", "S1 vertebra")}
"""Vertebra -> code."""

DISC_CODES: dict[str, Code] = {
    "T10/T11": Code(SCT, "34959001", "T10/T11 disc"),
    "T11/T12": Code(SCT, "1537001", "T11/T12 disc"),
    "T12/L1": Code(SCT, "76206002", "T12/L1 disc"),
    "L1/L2": Code(SCT, "80064006", "L1/L2 disc"),
    "L2/L3": Code(SCT, "67459009", "L2/L3 disc"),
    "L3/L4": Code(SCT, "62551000", "L3/L4 disc"),
    "L4/L5": Code(SCT, "84020006", "L4/L5 disc"),
    "L5/S1": Code(SCT, "715056000", "L5/S1 disc"),
} | {level: Code(OWN, level, f"{level} disc") for level in ("L5/L6", "L6/S1", "L4/S1", "S1/S2")}
"""Level of a disc -> code; the last ones are those of transitional anatomy."""

LEVELS = (*VERTEBRA_CODES, *DISC_CODES)
"""Levels that a reader can choose: the vertebrae, then the discs."""

_SCT_STRUCTURES = (
    ("vertebra", "51282000", "Vertebra"),
    ("vertebral arch", "40265002", "Arch of vertebra"),
    ("pedicle", "78972004", "Pedicle of vertebra"),
    ("lamina", "89340005", "Lamina of vertebra"),
    ("spinous process", "55678000", "Spinous process of vertebra"),
    ("transverse process", "73400003", "Transverse process or vertebra"),
    ("superior articular process", "317665004", "Superior articular process of vertebra"),
    ("inferior articular process", "317766009", "Inferior articular process of vertebra"),
    ("spinal canal", "61853006", "Vertebral canal"),
    ("spinal cord", "2748008", "Spinal cord"),
    ("spine", "421060004", "Spine"),
    ("sacrum", "54735007", "Sacrum"),
    ("coccyx", "64688005", "Coccyx"),
    ("sacroiliac joint", "39723000", "Sacroiliac joint"),
    ("ilium", "22356005", "Ilium"),
    ("ischium", "85710004", "Ischium"),
    ("acetabulum", "37783008", "Acetabulum"),
    ("hip joint", "24136001", "Hip joint"),
    ("hip region", "29836001", "Hip"),
    ("leg", "61685007", "Lower Extremity"),
    ("femur", "71341001", "Femur"),
    ("femoral head", "2812003", "Head of Femur"),
    ("lesser trochanter", "55499008", "Lesser trochanter"),
    ("femoral shaft", "41111004", "Shaft of Femur"),
    ("rib", "113197003", "Rib"),
    ("erector spinae", "44947003", "Erector spinae muscle"),
    ("muscle", "127954009", "Skeletal muscle"),
    ("kidney", "64033007", "Kidney"),
    ("ureter", "87953007", "Ureter"),
    ("urinary bladder", "89837001", "Bladder"),
    ("small bowel", "30315005", "Small intestine"),
    ("duodenum", "38848004", "Duodenum"),
    ("colon", "71854001", "Colon"),
    ("rectum", "34402009", "Rectum"),
    ("stomach", "69695003", "Stomach"),
    ("liver", "10200004", "Liver"),
    ("gallbladder", "28231008", "Gallbladder"),
    ("spleen", "78961009", "Spleen"),
    ("pancreas", "15776009", "Pancreas"),
    ("adrenal gland", "23451007", "Adrenal gland"),
    ("aorta", "15825003", "Aorta"),
    ("inferior vena cava", "64131007", "Inferior vena cava"),
    ("iliac artery", "10293006", "Iliac artery"),
)
"""Structures with a SNOMED CT code: our word, code value, code meaning."""
_OWN_STRUCTURES = (
    *("disc", "upper endplate", "lower endplate", "vertebral body", "pars interarticularis", "facet joint"),
    *("foramen", "interspinous space", "endplate", "hip bone", "pubis", "femoral neck", "greater trochanter"),
    *("trochanteric bursa", "iliopsoas bursa", "prosthesis neck", "implant", "iliopsoas", "gluteus maximus"),
    *("gluteus medius", "gluteus minimus", "quadratus lumborum", "piriformis", "quadriceps femoris", "sartorius"),
    *("medial thigh muscles", "posterior thigh muscles", "paraspinal region", "prevertebral region"),
    *("pelvis or flank", "trunk", "prostate", "uterus", "ovary", "testis", "iliac vein", "portal vein", "kidney cyst"),
    *("fat", "lung", "unnamed", "hip joint capsule", "discovertebral unit", "gluteal tendons", "iliac crest"),
    *("iliopsoas tendon", "multifidus", "prosthesis cup", "prosthesis head", "prosthesis shoulder", "psoas"),
    *("sacral ala", "stem tip", "several places"),
)
"""Structures with a code of our own. The code follows from the position in this list, so that new words must be added
at the end and the order must not change."""

STRUCTURE_CODES: dict[str, Code] = {name: Code(SCT, value, meaning) for name, value, meaning in _SCT_STRUCTURES} | {
    name: Code(OWN, f"PG{number}", name.capitalize()) for number, name in enumerate(_OWN_STRUCTURES, start=101)
}
"""Structure -> code."""
STRUCTURES = tuple(STRUCTURE_CODES)
"""The words that a reader can choose for a structure."""

ABNORMAL = Code(SCT, "49755003", "Morphologically Abnormal Structure")
"""Category of segments that show an abnormality."""
SPATIAL = Code(SCT, "309825002", "Spatial and Relational Concept")
"""Category of segments that do not show an abnormality."""
HOT_SPOT = Code(OWN, "hot-spot", "Focus of raised FDG uptake")
"""Type of a hot spot."""
CANDIDATE = Code(SCT, "52988006", "Lesion")
"""Type of a pain generator."""
REFERENCE_REGION = Code(OWN, "reference-region", "Reference tissue region")
"""Type of the region in which the reference tissue was measured."""

KIND_CODES: dict[str, Code] = {
    "oedema": Code(SCT, "79654002", "Edema"),
    "effusion or synovitis": Code(SCT, "41699000", "Effusion"),
    "Modic I": Code(OWN, "modic-1", "Modic type I change"),
    "Modic II": Code(OWN, "modic-2", "Modic type II change"),
    "Modic III": Code(OWN, "modic-3", "Modic type III change"),
    "fluid collection or bursitis": Code(OWN, "fluid-collection", "Fluid collection or bursitis"),
    "disc degeneration": Code(OWN, "disc-degenerated", "Disc degeneration"),
    "implant artefact": Code(OWN, "implant-artifact", "Implant artifact"),
}
"""Kind of an MR finding -> code."""

_COLORS = {
    "pain generator": (230, 60, 40),
    "hot spot": (255, 160, 30),
    "reference region": (120, 200, 120),
    "oedema": (70, 170, 230),
    "effusion or synovitis": (60, 220, 220),
    "Modic I": (130, 120, 230),
    "Modic II": (210, 190, 90),
    "Modic III": (150, 150, 150),
    "fluid collection or bursitis": (40, 130, 190),
    "disc degeneration": (190, 140, 200),
    "implant artefact": (100, 100, 110),
}
"""Kind of a segment -> recommended display color, RGB 0 to 255."""


def type_code(kind: str) -> tuple[Code, Code]:
    """Category and type of a segment.

    Parameters
    ----------
    kind : str
        ``pain generator``, ``hot spot``, ``reference region`` or one of :data:`.records.MR_KINDS`.

    Returns
    -------
    (Code, Code)
        Category and type.
    """
    own = {"pain generator": CANDIDATE, "hot spot": HOT_SPOT, "reference region": REFERENCE_REGION}
    code = own.get(kind) or KIND_CODES[kind]
    return (SPATIAL if kind in ("reference region", "implant artefact") else ABNORMAL), code


def color_of(kind: str) -> tuple[float, float, float]:
    """Recommended display color of a kind, RGB 0 to 1."""
    red, green, blue = (value / 255.0 for value in _COLORS[kind])
    return red, green, blue


def structure_code(place: Place) -> Code:
    """Code of the anatomical region of a place. A disc or vertebral body with a level has the code of this level."""
    if place.structure == "disc" and place.level in DISC_CODES:
        return DISC_CODES[place.level]
    if place.structure in ("vertebra", "vertebral body") and place.level in VERTEBRA_CODES:
        return VERTEBRA_CODES[place.level]
    own = Code(OWN, place.structure.replace(" ", "-")[:16], place.structure.capitalize())
    return STRUCTURE_CODES.get(place.structure, own)


def part_code(place: Place) -> Code | None:
    """Code of the level or zone of a place, which narrows the code of its structure; None where there is neither, and
    where the code of the structure says it already."""
    if place.zone:
        return Code(OWN, place.zone.lower().replace(" ", "-")[:16], place.zone)
    level = DISC_CODES.get(place.level or "") or VERTEBRA_CODES.get(place.level or "")
    return None if level == structure_code(place) else level


def terminology_entry(kind: str, place: Place | None = None) -> str:
    """Make the terminology entry of a segment, a string as Slicer expects it.

    It has seven parts that are joined by ``~``: terminology, category, type, type modifier, anatomic context, region,
    region modifier.

    Parameters
    ----------
    kind : str
        As in :func:`type_code`.
    place : Place, optional
        Region and side; empty when left out.
    """
    category, kind_code = type_code(kind)
    region = structure_code(place).text if place is not None else "^^"
    side = SIDE_CODES[place.side].text if place is not None and place.side in ("left", "right", "both") else "^^"
    return "~".join([FINDINGS_CONTEXT, category.text, kind_code.text, "^^", ANATOMY_CONTEXT, region, side])


def _entry(code: Code) -> dict[str, object]:
    return {"CodingSchemeDesignator": code.scheme, "CodeValue": code.value, "CodeMeaning": code.meaning}


def findings_terminology() -> dict[str, object]:
    """Make the content of ``Resources/Terminology/PainGenerator.term.json`` in Slicer's terminology format."""
    categories: dict[Code, list[dict[str, object]]] = {ABNORMAL: [], SPATIAL: []}
    for kind in ("pain generator", "hot spot", *MR_KINDS, "reference region"):
        category, code = type_code(kind)
        categories[category].append(
            {**_entry(code), "3dSlicerLabel": kind, "recommendedDisplayRGBValue": list(_COLORS[kind])}
        )
    return {
        "SegmentationCategoryTypeContextName": FINDINGS_CONTEXT,
        "@schema": _SCHEMA.format("segment"),
        "SegmentationCodes": {
            "Category": [{**_entry(c), "showAnatomy": True, "Type": types} for c, types in categories.items()]
        },
    }


def anatomy_context() -> dict[str, object]:
    """Make the content of ``Resources/Terminology/PainGenerator-Anatomy.term.json`` (Slicer's anatomic context)."""
    sides = [_entry(SIDE_CODES[side]) for side in ("right", "left", "both")]
    codes = [*STRUCTURE_CODES.values(), *VERTEBRA_CODES.values(), *DISC_CODES.values()]
    return {
        "AnatomicContextName": ANATOMY_CONTEXT,
        "@schema": _SCHEMA.format("anatomic"),
        "AnatomicCodes": {"AnatomicRegion": [{**_entry(code), "Modifier": sides} for code in codes]},
    }
