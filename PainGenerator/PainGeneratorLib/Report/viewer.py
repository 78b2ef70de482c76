"""The viewer of the report: one section of the page with its script, which is ours and draws on a plain canvas.

The script lies in ``Resources/Viewer``. It is put into the page, together with the images, so that the page needs
nothing else. The page allows this script and its style sheets by their hashes alone (see :func:`security_policy`).
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from .html import Html, html, tag
from .languages import Language
from .viewer_data import APART, AVERAGED, ViewerData

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
PLANE_LABEL = "{plane} plane. Arrow keys move the cursor, Page up and Page down change the slice."
SLICE_LABEL, LARGE_LABEL, LARGE = "{plane}: slice", "{plane}: large plane", "Large"
VIEWER = "Viewer"
GO_TO, AT_CURSOR, SHOW, VALUE, HERE, OTHER_SIDE = "Go to", "At the cursor", "Show", "Value", "Here", "Other side"
MIRRORED, GO_OVER, SERIES, HELP = "Cursor of the other side", "Go to the other side", "Series", "Mouse and keys"
SLIDERS = {
    "opacity": "PET color",
    "start": "Colors begin",
    "end": "Colors end",
    "level": "MR level",
    "width": "MR width",
}
OUTLINES, WHOLE, NEARER, FARTHER = "Outlines", "Whole image", "Nearer", "Farther"
SCRIPT_WORDS = (
    *("right", "left", "anterior", "posterior", "superior", "inferior"),
    *("PET alone", "PET on {series}", "at least {value}", "about {value}"),
    "This browser is too old for the viewer (it cannot unpack gzip). The pictures below show the same places.",
    "Unpacking the images ...",
    "The viewer could not start ({reason}). The pictures below show the same places.",
)
"""What the script says; it looks its words up in the data of the page."""
SERIES_TITLES = ("Fluid-sensitive MR", "Fat fraction, %", "T1 with contrast")
"""Titles of series that are words of a language."""


def viewer_messages() -> set[str]:
    """Everything that the viewer can say."""
    said = {TITLE, NOTE, WITHOUT_SCRIPT, PLANE_LABEL, SLICE_LABEL, LARGE_LABEL, LARGE, VIEWER}
    said |= {GO_TO, AT_CURSOR, SHOW, VALUE, HERE, OTHER_SIDE, MIRRORED, GO_OVER, SERIES, HELP}
    said |= {OUTLINES, WHOLE, NEARER, FARTHER, AVERAGED, APART, *SLIDERS.values(), *SCRIPT_WORDS, *SERIES_TITLES}
    return said | {title for _name, title in PLANE_TITLES} | {text for pair in KEYS for text in pair}


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


def viewer_scripts(data: ViewerData, language: Language, names: Mapping[str, str]) -> Html:
    """The data and the script, for the end of the page.

    Parameters
    ----------
    data : ViewerData
    language : Language
    names : mapping of str to str
        ID of an entry of the list -> its name in the letter.
    """
    # No "<" in the data, so that nothing in it can end the element.
    content = json.dumps(
        _in_language(data, language, names), ensure_ascii=True, allow_nan=False, separators=(",", ":")
    )
    content = content.replace("<", "\\u003c")
    return Html(
        f'<script type="application/json" id="viewer-content">{content}</script>\n'
        f'<script type="text/plain" id="viewer-data">{data.packed}</script>\n'
        f"<script>{viewer_script()}</script>\n"
    )


def _in_language(data: ViewerData, language: Language, names: Mapping[str, str]) -> dict[str, object]:
    """The plain data with its words in a language."""
    marks = [
        {**mark, "title": names.get(mark["id"], mark["title"]), "note": _said(mark["note"], language)}
        for mark in data.content["marks"]
    ]
    volumes = [{**volume, "title": _said(volume["title"], language)} for volume in data.content["volumes"]]
    # The script fills the blanks itself.
    spoken = {text: language.messages.get(text, text) for text in SCRIPT_WORDS}
    return {**data.content, "marks": marks, "volumes": volumes, "words": spoken}


def _said(text: str, language: Language) -> str:
    """A text that may be a message: in the language where it is one."""
    return language.messages.get(text, text)


def viewer_section(data: ViewerData | None, language: Language) -> Html:
    """The section of the viewer; empty without images. Without script it says where to look instead."""
    if data is None:
        return Html("")
    say = language.say
    body = tag(
        "div",
        tag("p", say(NOTE), cls="small"),
        *(tag("p", note.said(language), cls="small") for note in data.notes),
        tag("div", _planes(language), _controls(language), cls="layout"),
        _help(language),
    )
    return Html(
        f'<section class="viewer" id="viewer" aria-label="{html(say(VIEWER))}">{tag("h2", say(TITLE))}'
        f"<noscript>{tag('p', say(WITHOUT_SCRIPT))}</noscript>"
        '<p class="message" data-part="message" role="status"></p>'
        f'<div data-part="body" hidden>{body}</div></section>'
    )


def _planes(language: Language) -> Html:
    planes = []
    for name, english in PLANE_TITLES:
        title = language.say(english)
        label, slices, large = (
            html(language.say(text, plane=title)) for text in (PLANE_LABEL, SLICE_LABEL, LARGE_LABEL)
        )
        planes.append(
            f'<div class="plane" data-plane="{name}">'
            f'<canvas tabindex="0" role="application" aria-label="{label}" width="320" height="320"></canvas>'
            f'<div class="bar"><label><b>{html(title)}</b> <input type="range" aria-label="{slices}"></label>'
            '<span class="position"></span>'
            f'<button type="button" aria-pressed="false" aria-label="{large}">{html(language.say(LARGE))}</button>'
            "</div></div>"
        )
    return Html(f'<div class="planes">{"".join(planes)}</div>')


def _slider(part: str, title: str) -> str:
    return f'<label class="row">{html(title)} <input type="range" data-part="{part}"> <output></output></label>'


def _check(part: str, title: str) -> str:
    return f'<label class="check"><input type="checkbox" data-part="{part}"> {html(title)}</label>'


def _button(part: str, title: str) -> str:
    return f'<button type="button" data-part="{part}">{html(title)}</button>'


def _controls(language: Language) -> Html:
    """List of candidates, values at the cursor, and what is shown."""
    say = language.say
    heads = "".join(f'<th scope="col">{html(say(text))}</th>' for text in (VALUE, HERE, OTHER_SIDE))
    sliders = "".join(_slider(part, say(title)) for part, title in SLIDERS.items())
    return Html(
        '<div class="controls">'
        f'<fieldset><legend>{html(say(GO_TO))}</legend><ol class="marks" data-part="marks"></ol></fieldset>'
        f"<fieldset><legend>{html(say(AT_CURSOR))}</legend>"
        '<p class="small" data-part="place"></p>'
        f'<table class="values" data-part="values"><thead><tr>{heads}</tr></thead><tbody></tbody></table>'
        f"{_check('mirrored', say(MIRRORED))}"
        f'<div class="buttons">{_button("other-side", say(GO_OVER))}</div></fieldset>'
        f"<fieldset><legend>{html(say(SHOW))}</legend>"
        f'<label class="row">{html(say(SERIES))} <select data-part="series"></select></label>'
        f"{sliders}{_check('outlines', say(OUTLINES))}"
        f'<div class="buttons">{_button("whole", say(WHOLE))}{_button("nearer", say(NEARER))}'
        f"{_button('farther', say(FARTHER))}</div></fieldset></div>"
    )


def _help(language: Language) -> Html:
    rows = [Html(tag("dt", language.say(keys)) + tag("dd", language.say(what))) for keys, what in KEYS]
    return tag("details", tag("summary", language.say(HELP)), tag("dl", *rows, cls="keys"))
