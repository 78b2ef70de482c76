"""What the stages and the scene exchange: a case as plain data, and the nodes that show it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..Numerics.core.image import Image, Region
from ..Numerics.core.kept import Kept
from ..Numerics.core.records import Candidate, HotSpot, MRFinding
from ..Numerics.core.sites import SiteTable
from ..Numerics.core.spheres import SphereRegion
from .segments import Segment


@dataclass(eq=False)
class SceneSeries(Kept):
    """A series of the case.

    Parameters
    ----------
    role : str
        ``PET``, ``T1``, ``FLUID``, ...
    name : str
        As shown in lists.
    image : Image
        In the series' own frame (RAS). The PET's values are SUVbw.
    reference_to_series_ras : ndarray, shape (4, 4)
        Maps points of the reference frame to points of this series; identity for the reference series.
    instance_uids : tuple of str
        SOP Instance UIDs in the order of the slices.
    dicom : dict of str to str
        DICOM keywords and values (``PatientID``, ``StudyInstanceUID``, ``SeriesInstanceUID``, ``Modality``, ...).
    preset : str, optional
        Key of :data:`.nodes.PRESETS`; by role and modality when left out.
    node : vtkMRMLScalarVolumeNode, optional
        The volume that is already in the scene. Its voxels are left as they are, and its own transforms are kept.
    """

    role: str
    name: str
    image: Image
    reference_to_series_ras: np.ndarray = field(default_factory=lambda: np.eye(4))
    instance_uids: tuple[str, ...] = ()
    dicom: dict[str, str] = field(default_factory=dict)
    preset: str | None = None
    node: Any = None

    not_kept = ("image", "node")
    """The image is kept as a volume of the scene."""


@dataclass(eq=False)
class SceneContent(Kept):
    """All of a case that its scene holds.

    Parameters
    ----------
    reference_role : str
        Role of the series to whose frame everything is aligned.
    series : list of SceneSeries
    hot_spots, mr_findings, candidates
        In the reference frame.
    pain_sites_ras : ndarray, shape (n, 3)
    anatomy : Image, optional
        Label map in the reference frame.
    anatomy_labels : dict of int to str
    case, suv, alignment, protocol, provenance : dict
        Plain values (JSON) that are stored and read back as they are; ``suv`` and ``alignment`` are shown as tables,
        too.
    warnings : list of str
    working : dict
        What a reopened case needs to be worked on, beside the images: anything that :mod:`.case_text` can write
        (plain values, arrays, regions, kept records). It is stored and read back as it is.
    maps : dict of str to Image
        Maps on the reference grid that are kept, but not shown: ``tissues``, ``z FLUID``, ...
    implant_margin : Region, optional
        Where neither PET nor MR can be trusted; shown as a segmentation of its own.
    edited : list of str
        Ids of candidates whose outline or name was changed with Slicer's own tools since they were written. Region,
        origin and name are the changed ones; their measures are still the old ones. Filled by
        :func:`.read_case.read_case`.
    removed : list of str
        Ids of candidates whose segment was removed. Filled by :func:`.read_case.read_case`.
    emptied : list of str
        Ids of candidates whose segment has no voxels any more; they have the outline of before. Filled by
        :func:`.read_case.read_case`.
    added : list of Segment
        Segments drawn by hand that are no candidate yet. Filled by :func:`.read_case.read_case`.
    sites : SiteTable
        Every site with its measures; shown as a table.
    set_apart, attention : list of Candidate
        What was found but is below the bar, and what is no pain generator but has to be looked at; in the reference
        frame, shown together as a table. They have no segments: what can be redrawn is a candidate.
    spheres : tuple of SphereRegion
        Spherical regions of the reader; shown as a table and a segmentation.
    """

    reference_role: str
    series: list[SceneSeries]
    hot_spots: list[HotSpot] = field(default_factory=list)
    mr_findings: list[MRFinding] = field(default_factory=list)
    candidates: list[Candidate] = field(default_factory=list)
    pain_sites_ras: np.ndarray = field(default_factory=lambda: np.zeros((0, 3)))
    anatomy: Image | None = None
    anatomy_labels: dict[int, str] = field(default_factory=dict)
    case: dict[str, Any] = field(default_factory=dict)
    suv: dict[str, Any] = field(default_factory=dict)
    alignment: dict[str, Any] = field(default_factory=dict)
    protocol: dict[str, Any] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    working: dict[str, Any] = field(default_factory=dict)
    maps: dict[str, Image] = field(default_factory=dict)
    implant_margin: Region | None = None
    edited: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    added: list[Segment] = field(default_factory=list)
    sites: SiteTable = field(default_factory=SiteTable)
    set_apart: list[Candidate] = field(default_factory=list)
    attention: list[Candidate] = field(default_factory=list)
    spheres: tuple[SphereRegion, ...] = ()
    emptied: list[str] = field(default_factory=list)

    not_kept = ("series", "pain_sites_ras", "anatomy", "maps", "edited", "removed", "emptied", "added", "spheres")
    """Images and points are kept as nodes of their own, spherical regions in `working`; what was changed in the
    scene is found when it is read."""

    def first(self, role: str) -> SceneSeries | None:
        """The first series of a role, None when there is none."""
        return next((series for series in self.series if series.role == role), None)

    @property
    def reference(self) -> SceneSeries:
        """The series to whose frame everything is aligned.

        Raises
        ------
        ValueError
            When there is no series of that role.
        """
        found = self.first(self.reference_role)
        if found is None:
            raise ValueError(f"there is no series of the reference role {self.reference_role}")
        return found


@dataclass(eq=False)
class CaseNodes:
    """The nodes of a case, by what they hold.

    ``volumes`` and ``transforms`` have the order of ``SceneContent.series``; the reference series has no transform
    (None). ``warnings`` are sentences about what could not be shown.
    """

    volumes: list[Any]
    transforms: list[Any]
    hot_spots: Any
    mr_findings: Any
    candidates: Any
    targets: Any
    pain_sites: Any
    table: Any
    text: Any
    others: list[Any]
    warnings: list[str]
