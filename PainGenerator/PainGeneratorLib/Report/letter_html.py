"""The letter to the referring physician as the first part of ``report.html``."""

from __future__ import annotations

from .content import ReportContent
from .evidence_section import evidence_tag, key_figure
from .html import Html, bullets, embedded_image, html, join, pairs, tag
from .languages import Language
from .letter import Letter, LetterCandidate
from .paper import PaperPlan

ANSWER_TITLE = "In short"
IMPRESSION_TITLE = "The radiologist's impression"
ADVICE_TITLE = "The radiologist's advice"
ATTENTION_TITLE = "Not a pain generator, but to be looked at"
NOT_ASSESSED_TITLE = "What could be assessed, and what could not"
CANDIDATES_TITLE = "The candidates"
SEEN, SURE, MEANING, CONFIRM, COMMON, CAUTIONS, REVIEW, COMMENT = (
    *("What is seen", "How sure it is", "What it may mean", "How it can be confirmed"),
    *("In people without pain", "Caution", "Review", "The radiologist's comment"),
)
FIGURE = (
    "PET seen from the front and from the left; darker is more uptake. Numbers are the candidates below, letters what "
    "has to be looked at. Two rings: PET and MR; one ring: PET only; square: MR only."
)
FIGURE_TEXT = "The whole field of the PET with the places of the candidates."
SCROLL_HINT = "The figure goes on at its side: move it with the finger."
KEY_IMAGE_TEXT = "Key images of {place}"
TERMS_TITLE = "Words used here"
TERMS: tuple[tuple[str, str], ...] = (
    (
        "Candidate",
        "A place whose uptake of FDG or whose MR signal stands out. Whether it causes the pain is decided with "
        "history, examination and, where fitting, a diagnostic block.",
    ),
    (
        "SUVpeak",
        "Uptake of FDG in the hottest 1 ml, relative to what an even distribution in the body would give (g/ml).",
    ),
    (
        "Normal tissue it is compared with",
        "Tissue of the same kind in the same patient. Pain generators take up little FDG; a fixed limit misses them.",
    ),
    (
        "Points of evidence",
        "All signs for and against a place, added up. 10 points are ten times the odds, 3 points twice the odds. "
        "Strong is 10 or more, moderate 6, weak 3; less is little. They order the places and are no probability.",
    ),
)
RESEARCH_USE = "Research use only. Candidates, never a diagnosis."
DETAILS_ENGLISH = "The details for the radiologist, below, are in English."


def letter_section(content: ReportContent, letter: Letter, viewer: Html, plan: PaperPlan) -> Html:
    """The letter: who, when and why; the answer with its figure; every candidate in plain words; the terms.

    Parameters
    ----------
    content : ReportContent
    letter : Letter
    viewer : Html
        The images, to be looked through; empty without them.
    plan : PaperPlan
        What of it is printed, and how large, when the letter is printed on two pages.
    """
    say = letter.language.say
    return tag(
        "section",
        tag("h1", say("FDG-PET/MRI: candidate pain generators")),
        tag("p", tag("strong", say(RESEARCH_USE)), cls="use"),
        tag("p", tag("strong", letter.patient), Html("<br>"), _examination(letter), cls="who"),
        _first_screen(content, letter),
        viewer,
        _candidates(content, letter, plan),
        _terms(letter.language),
        cls=f"letter {plan.classes}",
    )


def _examination(letter: Letter) -> str:
    return ". ".join(part for part in (letter.examination, letter.reason) if part) + "."


def _first_screen(content: ReportContent, letter: Letter) -> Html:
    """The answer, what has to be looked at, the figure, and what could not be assessed."""
    say = letter.language.say
    alerts = [tag("p", tag("strong", text)) for text in letter.alerts]
    words_of = [tag("div", *alerts, cls="box stop")] if alerts else []
    words_of += [tag("h2", say(ANSWER_TITLE)), *_answer(letter)]
    words_of += _notes(letter)
    if letter.attention:
        items = [join((tag("strong", f"{place}. "), reason)) for place, reason in letter.attention]
        words_of.append(tag("div", tag("h3", say(ATTENTION_TITLE)), bullets(items), cls="box look"))
    missing = tag("div", tag("h3", say(NOT_ASSESSED_TITLE)), bullets(letter.not_assessed), cls="short")
    return tag("div", tag("div", *words_of, cls="short"), _figure(content, letter.language), missing, cls="first")


def _answer(letter: Letter) -> list[Html]:
    first, *rest = letter.answer
    return [tag("p", tag("strong", first), cls="answer"), *(tag("p", text) for text in rest)]


def _notes(letter: Letter) -> list[Html]:
    """What people wrote: impression and advice, marked where the findings changed since."""
    texts = [(IMPRESSION_TITLE, letter.impression), (ADVICE_TITLE, letter.advice)]
    shown = [part for title, text in texts if text for part in _paragraphs(letter.language.say(title), text)]
    shown += [tag("p", text) for text in letter.left_over]
    if not shown:
        return []
    mark = [tag("p", tag("strong", letter.outdated))] if letter.outdated else []
    return [tag("div", *mark, *shown, cls="box stop" if letter.outdated else "written")]


def _paragraphs(title: str, text: str) -> list[Html]:
    """A title with a text, whose empty lines part paragraphs."""
    return [tag("h3", title), *(tag("p", part.strip()) for part in text.split("\n\n") if part.strip())]


def _figure(content: ReportContent, language: Language) -> Html:
    if not content.overview_png:
        return Html("")
    picture = tag("div", embedded_image(content.overview_png, language.say(FIGURE_TEXT)), cls="wide")
    hint = tag("p", language.say(SCROLL_HINT), cls="hint")
    return tag("figure", picture, hint, tag("figcaption", language.say(FIGURE)), cls="overview")


def _candidates(content: ReportContent, letter: Letter, plan: PaperPlan) -> Html:
    if not letter.candidates:
        return Html("")
    articles = [
        _article(one, content, letter.language, number < plan.candidates)
        for number, one in enumerate(letter.candidates)
    ]
    return join((tag("h2", letter.language.say(CANDIDATES_TITLE)), *articles))


def candidate_rows(one: LetterCandidate, language: Language) -> list[tuple[str, object]]:
    """What is said of a candidate, each with its heading; what is empty is left out."""
    rows: list[tuple[str, object]] = [
        (SEEN, " ".join(one.seen)),
        (SURE, one.sure),
        (CAUTIONS, bullets(one.cautions) if one.cautions else ""),
        (MEANING, one.meaning),
        (CONFIRM, one.confirm),
        (COMMON, one.common),
        (REVIEW, one.review),
        (COMMENT, one.comment),
    ]
    return [(language.say(name), value) for name, value in rows if value]


def _article(one: LetterCandidate, content: ReportContent, language: Language, is_printed: bool) -> Html:
    evidence = next(candidate.evidence for candidate in content.candidates if candidate.id == one.id)
    image = content.key_images.get(one.id)
    parts = [
        tag("h3", html(f"{one.rank}. {one.place} "), evidence_tag(evidence, language)),
        pairs(candidate_rows(one, language), "evidence"),
        Html("") if image is None else key_figure(image, language.say(KEY_IMAGE_TEXT, place=one.place), language),
    ]
    kind = evidence.replace("+", "").replace(" ", "")
    return tag("article", *parts, cls=f"candidate on-{kind}" + ("" if is_printed else " off-paper"))


def _terms(language: Language) -> Html:
    rows: list[tuple[object, object]] = [(language.say(term), language.say(meaning)) for term, meaning in TERMS]
    parts = [tag("h3", language.say(TERMS_TITLE)), pairs(rows, "terms")]
    if not language.is_english:
        parts.append(tag("p", language.say(DETAILS_ENGLISH), cls="small"))
    return tag("div", *parts, cls="small")
