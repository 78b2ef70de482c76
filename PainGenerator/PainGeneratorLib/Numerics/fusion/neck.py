"""What is usual at the neck of a hip prosthesis.

Painless hip prostheses have uptake at their neck for years (Gelderman, Acta Orthop 2018; Zhuang, 2002), and scar looks
like edema there. Both hold for the neck itself and the soft tissue right beside it, never for the bone at stem and
cup.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..core.records import MRFinding, Place
from ..mr.verdicts import OEDEMA
from .parameters import NeckParameters
from .places import is_near_neck

APPROACH_FLAG = "surgical-approach"
"""The flag of a band of edema from the skin to the hip."""


def noise_free_max(suv_max: float, suv_peak: float | None, neck: NeckParameters) -> float:
    """The SUVmax in g/ml that a focus of the size of a prosthesis neck would have without noise.

    It is computed from SUVpeak. It is lower than SUVmax by no more than noise can raise SUVmax, and never above it.
    """
    if suv_peak is None:
        return suv_max
    return min(suv_max, max(suv_peak / neck.peak_of_max, suv_max / neck.noise_lift))


def usual_at_neck(suv_max: float, neck: NeckParameters) -> float:
    """How usual an SUVmax without noise is at the neck of a painless prosthesis: 1 up to the limit, 0 from the most.

    Half of the painless prostheses lie above the published medians, which the limit is about. It falls straight, so
    that a small change of SUV never changes the ranking much.
    """
    return min(1.0, max(0.0, (neck.suv_most - suv_max) / (neck.suv_most - neck.suv_limit)))


def is_scar_at_neck(finding: MRFinding, place: Place, neck: NeckParameters) -> bool:
    """Whether an MR finding is what every prosthesis has at its neck: scar, or signal that the metal has shifted."""
    return is_near_neck(place) and finding.kind == OEDEMA and finding.volume_ml < neck.scar_ml


def is_approach(findings: Sequence[MRFinding]) -> bool:
    """Whether all MR findings are bands of edema along the approach of an operation; False without any."""
    return bool(findings) and all(APPROACH_FLAG in finding.flags for finding in findings)
