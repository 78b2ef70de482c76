"""Tables, points, and the parameter node's storage, string by string."""

from __future__ import annotations

import enum
import json
import pathlib
from dataclasses import dataclass, field

import numpy as np
import pytest
from PainGeneratorLib.Headless.host import HeadlessHost
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Scene import markups, parameters, subject_hierarchy, tables
from PainGeneratorLib.Scene.parameters import NodeReference
from report_examples import example_site_table

pytestmark = pytest.mark.scene


@pytest.fixture(scope="module")
def host():
    with HeadlessHost() as host:
        yield host


@pytest.fixture
def scene(host):
    yield host.scene
    host.checkpoint("the test")
    host.scene.Clear(False)


def test_a_table_keeps_types_units_and_empty_cells(scene):
    columns = [
        tables.Column("rank", "whole"),
        tables.Column("suv", "number", "g/ml", "Largest SUVbw"),
        tables.Column("name"),
    ]
    rows = [{"rank": 2, "suv": 1.5, "name": "disc\tL4/L5\n(left)"}, {"rank": 1, "suv": None, "name": None}]
    node = tables.write_table(scene, "Candidates", columns, rows)
    import vtk

    assert isinstance(node.GetTable().GetColumn(1), vtk.vtkDoubleArray)
    assert node.GetColumnUnitLabel("suv") == "g/ml"
    found_columns, found_rows = tables.read_table(node)
    assert found_columns == columns
    assert found_rows == [{"rank": 2, "suv": 1.5, "name": "disc L4/L5 (left)"}, {"rank": 1, "suv": None, "name": None}]


def test_the_table_of_sites_is_in_the_order_of_reading_with_empty_cells_for_what_is_not_known(scene):
    columns, rows = tables.read_table(tables.write_site_table(scene, example_site_table()))
    units = {column.key: column.unit for column in columns}
    assert units["suv_peak"] == "g/ml"
    assert rows[0]["name"] == "vertebral body T12"
    by_name = {row["name"]: row for row in rows}
    assert len(by_name) == len(rows) == 121
    facet = by_name["left facet joint L4/L5"]
    assert (facet["suv_peak"], facet["raised"], facet["candidates"]) == (2.41, "yes", "PG-01")
    unknown = by_name["right psoas T12/L1"]
    assert (unknown["suv_peak"], unknown["raised"], unknown["signal_t1"]) == (None, None, None)
    assert unknown["reasons"] == "Outside the field of view of the PET."


def test_a_missing_whole_number_and_an_unknown_kind_are_refused(scene):
    with pytest.raises(ValueError, match="rank"):
        tables.write_table(scene, "T", [tables.Column("rank", "whole")], [{}])
    with pytest.raises(ValueError, match="colour"):
        tables.write_table(scene, "T", [tables.Column("x", "colour")], [{}])


def test_nested_facts_become_rows(scene):
    facts = {"factor": 0.5, "tags": {"weight": "70 kg", "dose": None}, "slices": [{"z": 1}, {"z": 2}], "list": [1, 2]}
    node = tables.write_facts(scene, "SUV", facts)
    _, rows = tables.read_table(node)
    assert [(row["fact"], row["value"]) for row in rows] == [
        ("factor", "0.5"),
        ("tags.weight", "70 kg"),
        ("tags.dose", None),
        ("slices.1.z", "1"),
        ("slices.2.z", "2"),
        ("list", "1, 2"),
    ]


def test_points_keep_their_places_and_skip_unplaced_ones(scene):
    node = markups.write_points(scene, "P", np.array([[1.5, -2, 3], [4, 5, 6.25]]), ["a", "b"], ["da", "db"])
    assert node.GetNthControlPointDescription(1) == "db"
    node.UnsetNthControlPointPosition(0)
    points, labels = markups.read_points(node)
    assert points.tolist() == [[4, 5, 6.25]]
    assert labels == ["b"]
    markups.write_points(scene, "P", np.zeros((0, 3)), node=node)
    assert markups.read_points(node)[0].shape == (0, 3)


def test_a_markups_file_states_its_coordinate_system_and_holds_the_flipped_point(scene, tmp_path):
    node = markups.write_pain_sites(scene, np.array([[11.0, -22.0, 33.0]]))
    path = tmp_path / "targets.mrk.json"
    markups.save_markups(node, path)
    (markup,) = json.loads(path.read_text())["markups"]
    assert markup["coordinateSystem"] == "LPS"
    assert markup["controlPoints"][0]["position"] == [-11.0, 22.0, 33.0]
    assert markup["controlPoints"][0]["label"] == "Pain 1"
    with pytest.raises(PainGeneratorError, match="cannot be written"):
        markups.save_markups(node, tmp_path / "missing" / "targets.mrk.json")


class Evidence(enum.Enum):
    BOTH = 1
    PET_ONLY = 2


@dataclass
class Everything:
    name: str = "default"
    count: int = 0
    factor: float = 0.0
    is_on: bool = False
    evidence: Evidence = Evidence.BOTH
    folder: pathlib.Path = pathlib.Path()
    volume: NodeReference | None = None
    numbers: list[float] = field(default_factory=list)
    pair: tuple[int, str] = (0, "")
    named: dict[str, int] = field(default_factory=dict)
    limit: float | None = None
    later: str = "a field that old scenes lack"


Everything.__annotations__["volume"] = NodeReference


def stored(node):
    return {name: node.GetParameter(name) for name in node.GetParameterNames()}


def test_the_parameter_node_is_stored_as_slicers_wrapper_stores_it(scene):
    volume = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "PET")
    node = parameters.parameter_node(scene)
    values = Everything(
        "x",
        3,
        0.1,
        True,
        Evidence.PET_ONLY,
        pathlib.Path("/a/b"),
        volume,
        [1.5, 2.0],
        (7, "y"),
        {"k": 1, "l": 2},
        None,
    )
    parameters.write_parameters(node, values)
    found = stored(node)
    found.pop("later")
    assert found == {
        "name": "x",
        "count": "3",
        "factor": "0.1",
        "is_on": "True",
        "evidence": "PET_ONLY",
        "folder": "/a/b",
        "volume": "",
        "numbers.len": "2",
        "numbers.0": "1.5",
        "numbers.1": "2.0",
        "pair.0": "7",
        "pair.1": "y",
        "named.len": "2",
        "named.0.0": "k",
        "named.0.1": "1",
        "named.1.0": "l",
        "named.1.1": "2",
        "limit.1": "True",
    }
    assert node.GetNodeReferenceID("volume") == volume.GetID()
    assert parameters.read_parameters(node, Everything) == values
    assert node.GetAttribute("ModuleName") == "PainGenerator"


def test_shorter_lists_leave_nothing_behind_and_missing_fields_take_their_default(scene):
    node = parameters.parameter_node(scene)
    parameters.write_parameters(node, Everything(numbers=[1.0, 2.0], limit=None))
    parameters.write_parameters(node, Everything(numbers=[3.0], limit=4.5))
    found = stored(node)
    assert "numbers.1" not in found
    assert "limit.1" not in found
    assert found["limit.0"] == "4.5"
    node.UnsetParameter("later")
    assert parameters.read_parameters(node, Everything) == Everything(numbers=[3.0], limit=4.5)


def test_one_scene_has_one_parameter_node():
    with HeadlessHost() as host:
        assert parameters.find_parameter_node(host.scene) is None
        node = parameters.parameter_node(host.scene)
        assert parameters.parameter_node(host.scene) is node
        assert node.GetSingletonTag() == "PainGenerator"


def test_what_cannot_be_stored_or_read_is_said(scene):
    @dataclass
    class Bad:
        array: np.ndarray

    @dataclass
    class Needed:
        missing: int

    node = parameters.parameter_node(scene)
    with pytest.raises(TypeError, match="ndarray"):
        parameters.write_parameters(node, Bad(np.zeros(3)))
    with pytest.raises(ValueError, match="missing"):
        parameters.read_parameters(node, Needed)
    with pytest.raises(TypeError, match="fits none"):
        parameters.write_parameters(node, Everything(limit="text"))
    node.SetParameter("evidence", "GONE")
    with pytest.raises(ValueError, match="GONE"):
        parameters.read_parameters(node, Everything)


def test_series_of_two_studies_of_one_patient_lie_under_one_patient(scene):
    volumes = [scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name) for name in ("PET", "T1", "T2", "loose")]
    patient = {"PatientID": "P-7", "PatientName": "Doe^Jane"}
    volumes[0].SetAttribute("DICOM.instanceUIDs", "1.2.3 1.2.4")
    studies = [
        subject_hierarchy.place_series(scene, volume, dicom)
        for volume, dicom in zip(
            volumes,
            [
                {**patient, "StudyInstanceUID": "1.1", "SeriesInstanceUID": "1.1.1", "Modality": "PT"},
                {**patient, "StudyInstanceUID": "1.2", "StudyDescription": "Spine", "Modality": "MR"},
                {**patient, "StudyInstanceUID": "1.2", "Modality": "MR"},
                {},
            ],
            strict=True,
        )
    ]
    assert studies[1] == studies[2] != studies[0]
    tree = subject_hierarchy.hierarchy(scene)
    assert tree.GetItemParent(studies[0]) == tree.GetItemParent(studies[1])
    assert tree.GetItemLevel(studies[0]) == "Study"
    assert tree.GetItemLevel(tree.GetItemParent(studies[0])) == "Patient"
    item = tree.GetItemByDataNode(volumes[0])
    assert tree.GetItemUID(item, "DICOM") == "1.1.1"
    assert tree.GetItemUID(item, "DICOMInstance") == "1.2.3 1.2.4"
    assert subject_hierarchy.attributes_of(scene, volumes[0]) == {
        **patient,
        "StudyInstanceUID": "1.1",
        "SeriesInstanceUID": "1.1.1",
        "Modality": "PT",
    }
    assert subject_hierarchy.attributes_of(scene, volumes[3]) == {}
    outside = scene.AddNewNodeByClass("vtkMRMLTextNode", "outside")
    assert subject_hierarchy.attributes_of(scene, outside) == {}


def test_results_lie_in_one_folder_beside_the_case(scene):
    volume, first, second = (scene.AddNewNodeByClass(f"vtkMRML{k}Node") for k in ("ScalarVolume", "Table", "Text"))
    study = subject_hierarchy.place_series(scene, volume, {"PatientID": "P"})
    folder = subject_hierarchy.place_results(scene, [first], study)
    assert subject_hierarchy.place_results(scene, [first, second], study) == folder
    tree = subject_hierarchy.hierarchy(scene)
    assert tree.GetNumberOfItemChildren(folder) == 2
    assert tree.GetItemParent(folder) == study
    assert tree.GetItemName(folder) == "PainGenerator"
    assert subject_hierarchy.place_results(scene, [second], None) != folder
