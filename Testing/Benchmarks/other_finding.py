"""Runs `pain-generator analyze` on cases of other_phantoms.py and says what it found, missed and invented.

    python Testing/Benchmarks/other_finding.py FOLDER [--seeds 0 1 2] [--groups low-back] [--anatomy] [--again]

FOLDER holds `<group>-<seed>/` with `dicom/`, `truth.json`, `where.nrrd`; the output of a run is kept beside them in
`out/` or `out-anatomy/`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import SimpleITK as sitk

EVIDENCES = ("PET+MR", "PET only", "MR only")
# Words of the truth, and in which words of a candidate's structure or name they may be told.
WORDS = {
    "facet": ("facet",),
    "foramen": ("foram", "root", "recess"),
    "endplate": ("endplate", "modic", "vertebra", "body", "disc"),
    "disc": ("disc",),
    "pedicle": ("pedicle", "pars", "arch"),
    "spinous": ("spinous",),
    "sacroiliac": ("sacroiliac", "si joint", "sacrum", "ilium"),
    "stem": ("gruen", "stem", "femur", "femoral", "shaft"),
    "acetabul": ("acetab", "cup", "delee"),
    "trochant": ("trochant", "gluteal insertion"),
    "joint": ("joint", "capsule", "synov", "neck"),
    "collection": ("collection", "fluid", "soft tissue", "muscle", "bursa"),
    "iliopsoas": ("iliopsoas", "psoas"),
}


def analyze(case: Path, truth: dict, anatomy: bool, again: bool) -> tuple[Path, float, str]:
    """Output folder, seconds and the last words of the command."""
    out = case / ("out-anatomy" if anatomy else "out")
    clock = out.with_suffix(".seconds")
    if out.exists() and not again:
        return out, float(clock.read_text()), ""
    command = [
        str(Path(sys.executable).parent / "pain-generator"),
        "analyze",
        str(case / "dicom"),
        "--output",
        str(out),
        "--overwrite",
    ]
    command += truth["arguments"]
    if anatomy:
        command += ["--anatomy", str(case / "anatomy.nrrd"), "--anatomy-labels", str(case / "anatomy.json")]
    start = time.monotonic()
    done = subprocess.run(
        command, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"}, check=False
    )
    seconds = time.monotonic() - start
    clock.write_text(f"{seconds:.1f}")
    return out, seconds, "" if done.returncode == 0 else f"EXIT {done.returncode}: " + done.stderr[-600:]


def alignment_errors(out: Path, truth: dict) -> dict[str, tuple[float, float]]:
    """Median error (mm) at the landmarks near the spine or the hips, by role: of the scanner and of the result."""
    flip = np.array([-1.0, -1.0, 1.0])
    points = np.array(list(truth["landmarks_ras_mm"].values()))
    points = points[np.linalg.norm(points - np.median(points, axis=0), axis=1) < 150]
    errors = {}
    for role, matrix in truth["reference_to_series_ras"].items():
        path = out / "transforms" / f"{role}-to-reference.tfm"
        if not path.exists():
            continue
        transform, m = sitk.ReadTransform(str(path)), np.array(matrix)
        true = points @ m[:3, :3].T + m[:3, 3]
        told = np.array([transform.TransformPoint((p * flip).tolist()) for p in points]) * flip
        errors[role] = tuple(float(np.median(np.linalg.norm(x - true, axis=1))) for x in (points, told))
    return errors


class Places:
    """Names of the structures near a point, the nearest ones first."""

    def __init__(self, case: Path):
        self.image = sitk.ReadImage(str(case / "where.nrrd"))
        self.labels = sitk.GetArrayViewFromImage(self.image)
        self.names = json.loads((case / "where.json").read_text()) | {"0": "air"}

    def near(self, ras: np.ndarray) -> str:
        index = np.rint(self.image.TransformPhysicalPointToContinuousIndex((ras * [-1, -1, 1]).tolist()))[::-1].astype(
            int
        )
        where = tuple(slice(max(i - 1, 0), max(i + 2, 0)) for i in index)
        around = Counter(self.names[str(v)] for v in self.labels[where].ravel()).most_common(2)
        at = tuple(np.clip(index, 0, np.array(self.labels.shape) - 1))
        name = self.names[str(self.labels[at])]
        return " / ".join([name, *(other for other, _ in around if other != name)][:2])


def judge(case: Path, truth: dict, out: Path) -> tuple[list[dict], Counter, list[str]]:
    """Lesions with `rank` and what of their names is right, where the false candidates lie, and the story."""
    every = json.loads((out / "candidates.json").read_text())["candidates"]
    candidates = [c for c in every if c["status"] != "physiologic"]
    at = np.array([c["centroid_ras_mm"] for c in candidates]).reshape(-1, 3)
    places, lines, taken = Places(case), [], np.zeros(len(candidates), bool)
    for x in truth["lesions"]:
        center = np.array(x["centre_ras_mm"])
        near = np.linalg.norm(at - center, axis=1) <= max(10.0, x["radius_mm"])
        taken |= near
        x["rank"] = int(np.argmax(near)) + 1 if near.any() else None
        place = " ".join(filter(None, (x["side"], x["level"], x["zone"])))
        pet = f"ratio {x['ratio']} ({x['volume_ml'] or 0:.1f} ml, true SUVpeak {x['blurred_suv_peak'] or 0:.2f})"
        line = f"  {x['evidence']:8} {x['kind']} {place} {pet} at {x['centre_ras_mm']}: "
        if x["rank"] is None:
            nearest = min(every, key=lambda c: np.linalg.norm(c["centroid_ras_mm"] - center), default=None)
            line += "MISSED; nearest " + (_told(nearest, center) if nearest else "none")
        else:
            item = candidates[x["rank"] - 1]
            text = f"{item['name']} {item['structure']}".lower()
            x["right"] = {key: item[key] == x[key] for key in ("side", "level", "evidence") if x[key] is not None}
            x["right"]["structure"] = any(word in text for word in WORDS[x["structure"]])
            wrong = [what for what, ok in x["right"].items() if not ok]
            line += f"rank {x['rank']}, {_told(item, center)}" + (f"; WRONG {', '.join(wrong)}" if wrong else "")
        lines.append(line)
    false = [n for n in range(len(candidates)) if not taken[n]]
    where = [places.near(at[n]) for n in false]
    for n, name in zip(false, where, strict=True):
        lines.append(f"  false {n + 1}: {_told(candidates[n], None)}; lies in {name}")
    first = min((n + 1 for n in false), default=999)
    for x in truth["lesions"]:
        x["before_false"] = x["rank"] is not None and x["rank"] < first
    return truth["lesions"], Counter(name.split(" / ")[0] for name in where), lines


def _told(c: dict, center: np.ndarray | None) -> str:
    away = "" if center is None else f", {np.linalg.norm(np.array(c['centroid_ras_mm']) - center):.0f} mm off"
    mr = f", MR {c['mr_kind']} z {c['mr_z'] or 0:.1f}" if c["mr_kind"] else ""
    pet = f"SUVpeak {c['suv_peak'] or 0:.2f}, tbr {c['tbr'] or 0:.2f}"
    return f"'{c['name']}' [{c['evidence']}, {c['status']}] score {c['score']:.0f}, {pet}{mr}{away}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(6)))
    parser.add_argument("--groups", nargs="+", default=["low-back", "hip-replacement"])
    parser.add_argument("--anatomy", action="store_true", help="with the label map")
    parser.add_argument("--again", action="store_true", help="run anew where there is an output")
    options = parser.parse_args()
    for group in options.groups:
        lesions, kinds, false, errors, times = [], Counter(), [], [], []
        for seed in options.seeds:
            case = options.folder / f"{group}-{seed}"
            truth = json.loads((case / "truth.json").read_text())
            out, seconds, trouble = analyze(case, truth, options.anatomy, options.again)
            series = ", ".join(truth["series"])
            print(f"\n{case.name}: {truth['plane']}, {series}; PET {truth['pet']['vendor']}; {seconds:.0f} s")
            if trouble:
                print("  " + trouble)
                continue
            found, where, lines = judge(case, truth, out)
            moved = alignment_errors(out, truth)
            print("  alignment " + ", ".join(f"{role} {a:.1f} -> {b:.1f} mm" for role, (a, b) in moved.items()))
            print("\n".join(lines), flush=True)
            lesions, kinds, times = lesions + found, kinds + where, [*times, seconds]
            false.append(where.total())
            errors += [moved["PET"]] if "PET" in moved else []
        print("\n".join(summary(group, lesions, kinds, false, errors, times)))


def summary(
    group: str, lesions: list[dict], kinds: Counter, false: list[int], errors: list, times: list[float]
) -> list[str]:
    """Lines that say how a group went."""
    lines = [f"\n## {group}: {len(false)} cases, median {np.median(times):.0f} s"]
    for evidence in EVIDENCES:
        ranks = [x["rank"] for x in lesions if x["evidence"] == evidence]
        told = " ".join(str(r or "-") for r in ranks)
        lines.append(f"  {evidence:9} found {sum(r is not None for r in ranks)}/{len(ranks)}, ranks {told}")
    ahead = [x["before_false"] for x in lesions if x["rank"]]
    lines.append(f"  before every false one {sum(ahead)}/{len(ahead)} of those found")
    lines.append(
        f"  false {np.mean(false):.2f} a case: " + ", ".join(f"{name} {n}" for name, n in kinds.most_common())
    )
    right = Counter((what, ok) for x in lesions for what, ok in x.get("right", {}).items())
    told = {w: (right[w, True], right[w, True] + right[w, False]) for w in ("side", "level", "structure", "evidence")}
    lines.append("  right " + ", ".join(f"{what} {part}/{whole}" for what, (part, whole) in told.items()))
    if errors:
        before, after = np.array(errors).T
        text = f"  PET error median {np.median(before):.1f} -> {np.median(after):.1f} mm"
        text += f", worst {before.max():.1f} -> {after.max():.1f}"
        lines.append(text + f", worse by over 0.5 mm in {int(np.sum(after > before + 0.5))}")
    return lines


if __name__ == "__main__":
    main()
