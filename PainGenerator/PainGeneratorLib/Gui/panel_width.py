"""One width for the panel, whatever is open in it.

Slicer makes its module panel as wide as the widest visible widget asks for, and resizes all views with it. Here every
part of the panel asks for no width of its own, and a strut asks for the same width always.
"""

from __future__ import annotations

from typing import Any

import qt

PANEL_WIDTH = 452
"""Least width of what is in the panel, pixels. Our choice: the columns of the table of candidates are seen without
scrolling, and the views keep most of a screen."""
MARGIN = 4
"""Margin of the form on each side, pixels."""
TEXT_WIDTH = PANEL_WIDTH - 32
"""Width that a text in a section has at least: what is left of it by margins and frames, pixels."""


def fix_width(root: Any) -> None:
    """Let no part of the panel ask for a width of its own.

    Parameters
    ----------
    root : QWidget
        The panel, with a vertical layout.
    """
    root.setMinimumWidth(PANEL_WIDTH + 2 * MARGIN)
    layout = root.layout()
    for index in range(layout.count()):
        part = layout.itemAt(index).widget()
        if part is not None:
            ignore_width(part)
    strut = qt.QWidget(root)
    strut.setObjectName("widthStrut")
    strut.setFixedSize(PANEL_WIDTH, 0)
    layout.addWidget(strut)


def ignore_width(widget: Any) -> None:
    """Let a widget take the width that there is, and ask for none."""
    policy = widget.sizePolicy
    policy.setHorizontalPolicy(qt.QSizePolicy.Ignored)
    widget.setSizePolicy(policy)


def show_text(label: Any, text: str) -> None:
    """Show a text that wraps, with the height that it needs in a panel of the least width.

    The layouts of the module panel do not ask a label for its height at a width. A label that grows without saying so
    is drawn over what stands beside it.
    """
    label.text = text
    height = max(label.heightForWidth(TEXT_WIDTH), 0) if text else 0
    label.setMinimumHeight(height)
    label.setMaximumHeight(height)
