"""Measure the time from a change until the scene shows it: the slider on a PET with many foci, the edit of an
outline."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from bench_timing import Timing, line, percentile, timed
from PainGeneratorLib.Headless.host import HeadlessHost
from PainGeneratorLib.Numerics.core.image import Image, Region
from PainGeneratorLib.Numerics.pet.detector import MOST_SENSITIVE, HotSpotDetector, HotSpotParameters
from PainGeneratorLib.Scene import nodes
from PainGeneratorLib.Scene.candidate_segments import outline_of
from PainGeneratorLib.Scene.node_keys import KEY_ATTRIBUTE
from PainGeneratorLib.Session.session import Session
from PainGeneratorLib.Workflow.protocol import load_protocol
from scipy import ndimage

MOVES = 60
"""Number of moves of the slider that are measured."""
SLICER_SEGMENTS = 60
"""Upper bound of the number of segments that are made one by one for comparison."""


def session_of_pet(scene: Any, suv: Image, detector: HotSpotDetector) -> Session:
    """Make a session with a PET alone, as if its steps were done. This is enough for the preview."""
    session = Session(scene)
    session.step_states.set_done("align")
    state: Any = session.case_state
    state.case, state.suv = SimpleNamespace(), SimpleNamespace(image=suv)
    state.alignment = SimpleNamespace(is_aligned=lambda role: True, pet_to_reference=np.eye(4))
    state.found = SimpleNamespace(detector=detector)
    nodes.add_volume(scene, suv, "PET").SetAttribute(KEY_ATTRIBUTE, "series.PET.0")
    scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "foci").SetAttribute(KEY_ATTRIBUTE, "hot-spots")
    return session


def slicer_style(scene: Any, suv: Image, threshold: float) -> int:
    """Threshold, split into islands, and make a segment with statistics for each island, one by one, as in Slicer."""
    labels, _ = ndimage.label(suv.array > threshold, np.ones((3, 3, 3)))
    boxes = ndimage.find_objects(labels)
    order = np.argsort([-(box[0].stop - box[0].start) for box in boxes])[:SLICER_SEGMENTS]
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "islands")
    for number in order.tolist():
        box = boxes[number]
        mask = labels[box] == number + 1
        _add_segment(node, f"island {number}", mask, suv.geometry.cropped([s.start for s in box], mask.shape))
        values = suv.array[box][mask]
        _ = values.max(), values.mean(), values.std(), np.median(values), values.size
    scene.RemoveNode(node)
    return len(order)


def _add_segment(node: Any, name: str, mask: np.ndarray, geometry: Any) -> None:
    import slicer

    segment_id = node.GetSegmentation().AddEmptySegment(name)
    image = slicer.vtkOrientedImageData()
    image.ShallowCopy(nodes.array_to_vtk(mask.astype(np.uint8)))
    image.SetImageToWorldMatrix(nodes.matrix_to_vtk(geometry.ijk_to_ras))
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    logic.SetBinaryLabelmapToSegment(image, node, segment_id, logic.MODE_REPLACE)


def slider_rows(suv: Image, plain: Timing | None = None) -> dict[str, Timing]:
    """Measure the time from a change until the scene shows it (95th percentile), and print it when `plain` is given.

    Parameters
    ----------
    suv : Image
    plain : Timing, optional
        The time of scipy alone on the same PET.
    """
    detector = HotSpotDetector(suv, load_protocol("low-back").stage("hot_spots", HotSpotParameters))
    # After the step Find everything that the slider can show is measured already.
    detector.find(MOST_SENSITIVE)
    rng = np.random.default_rng(1)
    with HeadlessHost() as host:
        live = session_of_pet(host.scene, suv, detector)
        live.preview(MOST_SENSITIVE, "adaptive")
        moved = [timed(lambda: live.preview(float(rng.uniform(1.2, 2.0)), "adaptive"))[0] for _ in range(MOVES)]
        method = [timed(lambda m=m: live.preview(1.2, m))[0] for m in ("a50p", "percent-41", "reference-ratio")]
        changed = []
        for value in np.linspace(1.4, 1.8, MOVES // 3):
            live.set_parameter("hot_spots.contour.ratio", float(value))
            changed.append(timed(lambda: live.preview(1.2, "reference-ratio"))[0])
        shown = live.preview(1.2, "reference-ratio")
        rows = {"slider": percentile(moved), "method": percentile(method), "threshold": percentile(changed)}
        if plain is not None:
            peer, count = timed(lambda: slicer_style(host.scene, suv, 1.5))
            note = f"{shown} foci, 95th percentile of {MOVES} moves"
            line("slider moved, to the scene", rows["slider"], "scipy label, statistics, peak filter", plain, note)
            line("slider moved, to the scene", rows["slider"], f"{count} islands, segments, statistics", peer)
            line("another contour method, first time, to the scene", rows["method"], "scipy again", plain)
            line("contour threshold changed, to the scene", rows["threshold"], "scipy again", plain)
    return rows


def edit_row(bundle: Path, recomputed: float) -> None:
    """Print the time from the edit of one outline until its measures, the list and the scene are up to date."""
    with HeadlessHost() as host:
        host.load_mrb(bundle)
        session = Session(host.scene)
        job = session.warm_up()
        if job is not None:
            job.compute()
        moves = [float(r) for r in np.random.default_rng(1).uniform(1.2, 2.0, MOVES)]
        session.preview(1.2, "adaptive")
        previews = [timed(lambda r=r: session.preview(r, "adaptive"))[0] for r in moves]
        session.drop_preview()
        acts = []
        for candidate in [c for c in session.candidates() if c.hot_spots][:5]:
            node, segment = session.begin_edit(candidate.id)
            region = outline_of(node, segment)
            for _ in range(4):
                region = _wider(region)
                _add_outline(node, segment, region)
                acts.append(timed(lambda s=segment: session.segment_edited(s))[0])
        line("the same in a whole case, to the scene", percentile(previews), note=f"{MOVES} moves")
        line(
            "edit of one segment to refreshed measures",
            percentile(acts),
            "full recomputation (finding, this case)",
            Timing(recomputed, recomputed),
            f"95th percentile of {len(acts)} edits; median {np.median([a.wall for a in acts]):.3f} s",
        )


def _wider(region: Region) -> Region:
    """The region with one more layer of voxels, within the grid."""
    box = region.box_mask(margin=1)
    grown = ndimage.binary_dilation(box.array)
    kji = np.argwhere(grown) + np.array(region.box[0]) - 1
    inside = np.all((kji >= 0) & (kji < region.geometry.shape), axis=1)
    flat = np.ravel_multi_index(tuple(kji[inside].T), region.geometry.shape)
    return dataclasses.replace(region, flat=np.sort(flat))


def _add_outline(node: Any, segment_id: str, region: Region) -> None:
    """Set the outline of a segment, as the Segment Editor does when the reader paints."""
    import slicer

    box = region.box_mask()
    image = slicer.vtkOrientedImageData()
    image.ShallowCopy(nodes.array_to_vtk(box.array.astype(np.uint8)))
    image.SetImageToWorldMatrix(nodes.matrix_to_vtk(box.geometry.ijk_to_ras))
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    logic.SetBinaryLabelmapToSegment(image, node, segment_id, logic.MODE_REPLACE)
