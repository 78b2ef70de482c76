"""Step 1: series by role, clinical data, pain sites, anatomy."""

from __future__ import annotations

from typing import Any

import slicer
from slicer.i18n import tr as _

from ..Numerics.core.errors import PainGeneratorError
from . import total_segmentator
from .guard import guarded, guarded_slow, single_shot_timer
from .points import PointList
from .section import Section, choose
from .words import group_text, plain, side_text

SELECTORS = {
    "PET": "pet",
    "T1": "t1",
    "FLUID": "fluid",
    "T2": "t2",
    "CONTRAST": "contrast",
    "ATTENUATION": "attenuation",
}
"""Role and beginning of the names of its selector and label."""


class CaseSection(Section):
    """Selectors by role with Detect, group and sides, pain sites, anatomy."""

    STEP = "case"
    INPUTS = (
        *("detectButton", "petSelector", "t1Selector", "fluidSelector", "t2Selector", "contrastSelector"),
        *("attenuationSelector", "groupCombo", "prosthesisSideCombo", "painSideCombo", "painSitesPlace"),
        *("anatomySelector", "totalSegmentatorButton"),
    )

    def __init__(self, panel: Any) -> None:
        super().__init__(panel)
        for group in ("low-back", "hip-replacement"):
            self.ui.groupCombo.addItem(group_text(group), group)
        for combo, none, sides in (
            (self.ui.prosthesisSideCombo, _("none"), ("left", "right")),
            (self.ui.painSideCombo, _("not given"), ("left", "right", "both", "midline")),
        ):
            combo.addItem(none, "")
            for side in sides:
                combo.addItem(side_text(side), side)
        self.pain_sites = PointList(panel, self.ui.painSitesPlace, self._pain_sites_node, self.on_pain_sites_changed)
        self._later = single_shot_timer(panel.root, 0, self.on_volumes_changed, self.connections)
        self.connect("detectButton", "clicked()", self.on_detect)
        self.connect("runCaseButton", "clicked()", self.on_run)
        for prefix in SELECTORS.values():
            self.connect(f"{prefix}Selector", "currentNodeChanged(vtkMRMLNode*)", self.on_role_chosen)
        self.connect("groupCombo", "currentIndexChanged(int)", self.on_clinical_data)
        self.connect("prosthesisSideCombo", "currentIndexChanged(int)", self.on_clinical_data)
        self.connect("painSideCombo", "currentIndexChanged(int)", self.on_clinical_data)
        self.connect("anatomySelector", "currentNodeChanged(vtkMRMLNode*)", self.on_anatomy_chosen)
        self.connect("totalSegmentatorButton", "clicked()", self.on_total_segmentator)

    def stop(self) -> None:
        self.pain_sites.release()

    def update(self, what: str) -> None:
        self.show_state(self.ui.caseSection, _("1  Case"))
        self.show_readiness(self.ui.runCaseButton, _("Compute SUV from the PET"), "case")
        if what in ("case", "all"):
            self._is_filling = True
            try:
                self._show_case()
            finally:
                self._is_filling = False

    def _show_case(self) -> None:
        session, ui = self.session, self.ui
        roles = session.roles() if session is not None else {}
        for role, prefix in SELECTORS.items():
            getattr(ui, f"{prefix}Selector").setCurrentNodeID(roles.get(role) or "")
            label = getattr(ui, f"{prefix}ReasonLabel")
            label.text = f"<small>{plain(session.role_reason(role) or '')}</small>" if role in roles else ""
            label.visible = role in roles
        if session is None:
            return
        choose(ui.groupCombo, session.group)
        choose(ui.prosthesisSideCombo, session.prosthesis_side or "")
        choose(ui.painSideCombo, session.pain_side or "")
        ui.prosthesisSideCombo.enabled = session.group == "hip-replacement" and not self.panel.is_busy
        ui.anatomySelector.setCurrentNodeID(session.anatomy_id or "")
        if roles:
            self.pain_sites.attach()
        self._show_pain_sites()
        reason = total_segmentator.reason_not_ready(roles.get("T1") or roles.get("T2"))
        ui.totalSegmentatorButton.enabled = reason is None and not self.panel.is_busy
        ui.totalSegmentatorButton.toolTip = reason or _("Segment the anatomy on the MR with TotalSegmentator")

    def _pain_sites_node(self) -> Any:
        return self.session.pain_sites_node()

    def _show_pain_sites(self) -> None:
        count = len(self.pain_sites.positions())
        self.ui.painSitesCountLabel.text = str(count) if count else _("none")

    @guarded_slow
    def on_detect(self) -> None:
        """Give the volumes of the scene their roles."""
        proposals = self.session.detect()
        if not proposals:
            raise PainGeneratorError(
                _("No PET or MR series was found in the scene."), _("Load the examination first, then press Detect.")
            )
        self.panel.views.open_layout()
        self.panel.views.show_case()

    @guarded
    def on_role_chosen(self) -> None:
        """Hand over what the user chose; several selectors may follow one another, so look at all of them later."""
        if not self._is_filling and self.session is not None:
            self._later.start()

    @guarded
    def on_volumes_changed(self) -> None:
        """Compare all selectors with the session."""
        if self.session is None:
            return
        roles = self.session.roles()
        for role, prefix in SELECTORS.items():
            chosen = getattr(self.ui, f"{prefix}Selector").currentNodeID or None
            if chosen != (roles.get(role) or None):
                self.session.set_role(role, chosen, _("Chosen by hand."))

    @guarded
    def on_clinical_data(self) -> None:
        """Hand over group and sides."""
        session, ui = self.session, self.ui
        if self._is_filling or session is None:
            return
        group = ui.groupCombo.itemData(ui.groupCombo.currentIndex)
        side = ui.prosthesisSideCombo.itemData(ui.prosthesisSideCombo.currentIndex)
        pain = ui.painSideCombo.itemData(ui.painSideCombo.currentIndex)
        if group and group != session.group:
            session.group = group
        if (side or None) != (session.prosthesis_side or None):
            session.prosthesis_side = side or None
        if (pain or None) != (session.pain_side or None):
            session.pain_side = pain or None

    @guarded
    def on_pain_sites_changed(self) -> None:
        """Hand over the points that were placed, moved or removed."""
        if self.session is not None:
            self.session.set_pain_sites(self.pain_sites.positions())
            self._show_pain_sites()

    @guarded
    def on_anatomy_chosen(self) -> None:
        """Hand over the segmentation of bones and organs."""
        if not self._is_filling and self.session is not None:
            self.session.set_anatomy(self.ui.anatomySelector.currentNodeID or None)

    @guarded_slow
    def on_total_segmentator(self) -> None:
        """Segment the anatomy with TotalSegmentator and take its result."""
        roles = self.session.roles()
        volume = slicer.mrmlScene.GetNodeByID(roles.get("T1") or roles.get("T2"))
        segmentation = total_segmentator.segment(volume)
        if segmentation is not None:
            self.session.set_anatomy(segmentation.GetID())
            self.update("case")

    @guarded
    def on_run(self) -> None:
        """Compute SUV, or cancel."""
        self.panel.run(["case"], self.ui.runCaseButton)
