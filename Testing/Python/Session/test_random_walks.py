"""Random walks of a reader: after each act, what is shown is what is measured in the outlines as they are."""

from __future__ import annotations

import numpy as np
import pytest
from fresh_measures import assert_measures_are_fresh
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Numerics.core.image import Region
from PainGeneratorLib.Scene.candidate_segments import outline_of
from PainGeneratorLib.Session.session import Session
from scene_cases import set_outline
from scipy import ndimage
from session_hands import all_lists, assert_scene_shows_the_list

pytestmark = [pytest.mark.scene, pytest.mark.slow]

STEPS = 25


class Reader:
    """Does one act after the other, chosen by chance."""

    def __init__(self, host, session, seed: int, folder) -> None:
        self.host, self.session, self.folder = host, session, folder
        self.rng = np.random.default_rng(seed)
        self.acts = (
            self.larger, self.larger, self.smaller, self.paint_over, self.paint_over, self.undo, self.undo, self.redo,
            self.merge, self.split, self.accept, self.comment, self.rename, self.delete, self.bring_back,
            self.click, self.use_setting, self.try_setting, self.reopen,
        )  # fmt: skip
        self.done: list[str] = []

    def step(self) -> None:
        act = self.acts[self.rng.integers(len(self.acts))]
        self.done.append(act.__name__)
        try:
            act()
        except PainGeneratorError as refused:
            self.done[-1] += f" (refused: {refused})"
        entries = [*self.session.candidates(), *self.session.set_apart(), *self.session.attention()]
        assert len({entry.id for entry in entries}) == len(entries), self.done
        assert_scene_shows_the_list(self.session)
        assert_measures_are_fresh(self.session)

    def some(self) -> str:
        candidates = self.session.candidates()
        return candidates[self.rng.integers(len(candidates))].id

    def _draw(self, change) -> None:
        name = self.some()
        node, segment = self.session.begin_edit(name)
        region = outline_of(node, segment)
        mask = change(region.to_mask())
        set_outline(node, segment, Region.from_mask(mask, region.geometry) if mask.any() else region)
        self.session.segment_edited(name)

    def larger(self) -> None:
        self._draw(lambda mask: ndimage.binary_dilation(mask, iterations=2))

    def smaller(self) -> None:
        self._draw(lambda mask: ndimage.binary_erosion(mask) if ndimage.binary_erosion(mask).any() else mask)

    def paint_over(self) -> None:
        """As the Segment Editor does: what is painted is taken away from the others."""
        import slicer

        name = self.some()
        node, segment = self.session.begin_edit(name)
        own = outline_of(node, segment)
        near = min(
            (c for c in self.session.candidates() if c.id != name),
            key=lambda c: np.linalg.norm(c.centroid_ras_mm - own.centroid_ras_mm),
            default=None,
        )
        if near is None:
            return
        theirs = outline_of(node, near.id)
        taken = theirs.flat[: self.rng.integers(1, len(theirs) + 1)]
        rest = np.setdiff1d(theirs.flat, taken)
        if rest.size:
            set_outline(node, near.id, Region(theirs.geometry, rest))
        else:
            slicer.vtkSlicerSegmentationsModuleLogic.ClearSegment(node, near.id)
        set_outline(node, segment, Region(own.geometry, np.union1d(own.flat, taken)))
        self.session.segment_edited(name)

    def undo(self) -> None:
        before = all_lists(self.session)
        if self.session.undo_text is not None:
            self.session.undo()
            self.session.redo()
            assert all_lists(self.session) == before, self.done
            self.session.undo()

    def redo(self) -> None:
        self.session.redo()

    def merge(self) -> None:
        self.session.merge([self.some(), self.some()])

    def split(self) -> None:
        self.session.split(self.some())

    def accept(self) -> None:
        self.session.accept([self.some()])

    def comment(self) -> None:
        self.session.comment(self.some(), "look again")

    def rename(self) -> None:
        self.session.rename(self.some(), "facet joint", "left", "L2/L3")

    def delete(self) -> None:
        if len(self.session.candidates()) > 3:
            self.session.delete([self.some()])

    def bring_back(self) -> None:
        apart = self.session.set_apart()
        self.session.bring_back([apart[self.rng.integers(len(apart))].id])

    def click(self) -> None:
        place = self.session.position_of(self.some()) + self.rng.normal(0.0, 12.0, 3)
        self.session.add_at(place)

    def try_setting(self) -> None:
        self.session.preview(float(self.rng.uniform(1.2, 2.5)), "fixed-suv", {"hot_spots.contour.suv": 1.0})

    def use_setting(self) -> None:
        self.session.preview(float(self.rng.uniform(1.2, 2.5)), "adaptive")
        self.session.commit_preview()

    def reopen(self) -> None:
        before = all_lists(self.session)
        self.host.save_mrb(self.folder / "case.mrb")
        self.host.load_mrb(self.folder / "case.mrb")
        self.session = Session(self.host.scene)
        assert all_lists(self.session) == before, self.done


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_after_each_act_of_a_random_walk_all_that_is_shown_is_measured_anew(host, found_bundle, tmp_path, seed):
    host.load_mrb(found_bundle)
    reader = Reader(host, Session(host.scene), seed, tmp_path)
    for _ in range(STEPS):
        reader.step()
