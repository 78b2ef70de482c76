"""What an MR series shows, from its header: sequence and times first, the description last.

Limits are those of musculoskeletal protocols at 1.5 and 3 T (T1 spin echo TE < 30, TR < 1500; proton density TE < 50,
TR >= 1500; T2 TE > 50, TR >= 1000; STIR TI 80 to 300 ms); ours, wide on purpose.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .series import Series

STIR_TI_MS = (80.0, 300.0)
"""Fat is nulled at 0.69 of its T1, about 170 to 210 ms at 1.5 T and 250 to 270 ms at 3 T, less in low fields."""
T1_TI_MS = (400.0, 1300.0)
"""Inversion times of T1 FLAIR and of magnetization-prepared T1 sequences."""
SHORT_TE_MS = 30.0
LONG_TE_MS = 50.0
T1_TR_BELOW_MS = 1500.0
T2_TR_FROM_MS = 1000.0
GRADIENT_T1_TE_MS = 8.0

DIXON_TYPES = {
    "W": "water",
    "WATER": "water",
    "F": "fat",
    "FAT": "fat",
    "IP": "in-phase",
    "IN_PHASE": "in-phase",
    "INPHASE": "in-phase",
    "OP": "opposed-phase",
    "OPP_PHASE": "opposed-phase",
    "OUT_PHASE": "opposed-phase",
    "OUTPHASE": "opposed-phase",
    "OPPOSED_PHASE": "opposed-phase",
}
"""Words of Image Type (0008,0008) -> Dixon part."""
DIXON_WORDS = (
    (r"\b(opp|opposed|out)[\s_-]?(of[\s_-]?)?(phase)?\b|(?<![a-z])op(?![a-z])", "opposed-phase"),
    (r"\bin[\s_-]?phase\b|(?<![a-z])(in|ip)(?![a-z])", "in-phase"),
    (r"(?<![a-z])(w|water)(?![a-z])", "water"),
    (r"(?<![a-z])(f|fat)(?![a-z])", "fat"),
)
DIXON_SEQUENCE_WORDS = re.compile(r"dixon|ideal|lava[\s_-]?flex|mdixon|flex\b|mrac", re.I)
FAT_WORDS = re.compile(
    r"fat[\s_-]?(sat|sup)|(?<![a-z])(fs|fatsat|spair|spir|chess|spectral)(?![a-z])|t2fs|t1fs|pdfs|fs(?=_|$)", re.I
)
STIR_WORDS = re.compile(r"(?<![a-z])(stir|tirm|short ti)(?![a-z])", re.I)
CONTRAST_WORDS = re.compile(r"\+ ?c\b|(?<![a-z])(gd|gado\w*|km|contrast|post|ce|postcontrast|kontrast)(?![a-z])", re.I)
NO_CONTRAST_WORDS = re.compile(r"(?<![a-z])(pre|without|non|no|w/o|ohne)[\s_-]*(contrast|gd|gado\w*|km|post)", re.I)
MU_MAP_WORDS = re.compile(r"u[\s_-]?map|mu[\s_-]?map|\u00b5[\s_-]?map", re.I)
ATTENUATION_WORDS = re.compile(r"mrac|attenuation|(?<![a-z])(mr)?ac(?![a-z])|atten", re.I)
OTHER_WORDS = re.compile(
    r"(?<![a-z])(tof|angio|mra|subtract\w*|sub|myelo\w*|mrcp|swi|dce|perf\w*|twist)(?![a-z])", re.I
)
DIFFUSION_TYPES = {"DIFFUSION", "ADC", "TRACEW", "FA", "TENSOR", "EADC"}
MAP_TYPES = {"P", "PHASE", "PHASE MAP", "REAL", "IMAGINARY", "R", "I", "T1 MAP", "T2 MAP", "T1_MAP", "T2_MAP", "SUB"}


@dataclass(frozen=True)
class Weighting:
    """What an MR series shows.

    ``kind`` is T1, T2, PD, STIR, T1-GRE, diffusion, map or unknown; ``reason`` a sentence without full stop.
    """

    kind: str
    reason: str
    fat_suppressed: bool = False
    dixon: str | None = None
    contrast_agent: bool = False
    from_description: bool = False
    mu_map: bool = False
    attenuation_named: bool = False


def _words(series: Series) -> str:
    parts = (series.description, series.header.get("ProtocolName"))
    return " ".join(part for part in parts if part)


def _codes(series: Series, *keywords: str) -> set[str]:
    """Code words of multi-valued elements."""
    found: set[str] = set()
    for keyword in keywords:
        value = series.header.get(keyword)
        if value:
            found.update(str(value).upper().split("\\") if isinstance(value, str) else value)
    return found


def _dixon_part(series: Series, words: str) -> str | None:
    kinds = series.header.get("ImageType") or ()
    for kind in kinds[2:]:
        if kind in DIXON_TYPES and not (kind in ("F", "W") and len(kinds) < 4 and "DIXON" not in words.upper()):
            return DIXON_TYPES[kind]
    if DIXON_SEQUENCE_WORDS.search(words):
        for pattern, part in DIXON_WORDS:
            if re.search(pattern, series.description, re.I):
                return part
    return None


def weigh(series: Series) -> Weighting:
    """Read the weighting of an MR series from its header.

    Parameters
    ----------
    series : Series
        Modality MR.

    Returns
    -------
    Weighting
    """
    words = _words(series)
    header = series.header
    kinds = set(header.get("ImageType") or ())
    suppressed = bool(
        _codes(series, "ScanOptions") & {"FS", "FATSAT", "FAT_SAT", "FAT-SAT", "SFS", "FSS", "FATSAT_GEMS"}
        or header.get("SpectrallySelectedSuppression") in ("FAT", "FAT_AND_WATER")
        or "FAT_SAT" in (header.get("SequenceName") or "").upper()
    )
    told_suppressed = suppressed or bool(FAT_WORDS.search(words))
    agent = (header.get("ContrastBolusAgent") or "").strip().upper()
    contrast = agent not in ("", "NONE", "NO", "N", "0", "-")
    if not contrast:
        contrast = bool(CONTRAST_WORDS.search(words)) and not NO_CONTRAST_WORDS.search(words)
    dixon = _dixon_part(series, words)
    common = {
        "fat_suppressed": told_suppressed or dixon == "water",
        "dixon": dixon,
        "contrast_agent": contrast,
        "mu_map": bool(MU_MAP_WORDS.search(words)),
        "attenuation_named": bool(ATTENUATION_WORDS.search(words)),
    }
    sequence = _codes(series, "ScanningSequence")
    b_value = header.get("DiffusionBValue")
    if kinds & DIFFUSION_TYPES or "EP" in sequence or (b_value or 0) > 0:
        return Weighting("diffusion", "diffusion or echo-planar images", **common)
    if kinds & MAP_TYPES or header.get("ComplexImageComponent") not in (None, "MAGNITUDE", "MIXED"):
        return Weighting("map", "phase, difference or parameter map", **common)
    kind, reason = _by_times(series, sequence)
    if kind is None:
        kind, reason = _by_description(words, sequence)
        return Weighting(kind, reason, from_description=True, **common)
    if OTHER_WORDS.search(words) and kind != "STIR":
        return Weighting("unknown", f"{reason}, but described as '{series.description}'", **common)
    return Weighting(kind, reason, **common)


def _by_times(series: Series, sequence: set[str]) -> tuple[str | None, str]:
    """Weighting by sequence, TE, TR and TI; None when they do not settle it."""
    te, tr, ti = (series.header.get(keyword) for keyword in ("EchoTime", "RepetitionTime", "InversionTime"))
    inversion = "IR" in sequence or series.header.get("InversionRecovery") == "YES"
    # A fat-saturation pulse may be written as an inversion time too; a STIR has a long TR.
    inversion = inversion or bool(ti and tr and tr >= T1_TR_BELOW_MS)
    if inversion and ti and STIR_TI_MS[0] <= ti <= STIR_TI_MS[1]:
        return "STIR", f"inversion recovery with TI {ti:g} ms, which suppresses fat"
    if inversion and STIR_WORDS.search(_words(series)) and not (ti and ti > T1_TI_MS[1]):
        return "STIR", "inversion recovery, named STIR" + (f", TI {ti:g} ms" if ti else "")
    if inversion and ti and T1_TI_MS[0] <= ti <= T1_TI_MS[1] and te is not None and te < SHORT_TE_MS:
        return "T1", f"inversion recovery with TI {ti:g} ms and TE {te:g} ms"
    if te is None or tr is None or te <= 0 or tr <= 0:
        return None, ""
    times = f"TE {te:g} ms and TR {tr:g} ms"
    if inversion and ti and ti > T1_TI_MS[1]:
        return "unknown", f"inversion recovery with TI {ti:g} ms"
    gradient = "GR" in sequence and "SE" not in sequence
    gradient = gradient or series.header.get("EchoPulseSequence") == "GRADIENT"
    if gradient:
        if te <= GRADIENT_T1_TE_MS and tr < T1_TR_BELOW_MS:
            return "T1-GRE", f"gradient echo with {times}"
        return "unknown", f"gradient echo with {times}"
    spin = "SE" in sequence or series.header.get("EchoPulseSequence") == "SPIN"
    shown = f"spin echo with {times}" if spin else times
    if te < SHORT_TE_MS and tr < T1_TR_BELOW_MS:
        return "T1", shown
    if te > LONG_TE_MS and tr >= T2_TR_FROM_MS:
        return "T2", shown
    if te <= LONG_TE_MS and tr >= T1_TR_BELOW_MS:
        return "PD", shown
    return None, ""


def _by_description(words: str, sequence: set[str]) -> tuple[str, str]:
    """Weighting by the description alone."""
    told = f"described as '{words}'; TE and TR do not tell"
    if STIR_WORDS.search(words):
        return "STIR", told
    if OTHER_WORDS.search(words):
        return "unknown", told
    gradient = "GR" in sequence and "SE" not in sequence
    gradient = gradient or bool(re.search(r"vibe|lava|thrive|mprage|spgr|flash", words, re.I))
    if re.search(r"t2[\s_]?\*|t2[\s_]?star|medic|merge", words, re.I):
        return "unknown", told
    for pattern, kind in ((r"t2(?!\d)", "T2"), (r"(?<![a-z])pd(?![a-z]*\d)|proton", "PD"), (r"t1(?!\d)", "T1")):
        if re.search(rf"(?<![a-z0-9]){pattern}" if kind != "PD" else pattern, words, re.I):
            return ("T1-GRE" if kind == "T1" and gradient else kind), told
    if gradient and DIXON_SEQUENCE_WORDS.search(words):
        return "T1-GRE", told
    return "unknown", f"neither TE and TR nor the description '{words}' tell what it shows"
