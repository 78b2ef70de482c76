"""One examination: the plan of its series, its lesions, and all that is written."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from pydicom.uid import generate_uid
from scipy.spatial.transform import Rotation

from .body import SIDES, Body, Layer, RandomField
from .dicom import LPS, clock_of, write_pet, write_series
from .grid import Bend, Grid, label_map, move, rigid
from .lesions import Lesion, back_lesions, hip_lesions
from .mr import PLANES, affine_of, draw_sequences, field_of_metal, render_mr
from .pet import render_pet
from .shapes import vec


class Case:
    """One examination: who, how lying, what is wrong, which series."""

    def __init__(self, seed: int, group: str):
        self.rng = rng = np.random.default_rng([seed, 77 if group == "low-back" else 78])
        self.group, self.seed = group, seed
        self.body = Body(rng, group)
        self.side = str(rng.choice(["left", "right"]))
        if group == "hip-replacement":
            self.body.implant(self.side)
        self.bend, self.noise = Bend(rng), RandomField(rng)
        self.pose = rigid(rng.normal(0, 1.5, 3), rng.uniform([-12, -40, -150], [12, 10, 150]))
        self.ppm = field_of_metal(self.body.metal, rng)
        self._plan()
        self._choose_lesions()

    def place(self, canonical: np.ndarray) -> np.ndarray:
        """Canonical to the reference series, RAS mm."""
        return move(self.pose, self.bend.from_canonical(canonical))

    def mr_layers(self, role: str) -> list[Layer]:
        """The body and the lesions as an MR sees them; the attenuation scan is as good as blind for lesions."""
        layers = list(self.body.layers)
        for n, lesion in enumerate(self.lesions):
            if lesion.evidence == "PET only":
                continue
            weak = 0.4 if role == "ATTENUATION" else 1.0
            spotty = (9000 + 13 * n, 6.0, -2.2, -0.6)
            layers += [
                Layer(shape, lesion.kind, tissue, None, edge, strength * weak, spotty)
                for shape, tissue, edge, strength in lesion.mr
            ]
        metal = [layer for layer in layers if layer.name == "implant"]
        return [layer for layer in layers if layer.name != "implant"] + metal

    def _plan(self) -> None:
        """Planes, fields of view and small movements between the series."""
        rng, back = self.rng, self.group == "low-back"
        plane = str(rng.choice(["sagittal", "coronal", "axial"], p=[0.6, 0.22, 0.18] if back else [0.0, 0.7, 0.3]))
        middle = (
            np.array([0.0, {"sagittal": 0, "coronal": -18, "axial": 0}[plane], 25.0])
            if back
            else np.array([0.0, 8, -125])
        )
        fov = rng.uniform(270, 330) if back else rng.uniform(370, 420)
        if not back and rng.random() < 0.25:  # one hip only
            middle, fov = middle + vec(SIDES[self.side] * 95, 0, 0), rng.uniform(220, 260)
        thick = rng.uniform(3.0, 5.0)
        extent = {"sagittal": rng.uniform(80, 135), "coronal": rng.uniform(95, 130), "axial": rng.uniform(150, 220)}[
            plane
        ]
        self.plane, self.center = plane, middle
        self.series = []
        for sequence in draw_sequences(rng, plane, self.group):
            moved = np.eye(4)
            if sequence.role not in ("T1", "ATTENUATION"):
                moved = rigid(
                    rng.normal(0, 0.3, 3).clip(-0.8, 0.8), rng.normal(0, 0.8, 3).clip(-3, 3), self._lying(middle)
                )
            own = plane
            if sequence.role == "T2" and rng.random() < 0.3:
                own = "axial"
            tilt = Rotation.from_euler("xyz", rng.normal(0, 4, 3) * (own != "axial"), degrees=True).as_matrix()
            n = 256 if own != "axial" or not back else 224
            gap = thick * rng.uniform(1.0, 1.2)
            wide = fov * (0.85 if own == "axial" and back else 1.0)
            shape, spacing = (round((extent if own == plane else 160) / gap), n, n), (wide / n, wide / n, gap)
            axes = tilt @ PLANES[own]
            if sequence.role == "ATTENUATION":
                shape, spacing, axes, own = (128, 128, 192), (2.3, 2.6, 2.6), PLANES["axial"], "axial"
            affine = affine_of(axes, spacing, shape, move(moved, self._lying(middle)))
            self.series.append([sequence, own, shape, affine, moved, thick])
        badly = rng.random() < 0.4
        turn = rng.uniform(-3.5, 3.5, 3) if badly else rng.normal(0, 0.4, 3)
        shift = rng.uniform(-5.7, 5.7, 3) if badly else rng.normal(0, 1.0, 3)
        self.pet_moved = rigid(turn, shift, self._lying(middle))
        for one in self.series:
            if one[0].role == "ATTENUATION":
                one[3], one[4] = rigid((0, 0, 0), shift) @ one[3], self.pet_moved
        self.pet_center = move(self.pet_moved, self._lying(np.array([0.0, 8.0, middle[2] + rng.uniform(-25, 25)])))

    def _lying(self, canonical: np.ndarray) -> np.ndarray:
        return move(self.pose, canonical)

    def _in_view(self, role: str, lesion: Lesion) -> bool:
        point = self.place(lesion.center)[0]
        for sequence, _, shape, affine, moved, _ in self.series:
            if sequence.role == role:
                spacing = np.linalg.norm(affine[:3, :3], axis=0)
                index = move(np.linalg.inv(affine), move(moved, point))
                return bool(np.all(index * spacing > 8) and np.all((np.array(shape[::-1]) - 1 - index) * spacing > 8))
        return False

    def _choose_lesions(self) -> None:
        rng = self.rng
        every = back_lesions(self.body, rng) if self.group == "low-back" else hip_lesions(self.body, rng, self.side)
        kinds = sorted({x.kind for x in every})
        count, self.lesions = rng.choice(5, p=[0.12, 0.25, 0.3, 0.2, 0.13]), []
        for _ in range(60):
            if len(self.lesions) == count:
                break
            kind = rng.choice(kinds)
            lesion = replace(every[rng.choice([n for n, x in enumerate(every) if x.kind == kind])])
            shown = self._in_view("T1", lesion) and self._in_view("FLUID", lesion)
            if any(np.linalg.norm(lesion.center - x.center) < 30 for x in self.lesions):
                continue
            if abs(self.place(lesion.center)[0][2] - self.pet_center[2]) > 110:
                continue
            if lesion.evidence == "PET+MR":
                lesion.evidence = str(rng.choice(["PET+MR", "PET only", "MR only"], p=[0.62, 0.2, 0.18]))
            if lesion.evidence == "PET+MR" and not shown:
                lesion.evidence = "PET only"
            if lesion.evidence == "MR only" and not shown:
                continue
            if lesion.evidence == "PET only" and not (self._in_view("T1", lesion) or rng.random() < 0.2):
                continue
            lesion.ratio = 1.0 if lesion.evidence == "MR only" else float(rng.uniform(1.5, 2.9))
            self.lesions.append(lesion)

    def write(self, folder: Path) -> None:
        rng, date = self.rng, "20260314"
        common = {
            "PatientName": f"OTHER^{self.group}",
            "PatientID": f"O{self.seed}",
            "PatientSex": "O",
            "PatientAge": f"{int(self.body.age):03d}Y",
            "StudyInstanceUID": generate_uid(),
            "FrameOfReferenceUID": generate_uid(),
            "StudyDate": date,
            "StudyTime": "093000",
            "AccessionNumber": "",
            "StudyID": "1",
            "ReferringPhysicianName": "",
            "PatientBirthDate": "",
            "PatientPosition": "HFS",
        }
        transforms = {}
        for number, (sequence, plane, shape, affine, moved, thick) in enumerate(self.series, start=2):
            voxels = render_mr(self, sequence, affine, shape, moved, plane)
            header = (
                common
                | {
                    "SOPClassUID": "1.2.840.10008.5.1.4.1.1.4",
                    "Modality": "MR",
                    "SeriesDescription": sequence.description,
                    "SeriesNumber": number,
                    "RepetitionTime": f"{sequence.tr:.1f}",
                    "EchoTime": f"{sequence.te:.2f}",
                    "FlipAngle": f"{sequence.flip}",
                    "MagneticFieldStrength": "3",
                    "SliceThickness": f"{thick:.2f}",
                    "MRAcquisitionType": "2D",
                    "SequenceVariant": "SK",
                    "SpacingBetweenSlices": f"{np.linalg.norm(affine[:3, 2]):.4f}",
                    "Manufacturer": "SIEMENS",
                    "SeriesDate": date,
                    "SeriesTime": clock_of(36000 + 300 * number),
                    "ImageType": ["ORIGINAL", "PRIMARY"],
                    "ScanOptions": "",
                }
                | sequence.header
            )
            if sequence.ti:
                header["InversionTime"] = f"{sequence.ti:.0f}"
            write_series(folder / "dicom" / f"{number:02d}", voxels, affine, header, lambda k: {})
            transforms[sequence.role] = moved.tolist()
        suv, affine = render_pet(self, self.pet_center, self.pet_moved)
        transforms["PET"] = self.pet_moved.tolist()
        header = write_pet(folder / "dicom" / "90", suv, affine, common, rng)
        self._write_maps(folder)
        self._write_truth(folder, transforms, header)

    def _write_maps(self, folder: Path) -> None:
        """The anatomy in the frame of the T1 and the finer map of everything, on 3 mm around the field of view."""
        _, _, shape, affine, _, _ = self.series[0]
        around = affine_of(PLANES["axial"], (3.0,) * 3, (110, 90, 140), self._lying(self.center))
        for name, frame, size, key in (
            ("anatomy", affine, shape, lambda layer: layer.label),
            ("where", around, (110, 90, 140), lambda layer: layer.name),
        ):
            grid = Grid(np.linalg.inv(self.pose) @ frame, size, self.bend)
            labels, names = label_map(self.body.layers, grid, key)
            image, lps = sitk.GetImageFromArray(labels), LPS @ frame
            spacing = np.linalg.norm(lps[:3, :3], axis=0)
            image.SetSpacing(spacing.tolist())
            image.SetOrigin(lps[:3, 3].tolist())
            image.SetDirection((lps[:3, :3] / spacing).ravel().tolist())
            sitk.WriteImage(image, str(folder / f"{name}.nrrd"), useCompression=True)
            (folder / f"{name}.json").write_text(json.dumps({str(n): text for n, text in names.items()}, indent=1))

    def _write_truth(self, folder: Path, transforms: dict, header: dict) -> None:
        lesions = []
        for n, x in enumerate(self.lesions, start=1):
            lesions.append(
                {
                    "id": f"lesion-{n}",
                    "evidence": x.evidence,
                    "kind": x.kind,
                    "structure": x.structure,
                    "side": x.side,
                    "level": x.level,
                    "zone": x.zone,
                    "centre_ras_mm": np.round(self.place(x.center)[0], 2).tolist(),
                    "radius_mm": round(float(x.radius), 1),
                    "ratio": round(x.ratio, 2),
                    "reference_suv": round(x.reference, 2),
                    "blurred_suv_peak": x.suv_peak,
                    "blurred_suv_max": x.suv_max,
                    "volume_ml": x.volume_ml,
                }
            )
        arguments = ["--group", self.group]
        if self.group == "hip-replacement":
            arguments += ["--prosthesis-side", self.side]
        painful = [x for x in self.lesions if x.side in SIDES]
        if painful and self.rng.random() < 0.6:
            arguments += ["--pain-side", painful[0].side]
        truth = {
            "group": self.group,
            "seed": self.seed,
            "arguments": arguments,
            "lesions": lesions,
            "pet": header,
            "reference_to_series_ras": transforms,
            "plane": self.plane,
            "series": [s[0].description for s in self.series],
            "landmarks_ras_mm": {
                name: np.round(self.place(p)[0], 2).tolist() for name, p in self.body.landmarks.items()
            },
        }
        (folder / "truth.json").write_text(json.dumps(truth, indent=1))
