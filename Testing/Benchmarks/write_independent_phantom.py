"""Digital cases made independently of the library's own phantoms: another person, scanner and construction.

    python Testing/Benchmarks/write_independent_phantom.py OUT_DIR --group low-back|hip-replacement --seed N

The body is a stack of layers; each is a continuous signed-distance shape (swept tubes, warped vertebral blocks, bone
plates, shells between two surfaces) with a soft edge; it is evaluated at the points of every series: there is
no master grid and no atlas. MR signal follows from proton density, T1, T2 and fat fraction of the tissue and from the
sequence; metal bends the MR by its dipole field. The uptake of a tissue varies by its own random fields, which the MR
does not know.

Written are `dicom/`, `anatomy.nrrd` with `anatomy.json` (names as TotalSegmentator gives them), `where.nrrd` (all
structures, to tell where a false candidate lies) and `truth.json`. Positions are RAS mm; "canonical" is the unbent,
unmoved body: x right, y anterior, z up, origin at the middle of the upper endplate of S1.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from independent_phantoms.case import Case


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--group", choices=("low-back", "hip-replacement"), default="low-back")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    Case(options.seed, options.group).write(options.folder)


if __name__ == "__main__":
    main()
