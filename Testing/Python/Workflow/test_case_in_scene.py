"""A case that goes through a scene file is the same case."""

from __future__ import annotations

import numpy as np
import pytest
from deep_equality import differences
from kept_examples import EXAMPLES, GRID, NOT_KEPT, example_anatomy, example_case, example_found
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Registration.alignment_types import SeriesAlignment
from PainGeneratorLib.Scene.node_keys import find_node
from PainGeneratorLib.Scene.nodes import matrix_to_vtk
from PainGeneratorLib.Scene.read_case import read_case
from PainGeneratorLib.Scene.write_case import write_case
from PainGeneratorLib.Workflow.case_in_scene import restored, scene_content
from PainGeneratorLib.Workflow.stages import Alignment, Suv
from scipy.spatial.transform import Rotation

pytestmark = pytest.mark.scene


@pytest.fixture
def parts():
    """Case, SUV, alignment, anatomy and what was found; the alignment has digits that a scene file drops."""
    case = example_case()
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", [0.1, -1.0 / 3.0, 2.0 / 7.0], degrees=True).as_matrix()
    matrix[:3, 3] = [1.0 / 3.0, -2.0 / 7.0, 12.0]
    aligned = SeriesAlignment.from_kept(EXAMPLES["SeriesAlignment"].to_kept(), reference_to_series_ras=matrix)
    return (
        case,
        Suv(case.pet.image, EXAMPLES["SuvResult"]),
        Alignment({"PET": aligned}),
        example_anatomy(),
        example_found(),
    )


def reread(host, folder, *parts):
    """The content of a case after its scene was saved and loaded."""
    write_case(host.scene, scene_content(*parts))
    host.save_mrb(folder / "case.mrb")
    host.load_mrb(folder / "case.mrb")
    return read_case(host.scene)


def test_a_case_is_the_same_to_the_last_bit_after_its_scene_was_saved_and_loaded(host, parts, tmp_path):
    case, suv, alignment, anatomy, found = parts
    back = restored(reread(host, tmp_path, *parts), case.protocol)
    for name, one in (("suv", suv), ("alignment", alignment), ("anatomy", anatomy), ("found", found)):
        assert list(differences(getattr(back, name), one, name, NOT_KEPT)) == []
    assert list(differences(back.case, case, "case", NOT_KEPT)) == []
    assert back.found.candidates[0].hot_spots[0] is back.found.hot_spots[0]


def test_a_case_whose_steps_were_not_all_done_comes_back_as_far_as_it_came(host, parts, tmp_path):
    case, suv, alignment, _, _ = parts
    back = restored(reread(host, tmp_path, case, suv, alignment), case.protocol)
    assert list(differences(back.alignment, alignment)) == []
    assert (back.anatomy, back.found) == (None, None)
    back = restored(reread(host, tmp_path, case, suv), case.protocol)
    assert (back.alignment, back.anatomy, back.found) == (None, None, None)


def test_pain_sites_moved_in_the_scene_count(host, parts, tmp_path):
    case = parts[0]
    content = reread(host, tmp_path, *parts)
    content.pain_sites_ras = np.array([[4.0, 5.0, 6.0]])
    assert restored(content, case.protocol).case.options.pain_sites_ras_mm == ((4.0, 5.0, 6.0),)


def test_a_hidden_volume_that_was_removed_is_named(host, parts, tmp_path):
    reread(host, tmp_path, *parts)
    host.scene.RemoveNode(find_node(host.scene, "vtkMRMLScalarVolumeNode", "map.z FLUID"))
    with pytest.raises(PainGeneratorError, match="z FLUID of the case is no longer in the scene"):
        read_case(host.scene)


@pytest.mark.parametrize("form", [None, 1, 99])
def test_a_case_kept_in_another_form_has_to_be_run_again(host, parts, tmp_path, form):
    content = reread(host, tmp_path, *parts)
    content.working["form"] = form
    assert restored(content, parts[0].protocol) is None


def test_a_volume_that_was_moved_in_the_scene_is_where_it_was_moved_to(host, parts, tmp_path):
    reread(host, tmp_path, *parts)
    moved = GRID.ijk_to_ras.copy()
    moved[0, 3] += 0.01
    find_node(host.scene, "vtkMRMLScalarVolumeNode", "series.T1.0").SetIJKToRASMatrix(matrix_to_vtk(moved))
    image = read_case(host.scene).first("T1").image
    assert image.geometry.ijk_to_ras == pytest.approx(moved, abs=1e-12)
