"""Outlines as surfaces in STL and OBJ files, for navigation systems and printers.

The files hold LPS millimeters, as Slicer writes them since version 4.11, and say so in their header (``SPACE=LPS``).
Their names say it, too, because most programs do not read the header.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.image import Region
from .segment_files import WRITE_ADVICE, check_writable

KINDS = (".stl", ".obj")
"""Endings of the files that can be written."""
SMOOTHING_ROUNDS = 15
"""Rounds of the smoothing of a surface, which takes away the steps of voxels. Our choice."""
OBJ_HEADER = "# Pain Generator, outline of a candidate in mm. SPACE=LPS"
"""First line of an OBJ file; Slicer reads the coordinate system from it."""
PASS_BAND = 0.1
"""Lower bound of the waves that are smoothed away, as a part of the finest (`vtkWindowedSincPolyDataFilter`); the
volume stays the same within some percent. Our choice."""


def outline_surface(region: Region) -> Any:
    """The surface of a region, in RAS mm.

    Parameters
    ----------
    region : Region
        Not empty.

    Returns
    -------
    vtkPolyData
        Closed triangles whose normals point outward.
    """
    import vtk
    from vtk.util.numpy_support import numpy_to_vtk

    box = region.box_mask(margin=1)
    data = vtk.vtkImageData()
    data.SetDimensions(*box.geometry.shape[::-1])
    scalars = numpy_to_vtk(np.ascontiguousarray(box.array, dtype=np.uint8).ravel(), deep=True)
    data.GetPointData().SetScalars(scalars)
    edges = vtk.vtkFlyingEdges3D()
    edges.SetInputData(data)
    edges.SetValue(0, 0.5)
    moved = vtk.vtkTransform()
    moved.SetMatrix([float(x) for x in box.geometry.ijk_to_ras.ravel()])
    placed = vtk.vtkTransformPolyDataFilter()
    placed.SetInputConnection(edges.GetOutputPort())
    placed.SetTransform(moved)
    smooth = vtk.vtkWindowedSincPolyDataFilter()
    smooth.SetInputConnection(placed.GetOutputPort())
    smooth.SetNumberOfIterations(SMOOTHING_ROUNDS)
    smooth.SetPassBand(PASS_BAND)
    smooth.BoundarySmoothingOff()
    smooth.NormalizeCoordinatesOn()
    normals = vtk.vtkPolyDataNormals()
    normals.SetInputConnection(smooth.GetOutputPort())
    normals.SplittingOff()
    normals.ConsistencyOn()
    normals.AutoOrientNormalsOn()
    normals.Update()
    return normals.GetOutput()


def save_outline(region: Region, path: str | Path) -> None:
    """Write the surface of a region as STL or OBJ, in LPS mm.

    Parameters
    ----------
    region : Region
        Not empty; in the frame of the world.
    path : str or Path
        Ends in ``.stl`` or ``.obj``.

    Raises
    ------
    PainGeneratorError
        When the file cannot be written.
    ValueError
        For another ending.
    """
    path = Path(path)
    if path.suffix not in KINDS:
        raise ValueError(f"{path.name} must end in one of {KINDS}")
    check_writable(path)
    surface = outline_surface(region)
    if path.suffix == ".obj":
        _write_obj(surface, path)
        return
    import slicer

    node = slicer.vtkMRMLModelNode()
    node.SetAndObservePolyData(surface)
    storage = slicer.vtkMRMLModelStorageNode()
    storage.SetCoordinateSystem(storage.CoordinateSystemLPS)
    storage.SetFileName(str(path))
    if not storage.WriteData(node) or not path.is_file() or not path.stat().st_size:
        path.unlink(missing_ok=True)
        raise PainGeneratorError(f"{path} could not be written.", WRITE_ADVICE)


def _write_obj(surface: Any, path: Path) -> None:
    """Write a surface as OBJ. The writer of Slicer opens a window for that, which not every computer can."""
    from vtk.util.numpy_support import vtk_to_numpy

    points = vtk_to_numpy(surface.GetPoints().GetData()) * np.array([-1.0, -1.0, 1.0])
    corners = vtk_to_numpy(surface.GetPolys().GetConnectivityArray()).reshape(-1, 3) + 1
    lines = [OBJ_HEADER, *(f"v {x:.4f} {y:.4f} {z:.4f}" for x, y, z in points)]
    lines += [f"f {a} {b} {c}" for a, b, c in corners]
    path.write_text("\n".join(lines) + "\n", encoding="ascii")
