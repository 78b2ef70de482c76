"""The document about the domain shows the weights of evidence that the protocol has."""

from __future__ import annotations

import re

from PainGeneratorLib.Numerics.core.strength import WORDS
from PainGeneratorLib.Workflow.protocol import load_protocol
from weights_table import DOCUMENT, lines, written


def _section() -> str:
    text = DOCUMENT.read_text(encoding="utf-8")
    return text[text.index("## Evidence") : text.index("## Label maps of other programs")]


def test_the_table_of_weights_in_the_document_is_that_of_the_protocol() -> None:
    advice = "run PYTHONPATH=PainGenerator python Testing/Python/weights_table.py"
    assert written(_section()) == lines(), advice


def test_the_document_names_the_bar_and_the_words_of_strength_as_the_code_has_them() -> None:
    section = " ".join(_section().split())
    bar = load_protocol("low-back").value("fusion.bar")
    assert f"The bar is {bar:g} point" in section
    for least, word in WORDS:
        assert re.search(rf"\b{word} \({least:g} points", section), word
