"""Step 1: series by role, clinical data, pain sites, anatomy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import slicer
from slicer.i18n import tr as _

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.words import Fixation, Group, PainSide, ProsthesisSide
from . import total_segmentator
from .case_questions import CaseQuestions
from .guard import guarded, guarded_slow, single_shot_timer
from .points import PointList
from .section import Section, choose
from .session_needs import CaseNeeds
from .typed_values import typed_date, typed_number
from .words import fixation_text, group_text, plain, side_text

if TYPE_CHECKING:
    from .panel import Panel

SELECTORS = {
    "PET": "pet",
    "T1": "t1",
    "FLUID": "fluid",
    "T2": "t2",
    "CONTRAST": "contrast",
    "ATTENUATION": "attenuation",
}
"""For each role the beginning of the names of its selector and its label."""


class CaseSection(Section[CaseNeeds]):
    """Selectors by role with Detect, group and sides, pain sites, anatomy."""

    STEP = "case"
    INPUTS = (
        *(
            "detectButton",
            "checkButton",
            "petSelector",
            "t1Selector",
            "fluidSelector",
            "t2Selector",
            "contrastSelector",
        ),
        *("attenuationSelector", "groupCombo", "prosthesisSideCombo", "painSideCombo", "painSitesPlace"),
        *("surgeryDateEdit", "fixationCombo", "crpEdit"),
        *("anatomySelector", "totalSegmentatorButton", "firstAnswerButton", "secondAnswerButton"),
    )

    def __init__(self, panel: Panel) -> None:
        super().__init__(panel)
        for group in Group:
            self.ui.groupCombo.addItem(group_text(group), group.value)
        self._fill_sides(self.ui.prosthesisSideCombo, _("none"), [side.value for side in ProsthesisSide])
        self._fill_sides(self.ui.painSideCombo, _("not given"), [side.value for side in PainSide])
        self.ui.fixationCombo.addItem(_("not given"), "")
        for fixation in Fixation:
            self.ui.fixationCombo.addItem(fixation_text(fixation), fixation.value)
        self.pain_sites = PointList(panel, self.ui.painSitesPlace, self._pain_sites_node, self.on_pain_sites_changed)
        self._later = single_shot_timer(panel.root, 0, self.on_volumes_changed, self.connections)
        self.connect("detectButton", "clicked()", self.on_detect)
        self.connect("checkButton", "clicked()", self.on_check)
        self.connect("runCaseButton", "clicked()", self.on_run)
        for prefix in SELECTORS.values():
            self.connect(f"{prefix}Selector", "currentNodeChanged(vtkMRMLNode*)", self.on_role_chosen)
        self.connect("groupCombo", "currentIndexChanged(int)", self.on_clinical_data)
        self.connect("prosthesisSideCombo", "currentIndexChanged(int)", self.on_clinical_data)
        self.connect("painSideCombo", "currentIndexChanged(int)", self.on_clinical_data)
        self.connect("fixationCombo", "currentIndexChanged(int)", self.on_surgery)
        for name in ("surgeryDateEdit", "crpEdit"):
            self.connect(name, "editingFinished()", self.on_surgery)
        self.connect("anatomySelector", "currentNodeChanged(vtkMRMLNode*)", self.on_anatomy_chosen)
        self.connect("totalSegmentatorButton", "clicked()", self.on_total_segmentator)
        self.questions = CaseQuestions(panel, self.connections)

    def _fill_sides(self, combo: Any, none: str, sides: Sequence[str]) -> None:
        combo.addItem(none, "")
        for side in sides:
            combo.addItem(side_text(side), side)

    def stop(self) -> None:
        self.questions.forget()
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
        for role, prefix in SELECTORS.items():
            self._show_role(role, prefix)
        self.questions.show()
        reason = session.anatomy_reason() if session is not None else ""
        ui.anatomyReasonLabel.text = f"<small>{plain(reason)}</small>"
        ui.anatomyReasonLabel.visible = bool(reason)
        if session is None:
            return
        roles = session.roles()
        choose(ui.groupCombo, session.group)
        choose(ui.prosthesisSideCombo, session.prosthesis_side or "")
        choose(ui.painSideCombo, session.pain_side or "")
        is_hip = session.group == Group.HIP_REPLACEMENT and not self.panel.is_busy
        for widget in (ui.prosthesisSideCombo, ui.surgeryDateEdit, ui.fixationCombo, ui.crpEdit):
            widget.enabled = is_hip
        self._show_surgery()
        ui.anatomySelector.setCurrentNodeID(session.anatomy_id or "")
        if roles:
            self.pain_sites.attach()
        self._show_pain_sites()
        reason = total_segmentator.reason_not_ready(roles.get("T1") or roles.get("T2"))
        ui.totalSegmentatorButton.enabled = reason is None and not self.panel.is_busy
        ui.totalSegmentatorButton.toolTip = reason or _("Segment the anatomy on the MR with TotalSegmentator")

    def _show_role(self, role: str, prefix: str) -> None:
        """The chosen volume of a role, and why it has the role."""
        session = self.session
        node_id = session.roles().get(role) if session is not None else None
        reason = session.role_reason(role) if session is not None else None
        getattr(self.ui, f"{prefix}Selector").setCurrentNodeID(node_id or "")
        label = getattr(self.ui, f"{prefix}ReasonLabel")
        label.text = f"<small>{plain(reason or '')}</small>" if node_id else ""
        label.visible = bool(node_id)

    def _pain_sites_node(self) -> Any:
        return self.open_session.pain_sites_node()

    def _show_pain_sites(self) -> None:
        count = len(self.pain_sites.positions())
        self.ui.painSitesCountLabel.text = str(count) if count else _("none")

    @guarded_slow
    def on_detect(self) -> None:
        """Give the volumes of the scene their roles."""
        proposals = self.open_session.detect()
        if not proposals:
            raise PainGeneratorError(
                _("No PET or MR series was found in the scene."), _("Load the examination first, then press Detect.")
            )
        self.panel.views.open_layout()
        self.panel.views.show_case()

    @guarded_slow
    def on_check(self) -> None:
        """Show what the case consists of and what is doubtful."""
        found = self.open_session.check()
        doubts = len(found.warnings)
        summary = _("This case can be analyzed.") if not found.refusals else _("This case cannot be analyzed.")
        if doubts:
            summary += " " + _("{count} points are doubtful: see the details.").format(count=doubts)
        slicer.util.infoDisplay(summary, windowTitle=_("Check of the case"), detailedText=found.to_text())

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
        group, side, pain = (
            combo.itemData(combo.currentIndex) or None
            for combo in (ui.groupCombo, ui.prosthesisSideCombo, ui.painSideCombo)
        )
        if group is not None and group != session.group:
            session.group = group
        session.prosthesis_side = side
        session.pain_side = pain

    def _show_surgery(self) -> None:
        """Date of the surgery, fixation and CRP as the session has them; what is being typed stays."""
        ui = self.ui
        date, fixation, crp = self.open_session.surgery()
        choose(ui.fixationCombo, fixation or "")
        for edit, text in (
            (ui.surgeryDateEdit, "" if date is None else date.isoformat()),
            (ui.crpEdit, "" if crp is None else f"{crp:g}"),
        ):
            if not edit.focus:
                edit.text = text

    @guarded
    def on_surgery(self) -> None:
        """Hand over what was given about the hip replacement."""
        session, ui = self.session, self.ui
        if self._is_filling or session is None:
            return
        session.set_surgery(
            typed_date(ui.surgeryDateEdit.text, _("date of surgery")),
            ui.fixationCombo.itemData(ui.fixationCombo.currentIndex) or None,
            typed_number(ui.crpEdit.text, _("CRP")),
        )

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
        session = self.open_session
        roles = session.roles()
        volume = slicer.mrmlScene.GetNodeByID(roles.get("T1") or roles.get("T2"))
        segmentation = total_segmentator.segment(volume)
        if segmentation is not None:
            session.set_anatomy(segmentation.GetID())
            self.update("case")

    @guarded
    def on_run(self) -> None:
        """Compute SUV, or cancel."""
        self.panel.run(["case"], self.ui.runCaseButton)
