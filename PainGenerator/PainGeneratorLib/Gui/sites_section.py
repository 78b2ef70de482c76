"""All sites of a case: a table that filters and takes the views there, and the name of a level by one click."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import slicer
from slicer.i18n import tr as _

from ..Anatomy.codes import LEVELS
from ..Numerics.core.site_columns import row_as_stored
from ..Numerics.core.sites import SiteRow, SiteState, SiteTable
from ..Numerics.core.words import Certainty, Group
from ..Scene.level_marks import show_along_the_body
from ..Workflow.level_words import level_line, level_sentences
from .axial_levels import AxialLevels
from .clicks import Clicks
from .guard import guarded, guarded_slow
from .section import Section
from .session_needs import SitesNeeds
from .site_table import SiteTableView, state_text
from .words import number_text, plain, red

if TYPE_CHECKING:
    from .panel import Panel

FIRST_LEVEL = "L5"
"""The level that is offered first, as most readers find it first."""


class SitesSection(Section[SitesNeeds]):
    """Table of sites, filters, measures of the chosen site, and the name of a level."""

    INPUTS = ("nameLevelCombo", "nameLevelButton", "siteStateFilter", "siteLevelFilter", "siteStructureFilter")

    def __init__(self, panel: Panel) -> None:
        super().__init__(panel)
        ui = self.ui
        for level in LEVELS:
            ui.nameLevelCombo.addItem(level, level)
        ui.nameLevelCombo.setCurrentIndex(ui.nameLevelCombo.findData(FIRST_LEVEL))
        ui.siteStateFilter.addItem(_("every state"), "")
        for state in SiteState:
            ui.siteStateFilter.addItem(state_text(state), state.value)
        ui.siteLevelFilter.addItem(_("every level"), "")
        ui.siteStructureFilter.addItem(_("every kind"), "")
        self.table = SiteTableView(ui.sitesTable, self.on_site_chosen)
        self.clicks = Clicks(self.name_level_at)
        self.axial = AxialLevels()
        for name in ("siteStateFilter", "siteLevelFilter", "siteStructureFilter"):
            self.connect(name, "currentIndexChanged(int)", self.on_filter)
        self.connect("nameLevelButton", "toggled(bool)", self.on_name_level)
        self.connect("levelsLabel", "linkActivated(QString)", self.on_wish_to_name)
        self.connect("levelNumbersBox", "toggled(bool)", self.on_level_numbers)

    def stop(self) -> None:
        self.ui.nameLevelButton.checked = False
        self.clicks.stop()
        self.axial.hide()

    def update(self, what: str) -> None:
        if what in ("candidates", "review", "case", "all"):
            self._show(self.session.sites if self.session is not None else SiteTable())
            self._show_level_numbers()
        self._show_buttons()

    def _level_marks(self) -> Any:
        """The node that numbers the vertebrae; None when there is none."""
        return self.session.node_of("levels") if self.session is not None else None

    def _show_level_numbers(self) -> None:
        """Bring the box to what the scene shows, and the numbers to the views that there are."""
        node = self._level_marks()
        if node is None or self.session is None:
            self.axial.hide()
            return
        self._is_filling = True
        try:
            self.ui.levelNumbersBox.checked = bool(node.GetDisplayNode().GetVisibility())
        finally:
            self._is_filling = False
        show_along_the_body(slicer.mrmlScene, node)
        if self.ui.levelNumbersBox.checked:
            self.axial.show(self.session.sites)
        else:
            self.axial.hide()

    def views_changed(self) -> None:
        """Another layout has other views."""
        self._show_level_numbers()
        if self.ui.nameLevelButton.checked:
            self.clicks.start()

    @guarded
    def on_level_numbers(self, shown: bool) -> None:
        """Show or hide the numbers of the vertebrae."""
        node = self._level_marks()
        if node is not None and not self._is_filling:
            node.GetDisplayNode().SetVisibility(shown)
            self._show_level_numbers()

    def _show(self, sites: SiteTable) -> None:
        ui = self.ui
        abnormal = sum(row.state == SiteState.ABNORMAL for row in sites.rows)
        title = _("All sites ({count}, {abnormal} abnormal)").format(count=len(sites.rows), abnormal=abnormal)
        ui.sitesGroup.title = title if sites.rows else _("All sites")
        ui.siteLevelsLabel.text = levels_text(sites)
        ui.siteLevelsLabel.visible = bool(ui.siteLevelsLabel.text)
        ui.levelsLabel.text = header_text(sites, self.session.group if self.session is not None else None)
        ui.levelsLabel.visible = bool(ui.levelsLabel.text)
        self._is_filling = True
        try:
            _offer(ui.siteLevelFilter, [row.site.level for row in sites.rows])
            _offer(ui.siteStructureFilter, [row.site.structure for row in sites.rows])
        finally:
            self._is_filling = False
        self.table.fill(sites.rows)
        ui.siteDetailsLabel.text = ""
        self._filter()

    def _show_buttons(self) -> None:
        ui, session = self.ui, self.session
        has_sites = session is not None and bool(session.sites.rows) and session.group == Group.LOW_BACK
        ui.nameLevelCombo.enabled = has_sites and not self.panel.is_busy
        ui.nameLevelButton.enabled = ui.nameLevelCombo.enabled
        # A collapsed group disables what is in it, so that their state before a run says nothing.
        for combo in (ui.siteStateFilter, ui.siteLevelFilter, ui.siteStructureFilter):
            combo.enabled = not self.panel.is_busy

    def _filter(self) -> None:
        ui = self.ui
        words = [
            combo.itemData(combo.currentIndex) or ""
            for combo in (ui.siteStateFilter, ui.siteLevelFilter, ui.siteStructureFilter)
        ]
        shown = self.table.filter(*words)
        ui.siteCountLabel.text = _("{shown} of {all}").format(shown=shown, all=ui.sitesTable.rowCount)

    @guarded
    def on_filter(self, *_index: Any) -> None:
        """Show what the filters let pass."""
        if not self._is_filling:
            self._filter()

    @guarded
    def on_site_chosen(self) -> None:
        """Take all views to the site and show its measures."""
        row = self.table.current()
        self.ui.siteDetailsLabel.text = "" if row is None else details_text(row)
        if row is not None and self.session is not None:
            self.panel.views.go_to(row.site.center_ras)

    @guarded
    def on_wish_to_name(self) -> None:
        """Go to where a level is named, and wait for the click."""
        self.ui.reviewSection.collapsed = self.ui.sitesGroup.collapsed = False
        self.ui.nameLevelButton.checked = self.ui.nameLevelButton.enabled

    @guarded
    def on_name_level(self, naming: bool) -> None:
        """Wait for a click into a vertebra or disc, or stop waiting."""
        if naming:
            level = self.ui.nameLevelCombo.itemData(self.ui.nameLevelCombo.currentIndex)
            slicer.util.showStatusMessage(_("Click in {level} in a slice view.").format(level=level), 5000)
            self.clicks.start()
        else:
            self.clicks.stop()

    @guarded_slow
    def name_level_at(self, position_ras: Sequence[float]) -> None:
        """Name the chosen level at a position, RAS mm."""
        ui = self.ui
        ui.nameLevelButton.checked = False
        level = ui.nameLevelCombo.itemData(ui.nameLevelCombo.currentIndex)
        self.open_session.name_level(level, np.asarray(position_ras, dtype=float))

    def cleanup(self) -> None:
        self.table.cleanup()
        super().cleanup()


def _offer(combo: Any, words: Sequence[str | None]) -> None:
    """Offer the words that occur, in their order; what was chosen stays chosen where it still occurs."""
    chosen = combo.itemData(combo.currentIndex)
    while combo.count > 1:
        combo.removeItem(combo.count - 1)
    for word in dict.fromkeys(words):
        if word:
            combo.addItem(word, word)
    combo.setCurrentIndex(max(combo.findData(chosen), 0))


def levels_text(sites: SiteTable) -> str:
    """How certain the names of the levels are and why, for a label with markup."""
    sentences, notes = level_sentences(sites), list(map(plain, sites.notes))
    if sentences:
        is_uncertain = sites.level_certainty == Certainty.UNCERTAIN
        first = red(sentences[0]) if is_uncertain else f"<b>{plain(sentences[0])}</b>"
        notes.insert(0, " ".join([first, *map(plain, sentences[1:])]))
    return "<br>".join(notes)


def header_text(sites: SiteTable, group: str | None) -> str:
    """What the head of the panel says about the levels, for a label with markup; empty where there is nothing."""
    verdict, why = level_line(sites, group)
    if not verdict:
        return ""
    is_sure = sites.level_certainty == Certainty.CERTAIN
    first = f"<b>{plain(verdict)}</b>" if is_sure else red(verdict)
    link = f' <a href="name">{plain(_("Name a level..."))}</a>'
    return f"<small>{first} {plain(why)}{link if sites.level_certainty is not None else ''}</small>"


def details_text(row: SiteRow) -> str:
    """Measures of a site and the reasons of its state, for a label with markup."""
    row = row_as_stored(row)
    facts = [
        _("SUVmax {value}").format(value=number_text(row.suv_max)),
        _("SUVpeak {value}").format(value=number_text(row.suv_peak)),
        _("SUVmean {value}").format(value=number_text(row.suv_mean)),
    ]
    if row.reference is not None:
        facts.append(
            _("reference {name} {value}").format(name=row.reference_name or "", value=number_text(row.reference))
        )
    facts += [f"{role} z {number_text(value, 1)}" for role, value in row.z.items()]
    lines = [f"<b>{plain(row.site.name)}</b>: {plain(state_text(row.state))}", plain(", ".join(facts))]
    lines += [plain(reason) for reason in row.reasons]
    if row.norm is not None:
        lines.append(f"<i>{plain(row.norm.text)} ({plain(row.norm.source)})</i>")
    if row.candidates:
        lines.append(_("Candidates here: {ids}").format(ids=", ".join(row.candidates)))
    return "<br>".join(lines)
