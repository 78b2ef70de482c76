"""Draw the frame of the lower back over a phantom, for `docs/pictures`, and over real MR for looking at.

The real volumes (`lumbar-mr-labelled` in the reference data) are for measuring and must not be shipped: their pictures
go to a folder outside of the repository. Run::

    python Testing/Benchmarks/spine_frame_pictures.py phantom --seed 3 docs/pictures/spine-frame-phantom.png
    python Testing/Benchmarks/spine_frame_pictures.py real --case DzZ_T2 /tmp/frame.png
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PainGeneratorLib.Numerics.body.level_names import name_levels
from PainGeneratorLib.Numerics.body.spine_frame import find_spine_frame
from PainGeneratorLib.Numerics.body.vertebrae import Spine
from PainGeneratorLib.Numerics.core.image import Image
from PainGeneratorLib.Numerics.mr.findings import find_canal_with_discs
from PainGeneratorLib.Numerics.mr.parameters import MRParameters
from PainGeneratorLib.Numerics.mr.signal import prepare_signals
from PainGeneratorLib.Numerics.mr.spine_tissues import find_spine_tissues
from PainGeneratorLib.Phantoms.case import make_phantom
from PainGeneratorLib.Workflow.protocol import load_protocol
from PIL import Image as Picture
from real_spine_cases import PLANS, volumes_of
from spine_frame_picture import draw_spine


def main() -> None:
    """Draw one picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("phantom", "real"))
    parser.add_argument("path", type=Path)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--case", default="DzZ_T2", choices=[plan.name for plan in PLANS])
    parser.add_argument("--level", default="L4")
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("PAINGENERATOR_DATA", "../shared/data")))
    options = parser.parse_args()
    if options.what == "phantom":
        images, matrices = phantom_series(options.seed)
        picture = picture_of(images, matrices, options.level)
    else:
        if (options.path.resolve()).is_relative_to(Path(__file__).resolve().parents[2]):
            parser.error("Pictures of these volumes must not be shipped: name a file outside of the repository.")
        plan = next(plan for plan in PLANS if plan.name == options.case)
        volumes = volumes_of(plan, options.data)
        drawn = volumes[plan.reference[0]]
        images = {str(role): volume.image for role, volume in volumes.items()}
        picture = picture_of(images, {}, options.level, Image(drawn.labels, drawn.image.geometry))
    options.path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(options.path, optimize=True)


def phantom_series(seed: int) -> tuple[dict[str, Image], dict[str, np.ndarray]]:
    """The MR series of a phantom of the low back by role, and where they lie against its T1."""
    phantom = make_phantom("low-back", seed)
    images: dict[str, Image] = {}
    for item in phantom.series:
        if item.plan.role in ("T1", "FLUID", "T2"):
            images.setdefault(str(item.plan.role), item.image)
    known = phantom.truth["transforms_ras"]
    return images, {role: np.array(known[f"reference_to_{role}"]) for role in images}


def picture_of(
    images: Mapping[str, Image], matrices: Mapping[str, np.ndarray], level: str, labels: Image | None = None
) -> Picture.Image:
    """The frame of the spine over the reference series."""
    parameters = load_protocol("low-back").stage("mr_findings", MRParameters)
    reference = next(iter(images.values()))
    signals = prepare_signals(dict(images), dict(matrices), reference, parameters.bias)
    fluid = next((role for role in ("FLUID", "T2") if role in signals.roles), None)
    line = find_canal_with_discs(signals, fluid, None)
    places = None if line is None else find_spine_tissues(signals, line)
    if line is None or places is None:
        raise SystemExit("No spine with discs was found.")
    inside = {r: np.where(signals.body, np.nan_to_num(a), np.float32(0.0)) for r, a in signals.roles.items()}
    samples = {role: line.straight.sample(array, signals.geometry) for role, array in inside.items()}
    names = name_levels(line, samples)
    spine = Spine(()) if names is None else find_spine_frame(line, names, places.shape, samples)
    shown = Image(next(iter(inside.values())), signals.geometry)
    return draw_spine(shown, spine, level, labels)


if __name__ == "__main__":
    main()
