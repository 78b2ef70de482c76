"""The report's evidence: what speaks for and against each candidate, what is set apart, what has to be looked at.

Every sign stands with its points where its candidate is described. Where the weights come from stands once, in one
table at the end of the report.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from ..Numerics.core.records import Candidate, LedgerEntry
from ..Numerics.core.strength import LEAST_WORD, WORDS, signed_points
from ..Numerics.fusion.evidence import SignState, SignWeight, points
from . import words
from .content import ReportContent
from .html import Html, bullets, embedded_image, html, join, pairs, table, tag
from .key_captions import PLANE_WORDS, SCALE
from .key_images import KeyImage
from .languages import Language
from .planes import PLANE_NAMES
from .tables import best_first

POINTS_NOTE = (
    "Points of evidence: each sign makes it more or less likely that a place is a source of pain. 10 points are ten "
    "times the odds, 3 points twice the odds; points below zero speak against it; all signs of a place add up. "
    f"In words: {', '.join(f'{word} from {least:g} points' for least, word in WORDS)}, else {LEAST_WORD}. The points "
    "order the places. They are no probability, as most weights were measured with other tracers and other patients."
)
APART_NOTE = (
    "These were found, too, but reach less than {bar}: too little speaks for them, or too much against them. "
    "Look at them where the pain is near."
)
WEIGHTS_NOTE = (
    "The points of a sign that is fully present, and of one that was looked for and is absent; a sign in between "
    'counts in part. Points are ten times the logarithm of a likelihood ratio. "Our estimate" means that no figure is '
    "published."
)
ESTIMATE = "our estimate"
"""How the source of a weight begins that no publication gives."""
SAME_SOURCE = "the same"
"""How the source of an absent sign begins when it is that of the present one."""
LEAST_SHOWN = 0.05
"""Points below this size are shown as no points: 0.0."""
_POINTS_REMARK = re.compile(r"\.? \([^()]* points of evidence, below the bar of [^()]*\)\.?$")
"""The end of a reason that repeats the points."""


def evidence_section(content: ReportContent, pictured: Collection[str] = ()) -> Html:
    """Each entry to be looked at and each candidate: what speaks for and against it, its measures, its picture.

    Parameters
    ----------
    content : ReportContent
    pictured : collection of str
        IDs of the candidates whose picture stands in the letter already.
    """
    looked_at, candidates = best_first(content.attention), best_first(content.candidates)
    if not candidates and not looked_at:
        return Html("")
    parts = [tag("h2", "Pictures and evidence")]
    parts += [_attention_article(one, content) for one in looked_at]
    parts += [_candidate_article(one, content, one.id not in pictured) for one in candidates]
    left = sum(one.id not in content.key_images for one in candidates)
    if left and content.key_images:
        verb = "is" if left == 1 else "are"
        parts.append(
            tag("p", f"{words.counted(left, 'further candidate')} {verb} described without a picture.", cls="small")
        )
    return tag("section", *parts)


def _attention_article(one: Candidate, content: ReportContent) -> Html:
    """An entry to be looked at. It has no strength of evidence, as it is no candidate."""
    heading = tag(
        "h3",
        f"{words.letter(one.rank - 1)}. To be looked at: {words.title(one)} ",
        evidence_tag(one.evidence),
    )
    return _article(one, [heading, tag("p", one.reason)], content)


def _candidate_article(one: Candidate, content: ReportContent, with_picture: bool) -> Html:
    """A candidate with its rank and the strength of its evidence."""
    heading = tag(
        "h3",
        f"{one.rank}. {words.capital(words.title(one))} ",
        evidence_tag(one.evidence),
        Html(" "),
        tag("span", words.strength(one), cls="strength unit"),
    )
    return _article(one, [heading], content, with_picture)


def _article(one: Candidate, heading: Sequence[Html], content: ReportContent, with_picture: bool = True) -> Html:
    parts = [*heading, ledger_lists(one.ledger), pairs(words.evidence_list(one), "evidence")]
    image = content.key_images.get(one.id) if with_picture else None
    if image is not None:
        parts.append(key_figure(image, f"Key image of {words.title(one)}", Language()))
    return tag("article", *parts, cls="candidate")


def key_figure(image: KeyImage, text: str, language: Language) -> Html:
    """A key image as single panels, which the page arranges as the screen or the paper allows.

    Parameters
    ----------
    image : KeyImage
    text : str
        What the picture shows, for those who do not see it.
    language : Language
        Of the caption.
    """
    planes = [language.say(PLANE_WORDS[name]) for name in PLANE_NAMES]
    rows = []
    for kind, panels in image.panels():
        names = [*planes, language.say(SCALE)]
        pictures = [
            embedded_image(panel, f"{text}: {name}", "scale" if n >= len(planes) else "")
            for n, (panel, name) in enumerate(zip(panels, names, strict=False))
        ]
        rows.append(tag("div", *pictures, cls=f"panels row-{kind}"))
    caption = image.caption_in(language)
    return tag("figure", *rows, tag("figcaption", caption) if caption else Html(""), cls="key")


def evidence_tag(evidence: str, language: Language | None = None) -> Html:
    """The kind of evidence as a small label; its kinds differ by word and border, not by color alone."""
    said = evidence if language is None else language.say(evidence)
    return tag("span", said, cls=f"tag {evidence.replace('+', '').replace(' ', '')}")


def ledger_lists(ledger: Sequence[LedgerEntry]) -> Html:
    """What speaks for a candidate, what against it, and what could not be told, each sign with its points."""
    lists = [
        ("For a source of pain", sorted((e for e in ledger if e.points >= LEAST_SHOWN), key=lambda e: -e.points)),
        ("Against", sorted((e for e in ledger if e.points <= -LEAST_SHOWN), key=lambda e: e.points)),
        ("Says nothing", [e for e in ledger if abs(e.points) < LEAST_SHOWN and not _is_unknown(e)]),
        ("Not assessable", [e for e in ledger if _is_unknown(e)]),
    ]
    shown = [
        tag("div", tag("h4", title), bullets([_sign(entry) for entry in entries]))
        for title, entries in lists
        if entries
    ]
    return tag("div", *shown, cls="ledger") if shown else Html("")


def _is_unknown(entry: LedgerEntry) -> bool:
    return entry.state == SignState.NOT_ASSESSABLE


def _sign(entry: LedgerEntry) -> Html:
    """One sign as a sentence with its points."""
    return html(entry.text) if _is_unknown(entry) else join((f"{entry.text} ", tag("b", signed_points(entry.points))))


def set_apart_section(content: ReportContent) -> Html:
    """What was found but is set apart, in one table with a short reason."""
    title = tag("h2", "Set apart: found, but below the bar")
    if not content.set_apart:
        return tag("section", title, tag("p", "Nothing was set apart."))
    header = [
        "Place",
        "Evidence",
        ("SUVpeak", "g/ml"),
        ("Ratio", "to reference"),
        ("Volume", "ml"),
        "MR",
        "Points",
        "Why it is here",
        "ID",
    ]
    rows = [
        [
            words.title(one),
            tag("span", one.evidence, cls="score"),
            words.suv_peak_or_state(one),
            words.number(one.tbr),
            words.number(one.volume_ml, 1),
            words.mr_or_state(one),
            words.points(one.score),
            short_reason(one),
            tag("span", one.id, cls="score"),
        ]
        for one in best_first(content.set_apart)
    ]
    note = APART_NOTE.format(bar=_bar(content))
    return tag("section", title, tag("p", note), table(header, rows, numeric=(2, 3, 4, 6)))


def _bar(content: ReportContent) -> str:
    """The bar in words: "1 point"."""
    return f"{content.bar:g} {'point' if content.bar == 1 else 'points'}"


def short_reason(one: Candidate) -> str:
    """Why an entry is set apart, without its points, which have a column of their own."""
    return _POINTS_REMARK.sub("", one.reason).removesuffix(".") + "."


def apart_sentence(content: ReportContent) -> str:
    """How many entries are set apart, for the summary; empty without any."""
    count = len(content.set_apart)
    if not count:
        return ""
    noun = "further finding" if content.candidates or content.attention else "finding"
    found, verb = words.counted(count, noun), "is" if count == 1 else "are"
    return (
        f"{words.capital(found)} {verb} set apart, as {'it reaches' if count == 1 else 'they reach'} less than "
        f'{_bar(content)} of evidence; see the table "Set apart".'
    )


def weights_section(content: ReportContent) -> Html:
    """The weight of every sign that occurs in this report, once, with its source."""
    entries: dict[str, LedgerEntry] = {}
    for one in (*content.attention, *content.candidates, *content.set_apart):
        for entry in one.ledger:
            entries.setdefault(entry.sign, entry)
    if not entries:
        return Html("")
    known = [sign for sign in content.weights if sign in entries]
    rows = [weight_row(sign, content.weights[sign]) for sign in known]
    rows += [_unknown_weight(entry) for sign, entry in entries.items() if sign not in content.weights]
    header = ["Sign", ("Present", "points"), ("Absent", "points"), "Basis", "Source"]
    return tag(
        "section",
        tag("h2", "Weights of the signs and their sources"),
        tag("p", WEIGHTS_NOTE, cls="small"),
        table(header, rows, numeric=(1, 2)),
    )


def weight_row(sign: str, weight: SignWeight) -> list[str]:
    """One sign with its points, what they rest on, and the source."""
    return [
        weight.description or sign.replace("_", " "),
        signed_points(points(weight.present)),
        signed_points(points(weight.absent)),
        basis(weight),
        weight_source(weight),
    ]


def basis(weight: SignWeight) -> str:
    """Whether the weights of a sign are published: "published", "our estimate", or which of the two is which."""
    present = ESTIMATE if weight.source.startswith(ESTIMATE) else "published"
    if weight.absent == 1.0 or weight.absent_source.startswith(SAME_SOURCE):
        return present
    absent = ESTIMATE if weight.absent_source.startswith(ESTIMATE) else "published"
    return present if present == absent else f"present: {present}; absent: {absent}"


def weight_source(weight: SignWeight) -> str:
    """The source of the weights of a sign; that of the absent sign where it is another one."""
    source = _reason_of(weight.source)
    absent = _reason_of(weight.absent_source)
    is_said = weight.source.startswith(weight.absent_source) or weight.absent_source == SAME_SOURCE
    if weight.absent == 1.0 or not absent or is_said:
        return source
    return f"{source}; absent: {absent}" if source else f"absent: {absent}"


def _reason_of(source: str) -> str:
    """A source without the words that the column "Basis" says already."""
    return source.removeprefix(ESTIMATE).lstrip(";:, ")


def _unknown_weight(entry: LedgerEntry) -> list[str]:
    """A sign of which the protocol at hand holds no weight, as in a case of an earlier version."""
    is_ours = entry.source.startswith(ESTIMATE)
    return [
        entry.sign.replace("_", " "),
        words.UNKNOWN,
        words.UNKNOWN,
        ESTIMATE if is_ours else "published",
        entry.source,
    ]
