"""The nine cases of real lumbar MR: which volumes, in which roles, and the label map of what was drawn."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PainGeneratorLib.Numerics.core.image import Image
from PainGeneratorLib.Numerics.core.words import REFERENCE_ORDER, Role
from PainGeneratorLib.Phantoms.case import write_label_map
from PainGeneratorLib.Workflow.case import CaseSeries
from real_spine import LUMBAR, Volume, level_names, read_volume, spine_of


@dataclass(frozen=True)
class CasePlan:
    """One case: its volumes by role.

    Parameters
    ----------
    name : str
    volumes : tuple of (role, volume)
    """

    name: str
    volumes: tuple[tuple[str, str], ...]

    @property
    def reference(self) -> tuple[str, str]:
        """Role and volume to whose frame everything is aligned: the one that the program would take."""
        known = dict(self.volumes)
        role = next(r for r in REFERENCE_ORDER if r in known)
        return role, known[role]


PLANS = (
    CasePlan("AKa", ((Role.T1, "AKa_T1"), (Role.FLUID, "AKa_TIRM"))),
    CasePlan("DzZ", ((Role.T1, "DzZ_T1"), (Role.T2, "DzZ_T2"))),
    CasePlan("DzZ_T1", ((Role.T1, "DzZ_T1"),)),
    CasePlan("AKa_T1", ((Role.T1, "AKa_T1"),)),
    CasePlan("AKa_TIRM", ((Role.FLUID, "AKa_TIRM"),)),
    CasePlan("DzZ_T2", ((Role.T2, "DzZ_T2"),)),
    CasePlan("IVD20_T2", ((Role.T2, "IVD20_T2"),)),
    CasePlan("Myo01_T1FFE", ((Role.T1, "Myo01_T1FFE"),)),
    CasePlan("VB2_04_T2", ((Role.T2, "VB2_04_T2"),)),
)
"""The cases. A gradient echo serves as T1, as the program takes it where there is no spin echo."""


def volumes_of(plan: CasePlan, data: Path) -> dict[str, Volume]:
    """Role -> volume."""
    return {role: read_volume(data, name) for role, name in plan.volumes}


def as_series(images: dict[str, Image], names: dict[str, str]) -> dict[str, CaseSeries]:
    """The MR series of a case."""
    return {role: CaseSeries(role, names[role], image, "MR", "mr", {}) for role, image in images.items()}


def reference_to_series(volumes: dict[str, Volume], reference_role: str) -> dict[str, np.ndarray]:
    """Role -> true transform from the reference, by the centers of the bodies that were drawn in both volumes."""
    here = {b.level: b.center for b in spine_of(volumes[reference_role]).bodies}
    found = {}
    for role, volume in volumes.items():
        if role == reference_role:
            continue
        there = {b.level: b.center for b in spine_of(volume).bodies}
        levels = [level for level in here if level in there]
        found[role] = _rigid(np.array([here[x] for x in levels]), np.array([there[x] for x in levels]))
    return found


def _rigid(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The rigid matrix, shape (4, 4), that maps points a to points b best.

    Centers of a spine lie nearly on a line, so that the turn about it is not seen: it is taken as none.
    """
    middle_a, middle_b = a.mean(0), b.mean(0)
    # Three points beside each center, at right angles to the sagittal plane, hold the turn about the spine at zero.
    wide = np.array([30.0, 0.0, 0.0])
    pairs_a = np.concatenate([a - middle_a, a - middle_a + wide, a - middle_a - wide])
    pairs_b = np.concatenate([b - middle_b, b - middle_b + wide, b - middle_b - wide])
    u, _, vt = np.linalg.svd(pairs_a.T @ pairs_b)
    turn = vt.T @ np.diag([1.0, 1.0, np.sign(np.linalg.det(vt.T @ u.T))]) @ u.T
    matrix = np.eye(4)
    matrix[:3, :3] = turn
    matrix[:3, 3] = middle_b - turn @ middle_a
    return matrix


def write_drawn_labels(folder: Path, volume: Volume) -> tuple[Path, Path]:
    """Write what was drawn as a label map with names as programs give them, once.

    Returns
    -------
    (Path, Path)
        The map, and the names of its labels.
    """
    path, names_path = folder / f"{volume.name}-drawn.nii.gz", folder / f"{volume.name}-drawn.json"
    if names_path.exists():
        return path, names_path
    folder.mkdir(parents=True, exist_ok=True)
    write_label_map(path, Image(volume.labels, volume.image.geometry))
    names = {str(n): _label_name(level, volume.has_discs) for n, level in level_names(volume).items()}
    names_path.write_text(json.dumps(names))
    return path, names_path


def _label_name(level: str, is_disc: bool) -> str:
    """The name of a drawn body as TotalSegmentator writes it; that of a disc after the bodies above and below it."""
    if not is_disc:
        return f"vertebrae_{level}"
    return f"disc_{level}_{LUMBAR[LUMBAR.index(level) - 1]}"
