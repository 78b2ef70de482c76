"""Which segmentation or label map of a scene can serve as the anatomy: one whose labels are bones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..Anatomy.anatomy_files import anatomy_of_labels
from ..Anatomy.anatomy_map import BONES
from ..Anatomy.labels import Structure, structure_of_name
from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.words import REFERENCE_ORDER
from ..Scene.label_images import anatomy_nodes, labels_of_node, names_of_segments, overlap
from .case_settings import CaseSettings
from .scene_link import SceneLink

LEAST_BONES = 2
"""Lower bound of the bones that a proposed anatomy names. Our choice: one bone alone may be a lesion's outline."""
NAMED_BONES = 3
"""How many bones the reason names."""


@dataclass(frozen=True, eq=False)
class ProposedAnatomy:
    """An anatomy that is proposed.

    Parameters
    ----------
    node_id : str
    reason : str
        Why, in one sentence.
    question : str
        What is asked where the reader did not choose it.
    """

    node_id: str
    reason: str
    question: str


class AnatomyProposal:
    """Looks for an anatomy among the segmentations and label maps of the scene that are not of this program.

    Parameters
    ----------
    link : SceneLink
    settings : CaseSettings
    """

    def __init__(self, link: SceneLink, settings: CaseSettings) -> None:
        self._link, self._settings = link, settings
        self._read: dict[str, tuple[int, tuple[Structure, ...]]] = {}
        """By node id: when the node was read, and what its labels are."""

    def chosen_structures(self) -> tuple[Structure, ...]:
        """What the labels of the chosen anatomy are; empty without one."""
        node = self._settings.now.anatomy
        return () if node is None else self._structures(node)

    def best(self) -> ProposedAnatomy | None:
        """The one that names most bones, and lies where the reference series does; None when there is none."""
        nodes = self._settings.role_nodes()
        reference = next((nodes[role] for role in REFERENCE_ORDER if role in nodes), None)
        found = []
        for node in anatomy_nodes(self._link.scene):
            bones = _bones(self._structures(node))
            if len(bones) >= LEAST_BONES and (reference is None or overlap(node, reference)):
                found.append((len(bones), bones, node))
        if not found:
            return None
        count, bones, node = max(found, key=lambda one: one[0])
        more = f" and {count - NAMED_BONES} more" if count > NAMED_BONES else ""
        shown = ", ".join(bones[:NAMED_BONES]) + more
        others = f" There are {len(found)} of this kind; it names most." if len(found) > 1 else ""
        return ProposedAnatomy(
            node.GetID(),
            f"Proposed, as its labels are {count} bones: {shown}.{others}",
            f"No anatomy is chosen, but the labels of {node.GetName()} are {count} bones: {shown}.{others} With it, "
            "places and levels have surer names.",
        )

    def _structures(self, node: Any) -> tuple[Structure, ...]:
        """What the labels of a node are; empty where they are not understood."""
        content = node.GetSegmentation() if node.IsA("vtkMRMLSegmentationNode") else node.GetImageData()
        when = 0 if content is None else int(content.GetMTime())
        known = self._read.get(node.GetID())
        if known is None or known[0] != when:
            known = (when, _structures_of(node))
            self._read[node.GetID()] = known
        return known[1]


def _structures_of(node: Any) -> tuple[Structure, ...]:
    """The meaning of each label; of a label map its numbers say it, which takes longer than names."""
    if node.IsA("vtkMRMLSegmentationNode"):
        named = tuple(structure_of_name(name) for name in names_of_segments(node))
        if any(_bones(named)) or not named:
            return named
    try:
        return tuple(anatomy_of_labels(*labels_of_node(node), node.GetName()).structures.values())
    except PainGeneratorError:
        return ()


def _bones(structures: Sequence[Structure]) -> list[str]:
    """The bones among structures in words, each once."""
    return list(dict.fromkeys(what.text for what in structures if what.structure in BONES))
