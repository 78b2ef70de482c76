"""The body as a stack of layers: what lies where, what it is made of and how much FDG it takes up."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import ndimage
from scipy.spatial.transform import Rotation

from .shapes import Shape, half_space, lump, plate, sweep, unit, vec, vertebral_body


@dataclass(frozen=True)
class Layer:
    """What is painted over what lies below: the signal of a tissue, an uptake, or both.

    `mr_patches` and `pet_patches` are (field, scale mm, low, high): opacity rises as the field goes from low to high.
    `pet_texture` is (field, scale mm, relative spread of the uptake).
    """

    shape: Shape
    name: str
    tissue: str | None = None
    suv: float | None = None
    edge: float = 0.8
    strength: float = 1.0
    mr_patches: tuple[int, float, float, float] | None = None
    pet_patches: tuple[int, float, float, float] | None = None
    pet_texture: tuple[int, float, float] | None = None
    label: str | None = None


class RandomField:
    """A smooth periodic random field of mean 0 and spread 1; each `key` is another, independent one."""

    def __init__(self, rng: np.random.Generator):
        values = ndimage.gaussian_filter(rng.standard_normal((64, 64, 64), np.float32), 1.6, mode="wrap")
        self.values = values / values.std()

    def __call__(self, key: int, scale: float, x, y, z) -> np.ndarray:
        """Structures are about `scale` mm wide."""
        rng = np.random.default_rng(key)
        shift, turned = rng.uniform(0, 64, 3), Rotation.random(rng=rng).as_matrix() * 4 / scale
        places = [
            x * row[0] + y * row[1] + z * row[2] + s
            for row, s in zip(turned.astype(np.float32), shift.astype(np.float32), strict=True)
        ]
        return ndimage.map_coordinates(self.values, places, order=1, mode="grid-wrap")


@dataclass
class Segment:
    """A vertebra or disc: middle, axes (columns right, anterior, up) and half sizes; facets of a disc by side."""

    name: str
    center: np.ndarray
    axes: np.ndarray
    half: np.ndarray
    shape: Shape | None = None
    rear_shape: Shape | None = None
    facets: dict[str, tuple[np.ndarray, np.ndarray, Shape]] = field(default_factory=dict)

    def at(self, right: float, anterior: float, up: float) -> np.ndarray:
        return self.center + self.axes @ np.array([right, anterior, up], float)


SIDES = {"right": 1.0, "left": -1.0}
LEVELS = ("L5", "L4", "L3", "L2", "L1", "T12", "T11")


class Body:
    """A person: layers from the skin inwards, the places where lesions may sit, landmarks."""

    def __init__(self, rng: np.random.Generator, group: str):
        self.rng, self.group = rng, group
        self.layers: list[Layer] = []
        self.landmarks: dict[str, np.ndarray] = {}
        self.metal: list[Shape] = []
        self.size = rng.normal(1.0, 0.05)
        self.age = rng.uniform(35, 82)
        self.key = int(rng.integers(1, 10**6))
        marrow = rng.uniform(1.0, 1.7) * (1.12 - 0.004 * (self.age - 35))
        self.suv = {
            "fat": rng.uniform(0.18, 0.32),
            "muscle": rng.uniform(0.48, 0.72),
            "marrow": marrow,
            "pelvis": marrow * rng.uniform(0.65, 0.85),
            "femur": rng.uniform(0.38, 0.52),
            "disc": rng.uniform(0.6, 0.8),
            "blood": rng.uniform(1.15, 1.6),
            "liver": rng.uniform(1.7, 2.3),
        }
        self._trunk()
        self._spine_line()
        self._viscera()
        self._pelvis_shapes()
        self._muscles()
        self._spine()
        self._pelvis()
        self._femora()

    # helpers

    def put(self, shape: Shape, name: str, tissue: str | None = None, suv: float | None = None, **more) -> None:
        self.layers.append(Layer(shape, name, tissue, suv, **more))

    def new_key(self) -> int:
        self.key += 7
        return self.key

    def bone(self, shape: Shape, name: str, suv: float, label: str, fatty: float, cortex: float = 1.2) -> None:
        """Cortex, yellow marrow, patches of red marrow whose places the uptake does not share."""
        self.put(shape, name, "cortex", suv * 0.7, edge=0.6, label=label)
        inner = shape.grow(-cortex)
        self.put(inner, name, "yellow marrow", suv, pet_texture=(self.new_key(), 22.0, 0.09), label=label)
        red = (self.new_key(), float(self.rng.uniform(9, 22)), fatty - 1.2, fatty + 1.3)
        self.put(inner, name, "red marrow", mr_patches=red, label=label)

    def muscle(
        self, shape: Shape, name: str, label: str | None = None, suv: float = 1.0, streaks: float = 1.0
    ) -> None:
        """Fascia, flesh, streaks of fat."""
        self.put(shape.grow(1.4), name, "septum", edge=1.0)
        self.put(
            shape, name, "muscle", self.suv["muscle"] * suv, pet_texture=(self.new_key(), 28.0, 0.10), label=label
        )
        low = 2.2 - streaks * self.rng.uniform(0.5, 1.2)
        self.put(shape, name, "fat", strength=0.8, mr_patches=(self.new_key(), self.rng.uniform(4, 8), low, low + 1.0))

    # parts of the body

    def _trunk(self) -> None:
        rng, s = self.rng, self.size
        waist, depth = rng.uniform(140, 172) * s, rng.uniform(98, 128)
        hips = rng.uniform(172, 196) * s
        front = depth - 98
        line = [
            (0, 26 + front, 290),
            (0, 36 + front, 120),
            (0, 21 + front, 0),
            (0, 2 + front * 0.6, -95),
            (0, 4, -190),
        ]
        radii = [
            (waist * 1.02, depth),
            (waist, depth),
            (hips * 0.95, depth),
            (hips, depth),
            (hips * 0.98, depth * 0.92),
        ]
        legs = [
            sweep([(x * 92, 5, -150), (x * 90, 14, -420)], [(90 * s, 95), (76 * s, 80)], power=2)
            for x in SIDES.values()
        ]
        skin = sweep(line, radii) | legs[0] | legs[1]
        self.skin = skin
        self.put(skin, "subcutaneous fat", "fat", self.suv["fat"], edge=1.0, pet_texture=(self.new_key(), 40.0, 0.12))
        self.put(skin.skin(1.0), "skin", "ligament", 0.4, edge=1.0)
        thick = rng.uniform(14, 34)
        thin = np.array([(thick, thick * 0.8)] * 2 + [(thick * 1.1, thick * 0.9)] + [(thick * 1.2, thick)] * 2)
        wall = sweep([(x, y - 2, z) for x, y, z in line], np.array(radii) - thin)
        thighs = [
            sweep([(x * 92, 6, -150), (x * 90, 14, -420)], [(78 * s, 80), (63 * s, 66)], power=2)
            for x in SIDES.values()
        ]
        wall = wall | thighs[0] | thighs[1]
        self.wall = wall
        self.muscle(wall, "other muscle", streaks=1.1)
        self.put(wall, "fascia", "fat", strength=0.75, mr_patches=(self.new_key(), 34.0, 1.1, 1.6))
        cavity = np.array(radii) - thin - 13
        inner = sweep(
            [(0, 36 + front, 290), (0, 46 + front, 110), (0, 34 + front, 0), (0, 8 + front * 0.6, -70)],
            [(a, b - 8) for a, b in cavity[:2]] + [(cavity[2][0] * 0.86, cavity[2][1] * 0.8), (60 * s, 55)],
        )
        self.put(inner, "visceral fat", "fat", self.suv["fat"] * 1.2, pet_texture=(self.new_key(), 30.0, 0.2))
        self.cavity = inner

    def _spine_line(self) -> None:
        """Segments from S1 upwards along a lordotic, slightly scoliotic line."""
        rng, s = self.rng, self.size
        tilt = np.radians(rng.uniform(30, 42))
        wedge = (
            rng.dirichlet(np.ones(8) * 6)
            * np.radians(rng.uniform(38, 58))
            * np.array([2.4, 0.9, 1.5, 0.8, 1.0, 0.5, 0.5, 0.4])
        )
        curve = np.radians(rng.normal(0, 4)) * np.sin(np.linspace(0, np.pi, 16))
        point, self.vertebrae, self.discs = np.zeros(3), [], []
        roll = np.radians(rng.normal(0, 2))
        upper = "S1"
        for n, name in enumerate(LEVELS):
            for kind in ("disc", "body"):
                tilt -= wedge[n] / 2
                roll_here = roll * n / 6
                axes = Rotation.from_euler("YXZ", [curve[2 * n + (kind == "body")], -tilt, roll_here]).as_matrix()
                width, depth = (27.5 - 0.9 * n) * s, (18.0 - 0.35 * n) * s
                height = (13.8 - 0.25 * n) * s if kind == "body" else rng.uniform(0.8, 1.15) * (5.4 - 0.35 * n) * s
                if kind == "disc" and rng.random() < 0.25:
                    height *= 0.65
                center = point + axes[:, 2] * height
                point = point + axes[:, 2] * 2 * height
                label = f"{name}/{upper}" if kind == "disc" else name
                piece = Segment(label, center, axes, np.array([width, depth, height]))
                (self.discs if kind == "disc" else self.vertebrae).append(piece)
            upper = name
        self.s1_axes = self.discs[0].axes

    def _spine(self) -> None:
        rng, s = self.rng, self.size
        canal = [disc.at(0, -disc.half[1] - 9, 0) for disc in self.discs] + [self.vertebrae[-1].at(0, -27, 10)]
        canal = [canal[0] + (0, -22, -42), canal[0] + (0, -8, -20), *canal]
        self.canal = sweep(canal, [(5, 3), (9, 6.5)] + [(11.5, 8.0)] * (len(canal) - 2))
        fatty = (self.age - 60) / 40
        for vertebra in self.vertebrae:
            self._vertebra(vertebra, fatty, vertebra.name)
        self.put(self.canal, "epidural fat", "fat", 0.5, edge=1.0)
        sac = sweep(canal[1:], [(5.5, 4), *[(8.8, 6.4)] * (len(canal) - 2)])
        self.put(sac, "CSF", "csf", 0.55, label="spinal_canal")
        roots = sweep([p + vec(0, -2.5, 0) for p in canal[2:-2]], (3.8, 1.6))
        self.put(Shape(roots.parts), "CSF", "cord", strength=0.6, mr_patches=(self.new_key(), 3.0, -0.3, 0.6))
        self.put(sweep(canal[-4:], [1.0, 3.6, 4.6, 4.8]), "cord", "cord", rng.uniform(1.3, 1.8), label="spinal_cord")
        for disc in self.discs:
            self._disc(disc)
        facets_alike = rng.random() < 0.6  # facet uptake that comes with age is there on both sides
        for disc in self.discs[:5]:
            self._facets(disc, rng.uniform(1.0, 1.3) if facets_alike else 1.0)
        if rng.random() < 0.35:
            body = self.vertebrae[rng.integers(0, 6)]
            where = body.at(*rng.uniform([-14, -6, -5], [14, 8, 5]))
            self.put(lump(where, rng.uniform(5, 9, 3)), "haemangioma", "haemangioma", edge=1.5, strength=0.9)
        self.landmarks |= {f"{b.name} upper endplate, middle": b.at(0, 0, b.half[2]) for b in self.vertebrae}
        self.landmarks |= {f"{b.name} right rim": b.at(b.half[0], 0, 0) for b in self.vertebrae[:5]}
        self.landmarks |= {f"{b.name} tip of spinous process": b.at(0, -66 * s, -8) for b in self.vertebrae[:5]}

    def _vertebra(self, b: Segment, fatty: float, level: str) -> None:
        rng, suv = self.rng, self.suv["marrow"] * self.rng.normal(1, 0.05)
        label = f"vertebrae_{level}"
        body = vertebral_body(b.center, b.axes, b.half, rng.uniform(0.05, 0.13), rng.uniform(0.8, 2.2))
        rear = -b.half[1]
        arch = []
        for x in SIDES.values():
            wide = rng.normal(0, 0.8)
            arch += [
                sweep([b.at(x * 13, rear + 4, 5), b.at(x * (15 + wide), rear - 13, 3)], [(4.6, 6.6), (4.0, 6.0)]),
                sweep(
                    [b.at(x * (15 + wide), rear - 14, 8), b.at(x * (14 + wide), rear - 18, -12)], (5.2, 4.4), power=4
                ),
                sweep([b.at(x * 14, rear - 19, -2), b.at(x * 2, rear - 27, -7)], [(5.0, 3.6), (4.2, 3.6)]),
                sweep(
                    [b.at(x * 16, rear - 11, 4), b.at(x * rng.uniform(33, 42), rear - 14, rng.uniform(3, 8))],
                    [4.2, 2.8],
                ),
            ]
        tip = b.at(rng.normal(0, 1.5), rear - rng.uniform(46, 54), rng.uniform(-14, -9))
        arch.append(sweep([b.at(0, rear - 27, -6), tip], [(3.6, 8.5), (3.8, 10.0)], power=4))
        rearward = Shape(tuple(part for shape in arch for part in shape.parts)).minus(self.canal)
        self.bone(rearward, f"arch {level}", suv * rng.uniform(0.68, 0.85), label, fatty + 0.3, 0.9)
        self.bone(body, f"vertebra {level}", suv, label, fatty, 0.9)
        vein = sweep([b.at(0, rear, 0), b.at(0, rear + rng.uniform(9, 16), 0)], [(4.5, 2.6), (1.2, 1.0)])
        self.put(vein, "basivertebral vein", "slow blood", edge=1.0, strength=rng.uniform(0.4, 0.85))
        b.shape, b.rear_shape = body, rearward

    def _disc(self, d: Segment) -> None:
        rng = self.rng
        dry = rng.random() < 0.2 + 0.008 * (self.age - 35)
        bulge = rng.uniform(0.5, 3.0) if dry else 0.3
        half = d.half + vec(bulge, bulge, 1.2)
        shape = vertebral_body(d.center, d.axes, half, -0.03, -1.2).minus(*(v.shape for v in self.vertebrae))
        name = "degenerate disc" if dry else "disc"
        suv = self.suv["disc"] * rng.normal(1.0, 0.08) * (1.1 if dry else 1.0)
        self.put(shape, name, "ligament", suv, label="intervertebral_discs")
        core = lump(d.center, (d.half[0] * 0.72, d.half[1] * 0.68, d.half[2] * 0.95), d.axes)
        self.put(core, name, "dry disc" if dry else "nucleus", edge=2.0, strength=rng.uniform(0.75, 1.0))
        d.shape = shape

    def _facets(self, d: Segment, uptake: float) -> None:
        """Joint between the lower process of the vertebra above and the upper one of the vertebra below."""
        rng = self.rng
        above, below = d.name.split("/")
        turn = np.radians(rng.normal(35 if above == "L5" else 55, 6))  # of the joint's normal away from anterior

        def label(level: str) -> str:
            return "sacrum" if level == "S1" else f"vertebrae_{level}"

        for side, x in SIDES.items():
            center = d.at(x * rng.normal(19, 1.0), -d.half[1] - rng.normal(17, 1.2), rng.normal(0, 1))
            angle = turn + np.radians(rng.normal(0, 7))
            normal = d.axes @ np.array([x * np.sin(angle), np.cos(angle), 0])
            up = d.axes[:, 2]
            axes = np.column_stack([normal, np.cross(up, normal), up])
            suv = self.suv["marrow"] * 0.85 * uptake * rng.normal(1, 0.05)
            for sign in (1, -1):
                block = lump(center + sign * 5.0 * normal, (4.6, 7.0, 9.0), axes).minus(self.canal)
                self.bone(block, "facet joint", suv, label(above if sign < 0 else below), 0.2, 0.9)
            gap = lump(center, (0.75, 6.5, 7.5), axes)
            self.put(gap, "facet joint", "fluid", suv, edge=0.6, strength=float(rng.uniform(0.15, 0.6)))
            d.facets[side] = (center, axes, gap)

    def _viscera(self) -> None:
        rng, s, suv = self.rng, self.size, self.suv
        front = [v.at(0, v.half[1] + 12, 0) for v in self.vertebrae]
        fork = front[1]
        aorta = sweep([p + vec(-9, 0, 0) for p in front[::-1][:-1]] + [fork + vec(-3, 2, -12)], rng.uniform(7.5, 10.5))
        cava = sweep([p + vec(13, -2, 0) for p in front[::-1][:-1]] + [fork + vec(9, 0, -16)], (12, 8))
        for shape, name in ((cava, "inferior_vena_cava"), (aorta, "aorta")):
            self.put(shape, "vessel", "flow void" if name == "aorta" else "slow blood", suv["blood"], label=name)
        for side, x in SIDES.items():
            groin = np.array([x * 70, 74, -100.0])
            course = [
                fork + vec(-3, 2, -10),
                (x * 42, 32, -28),
                (x * 62, 45, -65),
                groin,
                (x * 78, 58, -200),
                (x * 84, 10, -400),
            ]
            for shift, radius, tissue in (((0, 0, 0), 4.6, "flow void"), ((-x * 9, -7, 2), 5.6, "slow blood")):
                self.put(
                    sweep(np.array(course) + shift, radius),
                    "vessel",
                    tissue,
                    suv["blood"],
                    label=f"iliac_artery_{side}",
                )
            self._kidney(side, x)
        liver = lump((95 * s, 35, 275 * s), (70, 75, 85)).inside(self.cavity)
        self.put(liver, "liver", "liver", suv["liver"], pet_texture=(self.new_key(), 16.0, 0.05), label="liver")
        self._bowel()
        full, middle = rng.uniform(22, 38), np.array([rng.normal(0, 4), 28, -90])
        self.put(lump(middle, (full * 1.2, full, full * 0.9)), "bladder", "ligament", 1.5)
        urine = lump(middle, (full * 1.2 - 3, full - 3, full * 0.9 - 3))
        self.put(urine, "bladder", "urine", rng.uniform(6, 35), label="urinary_bladder")
        if rng.random() < 0.5:
            self.put(lump((0, 18, -125), (22, 18, 20)), "prostate", "organ", rng.uniform(1.3, 2.0), label="prostate")
        else:
            self.put(lump((rng.normal(0, 8), 2, -52), (26, 22, 34)), "uterus", "organ", rng.uniform(1.2, 2.2))

    def _kidney(self, side: str, x: float) -> None:
        rng = self.rng
        middle = np.array([x * 62, -6, 150 + rng.normal(0, 8) - (8 if x > 0 else 0)]) * (self.size, 1, self.size)
        line = [middle + vec(x * 4, 0, -30), middle + vec(-x * 2, -3, 0), middle + vec(-x * 10, -6, 32)]
        shape = sweep(line, [24, 26, 23]).minus(lump(middle + vec(-x * 26, 8, 0), (16, 14, 18)))
        self.put(shape, "kidney", "kidney", rng.uniform(2.2, 3.5), label=f"kidney_{side}")
        pelvis = lump(middle + vec(-x * 12, 6, 0), (9, 7, 15))
        self.put(pelvis, "kidney", "urine", rng.uniform(8, 25), edge=2.0, strength=0.8, label=f"kidney_{side}")
        psoas = [
            middle + vec(-x * 20, 18, -20),
            (x * 38, 32, 85),
            (x * 36, 38, 30),
            (x * 52, 5, -50),
            (x * 26, 22, -100),
        ]
        tube = sweep(psoas, 1.8)
        self.put(tube, "ureter", "urine", 0.9, edge=0.6)
        if rng.random() < 0.75:  # boluses of urine on their way
            low = rng.uniform(0.4, 1.3)
            self.put(
                sweep(psoas, 2.4),
                "ureter",
                None,
                rng.uniform(4, 14),
                pet_patches=(self.new_key(), 34.0, low, low + 0.4),
            )

    def _bowel(self) -> None:
        """Loops of gut as short random walks; uptake comes in patches that differ from loop to loop."""
        rng, s = self.rng, self.size
        for _ in range(26):
            start = rng.uniform([-75, 52, -60], [75, 105, 150]) * (s, 1, s)
            heading, points = unit(rng.normal(size=3)), [start]
            for _ in range(5):
                heading = unit(heading + 0.9 * rng.normal(size=3))
                points.append(points[-1] + heading * rng.uniform(14, 22))
                points[-1][1] = max(points[-1][1], 50.0)  # in front of the great vessels
            self._gut(sweep(points, rng.uniform(8, 12)), "small_bowel", 0.5)
        for side, x in SIDES.items():
            line = [(x * 104 * s, 25, 160), (x * 112 * s, 32, 90), (x * 108 * s, 38, 25), (x * 72 * s, 45, -25)]
            self._gut(sweep(np.array(line) + rng.normal(0, 5, (4, 3)), rng.uniform(15, 22)), f"colon {side}", 0.7)
        self._gut(
            sweep([(-60, 30, -30), (-25, 5, -45), (0, -38, -70), (0, -30, -112)], [14, 13, 15, 13]), "rectum", 0.3
        )

    def _gut(self, shape: Shape, name: str, gas: float) -> None:
        rng = self.rng
        shape = shape.inside(self.cavity.grow(4)) if name != "rectum" else shape
        label = "small_bowel" if name == "small_bowel" else "colon"
        self.put(shape, "bowel", "bowel", rng.uniform(0.7, 1.5), label=label)
        low = rng.uniform(0.0, 1.0)
        self.put(shape, "bowel", None, rng.uniform(1.8, 4.5), pet_patches=(self.new_key(), 26.0, low, low + 1.5))
        filling = "gas" if rng.random() < gas else "fluid"
        self.put(
            shape.grow(-4),
            "bowel",
            filling,
            strength=rng.uniform(0.3, 0.95),
            mr_patches=(self.new_key(), 30.0, -0.2, 0.6),
        )

    def _muscles(self) -> None:
        rng = self.rng
        wasting = rng.uniform(0.2, 1.5)
        busy = (
            rng.uniform(1.5, 2.2) if rng.random() < 0.25 else 1.0
        )  # muscles used before the scan: the same on both sides
        busy_one = rng.integers(0, 3)
        for side, x in SIDES.items():
            fit = rng.normal(1.0, 0.05)

            def use(n: int, busy_one=busy_one) -> float:
                return busy * self.rng.normal(1, 0.06) if n == busy_one else self.rng.normal(1, 0.05)

            beside = [v.at(x * 37, -1, 0) for v in self.vertebrae[4::-1]]
            psoas = [*beside, (x * 62, 22, -30), (x * 82, 48, -85), (x * 108, 12, -158)]
            sizes = np.array([7, 12, 17, 20, 21, 22, 17, 7]) * fit
            self.muscle(sweep(psoas, sizes), "psoas", f"iliopsoas_{side}", use(0), 0.5)
            iliacus = plate((x * 98, 30, 25), (x * 105, 52, -20), (x * 82, 30, -65), 9 * fit)
            self.muscle(iliacus, "iliacus", f"iliopsoas_{side}", use(0), 0.6)
            rear = [v.at(x * 30, -52, 0) for v in self.vertebrae[::-1]]
            sheet = [*rear, (x * 26, -62, -10), (x * 18, -74, -60)]
            widths = [(26 * fit, 19 * fit)] * 5 + [(28 * fit, 20 * fit), (26, 19), (20, 14), (8, 5)]
            self.muscle(sweep(sheet, widths), "erector spinae", f"autochthon_{side}", use(1), wasting)
            deep = [v.at(x * 13, -50, 0) for v in self.vertebrae[4::-1]] + [(x * 14, -60, -25)]
            self.muscle(sweep(deep, (10 * fit, 13 * fit)), "multifidus", f"autochthon_{side}", use(1), wasting * 1.4)
            maximus = [(x * 45, -70, -30), (x * 85, -72, -80), (x * 125, -40, -140), (x * 138, -10, -190)]
            under = self.skin.grow(-9)
            buttock = sweep(maximus, [(36, 15), (46, 22), (38, 18), (14, 10)]).inside(under)
            self.muscle(buttock, "gluteus maximus", f"gluteus_maximus_{side}", use(2))
            medius = plate((x * 120, -10, 25), (x * 132, 42, -15), (x * 150, 0, -95), 14 * fit).inside(under)
            self.muscle(medius, "gluteus medius", f"gluteus_medius_{side}", use(2), 0.8)
            minimus = plate((x * 108, -20, -20), (x * 112, 30, -35), (x * 142, 12, -98), 8 * fit)
            self.muscle(minimus, "gluteus minimus", f"gluteus_minimus_{side}", use(2), 0.9)
            self.muscle(
                sweep([(x * 25, -45, -60), (x * 75, -35, -85), (x * 138, -8, -98)], [11, 10, 4]),
                "piriformis",
                None,
                1,
                0.5,
            )
            for at, name, radius in (
                ((92, 60), "quadriceps", 27),
                ((140, 38), "quadriceps", 22),
                ((60, 5), "adductors", 30),
                ((100, -38), "hamstrings", 28),
            ):
                thigh = [(x * at[0], at[1] * 0.7, -170), (x * at[0] * 0.95, at[1] * 0.85, -410)]
                self.muscle(sweep(thigh, [radius * 0.8, radius * fit]), name, None, use(2), 0.6)

    def _pelvis_shapes(self) -> None:
        rng, s = self.rng, self.size
        axes = self.s1_axes
        line, tilt = [-13 * s * axes[:, 2]], np.arctan2(axes[1, 2], axes[2, 2])
        for length, bend in zip((14, 22, 20, 17, 14), (4, 8, -2, -22, -32), strict=True):
            tilt += np.radians(bend)
            line.append(line[-1] - np.array([0, np.sin(tilt), np.cos(tilt)]) * length * s)
        self.sacral_line = np.array(line) + vec(0, -3, 0)
        wide = np.array([48, 54, 50, 38, 27, 12]) * s
        deep = np.array([15, 17, 15, 11, 8, 5]) * s
        self.sacrum = sweep(self.sacral_line, np.column_stack([wide, deep]), power=4)
        self.ilium, self.hip_center, self.si = {}, {}, {}
        for side, x in SIDES.items():
            jitter = rng.normal(0, 1.5, 3)

            def p(a, b, c, x=x, jitter=jitter):
                return np.array([x * a * s, b, c * s]) + jitter

            hip = p(88, 22, -103)
            back, crest, top, asis = p(48, -66, -28), p(72, -48, 26), p(122, 8, 45), p(118, 62, -12)
            roof, notch, ear = hip + vec(x * 4, 2, 24), p(66, -36, -58), p(63, -22, -18)
            wing = [
                plate(back, crest, ear, 7),
                plate(back, ear, notch, 8),
                plate(crest, top, ear, 5),
                plate(top, asis, ear, 5),
                plate(asis, roof, ear, 6),
                plate(roof, notch, ear, 9),
                plate(roof, notch, hip + vec(-x * 18, -20, -8), 8),
            ]
            pubis, seat = np.array([x * 6, 60, -128]), hip + np.array([-x * 22, -40, -68])
            ring = [
                sweep([hip + vec(-x * 16, 20, 6), pubis], [11, 8]),
                sweep([pubis, seat + vec(-x * 8, 14, 0)], 6),
                sweep([hip + vec(-x * 10, -24, -8), seat], [12, 14]),
                lump(hip, 34 * s),
            ]
            bone = Shape(tuple(part for shape in wing + ring for part in shape.parts))
            socket = lump(hip, 26.5 * s)
            mouth = lump(hip + vec(x * 30, 6, -20), (29, 36, 36))
            self.ilium[side] = bone.minus(self.sacrum.grow(2.2), socket, mouth)
            self.hip_center[side] = hip
            self.landmarks[f"{side} femoral head"] = hip
            self.landmarks[f"{side} anterior superior iliac spine"] = asis
            self.landmarks[f"{side} ischial tuberosity"] = seat
            cloud = rng.uniform([40, -60, -60], [75, 5, 5], (20000, 3)) * (x, 1, 1)
            near = np.abs(self.sacrum.at(cloud)) + np.abs(bone.at(cloud) + 3)
            self.si[side] = cloud[near < 5]

    def _pelvis(self) -> None:
        rng, suv = self.rng, self.suv["pelvis"]
        fatty = (self.age - 50) / 40
        self.bone(self.sacrum.minus(self.canal), "sacrum", suv * 1.1, "sacrum", fatty, 1.0)
        for level in (0, 1, 2):
            low = (self.sacral_line[level] + self.sacral_line[level + 1]) / 2
            for x in SIDES.values():
                hole = [low + vec(x * 19, 12, -6), low + vec(x * 17, -14, -4)]
                self.put(sweep(hole, 4.2), "sacral foramen", "fat", 0.5)
            if level:
                gap = lump(self.sacral_line[level], (16, 12, 1.5), self.s1_axes)
                self.put(gap, "sacrum", "dry disc", strength=0.7)
        self.put(self.canal, "epidural fat", "fat", 0.5, edge=1.0, strength=0.6)
        mild = rng.uniform(1.0, 1.25) if rng.random() < 0.5 else 1.0
        for side in SIDES:
            self.bone(self.ilium[side], "hip bone", suv, f"hip_{side}", fatty + 0.2)
            joint = self.sacrum.grow(1.1).skin(1.1).inside(self.ilium[side].grow(3.5))
            self.put(joint, "sacroiliac joint", "ligament", None, edge=0.6)
            around = self.sacrum.skin(7.0).inside(self.ilium[side].grow(9.0))
            norm = (1.30 if side == "right" else 1.18) * rng.normal(1, 0.07) * mild * suv / 0.95
            self.put(around, "sacroiliac joint", None, norm, edge=2.5, pet_texture=(self.new_key(), 14.0, 0.1))

    def _femora(self) -> None:
        rng, s = self.rng, self.size
        self.femur, self.shaft, self.stem, self.trochanter = {}, {}, {}, {}
        for side, x in SIDES.items():
            hip = self.hip_center[side]
            top = hip + np.array([x * 40, -4, -32]) * s
            shaft = np.array([top, top + vec(-x * 2, 4, -70), top + vec(-x * 10, 12, -300)])
            trochanter = hip + np.array([x * 50, -6, -8]) * s
            lesser = top + np.array([-x * 12, -12, -30])
            upper = sweep(shaft, [17, 14, 13.5]) | sweep([top + vec(0, 0, -4), trochanter], [18, 11])
            upper = upper | sweep([top + vec(0, 0, -20), lesser], [13, 7]) | sweep([top, hip], [15, 14])
            head = lump(hip, 24 * s)
            self.femur[side], self.shaft[side] = upper | head, shaft
            self.trochanter[side] = trochanter
            self.landmarks[f"{side} greater trochanter"] = trochanter + np.array([x * 10, 0, 4])
            fatty = 0.4 + (self.age - 50) / 60
            self.put(lump(hip, 34 * s).minus(self.ilium[side]), "hip joint capsule", "scar", self.suv["muscle"] * 1.2)
            film = head.grow(1.4).minus(half_space(hip, (-x * 0.78, -0.1, 0.6)))  # joint fluid around the head
            self.put(film, "hip joint", "fluid", edge=0.7, strength=0.5)
            self.bone(self.femur[side], "femur", self.suv["femur"] * 1.25, f"femur_{side}", fatty, 1.6)
            tube = sweep(shaft[1:], [13.5, 13.0])
            self.put(tube, "femur", "cortex", self.suv["femur"] * 0.8, label=f"femur_{side}")
            self.put(tube.grow(-5.5), "femur", "yellow marrow", self.suv["femur"], label=f"femur_{side}")
            mild = self.suv["muscle"] * rng.uniform(1.3, 1.9)
            self.put(lump(hip, 31 * s).minus(head), "hip joint", None, mild, edge=3.0, strength=0.5)
            bursa = lump(trochanter + vec(x * 12, 0, -4), (1.2, 6, 9))
            self.put(bursa, "greater trochanter", "fluid", edge=1.0, strength=rng.uniform(0.0, 0.3))

    def implant(self, side: str) -> None:
        """Total hip replacement with what is expected around it."""
        rng, x, s = self.rng, SIDES[side], self.size
        hip, shaft = self.hip_center[side], self.shaft[side]
        mouth = half_space(hip, (x * 0.62, 0.25, -0.7))
        cup = lump(hip, 27 * s).minus(lump(hip, 23 * s)).inside(mouth)
        liner = lump(hip, 23 * s).minus(lump(hip, 15.5)).inside(mouth)
        down = unit(shaft[1] - shaft[0])
        shoulder = shaft[0] + np.array([x * 1, 0, 4]) * s
        length = rng.uniform(105, 145)
        stem = sweep(
            [shoulder, shoulder + down * length * 0.4, shoulder + down * length], [(11, 7.5), (8.5, 7), (5, 5)]
        )
        neck = sweep([shoulder, hip], [(9, 6), (6, 5.5)])
        joint = lump(hip, 33 * s).minus(self.ilium[side]) | sweep([shoulder, hip], 17)
        self.put(joint, "prosthesis joint", "scar", self.suv["muscle"] * 1.3, pet_texture=(self.new_key(), 18.0, 0.12))
        self.put(
            neck.grow(7.0),
            "prosthesis neck",
            "scar",
            rng.uniform(1.7, 3.0),
            edge=2.5,
            strength=0.9,
            pet_patches=(self.new_key(), 24.0, -1.6, 0.4),
        )
        self.put(neck.grow(rng.uniform(1.0, 3.0)), "prosthesis neck", "fluid", strength=0.7)
        self.put(stem.grow(4.0), "prosthesis stem", None, self.suv["femur"] * rng.uniform(1.2, 1.7), edge=2.0)
        for place in (shoulder + vec(x * 13, 0, -14), shoulder + vec(-x * 11, 0, -20)):
            if rng.random() < 0.6:  # edema of Gruen zones 1 and 7 is there without pain
                self.put(
                    lump(place, (4, 7, 11)),
                    "expected oedema",
                    "oedema",
                    self.suv["femur"] * 1.7,
                    edge=2.0,
                    strength=rng.uniform(0.3, 0.7),
                )
        if rng.random() < 0.35:
            ossicle = lump(hip + np.array([x * 32, rng.uniform(-8, 12), 18]), rng.uniform(5, 10, 3))
            self.bone(ossicle, "heterotopic bone", self.suv["femur"] * rng.uniform(1.0, 1.5), "", 0.3, 1.0)
        self.put(liner, "implant", "plastic", 0.25)
        head = lump(hip, 15.5)
        for shape in (cup, head, neck.minus(liner), stem):
            self.put(shape, "implant", "metal", 0.1, edge=0.5)
        self.metal = [cup, neck, stem] + ([head] if rng.random() < 0.5 else [])  # else a ceramic head
        self.stem[side] = (shoulder, down, length)
