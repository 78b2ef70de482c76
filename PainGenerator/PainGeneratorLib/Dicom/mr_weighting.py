"""Find the weighting of an MR series from its header.

The type of sequence and its times decide. The description is used only where they do not settle the question.

The limits fit musculoskeletal protocols at 1.5 and 3 T: T1 spin echo TE < 30 and TR < 1500 ms, proton density
TE <= 50 and TR >= 1500 ms, T2 TE > 50 and TR >= 1000 ms, STIR TI 80 to 300 ms. They are our estimates and are wide on
purpose.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from .series import Series

STIR_TI_MS = (80.0, 300.0)
"""Lower and upper bound of the inversion time of a STIR sequence, ms. Fat is nulled at 0.69 of its T1: at about 170 to
210 ms at 1.5 T, at 250 to 270 ms at 3 T, and earlier in lower fields. Our estimate, wide on purpose."""
T1_TI_MS = (400.0, 1300.0)
"""Lower and upper bound of the inversion time of T1 FLAIR and of magnetization-prepared T1 sequences, ms. Our
estimate."""
SHORT_TE_MS = 30.0
"""Upper bound of the echo time of a T1 spin echo, ms. The usual limit of musculoskeletal protocols."""
LONG_TE_MS = 50.0
"""Lower bound of the echo time of a T2 spin echo and upper bound for a proton density image, ms. Our estimate."""
T1_TR_BELOW_MS = 1500.0
"""Upper bound of the repetition time of a T1 spin echo, lower bound for a proton density image, ms. Our estimate."""
T2_TR_FROM_MS = 1000.0
"""Lower bound of the repetition time of a T2 spin echo, ms. Our estimate."""
GRADIENT_T1_TE_MS = 8.0
"""Upper bound of the echo time of a T1 gradient echo, ms. Our estimate."""

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
"""Word of Image Type (0008,0008) -> part of a Dixon acquisition."""
DIXON_WORDS = (
    (r"\b(opp|opposed|out)[\s_-]?(of[\s_-]?)?(phase)?\b|(?<![a-z])op(?![a-z])", "opposed-phase"),
    (r"\bin[\s_-]?phase\b|(?<![a-z])(in|ip)(?![a-z])", "in-phase"),
    (r"(?<![a-z])(w|water)(?![a-z])", "water"),
    (r"(?<![a-z])(f|fat)(?![a-z])", "fat"),
)
"""Pattern in the description of a Dixon series, and the part of the acquisition that it stands for. The first pattern
that fits decides."""
DIXON_SEQUENCE_WORDS = re.compile(r"dixon|ideal|lava[\s_-]?flex|mdixon|flex\b|mrac", re.I)
"""Words in the description or the protocol name of a Dixon acquisition."""
FAT_WORDS = re.compile(
    r"fat[\s_-]?(sat|sup)|(?<![a-z])(fs|fatsat|spair|spir|chess|spectral)(?![a-z])|t2fs|t1fs|pdfs|fs(?=_|$)", re.I
)
"""Words that say that fat is suppressed."""
STIR_WORDS = re.compile(r"(?<![a-z])(stir|tirm|short ti)(?![a-z])", re.I)
"""Words for a STIR sequence."""
CONTRAST_WORDS = re.compile(r"\+ ?c\b|(?<![a-z])(gd|gado\w*|km|contrast|post|ce|postcontrast|kontrast)(?![a-z])", re.I)
"""Words that say that a contrast agent was given."""
NO_CONTRAST_WORDS = re.compile(r"(?<![a-z])(pre|without|non|no|w/o|ohne)[\s_-]*(contrast|gd|gado\w*|km|post)", re.I)
"""Words that say that no contrast agent was given, although they contain one of `CONTRAST_WORDS`."""
MU_MAP_WORDS = re.compile(r"u[\s_-]?map|mu[\s_-]?map|\u00b5[\s_-]?map", re.I)
"""Words for a map of attenuation coefficients (mu-map)."""
ATTENUATION_WORDS = re.compile(r"mrac|attenuation|(?<![a-z])(mr)?ac(?![a-z])|atten", re.I)
"""Words for a series that was acquired for attenuation correction."""
OTHER_WORDS = re.compile(
    r"(?<![a-z])(tof|angio|mra|subtract\w*|sub|myelo\w*|mrcp|swi|dce|perf\w*|twist)(?![a-z])", re.I
)
"""Words for series that serve no role: angiography, subtraction, myelography, perfusion and the like."""
DIFFUSION_TYPES = {"DIFFUSION", "ADC", "TRACEW", "FA", "TENSOR", "EADC"}
"""Words of Image Type for diffusion images and the maps that are computed from them."""
MAP_TYPES = {"P", "PHASE", "PHASE MAP", "REAL", "IMAGINARY", "R", "I", "T1 MAP", "T2 MAP", "T1_MAP", "T2_MAP", "SUB"}
"""Words of Image Type for phase images, difference images and parameter maps."""


@dataclass(frozen=True)
class Weighting:
    """What an MR series shows.

    ``kind`` is T1, T2, PD, STIR, T1-GRE, diffusion, map or unknown. ``reason`` is a sentence without its full stop.
    ``dixon`` is the part of a Dixon acquisition (water, fat, in-phase or opposed-phase) or None.
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
    """Collect the code words of multi-valued elements, in upper case."""
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
    """Find the weighting of an MR series from its header.

    Parameters
    ----------
    series : Series
        A series of modality MR.

    Returns
    -------
    Weighting
        What the series shows, with the reason. The kind is "unknown" when the header does not settle it.
    """
    words = _words(series)
    header = series.header
    kinds = set(header.get("ImageType") or ())
    dixon = _dixon_part(series, words)
    shown = Weighting(
        "unknown",
        "",
        fat_suppressed=_is_fat_suppressed(series, words) or dixon == "water",
        dixon=dixon,
        contrast_agent=_has_contrast_agent(series, words),
        mu_map=bool(MU_MAP_WORDS.search(words)),
        attenuation_named=bool(ATTENUATION_WORDS.search(words)),
    )
    sequence = _codes(series, "ScanningSequence")
    if kinds & DIFFUSION_TYPES or "EP" in sequence or (header.get("DiffusionBValue") or 0) > 0:
        return replace(shown, kind="diffusion", reason="diffusion or echo-planar images")
    if kinds & MAP_TYPES or header.get("ComplexImageComponent") not in (None, "MAGNITUDE", "MIXED"):
        return replace(shown, kind="map", reason="phase, difference or parameter map")
    by_times = _by_times(series, sequence)
    if by_times is None:
        kind, reason = _by_description(words, sequence)
        return replace(shown, kind=kind, reason=reason, from_description=True)
    kind, reason = by_times
    if OTHER_WORDS.search(words) and kind != "STIR":
        kind, reason = "unknown", f"{reason}, but described as '{series.description}'"
    return replace(shown, kind=kind, reason=reason)


FAT_SUPPRESSION_OPTIONS = {"FS", "FATSAT", "FAT_SAT", "FAT-SAT", "SFS", "FSS", "FATSAT_GEMS"}
"""Words of Scan Options (0018,0022) that say that fat is suppressed."""
NO_AGENT = ("", "NONE", "NO", "N", "0", "-")
"""Values of Contrast/Bolus Agent (0018,0010) that mean that no agent was given."""


def _is_fat_suppressed(series: Series, words: str) -> bool:
    """Whether header or description say that fat is suppressed."""
    header = series.header
    by_header = (
        _codes(series, "ScanOptions") & FAT_SUPPRESSION_OPTIONS
        or header.get("SpectrallySelectedSuppression") in ("FAT", "FAT_AND_WATER")
        or "FAT_SAT" in (header.get("SequenceName") or "").upper()
    )
    return bool(by_header or FAT_WORDS.search(words))


def _has_contrast_agent(series: Series, words: str) -> bool:
    """Whether the header names a contrast agent or the description says that one was given."""
    agent = (series.header.get("ContrastBolusAgent") or "").strip().upper()
    if agent not in NO_AGENT:
        return True
    return bool(CONTRAST_WORDS.search(words)) and not NO_CONTRAST_WORDS.search(words)


def _by_times(series: Series, sequence: set[str]) -> tuple[str, str] | None:
    """Kind and reason from the type of sequence, TE, TR and TI; None when they do not settle the kind."""
    te, tr, ti = (series.header.get(keyword) for keyword in ("EchoTime", "RepetitionTime", "InversionTime"))
    is_inversion = "IR" in sequence or series.header.get("InversionRecovery") == "YES"
    # Some scanners write the delay of a fat saturation pulse as inversion time, too. Only a long TR fits a STIR.
    is_inversion = is_inversion or bool(ti and tr and tr >= T1_TR_BELOW_MS)
    by_inversion = _by_inversion(_words(series), te, ti) if is_inversion else None
    if by_inversion is not None:
        return by_inversion
    if te is None or tr is None or te <= 0 or tr <= 0:
        return None
    if is_inversion and ti and ti > T1_TI_MS[1]:
        return "unknown", f"inversion recovery with TI {ti:g} ms"
    return _by_echo_times(series, sequence, te, tr)


def _by_echo_times(series: Series, sequence: set[str], te: float, tr: float) -> tuple[str, str] | None:
    """Kind and reason of a gradient or spin echo from TE and TR in ms; None when they do not settle the kind."""
    times = f"TE {te:g} ms and TR {tr:g} ms"
    echo = series.header.get("EchoPulseSequence")
    if ("GR" in sequence and "SE" not in sequence) or echo == "GRADIENT":
        is_t1 = te <= GRADIENT_T1_TE_MS and tr < T1_TR_BELOW_MS
        return "T1-GRE" if is_t1 else "unknown", f"gradient echo with {times}"
    kind = _by_spin_echo_times(te, tr)
    if kind is None:
        return None
    return kind, f"spin echo with {times}" if "SE" in sequence or echo == "SPIN" else times


def _by_inversion(words: str, te: float | None, ti: float | None) -> tuple[str, str] | None:
    """Kind and reason of an inversion recovery from TE and TI in ms; None when they do not settle the kind."""
    if ti and STIR_TI_MS[0] <= ti <= STIR_TI_MS[1]:
        return "STIR", f"inversion recovery with TI {ti:g} ms, which suppresses fat"
    if STIR_WORDS.search(words) and not (ti and ti > T1_TI_MS[1]):
        return "STIR", "inversion recovery, named STIR" + (f", TI {ti:g} ms" if ti else "")
    if ti and T1_TI_MS[0] <= ti <= T1_TI_MS[1] and te is not None and te < SHORT_TE_MS:
        return "T1", f"inversion recovery with TI {ti:g} ms and TE {te:g} ms"
    return None


def _by_spin_echo_times(te: float, tr: float) -> str | None:
    """Kind of a spin echo from TE and TR in ms; None when the times fit no kind."""
    if te < SHORT_TE_MS and tr < T1_TR_BELOW_MS:
        return "T1"
    if te > LONG_TE_MS and tr >= T2_TR_FROM_MS:
        return "T2"
    return "PD" if te <= LONG_TE_MS and tr >= T1_TR_BELOW_MS else None


def _by_description(words: str, sequence: set[str]) -> tuple[str, str]:
    """Kind and reason from the description, when the times in the header do not settle the kind."""
    reason = f"described as '{words}'; TE and TR do not tell"
    if STIR_WORDS.search(words):
        return "STIR", reason
    if OTHER_WORDS.search(words):
        return "unknown", reason
    gradient = "GR" in sequence and "SE" not in sequence
    gradient = gradient or bool(re.search(r"vibe|lava|thrive|mprage|spgr|flash", words, re.I))
    if re.search(r"t2[\s_]?\*|t2[\s_]?star|medic|merge", words, re.I):
        return "unknown", reason
    for pattern, kind in ((r"t2(?!\d)", "T2"), (r"(?<![a-z])pd(?![a-z]*\d)|proton", "PD"), (r"t1(?!\d)", "T1")):
        if re.search(rf"(?<![a-z0-9]){pattern}" if kind != "PD" else pattern, words, re.I):
            return ("T1-GRE" if kind == "T1" and gradient else kind), reason
    if gradient and DIXON_SEQUENCE_WORDS.search(words):
        return "T1-GRE", reason
    return "unknown", f"neither TE and TR nor the description '{words}' tell what it shows"
