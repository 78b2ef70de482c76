"""Names of labels: none that mean anything, other languages, other files of names, codes instead of names."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from label_maps import (
    PLAIN_SPINE,
    SPINE,
    counted,
    nifti,
    renumbered,
    save,
    says,
    slicer_metadata,
    what_is_at,
    write_names,
)
from PainGeneratorLib.Anatomy.anatomy_files import anatomy_of_labels, read_anatomy_file
from PainGeneratorLib.Anatomy.labels import structure_of_name

from .judging import InputCase, Judged, Outcome, judged

KIND = "names that say nothing"
SLICER_NAMES = "https://github.com/Slicer/Slicer/issues/4733"
NNUNET = "https://github.com/MIC-DKFZ/nnUNet/blob/master/documentation/dataset_format.md"
SEG_NRRD = "https://slicer.readthedocs.io/en/latest/developer_guide/modules/segmentations.html"
ITK_SNAP = "http://www.itksnap.org/pmwiki/pmwiki.php?n=Documentation.TutorialSectionLabels"
COLOR_TABLE = "https://slicer.readthedocs.io/en/latest/user_guide/modules/colors.html"
TERMS = "https://www.ta2viewer.openanatomy.org"

_CASES: list[InputCase] = []
PLAIN = counted(PLAIN_SPINE)
TOTALSPINESEG = {"sacrum": 50, "spinal_canal": 2, **{name: 45 - n for n, name in enumerate(SPINE[:5])}}


def _add(name: str, source: str, judge: Callable[[Path], Judged], *accepted: Outcome, **more: Any) -> None:
    _CASES.append(InputCase(f"names-{name}", KIND, source, judge, accepted or (Outcome.RIGHT,), **more))


def _map(folder: Path, numbers: Mapping[str, int] = PLAIN) -> Path:
    return nifti(renumbered(numbers), folder / "map.nii.gz")


def _names_file(
    name: str,
    source: str,
    file: str,
    content: str | bytes | Callable[[], str],
    accepted: Outcome = Outcome.RIGHT,
    numbers: Mapping[str, int] = PLAIN,
    **judging: Any,
) -> None:
    """A map without names of its own, and a file of names beside it."""

    def judge(folder: Path) -> Judged:
        text = content() if callable(content) else content
        (folder / file).write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
        path = _map(folder, numbers)
        wanted = None if accepted is Outcome.REFUSED else says(numbers)
        return judged(lambda: read_anatomy_file(path, folder / file), wanted, **judging)

    _add(name, source, judge, accepted)


# --- files of names

_BY_NUMBER = {str(number): name for name, number in PLAIN.items()}
_names_file("turned-round", NNUNET, "names.json", json.dumps(PLAIN), may_warn=False)
_names_file(
    "turned-round-as-text", NNUNET, "names.json", json.dumps({n: str(v) for n, v in PLAIN.items()}), may_warn=False
)
_names_file(
    "nnunet-dataset-json",
    NNUNET,
    "dataset.json",
    json.dumps(
        {
            "channel_names": {"0": "MR"},
            "labels": {"background": 0, **PLAIN},
            "numTraining": 7,
            "file_ending": ".nii.gz",
        }
    ),
    may_warn=False,
)
_names_file(
    "nnunet-version-1-dataset-json",
    "https://github.com/MIC-DKFZ/nnUNet/issues/124",
    "dataset.json",
    json.dumps(
        {"name": "Spine", "modality": {"0": "MR"}, "labels": {"0": "background", **_BY_NUMBER}, "training": []}
    ),
    may_warn=False,
)
_names_file(
    "byte-order-mark",
    "https://github.com/python/cpython/issues/52254",
    "names.json",
    b"\xef\xbb\xbf" + json.dumps(_BY_NUMBER).encode(),
    may_warn=False,
)
_names_file(
    "byte-order-mark-turned-round", NNUNET, "names.json", b"\xef\xbb\xbf" + json.dumps(PLAIN).encode(), may_warn=False
)
_names_file(
    "utf-16",
    "https://learn.microsoft.com/powershell/module/microsoft.powershell.management/set-content",
    "names.json",
    json.dumps(_BY_NUMBER).encode("utf-16"),
    may_warn=False,
)
_names_file(
    "background-named",
    NNUNET,
    "names.json",
    json.dumps({"0": "background", **_BY_NUMBER, "99": "ignore"}),
    may_warn=False,
)
_names_file(
    "list-of-objects",
    "https://docs.monai.io/projects/label",
    "names.json",
    json.dumps([{"value": v, "name": n} for n, v in PLAIN.items()]),
    may_warn=False,
)
_names_file(
    "dcmqi-segment-attributes",
    "https://qiicr.gitbook.io/dcmqi-guide/opening/cmd_tools/seg",
    "meta.json",
    json.dumps(
        {
            "SeriesDescription": "Segmentation",
            "segmentAttributes": [[{"labelID": v, "SegmentLabel": n} for n, v in PLAIN.items()]],
        }
    ),
    may_warn=False,
)
_names_file(
    "itk-snap-labels",
    ITK_SNAP,
    "labels.txt",
    lambda: (
        "################\n# ITK-SnAP Label Description File\n# IDX   -R-  -G-  -B-  -A--  VIS MSH  LABEL\n"
        '    0     0    0    0        0  0  0    "Clear Label"\n'
        + "".join(f'{v:5d} {255:5d} {v:4d} {0:4d}        1  1  1    "{n}"\n' for n, v in PLAIN.items())
    ),
    may_warn=False,
)
_names_file(
    "slicer-color-table",
    COLOR_TABLE,
    "names.ctbl",
    lambda: (
        "# Color table file\n# 9 values\n0 background 0 0 0 0\n"
        + "".join(f"{v} {n} 128 174 128 255\n" for n, v in PLAIN.items())
    ),
    may_warn=False,
)
_names_file(
    "slicer-color-table-csv",
    COLOR_TABLE,
    "names.csv",
    lambda: (
        "LabelValue,Name,Color_R,Color_G,Color_B,Color_A\n"
        + "".join(f"{v},{n},128,174,128,255\n" for n, v in PLAIN.items())
    ),
    may_warn=False,
)
_names_file(
    "csv-of-a-german-excel",
    "https://github.com/pandas-dev/pandas/issues/2733",
    "names.csv",
    lambda: "\ufeffName;Label\n" + "".join(f"{n};{v}\n" for n, v in PLAIN.items()),
    may_warn=False,
)
_names_file(
    "bids-tsv",
    "https://bids-specification.readthedocs.io/en/stable/derivatives/imaging.html",
    "dseg.tsv",
    lambda: "index\tname\tabbreviation\n" + "".join(f"{v}\t{n}\tX\n" for n, v in PLAIN.items()),
    may_warn=False,
)
_names_file(
    "plain-lines", NNUNET, "names.txt", lambda: "".join(f"{v}: {n}\n" for n, v in PLAIN.items()), may_warn=False
)
_names_file(
    "freesurfer-table",
    "https://surfer.nmr.mgh.harvard.edu/fswiki/FsTutorial/AnatomicalROI/FreeSurferColorLUT",
    "lut.txt",
    lambda: "#No. Label Name: R G B A\n" + "".join(f"{v}   {n}   70 130 180 0\n" for n, v in PLAIN.items()),
    may_warn=False,
)
_names_file(
    "csv-without-a-header",
    COLOR_TABLE,
    "names.csv",
    lambda: "".join(f"{v},{n},128,174,128,255\n" for n, v in PLAIN.items()),
    may_warn=False,
)
_names_file("python-dictionary", NNUNET, "names.txt", repr({v: n for n, v in PLAIN.items()}), may_warn=False)
_names_file(
    "numbers-with-a-point",
    "https://github.com/pandas-dev/pandas/issues/2733",
    "names.json",
    json.dumps({f"{v}.0": n for n, v in PLAIN.items()}),
    may_warn=False,
)
_names_file(
    "names-of-files",
    "https://github.com/wasserth/TotalSegmentator/issues/235",
    "names.json",
    json.dumps({str(v): f"{n}.nii.gz" for n, v in PLAIN.items()}),
    may_warn=False,
)
_names_file(
    "numbers-as-names",
    NNUNET,
    "names.json",
    json.dumps({str(v): str(v + 17) for v in PLAIN.values()}),
    Outcome.REFUSED,
    refused_by="none of the names.*--anatomy-labels",
)
_names_file(
    "class-n",
    SLICER_NAMES,
    "names.json",
    json.dumps({str(v): f"class_{v}" for v in PLAIN.values()}),
    Outcome.REFUSED,
    refused_by="none of the names.*class_1.*--anatomy-labels",
)
_names_file(
    "regions-of-nnunet",
    "https://github.com/MIC-DKFZ/nnUNet/blob/master/documentation/region_based_training.md",
    "dataset.json",
    json.dumps({"labels": {"background": 0, "whole_spine": [1, 2, 3], "vertebrae": [3, 4]}}),
    Outcome.REFUSED,
    refused_by="region|label names",
)
_names_file(
    "names-of-another-map",
    NNUNET,
    "names.json",
    json.dumps({str(60 + v): n for n, v in PLAIN.items()}),
    Outcome.REFUSED,
    refused_by="none of the names given fits.*--anatomy-labels",
)
_names_file(
    "broken-json",
    NNUNET,
    "names.json",
    '{"1": "sacrum",',
    Outcome.REFUSED,
    refused_by="cannot be read.*--anatomy-labels",
)
_names_file(
    "a-picture-as-names",
    NNUNET,
    "names.json",
    b"\x89PNG\r\n\x1a\n\x00\x00\xff\xfe\x00",
    Outcome.REFUSED,
    refused_by="cannot be read|none of the names",
)
_names_file(
    "one-name-not-understood",
    SLICER_NAMES,
    "names.json",
    json.dumps({**_BY_NUMBER, "2": "Struktur X"}),
    Outcome.WARNED,
    warned_by="not understood.*Struktur X",
)
_names_file(
    "names-one-off",
    "https://github.com/wasserth/TotalSegmentator/issues/294",
    "names.json",
    json.dumps(
        {str(v): n for n, v in zip(("spinal_canal", *reversed(SPINE[:6]), "sacrum"), PLAIN.values(), strict=True)}
    ),
    Outcome.WARNED,
    warned_by="levels|contradict|above",
)

# --- languages

_LANGUAGES = {
    "german": ("Kreuzbein", "Spinalkanal", *(f"LWK {n}" for n in (5, 4, 3, 2, 1)), "BWK 12"),
    "german-words": (
        "Os sacrum",
        "Wirbelkanal",
        *(f"Lendenwirbelkörper {n}" for n in (5, 4, 3, 2, 1)),
        "Brustwirbelkörper 12",
    ),
    "german-short": ("Sakrum", "Spinalkanal", *(f"LW{n}" for n in (5, 4, 3, 2, 1)), "BW12"),
    "french": ("sacrum", "canal rachidien", *(f"vertèbre L{n}" for n in (5, 4, 3, 2, 1)), "vertèbre T12"),
    "french-words": (
        "os sacrum",
        "canal vertébral",
        *(f"vertèbre lombaire {n}" for n in (5, 4, 3, 2, 1)),
        "vertèbre thoracique 12",
    ),
    "spanish": ("sacro", "canal espinal", *(f"vértebra L{n}" for n in (5, 4, 3, 2, 1)), "vértebra D12"),
    "spanish-words": (
        "hueso sacro",
        "conducto vertebral",
        *(f"vértebra lumbar {n}" for n in (5, 4, 3, 2, 1)),
        "vértebra dorsal 12",
    ),
    "italian": ("osso sacro", "canale vertebrale", *(f"vertebra L{n}" for n in (5, 4, 3, 2, 1)), "vertebra D12"),
    "dutch": ("heiligbeen", "wervelkanaal", *(f"wervel L{n}" for n in (5, 4, 3, 2, 1)), "wervel Th12"),
    "dutch-words": ("sacrum", "spinaal kanaal", *(f"lendenwervel {n}" for n in (5, 4, 3, 2, 1)), "borstwervel 12"),
    "latin": (
        "os sacrum",
        "canalis vertebralis",
        *(f"vertebra lumbalis {n}" for n in ("V", "IV", "III", "II", "I")),
        "vertebra thoracica XII",
    ),
    "portuguese": ("sacro", "canal vertebral", *(f"vértebra L{n}" for n in (5, 4, 3, 2, 1)), "vértebra T12"),
}
for _language, _words in _LANGUAGES.items():
    _table = json.dumps({str(v): word for v, word in zip(PLAIN.values(), _words, strict=True)}, ensure_ascii=False)
    _wanted = (
        {name: f"vertebral body {name.removeprefix('vertebrae_')}" for name in SPINE[:6]}
        if "körper" in _words[2]
        else {}
    )

    def _judge(folder: Path, table: str = _table, wanted: dict[str, str] = _wanted) -> Judged:
        (folder / "names.json").write_text(table, encoding="utf-8")
        path = _map(folder)
        return judged(lambda: read_anatomy_file(path, folder / "names.json"), says(PLAIN, **wanted), may_warn=False)

    _add(f"in-{_language}", TERMS, _judge)


_WORDS = {
    "left kidney": (
        "Niere links",
        "linke Niere",
        "rein gauche",
        "riñón izquierdo",
        "rene sinistro",
        "linker nier",
        "ren sinister",
        "Kidney L",
        "L_kidney",
        "kidney_lt",
    ),
    "right hip bone": (
        "Hüftbein rechts",
        "rechtes Hüftbein",
        "os coxal droit",
        "hueso coxal derecho",
        "osso coxale destro",
        "rechter heupbeen",
        "os coxae dextrum",
        "Hip R",
        "R_hip",
    ),
    "left femur": (
        "Oberschenkelknochen links",
        "fémur gauche",
        "fémur izquierdo",
        "femore sinistro",
        "linker femur",
        "FemurLeft",
    ),
    "disc L4/L5": (
        "Bandscheibe L4/5",
        "BS LWK 4/5",
        "disque L4-L5",
        "disco L4-L5",
        "disco intervertebral L4/L5",
        "tussenwervelschijf L4-L5",
        "discus intervertebralis L4/L5",
        "L4-5",
        "IVD L4_L5",
        "disc L4/5",
    ),
    "disc L5/S1": ("Bandscheibe L5/S1", "disque L5-S1", "disco L5-S1", "L5-S1", "L5/S1 disc", "disc_L5_S"),
    "vertebra L4": (
        "L4",
        "L 4",
        "lumbar vertebra 4",
        "Lumbar vertebra L4",
        "vertèbre lombaire L4",
        "4th lumbar vertebra",
        "fourth lumbar vertebra",
        "L4 vertebra",
        "vertebra_L4",
        "4. Lendenwirbel",
        "LWK4",
        "LWK 4",
        "vert-L4",
    ),
    "vertebra T12": ("T12", "Th12", "D12", "thoracic vertebra 12", "twelfth thoracic vertebra", "BW 12"),
    "vertebral body L4": (
        "L4 vertebral body",
        "VB_L4",
        "L4 Wirbelkörper",
        "corps vertébral L4",
        "cuerpo vertebral L4",
        "corpo vertebrale L4",
        "wervellichaam L4",
        "corpus vertebrae L4",
    ),
    "urinary bladder": ("Harnblase", "vessie", "vejiga", "vescica", "blaas", "vesica urinaria", "bladder"),
    "liver": ("Leber", "foie", "hígado", "fegato", "lever", "hepar"),
    "spleen": ("Milz", "rate", "bazo", "milza", "milt", "lien", "splen"),
    "left iliopsoas": (
        "M. psoas links",
        "psoas gauche",
        "psoas izquierdo",
        "ileopsoas links",
        "musculus iliopsoas sinister",
    ),
    "right gluteus maximus": (
        "M. gluteus maximus rechts",
        "grand fessier droit",
        "glúteo mayor derecho",
        "grande gluteo destro",
        "musculus gluteus maximus dexter",
    ),
    "spinal cord": (
        "Rückenmark",
        "moelle épinière",
        "médula espinal",
        "midollo spinale",
        "ruggenmerg",
        "medulla spinalis",
        "Myelon",
    ),
    "left sacroiliac joint": (
        "ISG links",
        "sacro-iliaque gauche",
        "articulación sacroilíaca izquierda",
        "SI joint left",
        "SIJ_L",
    ),
    "implant": ("Prothese", "prothèse", "prótesis", "protesi", "hip_implant", "Endoprothese"),
}
for _text, _names in _WORDS.items():

    def _judge_words(folder: Path, text: str = _text, names: tuple[str, ...] = _names) -> Judged:
        wrong = [name for name in names if structure_of_name(name).text != text]
        seen = f"{text}: {[(name, structure_of_name(name).text) for name in wrong]}"
        return Judged(Outcome.WRONG if wrong else Outcome.RIGHT, seen)

    _add(f"words-for-{_text.replace(' ', '-').replace('/', '-')}", TERMS, _judge_words)


# --- names in the file itself


def _segments(
    name: str,
    source: str,
    numbers: Mapping[str, int],
    names: Callable[[str, int], str],
    *accepted: Outcome,
    tag: Callable[[str], str] | None = None,
    says_other: Mapping[str, str] | None = None,
    **judging: Any,
) -> None:
    def judge(folder: Path) -> Judged:
        tags = {} if tag is None else {v: tag(n) for n, v in numbers.items()}
        metadata = slicer_metadata(
            {v: names(n, v) for n, v in sorted(numbers.items(), key=lambda item: item[1])}, tags
        )
        path = save(renumbered(numbers), folder / "map.seg.nrrd", metadata)
        wanted = None if Outcome.REFUSED in accepted else says(numbers, **(says_other or {}))
        return judged(lambda: read_anatomy_file(path), wanted, **judging)

    _add(name, source, judge, *accepted)


_HEAD = (
    "Segmentation.Status:inprogress|TerminologyEntry:Segmentation category and type - 3D Slicer General Anatomy list"
)


def _term(region: str) -> str:
    """The tag of a segment as Slicer writes it, with a type or an anatomic region from SNOMED CT."""
    return f"{_HEAD}~SCT^123037004^Anatomical Structure~{region}|"


_SCT = {
    "sacrum": "54735007^Sacrum",
    "spinal_canal": "61853006^Vertebral canal",
    "vertebrae_L1": "66794005^L1 vertebra",
    "vertebrae_L2": "14293000^L2 vertebra",
    "vertebrae_L3": "36470004^L3 vertebra",
    "vertebrae_L4": "11994002^L4 vertebra",
    "vertebrae_L5": "49668003^L5 vertebra",
    "vertebrae_T12": "23215003^T12 vertebra",
}
_TISSUE = f"{_HEAD}~SCT^85756007^Tissue~SCT^85756007^Tissue~^^~Anatomic codes - DICOM master list~^^~^^|"

_segments(
    "slicer-default-names",
    SLICER_NAMES,
    PLAIN,
    lambda n, v: f"Segment_{v}",
    Outcome.REFUSED,
    refused_by="none of the names.*Segment_1.*--anatomy-labels",
)
_segments(
    "slicer-default-names-and-tissue-tags",
    SLICER_NAMES,
    PLAIN,
    lambda n, v: f"Segment_{v}",
    Outcome.REFUSED,
    tag=lambda n: _TISSUE,
    refused_by="none of the names.*--anatomy-labels",
)
_segments(
    "slicer-label-n",
    "https://github.com/Slicer/Slicer/issues/8129",
    PLAIN,
    lambda n, v: f"Label_{v}",
    Outcome.REFUSED,
    refused_by="none of the names.*--anatomy-labels",
)
_segments(
    "slicer-default-names-of-totalspineseg",
    "https://github.com/wasserth/TotalSegmentator/issues/294",
    TOTALSPINESEG,
    lambda n, v: f"Segment_{v}",
    Outcome.WARNED,
    warned_by="names.*numbers.*TotalSpineSeg",
)
_segments(
    "slicer-terminology-types",
    SEG_NRRD,
    PLAIN,
    lambda n, v: f"Segment_{v}",
    tag=lambda n: _term(f"SCT^{_SCT[n]}~^^~Anatomic codes - DICOM master list~^^~^^"),
    may_warn=False,
)
_segments(
    "slicer-terminology-regions",
    SEG_NRRD,
    PLAIN,
    lambda n, v: f"Segment_{v}",
    tag=lambda n: _term(f"SCT^85756007^Tissue~^^~Anatomic codes - DICOM master list~SCT^{_SCT[n]}~^^"),
    may_warn=False,
)
_segments(
    "slicer-generic-anatomy-colors",
    "https://github.com/ALive-research/Slicer-Liver/issues/214",
    PLAIN,
    lambda n, v: ("tissue", "bone", "skin", "connective tissue", "blood", "organ", "mass", "muscle")[v - 1],
    Outcome.REFUSED,
    refused_by="names.*--anatomy-labels",
)
_segments(
    "slicer-own-names", SEG_NRRD, PLAIN, lambda n, v: n.replace("vertebrae_", "").replace("_", " "), may_warn=False
)


def _side_in_the_tag(folder: Path) -> Judged:
    numbers = counted(("kidney_left", "kidney_right", "sacrum", *SPINE[:5]))
    sides = {"kidney_left": "SCT^7771000^Left", "kidney_right": "SCT^24028007^Right"}
    tags = {
        numbers[n]: _term(f"SCT^64033007^Kidney~{s}~Anatomic codes - DICOM master list~^^~^^")
        for n, s in sides.items()
    }
    metadata = slicer_metadata({v: "Kidney" if "kidney" in n else n for n, v in numbers.items()}, tags)
    path = save(renumbered(numbers), folder / "map.seg.nrrd", metadata)
    return judged(lambda: read_anatomy_file(path), says(numbers), may_warn=False)


def _segments_of_the_scene(folder: Path) -> Judged:
    """In the scene the numbers of segments follow their order, so that only names can say what they are."""
    image = renumbered(PLAIN)
    return judged(
        lambda: anatomy_of_labels(image, {v: f"Segment_{v}" for v in PLAIN.values()}, "Segmentation"),
        refused_by="none of the names.*Segment_1",
    )


def _vertebrae_without_levels(folder: Path) -> Judged:
    names = {name: f"vertebra {9 - n}" for n, name in enumerate(SPINE)} | {"sacrum": "sacrum"}
    numbers = counted(names)
    write_names({names[name]: number for name, number in numbers.items()}, folder / "names.json")
    path = _map(folder, numbers)
    return judged(lambda: read_anatomy_file(path, folder / "names.json"), says(numbers), warned_by="counted.*sacrum")


def _vertebrae_without_levels_or_sacrum(folder: Path) -> Judged:
    """Without the sacrum nothing can be counted: no level may be invented, and the reader is told."""
    numbers = counted(SPINE)
    (folder / "names.json").write_text(json.dumps({str(v): f"vertebra {v}" for v in numbers.values()}))
    path = _map(folder, numbers)
    return judged(
        lambda: read_anatomy_file(path, folder / "names.json"),
        lambda anatomy: all(what_is_at(anatomy, name) == "vertebra" for name in SPINE),
        warned_by="sacrum.*level|level.*sacrum",
    )


def _totalsegmentator_header(folder: Path) -> Judged:
    """TotalSegmentator writes the names into the header of the NIfTI file."""
    xml = "<CaretExtension><VolumeInformation><LabelTable>"
    xml += "".join(
        f'<Label Key="{v}" Red="1" Green="0" Blue="0" Alpha="1"><![CDATA[{n}]]></Label>' for n, v in PLAIN.items()
    )
    xml += "</LabelTable></VolumeInformation></CaretExtension>"
    data = xml.encode() + b"\0" * (-(len(xml) + 8) % 16)

    def change(file: bytearray) -> None:
        file[108:112] = np.array([352 + 8 + len(data)], "<f4").tobytes()
        file[348:352] = b"\1\0\0\0"
        file[352:352] = np.array([8 + len(data), 30], "<i4").tobytes() + data

    path = nifti(renumbered(PLAIN), folder / "map.nii.gz", change)
    return judged(lambda: read_anatomy_file(path), says(PLAIN), may_warn=False)


def _lesion_in_a_vertebra(folder: Path) -> Judged:
    """A segment whose type is a lesion is not the vertebra in which it lies."""
    numbers = counted(("sacrum", *SPINE[:5]))
    names = {number: name for name, number in numbers.items()} | {2: "Segment_2"}
    tag = _term("SCT^52988006^Lesion~^^~Anatomic codes - DICOM master list~SCT^49668003^L5 vertebra~^^")
    path = save(renumbered(numbers), folder / "map.seg.nrrd", slicer_metadata(names, {2: tag}))
    return judged(
        lambda: read_anatomy_file(path),
        lambda anatomy: what_is_at(anatomy, "vertebrae_L5") != "vertebra L5",
        warned_by="not understood.*Segment_2",
    )


def _terms_of_totalsegmentator(folder: Path) -> Judged:
    """The terms that TotalSegmentator gives to segments in Slicer are all known."""
    numbers = counted(("vertebrae_L5", "kidney_left", "liver", "spleen", "stomach", "aorta"))
    names = ("L5 vertebra", "left kidney", "first left rib", "left clavicle", "myocardium", "brachiocephalic artery")
    (folder / "names.json").write_text(json.dumps({str(n): name for n, name in enumerate(names, start=1)}))
    path = _map(folder, numbers)
    return judged(
        lambda: read_anatomy_file(path, folder / "names.json"),
        lambda anatomy: not any("not understood" in text for text in anatomy.warnings),
    )


def _names_beside_the_map(folder: Path) -> Judged:
    """Organs without any meaning for this program (heart, brain) are known, not "not understood"."""
    names = {"sacrum": 1, "vertebrae_L5": 2, "vertebrae_L4": 3, "liver": 4, "stomach": 5}
    other = {1: "sacrum", 2: "vertebrae_L5", 3: "vertebrae_L4", 4: "heart", 5: "esophagus"}
    (folder / "names.json").write_text(json.dumps({str(k): v for k, v in other.items()}))
    path = _map(folder, names)
    wanted = says(("sacrum", "vertebrae_L5"), liver="heart", stomach="esophagus")
    return judged(lambda: read_anatomy_file(path, folder / "names.json"), wanted, may_warn=False)


_add("lesion-in-the-terminology", SEG_NRRD, _lesion_in_a_vertebra, Outcome.WARNED)
_add("terms-of-totalsegmentator", "https://github.com/wasserth/TotalSegmentator#readme", _terms_of_totalsegmentator)
_add("side-in-the-terminology", SEG_NRRD, _side_in_the_tag)
_add("segments-of-the-scene", SLICER_NAMES, _segments_of_the_scene, Outcome.REFUSED)
_add(
    "vertebrae-without-levels",
    "https://github.com/Hendrik-code/spineps/issues/59",
    _vertebrae_without_levels,
    Outcome.WARNED,
)
_add(
    "vertebrae-without-levels-or-sacrum",
    "https://github.com/wasserth/TotalSegmentator/issues/442",
    _vertebrae_without_levels_or_sacrum,
    Outcome.WARNED,
)
_add(
    "totalsegmentator-header",
    "https://github.com/wasserth/TotalSegmentator/blob/master/totalsegmentator/nifti_ext_header.py",
    _totalsegmentator_header,
)
_add("names-of-other-organs", "https://github.com/wasserth/TotalSegmentator#class-details", _names_beside_the_map)

CASES = _CASES
