"""The main job on real data: it finishes, finds the tumor, and does not join what it could not align."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PainGeneratorLib.Headless.cli import DONE, main

pytestmark = [pytest.mark.slow, pytest.mark.data, pytest.mark.scene]

SUV_MAX = {"STS_007": 9.88, "STS_018": 4.32, "STS_036": 9.03}
"""Of the tumor's contour on the same PET volume (data/README.md)."""


@pytest.fixture(scope="module", params=["sts-001-pet-mr", *SUV_MAX])
def analyzed(request: pytest.FixtureRequest, data_folder: Path, tmp_path_factory: pytest.TempPathFactory):
    """Name and output folder of one real case."""
    name = request.param
    case = data_folder / name if name.startswith("sts") else data_folder / "sts-hip-spine" / name
    output = tmp_path_factory.mktemp(name) / "out"
    group = "hip-replacement" if name == "STS_036" else "low-back"
    assert main(["analyze", str(case), "--output", str(output), "--group", group]) == DONE
    return name, output


def list_of(output: Path, name: str = "candidates") -> list[dict]:
    return json.loads((output / "candidates.json").read_text())[name]


def test_the_tumor_has_to_be_looked_at_and_has_the_suvmax_of_the_same_volume(analyzed) -> None:
    name, output = analyzed
    if name not in SUV_MAX:
        pytest.skip("the SUVmax of this case's tumor is not known from elsewhere")
    values = [entry["suv_max"] for entry in list_of(output, "attention") if entry["suv_max"] is not None]
    assert min(abs(value / SUV_MAX[name] - 1.0) for value in values) < 0.01


def test_the_scene_opens_in_a_new_process_with_the_same_candidates(analyzed) -> None:
    _, output = analyzed
    program = (
        "import json, sys\n"
        "from PainGeneratorLib.Headless.host import HeadlessHost\n"
        "from PainGeneratorLib.Scene.read_case import read_case\n"
        "with HeadlessHost() as host:\n"
        "    host.load_mrb(sys.argv[1])\n"
        "    print(json.dumps([c.to_json() for c in read_case(host.scene).candidates]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(output / "case.mrb")], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == list_of(output)


def test_every_written_segmentation_opens_with_another_reader(analyzed) -> None:
    import SimpleITK as sitk

    _, output = analyzed
    for name in ("pet-hot-spots", "mr-findings", "pain-generators"):
        assert sitk.ReadImage(str(output / f"{name}.seg.nrrd")).GetSize()


def test_what_cannot_be_aligned_is_said_and_not_joined_and_the_rest_is_near_the_scanner(analyzed) -> None:
    name, output = analyzed
    pet = json.loads((output / "alignment.json").read_text())["series"]["PET"]
    if name == "sts-001-pet-mr":
        assert pet["verdict"] == "not aligned"
        assert "point pairs" in pet["advice"]
        assert {c["evidence"] for c in list_of(output)} <= {"PET only", "MR only"}
        assert all("not-aligned" in c["flags"] for c in list_of(output))
        assert "point pairs" in (output / "report.html").read_text(encoding="utf-8")
    else:
        # The files' own alignment is 4.5 to 14 mm from the one through the CT (data/README.md).
        assert pet["shift_mm"] < 20.0
        assert pet["through"] == "ATTENUATION"


def test_landmark_pairs_bring_the_hard_case_near_the_known_alignment(data_folder: Path, tmp_path: Path) -> None:
    import SimpleITK as sitk

    case = data_folder / "sts-001-pet-mr"
    known = sitk.ReadTransform(str(case / "STS001_MRT1raw_to_PETframe.tfm"))
    rng = np.random.default_rng(5)
    in_pet_lps = np.array([70.92, 11.53, -789.17]) + rng.uniform(-60.0, 60.0, (6, 3))
    rows = ["role,reference_r,reference_a,reference_s,series_r,series_a,series_s"]
    flip = np.array([-1.0, -1.0, 1.0])
    for point in in_pet_lps:
        reference = np.array(known.TransformPoint(point.tolist())) * flip + rng.normal(0.0, 1.5, 3)
        series = point * flip
        rows.append(",".join(["PET", *(f"{x:.2f}" for x in (*reference, *series))]))
    landmarks = tmp_path / "landmarks.csv"
    landmarks.write_text("\n".join(rows) + "\n")
    output = tmp_path / "out"
    words = ["analyze", str(case), "--output", str(output), "--group", "low-back", "--landmarks", str(landmarks)]
    assert main(words) == DONE
    pet = json.loads((output / "alignment.json").read_text())["series"]["PET"]
    assert pet["verdict"] == "aligned"
    transform = sitk.ReadTransform(str(output / "transforms" / "PET-to-reference.tfm"))
    errors = [
        np.linalg.norm(np.array(transform.TransformPoint(known.TransformPoint(p.tolist()))) - p) for p in in_pet_lps
    ]
    assert np.mean(errors) < 5.0
