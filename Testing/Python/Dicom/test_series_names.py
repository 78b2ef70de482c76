"""What the names of 773 public series say, read word by word, against labels that were given by hand.

The names come from the series list of the Imaging Data Commons (PyPI idc-index-data 25.0.5). The labels were given
without knowledge of the program. `series_names.json` also says where the program differs from the label today, so that
every change of a reading is seen.
"""

from __future__ import annotations

import json
from pathlib import Path

from PainGeneratorLib.Dicom.mr_weighting import Weighting, weigh
from PainGeneratorLib.Dicom.series import Series

NAMES = json.loads((Path(__file__).parent / "series_names.json").read_text(encoding="utf-8"))
FITTING = {
    "T1": {"T1"},
    "T2": {"T2"},
    "PD": {"PD"},
    "STIR": {"STIR"},
    "T1-GRE": {"T1-GRE", "T1"},
    "diffusion": {"diffusion"},
    "map": {"map", "diffusion", "unknown"},
    "localizer": {"localizer", "unknown"},
    "T2*": {"unknown"},
    "unknown": {"unknown"},
}
"""Kind by hand -> kinds of the program that fit; all others must serve no role."""
REGIONS = {
    "lumbar": "LUMBAR",
    "thoracic": "THORACIC",
    "cervical": "CERVICAL",
    "whole spine": "SPINE",
    "sacrum/SI": "SACRUM",
    "pelvis": "PELVIS",
    "hip": "HIP",
    "thigh/leg": "LEG",
    "abdomen": "ABDOMEN",
}
NO_ROLE = {"unknown", "localizer", "map", "diffusion"}


def read(entry: dict) -> Weighting:
    """What the program reads from a name and what else the list says."""
    header = {"ImageType": tuple(entry["types"])} if "types" in entry else {}
    return weigh(Series("1", "1", 1, None, entry["name"], "MR", None, header, []))


def differences(entry: dict) -> list[str]:
    """The points in which the program differs from the label."""
    shown, kind = read(entry), entry["kind"]
    found = [] if shown.kind in FITTING.get(kind, NO_ROLE) else ["kind"]
    if kind in ("localizer", "diffusion", "map") or kind not in FITTING:
        return found
    got = {
        "fat_suppressed": shown.fat_suppressed or shown.kind == "STIR",
        "dixon": shown.dixon,
        "contrast": shown.contrast_agent,
        "metal": shown.metal,
    }
    found += [key for key, value in got.items() if key in entry and entry[key] != value]
    if entry.get("region") in REGIONS and REGIONS[entry["region"]] not in {one.name for one in shown.region}:
        found.append("region")
    return found


def test_public_names_are_read_as_labelled():
    seen = {entry["name"]: differences(entry) for entry in NAMES}
    known = {entry["name"]: entry.get("differs", []) for entry in NAMES}
    assert {name: d for name, d in seen.items() if d} == {name: d for name, d in known.items() if d}


def test_at_most_a_few_public_names_are_misread():
    assert len(NAMES) > 700
    assert sum(bool(entry.get("differs")) for entry in NAMES) <= 0.05 * len(NAMES)
