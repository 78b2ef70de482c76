"""The command line as a contract: exit status, one line of reason and one of advice, all outputs or none."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from input_cases.pet_series import START, write_pet
from PainGeneratorLib.Headless import cli
from PainGeneratorLib.Headless.cli import BAD_INPUT, DONE, INTERRUPTED, main
from PainGeneratorLib.Phantoms.case import write_phantom
from report_examples import attention_examples, example_site_table, set_apart_examples

pytestmark = pytest.mark.scene

OUTPUTS = {
    "candidates.json",
    "candidates.csv",
    "set-apart.csv",
    "ledger.csv",
    "mr-findings.json",
    "mr-findings.csv",
    "sites.json",
    "sites.csv",
    "suv.json",
    "alignment.json",
    "transforms",
    "pet-hot-spots.seg.nrrd",
    "mr-findings.seg.nrrd",
    "pain-generators.seg.nrrd",
    "targets.mrk.json",
    "targets.csv",
    "target-outlines",
    "report.html",
    "report.pdf",
    "report.txt",
    "case.mrb",
    "timings.json",
    "provenance.json",
    "written-files.json",
    "notes.txt",
    "dicom-objects.json",
    "pain-generators.seg.dcm",
    "pain-generators-T1.seg.dcm",
    "measurements.sr.dcm",
    "key-images",
    "report.dcm",
}
CANDIDATE_FIELDS = {
    *("id", "rank", "score", "score_parts", "name", "short_name", "structure", "side", "side_certainty", "level"),
    *("level_certainty", "zone", "evidence", "strength", "pet_state", "mr_state", "reason", "status"),
    *("origin", "centroid_ras_mm", "volume_ml", "suv_max", "suv_peak", "suv_mean", "mtv_ml", "tlg_g", "tbr"),
    *(
        "left_right_ratio",
        "mr_kind",
        "mr_z",
        "distance_to_pain_mm",
        "flags",
        "ledger",
        "acts",
        "decided_by",
        "decided_at",
    ),
}


@pytest.fixture(scope="module")
def phantom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small low-back case: ``dicom/`` and ``truth.json``."""
    folder = tmp_path_factory.mktemp("phantom")
    write_phantom(folder, "low-back", 3, size="small")
    return folder


@pytest.fixture(scope="module")
def results(phantom: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``analyze`` writes for the small case."""
    folder = tmp_path_factory.mktemp("results") / "out"
    status = main(["analyze", str(phantom / "dicom"), "--output", str(folder), "--group", "low-back"])
    assert status == DONE
    return folder


@pytest.fixture
def case(phantom: Path, tmp_path: Path) -> Path:
    """A copy of the small case's DICOM folder, to be damaged."""
    return Path(shutil.copytree(phantom / "dicom", tmp_path / "case"))


def state(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(p): (p.stat().st_size, p.stat().st_mtime_ns) for p in sorted(folder.rglob("*"))}


def edit(folder: Path, change: Callable, modality: str) -> None:
    """Change every DICOM file of a modality."""
    import pydicom

    for file in sorted(folder.rglob("*")):
        if file.is_file():
            dataset = pydicom.dcmread(file)
            if dataset.Modality == modality:
                change(dataset)
                dataset.save_as(file)


def pet_files(folder: Path) -> list[Path]:
    import pydicom

    return [f for f in sorted(folder.rglob("*")) if f.is_file() and pydicom.dcmread(f).Modality == "PT"]


def test_analyze_writes_all_outputs_and_nothing_else(results: Path) -> None:
    assert {path.name for path in results.iterdir()} == OUTPUTS
    assert [path.name for path in results.parent.iterdir()] == ["out"]


def test_the_terminal_shows_candidates_then_the_other_lists_then_sites_then_the_report(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = SimpleNamespace(
        sites=example_site_table("uncertain"), set_apart=set_apart_examples(), attention=attention_examples()
    )
    cli._show(SimpleNamespace(candidates=[], warnings=["Odd."], found=found), (), Path("out/report.html"))
    shown = capsys.readouterr()
    assert shown.out.splitlines() == [
        "No candidate pain generator was found.",
        "2 set apart, 1 to be looked at (report.html, set-apart.csv).",
        "Sites: 116 measured, 3 raised, 5 not assessable (sites.csv); levels uncertain: counted from the sacrum.",
        "Report: out/report.html",
    ]
    assert shown.err == "Warning: Odd.\n"


def test_the_table_of_sites_is_the_same_in_json_and_csv(results: Path) -> None:
    content = json.loads((results / "sites.json").read_text())
    rows = list(csv.DictReader((results / "sites.csv").open(encoding="utf-8-sig", newline="")))
    assert content["schema"] == 1
    assert [row["name"] for row in rows] == [site["name"] for site in content["sites"]]
    assert len(rows) == content["counts"]["sites"]
    assert content["conclusion"]


def test_the_three_lists_have_the_fields_of_the_contract(results: Path) -> None:
    content = json.loads((results / "candidates.json").read_text())
    assert content["schema"] == 2
    assert content["case"]["group"] == "low-back"
    assert [c["rank"] for c in content["candidates"]] == list(range(1, len(content["candidates"]) + 1))
    lists = [content[name] for name in ("candidates", "set_apart", "attention")]
    entries = [entry for listed in lists for entry in listed]
    assert len({entry["id"] for entry in entries}) == len(entries)
    for entry in entries:
        assert set(entry) >= CANDIDATE_FIELDS
        assert entry["score"] == pytest.approx(sum(entry["score_parts"].values()), abs=0.1)
        assert entry["score"] == pytest.approx(sum(sign["points"] for sign in entry["ledger"]), abs=0.1)
        assert all(sign["source"] for sign in entry["ledger"])
        assert bool(entry["reason"]) == (entry not in content["candidates"])
    assert all(entry["score"] >= 1.0 for entry in content["candidates"])
    assert all(entry["score"] < 1.0 for entry in content["set_apart"])


def test_the_files_of_one_run_hold_the_same_entries(results: Path) -> None:
    content = json.loads((results / "candidates.json").read_text())
    listed = {name: [entry["id"] for entry in content[name]] for name in ("candidates", "set_apart", "attention")}

    def rows(name: str) -> list[dict[str, str]]:
        return list(csv.DictReader((results / name).open(encoding="utf-8", newline="")))

    assert [row["id"] for row in rows("candidates.csv")] == listed["candidates"]
    apart = [(row["list"], row["id"]) for row in rows("set-apart.csv")]
    assert apart == [(name, key) for name in ("attention", "set_apart") for key in listed[name]]
    signs = {(row["list"], row["id"]) for row in rows("ledger.csv")}
    assert signs == {(name, key) for name, keys in listed.items() for key in keys}
    anchored = {key for row in rows("sites.csv") for key in row["candidates"].split(";") if key}
    assert anchored <= set(listed["candidates"])


def test_every_mr_finding_stands_in_json_and_csv_with_the_entry_that_holds_it_or_why_none_does(results: Path) -> None:
    content = json.loads((results / "mr-findings.json").read_text())
    rows = list(csv.DictReader((results / "mr-findings.csv").open(encoding="utf-8", newline="")))
    found = content["findings"]
    assert content["schema"] == 1
    assert [row["entry_id"] for row in rows] == [one["entry_id"] or "" for one in found]
    assert {one["counts_as"] for one in found} == {"finding", "weak", "usual"}
    lists = json.loads((results / "candidates.json").read_text())
    for one in found:
        assert one["name"]
        assert (one["list"] is None) == (one["entry_id"] is None)
        assert one["reason"] or one["list"] == "candidates"
        if one["list"]:
            assert one["entry_id"] in {entry["id"] for entry in lists[one["list"]]}
    on_mr = {e["id"] for name in ("candidates", "set_apart", "attention") for e in lists[name] if e["mr_kind"]}
    assert on_mr == {one["entry_id"] for one in found} - {None}


def test_times_and_memory_of_every_stage_are_written(results: Path) -> None:
    timings = json.loads((results / "timings.json").read_text())
    stages = [entry["stage"] for entry in timings["stages"]]
    assert {"case", "suv", "alignment", "mr_findings", "hot_spots", "candidates", "report", "scene"} <= set(stages)


def test_the_provenance_names_every_input_file_with_its_hash(results: Path, phantom: Path) -> None:
    import hashlib

    provenance = json.loads((results / "provenance.json").read_text())
    first = provenance["input_files"][0]
    data = (phantom / "dicom" / first["name"]).read_bytes()
    assert first["sha256"] == hashlib.sha256(data).hexdigest()
    values = provenance["protocol"]["values"]
    assert values["fusion"]["bar"] == 1.0
    assert values["evidence"]["modic_1"]["present"] == 10.0


def test_every_segmentation_opens_with_another_reader_and_lies_where_the_candidates_are(results: Path) -> None:
    import SimpleITK as sitk

    image = sitk.ReadImage(str(results / "pain-generators.seg.nrrd"))
    candidates = json.loads((results / "candidates.json").read_text())["candidates"]
    array = sitk.GetArrayFromImage(image)
    array = array if array.ndim == 3 else array.max(axis=-1)
    kji = np.argwhere(array > 0)
    assert len(kji), "no candidate was drawn"
    found = np.array([image.TransformIndexToPhysicalPoint([int(n) for n in p[::-1]]) for p in kji]) * [-1, -1, 1]
    for candidate in candidates:
        assert np.linalg.norm(found - candidate["centroid_ras_mm"], axis=1).min() < 6.0


@pytest.mark.slow
def test_the_scene_opens_in_a_new_process_with_the_same_segments_and_numbers(results: Path) -> None:
    program = (
        "import json, sys\n"
        "from PainGeneratorLib.Headless.host import HeadlessHost\n"
        "from PainGeneratorLib.Scene.read_case import read_case\n"
        "with HeadlessHost() as host:\n"
        "    host.load_mrb(sys.argv[1])\n"
        "    content = read_case(host.scene)\n"
        "    rows = [{**c.to_json(), 'voxels': len(c.region)} for c in content.candidates]\n"
        "    print(json.dumps([rows, content.edited, content.removed, len(content.added)]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(results / "case.mrb")], capture_output=True, text=True, check=True
    )
    rows, edited, removed, added = json.loads(done.stdout)
    written = json.loads((results / "candidates.json").read_text())["candidates"]
    assert (edited, removed, added) == ([], [], 0)
    assert all(row.pop("voxels") > 0 for row in rows)
    assert rows == written


def test_the_transform_maps_reference_points_to_points_of_the_series(results: Path) -> None:
    import SimpleITK as sitk

    alignment = json.loads((results / "alignment.json").read_text())
    matrix = np.array(alignment["series"]["PET"]["reference_to_series_ras"])
    transform = sitk.ReadTransform(str(results / "transforms" / "PET-to-reference.tfm"))
    point_ras = np.array([12.0, -34.0, 56.0])
    expected = (matrix @ [*point_ras, 1.0])[:3]
    moved = np.array(transform.TransformPoint((point_ras * [-1, -1, 1]).tolist())) * [-1, -1, 1]
    assert np.allclose(moved, expected, atol=1e-4)


def test_the_report_says_what_it_is(results: Path) -> None:
    text = (results / "report.html").read_text(encoding="utf-8")
    assert "research use only" in text.lower()
    assert "candidate" in text


def test_the_target_points_are_those_of_the_candidates(results: Path) -> None:
    markups = json.loads((results / "targets.mrk.json").read_text())["markups"][0]
    flip = np.array([-1, -1, 1]) if markups["coordinateSystem"] == "LPS" else np.ones(3)
    points = [np.array(p["position"]) * flip for p in markups["controlPoints"]]
    candidates = json.loads((results / "candidates.json").read_text())["candidates"]
    assert np.allclose(points, [c["centroid_ras_mm"] for c in candidates], atol=0.02)


# --- input that cannot be used -------------------------------------------------------------------------------------


def empty(case: Path) -> None:
    shutil.rmtree(case)
    case.mkdir()


def without_pet(case: Path) -> None:
    for file in pet_files(case):
        file.unlink()


def not_attenuation_corrected(case: Path) -> None:
    def change(dataset) -> None:
        dataset.CorrectedImage = [word for word in dataset.CorrectedImage if word != "ATTN"]

    edit(case, change, "PT")


def counts_without_factor(case: Path) -> None:
    edit(case, lambda dataset: setattr(dataset, "Units", "CNTS"), "PT")


def without_weight(case: Path) -> None:
    edit(case, lambda dataset: setattr(dataset, "PatientWeight", None), "PT")


def injection_after_scan(case: Path) -> None:
    def change(dataset) -> None:
        item = dataset.RadiopharmaceuticalInformationSequence[0]
        item.RadiopharmaceuticalStartDateTime = dataset.SeriesDate + "235900"
        item.RadiopharmaceuticalStartTime = "235900"
        for keyword in ("SeriesTime", "AcquisitionTime"):
            setattr(dataset, keyword, "120000")

    edit(case, change, "PT")


def truncated(case: Path) -> None:
    file = pet_files(case)[5]
    file.write_bytes(file.read_bytes()[:-2000])


def missing_slice(case: Path) -> None:
    import pydicom

    files = sorted(pet_files(case), key=lambda f: float(pydicom.dcmread(f).ImagePositionPatient[2]))
    files[len(files) // 2].unlink()


def two_patients(case: Path) -> None:
    import pydicom

    for number, file in enumerate(pet_files(case)):
        if number % 2:
            dataset = pydicom.dcmread(file)
            dataset.PatientID, dataset.PatientName = "OTHER-77", "Other^Person"
            dataset.save_as(file)


def pet_of_another_patient(case: Path) -> None:
    def change(dataset) -> None:
        dataset.PatientID, dataset.PatientName = "OTHER-77", "Other^Person"

    edit(case, change, "PT")


BAD_INPUTS = [
    (empty, "no DICOM"),
    (without_pet, "no PET"),
    (not_attenuation_corrected, "attenuation"),
    (counts_without_factor, "counts"),
    (without_weight, "weight"),
    (injection_after_scan, "inject"),
    (truncated, "truncated|cut off|incomplete|shorter|damaged"),
    (missing_slice, "missing"),
    (two_patients, "OTHER-77"),
    (pet_of_another_patient, "OTHER-77"),
]


@pytest.mark.parametrize(("damage", "word"), BAD_INPUTS, ids=[f.__name__ for f, _ in BAD_INPUTS])
def test_bad_input_ends_with_one_line_of_reason_and_one_of_advice(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture, damage: Callable, word: str
) -> None:
    import re

    damage(case)
    before = state(case)
    output = tmp_path / "results" / "out"
    status = main(["analyze", str(case), "--output", str(output), "--group", "low-back"])
    lines = [line for line in capsys.readouterr().err.splitlines() if "%" not in line[:5]]
    assert status == BAD_INPUT, lines
    assert len(lines) == 2, lines
    assert re.search(word, " ".join(lines), re.IGNORECASE), lines
    assert "Traceback" not in " ".join(lines)
    assert state(case) == before
    assert not (tmp_path / "results").exists()


def test_an_existing_output_folder_is_left_alone(case: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    output = tmp_path / "out"
    output.mkdir()
    (output / "precious.txt").write_text("mine")
    assert main(["analyze", str(case), "--output", str(output), "--group", "low-back"]) == BAD_INPUT
    assert "--overwrite" in capsys.readouterr().err
    assert [p.name for p in output.iterdir()] == ["precious.txt"]


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["suv", str(tmp_path / "nowhere")]) == BAD_INPUT
    assert "nowhere" in capsys.readouterr().err


def test_a_full_disk_leaves_nothing_behind(
    phantom: Path, tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno

    import PainGeneratorLib.Headless.run as run

    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(run, "analyze", full)
    output = tmp_path / "out"
    assert main(["analyze", str(phantom / "dicom"), "--output", str(output)]) == BAD_INPUT
    assert "disk" in capsys.readouterr().err.lower()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "words",
    [
        ["analyze", "case"],
        ["analyze", "case", "--output", "o", "--pain-site", "1,2"],
        ["analyze", "case", "--output", "o", "--role", "3=KNEE"],
        ["analyze", "case", "--output", "o", "--weight", "-3"],
        ["suv", "case", "--injection-time", "noon"],
        ["nonsense"],
        [],
    ],
)
def test_wrong_usage_ends_with_status_2(words: list[str], capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as error:
        main(words)
    assert error.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_weight_given_by_hand_takes_the_place_of_the_missing_one_and_is_marked(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    without_weight(case)
    assert main(["suv", str(case), "--weight", "70", "--json"]) == DONE
    content = json.loads(capsys.readouterr().out)
    assert content["weight_kg"] == 70.0
    assert any("eight" in name for name in content["given_by_hand"])


def test_dose_time_and_nuclide_by_hand_take_the_place_of_a_missing_injection(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    write_pet(tmp_path / "pet", injections=[])
    words = ["suv", str(tmp_path / "pet"), "--dose", "368.08", "--injection-time", "2025-01-02 10:00:00"]
    assert main([*words, "--nuclide", "F-18", "--json"]) == DONE
    content = json.loads(capsys.readouterr().out)
    assert content["factor"] == pytest.approx(START, rel=1e-6)
    assert content["given_by_hand"] == ["Injected dose", "Half-life", "Injection"]
    assert main([*words, "--nuclide", "Tc-99m"]) == BAD_INPUT
    assert "Tc-99m" in capsys.readouterr().err


def test_the_suv_volume_is_written_once_and_not_into_the_input(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    import SimpleITK as sitk

    output = tmp_path / "suv.nrrd"
    assert main(["suv", str(case), "--output", str(output)]) == DONE
    assert sitk.GetArrayFromImage(sitk.ReadImage(str(output))).max() > 1.0
    assert main(["suv", str(case), "--output", str(output)]) == BAD_INPUT
    assert main(["suv", str(case), "--output", str(case / "suv.nrrd")]) == BAD_INPUT
    assert main(["suv", str(case), "--output", str(tmp_path / "suv.txt")]) == BAD_INPUT
    assert {p.name for p in tmp_path.iterdir()} == {"case", "suv.nrrd"}


def heed_signals() -> None:
    """A test run in the background ignores Ctrl-C, and its children would inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.slow
@pytest.mark.parametrize("wait", [1.0, 2.0, 6.0])
def test_ctrl_c_leaves_no_partial_output(phantom: Path, tmp_path: Path, wait: float) -> None:
    command = [sys.executable, "-m", "PainGeneratorLib.Headless.cli", "analyze", str(phantom / "dicom")]
    process = subprocess.Popen(
        [*command, "--output", str(tmp_path / "out")],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        preexec_fn=heed_signals,
    )
    time.sleep(wait)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == INTERRUPTED, errors.decode()
    assert b"Traceback" not in errors
    assert list(tmp_path.iterdir()) == []


def test_help_answers_without_loading_slicer() -> None:
    program = (
        "import sys\n"
        "from PainGeneratorLib.Headless.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print('numpy' in sys.modules, 'slicer' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False False"
