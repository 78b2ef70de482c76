"""Which series is which: examinations as scanners of several vendors name them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .judging import InputCase, Judged, Outcome, judged
from .series_makers import One, numbers, one, roles_of, write_examination

IDC = "public series lists of the Imaging Data Commons (PyPI idc-index-data 25.0.5)"
GE_PET_MR = "https://github.com/MartijnBrouwer/PET-MR-LesionDetection"
MMR = "https://github.com/UCL/STIR/issues/755 and https://github.com/UCL/pet-rd-tools/issues/11"
SPINE = "public spine MR protocols"
METAL = "https://pmc.ncbi.nlm.nih.gov/articles/PMC4321802"
WARNED = (Outcome.WARNED,)

T1, T2, STIR = one(2, "t1_tse_sag", "t1"), one(3, "t2_tse_sag", "t2"), one(4, "t2_tirm_sag", "stir")
DIXON = ("DERIVED", "PRIMARY", "DIXON")


def case(
    name: str,
    kind: str,
    source: str,
    series: tuple[One, ...],
    roles: dict[str, int | None],
    *,
    group: str = "low-back",
    warned_by: str | None = None,
    quiet: bool = True,
) -> InputCase:
    """An examination and the series number that each role must get; None for a role that must stay empty.

    Roles that are not named may be anything. With `warned_by` the roles must be so, too, and a warning must say it.
    Without it, and with `quiet`, no warning of a doubt may be given.
    """

    def run(folder: Path) -> Judged:
        write_examination(folder, series)
        found = judged(lambda: roles_of(folder, group), is_right, warned_by=warned_by)
        if found.outcome == Outcome.WARNED and not is_right(roles_of(folder, group)):
            return Judged(Outcome.WRONG, found.seen)
        return found

    def is_right(found: Any) -> bool:
        got = numbers(found)
        doubtful = [text for text in found.warnings if "doubtful" in text or "could be" in text]
        silent = warned_by is not None or not quiet or not doubtful
        return silent and all(got.get(role) == number for role, number in roles.items())

    return InputCase(f"roles-{name}", kind, source, run, WARNED if warned_by else (Outcome.RIGHT,))


def parts(first: int, names: tuple[str, ...], times: str, plane: str = "sag", **more: Any) -> tuple[One, ...]:
    """Series with consecutive numbers and the same times."""
    return tuple(one(first + n, name, times, plane, **more) for n, name in enumerate(names))


FLUID = "FLUID that cannot show edema"
NO_T1 = "T1 that is none"
AGENT = "before and after contrast agent"
PLACE = "region, plane, day"
IMPLANT = "metal"
TWIN = "twins"
WORDS = "words"

CASES: list[InputCase] = [
    # FLUID that cannot show edema.
    *(
        case(f"mdixon-fat-{order}", FLUID, IDC, (T1, *parts(11, names, "t2")), {"T1": 2, "FLUID": water, "T2": 11})
        for order, names, water in (
            ("later", ("sSag T2W_mDIXON in-phase", "sSag T2W_mDIXON water", "sSag T2W_mDIXON fat"), 12),
            ("first", ("sSag T2W_mDIXON in-phase", "sSag T2W_mDIXON fat", "sSag T2W_mDIXON water"), 13),
        )
    ),
    case(
        "mdixon-by-type",
        FLUID,
        "https://github.com/rordenlab/dcm2niix/issues/255",
        (
            T1,
            one(11, "T2W_mDIXON", "t2", ImageType=["ORIGINAL", "PRIMARY", "W", "W", "DERIVED"]),
            one(12, "T2W_mDIXON", "t2", ImageType=["ORIGINAL", "PRIMARY", "F", "F", "DERIVED"]),
            one(13, "T2W_mDIXON", "t2", ImageType=["ORIGINAL", "PRIMARY", "IP", "IP", "DERIVED"]),
        ),
        {"T1": 2, "FLUID": 11, "T2": 13},
    ),
    case(
        "uih-wfi-t2",
        FLUID,
        "https://github.com/rordenlab/dcm2niix/issues/225",
        (T1, *parts(11, ("t2_fse_wfi_sag_InPhase", "t2_fse_wfi_sag_Water", "t2_fse_wfi_sag_Fat"), "t2")),
        {"FLUID": 12, "T2": 11},
    ),
    case(
        "uih-wfi-letters",
        FLUID,
        "https://github.com/rordenlab/dcm2niix/issues/225",
        (T1, *parts(11, ("T2_TSE_WFI_SAG_W", "T2_TSE_WFI_SAG_F"), "t2")),
        {"FLUID": 11, "T2": None},
    ),
    case(
        "ge-flex-t2",
        FLUID,
        IDC,
        (T1, *parts(11, ("WATER: Sag T2 FSE Flex", "FAT: Sag T2 FSE Flex", "InPhase: Sag T2 FSE Flex"), "t2")),
        {"FLUID": 11, "T2": 13},
    ),
    case(
        "ge-ideal-glued",
        FLUID,
        IDC,
        (T1, *parts(11, ("WATER:T2fseidealarc", "FAT:T2fseidealarc"), "t2")),
        {"FLUID": 11},
    ),
    case(
        "siemens-t2-dixon",
        FLUID,
        SPINE,
        (
            T1,
            *parts(
                11, ("t2_tse_dixon_sag_F", "t2_tse_dixon_sag_opp", "t2_tse_dixon_sag_W", "t2_tse_dixon_sag_in"), "t2"
            ),
        ),
        {"FLUID": 13, "T2": 14},
    ),
    case(
        "dixon-without-part",
        FLUID,
        IDC,
        (T1, one(11, "T2W_mDIXON_sag", "t2")),
        {"FLUID": None},
        warned_by="Dixon.*which part",
    ),
    case(
        "field-map",
        FLUID,
        IDC,
        (T1, T2, one(5, "gre_field_mapping", "gre", ImageType=["ORIGINAL", "PRIMARY", "P"])),
        {"FLUID": None},
    ),
    case("b0-map-as-t2", FLUID, IDC, (T1, one(5, "B0map_sag", "t2")), {"FLUID": None, "T2": None}),
    case("haste-is-no-fluid", FLUID, IDC, (T1, one(5, "t2_haste_sag", "t2")), {"FLUID": None, "T2": 5}),
    case("haste-after-tse", FLUID, IDC, (T1, T2, one(5, "t2_haste_sag", "t2")), {"FLUID": None, "T2": 3}),
    case("ssfse-fat-sat-loses", FLUID, IDC, (T1, STIR, one(5, "Sag SSFSE FatSat", "t2")), {"FLUID": 4}),
    case("t1-tirm", FLUID, IDC, (one(2, "t1_tirm_sag_dark-fluid_p2", "flair1"), T2), {"T1": 2, "FLUID": None}),
    case(
        "t1-tirm-beside-stir",
        FLUID,
        IDC,
        (one(2, "t1_tirm_sag_dark-fluid_p2", "flair1"), T2, STIR),
        {"T1": 2, "FLUID": 4},
    ),
    case("t1-flair-ge", FLUID, IDC, (one(2, "Sag T1 FLAIR", "flair1"), STIR), {"T1": 2, "FLUID": 4}),
    case(
        "t2-flair",
        FLUID,
        IDC,
        (T1, one(5, "sag FLAIR", "stir", InversionTime=2200.0, EchoTime=90.0)),
        {"T1": 2, "FLUID": None},
    ),
    case("stir-3t", FLUID, SPINE, (T1, one(5, "SAG STIR", "stir", InversionTime=266.0)), {"FLUID": 5}),
    case("stir-by-name", FLUID, SPINE, (T1, one(5, "SAG STIR")), {"FLUID": 5}),
    case("spair-glued", FLUID, IDC, (T1, T2, one(5, "eT2W_SPAIRSENSE", "t2")), {"FLUID": 5, "T2": 3}),
    case(
        "fst2-glued",
        FLUID,
        "list of series of a lumbar spine challenge",
        (T1, T2, one(5, "FST2_SAG", "t2")),
        {"FLUID": 5, "T2": 3},
    ),
    case(
        "fst2-sagc",
        FLUID,
        "list of series of a lumbar spine challenge",
        (T1, T2, one(5, "FST2_SAGc", "t2")),
        {"FLUID": 5, "T2": 3},
    ),
    case(
        "fast-spin-echo-is-not-fat-sat",
        FLUID,
        IDC,
        (one(2, "SAG T1FSE", "t1"), one(3, "SAG T2FSE", "t2")),
        {"T1": 2, "T2": 3, "FLUID": None},
    ),
    case("pdfse", FLUID, IDC, (T1, one(3, "SAG PDFSE", "pd")), {"FLUID": None}),
    case("no-fat-sat", FLUID, IDC, (T1, one(3, "Sag T2 no fat sat", "t2")), {"FLUID": None, "T2": 3}),
    case(
        "water-by-name-only",
        FLUID,
        IDC,
        (T1, *parts(11, ("sSag T2 water", "sSag T2 in-phase"), "t2")),
        {"FLUID": 11, "T2": 12},
    ),
    case("fettgesaettigt", FLUID, SPINE, (T1, one(5, "T2 sag fettgesättigt", "t2")), {"FLUID": 5, "T2": None}),
    case("fs-dots", FLUID, IDC, (T1, one(5, "5. SAG T2 F.S.", "t2")), {"FLUID": 5}),
    case(
        "two-t2-nobody-can-tell",
        FLUID,
        IDC,
        (T1, one(3, "T2 sag alpha", "t2"), one(4, "T2 sag beta", "t2")),
        {},
        warned_by="could be T2.*name",
    ),
    case(
        "stir-of-the-pelvis-only",
        FLUID,
        SPINE,
        (one(2, "Sag T1 lumbar", "t1"), one(5, "Cor STIR pelvis", "stir", "cor")),
        {"T1": 2},
        warned_by="pelvis, which is not the region",
    ),
    # T1 that is none.
    case(
        "ge-lava-parts",
        NO_T1,
        GE_PET_MR,
        parts(
            6,
            ("InPhase: Autobind LAVA", "OutPhase: Autobind LAVA", "WATER: Autobind LAVA", "FAT: Autobind LAVA"),
            "gre",
            "ax",
        ),
        {"T1": 6, "FLUID": None},
        warned_by="no T1-weighted spin echo",
    ),
    case(
        "ge-lava-reversed",
        NO_T1,
        GE_PET_MR,
        parts(6, ("FAT: Ax LAVA", "WATER: Ax LAVA", "OutPhase: Ax LAVA", "InPhase: Ax LAVA"), "gre", "ax"),
        {"T1": 9},
        warned_by="no T1-weighted spin echo",
    ),
    case(
        "lava-in-another-frame",
        NO_T1,
        IDC,
        (
            STIR,
            *parts(
                6,
                ("InPhase:Ax LAVA-Flex IN OUT", "OutPhase:Ax LAVA-Flex IN OUT"),
                "gre",
                "ax",
                FrameOfReferenceUID="9.9",
            ),
        ),
        {"T1": 6, "FLUID": 4},
        warned_by="no T1-weighted spin echo",
    ),
    case(
        "siemens-in-out-protocol",
        NO_T1,
        IDC,
        (
            T1,
            *parts(
                11,
                (
                    "t1_vibe_dixon_tra_in/out phase_opp",
                    "t1_vibe_dixon_tra_in/out phase_in",
                    "t1_vibe_dixon_tra_in/out phase_F",
                ),
                "gre",
                "ax",
            ),
        ),
        {"T1": 2, "ATTENUATION": 12},
    ),
    case(
        "uih-gradient",
        NO_T1,
        "https://github.com/rordenlab/dcm2niix/issues/225",
        (
            STIR,
            *parts(
                11,
                (
                    "t1_gre_fsp_3d_wfi_tra_op",
                    "t1_gre_fsp_3d_wfi_tra_w",
                    "t1_gre_fsp_3d_wfi_tra_f",
                    "t1_gre_fsp_3d_wfi_tra_ip",
                ),
                "gre",
                "ax",
            ),
        ),
        {"T1": 14},
        warned_by="no T1-weighted spin echo",
    ),
    case(
        "dual-echo",
        NO_T1,
        IDC,
        (STIR, one(11, "t1_fl2d_in-opp_tra_p2_mbh", "opp", "ax"), one(12, "t1_fl2d_in-opp_tra_p2_mbh", "gre", "ax")),
        {"T1": 12},
        warned_by="no T1-weighted spin echo",
    ),
    case("opposed-phase-alone", NO_T1, IDC, (STIR, one(11, "t1_vibe_tra_opp", "opp", "ax")), {"T1": None}),
    case(
        "opposed-by-echo-time",
        NO_T1,
        IDC,
        (STIR, one(11, "t1_vibe_tra", "opp", "ax")),
        {},
        warned_by="cancel each other",
    ),
    *(
        case(
            f"map-{name.split()[0].strip(':_').lower()}",
            NO_T1,
            IDC,
            (T2, one(11, name, "gre", "ax", ImageType=["DERIVED", "PRIMARY", "OTHER"])),
            {"T1": None, "FLUID": None, "T2": 3},
        )
        for name in ("FatFrac: Ax IDEAL IQ", "R2*: Ax IDEAL IQ", "T2* map sag", "PDFF map", "T1map sag", "T1_rho map")
    ),
    *(
        case(
            f"map-type-{kind.lower()}",
            NO_T1,
            "https://github.com/rordenlab/dcm2niix/issues/1022",
            (T2, one(11, "mDIXON-Quant", "gre", "ax", ImageType=["ORIGINAL", "PRIMARY", kind, kind, "DERIVED"])),
            {"T1": None, "T2": 3},
        )
        for kind in ("FF", "FAT_FRACTION", "R2_STAR", "T2_STAR", "WATER_FRACTION", "B0")
    ),
    *(
        case(
            f"mu-map-{name.strip('_').lower().replace(' ', '-')}",
            NO_T1,
            MMR,
            (STIR, one(11, name, "gre", "cor")),
            {"T1": None, "FLUID": 4, "ATTENUATION": 11},
        )
        for name in ("_ACMAP_TC", "Abd_MRAC_PET_UMAP", "MR-AC u-map", "\u00b5-map", "pseudo CT")
    ),
    case(
        "mu-map-by-type",
        NO_T1,
        MMR,
        (
            STIR,
            one(
                11,
                "Abd_MRAC-PET",
                "gre",
                "cor",
                ImageType=["DERIVED", "PRIMARY", "M", "NORM", "IN_PHASE", "DIS3D", "DIS2D", "MRPET_UMAP3D"],
            ),
        ),
        {"T1": None, "ATTENUATION": 11},
    ),
    case(
        "mu-map-beside-in-phase",
        NO_T1,
        MMR,
        (
            STIR,
            one(10, "Abd_MRAC_PET_in", "gre", "cor"),
            one(
                11,
                "Abd_MRAC-PET",
                "gre",
                "cor",
                ImageType=["DERIVED", "PRIMARY", "M", "NORM", "IN_PHASE", "DIS2D", "MRPET_UMAP3D"],
            ),
        ),
        {"T1": None, "ATTENUATION": 10},
    ),
    *(
        case(
            f"balanced-{name.split('_')[0].split()[0].lower()}",
            NO_T1,
            IDC,
            (STIR, one(11, name, "gre", "sag", FlipAngle=60.0)),
            {"T1": None, "T2": None},
        )
        for name in ("trufi_sag", "FIESTA sag", "bTFE_sag", "CISS 3D", "TRUE FISP")
    ),
    case(
        "balanced-by-header",
        NO_T1,
        "DICOM PS3.3 C.8.3.1.1.2",
        (STIR, one(11, "sag 3d", "gre", SequenceVariant="SS", FlipAngle=50.0, SequenceName="*tfi2d1_128")),
        {"T1": None, "T2": None},
    ),
    *(
        case(
            f"ultrashort-{name.split('_')[0].lower()}",
            NO_T1,
            MMR,
            (STIR, one(11, name, "gre", "sag", EchoTime=0.07)),
            {"T1": None},
        )
        for name in ("UTE_sag", "ZTE_MRAC", "PETRA_sag", "t1_sag")
    ),
    *(
        case(
            f"diffusion-{name.split('_')[0].split()[0].lower()}",
            NO_T1,
            IDC,
            (T1, one(11, name, times, "ax", DiffusionBValue=b)),
            {"T1": 2, "T2": None, "FLUID": None},
        )
        for name, times, b in (
            ("DWI b800", "t2", None),
            ("b800 calc", "t1", None),
            ("ep2d_diff_ADC", "t1", None),
            ("tra sag", "t2", 800.0),
            ("IVIM sag", "t2", None),
        )
    ),
    *(
        case(
            f"localizer-{name.split()[-1].split('_')[0].lower()}",
            NO_T1,
            IDC,
            (one(1, name, "t1", slices=9, step_mm=5.5), T1, STIR),
            {"T1": 2, "FLUID": 4},
        )
        for name in (
            "T1 SAG COUNTING",
            "01 Scano",
            "ScoutA",
            "Scoutview",
            "FGR",
            "Übersicht",
            "loc",
            "SURVEY",
            "localizador",
            "AAHead_Scout",
            "3-plane",
            "repérage",
            "定位",
        )
    ),
    case(
        "localizer-by-slices",
        NO_T1,
        IDC,
        (one(2, "T1 sag", "t1"), one(3, "T1 sag quick", "t1", slices=7, step_mm=10.0)),
        {"T1": 2},
    ),
    case(
        "localizer-by-slices-alone",
        NO_T1,
        IDC,
        (STIR, one(3, "T1 sag quick", "t1", slices=7, step_mm=10.0)),
        {},
        warned_by="planning images",
    ),
    case(
        "one-echo-of-a-map",
        NO_T1,
        IDC,
        (
            T1,
            *(
                one(5, "T2 mapping TSE", "t2", EchoTime=te, SeriesInstanceUID="1.2.77")
                for te in (12.0, 24.0, 60.0, 80.0, 100.0)
            ),
        ),
        {"T1": 2, "T2": None},
    ),
    case(
        "times-against-name",
        NO_T1,
        IDC,
        (one(2, "T1 sag", "t2"), STIR),
        {"T1": None, "T2": 2},
        warned_by="called 'T1 sag', but its times are those of T2",
    ),
    # Before and after contrast agent.
    *(
        case(
            f"agent-{name.split('_')[-1].split()[-1].lower().strip('+()')}-{n}",
            AGENT,
            IDC,
            (T1, T2, one(5, name, "t1")),
            {"T1": 2, "CONTRAST": 5},
        )
        for n, name in enumerate(
            (
                "t1_tse_sag_CM",
                "t1_tse_sag_C",
                "t1_tse_fs_sag_spine_C",
                "T1 SAG SPIRC",
                "T1 sag +C",
                "SAG T1 C+",
                "T1 sag Gd",
                "T1 sag KM",
                "t1 sag nach KM",
                "T1 SAG POST",
                "SAG T1 POST GAD",
                "t1 sag gadovist",
                "T1 sag con contraste",
                "T1 sag con mdc",
                "T1 sag post contrast",
                "T1 SAG 增强",
                "Sag T1 FS post-Gd",
                "t1_tse_sag_ce",
            )
        )
    ),
    *(
        case(f"no-agent-{n}", AGENT, IDC, (one(2, name, "t1"), T2), {"T1": 2, "CONTRAST": None})
        for n, name in enumerate(
            (
                "T1 SAG POST-OP",
                "Sag T1 Post lami",
                "T1 sag NO CONTRAST",
                "T1 SAG W/O CONTRAST",
                "T1 sag ohne KM",
                "T1 nativ sag",
                "T1 sag pre Gd",
                "T1 sag sans injection",
                "T1 sag sin contraste",
                "Sag T1 non-contrast",
                "SAG T1 C-",
                "T1 sag post fusion",
                "T1 sag plain",
                "posterior T1 sag",
                "T1 sag unenhanced",
            )
        )
    ),
    *(
        case(
            f"agent-element-{n}",
            AGENT,
            "https://github.com/bids-standard/bids-specification/issues/1542",
            (one(2, "T1 sag", "t1", ContrastBolusAgent=value), T2),
            {"T1": 2, "CONTRAST": None},
        )
        for n, value in enumerate(
            (
                "NO CONTRAST",
                "N/A",
                "NIL",
                "WITHOUT",
                "OHNE",
                "NATIV",
                "OFF",
                "0 ml",
                "None given",
                "w/o",
                "0.0",
                "keines",
                "UNKNOWN",
                "no",
                "-",
            )
        )
    ),
    *(
        case(
            f"agent-element-given-{n}",
            AGENT,
            IDC,
            (T1, one(5, "T1 sag", "t1", ContrastBolusAgent=value)),
            {"T1": 2, "CONTRAST": 5},
        )
        for n, value in enumerate(("Gadovist", "7 ml Dotarem", "GADOLINIUM", "CLARISCAN 15", "YES"))
    ),
    case(
        "protocol-with-and-without",
        AGENT,
        IDC,
        (
            one(2, "SAG T1", "t1", ProtocolName="LUMBAR W/WO CONTRAST"),
            one(5, "SAG T1 +C", "t1", ProtocolName="LUMBAR W/WO CONTRAST"),
        ),
        {"T1": 2, "CONTRAST": 5},
    ),
    case(
        "after-agent-by-time",
        AGENT,
        SPINE,
        (
            one(2, "T1 sag", "t1", AcquisitionTime="110000"),
            one(5, "T1 sag", "t1", AcquisitionTime="113000"),
            one(6, "T1 sag fs Gd", "t1", AcquisitionTime="112000"),
        ),
        {"T1": 2, "CONTRAST": 6},
    ),
    case(
        "water-after-agent", AGENT, IDC, (T1, one(5, "sPost Water Sag T1W mDIXON TSE", "t1")), {"T1": 2, "CONTRAST": 5}
    ),
    # Region, plane, day.
    case(
        "spine-and-pelvis",
        PLACE,
        SPINE,
        (
            one(2, "Sag T1 FSE lumbar", "t1"),
            one(3, "COR T1 FSE pelvis", "t1", "cor", slices=20),
            one(4, "Sag T2 FSE STIR lumbar", "stir"),
            one(5, "Ax FSE STIR pelvis", "stir", "ax", slices=20),
            one(6, "Cor T2 frFSE pelvis", "t2", "cor", slices=20),
            one(7, "Sag T2 frFSE", "t2"),
        ),
        {"T1": 2, "FLUID": 4, "T2": 7},
    ),
    case(
        "pelvis-for-hips",
        PLACE,
        SPINE,
        (one(2, "Sag T1 LWS", "t1", slices=20), one(3, "cor T1 Becken", "t1", "cor")),
        {"T1": 3},
        group="hip-replacement",
    ),
    case(
        "axial-covers-more", PLACE, SPINE, (one(2, "T1 sag", "t1"), one(3, "T1 ax", "t1", "ax", slices=30)), {"T1": 2}
    ),
    case(
        "coronal-for-hips",
        PLACE,
        SPINE,
        (one(2, "T1 ax hip", "t1", "ax", slices=30), one(3, "T1 cor hip", "t1", "cor")),
        {"T1": 3},
        group="hip-replacement",
    ),
    case(
        "thoracic-covers-more",
        PLACE,
        SPINE,
        (one(2, "T1 sag L-spine", "t1"), one(3, "T1 sag T-spine", "t1", slices=30)),
        {"T1": 2},
    ),
    case(
        "cervical-is-later", PLACE, SPINE, (one(2, "t1_tse_sag_LWS", "t1"), one(3, "t1_tse_sag_HWS", "t1")), {"T1": 2}
    ),
    case(
        "region-by-body-part",
        PLACE,
        SPINE,
        (
            one(2, "t1 sag", "t1", BodyPartExamined="LSPINE"),
            one(3, "t1 sag", "t1", BodyPartExamined="HEAD", slices=30),
        ),
        {"T1": 2},
    ),
    case(
        "knee-only", PLACE, SPINE, (one(2, "T1 sag knee", "t1"),), {"T1": 2}, warned_by="not the region that is read"
    ),
    case(
        "chinese-region",
        PLACE,
        "public names of Chinese hospitals",
        (one(2, "腰椎 t1_fse_sag", "t1"), one(3, "颈椎 t1_fse_sag", "t1", slices=30)),
        {"T1": 2},
    ),
    *(
        case(
            f"day-{days}",
            PLACE,
            "baseline and follow-up in one export",
            (one(2, "t1_tse_sag", "t1", **near), one(3, "t1_tse_sag", "t1", **far)),
            {"T1": 2},
        )
        for days, near, far in (
            (
                "before-and-later",
                dict.fromkeys(("StudyDate", "SeriesDate", "AcquisitionDate"), "20241228"),
                dict.fromkeys(("StudyDate", "SeriesDate", "AcquisitionDate"), "20250901"),
            ),
            (
                "later-and-earlier",
                dict.fromkeys(("StudyDate", "SeriesDate", "AcquisitionDate"), "20250110"),
                dict.fromkeys(("StudyDate", "SeriesDate", "AcquisitionDate"), "20240101"),
            ),
        )
    ),
    case(
        "two-fields-nobody-can-tell",
        PLACE,
        SPINE,
        (one(2, "T1 sag", "t1"), one(3, "T1 sag", "t1", slices=16)),
        {},
        warned_by="could be T1.*coverage",
    ),
    case("a-repeated-series-is-no-doubt", PLACE, SPINE, (one(2, "T1 sag", "t1"), one(3, "T1 sag", "t1")), {"T1": 3}),
    # Metal.
    *(
        case(
            f"metal-{word.lower()}",
            IMPLANT,
            METAL,
            (
                one(1, f"t1_tse_cor_{word}", "t1", "cor"),
                one(2, f"t2_tirm_cor_{word}", "stir", "cor"),
                one(3, "t1_tse_cor", "t1", "cor"),
                one(4, "t2_tirm_cor", "stir", "cor"),
            ),
            {"T1": 1, "FLUID": 2},
            group="hip-replacement",
        )
        for word in ("WARP", "VAT", "SEMAC", "MAVRIC", "MARS", "O-MAR", "hbw", "MAVRIC SL")
    ),
    case(
        "metal-coarser",
        IMPLANT,
        METAL,
        (one(1, "COR T1 MAVRIC", "t1", "cor"), one(3, "COR T1 FSE", "t1", "cor", slices=30)),
        {"T1": 1},
        group="hip-replacement",
    ),
    # Twins.
    *(
        case(f"uncorrected-{order}", TWIN, "https://github.com/ReproNim/reproin/issues/58", series, {"T1": 2})
        for order, series in (
            (
                "last",
                (
                    one(2, "t1_tse_sag", "t1", ImageType=["ORIGINAL", "PRIMARY", "M", "DIS2D"]),
                    one(3, "t1_tse_sag_ND", "t1", ImageType=["ORIGINAL", "PRIMARY", "M", "ND"]),
                ),
            ),
            (
                "first",
                (
                    one(1, "t1_tse_sag_ND", "t1", ImageType=["ORIGINAL", "PRIMARY", "M", "ND"]),
                    one(2, "t1_tse_sag", "t1", ImageType=["ORIGINAL", "PRIMARY", "M", "DIS2D"]),
                ),
            ),
            (
                "by-type-only",
                (
                    one(2, "t1_tse_sag", "t1", ImageType=["ORIGINAL", "PRIMARY", "M", "DIS3D"]),
                    one(3, "t1_tse_sag", "t1", ImageType=["ORIGINAL", "PRIMARY", "M", "ND"]),
                ),
            ),
        )
    ),
    *(
        case(f"reformat-{n}", TWIN, IDC, (T1, one(9, name, "t1", slices=20, ImageType=kinds)), {"T1": 2}, quiet=False)
        for n, (name, kinds) in enumerate(
            (
                ("t1_tse_sag MPR", ["DERIVED", "SECONDARY", "MPR"]),
                ("t1 reformatted", ["DERIVED", "SECONDARY", "REFORMATTED"]),
            )
        )
    ),
    case(
        "attenuation-of-another-bed",
        TWIN,
        MMR,
        (
            T1,
            *(
                one(11 + n, f"{bed}_MRAC_PET_in", "gre", "cor", shift_mm=shift)
                for n, (bed, shift) in enumerate((("Tho", 350.0), ("Abd", 0.0), ("Leg", -700.0)))
            ),
        ),
        {"T1": 2, "ATTENUATION": 12},
    ),
    # Words.
    case("bids-name", WORDS, "https://bids-specification.readthedocs.io", (one(2, "sub-01_T1w"), STIR), {"T1": 2}),
    case(
        "bids-acq",
        WORDS,
        "https://bids-specification.readthedocs.io",
        (one(2, "sub-01_ses-02_acq-sag_T1w"), one(3, "sub-01_acq-fatsat_T2w")),
        {"T1": 2, "FLUID": 3},
    ),
    case("subtraction", WORDS, IDC, (T1, one(5, "T1 sag SUB", "t1")), {"T1": 2}),
    case("pet-mr-in-the-name", WORDS, MMR, (one(2, "PET-MR T1 sag", "t1"), STIR), {"T1": 2}),
    case(
        "t1fse-without-times",
        WORDS,
        IDC,
        (one(2, "SAG T1FSE"), one(3, "SAG T2FSE"), one(4, "SAG STIRFSE")),
        {"T1": 2, "T2": 3, "FLUID": 4},
    ),
    case(
        "t1w-tse-philips",
        WORDS,
        IDC,
        (one(2, "T1W_TSE_sag"), one(3, "T2W_TSE_sag"), one(4, "STIR_longTE SENSE")),
        {"T1": 2, "T2": 3, "FLUID": 4},
    ),
    case(
        "canon-names",
        WORDS,
        IDC,
        (one(2, "T1W FSE sag"), one(3, "T2W FSE sag"), one(4, "FASTIR sag")),
        {"T1": 2, "T2": 3, "FLUID": 4},
    ),
    case(
        "french-names",
        WORDS,
        SPINE,
        (one(2, "SAG T1 RACHIS LOMBAIRE"), one(3, "SAG T2 RACHIS LOMBAIRE"), one(4, "SAG STIR RACHIS LOMBAIRE")),
        {"T1": 2, "T2": 3, "FLUID": 4},
    ),
    case(
        "german-names",
        WORDS,
        SPINE,
        (one(2, "LWS sag T1"), one(3, "LWS sag T2"), one(4, "LWS sag TIRM")),
        {"T1": 2, "T2": 3, "FLUID": 4},
    ),
    case(
        "spanish-names",
        WORDS,
        SPINE,
        (one(2, "T1 SAG COLUMNA LUMBAR"), one(3, "T2 SAG COLUMNA LUMBAR"), one(4, "STIR SAG COLUMNA LUMBAR")),
        {"T1": 2, "T2": 3, "FLUID": 4},
    ),
]

ND, CORRECTED = ["ORIGINAL", "PRIMARY", "M", "ND"], ["ORIGINAL", "PRIMARY", "M", "DIS2D"]
CASES += [
    case(
        "uncorrected-tse-before-corrected-haste",
        TWIN,
        "https://github.com/ReproNim/reproin/issues/58",
        (T1, one(3, "t2_tse_sag", "t2", ImageType=ND), one(9, "t2_haste_cor", "t2", "cor", ImageType=CORRECTED)),
        {"T2": 3},
    ),
    case(
        "uncorrected-stir-before-corrected-axial",
        TWIN,
        "https://github.com/ReproNim/reproin/issues/58",
        (
            T1,
            one(4, "t2_tirm_sag", "stir", ImageType=ND),
            one(9, "t2_blade_fs_tra", "t2", "ax", ImageType=CORRECTED),
        ),
        {"FLUID": 4},
    ),
    case(
        "uncorrected-semac-before-corrected-plain",
        IMPLANT,
        METAL,
        (
            one(2, "t1_tse_cor_SEMAC", "t1", "cor", ImageType=ND),
            one(3, "t1_tse_cor", "t1", "cor", ImageType=CORRECTED),
        ),
        {"T1": 2},
        group="hip-replacement",
    ),
    *(
        case(
            f"other-script-{n}",
            AGENT,
            "names in other scripts",
            (T1, one(5, name, "t1"), STIR),
            {"T1": 2, "CONTRAST": 5},
        )
        for n, name in enumerate(
            ("T1 SAG с контрастом", "T1 SAG 조영", "T1 SAG ガドリニウム", "T1 SAG 注射后", "Т1 саг с контрастом")
        )
    ),
    case(
        "other-script-fat-suppression",
        WORDS,
        "names in other scripts",
        (T1, T2, one(5, "Т2 саг жироподавление", "t2")),
        {"T2": 3, "FLUID": 5},
    ),
    case(
        "other-script-not-understood",
        WORDS,
        "names in other scripts",
        (one(2, "T1 SAG", "t1"), one(5, "T1 SAG תמונה", "t1")),
        {},
        warned_by="could be T1.*name",
    ),
    case("stir-that-lost-its-inversion-time", FLUID, SPINE, (T1, T2, one(4, "TIRM sag", "t2")), {"T2": 3, "FLUID": 4}),
    case(
        "a-contradicted-name-loses",
        NO_T1,
        SPINE,
        (one(2, "t1_tse_sag", "t1"), one(4, "STIR sag", "t1")),
        {"T1": 2},
    ),
    case("roman-numeral", AGENT, SPINE, (one(2, "T1 sag Teil IV", "t1"), STIR), {"T1": 2, "CONTRAST": None}),
    *(
        case(
            f"agent-that-is-none-{n}", AGENT, SPINE, (one(2, "T1 sag", "t1", ContrastBolusAgent=value), T2), {"T1": 2}
        )
        for n, value in enumerate(("F-18 FDG", "Buscopan", "oral Lumirem"))
    ),
    *(
        case(f"before-agent-{n}", AGENT, SPINE, (one(2, name, "t1"), T2), {"T1": 2, "CONTRAST": None})
        for n, name in enumerate(("T1 sag vor Gd", "T1 sag utan kontrast", "T1 sag u/kontrast"))
    ),
    case("t2-star-map", NO_T1, IDC, (T2, one(5, "q-vibe_T2s", "gre")), {"T1": None}),
]


def hip_of_one_side(name: str, given: str, right_number: int) -> InputCase:
    """Two hips on series of their own; the one on the side of the prosthesis must be taken."""
    from PainGeneratorLib.Dicom.reader import read_folder
    from PainGeneratorLib.Dicom.roles import assign_roles

    def run(folder: Path) -> Judged:
        write_examination(folder, (one(2, "t1_tse_cor_re", "t1", "cor"), one(12, "t1_tse_cor_li", "t1", "cor")))
        return judged(
            lambda: assign_roles(read_folder(folder), {}, "hip-replacement", side=given),
            lambda found: numbers(found)["T1"] == right_number,
        )

    return InputCase(f"roles-{name}", PLACE, "series of one hip each", run)


CASES += [
    hip_of_one_side("hip-on-the-right", "right", 2),
    hip_of_one_side("hip-on-the-left", "left", 12),
    case(
        "two-hips-nobody-can-tell",
        PLACE,
        "series of one hip each",
        (one(2, "t1_tse_cor_re", "t1", "cor"), one(12, "t1_tse_cor_li", "t1", "cor")),
        {},
        group="hip-replacement",
        warned_by="could be T1.*side",
    ),
]
