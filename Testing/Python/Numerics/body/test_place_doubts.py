"""Which vertebrae and discs are said to lie at a doubtful place."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PainGeneratorLib.Numerics.body.place_doubts import lumbosacral_doubt, place_doubts
from PainGeneratorLib.Numerics.body.spine_frame import find_spine_frame
from PainGeneratorLib.Numerics.body.vertebrae import VertebraFrame
from straight_bodies import DISCS_MM, SHAPE, bodies, names, spine_line

INNER = ("L5", "L4", "L3", "L2", "L1")


def spine(**heights_mm: float) -> dict[str, VertebraFrame]:
    """Bodies of 26 mm above each other, but those whose height is given."""
    frames, at = {}, 0.0
    for level in INNER:
        height = heights_mm.get(level, 26.0)
        center = np.array([0.0, 0.0, at + 0.5 * height])
        axes = (np.array([-1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0]))
        frames[level] = VertebraFrame(level, center, *axes, 22.0, -16.0, 16.0, -0.5 * height, 0.5 * height)
        at += height + 9.0
    return frames


def test_an_even_spine_has_no_doubts() -> None:
    assert place_doubts(INNER, spine(L1=24.0, L5=29.0)) == []


def test_a_disc_between_a_high_and_a_low_body_is_doubtful() -> None:
    (text,) = place_doubts(INNER, spine(L2=37.0, L3=15.0))
    assert text.startswith("The place of L2/L3 is uncertain: the bodies above and below it seem 37 and 15 mm high")


def test_a_single_low_body_is_doubtful() -> None:
    (text,) = place_doubts(INNER, spine(L4=15.0))
    assert text == "The place of L4 is uncertain: its body seems 15 mm high, and the usual one 26 mm."


def test_a_body_without_plausible_endplates_is_named() -> None:
    frames = spine()
    del frames["L3"]
    (text,) = place_doubts(INNER, frames)
    assert text.startswith("The place of L3 is uncertain")


def test_a_body_beside_the_line_of_its_neighbors_is_doubtful_and_a_usual_slip_is_not() -> None:
    frames = spine()
    off = {"L3": replace(frames["L3"], center_ras=frames["L3"].center_ras + np.array([0.0, 13.0, 0.0]))}
    (text,) = place_doubts(INNER, frames | off)
    assert text == "The place of L3 is uncertain: it seems 13 mm away from the line between its neighbors."
    slip = {"L3": replace(frames["L3"], center_ras=frames["L3"].center_ras + np.array([0.0, 7.0, 0.0]))}
    assert place_doubts(INNER, frames | slip) == []


def test_the_bend_at_the_sacrum_is_no_doubt() -> None:
    frames = spine()
    sacrum = replace(frames["L5"], level="S1", center_ras=np.array([0.0, -25.0, -20.0]))
    assert place_doubts(("S1", *INNER), frames | {"S1": sacrum}) == []


def on_sacrum(gap_mm: float) -> dict[str, VertebraFrame]:
    """The even spine, whose discs are 9 mm high, on S1 with another distance."""
    frames = spine()
    sacrum = replace(frames["L5"], level="S1", center_ras=np.array([0.0, 0.0, -13.0 - gap_mm]))
    return {"S1": sacrum} | frames


def test_a_thin_disc_on_the_sacrum_may_belong_to_a_transitional_vertebra() -> None:
    text = lumbosacral_doubt(on_sacrum(4.0))
    assert text is not None
    assert text.startswith("The disc L5/S1 seems 4 mm high, and those above it 9 mm")
    assert lumbosacral_doubt(on_sacrum(6.5)) is None
    assert lumbosacral_doubt(spine()) is None


def test_a_doubtful_place_makes_certain_levels_likely_and_reaches_the_reader() -> None:
    # The disc L3/L4 was found 12 mm above its place, in a body whose signal hides the endplates.
    values = bodies()
    values[43:57] = values[57:58]
    values[53:57, 30:, :] = 0.5
    certain = replace(names(), certainty="certain")
    plain = find_spine_frame(spine_line(DISCS_MM), certain, SHAPE, {"T1": bodies()})
    assert (plain.level_certainty, plain.level_reasons) == ("certain", ("Counted.",))
    moved = DISCS_MM + np.array([0.0, 0.0, 12.0, 0.0, 0.0])
    found = find_spine_frame(spine_line(moved), replace(names(moved), certainty="certain"), SHAPE, {"T1": values})
    assert found.level_certainty == "likely"
    assert found.level_reasons[0] == "Counted."
    assert any("is uncertain" in reason for reason in found.level_reasons[1:])
