"""Small folders as ``analyze`` writes them, with the fields that a registry reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

PATIENT = {"patient_name": "Meier^Ursula", "patient_id": "H-4711", "birth_date": "19650312"}
"""What names the patient in the images."""


def write_result(
    folder: Path,
    group: str = "low-back",
    sex: str = "F",
    decided: Mapping[str, str] | None = None,
    reader: str = "",
    hashes: tuple[str, ...] = ("aa", "bb"),
) -> Path:
    """Write the four files of a result with two candidates.

    Parameters
    ----------
    folder : Path
    group, sex : str
    decided : mapping, optional
        Status by candidate.
    reader : str
        Who decided.
    hashes : tuple of str
        Of the input files.
    """
    folder.mkdir(exist_ok=True)
    case = {
        **PATIENT, "sex": sex, "study_date": "2026-01-04", "group": group, "pain_side": "left",
        "prosthesis_side": None,
    }  # fmt: skip
    files = {
        "candidates.json": {"case": case, "candidates": [
            _candidate("PG-01", 1, "left facet joint L4/L5", decided or {}, reader),
            _candidate("PG-02", 2, "right facet joint L5/S1", decided or {}, reader),
        ]},
        "provenance.json": {
            "software_version": "0.2.0", "created": "2026-01-05T09:00:00+00:00",
            "protocol": {"group": group, "changed": [], "values": {"fusion": {"bar": 1.0}}},
            "options": {"anatomy": "/secret-folder/Meier/anatomy.nii.gz"},
            "inputs": [{"role": "PET", "sop_instance_uids": [f"1.2.{one}" for one in hashes]}],
            "input_files": [{"name": f"Meier/{one}", "sha256": one} for one in hashes],
        },
        "suv.json": {
            "unit": "g/ml{SUVbw}", "path": "BQML/ADMIN", "given_by_hand": [], "weight_kg": 70.5, "height_m": 1.68,
        },
        "alignment.json": {"series": {"PET": {"verdict": "aligned"}, "FLUID": {"verdict": "doubtful"}}},
    }  # fmt: skip
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content))
    return folder


def _candidate(own_id: str, rank: int, name: str, decided: Mapping[str, str], reader: str) -> dict[str, object]:
    status = decided.get(own_id, "pending")
    return {
        "id": own_id, "rank": rank, "name": name, "structure": "facet joint", "side": name.partition(" ")[0],
        "level": name.rpartition(" ")[2], "evidence": "PET+MR", "status": status, "score": 12.5,
        "decided_by": reader or None, "decided_at": "2026-01-05T10:00:00+01:00" if reader else None,
        "suv_max": 3.7412, "tbr": 2.045, "fat_fraction": None, "comment": "Ursula called",
        "ledger": [{"sign": "joint_fluid", "state": "present"}, {"sign": "edema", "state": "absent"}],
    }  # fmt: skip
