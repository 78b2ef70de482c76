"""The numbers that segmentation programs write into their label maps.

The sources are: TotalSegmentator ``map_to_binary.py`` and README (classes of version 1, of ``total``, ``total_mr`` and
``vertebrae_mr``; ``total_mr`` had 56 classes in its first release and has 50 since then); the README of TotalSpineSeg
(list of classes); the README of SPINEPS and the enumerations ``Vertebra_Instance`` and ``Location`` of TPTBox, which
SPINEPS uses.
"""

from __future__ import annotations

from itertools import pairwise

VERTEBRAE = (
    *(f"C{n}" for n in range(1, 8)),
    *(f"T{n}" for n in range(1, 14)),
    *(f"L{n}" for n in range(1, 7)),
    *(f"S{n}" for n in range(1, 7)),
)
"""All vertebrae from the head downward. T13 and L6 exist only in transitional anatomy."""

_REGULAR = [f"C{n}" for n in range(1, 8)] + [f"T{n}" for n in range(1, 13)] + [f"L{n}" for n in range(1, 6)]
"""Vertebrae of regular anatomy above the sacrum, from the head downward."""
_UPWARD = [f"vertebrae_{level}" for level in reversed(_REGULAR)]
"""TotalSegmentator's names of the vertebrae from L5 upward. The names below are TotalSegmentator's, too."""
_RIBS = [f"rib_{side}_{n}" for side in ("left", "right") for n in range(1, 13)]
"""Ribs, first the left ones."""
_ILIAC_VESSELS = ["iliac_artery_left", "iliac_artery_right", "iliac_vena_left", "iliac_vena_right"]
"""Iliac arteries and veins."""
_UPPER_ORGANS = ["spleen", "kidney_right", "kidney_left", "gallbladder", "liver", "stomach"]
"""The organs with which the lists of classes begin."""


def _pairs(*names: str) -> list[str]:
    """Each name for the left and for the right side."""
    return [f"{name}_{side}" for name in names for side in ("left", "right")]


_GLUTEI = _pairs("gluteus_maximus", "gluteus_medius", "gluteus_minimus", "autochthon", "iliopsoas")
"""Muscles of the hip and the back on both sides."""
_LIMBS = _pairs("humerus", "scapula", "clavicula", "femur", "hip")
"""Bones of the limbs and their girdles on both sides."""


def _numbered(names: list[str], first: int = 1) -> dict[int, str]:
    """Number -> name, counted from `first`."""
    return dict(enumerate(names, start=first))


_TOTAL_V1 = _numbered(
    [
        *_UPPER_ORGANS,
        "aorta",
        "inferior_vena_cava",
        "portal_vein_and_splenic_vein",
        "pancreas",
        "adrenal_gland_right",
        "adrenal_gland_left",
        *("lung_upper_lobe_left", "lung_lower_lobe_left"),
        *("lung_upper_lobe_right", "lung_middle_lobe_right", "lung_lower_lobe_right"),
        *_UPWARD,
        "esophagus",
        "trachea",
        *("heart_myocardium", "heart_atrium_left", "heart_ventricle_left"),
        *("heart_atrium_right", "heart_ventricle_right"),
        *("pulmonary_artery", "brain"),
        *_ILIAC_VESSELS,
        *("small_bowel", "duodenum", "colon"),
        *_RIBS,
        *_LIMBS,
        *("sacrum", "face"),
        *_GLUTEI,
        "urinary_bladder",
    ]
)
"""Labels of the task ``total`` of TotalSegmentator, version 1."""

_TOTAL = _numbered(
    [
        *_UPPER_ORGANS,
        *("pancreas", "adrenal_gland_right", "adrenal_gland_left"),
        *("lung_upper_lobe_left", "lung_lower_lobe_left"),
        *("lung_upper_lobe_right", "lung_middle_lobe_right", "lung_lower_lobe_right"),
        *("esophagus", "trachea", "thyroid_gland", "small_bowel", "duodenum", "colon", "urinary_bladder", "prostate"),
        *("kidney_cyst_left", "kidney_cyst_right", "sacrum", "vertebrae_S1"),
        *_UPWARD,
        *("heart", "aorta", "pulmonary_vein", "brachiocephalic_trunk"),
        *("subclavian_artery_right", "subclavian_artery_left"),
        *("common_carotid_artery_right", "common_carotid_artery_left"),
        *("brachiocephalic_vein_left", "brachiocephalic_vein_right"),
        *("atrial_appendage_left", "superior_vena_cava", "inferior_vena_cava", "portal_vein_and_splenic_vein"),
        *_ILIAC_VESSELS,
        *_LIMBS,
        "spinal_cord",
        *_GLUTEI,
        *("brain", "skull"),
        *_RIBS,
        *("sternum", "costal_cartilages"),
    ]
)
"""Labels of the task ``total`` of TotalSegmentator, version 2."""

_MR_TRUNK = [
    *_UPPER_ORGANS,
    *("pancreas", "adrenal_gland_right", "adrenal_gland_left", "lung_left", "lung_right", "esophagus"),
    *("small_bowel", "duodenum", "colon", "urinary_bladder", "prostate", "sacrum"),
    *("vertebrae", "intervertebral_discs", "spinal_cord", "heart", "aorta", "inferior_vena_cava"),
    "portal_vein_and_splenic_vein",
    *_ILIAC_VESSELS,
    *_pairs("humerus"),
]
"""The classes with which both versions of ``total_mr`` begin."""

_TOTAL_MR = _numbered([*_MR_TRUNK, *_pairs("scapula", "clavicula", "femur", "hip"), *_GLUTEI, "brain"])
"""Labels of the task ``total_mr`` of TotalSegmentator with 50 classes."""

_TOTAL_MR_56 = _numbered(
    [
        *_MR_TRUNK,
        *("fibula", "tibia"),
        *_pairs("femur", "hip"),
        *_GLUTEI,
        *_pairs("quadriceps_femoris", "thigh_medial_compartment", "thigh_posterior_compartment", "sartorius"),
        "brain",
    ]
)
"""Labels of the task ``total_mr`` of TotalSegmentator with 56 classes, of its first release."""

_VERTEBRAE_MR = _numbered(["sacrum", *_UPWARD])
"""Labels of the task ``vertebrae_mr`` of TotalSegmentator."""

_UPWARD_S = ["S", *reversed(_REGULAR)]
"""The sacrum and the vertebrae from L5 upward."""
_TOTALSPINESEG = {
    **_numbered(_UPWARD, first=18),
    92: "sacrum",
    200: "spinal_cord",
    201: "spinal_canal",
    **{202 + n: f"disc_{upper}_{lower}" for n, (lower, upper) in enumerate(pairwise(_UPWARD_S[:24]))},
}
"""Labels of TotalSpineSeg."""

SPINEPS_INSTANCES: dict[int, str] = {
    **_numbered(_REGULAR),
    25: "L6",
    26: "S1",
    28: "T13",
    **{29 + n: f"S{n + 2}" for n in range(5)},
}
"""SPINEPS instance number -> vertebra. The disc below has this number plus 100, the endplates this number plus 200. 27
is the coccyx."""

SPINEPS_SUBREGIONS: dict[int, str] = {
    26: "sacrum",
    40: "vertebra",
    41: "arcus_vertebrae",
    42: "spinosus_process",
    43: "costal_process_left",
    44: "costal_process_right",
    45: "superior_articular_left",
    46: "superior_articular_right",
    47: "inferior_articular_left",
    48: "inferior_articular_right",
    49: "vertebra_corpus_border",
    50: "vertebra_corpus",
    51: "dens_axis",
    52: "vertebral_body_endplate_superior",
    53: "vertebral_body_endplate_inferior",
    60: "spinal_cord",
    61: "spinal_canal",
    62: "endplate",
    63: "rib_left",
    64: "rib_right",
    100: "vertebra_disc",
}
"""Number in a SPINEPS subregion map (``seg-spine``) -> structure."""

_ORDER = [*_REGULAR[:24], "S1"]
"""Vertebrae of regular anatomy from the head downward, with S1."""
_SPINEPS_INSTANCE_MAP = {
    **{number: f"vertebrae_{level}" for number, level in SPINEPS_INSTANCES.items()},
    27: "coccyx",
    **{100 + n: f"disc_{_ORDER[n - 1]}_{_ORDER[n]}" for n in range(2, 25)},
    125: "disc_L6_S1",
    128: "disc_T13_L1",
    **{200 + number: f"endplate_{level}" for number, level in SPINEPS_INSTANCES.items()},
}
"""Labels of a SPINEPS map of instances (``seg-vert``)."""

FAMILIES: dict[str, dict[int, str]] = {
    "TotalSegmentator total": _TOTAL,
    "TotalSegmentator total (version 1)": _TOTAL_V1,
    "TotalSegmentator total_mr": _TOTAL_MR,
    "TotalSegmentator total_mr (56 classes)": _TOTAL_MR_56,
    "TotalSegmentator vertebrae_mr": _VERTEBRAE_MR,
    "TotalSpineSeg": _TOTALSPINESEG,
    "SPINEPS vertebra instances": _SPINEPS_INSTANCE_MAP,
    "SPINEPS subregions": SPINEPS_SUBREGIONS,
}
"""Program -> its labels (number -> name)."""
