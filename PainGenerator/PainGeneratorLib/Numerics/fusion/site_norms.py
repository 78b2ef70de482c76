"""Published uptake of sites in people without disease there.

Norms are shown beside the measured values and decide nothing alone: absolute SUV differs between scanners, uptake
times and ages (docs/domain.md, "Normal uptake of sites"). Each text says what was measured, in whom, and when.
"""

from __future__ import annotations

from ..core.sites import Site, SiteNorm
from ..core.words import Side

_FACET = SiteNorm(
    "No norm of FDG was published. With NaF, facet joints have SUVmax 10.60 (SD 2.97) without low back pain and "
    "14.98 (SD 6.55) with it, which cannot be compared with FDG.",
    "PMC9322590",
)
_DISC = SiteNorm(
    "Discs: SUVmean 0.69 (SD 0.15) in 12 people without low back pain, 0.96 (SD 0.34) in 12 with it.",
    "PMC9322590", 0.69, 0.15,
)  # fmt: skip
_ENDPLATE = SiteNorm(
    "No norm of FDG was published. In 110 endplates of 11 people FDG was not related to pain, and less where the MR "
    "showed edema: raised FDG at an endplate alone is weak evidence.",
    "preprint 2025, arXiv listing 7959361",
)
_SI_RIGHT = SiteNorm(
    "Right sacroiliac joint: SUVmean 1.30 (SD 0.33) in 103 people; right over left 1.15. Rises with body mass index.",
    "CAMONA study, Am J Nucl Med Mol Imaging", 1.30, 0.33,
)  # fmt: skip
_SI_LEFT = SiteNorm(
    "Left sacroiliac joint: SUVmean 1.13 (SD 0.30) in 103 people; right over left 1.15. Rises with body mass index.",
    "CAMONA study, Am J Nucl Med Mol Imaging", 1.13, 0.30,
)  # fmt: skip
_BODY = SiteNorm(
    "Lumbar spine as a whole: SUVmean 1.41 (SD 0.28) in 43 healthy men, 180 minutes after the injection. Rises "
    "with weight.",
    "PMID 29550840", 1.41, 0.28,
)  # fmt: skip
_CONUS = SiteNorm(
    "Distal cord and conus are seen in 55 % of 108 people, as a band at T11 to L1 with SUVmax up to 3.7.",
    "J Nucl Med 2009, abstract 131; PMID 22228335",
)
_PROSTHESIS = SiteNorm(
    "Hips without infection: median SUVmax 2.66 (cemented) and 2.87 (uncemented), mostly at the neck (58 scans). "
    "Rises with age where uncemented.",
    "Gelderman, Acta Orthop 2018;89:634, 10.1080/17453674.2018.1525931",
)
_ACETABULUM = SiteNorm(
    "A benign hot spot in the acetabular fossa in 0.36 % of people, SUVmax 4.8 (2.7 to 7.8), without abnormality on "
    "MR.",
    "Skeletal Radiol 2015;44:107",
)
_HIP = SiteNorm(
    "Hip joints show some uptake in about 50 % of people without complaints, more with age.",
    "Meier, Nuklearmedizin 2001, 10.1055/s-0038-1625281",
)
_FEMUR = SiteNorm(
    "Shaft of the femur: SUVmean 0.46 (0.42 to 0.49), SUVmax 0.81 (84 people). Normal bone stays below 0.5 and 0.8.",
    "van Vliet, Nucl Med Commun 2016", 0.46,
)  # fmt: skip

INTERSPINOUS_COUNTS = {"L1/L2": 19, "L2/L3": 22, "L3/L4": 39, "L4/L5": 35, "L5/S1": 7}
"""Interspinous spaces with uptake above the blood pool among 200 people scanned for other reasons (Nishimatsu, Ann
Nucl Med 2015;29:766)."""
CONUS_LEVELS = ("T11/T12", "T12/L1", "L1/L2")
"""Where distal cord and conus show uptake, T11 to L1 (PMID 22228335); a disc belongs to both vertebrae beside it."""

NORMS: dict[str, SiteNorm] = {
    "facet joint": _FACET,
    "disc": _DISC,
    "upper endplate": _ENDPLATE,
    "lower endplate": _ENDPLATE,
    "vertebral body": _BODY,
    "femoral head": _HIP,
    "hip joint capsule": _HIP,
    "acetabulum": _ACETABULUM,
    "femur": _FEMUR,
    "prosthesis cup": _PROSTHESIS,
    "prosthesis head": _PROSTHESIS,
    "prosthesis neck": _PROSTHESIS,
    "prosthesis shoulder": _PROSTHESIS,
    "stem tip": _PROSTHESIS,
}
"""Norm of each structure that has one for all sides and levels."""


def norm_of(site: Site) -> SiteNorm | None:
    """The published norm of a site; None where there is none.

    Parameters
    ----------
    site : Site
    """
    if site.structure == "sacroiliac joint":
        return _SI_RIGHT if site.side == Side.RIGHT else _SI_LEFT
    if site.structure == "spinal canal":
        return _CONUS if is_at_conus(site) else None
    if site.structure == "interspinous space":
        return _interspinous(site.level)
    if site.zone is not None:
        return _PROSTHESIS
    return NORMS.get(site.structure)


def is_at_conus(site: Site) -> bool:
    """Whether a site is the spinal canal where distal cord and conus lie."""
    return site.structure == "spinal canal" and site.level in CONUS_LEVELS


def is_at_prosthesis_neck(site: Site) -> bool:
    """Whether a site is head or neck of a prosthesis, where painless hips have uptake; the interface is no part."""
    return site.structure in ("prosthesis head", "prosthesis neck")


def _interspinous(level: str | None) -> SiteNorm:
    """How often an interspinous space shows uptake in people scanned for other reasons."""
    count = INTERSPINOUS_COUNTS.get(level or "")
    here = "" if count is None else f" ({count} of 200 at {level})"
    return SiteNorm(
        f"Uptake above the blood pool in 71 of 200 people scanned for other reasons{here}, without a trend with age.",
        "Nishimatsu, Ann Nucl Med 2015;29:766",
    )
