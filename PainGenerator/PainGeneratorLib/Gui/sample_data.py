"""Phantom cases in Slicer's Sample Data module, made on the user's computer without network."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import slicer
from slicer.i18n import tr as _

from ..Dicom.reader import read_folder
from ..Phantoms.anatomy_files import read_anatomy_regions
from ..Phantoms.case import write_phantom
from ..Scene import nodes, subject_hierarchy
from ..Scene.segments import Segment, write_segmentation
from .worker import Worker

CATEGORY = "PainGenerator"
"""Category in the Sample Data module."""

SEED = 1
"""Seed of the phantoms: every computer makes the same ones."""

COLOR = (0.8, 0.75, 0.6)
"""Color of the segments of the anatomy: red, green, blue, 0 to 1."""

SAMPLES = {
    "Pain generator: low back phantom": ("low-back", "PainGeneratorLowBack"),
    "Pain generator: hip replacement phantom": ("hip-replacement", "PainGeneratorHipReplacement"),
}
"""Name in the Sample Data module, clinical group, and name of the icon."""

NO_FILES = ("uris", "fileNames", "nodeNames", "loadFileTypes", "loadFiles")
"""What Slicer asks of a sample for each of its files: lists of one length. A phantom is made and has no files."""

_files: dict[str, str] = {}
"""Path by SOP Instance UID of the phantoms made since the program was started."""


def register_sample_data(logic: Any, icons: Path) -> None:
    """Offer the phantoms in Slicer's Sample Data module.

    Parameters
    ----------
    logic : type
        ``SampleData.SampleDataLogic``.
    icons : Path
        Folder of the thumbnails.
    """
    # Since Slicer 5.12.
    if hasattr(logic, "registerCustomSampleDataCategory"):
        logic.registerCustomSampleDataCategory(CATEGORY, _("Pain Generator"))
    for name, (_group, icon) in SAMPLES.items():
        logic.registerCustomSampleDataSource(
            category=CATEGORY,
            sampleName=name,
            thumbnailFileName=str(icons / f"{icon}.png"),
            customDownloader=make_sample,
            **{name: [] for name in NO_FILES},
        )


def make_sample(source: Any) -> list[Any]:
    """Make the phantom of a sample data source and load it.

    Parameters
    ----------
    source : SampleDataSource

    Returns
    -------
    list of vtkMRMLScalarVolumeNode
    """
    group, _icon = SAMPLES[source.sampleName]
    return load_phantom(group, SEED)


def load_phantom(group: str, seed: int, size: str = "normal") -> list[Any]:
    """Make a phantom as DICOM files in a temporary folder and load its series as Slicer's DICOM module does.

    Parameters
    ----------
    group : str
        ``low-back`` or ``hip-replacement``.
    seed : int
    size : str
        ``small`` for tests.

    Returns
    -------
    list of vtkMRMLScalarVolumeNode
        PET in Bq/ml without a unit, and MR. A segmentation "Anatomy" comes with them.
    """
    folder = Path(tempfile.mkdtemp(prefix="phantom-", dir=slicer.app.temporaryPath))

    def work(progress: Any) -> None:
        write_phantom(folder, group, seed, progress=progress, size=size)

    def show(fraction: float, text: str) -> None:
        slicer.util.showStatusMessage(f"{text} ({round(100 * fraction)} %)")

    Worker().run(work, show)
    loaded = [_load(series) for series in read_folder(folder / "dicom").series]
    _load_anatomy(folder)
    slicer.util.showStatusMessage(_("Phantom loaded."), 3000)
    return loaded


def _load(series: Any) -> Any:
    """One series as a volume node under its patient and study."""
    scene = slicer.mrmlScene
    node = nodes.add_volume(scene, series.image, f"{series.number}: {series.description}")
    # The name that Slicer's DICOM module gives.
    node.SetName(f"{series.number}: {series.description}")
    series.unload()
    uids = series.sop_instance_uids
    node.SetAttribute("DICOM.instanceUIDs", " ".join(uids))
    wanted = (
        *subject_hierarchy.PATIENT_ATTRIBUTES,
        *subject_hierarchy.STUDY_ATTRIBUTES,
        *subject_hierarchy.SERIES_ATTRIBUTES,
    )
    facts = {name: str(series.header[name]) for name in wanted if series.header.get(name) is not None}
    subject_hierarchy.place_series(scene, node, {**facts, "SeriesInstanceUID": series.series_uid})
    _files.update((frame.header["SOPInstanceUID"], str(frame.path)) for frame in series.frames)
    return node


def _load_anatomy(folder: Path) -> None:
    """The phantom's bones and organs as a segmentation, to be chosen as anatomy; hidden."""
    regions = read_anatomy_regions(folder)
    segments = [Segment(name, name, region, COLOR) for name, region in regions.items()]
    grid = next(iter(regions.values())).geometry
    node, _ = write_segmentation(slicer.mrmlScene, "Anatomy", segments, grid)
    node.GetDisplayNode().SetVisibility(False)


def file_of_instance(uid: str) -> str | None:
    """Path of the file with a SOP Instance UID: in Slicer's DICOM database, or of a phantom; None when unknown."""
    if uid in _files:
        return _files[uid]
    database = getattr(slicer, "dicomDatabase", None)
    return (database.fileForInstance(uid) or None) if database is not None else None
