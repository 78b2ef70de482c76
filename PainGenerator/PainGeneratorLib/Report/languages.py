"""The languages of the letter to the referring physician: one catalog of messages for each, by the English text.

A message is an English sentence with named blanks (``"{count} candidates"``). A catalog is a JSON file of such
sentences and their translations. English needs none. Files with numbers for other programs stay English in every
language.
"""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..Numerics.core.errors import PainGeneratorError

ENGLISH = "en"
LANGUAGE_NAMES: Mapping[str, str] = {ENGLISH: "English", "de": "Deutsch", "nl": "Nederlands"}
"""Code of a language (ISO 639-1) -> its own name for itself."""
LANGUAGES_FOLDER = Path(__file__).resolve().parents[1] / "Resources" / "Languages"
"""Where the catalogs are."""


@dataclass(frozen=True)
class Language:
    """A language with its messages.

    Parameters
    ----------
    code : str
        ISO 639-1.
    messages : mapping of str to str
        English message -> translation; empty for English.
    """

    code: str = ENGLISH
    messages: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def is_english(self) -> bool:
        """True for the language in which the program is written."""
        return self.code == ENGLISH

    def say(self, message: str, **blanks: object) -> str:
        """A message in this language, with its blanks filled.

        A message that the catalog lacks stays English, which the reader sees; the tests find every such message.
        """
        return self.messages.get(message, message).format(**blanks)

    def knows(self, message: str) -> bool:
        """Whether a message can be said in this language."""
        return self.is_english or message in self.messages


@functools.cache
def load_language(code: str) -> Language:
    """The language of a code.

    Parameters
    ----------
    code : str
        One of :data:`LANGUAGE_NAMES`.

    Raises
    ------
    PainGeneratorError
        When there is no such language.
    """
    if code not in LANGUAGE_NAMES:
        known = ", ".join(f"{one} ({name})" for one, name in LANGUAGE_NAMES.items())
        raise PainGeneratorError(f"There is no report in the language '{code}'.", f"Choose one of: {known}.")
    if code == ENGLISH:
        return Language()
    path = LANGUAGES_FOLDER / f"{code}.json"
    return Language(code, json.loads(path.read_text(encoding="utf-8")))
