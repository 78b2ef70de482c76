"""Scenes that did not come from the panel, or not as they were left: what the session makes of them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PainGeneratorLib.Headless.host import HeadlessHost
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Numerics.core.image import Geometry, Image, Region, ball
from PainGeneratorLib.Numerics.pet.detector import ClickParameters
from PainGeneratorLib.Numerics.pet.manual_focus import grow_on_image
from PainGeneratorLib.Report.case_outputs import analysis_in_scene
from PainGeneratorLib.Scene import nodes
from PainGeneratorLib.Scene.label_images import labels_of_node
from PainGeneratorLib.Scene.node_keys import find_node
from PainGeneratorLib.Scene.segments import Segment, read_segmentation, write_segmentation
from PainGeneratorLib.Scene.write_case import write_case
from PainGeneratorLib.Session.session import Session, StepState
from PainGeneratorLib.Workflow.stages import Alignment
from scene_cases import few_series, load_as_slicer_does, quick_alignment, volume_named

pytestmark = [pytest.mark.scene, pytest.mark.slow]

GRID = Geometry((12, 20, 24), np.array([[-2.0, 0, 0, 20], [0, -2.5, 0, 30], [0, 0, 3.0, -15], [0, 0, 0, 1.0]]))
CLICK = ClickParameters(seek_mm=6.0, core_mm=5.0, reach_mm=20.0, mr_reach_mm=15.0, mr_ball_mm=5.0)


@pytest.fixture
def session(host, found_bundle):
    host.load_mrb(found_bundle)
    return Session(host.scene)


def without_settings(host) -> None:
    """Take the panel's own settings away: what the command line writes has none."""
    from PainGeneratorLib.Scene.parameters import find_parameter_node

    host.scene.RemoveNode(find_parameter_node(host.scene))


def test_a_scene_of_the_command_line_is_taken_up_with_all_its_steps(session, tmp_path):
    import datetime

    analysis = session.analysis()
    said = [candidate.to_json() for candidate in session.candidates()]
    with HeadlessHost() as other:
        write_case(other.scene, analysis_in_scene(analysis, datetime.datetime(2025, 3, 1)))
        other.save_mrb(tmp_path / "case.mrb")
        other.load_mrb(tmp_path / "case.mrb")
        found = Session(other.scene)
        assert [candidate.to_json() for candidate in found.candidates()] == said
        assert [found.state(step) for step in ("case", "align", "find")] == [StepState.DONE] * 3
        assert found.roles().keys() == session.roles().keys()
        assert (found.group, found.pain_side) == ("low-back", "left")
        assert found.protocol().changed == session.protocol().changed
        assert found.volume_of("PET").GetID() == found.roles()["PET"]
        found.accept([said[0]["id"]])
        proposals = {p.role: p.node_id for p in found.detect()}
        assert proposals["PET"] == found.roles()["PET"]
        assert found.suv_line().is_known


def test_what_was_given_by_hand_to_the_command_comes_back_for_another_run(session, tmp_path):
    import datetime

    analysis = session.analysis()
    given = {
        "weight_kg": 71.5,
        "height_m": 1.68,
        "dose_mbq": 190.0,
        "injection_time": datetime.datetime(2025, 3, 1, 9, 30, 15),
    }
    analysis.case.options = dataclasses.replace(analysis.case.options, **given)
    with HeadlessHost() as other:
        write_case(other.scene, analysis_in_scene(analysis, datetime.datetime(2025, 3, 1)))
        found = Session(other.scene)
        now = found.settings
        assert (now.weightKg, now.heightM, now.doseMbq) == (71.5, 1.68, 190.0)
        assert now.injectionTime == "2025-03-01T09:30:15"


def test_a_changed_parameter_of_an_older_version_is_dropped_with_a_notice(host, session):
    from PainGeneratorLib.Scene.parameters import parameter_node, write_parameters

    changes = {"hot_spots.contour_suv": "3.0", "hot_spots.sensitivity": "1.5"}
    settings = dataclasses.replace(session.settings, protocolChanges=changes)
    write_parameters(parameter_node(host.scene), settings)
    again = Session(host.scene)
    assert again.protocol().changed == ("hot_spots.sensitivity",)
    assert any("hot_spots.contour_suv" in text and "not used" in text for text in again.warnings)


def test_a_scene_without_a_case_drops_changed_parameters_of_an_older_version_too(host):
    from PainGeneratorLib.Scene.parameters import parameter_node, write_parameters

    changes = {"hot_spots.contour_suv": "3.0", "hot_spots.sensitivity": "1.5"}
    settings = dataclasses.replace(Session(host.scene).settings, protocolChanges=changes)
    write_parameters(parameter_node(host.scene), settings)
    again = Session(host.scene)
    assert again.protocol().changed == ("hot_spots.sensitivity",)
    assert any("hot_spots.contour_suv" in text and "not used" in text for text in again.warnings)


def test_settings_that_are_gone_come_back_from_the_case(host, session):
    roles = session.roles()
    without_settings(host)
    again = Session(host.scene)
    assert again.roles() == roles
    assert again.group == "low-back"
    assert again.pain_side == "left"
    assert again.state("find") is StepState.DONE


def test_a_case_of_an_older_version_asks_for_a_new_run_and_keeps_the_decisions(host, session):
    from PainGeneratorLib.Scene import case_text

    session.accept([session.candidates()[0].id])
    text = find_node(host.scene, "vtkMRMLTextNode", "case")
    stored = case_text.from_text(text.GetText())
    stored["working"] = {}
    text.SetText(case_text.to_text(stored))
    again = Session(host.scene)
    assert [c.status for c in again.unmatched] == ["accepted"]
    assert "older version" in again.warnings[-1]
    assert again.state("case") is StepState.NOT_DONE
    assert again.candidates() == []
    for act in (lambda: again.accept(["PG-01"]), lambda: again.add_at(np.zeros(3)), again.analysis, again.undo):
        with pytest.raises(PainGeneratorError, match=r"Find|find|no candidates|nothing"):
            act()
    assert (again.undo_text, again.redo_text, again.can_preview(), again.warm_up()) == (None, None, False, None)
    assert again.preview_rows() == []
    again.commit_preview()
    again.drop_preview()


def test_a_series_whose_volume_was_deleted_is_named(host, session):
    host.scene.RemoveNode(volume_named(host.scene, "tirm"))
    with pytest.raises(PainGeneratorError, match="no longer in the scene"):
        Session(host.scene)


def test_the_pet_may_be_gone_once_its_suv_is_there(host, session):
    host.scene.RemoveNode(host.scene.GetNodeByID(session.roles()["PET"]))
    again = Session(host.scene)
    assert again.candidates()
    again.accept([again.candidates()[0].id])
    assert again.volume_of("PET") is not None
    assert "PET" not in again.roles()
    assert {p.role for p in again.detect()} >= {"PET", "T1"}
    assert again.suv_line().is_known


def test_another_reference_series_releases_the_former_one(host, session):
    fluid = host.scene.GetNodeByID(session.roles()["FLUID"])
    t1 = host.scene.GetNodeByID(session.roles()["T1"])
    session.set_role("T1", None)
    session.set_pet_unit("Bq/ml")
    header = session.suv_line()
    assert header.missing
    session.set_role("PET", session.volume_of("PET").GetID())
    session.set_pet_unit("SUVbw")
    session.run("case")
    assert fluid.GetParentTransformNode() is None, "it is the reference now"
    assert session.analysis().case.reference_role == "FLUID"
    assert t1.GetParentTransformNode() is None


def test_pet_that_cannot_be_aligned_is_kept_apart_and_still_reviewed(host, session):
    alignment = session.analysis().alignment
    lost = dataclasses.replace(
        alignment.by_role["PET"],
        verdict="not aligned",
        kept="not aligned",
        reason="Too far.",
        advice="Give landmarks.",
    )
    session.replace_alignment(Alignment({**alignment.by_role, "PET": lost}))
    assert any("PET is not aligned to T1: Too far." in warning for warning in session.warnings)
    assert "PET" not in session.reference_images()
    session.run("find")
    hot = next(c for c in session.candidates() if c.hot_spots)
    assert "not-aligned" in hot.flags
    assert hot.evidence == "PET only"
    merged = session.merge([c.id for c in session.candidates() if c.hot_spots][:2])
    assert "not-aligned" in next(c for c in session.candidates() if c.id == merged).flags
    assert session.preview(1.3, "adaptive") > 0
    assert session.mirrored(session.position_of(merged))[0] is None
    again = Session(host.scene)
    assert [c.to_json() for c in again.candidates()] == [c.to_json() for c in session.candidates()]
    assert not again.analysis().alignment.is_aligned("PET")


def test_an_anatomy_label_map_names_places_as_a_segmentation_does(host, session):
    node = host.scene.GetNodeByID(session.anatomy_id)
    image, names = labels_of_node(node)
    assert "vertebrae_L4" in names.values()
    volume = nodes.add_volume(host.scene, image, "total_mr", label_map=True)
    same, none = labels_of_node(volume)
    assert none == {}
    assert np.array_equal(same.array, image.array)
    assert same.array.dtype == np.uint16


def test_what_is_no_anatomy_is_refused_with_advice(host, session):
    empty, _ = write_segmentation(host.scene, "nothing", [], GRID)
    signal = nodes.add_volume(host.scene, Image(np.full(GRID.shape, 3.5, np.float32), GRID), "signal")
    bare = host.scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "bare")
    for node, words in ((empty, "empty"), (signal, "no label map"), (bare, "empty")):
        session.set_anatomy(node.GetID())
        with pytest.raises(PainGeneratorError, match=words):
            session.run("find")
    assert session.candidates(), "a failed run takes nothing away"
    session.set_anatomy(None)
    assert session.anatomy_id is None


def test_where_segments_of_an_anatomy_overlap_the_first_stays(host):
    first, second = (
        Region(GRID, ball(GRID, GRID.center_ras + offset, 9.0)) for offset in (0.0, np.array([4.0, 0, 0]))
    )
    node, _ = write_segmentation(host.scene, "two", [Segment("a", "L4", first), Segment("b", "L5", second)], GRID)
    image, names = labels_of_node(node)
    assert names == {1: "L4", 2: "L5"}
    assert np.count_nonzero(image.array == 1) == len(first)
    assert 0 < np.count_nonzero(image.array == 2) < len(second)


def test_a_small_segment_of_an_anatomy_is_not_hidden_by_a_large_one(host):
    large, small = (Region(GRID, ball(GRID, GRID.center_ras, radius)) for radius in (16.0, 9.0))
    node, _ = write_segmentation(host.scene, "two", [Segment("a", "body", large), Segment("b", "L5", small)], GRID)
    image, _ = labels_of_node(node)
    assert np.count_nonzero(image.array == 2) == len(small)


def test_a_segment_of_an_anatomy_that_its_terms_alone_name_has_this_name(host):
    entry = "a~SCT^123037004^Anatomical Structure~SCT^64033007^Kidney~SCT^7771000^Left~b~^^~^^"
    region = Region(GRID, ball(GRID, GRID.center_ras, 9.0))
    node, _ = write_segmentation(host.scene, "one", [Segment("a", "Segment_1", region, terminology=entry)], GRID)
    assert labels_of_node(node)[1] == {1: "Kidney Left"}


def test_an_anatomy_that_lies_elsewhere_is_refused_with_advice(host, session):
    image, names = labels_of_node(host.scene.GetNodeByID(session.anatomy_id))
    before = session.anatomy_id
    aside = np.eye(4)
    aside[:3, 3] = [400.0, 0.0, 900.0]
    far = Image(image.array, image.geometry.moved(aside))
    grid = far.geometry
    segments = [Segment(name, name, Region.from_mask(far.array == number, grid)) for number, name in names.items()]
    node, _ = write_segmentation(host.scene, "elsewhere", segments, grid)
    session.set_anatomy(node.GetID())
    with pytest.raises(PainGeneratorError, match="does not lie in the reference series"):
        session.run("find")
    session.set_anatomy(before)


def test_the_margin_of_an_implant_is_a_segmentation_of_its_own(host, session):
    found = session.analysis().found
    grid = session.analysis().case.reference.image.geometry
    region = Region(grid, ball(grid, grid.center_ras, 15.0))
    implant = dataclasses.replace(found.mr.implant, unreliable=region, void=region, side="left")
    found.mr = dataclasses.replace(found.mr, implant=implant)
    session.save_state()
    (segment,) = read_segmentation(session.node_of("implant-margin"))
    assert np.array_equal(segment.region.flat, region.flat)
    again = Session(host.scene)
    assert np.array_equal(again.analysis().mr.implant.unreliable.flat, region.flat)
    found.mr = dataclasses.replace(found.mr, implant=dataclasses.replace(implant, unreliable=None, void=None))
    session.save_state()
    assert session.node_of("implant-margin") is None


def test_the_whole_way_runs_without_an_anatomy_in_one_call(host, phantom_folder):
    found = few_series(phantom_folder / "dicom")
    found.series = [one for one in found.series if "Dixon" not in one.description]
    files = load_as_slicer_does(host.scene, found)
    session = Session(host.scene, files.get)
    session.detect()
    quick_alignment(session)
    told = []
    session.run_all(lambda fraction, text: told.append(fraction))
    assert session.steps_to_run() == []
    assert told == sorted(told)
    assert session.candidates()
    named = [c.place for c in session.candidates() if c.place.level]
    assert all(place.level_certainty == session.sites.level_certainty for place in named)
    assert session.sites.rows, "sites are found without an anatomy"
    assert not any("group was not given" in warning for warning in session.warnings)
    assert session.notes[0].startswith("The clinical group was found: low back, as ")


@pytest.mark.parametrize(("inside", "outside"), [(9.0, 2.0), (1.0, 6.0)])
def test_a_region_is_grown_bright_or_dark_around_a_click(inside, outside):
    array = np.full(GRID.shape, outside, np.float32)
    truth = ball(GRID, GRID.center_ras, 8.0)
    array.reshape(-1)[truth] = inside
    grown = grow_on_image(Image(array, GRID), GRID.center_ras + 1.0, CLICK)
    assert np.array_equal(grown.flat, truth)


def test_a_place_that_does_not_stand_out_and_one_that_leaks_give_a_ball():
    rng = np.random.default_rng(5)
    noise = Image(rng.normal(5.0, 1.0, GRID.shape).astype(np.float32), GRID)
    small = ball(GRID, GRID.center_ras, 5.0)
    assert np.array_equal(grow_on_image(noise, GRID.center_ras, CLICK).flat, small)
    ramp = Image(np.broadcast_to(np.arange(24.0, dtype=np.float32), GRID.shape).copy(), GRID)
    assert len(grow_on_image(ramp, GRID.center_ras, CLICK)) <= 0.5 * len(ball(GRID, GRID.center_ras, 15.0))
    assert len(grow_on_image(noise, GRID.center_ras + 500.0, CLICK)) == 0
