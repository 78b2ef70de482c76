"""Anatomy in other forms: folders of masks, DICOM SEG, headers that other programs write, values that are no
labels."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import SimpleITK as sitk
from label_maps import (
    DISCS,
    GRID,
    PLAIN_SPINE,
    SPINE,
    counted,
    inside,
    nifti,
    renumbered,
    save,
    says,
    write_names,
)
from PainGeneratorLib.Anatomy.anatomy_files import read_anatomy_file
from PainGeneratorLib.Numerics.core.image import LPS_TO_RAS, Geometry, Image, transform_points

from .judging import InputCase, Judged, Outcome, judged

KIND = "anatomy in other forms"
PLAIN = counted(PLAIN_SPINE)
MASKS = (*PLAIN_SPINE, "kidney_left", "kidney_right", "hip_left", "hip_right", "urinary_bladder")
FOLDERS = "https://github.com/wasserth/TotalSegmentator/issues/235"
GZ = "https://github.com/nipy/nibabel/issues/966"
NIFTI = "https://nifti.nimh.nih.gov/pub/dist/src/niftilib/nifti1.h"
REFUSED = (Outcome.REFUSED,)
WARNED = (Outcome.WARNED,)

_CASES: list[InputCase] = []


def _add(
    name: str,
    source: str,
    judge: Callable[[Path], Judged],
    accepted: tuple[Outcome, ...] = (Outcome.RIGHT,),
    **more: Any,
) -> None:
    _CASES.append(InputCase(f"forms-{name}", KIND, source, judge, accepted, **more))


def _named(path: Path, folder: Path, **judging: Any) -> Judged:
    """Read a map of the plain spine with a file of names."""
    names = write_names(PLAIN, folder / "names.json")
    judging.setdefault("may_warn", False)
    return judged(lambda: read_anatomy_file(path, names), says(PLAIN), **judging)


def _refused(path: Path, folder: Path, text: str) -> Judged:
    names = write_names(PLAIN, folder / "names.json")
    return judged(lambda: read_anatomy_file(path, names), refused_by=text)


# --- folders of masks and single masks


def _masks(folder: Path, names: tuple[str, ...] = MASKS, suffix: str = ".nii.gz", maximum: int = 1) -> Path:
    folder.mkdir(exist_ok=True)
    for name in names:
        image = renumbered({name: 1})
        mask = Image((image.array * maximum).astype(np.uint8), image.geometry)
        (nifti if ".nii" in suffix else save)(mask, folder / f"{name}{suffix}")
    return folder


def _folder(suffix: str = ".nii.gz", maximum: int = 1, **judging: Any) -> Callable[[Path], Judged]:
    def judge(folder: Path) -> Judged:
        path = _masks(folder / "segmentations", MASKS, suffix, maximum)
        judging.setdefault("may_warn", False)
        return judged(lambda: read_anatomy_file(path), says(MASKS), **judging)

    return judge


def _folder_with_more(folder: Path) -> Judged:
    """Empty masks of structures out of view, a statistics file, and a picture stand beside the masks."""
    path = _masks(folder / "out")
    for name in ("brain", "femur_left"):
        nifti(Image(np.zeros(GRID.shape, np.uint8), GRID), path / f"{name}.nii.gz")
    (path / "statistics.json").write_text("{}")
    (path / "preview_total.png").write_bytes(b"\x89PNG")
    return judged(lambda: read_anatomy_file(path), says(MASKS), may_warn=False)


def _folder_with_the_image(folder: Path) -> Judged:
    path = _masks(folder / "out")
    image = Image((np.random.default_rng(0).random(GRID.shape) * 900).astype(np.float32), GRID)
    nifti(image, path / "t1.nii.gz")
    return judged(lambda: read_anatomy_file(path), says(MASKS), warned_by="t1")


def _folder_of_nothing(folder: Path) -> Judged:
    (folder / "out").mkdir()
    (folder / "out" / "notes.txt").write_text("nothing")
    return judged(lambda: read_anatomy_file(folder / "out"), refused_by="no (mask|label)")


def _folder_of_unknown_masks(folder: Path) -> Judged:
    path = _masks(folder / "out", MASKS[:3])
    for n, file in enumerate(sorted(path.iterdir())):
        file.rename(path / f"mask_{n}.nii.gz")
    return judged(lambda: read_anatomy_file(path), refused_by="none of the names.*mask_0")


def _folder_of_two_grids(folder: Path) -> Judged:
    path = _masks(folder / "out")
    moved = Geometry(GRID.shape, GRID.ijk_to_ras + np.array([[0, 0, 0, 9.0], *[[0] * 4] * 3]))
    nifti(Image(renumbered({"liver": 1}).array, moved), path / "liver.nii.gz")
    return judged(lambda: read_anatomy_file(path), refused_by="grid.*liver|liver.*grid")


def _folder_with_one_map(folder: Path) -> Judged:
    """A folder of results that holds one label map: this is the map."""
    path = folder / "step2_output"
    path.mkdir()
    numbers = {"spinal_cord": 1, "spinal_canal": 2, "sacrum": 50, **{n: 45 - k for k, n in enumerate(SPINE[:5])}}
    nifti(renumbered(numbers), path / "sub-01_T2w.nii.gz")
    return judged(lambda: read_anatomy_file(path), says(numbers), may_warn=False)


def _overlapping_masks(folder: Path) -> Judged:
    """Small masks are not lost under a large one that covers them (here: the whole body)."""
    path = _masks(folder / "out", ("sacrum", *SPINE[:5]))
    body = Image(np.ones(GRID.shape, np.uint8), GRID)
    nifti(body, path / "body.nii.gz")
    return judged(lambda: read_anatomy_file(path), says(("sacrum", *SPINE[:5])), may_warn=True)


def _one_mask(name: str, **judging: Any) -> Callable[[Path], Judged]:
    def judge(folder: Path) -> Judged:
        path = nifti(renumbered({"vertebrae_L4": 1}), folder / name)
        return judged(lambda: read_anatomy_file(path), says(("vertebrae_L4",)), **judging)

    return judge


def _folder_of_masks_without_orientation(folder: Path) -> Judged:
    def change(data: bytearray) -> None:
        data[252:256] = bytes(4)

    (folder / "out").mkdir()
    for name in MASKS[:3]:
        nifti(renumbered({name: 1}), folder / "out" / f"{name}.nii.gz", change)
    return judged(lambda: read_anatomy_file(folder / "out"), refused_by="no orientation")


def _folder_and_names(folder: Path) -> Judged:
    path = _masks(folder / "out")
    names = write_names(PLAIN, folder / "names.json")
    return judged(lambda: read_anatomy_file(path, names), says(MASKS), warned_by="names given are not used")


def _folder_above(folder: Path) -> Judged:
    _masks(folder / "segmentations", MASKS[:2])
    return judged(lambda: read_anatomy_file(folder), refused_by="its folders do: segmentations")


_add("folder-of-masks", FOLDERS, _folder())
_add("folder-of-masks-and-names", FOLDERS, _folder_and_names, WARNED)
_add("folder-of-masks-without-orientation", FOLDERS, _folder_of_masks_without_orientation, REFUSED)
_add("folder-above-the-masks", FOLDERS, _folder_above, REFUSED)
_add("folder-of-nrrd-masks", "https://github.com/Slicer/Slicer/issues/5044", _folder(".nrrd"))
_add("folder-of-masks-with-255", "https://github.com/MIC-DKFZ/nnUNet/issues/2464", _folder(maximum=255))
_add(
    "folder-with-empty-masks-and-statistics", "https://github.com/wasserth/TotalSegmentator#readme", _folder_with_more
)
_add("folder-with-the-image", FOLDERS, _folder_with_the_image, WARNED)
_add("folder-of-nothing", FOLDERS, _folder_of_nothing, REFUSED)
_add("folder-of-unknown-masks", FOLDERS, _folder_of_unknown_masks, REFUSED)
_add("folder-of-two-grids", "https://github.com/wasserth/TotalSegmentator/issues/33", _folder_of_two_grids, REFUSED)
_add("folder-with-one-map", "https://github.com/neuropoly/totalspineseg#readme", _folder_with_one_map)
_add("folder-with-the-body-over-all", FOLDERS, _overlapping_masks)
_add(
    "one-mask-named-by-its-file",
    "https://github.com/wasserth/TotalSegmentator/issues/107",
    _one_mask("vertebrae_L4.nii.gz"),
)
_add(
    "one-mask-of-a-subject",
    "https://github.com/wasserth/TotalSegmentator/issues/107",
    _one_mask("sub-01_vertebrae_L4.nii.gz"),
)
_add(
    "one-mask-without-a-name",
    "https://github.com/wasserth/TotalSegmentator/issues/107",
    _one_mask("mask.nii.gz", refused_by="--anatomy-labels"),
    REFUSED,
)

# --- headers and compression


def _gz_that_is_plain(folder: Path) -> Judged:
    path = nifti(renumbered(PLAIN), folder / "map.nii.gz")
    path.write_bytes(gzip.decompress(path.read_bytes()))
    return _named(path, folder)


def _gz_that_is_plain_with_program_numbers(folder: Path) -> Judged:
    numbers = {"sacrum": 1, **{name: 2 + n for n, name in enumerate(SPINE[:6])}}
    path = nifti(renumbered(numbers), folder / "map.nii.gz")
    path.write_bytes(gzip.decompress(path.read_bytes()))
    return judged(lambda: read_anatomy_file(path), says(numbers), may_warn=False)


def _plain_that_is_gz(folder: Path) -> Judged:
    path = nifti(renumbered(PLAIN), folder / "map.nii.gz")
    return _named(path.rename(folder / "map.nii"), folder)


def _twice_gz(folder: Path) -> Judged:
    path = nifti(renumbered(PLAIN), folder / "map.nii.gz")
    path.write_bytes(gzip.compress(path.read_bytes()))
    return _named(path, folder)


def _nifti_without_a_name(folder: Path) -> Judged:
    path = nifti(renumbered(PLAIN), folder / "map.nii.gz")
    return _named(path.rename(folder / "map"), folder)


def _upper_case(folder: Path) -> Judged:
    path = nifti(renumbered(PLAIN), folder / "map.nii")
    return _named(path.rename(folder / "MAP.NII"), folder)


def _cut_off(folder: Path) -> Judged:
    path = nifti(renumbered(PLAIN), folder / "map.nii")
    path.write_bytes(path.read_bytes()[:200000])
    return _refused(path, folder, "cut off|incomplete|too short")


def _cut_off_gz(folder: Path) -> Judged:
    path = nifti(renumbered(PLAIN), folder / "map.nii.gz")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    return _refused(path, folder, "cut off|incomplete|too short|damaged")


def _with_nibabel(save_as: str, make: Callable[[Image], Any], **judging: Any) -> Callable[[Path], Judged]:
    def judge(folder: Path) -> Judged:
        image = make(renumbered(PLAIN))
        nib.save(image, folder / save_as)
        return _named(folder / save_as, folder, **judging)

    return judge


def _array_and_affine(image: Image) -> tuple[np.ndarray, np.ndarray]:
    return np.ascontiguousarray(image.array.transpose(2, 1, 0)), image.geometry.ijk_to_ras


def _nii(image: Image, dtype: Any = np.uint8, kind: Any = nib.Nifti1Image) -> Any:
    array, affine = _array_and_affine(image)
    return kind(array.astype(dtype), affine, dtype=dtype)


def _turned(axes: str) -> Callable[[Image], Any]:
    def make(image: Image) -> Any:
        nii = _nii(image)
        turn = nib.orientations.ornt_transform(
            nib.io_orientation(nii.affine), nib.orientations.axcodes2ornt(tuple(axes))
        )
        return nii.as_reoriented(turn)

    return make


def _scaled(image: Image) -> Any:
    """Labels stored with a slope, as SPM does: 16 bit integers of which each stands for a part of a label."""
    array, affine = _array_and_affine(image)
    nii = nib.Nifti1Image((array * 1000).astype(np.int16), affine)
    nii.header.set_slope_inter(0.001, 0)
    return nii


def _big_endian(image: Image) -> Any:
    array, affine = _array_and_affine(image)
    return nib.Nifti1Image(array.astype(">i2"), affine, nib.Nifti1Header(endianness=">"))


def _dimensions(*extra: int) -> Callable[[Image], Any]:
    def make(image: Image) -> Any:
        array, affine = _array_and_affine(image)
        return nib.Nifti1Image(array.reshape(*array.shape, *extra).astype(np.uint8), affine)

    return make


def _nan_outside(image: Image) -> Any:
    array, affine = _array_and_affine(image)
    return nib.Nifti1Image(np.where(array == 0, np.nan, array).astype(np.float32), affine)


def _nearly_whole(image: Image) -> Any:
    array, affine = _array_and_affine(image)
    return nib.Nifti1Image((array * np.float32(1.00001)).astype(np.float32), affine)


def _unit(code: int, scale: float) -> Callable[[Image], Any]:
    def make(image: Image) -> Any:
        array, affine = _array_and_affine(image)
        affine = np.diag([scale, scale, scale, 1.0]) @ affine
        nii = nib.Nifti1Image(array.astype(np.uint8), affine)
        nii.header["xyzt_units"] = code
        nii.set_qform(affine, 1)
        return nii

    return make


def _sheared(amount: float) -> Callable[[Path], Judged]:
    """Every row lies `amount` mm farther right than the row before it; the structures are moved with their rows."""

    def judge(folder: Path) -> Judged:
        def change(data: bytearray) -> None:
            data[252:256] = struct.pack("<hh", 0, 1)
            data[284:288] = struct.pack("<f", amount)

        path = nifti(renumbered(PLAIN), folder / "map.nii.gz", change)
        sheared = GRID.ijk_to_ras.copy()
        sheared[0, 1] += amount
        names = write_names(PLAIN, folder / "names.json")

        def is_right(anatomy: Any) -> bool:
            ijk = {name: GRID.to_ijk(inside(name)) for name in PLAIN}
            points = np.array([transform_points(sheared, at) for at in ijk.values()])
            return anatomy.labels_at(points).tolist() == list(PLAIN.values())

        return judged(lambda: read_anatomy_file(path, names), is_right, may_warn=False)

    return judge


_add("gz-that-is-plain", GZ, _gz_that_is_plain)
_add("gz-that-is-plain-numbers-of-a-program", GZ, _gz_that_is_plain_with_program_numbers)
_add("plain-that-is-gz", "https://github.com/nipy/nibabel/issues/898", _plain_that_is_gz)
_add("packed-twice", GZ, _twice_gz)
_add("nifti-without-an-ending", GZ, _nifti_without_a_name)
_add("ending-in-capitals", GZ, _upper_case)
_add("cut-off", GZ, _cut_off, REFUSED)
_add("cut-off-gz", GZ, _cut_off_gz, REFUSED)
_add(
    "nifti-2",
    "https://nifti.nimh.nih.gov/nifti-2",
    _with_nibabel("map.nii.gz", lambda i: _nii(i, kind=nib.Nifti2Image)),
)
_add("img-and-hdr", NIFTI, _with_nibabel("map.img", lambda i: _nii(i, kind=nib.Nifti1Pair)))
for _kind in ("int8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64"):
    _add(
        f"labels-as-{_kind}",
        "https://github.com/neuropoly/totalspineseg/issues/53",
        _with_nibabel("map.nii.gz", lambda i, k=_kind: _nii(i, k)),
    )
for _axes in ("LAS", "PIR", "ASL", "RPI"):
    _add(f"axes-{_axes}", "https://github.com/nipy/nibabel/issues/801", _with_nibabel("map.nii.gz", _turned(_axes)))
_add("labels-with-a-slope", "https://github.com/spm/spm12/issues", _with_nibabel("map.nii.gz", _scaled))
_add("big-endian", NIFTI, _with_nibabel("map.nii.gz", _big_endian))
_add(
    "four-dimensions-one-volume",
    "https://github.com/neuropoly/totalspineseg/issues/53",
    _with_nibabel("map.nii.gz", _dimensions(1)),
)
_add("five-dimensions-one-volume", NIFTI, _with_nibabel("map.nii.gz", _dimensions(1, 1)))
_add("nan-outside", "https://github.com/nipy/nibabel/issues/1034", _with_nibabel("map.nii.gz", _nan_outside))
_add(
    "nearly-whole-numbers",
    "https://github.com/InsightSoftwareConsortium/ITK/issues/3994",
    _with_nibabel("map.nii.gz", _nearly_whole),
)
_add(
    "micrometers",
    "https://github.com/InsightSoftwareConsortium/ITK/pull/4595",
    _with_nibabel("map.nii.gz", _unit(3, 1000.0)),
)
_add("meters", NIFTI, _with_nibabel("map.nii.gz", _unit(1, 0.001)))
_add("unit-unknown", "https://github.com/icometrix/dicom2nifti/issues/82", _with_nibabel("map.nii.gz", _unit(0, 1.0)))
_add(
    "micrometers-in-the-header-alone",
    "https://github.com/ANTsX/ANTs/issues/1114",
    _with_nibabel("map.nii.gz", _unit(3, 1.0), refused_by="micrometer"),
    REFUSED,
)
_add(
    "micrometers-without-a-unit",
    "https://github.com/InsightSoftwareConsortium/ITK/pull/4595",
    _with_nibabel("map.nii.gz", _unit(0, 1000.0), refused_by="mm"),
    REFUSED,
)
_add("sheared-a-little", "https://github.com/wasserth/TotalSegmentator/issues/461", _sheared(4e-4))
_add("sheared-much", "https://github.com/InsightSoftwareConsortium/ITK/issues/3994", _sheared(0.4))

# --- values that are no labels


def _values(array: np.ndarray, text: str, file: str = "map.nii.gz") -> Callable[[Path], Judged]:
    def judge(folder: Path) -> Judged:
        nib.save(nib.Nifti1Image(array, GRID.ijk_to_ras), folder / file)
        return _refused(folder / file, folder, text)

    return judge


_LABELS = renumbered(PLAIN).array.transpose(2, 1, 0)
_SMOOTH = np.clip(_LABELS.astype(np.float32) + np.random.default_rng(0).random(_LABELS.shape) * (_LABELS > 0), 0, 9)
_add(
    "probability-map",
    "https://github.com/QIICR/dcmqi/issues/467",
    _values((_LABELS > 0) * np.float32(0.7), "probab"),
    REFUSED,
)
_add(
    "interpolated-labels", "https://github.com/ANTsX/ANTs/issues/500", _values(_SMOOTH, "interpolat|fraction"), REFUSED
)
_add(
    "negative-labels",
    "https://github.com/MIC-DKFZ/nnUNet/issues/1183",
    _values((-(_LABELS.astype(np.int16))).astype(np.int8), "negative"),
    REFUSED,
)
_add(
    "labels-too-large",
    "https://github.com/neuropoly/totalspineseg/issues/53",
    _values(_LABELS.astype(np.int32) * 70000, "65535"),
    REFUSED,
)
_add(
    "an-image-instead",
    "https://github.com/wasserth/TotalSegmentator/issues/235",
    _values((np.random.default_rng(0).random(_LABELS.shape) * 1200).astype(np.int16), "image|labels"),
    REFUSED,
)
_add(
    "all-empty",
    "https://github.com/wasserth/TotalSegmentator/issues/442",
    _values(np.zeros(_LABELS.shape, np.uint8), "empty"),
    REFUSED,
)
_add(
    "several-volumes",
    "https://github.com/pyushkevich/itksnap/issues/87",
    _values(np.stack([n == _LABELS for n in range(1, 5)], -1).astype(np.uint8), "4 volumes"),
    REFUSED,
)
_add("complex-values", NIFTI, _values(_LABELS.astype(np.complex64), "complex|type"), REFUSED)


def _color(folder: Path) -> Judged:
    array = np.zeros(_LABELS.shape, dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")])
    nib.save(nib.Nifti1Image(array, GRID.ijk_to_ras), folder / "map.nii.gz")
    return _refused(folder / "map.nii.gz", folder, "color|type")


def _other_file(name: str, data: bytes, text: str) -> Callable[[Path], Judged]:
    def judge(folder: Path) -> Judged:
        (folder / name).write_bytes(data)
        return _refused(folder / name, folder, text)

    return judge


_add("color-image", NIFTI, _color, REFUSED)
_add("a-text-file", FOLDERS, _other_file("map.nii.gz", b"<html>404 not found</html>", "NIfTI|cannot be read"), REFUSED)
_add("an-empty-file", FOLDERS, _other_file("map.nii.gz", b"", "empty|no bytes"), REFUSED)
_add("a-surface", FOLDERS, _other_file("map.stl", b"solid x\nendsolid x\n", "cannot be read"), REFUSED)

# --- other formats


def _itk(file: str) -> Callable[[Path], Judged]:
    def judge(folder: Path) -> Judged:
        return _named(save(renumbered(PLAIN), folder / file), folder)

    return judge


def _layers(folder: Path) -> Judged:
    """A segmentation of Slicer with overlapping segments: several layers, and a body outline over all."""
    names = ("body", *PLAIN_SPINE)
    layers = np.zeros((*GRID.shape, 2), dtype=np.uint8)
    layers[..., 0] = 1
    layers[..., 1] = renumbered(PLAIN).array
    itk = sitk.GetImageFromArray(layers, isVector=True)
    itk.SetSpacing([4.0] * 3)
    itk.SetOrigin((LPS_TO_RAS @ GRID.ijk_to_ras)[:3, 3].tolist())
    for n, name in enumerate(names):
        itk.SetMetaData(f"Segment{n}_Name", name)
        itk.SetMetaData(f"Segment{n}_LabelValue", str(max(n, 1)))
        itk.SetMetaData(f"Segment{n}_Layer", str(min(n, 1)))
    sitk.WriteImage(itk, str(folder / "map.seg.nrrd"), True)
    return judged(lambda: read_anatomy_file(folder / "map.seg.nrrd"), says(PLAIN))


def _missing(folder: Path) -> Judged:
    return _refused(folder / "nowhere.nii.gz", folder, "does not exist")


def _header_without_data(folder: Path) -> Judged:
    path = save(renumbered(PLAIN), folder / "map.mhd")
    (folder / "map.raw").unlink(missing_ok=True)
    (folder / "map.zraw").unlink(missing_ok=True)
    return _refused(path, folder, "cannot be read")


_add("nrrd", FOLDERS, _itk("map.nrrd"))
_add("mha", "https://itk.org/Wiki/MetaIO", _itk("map.mha"))
_add("mhd-and-raw", "https://itk.org/Wiki/MetaIO", _itk("map.mhd"))
_add("mhd-without-raw", "https://itk.org/Wiki/MetaIO", _header_without_data, REFUSED)
_add("detached-nrrd", "http://teem.sourceforge.net/nrrd/format.html", _itk("map.nhdr"))
_add(
    "overlapping-layers", "https://slicer.readthedocs.io/en/latest/developer_guide/modules/segmentations.html", _layers
)
_add("missing-file", FOLDERS, _missing, REFUSED)

# --- DICOM SEG


SLICES = range(24, 92)
"""Slices of the grid that the DICOM segmentations hold, to be quick: from the bladder to the kidneys."""
IN_SLICES = ("sacrum", "vertebrae_L5", "vertebrae_L4", "vertebrae_L3")


def _source_slices() -> list[Any]:
    """Headers of the images on which a segmentation was drawn."""
    import pydicom
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    study, series, frame = generate_uid(), generate_uid(), generate_uid()
    origin = (LPS_TO_RAS @ GRID.ijk_to_ras)[:3, 3]
    slices = []
    for k in SLICES:
        d = pydicom.Dataset()
        d.file_meta = pydicom.dataset.FileMetaDataset()
        d.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        d.SOPClassUID, d.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.4", generate_uid()
        d.StudyInstanceUID, d.SeriesInstanceUID, d.FrameOfReferenceUID = study, series, frame
        d.PatientID = d.PatientName = d.StudyID = "1"
        d.PatientBirthDate = d.PatientSex = d.StudyDate = d.StudyTime = d.AccessionNumber = ""
        d.Modality, d.Rows, d.Columns = "MR", GRID.shape[1], GRID.shape[2]
        d.PixelSpacing, d.SliceThickness = [4.0, 4.0], 4.0
        d.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        d.ImagePositionPatient = [origin[0], origin[1], origin[2] + 4.0 * k]
        slices.append(d)
    return slices


def _segmentation(kind: str, names: tuple[str, ...], overlap: bool = False, **more: Any) -> Any:
    import highdicom as hd
    from pydicom.sr.codedict import codes
    from pydicom.uid import generate_uid

    numbers = counted(names)
    labels = renumbered(numbers).array[SLICES.start : SLICES.stop]
    descriptions = [
        hd.seg.SegmentDescription(
            number, name, codes.SCT.AnatomicalStructure, codes.SCT.Bone, hd.seg.SegmentAlgorithmTypeValues.MANUAL
        )
        for name, number in numbers.items()
    ]
    pixels: Any = labels.astype(np.uint8)
    if kind != "LABELMAP":
        pixels = np.stack([labels == number for number in numbers.values()], axis=-1).astype(np.uint8)
    if overlap:
        pixels[:, :, :, 0] = 1
    if kind == "FRACTIONAL":
        pixels = pixels * np.float32(0.9) + np.float32(0.1)
    return hd.seg.Segmentation(
        _source_slices(),
        pixels,
        kind,
        descriptions,
        generate_uid(),
        1,
        generate_uid(),
        1,
        "Maker",
        "Model",
        "1",
        "1",
        **more,
    )


def _seg(
    kind: str,
    file: str = "map.dcm",
    names: tuple[str, ...] = IN_SLICES,
    wanted: tuple[str, ...] | None = None,
    **more: Any,
) -> Callable[[Path], Judged]:
    def judge(folder: Path) -> Judged:
        path = folder / file
        path.parent.mkdir(exist_ok=True)
        _segmentation(kind, names, **more).save_as(path)
        asked = path if "/" not in file else path.parent
        return judged(lambda: read_anatomy_file(asked), says(wanted or names))

    return judge


def _seg_files_of_single_segments(folder: Path) -> Judged:
    """One DICOM segmentation for each structure, in one folder."""
    names = ("iliopsoas_left", "iliopsoas_right", "sacrum", "vertebrae_L5")
    path = folder / "segs"
    path.mkdir()
    for n, name in enumerate(names):
        _segmentation("BINARY", (name,), omit_empty_frames=False).save_as(path / f"{n}.dcm")
    return judged(lambda: read_anatomy_file(path), says(names))


def _seg_of_program_labels(folder: Path) -> Judged:
    """Segments called Segment 1 and so on; their types say nothing either."""
    segmentation = _segmentation("BINARY", (IN_SLICES[3], *IN_SLICES[:3]))
    for item in segmentation.SegmentSequence:
        item.SegmentLabel = f"Segment_{item.SegmentNumber}"
    segmentation.save_as(folder / "map.dcm")
    return judged(lambda: read_anatomy_file(folder / "map.dcm"), refused_by="none of the names.*--anatomy-labels")


def _seg_by_codes(folder: Path) -> Judged:
    """Segments that only their codes name: type, side as its modifier."""
    from pydicom.sr.codedict import codes

    names = ("kidney_left", "kidney_right", "sacrum")
    segmentation = _segmentation("BINARY", names)
    kinds = {"kidney": codes.SCT.Kidney, "sacrum": codes.SCT.Sacrum}
    for item, name in zip(segmentation.SegmentSequence, names, strict=True):
        kind = item.SegmentedPropertyTypeCodeSequence[0]
        code = kinds[name.split("_")[0]]
        kind.CodeValue, kind.CodeMeaning, kind.CodingSchemeDesignator = code.value, code.meaning, "SCT"
        item.SegmentLabel = f"Segment {item.SegmentNumber}"
        if "_" in name:
            import highdicom as hd

            side = codes.SCT.Left if name.endswith("left") else codes.SCT.Right
            kind.SegmentedPropertyTypeModifierCodeSequence = [hd.sr.CodedConcept.from_code(side)]
    segmentation.save_as(folder / "map.dcm")
    return judged(lambda: read_anatomy_file(folder / "map.dcm"), says(names))


def _seg_without_preamble(folder: Path) -> Judged:
    _segmentation("BINARY", IN_SLICES).save_as(folder / "whole.dcm")
    (folder / "map").write_bytes((folder / "whole.dcm").read_bytes()[132:])
    return judged(lambda: read_anatomy_file(folder / "map"), says(IN_SLICES))


def _dicom_image(folder: Path) -> Judged:
    import pydicom

    slice_ = _source_slices()[0]
    slice_.PixelData, slice_.BitsAllocated, slice_.BitsStored, slice_.HighBit = (
        b"\0\0" * GRID.shape[1] * GRID.shape[2],
        16,
        16,
        15,
    )
    slice_.SamplesPerPixel, slice_.PhotometricInterpretation, slice_.PixelRepresentation = 1, "MONOCHROME2", 0
    slice_.file_meta.MediaStorageSOPClassUID, slice_.file_meta.MediaStorageSOPInstanceUID = (
        slice_.SOPClassUID,
        slice_.SOPInstanceUID,
    )
    pydicom.dcmwrite(folder / "image.dcm", slice_, enforce_file_format=True)
    return judged(lambda: read_anatomy_file(folder / "image.dcm"), refused_by="no segmentation|not a segmentation")


def _contours(folder: Path) -> Judged:
    import pydicom
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    d = pydicom.Dataset()
    d.SOPClassUID, d.SOPInstanceUID, d.Modality = "1.2.840.10008.5.1.4.1.1.481.3", generate_uid(), "RTSTRUCT"
    d.file_meta = pydicom.dataset.FileMetaDataset()
    d.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    d.file_meta.MediaStorageSOPClassUID, d.file_meta.MediaStorageSOPInstanceUID = d.SOPClassUID, d.SOPInstanceUID
    pydicom.dcmwrite(folder / "rs.dcm", d, enforce_file_format=True)
    return judged(lambda: read_anatomy_file(folder / "rs.dcm"), refused_by="contour.*Slicer|RTSTRUCT.*Slicer")


SEG = "https://dicom.nema.org/medical/dicom/current/output/chtml/part03/sect_C.8.20.html"
_add("dicom-seg-binary", "https://github.com/QIICR/dcmqi/issues/462", _seg("BINARY"))
_add("dicom-seg-fractional", "https://github.com/QIICR/dcmqi/issues/467", _seg("FRACTIONAL"))
_add("dicom-seg-labelmap", "https://github.com/ImagingDataCommons/highdicom/pull/234", _seg("LABELMAP"))
_add(
    "dicom-seg-all-frames",
    "https://github.com/QIICR/dcmqi/issues/462",
    _seg("BINARY", omit_empty_frames=False),
    slow=True,
)
_add("dicom-seg-in-a-folder", "https://github.com/QIICR/dcmqi/issues/462", _seg("BINARY", "seg/IM0001"))
_add(
    "dicom-seg-with-gaps",
    "https://github.com/QIICR/dcmqi/issues/462",
    _seg("BINARY", names=("vertebrae_L2", "vertebrae_L5", "vertebrae_L4", "urinary_bladder")),
)
_add(
    "dicom-seg-overlapping",
    SEG,
    _seg("BINARY", names=("small_bowel", *SPINE[:3], *DISCS[:3]), wanted=(*SPINE[:3], *DISCS[:3]), overlap=True),
)
_add("dicom-seg-files-of-single-segments", SEG, _seg_files_of_single_segments, slow=True)
_add("dicom-seg-run-length", SEG, _seg("LABELMAP", transfer_syntax_uid="1.2.840.10008.1.2.5"))
_add("dicom-seg-names-that-say-nothing", SEG, _seg_of_program_labels, REFUSED)
_add("dicom-seg-named-by-codes", SEG, _seg_by_codes)
_add("dicom-seg-without-preamble", SEG, _seg_without_preamble)
_add("dicom-image-instead", SEG, _dicom_image, REFUSED)
_add("dicom-contours-instead", SEG, _contours, REFUSED)

CASES = _CASES
