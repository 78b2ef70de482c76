"""What is running: the scene's host, the application and its windows. One at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Current:
    """Filled while a stand-in is installed.

    Attributes
    ----------
    host : HeadlessHost, optional
        Scene, application logic and module logics.
    layout_manager : proxy, optional
    main_window : proxy, optional
    messages : list of (str, str)
        Kind ("error", "warning", "info", "confirm", "status") and text of what was shown to the user.
    answers : dict
        What ``slicer.util.confirm*`` return, by function name; True (as in testing mode) where nothing is given.
    files : dict
        What file dialogs return, by function name.
    opened_urls : list of str
        What was opened in a browser.
    selected_module : str
    testing : bool
        Slicer was started with ``--testing``: messages go to the log, and no dialog is shown.
    log : ErrorLog
        ``slicer.app.errorLogModel()``.
    """

    host: Any = None
    layout_manager: Any = None
    main_window: Any = None
    application: Any = None
    messages: list[tuple[str, str]] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=dict)
    files: dict[str, Any] = field(default_factory=dict)
    opened_urls: list[str] = field(default_factory=list)
    selected_module: str = ""
    testing: bool = False
    log: Any = None


CURRENT = Current()
