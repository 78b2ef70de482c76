"""Digital cases made independently of the library's own phantoms: another person, scanner and construction.

    python Testing/Benchmarks/write_independent_phantom.py OUT_DIR --group low-back|hip-replacement --seed N

The body is a stack of layers. Each layer is a continuous shape with a soft edge, which is described by its signed
distance: swept tubes, warped vertebral blocks, bone plates, shells between two surfaces. The shapes are evaluated at
the points of every series, so that there is no common grid and no atlas. The MR signal follows from proton density,
T1, T2 and fat fraction of the tissue and from the sequence. Metal distorts the MR by its dipole field. The uptake of a
tissue varies by random fields of its own, which do not change the MR.

The files are `dicom/`, `anatomy.nrrd` with `anatomy.json` (names as in TotalSegmentator), `where.nrrd` (all
structures, to find where a false candidate lies) and `truth.json`. Positions are RAS mm. "Canonical" is the body
before it is bent and moved: x to the right, y to anterior, z up, with the origin in the middle of the upper endplate
of S1.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from independent_phantoms.case import Case


def main() -> None:
    """Read the command line and write the phantom."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--group", choices=("low-back", "hip-replacement"), default="low-back")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    Case(options.seed, options.group).write(options.folder)


if __name__ == "__main__":
    main()
