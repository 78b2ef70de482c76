"""The Segment Editor for the outline of the chosen candidate; the measures follow after a short pause."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import slicer
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from ..Numerics.core.measures import as_stored
from .guard import guarded, single_shot_timer
from .section import Section
from .session_needs import OutlineNeeds
from .words import number_text, plain

if TYPE_CHECKING:
    from .panel import Panel

EDITOR_TAG = "PainGenerator"
"""Tag of the editor node of this module. It is not the one of Slicer's Segment Editor module, whose state is kept."""

PAUSE_MS = 250
"""Pause after the last stroke before the outline is measured, in ms. Pause and measuring together stay below half a
second."""


class OutlineSection(Section[OutlineNeeds], VTKObservationMixin):
    """Segment Editor bound to the chosen candidate's segment."""

    def __init__(self, panel: Panel) -> None:
        Section.__init__(self, panel)
        VTKObservationMixin.__init__(self)
        self._segment_id: str | None = None
        self._candidate_id: str | None = None
        self._is_measuring = False
        self._timer = single_shot_timer(panel.root, PAUSE_MS, self.on_pause_over, self.connections)
        self.connect("outlineGroup", "toggled(bool)", self.on_opened)

    def start(self) -> None:
        if self.ui.outlineGroup.checked:
            self._edit()

    def stop(self) -> None:
        self._timer.stop()
        self._release()

    def candidate_chosen(self) -> None:
        """Another candidate was chosen in the table."""
        if self.ui.outlineGroup.checked:
            self._finish()
            self._edit()

    def update(self, what: str) -> None:
        self.ui.segmentEditor.enabled = not self.panel.is_busy
        candidate = self.panel.details.candidate()
        if candidate is None:
            self.ui.outlineLabel.text = _("Choose one candidate in the table.")
            return
        candidate = as_stored(candidate)
        text = _("{name}: {volume}, SUVmax {maximum}, {origin}")
        self.ui.outlineLabel.text = plain(
            text.format(
                name=candidate.place.name,
                volume=number_text(candidate.volume_ml, 2, "ml"),
                maximum=number_text(candidate.suv_max),
                origin=candidate.origin,
            )
        )

    def _edit(self) -> None:
        candidate = self.panel.details.candidate()
        if candidate is None or candidate.id == self._candidate_id:
            return
        self._release()
        segmentation_node, segment_id = self.open_session.begin_edit(candidate.id)
        editor = self.ui.segmentEditor
        editor.setMRMLSegmentEditorNode(self._editor_node())
        editor.setSegmentationNode(segmentation_node)
        editor.setSourceVolumeNode(self.panel.views.source_volume(candidate))
        editor.setCurrentSegmentID(segment_id)
        editor.setupViewObservations()
        self._candidate_id, self._segment_id = candidate.id, segment_id
        segmentation = segmentation_node.GetSegmentation()
        self.addObserver(segmentation, slicer.vtkSegmentation.SourceRepresentationModified, self.on_segment_modified)
        self.update("review")

    def _editor_node(self) -> Any:
        node = slicer.mrmlScene.GetSingletonNode(EDITOR_TAG, "vtkMRMLSegmentEditorNode")
        if node is None:
            node = slicer.vtkMRMLSegmentEditorNode()
            node.SetSingletonTag(EDITOR_TAG)
            node = slicer.mrmlScene.AddNode(node)
        return node

    def _release(self) -> None:
        """Let go of the segmentation: no effect stays active outside the section."""
        self.removeObservers()
        if self._segment_id is None:
            return
        editor = self.ui.segmentEditor
        editor.setActiveEffect(None)
        editor.removeViewObservations()
        editor.setSegmentationNode(None)
        self._candidate_id = self._segment_id = None

    def _finish(self) -> None:
        """Take the measures of a stroke that is still waiting."""
        if self._timer.active:
            self._timer.stop()
            self.on_pause_over()

    @guarded
    def on_opened(self, opened: bool) -> None:
        """Begin or end editing."""
        if opened and self.session is not None:
            self._edit()
        else:
            self._finish()
            self._release()

    @guarded
    def on_segment_modified(self, caller: Any, event: Any) -> None:
        """Wait until the user pauses."""
        if not self._is_measuring:
            self._timer.start()

    @guarded
    def on_pause_over(self) -> None:
        """Take the measures of the outline as it is drawn."""
        if self._segment_id is None or self.session is None:
            return
        # Writing the measures modifies the segmentation, which must not start the timer again.
        self._is_measuring = True
        try:
            self.session.segment_edited(self._segment_id)
        finally:
            self._is_measuring = False
