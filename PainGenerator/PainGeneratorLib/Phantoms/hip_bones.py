"""Paint the pelvis, the femora and the prosthesis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .atlas import Atlas
from .pelvis import paint_ilium, side_sign


@dataclass(frozen=True, eq=False)
class HipShape:
    """Sizes of the hips and of the prosthesis; positions are RAS mm.

    Parameters
    ----------
    scale : float
        Size of the pelvis; 1 for the average.
    prosthesis_side : str
        ``left`` or ``right``.
    heads : dict
        Side -> center of the femoral head.
    stem_radius_mm : tuple of float
        Radius of the stem at the shoulder and at the tip.
    stem_top_mm, stem_tip_mm : float
        S coordinates of shoulder and tip, relative to the head.
    cement_mm : float
        Thickness of the cement mantle; 0 for an uncemented stem.
    cup_radius_mm : float
        Outer radius of the cup.
    """

    scale: float
    prosthesis_side: str
    heads: dict[str, np.ndarray]
    stem_radius_mm: tuple[float, float]
    stem_top_mm: float
    stem_tip_mm: float
    cement_mm: float
    cup_radius_mm: float

    @classmethod
    def make(cls, rng: np.random.Generator, scale: float) -> HipShape:
        """Choose the sizes at random."""
        heads = {
            side: np.array([sign * rng.uniform(86, 91) * scale, rng.uniform(-3, 3), rng.uniform(-4, 4)])
            for side, sign in (("right", 1), ("left", -1))
        }
        tip = rng.uniform(-145, -120)
        return cls(
            scale, str(rng.choice(["left", "right"])), heads, (float(rng.uniform(8, 10)), float(rng.uniform(4.5, 6))),
            -32.0, float(tip), float(rng.choice([0.0, 2.5])), float(rng.uniform(25, 28)),
        )  # fmt: skip

    @property
    def native_side(self) -> str:
        """The side without a prosthesis."""
        return "left" if self.prosthesis_side == "right" else "right"

    def head(self, side: str) -> np.ndarray:
        """Center of the femoral head of a side, RAS mm."""
        return self.heads[side]

    def shaft_point(self, side: str, height_mm: float) -> np.ndarray:
        """Point on the axis of the shaft, RAS mm, `height_mm` above the center of the head (negative when below)."""
        sign = side_sign(side)
        lateral = 36 - 12 * (-height_mm - 35) / 150
        return self.heads[side] + np.array([sign * lateral * self.scale, -5 + 0.02 * (height_mm + 35), height_mm])

    def stem_radius_at(self, height_mm: float) -> float:
        """Radius of the stem at a height relative to the head, mm."""
        part = (height_mm - self.stem_top_mm) / (self.stem_tip_mm - self.stem_top_mm)
        return self.stem_radius_mm[0] + part * (self.stem_radius_mm[1] - self.stem_radius_mm[0])

    def neck_middle(self, side: str) -> np.ndarray:
        """Middle of the neck of a side, RAS mm."""
        return self.heads[side] + np.array([side_sign(side) * 19 * self.scale, -3, -17 * self.scale])


def paint_pelvis(atlas: Atlas, shape: HipShape, side: str, joint_ras: np.ndarray) -> None:
    """Paint ilium, ischium, pubis and acetabulum of one side."""
    sign, k, c = side_sign(side), shape.scale, shape.heads[side]
    name = f"hip_{side}"
    paint_ilium(atlas, joint_ras, side, k)

    def at(x, y, z):
        return c + np.array([sign * x, y, z]) * k

    opening = np.array([sign * 0.74, 0.30, -0.60])
    opening /= np.linalg.norm(opening)
    for tissue, shrink in (("cortex", 0.0), ("marrow", 1.5)):
        options = {"anatomy": name}
        atlas.capsule(at(-6, -2, 30), at(-12, -22, 62), 15 * k - shrink, tissue, end_radius=9 * k - shrink, **options)
        atlas.capsule(at(-4, 8, 30), at(6, 26, 58), 11 * k - shrink, tissue, end_radius=7 * k - shrink, **options)
        atlas.capsule(at(-10, -24, -12), at(-30, -42, -62), 16 * k - shrink, tissue, **options)
        atlas.capsule(at(-18, 18, -8), at(-74, 50, -36), 10 * k - shrink, tissue, **options)
        atlas.capsule(at(-32, -36, -70), at(-72, 40, -54), 7 * k - shrink, tissue, **options)
        outer = 37 * k - shrink
        low, high = c - outer, c + outer

        def bowl(x, y, z, outer=outer, shrink=shrink):
            dx, dy, dz = x - c[0], y - c[1], z - c[2]
            along = dx * opening[0] + dy * opening[1] + dz * opening[2]
            return (dx * dx + dy * dy + dz * dz < outer**2) & (along < 6 - shrink)

        atlas.paint(np.eye(4), low, high, bowl, tissue, name)
    atlas.ellipsoid(c, np.full(3, 27.5 * k), "cortex", anatomy=name, over=("marrow",))
    atlas.ellipsoid(c, np.full(3, 26.0 * k), "cartilage", over=("cortex", "marrow"))


def paint_native_femur(atlas: Atlas, shape: HipShape, side: str, with_head: bool = True) -> None:
    """Paint a femur with a thick cortex at the shaft; without head and neck when they were replaced."""
    sign, k, c = side_sign(side), shape.scale, shape.heads[side]
    name = {"anatomy": f"femur_{side}"}

    def at(x, y, z):
        return c + np.array([sign * x, y, z]) * k

    tip = shape.shaft_point(side, -230)
    knee = shape.shaft_point(side, -75)
    solids = [
        ("mixed marrow", at(34, -5, -30), knee, 19.0, 15.0, (1.8, 3.5)),
        ("fatty marrow", knee, tip, 15.0, 14.0, (4.5, 5.0)),
        ("mixed marrow", at(20, -18, -58), at(28, -10, -52), 9.0, 9.0, (1.5, 1.5)),
    ]
    if with_head:
        solids.append(("mixed marrow", c, at(34, -5, -32), 15.0, 17.0, (1.5, 1.5)))
    for tissue in ("cortex", ""):
        for marrow, a, b, r1, r2, shell in solids:
            cut = (0.0, 0.0) if tissue else shell
            atlas.capsule(a, b, r1 * k - cut[0], tissue or marrow, end_radius=r2 * k - cut[1], **name)
        shrink = 0.0 if tissue else 1.5
        top = np.array([15, 20, 23]) * k - shrink
        atlas.ellipsoid(at(44, -12, -16), top, tissue or "fatty marrow", **name)
        if with_head:
            atlas.ellipsoid(c, np.full(3, 24 * k - shrink), tissue or "fatty marrow", **name)


def paint_prosthesis(atlas: Atlas, shape: HipShape) -> None:
    """Paint cup, head, neck and stem, the cement, the scar of the surgical approach and the capsule of scar tissue."""
    side, k = shape.prosthesis_side, shape.scale
    sign, c = side_sign(side), shape.heads[side]
    neck_end = shape.shaft_point(side, -30)
    over = ("fat", "muscle", "cartilage")
    atlas.capsule(c, shape.neck_middle(side), 22 * k, "scar", over=over)
    opening = np.array([sign * 0.70, 0.25, -0.66])
    opening /= np.linalg.norm(opening)
    cup = shape.cup_radius_mm

    def bowl(x, y, z):
        dx, dy, dz = x - c[0], y - c[1], z - c[2]
        along = dx * opening[0] + dy * opening[1] + dz * opening[2]
        return (dx * dx + dy * dy + dz * dz < cup**2) & (along < 2)

    name = f"implant_{side}"
    atlas.paint(np.eye(4), c - cup, c + cup, bowl, "metal", name)
    atlas.ellipsoid(c, np.full(3, 16.0), "metal", anatomy=name)
    atlas.capsule(c, neck_end, 6.5, "metal", anatomy=name)
    top, tip = shape.shaft_point(side, shape.stem_top_mm), shape.shaft_point(side, shape.stem_tip_mm)
    r1, r2 = shape.stem_radius_mm
    if shape.cement_mm:
        mantle = {"end_radius": r2 + shape.cement_mm, "over": ("mixed marrow", "fatty marrow", "cortex")}
        atlas.capsule(top, tip, r1 + shape.cement_mm, "cement", **mantle)
    atlas.capsule(top, tip, r1, "metal", end_radius=r2, anatomy=name)
    lateral = c + np.array([sign * 62, -20, -5]) * k
    approach = shape.neck_middle(side) + np.array([sign * 30, -14, 10])
    atlas.capsule(approach, lateral, 3.0, "scar", over=("muscle", "fat"))
