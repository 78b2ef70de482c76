"""Draw the places of all lesions on the MR, to be checked by eye.

    python Testing/Benchmarks/real_spine_pictures.py --cache DIR --output DIR [VOLUME ...]

One picture a volume: a row of sagittal and axial cuts for each structure, with a cross at the middle of every place.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import numpy as np

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "PainGenerator"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from PIL import Image as Picture
from PIL import ImageDraw
from real_spine_places import SHAPES, Spot, half_axes, spots_of
from real_spine_truth import Truth, kept_truth
from scipy import ndimage

HALF_MM = 35
"""Half of the edge of a cut, mm."""
ZOOM = 3
"""Pixels for each mm."""


def main() -> None:
    """Read the command line and draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("volumes", nargs="*", default=["AKa_T1", "DzZ_T1", "IVD20_T2", "Myo01_T1FFE", "VB2_04_T2"])
    arguments = parser.parse_args()
    data = Path(os.environ.get("PAINGENERATOR_DATA") or PROJECT.parent / "shared" / "data")
    arguments.output.mkdir(parents=True, exist_ok=True)
    for name in arguments.volumes:
        picture(kept_truth(arguments.cache, data, name)).save(arguments.output / f"places-{name}.png")


def picture(truth: Truth) -> Picture.Image:
    """All places of a volume."""
    rows = []
    for structure in SHAPES:
        cuts = [cut(truth, spot) for spot in spots_of(truth) if spot.structure == structure]
        rows.append(np.concatenate(cuts[:10], axis=1) if cuts else np.zeros((10, 10), dtype=np.uint8))
    width = max(row.shape[1] for row in rows)
    padded = [np.pad(row, ((0, 4), (0, width - row.shape[1]))) for row in rows]
    return Picture.fromarray(np.concatenate(padded, axis=0))


def cut(truth: Truth, spot: Spot) -> np.ndarray:
    """A sagittal cut above an axial cut through a place, with the outline of a lesion of middle size."""
    image = truth.spine.volume.image
    axes_mm = half_axes(spot.structure, 1.0, len(spot.centers))
    bright = np.percentile(image.array, 99.5)
    parts = []
    for across in (0, 2):
        first, second = (spot.axes[0] * -1.0, spot.axes[1]) if across == 0 else (spot.axes[1], spot.axes[2])
        steps = np.arange(-HALF_MM, HALF_MM, 1.0 / ZOOM)
        points = spot.middle + steps[:, None, None] * first + steps[None, :, None] * second
        ijk = image.geometry.to_ijk(points.reshape(-1, 3))
        values = ndimage.map_coordinates(image.array, ijk[:, ::-1].T, order=1).reshape(points.shape[:2])
        shown = Picture.fromarray((np.clip(values / bright, 0, 1) ** 0.6 * 255).astype(np.uint8))
        draw = ImageDraw.Draw(shown)
        for center in spot.centers:
            offset = center - spot.middle
            at = np.array([offset @ second, offset @ first]) * ZOOM + HALF_MM * ZOOM
            size = np.array([axes_mm[1], axes_mm[0]]) if across == 0 else np.array([axes_mm[2], axes_mm[1]])
            draw.ellipse([*(at - size * ZOOM), *(at + size * ZOOM)], outline=255)
        draw.text((3, 3), f"{spot.structure} {spot.level} {spot.side}", fill=255)
        parts.append(np.array(shown))
    return np.concatenate(parts, axis=0)


if __name__ == "__main__":
    main()
