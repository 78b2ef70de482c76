"""The viewer of the report: one section of the page with its script, which is ours and draws on a plain canvas.

The script lies in ``Resources/Viewer``. It is put into the page, together with the images, so that the page needs
nothing else. The page allows this script and its style sheets by their hashes alone (see :func:`security_policy`).
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from .html import Html, html, tag
from .viewer_data import ViewerData

VIEWER_FOLDER = Path(__file__).resolve().parents[1] / "Resources" / "Viewer"
"""Where script and style sheet of the viewer lie."""
SCRIPTS = ("unpack", "geometry", "volume", "paint", "state", "view", "panel", "start")
"""The parts of the script in the order in which they need each other."""
PLANE_TITLES = (("axial", "Axial"), ("coronal", "Coronal"), ("sagittal", "Sagittal"))
TITLE = "Images"
NOTE = (
    "Three planes through one point. Radiological view: the patient's right is at the left of axial and coronal "
    "pictures. Solid line: outline of a candidate; dashed line: MR finding of a candidate that was found on PET. "
    "Made for orientation; diagnoses are made on the images themselves."
)
WITHOUT_SCRIPT = "The viewer needs JavaScript. The pictures of the candidates below show the same places without it."
KEYS = (
    ("Click or drag", "moves the cursor in all planes"),
    ("Wheel", "goes through the slices; with Ctrl it enlarges"),
    ("Drag with the right button or Shift", "changes brightness and contrast"),
    ("Double click, F", "makes one plane large"),
    ("Arrow keys", "move the cursor by 1 mm, with Shift by 10 mm"),
    ("Page up, Page down", "next and previous slice"),
    ("N, P", "next and previous candidate"),
    ("S", "next series"),
    ("C", "shows the cursor of the other side"),
    ("M", "moves to the other side"),
    ("O", "outlines on and off"),
    ("[ and ]", "less and more color"),
    ("+, -, 0", "nearer, farther, whole image"),
)
"""Help for mouse and keys."""


@functools.cache
def viewer_script() -> str:
    """The whole script: its parts, with names that nothing else in the page can see."""
    parts = [(VIEWER_FOLDER / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS]
    return "(() => {\n" + '"use strict";\n' + "\n".join(parts) + "})();\n"


@functools.cache
def viewer_style() -> str:
    """The style sheet of the viewer."""
    return (VIEWER_FOLDER / "viewer.css").read_text(encoding="utf-8")


def security_policy(styles: Sequence[str], scripts: Sequence[str]) -> str:
    """What the page may do: show embedded pictures, and use exactly these style sheets and scripts.

    Nothing is loaded or sent, and nothing that a patient's name or a comment holds can run.
    """
    allowed = {"script-src": scripts, "style-src": styles}
    rules = ["default-src 'none'", "img-src data:", "base-uri 'none'", "form-action 'none'"]
    rules += [f"{kind} {' '.join(_hash(text) for text in texts)}" for kind, texts in allowed.items() if texts]
    return "; ".join(rules)


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
    return f"'sha256-{digest}'"


def viewer_scripts(data: ViewerData) -> Html:
    """The data and the script, for the end of the page."""
    # No "<" in the data, so that nothing in it can end the element.
    content = json.dumps(data.content, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    content = content.replace("<", "\\u003c")
    return Html(
        f'<script type="application/json" id="viewer-content">{content}</script>\n'
        f'<script type="text/plain" id="viewer-data">{data.packed}</script>\n'
        f"<script>{viewer_script()}</script>\n"
    )


def viewer_section(data: ViewerData | None) -> Html:
    """The section of the viewer; empty without images. Without script it says where to look instead."""
    if data is None:
        return Html("")
    body = tag(
        "div",
        tag("p", NOTE, cls="small"),
        *(tag("p", note, cls="small") for note in data.notes),
        tag("div", _planes(), _controls(), cls="layout"),
        _help(),
    )
    return Html(
        f'<section class="viewer" id="viewer" aria-label="Viewer">{tag("h2", TITLE)}'
        f"<noscript>{tag('p', WITHOUT_SCRIPT)}</noscript>"
        '<p class="message" data-part="message" role="status"></p>'
        f'<div data-part="body" hidden>{body}</div></section>'
    )


def _planes() -> Html:
    planes = []
    for name, title in PLANE_TITLES:
        label = f"{title} plane. Arrow keys move the cursor, Page up and Page down change the slice."
        planes.append(
            f'<div class="plane" data-plane="{name}">'
            f'<canvas tabindex="0" role="application" aria-label="{label}" width="320" height="320"></canvas>'
            f'<div class="bar"><label><b>{title}</b> <input type="range" aria-label="{title} slice"></label>'
            '<span class="position"></span>'
            f'<button type="button" aria-pressed="false" aria-label="Large {name} plane">Large</button></div></div>'
        )
    return Html(f'<div class="planes">{"".join(planes)}</div>')


def _slider(part: str, title: str) -> str:
    return f'<label class="row">{html(title)} <input type="range" data-part="{part}"> <output></output></label>'


def _check(part: str, title: str) -> str:
    return f'<label class="check"><input type="checkbox" data-part="{part}"> {html(title)}</label>'


def _button(part: str, title: str) -> str:
    return f'<button type="button" data-part="{part}">{html(title)}</button>'


def _controls() -> Html:
    """List of candidates, values at the cursor, and what is shown."""
    return Html(
        '<div class="controls">'
        '<fieldset><legend>Go to</legend><ol class="marks" data-part="marks"></ol></fieldset>'
        "<fieldset><legend>At the cursor</legend>"
        '<p class="small" data-part="place"></p>'
        '<table class="values" data-part="values"><thead><tr><th scope="col">Value</th><th scope="col">Here</th>'
        '<th scope="col">Other side</th></tr></thead><tbody></tbody></table>'
        f"{_check('mirrored', 'Cursor of the other side')}"
        f'<div class="buttons">{_button("other-side", "Go to the other side")}</div></fieldset>'
        "<fieldset><legend>Show</legend>"
        '<label class="row">Series <select data-part="series"></select></label>'
        f"{_slider('opacity', 'PET color')}{_slider('start', 'Colors begin')}{_slider('end', 'Colors end')}"
        f"{_slider('level', 'MR level')}{_slider('width', 'MR width')}{_check('outlines', 'Outlines')}"
        f'<div class="buttons">{_button("whole", "Whole image")}{_button("nearer", "Nearer")}'
        f"{_button('farther', 'Farther')}</div></fieldset></div>"
    )


def _help() -> Html:
    rows = [Html(tag("dt", keys) + tag("dd", what)) for keys, what in KEYS]
    return tag("details", tag("summary", "Mouse and keys"), tag("dl", *rows, cls="keys"))
