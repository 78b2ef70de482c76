"""What each slice view of the module's layouts shows: which series, in which plane, and at which sharpness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..Numerics.core.words import REFERENCE_ORDER
from ..Scene import nodes

PET_VIEWS = {"PETAxial": "Axial", "PETSagittal": "Sagittal", "PETCoronal": "Coronal"}
"""Slice views that show the PET alone in inverted gray, and their orientation."""

MR_VIEWS = {"Red": "Axial", "Yellow": "Sagittal", "Green": "Coronal"}
"""Slice views that show an MR series with the PET over it."""

PELVIS_VIEW = "PelvisCoronal"
"""Slice view that shows the whole field with the PET over it; it follows a candidate in depth only."""

SERIES_VIEWS = {
    "FluidSagittal": ("FLUID", "Sagittal", "Fluid"),
    "T1Sagittal": ("T1", "Sagittal", "T1"),
    "FluidCoronal": ("FLUID", "Coronal", "Fluid"),
    "T1Coronal": ("T1", "Coronal", "T1"),
}
"""Slice views that show one MR series alone: its role, the orientation, and what stands in the view's bar."""

INSTEAD = {"FLUID": ("FLUID", "T2", "CONTRAST"), "T1": ("T1", "CONTRAST", "T2")}
"""Roles that a view for a series shows, best first: a case may lack the series. The corner of the view names the
series that is shown."""

PLANES: dict[str, str] = {
    **PET_VIEWS,
    **MR_VIEWS,
    **{name: plane for name, (_role, plane, _title) in SERIES_VIEWS.items()},
    PELVIS_VIEW: "Coronal",
}
"""Orientation by name of view."""

NORMALS = {"Sagittal": 0, "Coronal": 1, "Axial": 2}
"""The axis of the body, in RAS order, along which one looks at a plane."""

PROJECTION_VIEW = "PainGeneratorMIP"
"""Name of the 3D view that shows the projection."""

SHARPER = 1.5
"""Lower bound for how much sharper a series is than the reference series to be shown under the PET in its place.
Our estimate: sagittal slices of 4 mm are five times as coarse in an axial view as an axial series is, while series of
one plane differ by less than 1.5 times."""

TILT_DEGREES = 2.0
"""From this angle on, degrees, a view is turned into the slices of its series. Our estimate: over a field of 200 mm a
slice of 4 mm leaves its neighbor at about 1 degree, and below 2 degrees a cut along the body's axes shows no blur."""


@dataclass(frozen=True)
class Shown:
    """The volumes of a case that views can show.

    Parameters
    ----------
    pet, gray : vtkMRMLScalarVolumeNode or None
        The PET, and its copy in inverted gray.
    series : dict of str to vtkMRMLScalarVolumeNode
        MR series by role.
    unfit : set of str
        Roles whose series could not be aligned: the PET is not shown over them.
    """

    pet: Any = None
    gray: Any = None
    series: Mapping[str, Any] = field(default_factory=dict)
    unfit: frozenset[str] = frozenset()

    @property
    def reference(self) -> Any:
        """The reference series; None when there is none."""
        return next((self.series[role] for role in REFERENCE_ORDER if role in self.series), None)

    def alone(self, role: str) -> Any:
        """The series that a view for a role shows; None when the case has none that can stand for it."""
        return next((self.series[one] for one in INSTEAD[role] if one in self.series), self.reference)

    def under_pet(self, plane: str, position_ras: Sequence[float] | np.ndarray | None) -> Any:
        """The series that is sharpest in a plane and shows a place; else the reference series.

        A series that covers a part of the body only is taken for places within it.
        """
        reference = self.reference
        if reference is None or position_ras is None:
            return reference
        best, limit = reference, pixel_mm(reference, plane) / SHARPER
        for role in REFERENCE_ORDER:
            node = self.series.get(role)
            if node is None or role in self.unfit or not covers(node, position_ras):
                continue
            if pixel_mm(node, plane) < limit:
                best, limit = node, pixel_mm(node, plane)
        return best


def layers(view: str, plane: str, shown: Shown, position_ras: Any = None) -> tuple[Any, Any]:
    """Lower and upper volume of a view; None for none."""
    if view in PET_VIEWS:
        return shown.gray or shown.pet, None
    if view in SERIES_VIEWS:
        return shown.alone(SERIES_VIEWS[view][0]), None
    under = shown.under_pet(plane, position_ras)
    return (under, shown.pet) if under is not None else (shown.pet, None)


def to_ras(volume: Any) -> np.ndarray:
    """Voxel indices to the world, RAS mm, 4 x 4; with the transforms of the volume as far as they are linear."""
    import vtk

    own = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(own)
    parent = volume.GetParentTransformNode()
    is_linear = parent is None or parent.IsTransformToWorldLinear()
    above = nodes.matrix_to_world(parent) if is_linear else np.eye(4)
    placed: np.ndarray = above @ nodes.matrix_from_vtk(own)
    return placed


def pixel_mm(volume: Any, plane: str) -> float:
    """The longer side of a voxel within a plane of the body, mm: what limits the sharpness of a view."""
    columns = to_ras(volume)[:3, :3]
    spacing = np.linalg.norm(columns, axis=0)
    across = int(np.abs(columns[NORMALS[plane]] / spacing).argmax())
    return float(np.delete(spacing, across).max())


def covers(volume: Any, position_ras: Sequence[float] | np.ndarray) -> bool:
    """True where a volume has voxels at a place, RAS mm."""
    data = volume.GetImageData()
    if data is None:
        return False
    ijk = (np.linalg.inv(to_ras(volume)) @ np.append(np.asarray(position_ras, dtype=float), 1.0))[:3]
    return bool(np.all(ijk > -0.5) and np.all(ijk < np.array(data.GetDimensions()) - 0.5))


def tilt_degrees(volume: Any, plane: str) -> float:
    """The angle between a plane of the body and the nearest plane of a volume's voxels, degrees."""
    columns = to_ras(volume)[:3, :3]
    directions = columns / np.linalg.norm(columns, axis=0)
    return float(np.degrees(np.arccos(min(1.0, np.abs(directions[NORMALS[plane]]).max()))))
