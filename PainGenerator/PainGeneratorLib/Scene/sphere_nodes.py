"""Spherical regions of the reader in the scene: a table, and a segmentation that shows them in the views."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..Numerics.core.image import Geometry
from ..Numerics.core.spheres import SphereRegion, columns_for, values_of
from .node_keys import KEY_ATTRIBUTE, find_node, remove_node
from .segments import Segment, write_segmentation
from .tables import Column, write_table

TABLE_KEY = "sphere-table"
"""Key of the table of regions."""
SPHERES_KEY = "spheres"
"""Key of the segmentation that shows them."""
DRAWN_ATTRIBUTE = "PainGenerator.Drawn"
"""Attribute of that segmentation: the regions that it shows."""
SPACING_MM = 1.5
"""Voxel edge of that segmentation, mm. Our choice: small regions look round, and large ones need little memory."""
MOST_VOXELS = 8_000_000
"""Upper bound of the voxels of its grid; the edge is longer where regions lie far apart."""
COLOR = (0.35, 0.85, 1.0)
"""Color of the regions: red, green, blue, 0 to 1. No candidate and no finding has it."""


def write_spheres(scene: Any, regions: Sequence[SphereRegion]) -> list[Any]:
    """Show regions; the nodes are taken away when there are none.

    Parameters
    ----------
    scene : vtkMRMLScene
    regions : sequence of SphereRegion

    Returns
    -------
    list
        Table and segmentation.
    """
    table = find_node(scene, "vtkMRMLTableNode", TABLE_KEY)
    shown = find_node(scene, "vtkMRMLSegmentationNode", SPHERES_KEY)
    if not regions:
        for node in (table, shown):
            remove_node(scene, node)
        return []
    columns = [
        Column(one.key, "text" if one.digits is None else "number", one.unit, one.title)
        for one in columns_for(regions)
    ]
    table = write_table(scene, "Regions of the reader", columns, [values_of(one) for one in regions], node=table)
    shown = _drawn(scene, regions, shown)
    for node, key in ((table, TABLE_KEY), (shown, SPHERES_KEY)):
        node.SetAttribute(KEY_ATTRIBUTE, key)
    return [table, shown]


def _drawn(scene: Any, regions: Sequence[SphereRegion], shown: Any) -> Any:
    """The segmentation of the regions; what is shown already is not drawn again, as every decision comes here."""
    drawn = ";".join(f"{one.id} {one.name} {one.center_ras.tolist()} {one.diameter_mm}" for one in regions)
    if shown is not None and shown.GetAttribute(DRAWN_ATTRIBUTE) == drawn:
        return shown
    segments = [Segment(one.id, f"{one.id} {one.name}", one.drawn, COLOR) for one in regions]
    shown, _ = write_segmentation(scene, "Regions of the reader", segments, _grid(regions), node=shown)
    shown.SetAttribute(DRAWN_ATTRIBUTE, drawn)
    if shown.GetDisplayNode() is not None:
        # The outline alone: what lies in a region is to be seen.
        shown.GetDisplayNode().SetVisibility2DFill(False)
    return shown


def _grid(regions: Sequence[SphereRegion]) -> Geometry:
    """The smallest grid along the axes of the patient that holds all regions."""
    radii = np.array([[one.diameter_mm / 2.0 + SPACING_MM] for one in regions])
    centers = np.array([one.center_ras for one in regions])
    low, high = (centers - radii).min(axis=0), (centers + radii).max(axis=0)
    step = max(SPACING_MM, float(np.prod(high - low) / MOST_VOXELS) ** (1.0 / 3.0))
    i, j, k = (int(n) for n in np.ceil((high - low) / step) + 1)
    matrix = np.diag([step, step, step, 1.0])
    matrix[:3, 3] = low
    return Geometry((k, j, i), matrix)
