"""The warnings of a run, in one wording for the command line, the report and the panel."""

from __future__ import annotations

from ..Anatomy.anatomy_map import AnatomyMap
from ..Numerics.mr.findings import MRResult
from ..Numerics.pet.detector import HotSpotResult
from .case import Case
from .stages import Alignment, Suv


def run_warnings(
    case: Case,
    suv: Suv | None = None,
    alignment: Alignment | None = None,
    anatomy: AnatomyMap | None = None,
    mr: MRResult | None = None,
    pet: HotSpotResult | None = None,
) -> list[str]:
    """What the user must know about a run, in the order of the stages.

    Parameters
    ----------
    case : Case
    suv : Suv, optional
    alignment : Alignment, optional
    anatomy : AnatomyMap, optional
    mr : MRResult, optional
    pet : HotSpotResult, optional
        The results of the stages; None for a stage that has not run or does not apply.

    Returns
    -------
    list of str
        Whole sentences, each once.
    """
    sentences = list(case.warnings.sentences)
    if suv is not None:
        sentences += suv.result.warnings
    if alignment is not None:
        sentences += _alignment_warnings(alignment, case.reference_role)
    if anatomy is not None:
        sentences += anatomy.warnings
    if mr is not None:
        sentences += [*mr.warnings, *mr.implant.warnings]
    if pet is not None:
        sentences += pet.warnings
    return list(dict.fromkeys(sentences))


def _alignment_warnings(alignment: Alignment, reference_role: str) -> list[str]:
    sentences = []
    for role, series in alignment.by_role.items():
        if not series.aligned:
            sentences.append(f"{role} is not aligned to {reference_role}: {series.reason} {series.advice}")
        sentences += [f"{role}: {text}" for text in series.warnings]
    return sentences
