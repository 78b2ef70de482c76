"""Label maps whose numbers alone say which program made them.

The numbers are those that the programs publish; each case names the address. The map shows a whole trunk, the low back
alone, or only some labels, because fields of view differ. What no program writes must be refused.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from label_maps import ALL_NAMES, DISCS, SPINE, UPWARD, counted, nifti, renumbered, save, says
from PainGeneratorLib.Anatomy.anatomy_files import read_anatomy_file
from PainGeneratorLib.Anatomy.labels import Structure
from PainGeneratorLib.Numerics.core.image import Image

from .judging import InputCase, Judged, Outcome, judged

KIND = "label numbers of other program versions"
TOTALSPINESEG = "https://github.com/neuropoly/totalspineseg/issues/38"
SPINEPS = "https://github.com/Hendrik-code/spineps/issues/59"
TOTALSEGMENTATOR = "https://github.com/wasserth/TotalSegmentator/blob/master/totalsegmentator/map_to_binary.py"

LUMBAR = SPINE[:5]
REGULAR = [f"C{n}" for n in range(1, 8)] + [f"T{n}" for n in range(1, 13)] + [f"L{n}" for n in range(1, 6)]
"""Vertebrae from the head downward."""
SIDED = tuple(name for name in ALL_NAMES if name.endswith(("_left", "_right")))


def _vertebrae(number: Callable[[str], int]) -> dict[str, int]:
    return {name: number(name.removeprefix("vertebrae_")) for name in SPINE}


TSS_LEVELS = {"T11": 31, "T12": 32, **{f"L{n}": 40 + n for n in range(1, 6)}}
TSS_NEW = {
    "spinal_cord": 1,
    "spinal_canal": 2,
    **_vertebrae(TSS_LEVELS.__getitem__),
    "sacrum": 50,
    **dict(zip(DISCS, (100, 95, 94, 93, 92, 91, 82), strict=True)),
}
TSS_OLD = {
    **{name: 18 + n for n, name in enumerate(SPINE)},
    "sacrum": 92,
    "spinal_cord": 200,
    "spinal_canal": 201,
    **{name: 202 + n for n, name in enumerate(DISCS)},
}
VERSE = {**_vertebrae(lambda level: 1 + REGULAR.index(level)), "sacrum": 26}
SPINEPS_LABELED = {**VERSE, **{disc: 100 + VERSE[f"vertebrae_{disc.split('_')[1]}"] for disc in DISCS}}
SPINEPS_PLAIN = {
    **{name: 7 - n for n, name in enumerate(SPINE)},
    "sacrum": 26,
    **{disc: 107 - n for n, disc in enumerate(DISCS)},
}
VERTEBRAE_MR = {"sacrum": 1, **{name: 2 + n for n, name in enumerate(SPINE)}}
TOTAL_V2 = {
    "spleen": 1,
    "kidney_right": 2,
    "kidney_left": 3,
    "liver": 5,
    "stomach": 6,
    "small_bowel": 18,
    "urinary_bladder": 21,
    "sacrum": 25,
    "aorta": 52,
    "inferior_vena_cava": 63,
    "femur_left": 75,
    "femur_right": 76,
    "hip_left": 77,
    "hip_right": 78,
    "spinal_cord": 79,
    **{name: 27 + n for n, name in enumerate(SPINE)},
    **{
        name: 80 + n
        for n, name in enumerate(
            f"gluteus_{m}_{s}" for m in ("maximus", "medius", "minimus") for s in ("left", "right")
        )
    },
    "autochthon_left": 86,
    "autochthon_right": 87,
    "iliopsoas_left": 88,
    "iliopsoas_right": 89,
}
TOTAL_V1 = {
    "spleen": 1,
    "kidney_right": 2,
    "kidney_left": 3,
    "liver": 5,
    "stomach": 6,
    "aorta": 7,
    "inferior_vena_cava": 8,
    "small_bowel": 55,
    "femur_left": 88,
    "femur_right": 89,
    "hip_left": 90,
    "hip_right": 91,
    "sacrum": 92,
    "urinary_bladder": 104,
    **{name: 18 + n for n, name in enumerate(SPINE)},
    **{name: number + 14 for name, number in TOTAL_V2.items() if 80 <= number <= 89},
}
TOTAL_MR = {
    "spleen": 1,
    "kidney_right": 2,
    "kidney_left": 3,
    "liver": 5,
    "stomach": 6,
    "small_bowel": 13,
    "urinary_bladder": 16,
    "sacrum": 18,
    "spinal_cord": 21,
    "aorta": 23,
    "inferior_vena_cava": 24,
    **dict.fromkeys(SPINE, 19),
    **dict.fromkeys(DISCS, 20),
    "femur_left": 36,
    "femur_right": 37,
    "hip_left": 38,
    "hip_right": 39,
    **{name: number - 40 for name, number in TOTAL_V2.items() if 80 <= number <= 89},
}
VIBE = {
    "spleen": 1,
    "kidney_right": 2,
    "kidney_left": 3,
    "liver": 5,
    "stomach": 6,
    "small_bowel": 18,
    "urinary_bladder": 21,
    "sacrum": 23,
    "aorta": 25,
    "inferior_vena_cava": 36,
    "femur_left": 48,
    "femur_right": 49,
    "hip_left": 50,
    "hip_right": 51,
    "spinal_cord": 52,
    "spinal_canal": 71,
    **{name: number - 27 for name, number in TOTAL_V2.items() if 80 <= number <= 89},
    **dict.fromkeys(DISCS, 68),
    **dict.fromkeys(SPINE, 69),
}
MRSEGMENTATOR = {
    "spleen": 1,
    "kidney_right": 2,
    "kidney_left": 3,
    "liver": 5,
    "stomach": 6,
    "aorta": 13,
    "inferior_vena_cava": 14,
    "small_bowel": 21,
    "urinary_bladder": 24,
    "sacrum": 26,
    "hip_left": 27,
    "hip_right": 28,
    "femur_left": 29,
    "femur_right": 30,
    "autochthon_left": 31,
    "autochthon_right": 32,
    "iliopsoas_left": 33,
    "iliopsoas_right": 34,
    **{name: number - 45 for name, number in TOTAL_V2.items() if 80 <= number <= 85},
    **dict.fromkeys(SPINE, 25),
}
VISTA3D = {
    "liver": 1,
    "spleen": 3,
    "kidney_right": 5,
    "aorta": 6,
    "inferior_vena_cava": 7,
    "stomach": 12,
    "kidney_left": 14,
    "urinary_bladder": 15,
    "small_bowel": 19,
    "femur_left": 93,
    "femur_right": 94,
    "hip_left": 95,
    "hip_right": 96,
    "sacrum": 97,
    "spinal_cord": 121,
    **{name: 33 + n for n, name in enumerate(SPINE)},
    **{name: number + 18 for name, number in TOTAL_V2.items() if 80 <= number <= 89},
}
SPIDER = {**{name: 1 + n for n, name in enumerate(SPINE)}, "spinal_canal": 100}
SPIDER |= {disc: 201 + n for n, disc in enumerate(DISCS)}
MRSPINESEG = {**VERTEBRAE_MR, **{disc: 11 + n for n, disc in enumerate(DISCS)}}
CADS_BONES = {
    "femur_left": 7,
    "femur_right": 8,
    "hip_left": 9,
    "hip_right": 10,
    "sacrum": 11,
    **{name: number - 68 for name, number in TOTAL_V2.items() if 80 <= number <= 89},
}
MOOSE_VERTEBRAE = {**{n: v for n, v in VERSE.items() if n != "sacrum"}, "hip_left": 26, "hip_right": 27, "sacrum": 28}
MOOSE_MUSCLES = {"autochthon_left": 1, "autochthon_right": 2, "iliopsoas_left": 9, "iliopsoas_right": 10}
MOOSE_MUSCLES |= {name: number - 77 for name, number in TOTAL_V2.items() if 80 <= number <= 85}

_CASES: list[InputCase] = []


def _add(name: str, source: str, judge: Callable[[Path], Judged], **more: Any) -> None:
    _CASES.append(InputCase(f"numbers-{name}", KIND, source, judge, **more))


def _read(image: Image, folder: Path, file: str = "map.nii.gz") -> Any:
    writer = nifti if ".nii" in file else save
    return read_anatomy_file(writer(image, folder / file))


def _known(
    name: str, source: str, numbers: dict[str, int], only: tuple[str, ...] = (), lean: float = 3.0, **other: str
) -> None:
    """A program's map is read with the meaning that the program gives its numbers."""
    kept = {n: number for n, number in numbers.items() if not only or n in only}

    def judge(folder: Path) -> Judged:
        image = renumbered(kept, lean)
        return judged(lambda: _read(image, folder), says(kept, lean, **other))

    _add(name, source, judge)


def _refused(name: str, source: str, numbers: dict[str, int], text: str, lean: float = 3.0) -> None:
    def judge(folder: Path) -> Judged:
        image = renumbered(numbers, lean)
        return judged(lambda: _read(image, folder), refused_by=text)

    _add(name, source, judge, accepted=(Outcome.REFUSED,))


_BACK = ("sacrum", "spinal_canal", "spinal_cord", *LUMBAR, *DISCS[:5])

_known("totalspineseg-now-whole", TOTALSPINESEG, TSS_NEW)
_known("totalspineseg-now-lumbar", TOTALSPINESEG, TSS_NEW, ("sacrum", "spinal_canal", *LUMBAR, *DISCS[:5]))
_known("totalspineseg-now-vertebrae-and-sacrum", TOTALSPINESEG, TSS_NEW, ("sacrum", *LUMBAR))
_known("totalspineseg-now-straight-spine", TOTALSPINESEG, TSS_NEW, ("sacrum", *LUMBAR), lean=0.0)
_known("totalspineseg-now-leaning-right", TOTALSPINESEG, TSS_NEW, ("sacrum", *LUMBAR), lean=-3.0)
_known("totalspineseg-now-without-sacrum", TOTALSPINESEG, TSS_NEW, (*LUMBAR, *DISCS[1:5]))
_known("totalspineseg-now-vertebrae-alone", TOTALSPINESEG, TSS_NEW, LUMBAR)
_known("totalspineseg-of-summer-2024", "https://github.com/neuropoly/totalspineseg/pull/16", TSS_OLD)
_known("totalspineseg-of-summer-2024-lumbar", "https://github.com/neuropoly/totalspineseg/pull/16", TSS_OLD, _BACK)
_known("spineps-with-labeling", "https://github.com/Hendrik-code/spineps#labels", SPINEPS_LABELED)
_known("verse-vertebrae", "https://osf.io/b2wxj/wiki", VERSE, SPINE)
_known("verse-lumbar-with-sacrum", "https://osf.io/b2wxj/wiki", VERSE, ("sacrum", *LUMBAR))
_known("vertebrae-mr", TOTALSEGMENTATOR, VERTEBRAE_MR)
_known("vertebrae-mr-lumbar", TOTALSEGMENTATOR, VERTEBRAE_MR, ("sacrum", *LUMBAR))
_known("vertebrae-pp", TOTALSEGMENTATOR, VERSE, SPINE[:6])
_known("total-version-2", TOTALSEGMENTATOR, TOTAL_V2)
_known("total-version-2-bones", TOTALSEGMENTATOR, TOTAL_V2, ("sacrum", *SPINE, "hip_left", "hip_right"))
_known(
    "total-version-2-pelvis",
    TOTALSEGMENTATOR,
    TOTAL_V2,
    ("sacrum", "urinary_bladder", *[n for n in SIDED if n[:3] in ("hip", "fem", "glu")]),
)
_known("total-version-1", "https://github.com/wasserth/TotalSegmentator/tree/v1.5.7#class-details", TOTAL_V1)
_known(
    "monai-whole-body",
    "https://github.com/Project-MONAI/model-zoo/tree/dev/models/wholeBody_ct_segmentation",
    TOTAL_V1,
    ("sacrum", *SPINE, "kidney_left", "kidney_right", "liver", "hip_left", "hip_right"),
)
_levels = {name: f"vertebra {level}" for name, level in zip(SPINE, UPWARD, strict=True)}
_known("total-mr", TOTALSEGMENTATOR, TOTAL_MR, **_levels)
_known(
    "total-mr-lumbar",
    TOTALSEGMENTATOR,
    TOTAL_MR,
    (
        "sacrum",
        *LUMBAR,
        *DISCS[:5],
        "spinal_cord",
        "aorta",
        "autochthon_left",
        "autochthon_right",
        "iliopsoas_left",
        "iliopsoas_right",
    ),
)
_known("total-mr-spine-alone", TOTALSEGMENTATOR, TOTAL_MR, ("sacrum", "spinal_cord", *LUMBAR, *DISCS[:5]))
_known("total-version-2-lumbar-alone", TOTALSEGMENTATOR, TOTAL_V2, LUMBAR)
_known("total-version-1-lumbar-alone", TOTALSEGMENTATOR, TOTAL_V1, LUMBAR)
_known("mrspineseg-lumbar", "https://www.spinesegmentation-challenge.com/?page_id=1162", MRSPINESEG, _BACK)
_known(
    "totalvibesegmentator",
    "https://github.com/robert-graf/TotalVibeSegmentator#label-overview",
    VIBE,
    small_bowel="small bowel",
    **{name: f"vertebral body {level}" for name, level in zip(SPINE, UPWARD, strict=True)},
)
_known(
    "mrsegmentator",
    "https://github.com/hhaentze/MRSegmentator#class-details",
    MRSEGMENTATOR,
    **dict.fromkeys(SPINE, "vertebra"),
)
_known("vista3d", "https://github.com/Project-MONAI/VISTA/blob/main/vista3d/data/jsons/label_dict.json", VISTA3D)
_known("spider", "https://grand-challenge.org/algorithms/spider-baseline-iis/", SPIDER)
_known(
    "spider-lumbar", "https://github.com/MIC-DKFZ/nnUNet/issues/2464", SPIDER, ("spinal_canal", *LUMBAR, *DISCS[:5])
)
_known("mrspineseg", "https://www.spinesegmentation-challenge.com/?page_id=1162", MRSPINESEG)
_known("cads-bones-and-muscles", "https://github.com/murong-xu/CADS/blob/main/resources/info/labelmap.md", CADS_BONES)
_known("moose-vertebrae", "https://github.com/ENHANCE-PET/MOOSE#readme", MOOSE_VERTEBRAE)
_known("moose-muscles", "https://github.com/ENHANCE-PET/MOOSE#readme", MOOSE_MUSCLES)


def _without_labeling(folder: Path) -> Judged:
    """Numbered from the top: levels may only come from counting upward from the sacrum, and that must be said."""
    image = renumbered(SPINEPS_PLAIN)
    return judged(
        lambda: _read(image, folder, "sub_seg-vert_msk.nii.gz"), says(SPINEPS_PLAIN), warned_by="counted.*sacrum"
    )


def _without_labeling_joined(folder: Path) -> Judged:
    """The sacrum stands in the other file of SPINEPS."""
    instances = {name: number for name, number in SPINEPS_PLAIN.items() if name != "sacrum"}
    nifti(
        renumbered({**dict.fromkeys(SPINE, 49), **dict.fromkeys(DISCS, 100), "sacrum": 26, "spinal_canal": 61}),
        folder / "sub_seg-spine_msk.nii.gz",
    )
    wanted = says(
        ("sacrum", *DISCS), **{name: f"vertebral body {level}" for name, level in zip(SPINE, UPWARD, strict=True)}
    )
    return judged(
        lambda: _read(renumbered(instances), folder, "sub_seg-vert_msk.nii.gz"), wanted, warned_by="counted.*sacrum"
    )


def _labeled_joined(folder: Path) -> Judged:
    nifti(
        renumbered({**dict.fromkeys(SPINE, 49), **dict.fromkeys(DISCS, 100), "sacrum": 26, "spinal_canal": 61}),
        folder / "sub_seg-spine_msk.nii.gz",
    )
    wanted = says(
        ("sacrum", *DISCS), **{name: f"vertebral body {level}" for name, level in zip(SPINE, UPWARD, strict=True)}
    )
    return judged(lambda: _read(renumbered(SPINEPS_LABELED), folder, "sub_seg-vert_msk.nii.gz"), wanted)


def _semantic_alone(folder: Path) -> Judged:
    numbers = {
        **dict.fromkeys(SPINE, 49),
        **dict.fromkeys(DISCS, 100),
        "sacrum": 26,
        "spinal_canal": 61,
        "spinal_cord": 60,
    }
    wanted = says(
        ("sacrum", "spinal_canal", *DISCS),
        **{name: f"vertebral body {level}" for name, level in zip(SPINE, UPWARD, strict=True)},
    )
    return judged(
        lambda: _read(renumbered(numbers), folder, "sub_seg-spine_msk.nii.gz"), wanted, warned_by="counted.*sacrum"
    )


def _without_labeling_no_sacrum(folder: Path) -> Judged:
    numbers = {name: number for name, number in SPINEPS_PLAIN.items() if name != "sacrum"}
    return judged(
        lambda: _read(renumbered(numbers), folder, "sub_seg-vert_msk.nii.gz"), refused_by="level.*--anatomy-labels"
    )


def _sixth_lumbar(folder: Path) -> Judged:
    """SPINEPS names a sixth lumbar vertebra 25: it is not counted away."""
    shifted = dict(zip(SPINE, (25, 24, 23, 22, 21, 20, 19), strict=True)) | {"sacrum": 26}
    other = dict(zip(SPINE, ("L6", "L5", "L4", "L3", "L2", "L1", "T12"), strict=True))
    return judged(
        lambda: _read(renumbered(shifted), folder),
        says(("sacrum",), **{name: f"vertebra {level}" for name, level in other.items()}),
    )


def _sacrum_split(number_of_26: str) -> Callable[[Path], Judged]:
    """26 is S1 in version 2 of TotalSegmentator, and L6 in version 3."""

    def judge(folder: Path) -> Judged:
        numbers = {n: v for n, v in TOTAL_V2.items() if n in ("sacrum", *SPINE, "hip_left", "hip_right")}
        if number_of_26 == "L6":
            numbers = {n: v - 1 if n in SPINE else v for n, v in numbers.items()}
        image = renumbered(numbers)
        array = image.array.copy()
        if number_of_26 == "S1":
            z = image.geometry.ijk_to_ras[2, 2] * np.arange(array.shape[0]) + image.geometry.ijk_to_ras[2, 3]
            upper = np.broadcast_to((z > -38)[:, None, None], array.shape)
            array[(array == 25) & upper] = 26
        wanted = {"S1": Structure("sacrum", None, "S1"), "L6": Structure("vertebra", None, "L6")}[number_of_26]
        return judged(
            lambda: _read(Image(array, image.geometry), folder),
            lambda anatomy: anatomy.structures[26] == wanted and len(anatomy.structures) >= 9,
        )

    return judge


WARNED = (Outcome.WARNED,)
_add("spineps-without-labeling", SPINEPS, _without_labeling, accepted=WARNED)
_add("spineps-without-labeling-both-files", SPINEPS, _without_labeling_joined, accepted=WARNED)
_add("spineps-with-labeling-both-files", "https://github.com/Hendrik-code/spineps#labels", _labeled_joined)
_add("spineps-semantic-alone", "https://github.com/Hendrik-code/spineps#labels", _semantic_alone, accepted=WARNED)
_add("spineps-without-labeling-no-sacrum", SPINEPS, _without_labeling_no_sacrum, accepted=(Outcome.REFUSED,))
_add("spineps-sixth-lumbar", "https://github.com/Hendrik-code/spineps#veridah", _sixth_lumbar)

_add("total-version-2-with-S1", TOTALSEGMENTATOR, _sacrum_split("S1"))
_add("total-version-3-with-L6", TOTALSEGMENTATOR, _sacrum_split("L6"))

_OWN = "https://github.com/MIC-DKFZ/nnUNet/issues/1481"
_DISC_SET = "https://doi.org/10.21037/qims.2016.08.01"
_LISTED = "--anatomy-labels"
_refused("own-network-top-down", _OWN, {**{name: 5 - n for n, name in enumerate(LUMBAR)}, "sacrum": 6}, _LISTED)
_refused("own-network-sacrum-last", _OWN, {**{name: 1 + n for n, name in enumerate(LUMBAR)}, "sacrum": 6}, _LISTED)
_refused("own-network-canal-first", _OWN, counted(("spinal_canal", "sacrum", *LUMBAR)), _LISTED)
_refused("own-network-mixed", _OWN, counted(("sacrum", "spinal_canal", *LUMBAR, "T12")), _LISTED)
_refused("own-network-straight", _OWN, counted(("sacrum", "spinal_canal", *LUMBAR)), _LISTED, lean=0.0)
_refused("own-network-organs", _OWN, counted(("liver", "kidney_left", "kidney_right", "spleen", "aorta")), _LISTED)
_refused("own-network-hips", _OWN, counted(("femur_left", "femur_right", "hip_left", "hip_right", "sacrum")), _LISTED)
_refused("own-network-big-numbers", _OWN, {"sacrum": 501, **{name: 502 + n for n, name in enumerate(LUMBAR)}}, _LISTED)
_refused("own-network-discs-upward", _DISC_SET, {disc: 1 + n for n, disc in enumerate(DISCS[:5])}, _LISTED)
_refused("own-network-discs-downward", _DISC_SET, {disc: 7 - n for n, disc in enumerate(DISCS)}, _LISTED)
_refused("own-network-discs-of-a-program", _DISC_SET, {disc: 45 - n for n, disc in enumerate(DISCS[:5])}, _LISTED)
_refused("one-label", _OWN, {"vertebrae_L4": 1}, _LISTED)
_refused("two-labels", _OWN, {"vertebrae_L4": 1, "vertebrae_L5": 2}, _LISTED)
_refused(
    "sides-swapped-total-mr",
    TOTALSEGMENTATOR,
    {
        **TOTAL_MR,
        **{n: TOTAL_MR[n.replace("left", "righ_").replace("right", "left").replace("righ_", "right")] for n in SIDED},
    },
    _LISTED,
)
_refused(
    "freesurfer-like",
    _OWN,
    {"sacrum": 2, "vertebrae_L5": 41, "vertebrae_L4": 10, "vertebrae_L3": 49, "liver": 16},
    _LISTED,
)

CASES = _CASES
