"""A whole case in a scene: round trips, also through a file and a new process, and edits made with Slicer's tools."""

from __future__ import annotations

import dataclasses
import datetime
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from deep_equality import differences
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Numerics.core.image import Geometry, Image, Region
from PainGeneratorLib.Numerics.core.records import Candidate, HotSpot, LedgerEntry, MRFinding, Place
from PainGeneratorLib.Numerics.core.sites import SiteTable
from PainGeneratorLib.Scene import case_text, markups, nodes, subject_hierarchy, tables
from PainGeneratorLib.Scene.node_keys import find_node
from PainGeneratorLib.Scene.read_case import has_case, read_case
from PainGeneratorLib.Scene.scene_content import SceneContent, SceneSeries
from PainGeneratorLib.Scene.segment_layer import layer_changed, shared_layer
from PainGeneratorLib.Scene.segments import read_segmentation
from PainGeneratorLib.Scene.write_case import write_candidates, write_case
from report_examples import example_site_table
from scipy.spatial.transform import Rotation

pytestmark = pytest.mark.scene


def rigid(angles, shift):
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    matrix[:3, 3] = shift
    return matrix


REFERENCE_TO_PET = rigid([4, -7, 11], [6.5, -3.25, 9.125])
MR_GRID = Geometry((9, 40, 36), rigid([0, 12, -5], [33, 21, -17]) @ np.diag([-1.0, -1.0, 4.4, 1.0]))
PET_GRID = Geometry((20, 24, 28), rigid([0, 0, 0], [40, 35, -30]) @ np.diag([-3.1, -3.1, 3.7, 1.0]))


def block(geometry, first, size):
    mask = np.zeros(geometry.shape, dtype=bool)
    mask[tuple(slice(f, f + s) for f, s in zip(first, size, strict=True))] = True
    return Region.from_mask(mask, geometry)


def hot_spot(label, region, physiologic=None):
    return HotSpot(
        label,
        region,
        region.centroid_ras_mm,
        region.points_ras[1],
        2.345678901234,
        None if physiologic else 1.9,
        1.5,
        region.volume_ml,
        1.5 * region.volume_ml,
        0.7,
        0.9,
        "vertebral marrow",
        2.1,
        None,
        "A50P",
        1.31,
        physiologic,
        ["near-implant"],
    )


def make_content() -> SceneContent:
    """A small case: PET moved against the MR, two hot spots, one MR finding, three candidates in different states."""
    rng = np.random.default_rng(11)
    pet_in_reference = PET_GRID.moved(np.linalg.inv(REFERENCE_TO_PET))
    spots = [
        hot_spot(1, block(pet_in_reference, (9, 10, 12), (3, 2, 4))),
        hot_spot(2, block(pet_in_reference, (4, 4, 5), (2, 2, 2)), "urinary bladder: below the pelvis"),
    ]
    region = block(MR_GRID, (4, 20, 9), (2, 6, 5))
    finding = MRFinding(1, "oedema", region, region.centroid_ras_mm, region.volume_ml, 3.2, -1.5, "FLUID", 0.66, [])
    facet = Place("Facet joint L4/L5 left", "facet joint", "left", "L4/L5", None, ("level-counted",))
    ledger = (LedgerEntry("uptake", "pet", "Hot.", 2.1, 5.5, "our estimate"),)
    candidates = [
        Candidate("pg-1", 1, 7.15, facet, "PET+MR", spots[0].region, spots[0].centroid_ras_mm, 0.853,
                  suv_max=2.345678901234, suv_peak=1.9, tbr=2.1, mr_kind="oedema", mr_z=3.2, status="accepted",
                  comment="stark, 50 % | \"süß\"\nzweite Zeile", flags=["near-implant"], hot_spots=[spots[0]],
                  mr_findings=[finding], ledger=ledger),
        Candidate("pg-2", 2, 3.25, Place("Ilium right", "ilium", "right"), "MR only", region,
                  region.centroid_ras_mm, region.volume_ml, mr_kind="oedema", mr_z=3.2, mr_findings=[finding]),
        Candidate("pg-3", 3, 1.2, Place("Bladder", "bladder", "midline"), "PET only", spots[1].region,
                  spots[1].centroid_ras_mm, spots[1].region.volume_ml, status="physiologic", origin="manual",
                  hot_spots=[spots[1]]),
    ]  # fmt: skip
    patient = {"PatientID": "P-1", "PatientName": "Doe^Jane"}
    return SceneContent(
        "T1",
        [
            SceneSeries("T1", "T1 tse sag", Image(rng.integers(0, 900, MR_GRID.shape).astype(np.int16), MR_GRID),
                        dicom={**patient, "StudyInstanceUID": "1.1", "Modality": "MR"}, instance_uids=("1.5", "1.6")),
            SceneSeries("PET", "PET AC (SUVbw)", Image(rng.random(PET_GRID.shape, dtype=np.float32) * 4, PET_GRID),
                        REFERENCE_TO_PET, dicom={**patient, "StudyInstanceUID": "1.2", "Modality": "PT"}),
            SceneSeries("OTHER", "localizer", Image(np.ones((2, 3, 4), np.float32), Geometry((2, 3, 4), np.eye(4)))),
            SceneSeries("OTHER", "CT", Image(np.full((2, 3, 4), 7.0, np.float32), Geometry((2, 3, 4), np.eye(4))),
                        dicom={"Modality": "CT"}),
        ],
        spots,
        [finding],
        candidates,
        np.array([[10.5, -20.25, 30.125]]),
        Image(np.ones(MR_GRID.shape, np.uint8), MR_GRID),
        {1: "vertebrae_L5", 2: "vertebrae_L4"},
        {"group": "low-back", "pain_side": "left"},
        {"factor": 0.000242903, "tags": [{"name": "PatientWeight", "value": "70"}]},
        {"PET": {"kept": True, "spread_mm": 0.4}},
        {"hot_spots": {"ratio": 1.4}},
        {"version": "0.1.0"},
        ["The level was counted."],
        set_apart=[
            Candidate("pg-5", 1, -3.5, Place("Uterus", "uterus", "midline"), "PET only", spots[1].region,
                      spots[1].centroid_ras_mm, 2.0, hot_spots=[spots[1]], ledger=ledger, reason="Usual there."),
            Candidate("pg-6", 2, -9.0, Place("Ureter", "ureter", "left"), "PET only", spots[1].region,
                      spots[1].centroid_ras_mm, 2.0, suv_max=3.25, reason="Usual there."),
        ],
        attention=[
            Candidate("pg-4", 1, 6.0, Place("Ilium left", "ilium", "left"), "MR only", region,
                      region.centroid_ras_mm, 31.0, mr_findings=[finding], reason="Larger than usual."),
        ],
    )  # fmt: skip


@pytest.fixture
def content():
    return make_content()


def assert_same_region(found, expected):
    assert found.geometry.is_same_grid(expected.geometry)
    assert np.array_equal(found.flat, expected.flat)


def assert_same_case(found: SceneContent, expected: SceneContent) -> None:
    for name in ("candidates", "set_apart", "attention"):
        assert [c.to_json() for c in getattr(found, name)] == [c.to_json() for c in getattr(expected, name)], name
    assert found.set_apart[0].hot_spots[0] is found.hot_spots[1]
    for new, old in zip(found.candidates, expected.candidates, strict=True):
        assert_same_region(new.region, old.region)
        assert new.suv_max == old.suv_max
        assert new.place == old.place
        assert new.comment == old.comment
    assert found.candidates[0].hot_spots[0] is found.hot_spots[0]
    assert found.candidates[1].mr_findings[0] is found.candidates[0].mr_findings[0] is found.mr_findings[0]
    for new, old in zip(found.hot_spots, expected.hot_spots, strict=True):
        assert_same_region(new.region, old.region)
        assert new.peak_ras_mm.tolist() == old.peak_ras_mm.tolist()
        assert (new.suv_peak, new.physiologic, new.flags) == (old.suv_peak, old.physiologic, old.flags)
    for new, old in zip(found.series, expected.series, strict=True):
        assert (new.role, new.name, new.instance_uids, new.dicom) == (old.role, old.name, old.instance_uids, old.dicom)
        assert np.array_equal(new.image.array, old.image.array)
        assert new.image.array.dtype == old.image.array.dtype
        assert np.abs(new.image.geometry.ijk_to_ras - old.image.geometry.ijk_to_ras).max() < 1e-9
        assert np.abs(new.reference_to_series_ras - old.reference_to_series_ras).max() < 1e-9
    assert found.pain_sites_ras.tolist() == expected.pain_sites_ras.tolist()
    assert np.array_equal(found.anatomy.array, expected.anatomy.array)
    for name in ("anatomy_labels", "case", "suv", "alignment", "protocol", "provenance", "warnings", "reference_role"):
        assert getattr(found, name) == getattr(expected, name), name
    assert (found.edited, found.removed, found.added) == ([], [], [])


def test_a_case_comes_back_whole_from_its_scene(host, content):
    written = write_case(host.scene, content)
    assert written.warnings == []
    assert has_case(host.scene)
    assert_same_case(read_case(host.scene), make_content())


CHECK_IN_A_NEW_PROCESS = """
import sys
from PainGeneratorLib.Headless.host import HeadlessHost
from PainGeneratorLib.Scene.read_case import read_case
from test_write_and_read_case import assert_same_case, make_content
with HeadlessHost() as host:
    host.load_mrb(sys.argv[1])
    assert_same_case(read_case(host.scene), make_content())
    host.save_mrb(sys.argv[2])
    assert host.warnings == [], host.warnings
"""


@pytest.mark.slow
def test_a_case_comes_back_whole_from_an_mrb_in_a_new_process_and_once_more(host, content, tmp_path, project_folder):
    write_case(host.scene, content)
    host.save_mrb(tmp_path / "case.mrb")
    assert host.warnings == []
    tests = project_folder / "Testing" / "Python"
    paths = [project_folder / "PainGenerator", tests, tests / "Scene"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))}
    arguments = [str(tmp_path / "case.mrb"), str(tmp_path / "again.mrb")]
    done = subprocess.run(
        [sys.executable, "-c", CHECK_IN_A_NEW_PROCESS, *arguments], env=environment, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    host.load_mrb(tmp_path / "again.mrb")
    assert_same_case(read_case(host.scene), make_content())


def test_what_is_derived_says_the_same_as_the_candidates(host, content):
    written = write_case(host.scene, content)
    segments = read_segmentation(written.candidates)
    assert [s.name for s in segments] == ["1 Facet joint L4/L5 left", "2 Ilium right", "3 Bladder"]
    assert segments[0].tags["PainGenerator.Status"] == "accepted"
    assert segments[0].tags["PainGenerator.Origin"] == "automatic"
    assert segments[0].terminology.split("~")[2] == "SCT^52988006^Lesion"
    assert segments[0].terminology.endswith("SCT^7771000^Left")
    for segment, candidate in zip(segments, content.candidates, strict=True):
        assert segment.region.centroid_ras_mm == pytest.approx(candidate.region.centroid_ras_mm, abs=1.0)
        assert segment.region.volume_ml == pytest.approx(candidate.region.volume_ml, rel=0.35)
    points, labels = markups.read_points(written.targets)
    assert labels == ["1 Facet joint L4/L5 left", "2 Ilium right"]
    assert points[0] == pytest.approx(content.candidates[0].centroid_ras_mm, abs=1e-9)
    _, rows = tables.read_table(written.table)
    assert [row["id"] for row in rows] == ["pg-1", "pg-2", "pg-3"]
    assert rows[1]["suv_max"] is None
    assert rows[0]["suv_max"] == pytest.approx(2.3457)


def test_the_table_of_sites_is_in_the_scene_and_comes_back(host, content):
    content.sites = example_site_table()
    write_case(host.scene, content)
    node = find_node(host.scene, "vtkMRMLTableNode", "sites")
    _, rows = tables.read_table(node)
    assert len(rows) == len(content.sites.rows)
    again = read_case(host.scene)
    assert not list(differences(again.sites, content.sites))
    again.sites = SiteTable()
    write_case(host.scene, again)
    assert find_node(host.scene, "vtkMRMLTableNode", "sites") is node
    assert tables.read_table(node)[1] == []


def test_what_is_set_apart_and_to_be_looked_at_is_one_table_that_follows_its_lists(host, content):
    written = write_case(host.scene, content)
    node = find_node(host.scene, "vtkMRMLTableNode", "set-apart")
    assert node in written.others
    _, rows = tables.read_table(node)
    assert [(row["list"], row["id"], row["reason"]) for row in rows] == [
        ("to be looked at", "pg-4", "Larger than usual."),
        ("set apart", "pg-5", "Usual there."),
        ("set apart", "pg-6", "Usual there."),
    ]
    assert [row["suv_max"] for row in rows] == [None, None, 3.25]
    assert {s.tags["PainGenerator.Id"] for s in read_segmentation(written.candidates)} == {"pg-1", "pg-2", "pg-3"}
    content.set_apart, content.attention = content.set_apart[1:], []
    shown = {candidate.id: candidate.region for candidate in content.candidates}
    write_candidates(host.scene, content, shown)
    assert find_node(host.scene, "vtkMRMLTableNode", "set-apart") is node
    assert [row["id"] for row in tables.read_table(node)[1]] == ["pg-6"]


def test_outlines_of_one_modality_keep_every_voxel_in_their_segmentation(host, content):
    written = write_case(host.scene, content)
    for segment, spot in zip(read_segmentation(written.hot_spots), content.hot_spots, strict=True):
        assert_same_region(segment.region, spot.region)
    (segment,) = read_segmentation(written.mr_findings)
    assert_same_region(segment.region, content.mr_findings[0].region)
    assert segment.terminology.split("~")[2] == "SCT^79654002^Edema"


def test_the_pet_volume_lies_under_the_inverse_alignment(host, content):
    written = write_case(host.scene, content)
    assert written.transforms[0] is None
    image, _ = nodes.image_from_volume(written.volumes[1])
    assert_same_region(Region(image.geometry, content.hot_spots[0].region.flat), content.hot_spots[0].region)


def test_an_alignment_corrected_by_hand_in_the_scene_is_read_back(host, content):
    written = write_case(host.scene, content)
    corrected = rigid([1, 2, 3], [4, 5, 6])
    written.transforms[1].SetMatrixTransformToParent(nodes.matrix_to_vtk(np.linalg.inv(corrected)))
    pet = read_case(host.scene).first("PET")
    assert pet.reference_to_series_ras == pytest.approx(corrected, abs=1e-9)
    assert pet.image.geometry.ijk_to_ras == pytest.approx(PET_GRID.ijk_to_ras, abs=1e-9)


def test_writing_again_keeps_the_nodes_and_updates_them(host, content):
    first = write_case(host.scene, content)
    count = host.scene.GetNumberOfNodes()
    content.candidates[1].status = "rejected"
    content.anatomy = None
    second = write_case(host.scene, content)
    assert second.candidates.GetID() == first.candidates.GetID()
    assert second.volumes[1].GetID() == first.volumes[1].GetID()
    assert host.scene.GetNumberOfNodes() < count
    back = read_case(host.scene)
    assert back.candidates[1].status == "rejected"
    assert back.anatomy is None
    assert markups.read_points(second.targets)[1] == ["1 Facet joint L4/L5 left"]


def test_an_outline_redrawn_and_a_name_changed_with_slicers_tools_are_taken_over(host, content):
    written = write_case(host.scene, content)
    labels, geometry, values = shared_layer(written.candidates)
    labels[labels == values["pg-2"]] = 0
    labels[0, 0, :5] = values["pg-2"]
    layer_changed(written.candidates)
    written.candidates.GetSegmentation().GetSegment("pg-3").SetName("3 Urinary bladder")
    back = read_case(host.scene)
    assert back.edited == ["pg-2", "pg-3"]
    assert_same_region(back.candidates[1].region, Region(geometry, np.arange(5)))
    assert (back.candidates[1].origin, back.candidates[0].origin) == ("edited", "automatic")
    assert back.candidates[2].place.name == "Urinary bladder"
    assert back.candidates[2].origin == "manual"
    assert_same_region(back.candidates[0].region, content.candidates[0].region)


def test_segments_removed_and_added_with_slicers_tools_are_named(host, content):
    written = write_case(host.scene, content)
    segmentation = written.candidates.GetSegmentation()
    segmentation.RemoveSegment("pg-1")
    segmentation.AddEmptySegment("Segment_1", "my own")
    back = read_case(host.scene)
    assert back.removed == ["pg-1"]
    assert [segment.name for segment in back.added] == ["my own"]
    host.scene.RemoveNode(written.candidates)
    assert read_case(host.scene).removed == ["pg-1", "pg-2", "pg-3"]


def test_a_volume_of_the_user_under_its_own_transform_is_used_as_it_is(host, content):
    volume = nodes.add_volume(host.scene, content.series[1].image, "loaded by the user")
    own = nodes.add_transform(host.scene, rigid([0, 0, 30], [1, 2, 3]), "the user's")
    volume.SetAndObserveTransformNodeID(own.GetID())
    image, _ = nodes.image_from_volume(volume)
    content.series[1] = dataclasses.replace(content.series[1], image=image, node=volume)
    written = write_case(host.scene, content)
    write_case(host.scene, content)
    assert volume.GetParentTransformNode() is own
    assert own.GetParentTransformNode() is written.transforms[1]
    assert volume.GetName() == "loaded by the user"
    pet = read_case(host.scene).first("PET")
    assert pet.image.geometry.is_same_grid(image.geometry)
    assert pet.reference_to_series_ras == pytest.approx(REFERENCE_TO_PET, abs=1e-9)


def test_patients_studies_and_results_are_in_the_hierarchy(host, content):
    written = write_case(host.scene, content)
    tree = subject_hierarchy.hierarchy(host.scene)
    study = tree.GetItemParent(tree.GetItemByDataNode(written.volumes[0]))
    folder = tree.GetItemParent(tree.GetItemByDataNode(written.candidates))
    assert tree.GetItemParent(folder) == study
    assert subject_hierarchy.attributes_of(host.scene, written.volumes[1])["StudyInstanceUID"] == "1.2"
    assert written.volumes[0].GetAttribute("DICOM.instanceUIDs") == "1.5 1.6"
    assert written.volumes[3].GetVoxelValueUnits().GetCodeValue() == "[hnsf'U]"


def test_a_case_without_any_finding_is_kept_too(host, content):
    content.hot_spots, content.mr_findings, content.candidates = [], [], []
    write_case(host.scene, content)
    back = read_case(host.scene)
    assert (back.hot_spots, back.mr_findings, back.candidates) == ([], [], [])


def test_a_case_without_its_reference_series_is_a_mistake(host, content):
    content.reference_role = "T2"
    with pytest.raises(ValueError, match="T2"):
        write_case(host.scene, content)


def test_scenes_without_a_case_or_with_a_volume_gone_are_refused_with_advice(host, content):
    assert not has_case(host.scene)
    with pytest.raises(PainGeneratorError, match="no PainGenerator case"):
        read_case(host.scene)
    written = write_case(host.scene, content)
    host.scene.RemoveNode(written.volumes[1])
    with pytest.raises(PainGeneratorError, match="PET AC"):
        read_case(host.scene)


def test_damaged_or_newer_text_is_refused_and_unknown_objects_are_not_stored():
    text = case_text.to_text({"x": Region(MR_GRID, np.array([3, 4, 9]))})
    for broken in ("", "{}", text[:-9], text.replace('"count":3', '"count":4')):
        with pytest.raises(PainGeneratorError, match="damaged"):
            case_text.from_text(broken)
    with pytest.raises(PainGeneratorError, match="newer"):
        case_text.from_text(json.dumps({**json.loads(text), "schema": 99}))
    with pytest.raises(TypeError, match="object"):
        case_text.to_text({"x": object()})


@pytest.mark.parametrize("fields", [None, 3, "x", [1, 2]])
def test_a_record_whose_fields_are_something_else_is_damaged(content, fields):
    stored = json.loads(case_text.to_text(content.candidates))
    stored["records"][0]["fields"] = fields
    with pytest.raises(PainGeneratorError, match="damaged"):
        case_text.from_text(json.dumps(stored))


def test_text_that_is_nested_without_end_is_damaged():
    with pytest.raises(PainGeneratorError, match="damaged"):
        case_text.from_text("[" * 100_000)


def test_fields_that_a_later_version_added_or_dropped_do_not_hinder_reading(content):
    stored = json.loads(case_text.to_text(content.candidates))
    for record in stored["records"]:
        if record["kind"] == "Candidate":
            record["fields"]["of the future"] = 1
            record["fields"].pop("comment")
    back = case_text.from_text(json.dumps(stored))
    assert [candidate.comment for candidate in back] == ["", "", ""]


def as_version_1(text: str) -> str:
    """The text of a case as the first version wrote it: index arrays within the regions, no exact grids."""
    stored = json.loads(text)
    for region in stored["regions"]:
        region["flat"] = stored["voxels"][region["flat"]]
    grid = {"geometry": stored["content"]["grid"]["@geometry"], "count": 0, "flat": case_text.pack(np.empty(0))}
    stored["content"]["grid"] = {"@region": len(stored["regions"])}
    stored["regions"].append(grid)
    del stored["voxels"], stored["content"]["image_grids"]
    for series in stored["content"]["series"]:
        del series["geometry"], series["dtype"], series["reference_to_series_ras"]
    return json.dumps({**stored, "schema": 1})


def test_a_scene_of_the_first_version_is_still_read(host, content):
    node = write_case(host.scene, content).text
    node.SetText(as_version_1(node.GetText()))
    assert_same_case(read_case(host.scene), make_content())


def test_single_precision_stays_single_and_a_time_stays_a_time():
    back = case_text.from_text(case_text.to_text([np.float32(0.1), np.float64(0.1), datetime.datetime(2025, 3, 1, 9)]))
    assert back == [np.float32(0.1), 0.1, datetime.datetime(2025, 3, 1, 9)]
    assert [type(item) for item in back] == [np.float32, float, datetime.datetime]


def test_an_unknown_mark_in_the_text_is_refused():
    text = case_text.to_text({"x": (1, 2)}).replace("@tuple", "@future")
    with pytest.raises(PainGeneratorError, match="@future is not known"):
        case_text.from_text(text)


def test_plain_values_of_all_kinds_survive_as_text():
    value = {1: ("a", None), "b": [np.float32(0.5), np.int64(7), True], "c": np.arange(6.0).reshape(2, 3), "@d": {}}
    back = case_text.from_text(case_text.to_text(value))
    assert back.pop("c").tolist() == [[0, 1, 2], [3, 4, 5]]
    assert back == {1: ("a", None), "b": [0.5, 7, True], "@d": {}}
