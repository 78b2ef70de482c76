"""Find the weighting of an MR series from its header.

The type of sequence and its times decide what the series is weighted to. The words of the description and of the
protocol (:mod:`.series_vocabulary`) decide where the times do not, and say what times cannot: the part of a Dixon
acquisition, the contrast agent, the suppression of fat, maps and localizers.

The limits fit musculoskeletal protocols at 1.5 and 3 T: T1 spin echo TE < 30 and TR < 1500 ms, proton density
TE <= 50 and TR >= 1500 ms, T2 TE > 50 and TR >= 1000 ms, STIR TI 80 to 300 ms. They are our estimates and are wide on
purpose.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from .series import Series
from .series_regions import region_of
from .series_vocabulary import Meaning
from .series_words import Words, words_of

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

ULTRASHORT_TE_MS = 0.6
"""Upper bound of the echo time of ultrashort and zero echo time sequences, ms. Our estimate: gradient echoes for a
Dixon acquisition start at 1.1 ms."""
BALANCED_VARIANT = "SS"
"""Value of Sequence Variant (0018,0021) for steady state."""
BALANCED_LEAST_FLIP = 35.0
"""Lower bound of the flip angle of a balanced gradient echo, degrees. Our estimate: spoiled ones with so short a
repetition time have 3 to 20 degrees."""
BALANCED_TR_MS = 12.0
"""Upper bound of the repetition time of a balanced gradient echo, ms. Our estimate."""
WATER_FAT_PPM = 3.4
"""Distance of the main peak of fat from water, parts per million (Dixon, Radiology 1984;153:189)."""
PROTON_MHZ_PER_T = 42.577
"""Resonance of protons, MHz per tesla."""
PHASE_TOLERANCE = 0.2
"""How far an echo may be from in-phase or opposed-phase, as a part of a turn of water against fat. Our estimate."""

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
    "OPPPHASE": "opposed-phase",
    "OUT_PHASE": "opposed-phase",
    "OUTPHASE": "opposed-phase",
    "OPPOSED_PHASE": "opposed-phase",
}
"""Word of Image Type (0008,0008) -> part of a Dixon acquisition (DICOM PS3.3 C.8.13.3.1; Siemens, GE, Philips)."""
PART_OF_MEANING = {
    Meaning.WATER: "water",
    Meaning.FAT: "fat",
    Meaning.IN_PHASE: "in-phase",
    Meaning.OPPOSED: "opposed-phase",
}
"""Meaning of a whole word -> part of a Dixon acquisition, whatever else the name says."""
PART_IN_DIXON = PART_OF_MEANING | {
    Meaning.IN: "in-phase",
    Meaning.OUT: "opposed-phase",
    Meaning.LETTER_W: "water",
    Meaning.LETTER_F: "fat",
}
"""Meaning -> part, for words and letters that name a part only where something says Dixon."""
DIXON_ENDING = re.compile(r"_(W|F)$")
"""End of the name of a Siemens water or fat image ("t1_vibe_pre_W")."""
DIFFUSION_TYPES = {"DIFFUSION", "ADC", "TRACEW", "FA", "TENSOR", "EADC"}
"""Words of Image Type for diffusion images and the maps that are computed from them."""
MAP_TYPES = {
    *("P", "PHASE", "PHASE MAP", "REAL", "IMAGINARY", "R", "I", "T1 MAP", "T2 MAP", "T1_MAP", "T2_MAP", "SUB"),
    *("FF", "FAT_FRACTION", "WATER_FRACTION", "PDFF", "R2_STAR", "R2STAR", "R2STAR_MAP", "R2*", "T2_STAR", "T2STAR"),
    *("T2_STAR_MAP", "T2STAR_MAP", "T2STAR MAP", "R2 MAP", "B0", "B0 MAP", "FIELD_MAP", "FIELDMAP", "VELOCITY", "MTR"),
}
"""Words of Image Type for phase images, difference images and maps of computed quantities (DICOM PS3.3 C.8.13.3.1;
Philips: https://github.com/rordenlab/dcm2niix/issues/255)."""
MU_MAP_TYPES = re.compile(r"U[-_]?MAP|ACMAP")
"""Part of a word of Image Type of an attenuation map (https://github.com/UCL/pet-rd-tools/issues/11)."""
REFORMAT_TYPES = {"MPR", "CSA MPR", "REFORMATTED", "REFORMAT", "CPR", "CURVED"}
"""Words of Image Type for images that were computed from another series."""
SEQUENCE_NAMES = (
    (re.compile(r"^\*?(h2d|hst)|ssfse|sshtse|fase2d", re.I), Meaning.SINGLE_SHOT),
    (re.compile(r"^\*?(tfi|ci3d)|fiesta|b[-_]?ffe|trufi", re.I), Meaning.BALANCED),
    (re.compile(r"^\*?(ep_|ep2d|epse|re_b)|dwi", re.I), Meaning.DIFFUSION),
    (re.compile(r"^\*?(me2d|me3d)|merge", re.I), Meaning.T2_STAR),
    (re.compile(r"ute|zte|petra|silenz", re.I), Meaning.ULTRASHORT),
)
"""Pattern in Sequence Name (0018,0024) or Pulse Sequence Name (0018,9005), and what it means. Source: names in the
public headers that https://github.com/rordenlab/dcm2niix lists for its vendors."""
FAT_SUPPRESSION_OPTIONS = {"FS", "FATSAT", "FAT_SAT", "FAT-SAT", "SFS", "FSS", "FATSAT_GEMS"}
"""Words of Scan Options (0018,0022) that say that fat is suppressed."""
NO_AGENT = {"", "-", "0", "N", "NA", "NIL", "OFF", "KEIN", "KEINE", "KEINES", "AUCUN", "NINGUNO", "NESSUNO", "GEEN"}
"""Values of Contrast/Bolus Agent (0018,0010), without signs, that mean that no agent was given. Source: "NONE" and
the like in https://github.com/bids-standard/bids-specification/issues/1542, and the word in other languages."""
UNKNOWN_AGENT = {"UNKNOWN", "UNSPECIFIED", "UNBEKANNT", "INCONNU", "ANONYMIZED", "REMOVED", "X", "XX", "TBD"}
"""Values of Contrast/Bolus Agent that do not say whether an agent was given."""


NO_MR_AGENT = re.compile(
    r"FDG|FLUORODEOXY|F-?18|18F|BUSCOPAN|BUTYLSCOPOL|GLUCAGON|LUMIREM|FERUMOXSIL|ORAL|WATER|BARIUM"
)
"""Tracers, drugs against motion of the bowel and oral agents, which some hospitals write into Contrast/Bolus Agent.
They do not change the signal of marrow."""


@dataclass(frozen=True)
class Weighting:
    """What an MR series shows.

    ``kind`` is T1, T2, PD, STIR, T1-GRE, diffusion, map, localizer or unknown. ``reason`` is a sentence without its
    full stop. ``dixon`` is the part of a Dixon acquisition (water, fat, in-phase or opposed-phase) or None.
    ``is_dixon`` says that the series is a part of such an acquisition, named or not. ``named_kind`` is the weighting
    that the name alone gives, or None. ``doubts`` are sentences for the reader about what the header leaves open.
    """

    kind: str
    reason: str
    fat_suppressed: bool = False
    dixon: str | None = None
    is_dixon: bool = False
    contrast_agent: bool = False
    from_description: bool = False
    mu_map: bool = False
    attenuation_named: bool = False
    single_shot: bool = False
    metal: bool = False
    uncorrected: bool = False
    reformat: bool = False
    region: frozenset[Meaning] = frozenset()
    named_kind: str | None = None
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Names:
    """The words of the description and of the protocol of a series, and what the sequence's own name means."""

    description: Words
    protocol: Words
    sequence: frozenset[Meaning]

    def has(self, *wanted: Meaning) -> bool:
        """True when one of the names says one of these."""
        return self.description.has(*wanted) or self.protocol.has(*wanted) or bool(self.sequence & set(wanted))


def _names_of(series: Series) -> _Names:
    description = words_of(series.description)
    protocol = words_of(series.header.get("ProtocolName") or "")
    own = " ".join(series.header.get(key) or "" for key in ("SequenceName", "PulseSequenceName")).strip()
    return _Names(description, protocol, frozenset(m for pattern, m in SEQUENCE_NAMES if pattern.search(own)))


def _codes(series: Series, *keywords: str) -> set[str]:
    """Collect the code words of multi-valued elements, in upper case."""
    found: set[str] = set()
    for keyword in keywords:
        value = series.header.get(keyword)
        if value:
            found.update(str(value).upper().split("\\") if isinstance(value, str) else value)
    return found


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
    names = _names_of(series)
    kinds = {str(kind).upper() for kind in (*(series.header.get("ImageType") or ()), *_frame_types(series))}
    part, is_dixon, doubts = _dixon_part(series, names, kinds)
    shown = Weighting(
        "unknown",
        "",
        fat_suppressed=_is_fat_suppressed(series, names) or part == "water",
        dixon=part,
        is_dixon=is_dixon,
        contrast_agent=_has_contrast_agent(series, names),
        mu_map=names.has(Meaning.MU_MAP) or any(MU_MAP_TYPES.search(kind) for kind in kinds),
        attenuation_named=names.has(Meaning.ATTENUATION),
        single_shot=names.has(Meaning.SINGLE_SHOT),
        metal=names.has(Meaning.METAL),
        uncorrected=names.description.has(Meaning.UNCORRECTED) or ("ND" in kinds and not kinds & {"DIS2D", "DIS3D"}),
        reformat=names.description.has(Meaning.REFORMAT) or bool(kinds & REFORMAT_TYPES),
        region=region_of(names.description, names.protocol, words_of(series.header.get("BodyPartExamined") or "")),
        named_kind=_named_kind(names.description) or _named_kind(names.protocol),
        doubts=doubts,
    )
    special = _special_kind(series, names, kinds)
    if special is not None:
        return replace(shown, kind=special[0], reason=special[1])
    sequence = _codes(series, "ScanningSequence")
    by_times = _by_times(series, names, sequence)
    if by_times is None:
        kind, reason = _by_description(series, names, shown, sequence)
        return replace(shown, kind=kind, reason=reason, from_description=True)
    kind, reason = by_times
    if kind in ("T2", "PD") and shown.named_kind == "STIR" and not series.header.get("InversionTime"):
        # Some archives lose the inversion time and the word IR.
        kind, reason = "STIR", f"named STIR; {reason}, without an inversion time in the header"
    if kind == "T1" and shown.named_kind == "PD":
        # On an image between both weightings, fluid and muscle are too bright for a T1.
        kind, reason = "PD", f"named proton density, though {reason} would fit T1"
    if names.description.has(Meaning.OTHER) and kind != "STIR":
        kind, reason = "unknown", f"{reason}, but described as '{series.description}'"
    return _with_doubt_of_weighting(replace(shown, kind=kind, reason=reason), series)


def _frame_types(series: Series) -> tuple[str, ...]:
    return tuple(str(kind) for kind in series.header.get("FrameType") or ())


def _with_doubt_of_weighting(shown: Weighting, series: Series) -> Weighting:
    """Add a doubt when the times say another weighting than the name of the series."""
    by_times = {"T1-GRE": "T1"}.get(shown.kind, shown.kind)
    named = shown.named_kind
    if named not in ("T1", "T2", "STIR") or by_times not in ("T1", "T2", "STIR") or named == by_times:
        return shown
    if {named, by_times} == {"T2", "STIR"}:
        return shown  # A STIR is often named "T2 STIR" or has the times of a T2.
    doubt = f"it is called '{series.description}', but its times are those of {by_times} ({shown.reason})"
    return replace(shown, doubts=(*shown.doubts, doubt))


def _special_kind(series: Series, names: _Names, kinds: set[str]) -> tuple[str, str] | None:
    """Kind and reason of series that are no T1, T2, proton density or STIR image at all; None for the others."""
    header = series.header
    echo_planar = "EP" in _codes(series, "ScanningSequence")
    if names.description.has(Meaning.LOCALIZER) or "LOCALIZER" in kinds:
        return "localizer", f"named '{series.description}': images for planning or counting"
    if names.description.has(Meaning.PROJECTION):
        return "unknown", "projection through a volume"
    if kinds & DIFFUSION_TYPES or echo_planar or (header.get("DiffusionBValue") or 0) > 0:
        return "diffusion", "diffusion or echo-planar images"
    if names.description.has(Meaning.DIFFUSION) or Meaning.DIFFUSION in names.sequence:
        return "diffusion", f"diffusion images by their name '{series.description}'"
    if kinds & MAP_TYPES or header.get("ComplexImageComponent") not in (None, "MAGNITUDE", "MIXED"):
        return "map", "phase, difference or parameter map"
    if names.description.has(Meaning.MAP, Meaning.FAT_FRACTION):
        return "map", f"map of a computed quantity by its name '{series.description}'"
    return _special_echo(series, names)


def _special_echo(series: Series, names: _Names) -> tuple[str, str] | None:
    """Kind and reason of balanced, ultrashort and T2* gradient echoes; None for other series."""
    header = series.header
    te, tr, flip = (header.get(key) or 0.0 for key in ("EchoTime", "RepetitionTime", "FlipAngle"))
    is_gradient = "GR" in _codes(series, "ScanningSequence") and "SE" not in _codes(series, "ScanningSequence")
    steady = BALANCED_VARIANT in _codes(series, "SequenceVariant") and is_gradient
    if names.has(Meaning.BALANCED) or (steady and 0 < tr < BALANCED_TR_MS and flip >= BALANCED_LEAST_FLIP):
        return "unknown", "balanced gradient echo, weighted to T2 over T1"
    if names.description.has(Meaning.ULTRASHORT) or Meaning.ULTRASHORT in names.sequence or 0 < te < ULTRASHORT_TE_MS:
        return "unknown", "ultrashort or zero echo time, without usable T1 contrast"
    if names.description.has(Meaning.T2_STAR) or Meaning.T2_STAR in names.sequence:
        return "unknown", f"T2*-weighted gradient echo '{series.description}'"
    return None


def _dixon_part(series: Series, names: _Names, kinds: set[str]) -> tuple[str | None, bool, tuple[str, ...]]:
    """Part of a Dixon acquisition, whether the series belongs to one, and doubts.

    Image Type decides. Where it does not name the part, the words before and after the name of the protocol do, and
    last the echo time of an in- and opposed-phase pair.
    """
    words = names.description
    both_phases = words.has(Meaning.IN, Meaning.IN_PHASE) and words.has(Meaning.OUT, Meaning.OPPOSED)
    is_dixon = names.has(Meaning.DIXON) or "DIXON" in kinds or both_phases
    by_type = _part_by_type(series, is_dixon)
    by_name = _part_by_words(words, is_dixon or by_type is not None or bool(DIXON_ENDING.search(series.description)))
    if by_type is not None and by_name is not None and by_type != by_name and not _names_a_pair(words):
        doubt = (
            f"its header calls it {article(by_type)} {by_type} image, its name '{series.description}' "
            f"{article(by_name)} {by_name} image"
        )
        return by_type, True, (doubt,)
    part = by_type or by_name
    if part is None:
        part = _part_by_echo(series, words)
    return part, is_dixon or part is not None, ()


def article(word: str) -> str:
    """The article before a word."""
    return "an" if word[0] in "aeiou" else "a"


def _part_by_type(series: Series, is_dixon: bool) -> str | None:
    kinds = tuple(series.header.get("ImageType") or ())
    for kind in (*kinds[2:], *_frame_types(series)[2:]):
        if kind in DIXON_TYPES and not (kind in ("F", "W") and len(kinds) < 4 and not is_dixon):
            return DIXON_TYPES[kind]
    return None


def _names_a_pair(words: Words) -> bool:
    """True when a name holds in-phase and opposed-phase, or water and fat, so that it names the acquisition."""
    parts = {part for meaning, part in PART_IN_DIXON.items() if words.has(meaning)}
    return {"in-phase", "opposed-phase"} <= parts or {"water", "fat"} <= parts


def _part_by_words(words: Words, is_dixon: bool) -> str | None:
    """The part that a name says: its first word, else its last one, else the only one in between.

    Pairs such as "IN OUT", "in/out phase" and "water fat" name the acquisition and are left aside.
    """
    table = PART_IN_DIXON if is_dixon else PART_OF_MEANING
    parts = [_part_of(words, at, table) for at in range(len(words.tokens))]
    _drop_suppression(words, parts)
    _drop_pairs(parts)
    if not parts:
        return None
    outer = parts[0] or parts[-1]
    named = list(dict.fromkeys(part for part in parts if part))
    between = named[0] if len(named) == 1 and (is_dixon or "fat" not in named) else None
    return outer or between


def _part_of(words: Words, at: int, table: dict[Meaning, str]) -> str | None:
    """The part that one word names; "OP" after "post" is an operation, and no phase."""
    found = words.meanings[at]
    if Meaning.SURGERY in found and at and Meaning.POST in words.meanings[at - 1]:
        return None
    return next((part for meaning, part in table.items() if meaning in found), None)


def _drop_suppression(words: Words, parts: list[str | None]) -> None:
    """Forget "fat" beside a word for suppression, or after a word that denies it."""
    for at in words.positions(Meaning.FAT):
        beside = [words.meanings[near] for near in (at - 1, at + 1) if 0 <= near < len(parts)]
        if any(found & {Meaning.SUPPRESSED, Meaning.WITHOUT} for found in beside):
            parts[at] = None


def _drop_pairs(parts: list[str | None]) -> None:
    """Forget two neighboring words that name both phases, or water and fat."""
    for at in range(len(parts) - 1):
        if {parts[at], parts[at + 1]} in ({"in-phase", "opposed-phase"}, {"water", "fat"}):
            parts[at] = parts[at + 1] = None


def _part_by_echo(series: Series, words: Words) -> str | None:
    """In-phase or opposed-phase of a gradient echo of several echoes, from echo time and field strength.

    Water and fat turn against each other with 3.4 ppm of the resonance: 2.3 ms a turn at 3 T, 4.6 ms at 1.5 T.
    """
    if not (_names_a_pair(words) or (series.part is not None and "EchoTime" in series.split_by)):
        return None
    if "GR" not in _codes(series, "ScanningSequence"):
        return None
    return phase_of_echo(series.header.get("EchoTime"), series.header.get("MagneticFieldStrength"))


def phase_of_echo(te_ms: float | None, field_t: float | None) -> str | None:
    """Whether water and fat are in-phase or opposed at an echo time; None when neither, or not known.

    Parameters
    ----------
    te_ms : float or None
        Echo time, ms.
    field_t : float or None
        Field strength, tesla.
    """
    if not te_ms or not field_t or field_t < 0.2:
        return None
    turns = te_ms * 1e-3 * WATER_FAT_PPM * PROTON_MHZ_PER_T * field_t
    rest = turns % 1.0
    if abs(rest - 0.5) <= PHASE_TOLERANCE:
        return "opposed-phase"
    return "in-phase" if min(rest, 1.0 - rest) <= PHASE_TOLERANCE else None


def _is_fat_suppressed(series: Series, names: _Names) -> bool:
    """Whether header or names say that fat is suppressed."""
    header = series.header
    by_header = (
        _codes(series, "ScanOptions") & FAT_SUPPRESSION_OPTIONS
        or header.get("SpectrallySelectedSuppression") in ("FAT", "FAT_AND_WATER")
        or "FAT_SAT" in (header.get("SequenceName") or "").upper()
    )
    if by_header:
        return True
    said = _suppression_said(names.description)
    if said is None and _is_name_of_series(names.protocol):
        said = _suppression_said(names.protocol)
    return bool(said)


def _suppression_said(words: Words) -> bool | None:
    """True or False when a name says that fat is, or is not, suppressed; None when it does not say."""
    for at in words.positions(Meaning.FAT_SUPPRESSED):
        return not (at and Meaning.WITHOUT in words.meanings[at - 1])
    for at in words.positions(Meaning.FAT):
        if at + 1 < len(words.tokens) and Meaning.SUPPRESSED in words.meanings[at + 1]:
            return not (at and Meaning.WITHOUT in words.meanings[at - 1])
    return None


def _is_name_of_series(protocol: Words) -> bool:
    """True when a protocol name is that of one series; False when it is that of the whole examination."""
    return protocol.has(Meaning.T1, Meaning.T2, Meaning.PD, Meaning.STIR, Meaning.DIXON) and not protocol.has(
        Meaning.WITH_AND_WITHOUT
    )


def _has_contrast_agent(series: Series, names: _Names) -> bool:
    """Whether a contrast agent was given before the series: by the header, else by its name, else by its protocol."""
    said = _contrast_said(names.description)
    if said is False:
        return False
    by_header = _agent_in_header(series)
    if by_header is not None:
        return by_header or bool(said)
    if said is None and _is_name_of_series(names.protocol):
        said = _contrast_said(names.protocol)
    return bool(said)


def _agent_in_header(series: Series) -> bool | None:
    """True or False when Contrast/Bolus Agent says that an agent was, or was not, given; None when it does not say."""
    agent = series.header.get("ContrastBolusAgent")
    if agent is None:
        return None
    text = re.sub(r"[\s./_()\\-]+", " ", str(agent)).strip().upper()
    if text in UNKNOWN_AGENT or NO_MR_AGENT.search(text):
        return None
    words = words_of(str(agent))
    denied = words.has(Meaning.WITHOUT, Meaning.PRE) or re.fullmatch(r"0+( 0+)*( ?(ML|CC|MMOL))?", text)
    return not (denied or text.replace(" ", "") in NO_AGENT)


def _contrast_said(words: Words) -> bool | None:
    """True or False when a name says that an agent was, or was not, given; None when it does not say."""
    if words.has(Meaning.PRE):
        return False
    if words.has(Meaning.WITH_AND_WITHOUT):
        return None
    for at in words.positions(Meaning.AGENT):
        before = words.meanings[max(0, at - 2) : at]
        return not any(Meaning.WITHOUT in found for found in before)
    if any(_is_after_agent(words, at) for at in words.positions(Meaning.POST)):
        return True
    late = words.has(Meaning.ENHANCED) and words.has(Meaning.T1, Meaning.GRADIENT, Meaning.DIXON)
    if late and not words.has(Meaning.ATTENUATION):
        return True
    return True if _ends_with_c(words) else None


def _is_after_agent(words: Words, at: int) -> bool:
    """Whether "post" means after contrast agent; "post-op" and the like do not."""
    after = words.meanings[at + 1] if at + 1 < len(words.tokens) else frozenset()
    return Meaning.SURGERY not in after


def _ends_with_c(words: Words) -> bool:
    """Whether the last word is the letter C, as in "t1_tse_fs_sag_C" and "SPIRC"."""
    letters = words.positions(Meaning.LETTER_C)
    return bool(letters) and letters[-1] == len(words.tokens) - 1 and len(words.tokens) > 1


def _by_times(series: Series, names: _Names, sequence: set[str]) -> tuple[str, str] | None:
    """Kind and reason from the type of sequence, TE, TR and TI; None when they do not settle the kind."""
    te, tr, ti = (series.header.get(keyword) for keyword in ("EchoTime", "RepetitionTime", "InversionTime"))
    is_inversion = "IR" in sequence or series.header.get("InversionRecovery") == "YES"
    # Some scanners write the delay of a fat saturation pulse as inversion time, too. Only a long TR fits a STIR.
    is_inversion = is_inversion or bool(ti and tr and tr >= T1_TR_BELOW_MS)
    by_inversion = _by_inversion(names, te, ti) if is_inversion else None
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


def _by_inversion(names: _Names, te: float | None, ti: float | None) -> tuple[str, str] | None:
    """Kind and reason of an inversion recovery from TE and TI in ms; None when they do not settle the kind."""
    if ti and STIR_TI_MS[0] <= ti <= STIR_TI_MS[1]:
        return "STIR", f"inversion recovery with TI {ti:g} ms, which suppresses fat"
    named_t1 = names.description.has(Meaning.T1)
    if ti and T1_TI_MS[0] <= ti <= T1_TI_MS[1] and (te < SHORT_TE_MS if te is not None else named_t1):
        return "T1", f"inversion recovery with TI {ti:g} ms" + (f" and TE {te:g} ms" if te is not None else "")
    if names.has(Meaning.STIR) and not (ti and ti >= T1_TI_MS[0]):
        return "STIR", "inversion recovery, named STIR" + (f", TI {ti:g} ms" if ti else "")
    return None


def _by_spin_echo_times(te: float, tr: float) -> str | None:
    """Kind of a spin echo from TE and TR in ms; None when the times fit no kind."""
    if te < SHORT_TE_MS and tr < T1_TR_BELOW_MS:
        return "T1"
    if te > LONG_TE_MS and tr >= T2_TR_FROM_MS:
        return "T2"
    return "PD" if te <= LONG_TE_MS and tr >= T1_TR_BELOW_MS else None


def _named_kind(words: Words) -> str | None:
    """The weighting that a name says: T1, T2, PD, STIR or None. A name with two weightings says none."""
    if words.has(Meaning.STIR):
        return "T1" if words.has(Meaning.T1) and words.has(Meaning.DARK_FLUID) else "STIR"
    named = [
        kind for kind, meaning in (("T1", Meaning.T1), ("T2", Meaning.T2), ("PD", Meaning.PD)) if words.has(meaning)
    ]
    return named[0] if len(named) == 1 else None


def _by_description(series: Series, names: _Names, shown: Weighting, sequence: set[str]) -> tuple[str, str]:
    """Kind and reason from the names, when the times in the header do not settle the kind."""
    text = " ".join(part for part in (series.description, series.header.get("ProtocolName")) if part)
    reason = f"described as '{text}'; TE and TR do not tell"
    if shown.named_kind != "STIR" and names.description.has(Meaning.OTHER):
        return "unknown", reason
    gradient = "GR" in sequence and "SE" not in sequence
    kind = _kind_by_name(names, shown, gradient or names.description.has(Meaning.GRADIENT))
    return (
        (kind, reason) if kind else ("unknown", f"neither TE and TR nor the description '{text}' tell what it shows")
    )


def _kind_by_name(names: _Names, shown: Weighting, gradient: bool) -> str | None:
    """Kind of a series by its names alone; None when they do not say it."""
    named = shown.named_kind
    words = names.description if _named_kind(names.description) else names.protocol
    nulls_fluid = words.has(Meaning.DARK_FLUID) and named not in ("T1", "STIR")
    if nulls_fluid or (named == "T2" and gradient):
        return "unknown"
    if named is not None:
        return "T1-GRE" if named == "T1" and gradient else named
    if shown.single_shot:
        return "T2"
    is_t1 = gradient and (shown.is_dixon or names.description.has(Meaning.GRADIENT))
    return "T1-GRE" if is_t1 else None
