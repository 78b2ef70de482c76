"""Other people's programs that read what we write: where they are, and what they say."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


def program(name: str, package: str) -> str:
    """Path of a program; the test is skipped, or fails in CI, where it is missing."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.is_file() else shutil.which(name)
    if found is None:
        text = f"{name} is not installed ({package})"
        if os.environ.get("CI"):
            pytest.fail(text)
        pytest.skip(text)
    return found


def errors_of(path: Path) -> list[str]:
    """The errors that dciodvfy finds in an object."""
    command = [program("dciodvfy", "Debian package dicom3tools"), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    said = (done.stdout + done.stderr).splitlines()
    assert any(not line.startswith(("Error", "Warning")) for line in said), "dciodvfy did not know the object"
    return [line for line in said if line.startswith("Error")]


def segments_by_dcmqi(path: Path, folder: Path) -> list[tuple[dict[str, Any], Any]]:
    """What ``segimage2itkimage`` gives: facts of each segment, and the image (SimpleITK) that holds it."""
    import SimpleITK as sitk

    folder.mkdir()
    subprocess.run(
        [
            program("segimage2itkimage", "PyPI package dcmqi"),
            *("--inputDICOM", str(path), "--outputDirectory", str(folder), "--prefix", "s", "-t", "nrrd"),
        ],
        check=True,
        capture_output=True,
    )
    facts = json.loads((folder / "s-meta.json").read_text())["segmentAttributes"]
    files = sorted(folder.glob("*.nrrd"), key=lambda one: int(one.stem.split("-")[-1]))
    images = [sitk.ReadImage(str(file)) for file in files]
    return [(one, image) for group, image in zip(facts, images, strict=True) for one in group]


def report_by_dcmqi(path: Path, output: Path) -> dict[str, Any]:
    """What ``tid1500reader`` gives."""
    subprocess.run(
        [program("tid1500reader", "PyPI package dcmqi"), "--inputDICOM", str(path), "--outputMetadata", str(output)],
        check=True,
        capture_output=True,
    )
    return json.loads(output.read_text(encoding="utf-8"))
