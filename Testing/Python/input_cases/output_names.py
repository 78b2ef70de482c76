"""Names that break files, and files that cannot be read back."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from PainGeneratorLib.Numerics.core.image import Geometry, Image

from .judging import InputCase, Judged, Outcome, judged
from .small_examination import command, judged_command, write_pet

KIND = "output"
IMAGE = Image(np.arange(24, dtype=np.float32).reshape(2, 3, 4), Geometry((2, 3, 4), np.eye(4)))


def saved_scene(path: Path, volumes: list[str], **dicom: str) -> None:
    """Save a scene with volumes of these names, in the hierarchy of a patient."""
    from PainGeneratorLib.Headless.host import HeadlessHost
    from PainGeneratorLib.Scene import nodes, subject_hierarchy

    with HeadlessHost() as host:
        for number, name in enumerate(volumes):
            node = nodes.add_volume(host.scene, IMAGE, name, "mr")
            uids = {"StudyInstanceUID": "1.2", "SeriesInstanceUID": f"1.3.{number}", "PatientID": "1"}
            subject_hierarchy.place_series(host.scene, node, {**uids, "SeriesDescription": name, **dicom})
        host.save_mrb(path)


def opens_with(path: Path, count: int) -> bool:
    """True when a scene opens with all its volumes, and its files differ in more than upper and lower case."""
    from PainGeneratorLib.Headless.host import HeadlessHost

    with HeadlessHost() as host:
        host.load_mrb(path)
        found = [
            host.scene.GetNthNodeByClass(index, "vtkMRMLScalarVolumeNode")
            for index in range(host.scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode"))
        ]
        whole = len(found) == count and all(node.GetImageData() is not None for node in found)
    with zipfile.ZipFile(path) as bundle:
        files = bundle.namelist()
        scene = next(name for name in files if name.endswith(".mrml"))
        ElementTree.fromstring(bundle.read(scene))
    return whole and len({name.casefold() for name in files}) == len(files)


def volume_named(*names: str, **dicom: str) -> Callable[[Path], Judged]:
    """A scene with volumes of these names opens again."""

    def judge(folder: Path) -> Judged:
        path = folder / "case.mrb"

        def call() -> bool:
            saved_scene(path, list(names), **dicom)
            return opens_with(path, len(names))

        return judged(call, bool, warnings=lambda found: [])

    return judge


def name_shown_without_marks(folder: Path) -> Judged:
    from PainGeneratorLib.Headless.host import HeadlessHost
    from PainGeneratorLib.Scene import nodes

    def call() -> str:
        with HeadlessHost() as host:
            return str(nodes.add_volume(host.scene, IMAGE, "T1 \u202egnp\u200f.exe", "mr").GetName())

    return judged(call, lambda name: name == "T1 gnp.exe", warnings=lambda name: [])


def damaged(write: Callable[[Path], None], said: str) -> Callable[[Path], Judged]:
    """A file that cannot be read back: an error, and nothing in the place of the results."""

    def judge(folder: Path) -> Judged:
        from PainGeneratorLib.Report.output_folder import OutputFolder

        def call() -> None:
            with OutputFolder(folder / "out") as work:
                write(work)

        found = judged(call, None, warnings=lambda result: [], refused_by=said)
        left = [path.name for path in folder.iterdir()]
        return Judged(Outcome.WRONG, f"left behind: {left}") if left else found

    return judge


def whole(write: Callable[[Path], None]) -> Callable[[Path], Judged]:
    """A file that is whole is no reason for an error."""

    def judge(folder: Path) -> Judged:
        from PainGeneratorLib.Report.output_folder import OutputFolder

        def call() -> bool:
            with OutputFolder(folder / "out") as work:
                write(work)
            return (folder / "out").is_dir()

        return judged(call, bool, warnings=lambda result: [])

    return judge


def half_json(work: Path) -> None:
    (work / "candidates.json").write_text('{"schema": 1, "cand')


def nan_json(work: Path) -> None:
    (work / "suv.json").write_text('{"factor": NaN}')


def uneven_csv(work: Path) -> None:
    (work / "candidates.csv").write_text("a,b\r\n1,2,3\r\n")


def half_nrrd(work: Path) -> None:
    import SimpleITK as sitk

    path = work / "pet-hot-spots.seg.nrrd"
    sitk.WriteImage(sitk.GetImageFromArray(IMAGE.array), str(path), useCompression=True)
    path.write_bytes(path.read_bytes()[:-20])


def half_transform(work: Path) -> None:
    (work / "transforms").mkdir()
    (work / "transforms" / "T2-to-reference.tfm").write_text(
        "#Insight Transform File V1.0\n#Transform 0\nTransform: Aff"
    )


def half_report(work: Path) -> None:
    (work / "report.html").write_text("<!DOCTYPE html><html><body><p>half", encoding="utf-8")


def empty_file(work: Path) -> None:
    (work / "candidates.csv").write_bytes(b"")


def half_bundle(work: Path) -> None:
    (work / "case.mrb").write_bytes(b"PK\3\4" + bytes(100))


def bundle_without_its_volume(work: Path) -> None:
    scene = (
        '<MRML version="Slicer5"><VolumeArchetypeStorage id="vtkMRMLVolumeArchetypeStorageNode1" '
        'fileName="Data/T1.nrrd"></VolumeArchetypeStorage></MRML>'
    )
    with zipfile.ZipFile(work / "case.mrb", "w") as bundle:
        bundle.writestr("case/case.mrml", scene)


def bundle_that_is_no_xml(work: Path) -> None:
    with zipfile.ZipFile(work / "case.mrb", "w") as bundle:
        bundle.writestr("case/case.mrml", '<MRML><Volume name="a & b"></Volume></MRML>')


def good_files(work: Path) -> None:
    import SimpleITK as sitk
    from PainGeneratorLib.Registration.transform_files import write_transform
    from PainGeneratorLib.Report.output_folder import write_json, write_text

    write_json(work / "candidates.json", {"name": "T1 sag & tra \u202e <b>"})
    write_text(work / "candidates.csv", 'a,b\r\n"x\ny",2\r\n')
    write_text(work / "report.html", "<!DOCTYPE html><html><body><p>a &amp; b<br></p></body></html>\n")
    write_transform(work / "T2-to-reference.tfm", np.eye(4))
    sitk.WriteImage(sitk.GetImageFromArray(IMAGE.array), str(work / "a.seg.nrrd"), useCompression=True)
    saved_scene(work / "case.mrb", ["T1 sag & tra", "t1 sag & tra", "50% < 60%"])
    (work / "notes.txt").write_text("")


def suv_that_cannot_be_read_back(folder: Path) -> Judged:
    import SimpleITK as sitk

    write_pet(folder / "case")
    real = sitk.WriteImage

    def short(image: Any, name: str, **words: Any) -> None:
        real(image, name, **words)
        path = Path(name)
        path.write_bytes(path.read_bytes()[:-60])

    with mock.patch.object(sitk, "WriteImage", short):
        found = judged_command(
            "suv", folder / "case", "--output", folder / "suv.nrrd", status=3, said=r"suv\.nrrd.*read back"
        )
    left = sorted(path.name for path in folder.iterdir())
    return found if left == ["case"] else Judged(Outcome.WRONG, f"left behind: {left} {found.seen}")


def analysis_of(description: str) -> Callable[[Path], Judged]:
    """The whole command on a small phantom whose T1 has a description; its scene opens."""

    def judge(folder: Path) -> Judged:
        import pydicom
        from PainGeneratorLib.Phantoms.case import write_phantom

        write_phantom(folder / "phantom", "low-back", 3, size="small")
        for path in (folder / "phantom" / "dicom").rglob("*"):
            if path.is_file():
                dataset = pydicom.dcmread(path)
                dataset.SpecificCharacterSet = "ISO_IR 192"
                dataset.PatientName, dataset.StudyDescription = "A&B^<C>", description
                if "t1" in dataset.SeriesDescription:
                    dataset.SeriesDescription = dataset.ProtocolName = description
                dataset.save_as(path)

        def call() -> bool:
            said = command("analyze", folder / "phantom" / "dicom", "--output", folder / "out", "--group", "low-back")
            if said.status != 0:
                raise RuntimeError(said.errors)
            json.loads((folder / "out" / "candidates.json").read_text(encoding="utf-8"))
            return opens_with(folder / "out" / "case.mrb", _volumes(folder / "out" / "case.mrb"))

        return judged(call, bool, warnings=lambda found: [])

    return judge


def _volumes(path: Path) -> int:
    """Number of scalar volumes that a scene lists."""
    with zipfile.ZipFile(path) as bundle:
        scene = next(name for name in bundle.namelist() if name.endswith(".mrml"))
        return bundle.read(scene).count(b"<Volume\n") or bundle.read(scene).count(b"<Volume ")


def _case(
    name: str, source: str, judge: Callable[[Path], Judged], *accepted: Outcome, slow: bool = False
) -> InputCase:
    return InputCase(name, KIND, source, judge, accepted or (Outcome.RIGHT,), slow)


REFUSED = Outcome.REFUSED
SLICER_3406 = "https://github.com/Slicer/Slicer/issues/3406"
SLICER_2404 = "https://github.com/Slicer/Slicer/issues/2404"
SLICER_3945 = "https://github.com/Slicer/Slicer/issues/3945"
SLICER_7901 = "https://github.com/Slicer/Slicer/issues/7901"
SLICER_1773 = "https://github.com/Slicer/Slicer/issues/1773"
XML_CHARS = "https://www.w3.org/TR/xml/#charsets"

CASES = [
    _case("ampersand-in-a-description", SLICER_3406, volume_named("T1 sag & tra")),
    _case("entity-in-a-description", SLICER_2404, volume_named("T1 &amp; T2 &#x1;")),
    _case("angle-brackets-in-a-description", SLICER_3406, volume_named("T1 <pre> -> post")),
    _case(
        "quotes-in-a-description", "https://github.com/godotengine/godot/issues/18448", volume_named("T1 \"a\" 'b'")
    ),
    _case("control-characters-in-a-description", XML_CHARS, volume_named("T1\x07 \x1b[1m \x00x")),
    _case("noncharacter-in-a-description", XML_CHARS, volume_named("T1 \uffff")),
    _case("line-breaks-in-a-description", XML_CHARS, volume_named("T1\nsag\ttra\r")),
    _case("right-to-left-marks-in-a-description", "https://www.unicode.org/reports/tr9/", name_shown_without_marks),
    _case("slashes-and-stars-in-a-description", SLICER_1773, volume_named("T1 a/b\\c:d*e?f|g")),
    _case("percent-signs-in-a-description", SLICER_1773, volume_named("50%20 %s 100%")),
    _case("very-long-description", SLICER_7901, volume_named("T1 " + "x" * 500)),
    _case("long-kanji-description", SLICER_7901, volume_named("腰椎矢状断" * 13)),
    _case("emoji-in-a-description", SLICER_1773, volume_named("T1 \U0001f600")),
    _case(
        "reserved-name-of-windows", "https://github.com/exelearning/iteexe/issues/98", volume_named("CON", "NUL.txt")
    ),
    _case(
        "points-and-spaces-at-the-end",
        "https://github.com/MeshInspector/MeshLib/pull/6723",
        volume_named("T1 ... ", "  T2  "),
    ),
    _case("names-that-differ-in-case-only", SLICER_1773, volume_named("T1 SAG", "t1 sag", "T1 sag")),
    _case("names-that-differ-in-a-mark-only", SLICER_1773, volume_named("T1 & T2", "T1 < T2", "T1 _ T2")),
    _case(
        "long-names-that-differ-at-the-end",
        SLICER_7901,
        volume_named("T1 " + "x" * 200 + "a", "T1 " + "x" * 200 + "b"),
    ),
    _case("name-of-nothing-but-marks", SLICER_3406, volume_named("&&&", "\x01")),
    _case("ampersand-in-the-study-description", SLICER_3945, volume_named("T1", StudyDescription="CT Head&Neck")),
    _case("control-characters-in-the-patient-name", XML_CHARS, volume_named("T1", PatientName="A\x07^B\x1b")),
    _case("noncharacter-in-the-study-description", XML_CHARS, volume_named("T1", StudyDescription="LWS \uffff")),
    _case("json-that-is-cut-off", SLICER_3406, damaged(half_json, r"candidates\.json.*read back"), REFUSED),
    _case(
        "json-with-nan", "https://www.rfc-editor.org/rfc/rfc8259", damaged(nan_json, r"suv\.json.*read back"), REFUSED
    ),
    _case(
        "csv-with-uneven-rows",
        "https://www.rfc-editor.org/rfc/rfc4180",
        damaged(uneven_csv, r"candidates\.csv.*read back"),
        REFUSED,
    ),
    _case("segmentation-that-is-cut-off", SLICER_3406, damaged(half_nrrd, r"seg\.nrrd.*read back"), REFUSED),
    _case("transform-that-is-cut-off", SLICER_3406, damaged(half_transform, r"\.tfm.*read back"), REFUSED),
    _case("report-that-is-cut-off", SLICER_3406, damaged(half_report, r"report\.html.*read back"), REFUSED),
    _case("empty-table", SLICER_3406, damaged(empty_file, r"candidates\.csv.*read back"), REFUSED),
    _case("scene-that-is-cut-off", SLICER_3406, damaged(half_bundle, r"case\.mrb.*read back"), REFUSED),
    _case(
        "scene-without-its-volume", SLICER_3406, damaged(bundle_without_its_volume, r"case\.mrb.*T1\.nrrd"), REFUSED
    ),
    _case("scene-that-is-no-xml", SLICER_3406, damaged(bundle_that_is_no_xml, r"case\.mrb.*read back"), REFUSED),
    _case("files-that-are-whole", SLICER_3406, whole(good_files)),
    _case("suv-volume-that-is-cut-off", SLICER_3406, suv_that_cannot_be_read_back, REFUSED),
    _case("whole-analysis-with-an-ampersand", SLICER_3406, analysis_of("t1 sag & tra <\u202e>"), slow=True),
]
