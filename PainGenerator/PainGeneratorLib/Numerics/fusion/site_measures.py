"""Measure every site of a case: its uptake, its MR signal, and how both compare with like sites and with norms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..core.image import Image, Region
from ..core.records import Candidate, HotSpot, MRFinding
from ..core.sites import Site, SiteRow, SiteState
from ..pet.reference_tissue import ReferenceField


@dataclass(frozen=True, eq=False)
class SiteImages:
    """What the sites are measured on; all in the reference frame, on their own voxels.

    Parameters
    ----------
    pet : Image or None
        SUV, g/ml; None where PET and reference are not aligned.
    references : ReferenceField or None
        Normal uptake of tissues, on the voxels of the PET.
    series : mapping of role to Image
        MR series whose frame is the reference frame, or whose geometry was moved there.
    z_maps : mapping of role to Image
        z-scores of marrow, NaN elsewhere.
    findings : sequence of MRFinding
    hot_spots : sequence of HotSpot
    candidates : sequence of Candidate
    unreliable : Region or None
        Where an implant makes PET and MR unreliable.
    """

    pet: Image | None
    references: ReferenceField | None
    series: Mapping[str, Image] = field(default_factory=dict)
    z_maps: Mapping[str, Image] = field(default_factory=dict)
    findings: Sequence[MRFinding] = ()
    hot_spots: Sequence[HotSpot] = ()
    candidates: Sequence[Candidate] = ()
    unreliable: Region | None = None


def measure_sites(sites: Sequence[Site], images: SiteImages) -> tuple[SiteRow, ...]:
    """Measure all sites.

    Parameters
    ----------
    sites : sequence of Site
        In the reference frame.
    images : SiteImages

    Returns
    -------
    tuple of SiteRow
        In the order of the sites.
    """
    rows = []
    for site in sites:
        if images.pet is None:
            rows.append(SiteRow(site, str(SiteState.NOT_ASSESSABLE), ("PET and MR are not aligned.",)))
            continue
        geometry = images.pet.geometry
        ijk = np.rint(geometry.to_ijk(site.center_ras)).astype(int)[::-1]
        if np.any(ijk < 0) or np.any(ijk >= geometry.shape):
            rows.append(SiteRow(site, str(SiteState.NOT_ASSESSABLE), ("Outside the field of view of the PET.",)))
            continue
        rows.append(SiteRow(site, str(SiteState.NORMAL), suv_max=float(images.pet.array[tuple(ijk)])))
    return tuple(rows)
