"""How much a phantom looks like a clinical examination: plain, clinical, or plain with chosen effects.

The effects and their sizes were chosen after measurements on real lumbar T1, T2 and STIR and on real T1 of hips
(Testing/Benchmarks/FINDING.md). Each effect draws from a random generator of its own, so that one effect can be
switched on alone without a change of the patient, of the lesions, or of another effect.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

REALISMS = ("plain", "clinical")
"""Names for the command line: ``plain`` has none of the effects, ``clinical`` has all of them."""
EFFECTS = (
    "coil-falloff",
    "noise",
    "slab",
    "stir-contrast",
    "faint-lesions",
    "small-lesions",
    "marrow-texture",
    "level-differences",
    "muscle-fat",
    "worn-discs",
    "osteophytes",
    "body-shape",
    "thin-cortex",
    "flow",
    "chemical-shift",
    "motion",
    "organs",
)
"""What makes a clinical image harder to read than a plain phantom. Each is explained in docs/phantoms.md."""


@dataclass(frozen=True, eq=False)
class Realism:
    """The effects of one phantom, and their random generators.

    Parameters
    ----------
    name : str
        ``plain``, ``clinical``, or names of effects joined by ``+``.
    effects : frozenset of str
        The effects that are switched on; a part of `EFFECTS`.
    seed : int
        Seed of the phantom.
    group : str
        Group of the phantom.
    """

    name: str = "plain"
    effects: frozenset[str] = frozenset()
    seed: int = 0
    group: str = ""

    @classmethod
    def of(cls, name: str, seed: int, group: str) -> Realism:
        """Read a name: ``plain``, ``clinical``, or effects joined by ``+``. Any other name is a ValueError."""
        known = {"plain": frozenset(), "clinical": frozenset(EFFECTS)}
        effects = known.get(name, frozenset(name.split("+")))
        if not effects <= set(EFFECTS):
            raise ValueError(f"realism must be one of {REALISMS} or effects of {EFFECTS} joined by +, not {name!r}")
        return cls(name, effects, seed, group)

    def __contains__(self, effect: str) -> bool:
        if effect not in EFFECTS:
            raise ValueError(f"{effect!r} is no effect of a phantom")
        return effect in self.effects

    def __bool__(self) -> bool:
        return bool(self.effects)

    def rng(self, effect: str, part: str = "") -> np.random.Generator:
        """Return the random generator of an effect, or of a part of it such as one series.

        The same seed, group, effect and part always give the same numbers.
        """
        import numpy as np  # Not at the top, so that the help of the command needs no numpy.

        text = f"{self.group} {effect} {part}".encode()
        return np.random.default_rng([self.seed, int.from_bytes(hashlib.sha256(text).digest()[:8], "big")])


PLAIN = Realism()
"""A phantom without any of the effects."""
