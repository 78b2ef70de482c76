"""Notices what is changed in the scene behind the session's back: by the Data module, by other modules, by hand.

A session works with copies of the voxels that it read. When the volumes change afterwards, its numbers are those of
the voxels before: this is said, and the steps are out of date. Nodes that hold results can be made again from the case
at any time, and are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.image import Image
from ..Numerics.core.words import Role
from ..Scene.node_keys import KEY_ATTRIBUTE
from ..Scene.read_anatomy import Record as AnatomyRecord
from ..Scene.read_anatomy import anatomy_record, anatomy_stamp, is_same_anatomy
from ..Scene.read_inputs import Record, has_voxels, shows, stamp_of, what_changed
from ..Scene.volumes_in_scene import OWN_ATTRIBUTE, alignment_of, case_volumes
from ..Workflow.case import READ_FROM, Case
from .case_settings import CaseSettings
from .case_state import CaseState
from .case_writer import CaseWriter
from .notifier import Notifier
from .scene_link import SceneLink
from .step_states import StepStates

RESULT_KEYS = (
    *("candidates", "hot-spots", "mr-findings", "targets", "pain-sites", "levels"),
    *("table", "suv", "alignment", "sites", "set-apart"),
)
"""Keys of the nodes that the session writes to, and which every case has once it was written."""

CHANGED = {
    "voxels": "The voxels of {what} were changed in the scene since the step Case read them: all measures are those "
    "of the voxels before. Run the steps again.",
    "place": "{what} was moved in the scene since the step Case read it: all results are those of its former place. "
    "Run the steps again.",
}
"""What is said of a volume that is another one than the case was made of."""

REMOVED = (
    "{what} was removed from the scene: the results stay as they were found, but the step Case cannot be run again "
    "without it."
)
"""What is said of a volume that is gone."""

WITHOUT_VOXELS = (
    "{what} has no voxels in the scene, as when its file was not found: the results stay as they were found, but the "
    "step Case cannot be run again without it."
)

SHOWN_CHANGED = (
    "The volume {what} was changed in the scene outside of Pain Generator, which made it: it was written again as it "
    "was measured."
)
"""What is said of a volume of this program that another one wrote to."""

KEPT_CHANGED = (
    "The voxels of {what} are not those that the case was computed with: the measures are those of the voxels before, "
    "and what is measured from now on is not comparable. Run the steps again, or open the scene as it was saved."
)
"""The same of a case that was reopened: its former voxels are not there any more."""

NODES_GONE = "Results were removed from the scene ({what}): they were written again."

ANATOMY_CHANGED = (
    "The anatomy {what} was changed in the scene since the step Find read it: names and tissues are those of the "
    "anatomy before. Run the step Find again."
)
"""What is said of an anatomy that is another one than was used."""

ANATOMY_REMOVED = (
    "The anatomy {what} was removed from the scene: the results stay as they were found, but the step Find cannot use "
    "it again."
)
"""What is said of an anatomy that is gone."""

Said = tuple[str, str]
"""A sentence, and the first step that is out of date by what it says; empty for none."""


class SceneWatch:
    """Compares the scene with the case.

    Parameters
    ----------
    link : SceneLink
    settings : CaseSettings
    state : CaseState
    states : StepStates
    writer : CaseWriter
    notify : Notifier
    """

    def __init__(
        self,
        link: SceneLink,
        settings: CaseSettings,
        state: CaseState,
        states: StepStates,
        writer: CaseWriter,
        notify: Notifier,
    ) -> None:
        self._link, self._settings, self._state = link, settings, state
        self._states, self._writer, self._notify = states, writer, notify
        self._seen: dict[tuple[str, str], tuple[Any, Said | None]] = {}
        """By role and node id, the stamp of a volume and what is said of it."""
        self._reopened: dict[str, Said] = {}
        """What was found when the case was reopened, by role."""
        self.anatomy: AnatomyRecord | None = None
        """The anatomy as the last step Find read it; None without one."""
        self._anatomy_seen: tuple[Any, Said | None] | None = None
        self._nodes: dict[str, str] = {}
        """Ids of the nodes with results, by key."""
        self._nodes_time = -1
        """Time stamp of the list of nodes when it was looked through: no node came or went while it is the same."""
        self._is_looking = False

    # --- the three times at which the scene is compared

    def begin(self, case: Case) -> None:
        """Another case was made: what was said of the former one is over.

        Raises
        ------
        PainGeneratorError
            When a volume was changed after it was read. One that was removed is no reason to lose the result.
        """
        said = list(self._sources(case, thorough=True))
        _refuse([text for text, step in said if step])
        self._reopened.clear()
        self._state.scene_changes = [text for text, _ in said]

    def restored(self, shown: dict[str, str]) -> None:
        """A case was read from the scene: compare its images with those that were written.

        Parameters
        ----------
        shown : dict of str to str
            By role, the fingerprint of the volume that shows the series; empty in a case of an older version.
        """
        case, suv = self._state.case, self._state.suv
        if case is None or suv is None:
            return
        for role, series in case.series.items():
            image = suv.image if role == Role.PET else series.image
            if role in shown and image.fingerprint != shown[role]:
                node = self._link.series_volume(role)
                self._reopened[role] = (KEPT_CHANGED.format(what=_what(node.GetName(), role)), "case")
        self._find_nodes()
        self.look(thorough=True)

    def look(self, thorough: bool = False) -> None:
        """Notice what changed: say it, mark the steps as out of date, and write results again that were removed.

        Parameters
        ----------
        thorough : bool
            Compare all voxels, also those of volumes whose time stamps are as they were.
        """
        if self._is_looking or self._link.is_closed or self._state.case is None:
            return
        self._is_looking = True
        try:
            said = list(self._compare(self._state.case, thorough))
            self._mend()
        finally:
            self._is_looking = False
        before = self._state.scene_changes
        sentences = list(dict.fromkeys(text for text, _ in said))
        if sentences == before:
            return
        self._state.scene_changes = sentences
        stale = {step for text, step in said if step and text not in before}
        if stale:
            self._states.outdate("case" if "case" in stale else "find")
        self._notify("case")

    # --- anatomy

    def read_anatomy(self) -> AnatomyRecord | None:
        """The chosen anatomy as it is now, for :meth:`begin_finding`; None without one."""
        node = self._settings.now.anatomy
        return None if node is None else anatomy_record(node)

    def begin_finding(self, read: AnatomyRecord | None) -> None:
        """The step Find was done with an anatomy.

        Raises
        ------
        PainGeneratorError
            When the anatomy was changed after it was read.
        """
        node = None if read is None else self._link.node(read["id"])
        if read is not None and node is not None and not is_same_anatomy(node, read):
            _refuse([ANATOMY_CHANGED.format(what=read["name"])])
        self.anatomy, self._anatomy_seen = read, None

    def _of_anatomy(self, thorough: bool) -> Said | None:
        record = self.anatomy
        if record is None or self._state.found is None:
            return None
        # A scene that is added to another one gets new ids; the settings follow them.
        node = self._link.node(record["id"]) or self._settings.now.anatomy
        if node is None:
            return ANATOMY_REMOVED.format(what=record["name"]), ""
        stamp = anatomy_stamp(node)
        if thorough or self._anatomy_seen is None or self._anatomy_seen[0] != stamp:
            is_same = is_same_anatomy(node, record)
            self._anatomy_seen = (stamp, None if is_same else (ANATOMY_CHANGED.format(what=record["name"]), "find"))
        return self._anatomy_seen[1]

    # --- volumes

    def _compare(self, case: Case, thorough: bool) -> Iterator[Said]:
        yield from self._reopened.values()
        yield from self._sources(case, thorough)
        said = self._of_anatomy(thorough)
        if said is not None:
            yield said
        self._keep_shown(case, thorough)

    def _sources(self, case: Case, thorough: bool) -> Iterator[Said]:
        """What is said of the volumes that a case was read from."""
        for role, series in case.series.items():
            for record in series.facts.get(READ_FROM, ()):
                said = self._of_source(role, record, thorough)
                if said is not None:
                    yield said

    def _of_source(self, role: str, record: Record, thorough: bool) -> Said | None:
        node = self._node_of(record)
        what = _what(record["name"], role)
        if node is None:
            return REMOVED.format(what=what), ""
        if node.GetImageData() is None:
            return WITHOUT_VOXELS.format(what=what), ""
        if not has_voxels(node):
            return CHANGED["voxels"].format(what=what), "case"
        alignment = alignment_of(node)
        stamp, key = stamp_of(node, alignment), (role, record["id"])
        if not thorough and key in self._seen and self._seen[key][0] == stamp:
            return self._seen[key][1]
        changed = what_changed(node, alignment, record)
        said = (CHANGED[changed].format(what=what), "case") if changed else None
        self._seen[key] = (stamp, said)
        return said

    def _node_of(self, record: Record) -> Any:
        """The volume of a record. A scene that is added to another one gets new ids, but keeps the names."""
        node = self._link.node(record["id"])
        if node is not None and node.IsA("vtkMRMLScalarVolumeNode"):
            return node
        volumes = case_volumes(self._link.scene)
        return next((one for one in volumes if one.GetName() == record["name"]), None)

    def _keep_shown(self, case: Case, thorough: bool) -> None:
        """Write volumes of this program again that were changed."""
        suv = self._state.suv
        changed = []
        for role, series in case.series.items():
            node = self._shown_volume(role)
            if node is None or node.GetAttribute(OWN_ATTRIBUTE) is None or role in self._reopened or suv is None:
                continue
            if self._shows_another(node, role, suv.image if role == Role.PET else series.image, thorough):
                changed.append(node.GetName())
        if changed:
            self._writer.write_all()
            self._tell_once(SHOWN_CHANGED.format(what=", ".join(changed)))

    def _shown_volume(self, role: str) -> Any:
        """The volume that the case keeps for a role; looked up by its id, which is quicker than by its key."""
        key = f"series.{role}.0"
        node = self._link.node(self._nodes.get(key))
        if node is None or node.GetAttribute(KEY_ATTRIBUTE) != key:
            node = self._link.series_volume(role)
            if node is not None:
                self._nodes[key] = node.GetID()
        return node

    def _shows_another(self, node: Any, role: str, image: Image, thorough: bool) -> bool:
        if not has_voxels(node):
            return True
        stamp, key = stamp_of(node, alignment_of(node)), (f"shown {role}", node.GetID())
        if not thorough and key in self._seen and self._seen[key][0] == stamp:
            return False
        is_same = shows(node, image)
        self._seen[key] = (stamp, None)
        return not is_same

    # --- results

    def _mend(self) -> None:
        """Write results again whose nodes are gone."""
        if self._link.scene.GetNodes().GetMTime() == self._nodes_time:
            return
        gone = [key for key in RESULT_KEYS if self._is_gone(key)]
        if gone:
            self._writer.write_all()
            self._find_nodes()
            self._tell_once(NODES_GONE.format(what=", ".join(key.replace("-", " ") for key in gone)))
        for key in RESULT_KEYS:
            node = self._link.node(self._nodes.get(key))
            if node is not None and hasattr(node, "GetDisplayNode") and node.GetDisplayNode() is None:
                node.CreateDefaultDisplayNodes()
        self._nodes_time = self._link.scene.GetNodes().GetMTime()

    def _is_gone(self, key: str) -> bool:
        """Whether a node with results is gone; one that was made since then is found."""
        if self._link.node(self._nodes.get(key)) is None:
            node = self._link.result_node(key)
            if node is None:
                return True
            self._nodes[key] = node.GetID()
        return False

    def _find_nodes(self) -> None:
        """Note the nodes that hold results; write those that a case of an older version lacks."""
        if any(self._is_gone(key) for key in RESULT_KEYS):
            self._writer.write_all()
            self._nodes |= {key: self._link.result_node(key).GetID() for key in RESULT_KEYS}

    def _tell_once(self, sentence: str) -> None:
        if sentence not in self._state.notices:
            self._state.notices.append(sentence)
            self._notify("case")


def _refuse(changed: list[str]) -> None:
    """Refuse the result of a step whose input changed while it was running."""
    if changed:
        raise PainGeneratorError(f"The input changed while the step was running. {changed[0]}", "Run it again.")


def _what(name: str, role: str) -> str:
    return f"{name} ({role})"
