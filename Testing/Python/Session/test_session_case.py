"""Step 1 of the session: roles, what the user says, and SUV of every kind of PET volume that Slicer may hold."""

from __future__ import annotations

import datetime
import shutil

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.errors import Cancelled, PainGeneratorError
from PainGeneratorLib.Numerics.core.image import Image
from PainGeneratorLib.Scene import nodes, tables
from PainGeneratorLib.Scene.scene_content import SceneContent
from PainGeneratorLib.Session.session import Session, StepState
from scene_cases import everything_of, few_series, load_as_slicer_does, volume_named

pytestmark = [pytest.mark.scene, pytest.mark.slow]


@pytest.fixture(scope="module")
def series(phantom_folder):
    """The phantom's series, voxels read once."""
    return few_series(phantom_folder / "dicom")


@pytest.fixture
def files(host, series):
    """The phantom in the scene as Slicer's DICOM reader leaves it; files by SOP Instance UID."""
    return load_as_slicer_does(host.scene, series)


@pytest.fixture
def session(host, files):
    return Session(host.scene, files.get)


def suv_reference(series) -> np.ndarray:
    """SUV straight from the DICOM reader and the SUV rules."""
    from PainGeneratorLib.Numerics.suv.factors import compute_suv_factors

    pet = next(one for one in series.series if one.modality == "PT")
    return pet.load().array * compute_suv_factors(pet.pet_header).factors.astype(np.float32)[:, None, None]


def shown_suv(session) -> np.ndarray:
    return nodes.volume_array(session.volume_of("PET").GetImageData())


def test_detect_gives_every_series_its_role_with_the_reason_from_its_header(session):
    proposals = {proposal.role: proposal for proposal in session.detect()}
    assert set(proposals) == {"PET", "T1", "FLUID", "ATTENUATION"}
    assert "attenuation-corrected" in proposals["PET"].reason
    assert "TE" in proposals["T1"].reason
    assert "t1_tse" in proposals["T1"].name
    assert "STIR" in proposals["FLUID"].reason
    assert session.roles() == {role: proposal.node_id for role, proposal in proposals.items()}
    assert session.role_reason("T1") == proposals["T1"].reason
    assert session.header()["patient"].startswith("Phantom")


def test_detect_tells_roles_by_name_when_the_files_are_gone_and_asks_for_the_unit(host, files):
    session = Session(host.scene, lambda uid: None)
    proposals = {proposal.role: proposal for proposal in session.detect()}
    assert set(proposals) >= {"PET", "T1", "FLUID"}
    assert "DICOM header is not there" in proposals["PET"].reason
    assert "Judged by its name" in proposals["T1"].reason
    line = session.suv_line()
    assert line.missing == ["unit"]
    assert not line.is_known
    assert session.reason_not_ready("case") == line.text


def test_an_empty_scene_is_named_and_nothing_can_run(host):
    session = Session(host.scene)
    assert session.detect() == []
    assert "no volume" in session.warnings[0]
    assert "PET" in session.reason_not_ready("case")
    assert session.suv_line().text == "No PET volume is chosen."
    for step in ("align", "find", "review", "export"):
        assert session.reason_not_ready(step)
    with pytest.raises(PainGeneratorError, match="Choose the PET"):
        session.run("case")
    assert session.header() == {"patient": None, "study_date": None, "group": "low-back"}


def test_the_suv_line_tells_factor_decay_dose_uptake_and_weight_with_its_provenance(session):
    session.detect()
    line = session.suv_line()
    assert line.is_known
    for word in ("SUVbw factor", "decay correction", "MBq", "uptake", "kg"):
        assert word in line.text
    assert {"Weight", "Injected dose", "SUVbw factor"} <= {row["quantity"] for row in line.provenance}


def test_the_case_step_makes_a_suv_volume_and_leaves_the_pet_as_it_was(host, session, series):
    session.detect()
    pet = host.scene.GetNodeByID(session.roles()["PET"])
    before = nodes.volume_array(pet.GetImageData()).copy()
    session.run("case")
    shown = session.volume_of("PET")
    assert shown is not pet
    assert np.array_equal(nodes.volume_array(pet.GetImageData()), before)
    assert shown_suv(session) == pytest.approx(suv_reference(series), rel=1e-5)
    assert nodes.voxel_unit(shown) == "g/ml{SUVbw}"
    assert session.state("case") is StepState.DONE
    assert session.reason_not_ready("align") is None
    rows = tables.read_table(session.node_of("suv"))[1]
    assert any(row["fact"].startswith("provenance") for row in rows)
    assert pet.GetID() in {p.node_id for p in session.detect()}, "the SUV volume is no input of a case"
    assert host.warnings == []


def test_a_cancelled_or_failed_step_leaves_the_scene_as_it_was(host, session):
    session.detect()
    before = everything_of(host.scene)

    def cancel(fraction, text):
        raise Cancelled

    job = session.prepare("case")
    with pytest.raises(Cancelled):
        job.compute(cancel)
    assert everything_of(host.scene) == before
    with pytest.raises(ValueError, match="not computed"):
        session.apply(job)
    assert session.state("case") is StepState.NOT_DONE


def test_a_job_whose_input_changed_meanwhile_is_not_applied(session):
    session.detect()
    job = session.prepare("case")
    job.compute()
    session.set_by_hand(weight_kg=60.0)
    with pytest.raises(PainGeneratorError, match="changed"):
        session.apply(job)


def test_values_given_by_hand_count_and_are_marked(session):
    session.detect()
    factor = float(session.suv_line().text.split("factor ")[1].split(",")[0])
    session.set_by_hand(weight_kg=50.0)
    line = session.suv_line()
    assert "50.0 kg (given by hand)" in line.text
    assert session.by_hand()["weight_kg"] == 50.0
    weight = next(row for row in line.provenance if row["quantity"] == "Weight")
    assert weight["source"] == "given by hand"
    session.set_by_hand()
    assert float(session.suv_line().text.split("factor ")[1].split(",")[0]) == factor


def test_activity_without_files_becomes_suv_by_what_is_typed_and_says_what_it_took_for_granted(host, files, series):
    session = Session(host.scene, None)
    session.detect()
    session.set_pet_unit("Bq/ml")
    assert session.suv_line().missing == ["weight", "dose", "injection time"]
    header = next(one for one in series.series if one.modality == "PT").pet_header
    injected = header.start_datetime or datetime.datetime.combine(header.series_datetime.date(), header.start_time)
    session.set_by_hand(header.weight_kg, None, header.dose / 1e6, injected)
    line = session.suv_line()
    assert line.is_known
    assert line.provenance[0]["source"] == "given by hand"
    session.run("case")
    assert shown_suv(session) == pytest.approx(suv_reference(series), rel=2e-3)
    assert any("taken for granted" in warning for warning in session.warnings)


def test_a_scan_time_is_asked_for_when_even_the_hierarchy_does_not_know_it(host, series):
    pet = next(one for one in series.series if one.modality == "PT")
    t1 = next(one for one in series.series if "t1" in one.description)
    nodes.add_volume(host.scene, pet.load(), "pet")
    nodes.add_volume(host.scene, t1.load(), "t1")
    session = Session(host.scene)
    session.detect()
    session.set_pet_unit("Bq/ml")
    assert session.suv_line().missing == ["weight", "dose", "injection time", "scan time"]
    start = datetime.datetime(2025, 3, 4, 10, 0)
    session.set_by_hand(70.0, 1.7, 250.0, start - datetime.timedelta(hours=1), start)
    assert "uptake 60 min" in session.suv_line().text
    session.set_by_hand(70.0, 1.7, 250.0, start + datetime.timedelta(hours=1), start)
    line = session.suv_line()
    assert "after the start of the scan" in line.text
    assert (line.is_known, line.missing) == (False, [])


def test_a_nrrd_without_a_unit_is_asked_about_and_shown_as_it_is_once_it_is_suv(host, series):
    t1 = next(one for one in series.series if "t1" in one.description)
    pet = next(one for one in series.series if one.modality == "PT").load().geometry
    volume = nodes.add_volume(host.scene, Image(suv_reference(series), pet), "image 7")
    nodes.add_volume(host.scene, t1.load(), "t1_tse_sag")
    session = Session(host.scene)
    proposals = {proposal.role: proposal for proposal in session.detect()}
    assert "like SUV" in proposals["PET"].reason
    assert session.suv_line().missing == ["unit"]
    session.set_pet_unit("SUVbw")
    assert "SUVbw already" in session.suv_line().text
    session.run("case")
    assert session.volume_of("PET") is volume
    assert session.pet_unit == "SUVbw"


def test_suv_of_the_pet_dicom_extension_is_known_by_its_unit_and_kept(host, series):
    pet = next(one for one in series.series if one.modality == "PT").load().geometry
    t1 = next(one for one in series.series if "t1" in one.description)
    suv = nodes.add_volume(host.scene, Image(suv_reference(series), pet), "PET SUV", "pet-grey")
    nodes.add_volume(host.scene, Image(suv_reference(series) * 1700, pet), "PET", "pet-activity")
    nodes.add_volume(host.scene, t1.load(), "t1_tse_sag", "mr")
    session = Session(host.scene)
    proposals = {proposal.role: proposal for proposal in session.detect()}
    assert proposals["PET"].node_id == suv.GetID()
    before = suv.GetImageData().GetMTime()
    session.run("case")
    assert session.volume_of("PET") is suv
    assert suv.GetImageData().GetMTime() == before
    assert not any("taken for granted" in warning for warning in session.warnings)


def test_suv_by_lean_body_mass_asks_for_weight_and_height(host, series):
    import slicer

    pet = next(one for one in series.series if one.modality == "PT").load().geometry
    t1 = next(one for one in series.series if "t1" in one.description)
    volume = nodes.add_volume(host.scene, Image(suv_reference(series), pet), "PET SUL", "pet-grey")
    entry = slicer.vtkCodedEntry()
    entry.SetValueSchemeMeaning("g/ml{SUVlbm}", "UCUM", "SUL")
    volume.SetVoxelValueUnits(entry)
    nodes.add_volume(host.scene, t1.load(), "t1_tse_sag", "mr")
    session = Session(host.scene)
    session.detect()
    assert session.suv_line().missing == ["weight", "height"]
    session.set_by_hand(80.0, 1.8)
    session.run("case")
    assert session.volume_of("PET") is not volume
    ratio = shown_suv(session).max() / suv_reference(series).max()
    assert 1.1 < ratio < 1.7


def test_a_pet_under_a_grid_transform_is_brought_to_a_regular_grid(host, session, series):
    import slicer
    import vtk

    session.detect()
    pet = host.scene.GetNodeByID(session.roles()["PET"])
    bounds = [0.0] * 6
    pet.GetRASBounds(bounds)
    displacement = vtk.vtkImageData()
    displacement.SetDimensions(3, 3, 3)
    displacement.SetOrigin(bounds[0] - 10, bounds[2] - 10, bounds[4] - 10)
    displacement.SetSpacing(*((bounds[2 * a + 1] - bounds[2 * a] + 20) / 2 for a in range(3)))
    displacement.AllocateScalars(vtk.VTK_DOUBLE, 3)
    for number in range(27):
        displacement.GetPointData().GetScalars().SetTuple3(number, 0.0, 0.0, 9.0)
    grid = slicer.vtkOrientedGridTransform()
    grid.SetDisplacementGridData(displacement)
    transform = host.scene.AddNewNodeByClass("vtkMRMLGridTransformNode", "PET AC acquisition transform")
    transform.SetAndObserveTransformToParent(grid)
    pet.SetAndObserveTransformNodeID(transform.GetID())
    session.run("case")
    shown = session.volume_of("PET")
    assert shown is not pet
    assert any("regular grid" in warning for warning in session.warnings)
    image, _ = nodes.image_from_volume(shown)
    expected = suv_reference(series)
    hottest = np.array(np.unravel_index(expected.argmax(), expected.shape))[::-1]
    own = nodes.own_geometry(pet)
    here = own.to_ras(hottest.astype(float)) + np.array([0.0, 0.0, 9.0])
    found = np.array(np.unravel_index(image.array.argmax(), image.array.shape))[::-1]
    assert np.linalg.norm(image.geometry.to_ras(found.astype(float)) - here) < 6.0
    assert image.array.max() == pytest.approx(expected.max(), rel=0.15)


def test_slices_with_factors_of_their_own_keep_them(host, series, phantom_folder, tmp_path):
    import pydicom

    folder = shutil.copytree(phantom_folder / "dicom", tmp_path / "dicom")
    pet = [f for f in sorted(folder.rglob("*")) if f.is_file() and pydicom.dcmread(f).Modality == "PT"]
    for number, file in enumerate(pet):
        dataset = pydicom.dcmread(file)
        dataset.DecayCorrection, dataset.CorrectedImage = "NONE", ["ATTN"]
        dataset.ActualFrameDuration = 60000 + 20000 * (number % 2)
        dataset.save_as(file)
    found = few_series(folder)
    files = load_as_slicer_does(host.scene, found)
    session = Session(host.scene, files.get)
    session.detect()
    assert "one for each slice" in session.suv_line().text
    session.run("case")
    assert shown_suv(session) == pytest.approx(suv_reference(found), rel=1e-5)


def test_what_the_user_says_marks_the_steps_below_as_out_of_date(session):
    session.detect()
    session.run("case")
    told = []
    session.changed.append(told.append)
    session.group = "hip-replacement"
    session.prosthesis_side = "left"
    session.pain_side = "both"
    session.set_pain_sites(np.array([[1.0, 2.0, 3.0]]))
    assert session.state("case") is StepState.DONE
    assert (session.group, session.prosthesis_side, session.pain_side) == ("hip-replacement", "left", "both")
    assert session.pain_sites.tolist() == [[1.0, 2.0, 3.0]]
    assert set(told) == {"case", "steps"}
    told.clear()
    session.set_by_hand(weight_kg=71.0)
    assert session.state("case") is StepState.OUT_OF_DATE
    assert "suv" in told
    assert "SUV first" in session.reason_not_ready("align")
    told.clear()
    session.pain_side = "both"
    session.set_by_hand(weight_kg=71.0)
    session.set_role("T1", session.roles()["T1"])
    assert told == [], "nothing changed, nothing is told"


def test_date_of_surgery_fixation_and_crp_belong_to_a_hip_replacement(session):
    session.detect()
    session.run("case")
    session.group = "hip-replacement"
    assert session.surgery() == (None, None, None)
    told = []
    session.changed.append(told.append)
    session.set_surgery(datetime.date(2001, 5, 4), "cemented", 12.5)
    assert session.surgery() == (datetime.date(2001, 5, 4), "cemented", 12.5)
    assert "case" in told
    options = session._settings.options()
    assert (options.surgery_date, options.fixation, options.crp_mg_l) == session.surgery()
    told.clear()
    session.set_surgery(datetime.date(2001, 5, 4), "cemented", 12.5)
    assert told == [], "nothing changed, nothing is told"
    with pytest.raises(PainGeneratorError, match="after the scan"):
        session.set_surgery(datetime.date(2999, 1, 1))
    assert session.surgery()[0] == datetime.date(2001, 5, 4), "a refused date changes nothing"
    session.group = "low-back"
    assert session._settings.options().surgery_date is None
    session.group = "hip-replacement"
    session.set_surgery()
    assert session.surgery() == (None, None, None)


def test_a_volume_has_one_role_only_and_an_unknown_word_is_refused(session):
    session.detect()
    t1, fluid = session.roles()["T1"], session.roles()["FLUID"]
    session.set_role("T2", fluid)
    assert "FLUID" not in session.roles()
    assert session.role_reason("T2") == "Chosen by hand."
    session.set_role("T2", None)
    assert session.roles()["T1"] == t1
    assert "T2" not in session.roles()
    assert "T2" not in session.role_reasons()
    for wrong in (
        lambda: session.set_role("FLAIR", t1),
        lambda: session.set_role("T2", "vtkMRMLNode99"),
        lambda: session.set_anatomy("vtkMRMLNode99"),
        lambda: session.set_pet_unit("counts"),
        lambda: setattr(session, "group", "knee"),
        lambda: setattr(session, "pain_side", "upper"),
        lambda: setattr(session, "prosthesis_side", "midline"),
        lambda: session.state("suv"),
        lambda: session.reason_not_ready("suv"),
        lambda: session.prepare("review"),
    ):
        with pytest.raises(ValueError):
            wrong()


def test_volumes_of_two_patients_are_refused(host, session):
    from PainGeneratorLib.Scene.subject_hierarchy import place_series

    session.detect()
    other = host.scene.GetNodeByID(session.roles()["T1"])
    place_series(host.scene, other, {"PatientID": "someone else", "StudyInstanceUID": "1.2.3", "Modality": "MR"})
    with pytest.raises(PainGeneratorError, match="2 patients"):
        session.run("case")


def test_two_pet_volumes_without_a_difference_are_left_to_the_user(host, session, series):
    pet = next(one for one in series.series if one.modality == "PT")
    node = nodes.add_volume(host.scene, pet.load(), "PET again")
    node.SetAttribute("DICOM.instanceUIDs", " ".join(dict.fromkeys(pet.sop_instance_uids)))
    proposals = session.detect()
    assert "PET" not in {proposal.role for proposal in proposals}
    assert {"T1", "FLUID"} <= {proposal.role for proposal in proposals}
    assert "2 PET volumes" in session.warnings[0]


def test_without_an_mr_the_pet_is_proposed_all_the_same(host, session):
    for words in ("t1_tse", "tirm", "Dixon"):
        host.scene.RemoveNode(volume_named(host.scene, words))
    proposals = session.detect()
    assert [proposal.role for proposal in proposals] == ["PET"]
    assert "MR" in session.reason_not_ready("case")


def test_another_pet_in_the_role_never_writes_into_the_users_volume(host, series):
    pet = next(one for one in series.series if one.modality == "PT").load().geometry
    t1 = next(one for one in series.series if "t1" in one.description)
    first = nodes.add_volume(host.scene, Image(suv_reference(series), pet), "PET SUV", "pet-grey")
    second = nodes.add_volume(host.scene, Image(suv_reference(series) * 2, pet), "image 2")
    nodes.add_volume(host.scene, t1.load(), "t1_tse_sag", "mr")
    session = Session(host.scene)
    session.detect()
    session.run("case")
    assert session.volume_of("PET") is first
    before = nodes.volume_array(first.GetImageData()).copy()
    session.set_role("PET", second.GetID())
    session.set_pet_unit("Bq/ml")
    start = datetime.datetime(2025, 3, 4, 10, 0)
    session.set_by_hand(70.0, None, 250.0, start - datetime.timedelta(hours=1), start)
    session.run("case")
    assert session.volume_of("PET") not in (first, second)
    assert np.array_equal(nodes.volume_array(first.GetImageData()), before)


def test_pain_sites_are_placed_in_the_points_of_the_case(host, session):
    session.set_pain_sites(np.array([[5.0, -6.0, 7.0]]))
    node = session.pain_sites_node()
    assert session.pain_sites_node() is node
    assert node.GetNumberOfControlPoints() == 1
    session.detect()
    session.run("case")
    assert session.node_of("pain-sites") is node


def test_scene_content_has_the_fields_that_a_session_keeps():
    content = SceneContent("T1", [])
    assert (content.working, content.maps, content.implant_margin) == ({}, {}, None)


def test_a_closed_session_refuses_its_scene(session):
    session.close()
    with pytest.raises(PainGeneratorError, match="closed"):
        session.roles()
