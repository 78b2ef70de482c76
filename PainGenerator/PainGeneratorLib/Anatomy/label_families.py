"""The numbers that segmentation programs write into their label maps.

The address of each list stands in `_ENTRIES`. ``total_mr`` of TotalSegmentator had 56 classes in its first release and
has 50 since then. The numbers of SPINEPS are also those of the enumerations ``Vertebra_Instance`` and ``Location`` of
TPTBox (https://github.com/Hendrik-code/TPTBox/blob/main/TPTBox/core/vert_constants.py), which SPINEPS uses.
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

_VERTEBRAE_DOWNWARD = _numbered([f"vertebrae_{level}" for level in _REGULAR])
"""Labels of the task ``vertebrae_pp`` of TotalSegmentator: C1 is 1, L5 is 24."""

_UPWARD_S = ["S", *reversed(_REGULAR)]
"""The sacrum and the vertebrae from L5 upward."""
_DISCS_UPWARD = [f"disc_{upper}_{lower}" for lower, upper in pairwise(_UPWARD_S)]
"""Discs from L5/S1 upward to C1/C2."""

_TOTALSPINESEG_OLD = {
    **_numbered(_UPWARD, first=18),
    92: "sacrum",
    200: "spinal_cord",
    201: "spinal_canal",
    **_numbered(_DISCS_UPWARD[:23], first=202),
}
"""Labels of TotalSpineSeg until August 2024."""


_TOTALSPINESEG = {
    1: "spinal_cord",
    2: "spinal_canal",
    **{10 + n: f"vertebrae_C{n}" for n in range(1, 8)},
    **{20 + n: f"vertebrae_T{n}" for n in range(1, 14)},
    **{40 + n: f"vertebrae_L{n}" for n in range(1, 7)},
    50: "sacrum",
    **{61 + n: f"disc_C{n}_C{n + 1}" for n in range(2, 7)},
    71: "disc_C7_T1",
    **{71 + n: f"disc_T{n}_T{n + 1}" for n in range(1, 12)},
    91: "disc_T12_L1",
    **{91 + n: f"disc_L{n}_L{n + 1}" for n in range(1, 6)},
    100: "disc_L5_S",
}
"""Labels of TotalSpineSeg since September 2024. T13 (33), L6 (46) and the disc L5/L6 (96) are rare."""

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

_ORDER = [*_REGULAR, "S1"]
"""Vertebrae of regular anatomy from the head downward, with S1."""
_SPINEPS_INSTANCE_MAP = {
    **{number: f"vertebrae_{level}" for number, level in SPINEPS_INSTANCES.items() if level != "S1"},
    26: "sacrum",
    27: "coccyx",
    **{100 + n: f"disc_{_ORDER[n - 1]}_{_ORDER[n]}" for n in range(2, 25)},
    125: "disc_L6_S1",
    128: "disc_T13_L1",
    **{200 + number: f"endplate_{level}" for number, level in SPINEPS_INSTANCES.items()},
}
"""Labels of a SPINEPS map of instances (``seg-vert``). VerSe has the same numbers, without sacrum, discs and
endplates."""

_VIBE = {
    **{number: name for number, name in _TOTAL.items() if number <= 17},
    **_numbered(["intestine", "duodenum", "unused", "urinary_bladder", "prostate", "sacrum", "heart", "aorta"], 18),
    **_numbered([name for number, name in _TOTAL.items() if 53 <= number <= 62], 26),
    **_numbered(["inferior_vena_cava", "portal_vein_and_splenic_vein", *_ILIAC_VESSELS, *_LIMBS, "spinal_cord"], 36),
    **_numbered([*_GLUTEI, "sternum", "costal_cartilages", "subcutaneous_fat", "muscle", "inner_fat"], 53),
    **_numbered(["IVD", "vertebra_body", "vertebra_posterior_elements", "spinal_channel", "bone_other"], 68),
}
"""Labels of TotalVIBESegmentator (VIBESegmentator), dataset 100 and before."""

_MRSEGMENTATOR = _numbered(
    [
        *_UPPER_ORGANS,
        *("pancreas", "adrenal_gland_right", "adrenal_gland_left", "lung_left", "lung_right", "heart", "aorta"),
        *("inferior_vena_cava", "portal_vein_and_splenic_vein", *_ILIAC_VESSELS, "esophagus"),
        *("small_bowel", "duodenum", "colon", "urinary_bladder", "spine", "sacrum"),
        *_pairs("hip", "femur", "autochthon", "iliopsoas", "gluteus_maximus", "gluteus_medius", "gluteus_minimus"),
    ]
)
"""Labels of MRSegmentator."""

_VISTA3D = {
    1: "liver",
    3: "spleen",
    4: "pancreas",
    5: "kidney_right",
    6: "aorta",
    7: "inferior_vena_cava",
    8: "adrenal_gland_right",
    9: "adrenal_gland_left",
    10: "gallbladder",
    11: "esophagus",
    12: "stomach",
    13: "duodenum",
    14: "kidney_left",
    15: "bladder",
    17: "portal_vein_and_splenic_vein",
    19: "small_bowel",
    22: "brain",
    23: "lung_tumor",
    24: "pancreatic_tumor",
    25: "hepatic_vessel",
    26: "hepatic_tumor",
    27: "colon_cancer_primaries",
    **_numbered([name for number, name in _TOTAL.items() if 10 <= number <= 14], 28),
    **_numbered([*_UPWARD, "trachea", *_ILIAC_VESSELS, "colon", *_RIBS, *_LIMBS, "sacrum", *_GLUTEI], 33),
    108: "atrial_appendage_left",
    109: "brachiocephalic_trunk",
    110: "brachiocephalic_vein_left",
    111: "brachiocephalic_vein_right",
    112: "common_carotid_artery_left",
    113: "common_carotid_artery_right",
    114: "costal_cartilages",
    115: "heart",
    116: "kidney_cyst_left",
    117: "kidney_cyst_right",
    118: "prostate",
    119: "pulmonary_vein",
    120: "skull",
    121: "spinal_cord",
    122: "sternum",
    123: "subclavian_artery_left",
    124: "subclavian_artery_right",
    125: "superior_vena_cava",
    126: "thyroid_gland",
    127: "vertebrae_S1",
    128: "bone_lesion",
    132: "airway",
}
"""Labels of VISTA3D (MONAI)."""

_SPIDER = {
    **_numbered(_UPWARD),
    100: "spinal_canal",
    **_numbered(_UPWARD, first=101),
    **_numbered(_DISCS_UPWARD, first=201),
}
"""Labels of the SPIDER data set and of networks trained on it: from below upward, L5 is 1. Vertebrae that are only
partly in view have 100 more."""

_MRSPINESEG = {**_numbered(["sacrum", *_UPWARD[:9]]), **_numbered(_DISCS_UPWARD[:9], first=11)}
"""Labels of the MRSpineSeg challenge."""

_CADS_BONES = _numbered([*_LIMBS, "sacrum", *_GLUTEI])
"""Labels of the CADS model 554."""

_MOOSE_VERTEBRAE = {**_VERTEBRAE_DOWNWARD, 25: "vertebrae_L6", 26: "hip_left", 27: "hip_right", 28: "sacrum"}
"""Labels of the MOOSE model ``clin_ct_vertebrae``."""
_MOOSE_MUSCLES = _numbered(_pairs("autochthon", "gluteus_maximus", "gluteus_medius", "gluteus_minimus", "iliopsoas"))
"""Labels of the MOOSE model ``clin_ct_muscles``."""

_THIGH_MUSCLES = _numbered(
    [
        *_pairs("quadriceps_femoris", "thigh_medial_compartment", "thigh_posterior_compartment", "sartorius"),
        *("deltoid", "supraspinatus", "infraspinatus", "subscapularis", "coracobrachial", "trapezius"),
        *("pectoralis_minor", "serratus_anterior", "teres_major", "triceps_brachii"),
    ]
)
"""Labels of the task ``thigh_shoulder_muscles`` (and ``_mr``) of TotalSegmentator."""
_ABDOMINAL_MUSCLES = _numbered(
    [
        f"{name}_{side}"
        for name in (
            *("pectoralis_major", "rectus_abdominis", "serratus_anterior", "latissimus_dorsi", "trapezius"),
            *("external_oblique", "internal_oblique", "erector_spinae", "transversospinalis", "psoas_major"),
            "quadratus_lumborum",
        )
        for side in ("right", "left")
    ]
)
"""Labels of the task ``abdominal_muscles`` of TotalSegmentator."""
_APPENDICULAR = _numbered(
    [
        *("patella", "tibia", "fibula", "tarsal", "metatarsal", "phalanges_feet", "ulna", "radius", "carpal"),
        *("metacarpal", "phalanges_hand"),
    ]
)
"""Labels of the task ``appendicular_bones`` (and ``_mr``) of TotalSegmentator."""
_TISSUE_TYPES = _numbered(["subcutaneous_fat", "torso_fat", "skeletal_muscle", "intermuscular_fat"])
"""Labels of the tasks ``tissue_types`` (and ``_mr``) and ``tissue_4_types`` of TotalSegmentator."""
_VERTEBRAE_BODY = _numbered(["vertebrae_body", "intervertebral_discs"])
"""Labels of the task ``vertebrae_body`` of TotalSegmentator."""

_TOTALSEGMENTATOR_AT = "https://github.com/wasserth/TotalSegmentator/blob/master/totalsegmentator/map_to_binary.py"
_TOTALSPINESEG_AT = "https://github.com/neuropoly/totalspineseg#list-of-classes"
_SPINEPS_AT = "https://github.com/Hendrik-code/spineps#labels"

_ENTRIES: tuple[tuple[str, dict[int, str], str], ...] = (
    ("TotalSegmentator total", _TOTAL, _TOTALSEGMENTATOR_AT),
    ("TotalSegmentator total (version 3)", {**_TOTAL, 26: "vertebrae_L6"}, _TOTALSEGMENTATOR_AT),
    ("TotalSegmentator total (version 1)", _TOTAL_V1, "https://github.com/wasserth/TotalSegmentator/tree/v1.5.7"),
    ("TotalSegmentator total_mr", _TOTAL_MR, _TOTALSEGMENTATOR_AT),
    (
        "TotalSegmentator total_mr (56 classes)",
        _TOTAL_MR_56,
        "https://github.com/wasserth/TotalSegmentator/tree/v2.3.0",
    ),
    ("TotalSegmentator vertebrae_mr", _VERTEBRAE_MR, _TOTALSEGMENTATOR_AT),
    ("TotalSegmentator vertebrae_pp", _VERTEBRAE_DOWNWARD, _TOTALSEGMENTATOR_AT),
    ("TotalSegmentator vertebrae_body", _VERTEBRAE_BODY, _TOTALSEGMENTATOR_AT),
    ("TotalSegmentator thigh_shoulder_muscles", _THIGH_MUSCLES, _TOTALSEGMENTATOR_AT),
    ("TotalSegmentator abdominal_muscles", _ABDOMINAL_MUSCLES, _TOTALSEGMENTATOR_AT),
    ("TotalSegmentator appendicular_bones", _APPENDICULAR, _TOTALSEGMENTATOR_AT),
    ("TotalSegmentator tissue_types", _TISSUE_TYPES, _TOTALSEGMENTATOR_AT),
    ("TotalSpineSeg", _TOTALSPINESEG, _TOTALSPINESEG_AT),
    ("TotalSpineSeg (until August 2024)", _TOTALSPINESEG_OLD, "https://github.com/neuropoly/totalspineseg/issues/38"),
    ("SPINEPS vertebra instances", _SPINEPS_INSTANCE_MAP, _SPINEPS_AT),
    ("SPINEPS subregions", SPINEPS_SUBREGIONS, _SPINEPS_AT),
    ("TotalVIBESegmentator", _VIBE, "https://github.com/robert-graf/TotalVibeSegmentator#label-overview"),
    ("MRSegmentator", _MRSEGMENTATOR, "https://github.com/hhaentze/MRSegmentator#class-details"),
    ("VISTA3D", _VISTA3D, "https://github.com/Project-MONAI/VISTA/blob/main/vista3d/data/jsons/label_dict.json"),
    ("SPIDER", _SPIDER, "https://grand-challenge.org/algorithms/spider-baseline-iis/"),
    ("MRSpineSeg", _MRSPINESEG, "https://www.spinesegmentation-challenge.com/?page_id=1162"),
    ("CADS 552", _numbered(_UPWARD), "https://github.com/murong-xu/CADS/blob/main/resources/info/labelmap.md"),
    ("CADS 554", _CADS_BONES, "https://github.com/murong-xu/CADS/blob/main/resources/info/labelmap.md"),
    ("MOOSE clin_ct_vertebrae", _MOOSE_VERTEBRAE, "https://github.com/ENHANCE-PET/MOOSE#readme"),
    ("MOOSE clin_ct_muscles", _MOOSE_MUSCLES, "https://github.com/ENHANCE-PET/MOOSE#readme"),
)
"""Program, its labels (number -> name), and the address where they are published. MONAI's wholeBody_ct_segmentation
has the numbers of TotalSegmentator total (version 1); VerSe (https://osf.io/b2wxj/wiki) and CTSpine1K have those of
the SPINEPS instances; the CADS models 551 and 553 are parts of TotalSegmentator total (version 1) under other numbers
and are not read by numbers alone."""

FAMILIES: dict[str, dict[int, str]] = {name: labels for name, labels, _ in _ENTRIES}
"""Program -> its labels (number -> name)."""
FAMILY_SOURCES: dict[str, str] = {name: address for name, _, address in _ENTRIES}
"""Program -> the address where its labels are published."""
FAMILY_NOTES: dict[str, str] = {
    "SPIDER": "SPIDER numbers the vertebrae from below: the lowest one is taken for L5.",
}
"""Program -> what a reader must know about its numbers."""

UNLABELED_INSTANCES = "SPINEPS without its labeling model"
"""Name for SPINEPS maps of which the numbers only count the vertebrae in view, from above."""


def counted_instances(present: set[int]) -> dict[int, str]:
    """Names for the numbers of SPINEPS without its labeling model, counted upward from the sacrum.

    Without the labeling model the numbers begin with 1 at the uppermost vertebra in view
    (https://github.com/Hendrik-code/spineps/issues/59).

    Parameters
    ----------
    present : set of int
        The numbers that occur.

    Returns
    -------
    dict of int to str
        Empty when the numbers cannot be of this kind: they must begin with 1 and have no gap, and the sacrum must be
        among them.
    """
    vertebrae = sorted(number for number in present if 1 <= number <= 25)
    if 26 not in present or vertebrae != list(range(1, len(vertebrae) + 1)) or not 0 < len(vertebrae) <= len(_REGULAR):
        return {}
    names = {26: "sacrum", 27: "coccyx"}
    levels = _ORDER[-len(vertebrae) - 1 :]
    for number, (level, below) in enumerate(pairwise(levels), start=1):
        names |= {
            number: f"vertebrae_{level}",
            100 + number: f"disc_{level}_{below}",
            200 + number: f"endplate_{level}",
        }
    return names if present <= set(names) else {}
