"""Sections of the page of a study: in short, rule, flow, table one, detection, success, medication."""

from __future__ import annotations

from typing import Any

from .page_pieces import (
    Html,
    count,
    element,
    estimate,
    figure,
    html,
    needed,
    number,
    p_value,
    paragraph,
    points,
    proportion,
    share,
    shown,
    table,
)
from .report_words import arm_word, group_word

SMALL = (
    "These are small numbers: each interval is wide, and one or two patients more or fewer would change the "
    "percentages "
    "much."
)
PLACES = (("guided", "first"), ("control", "second"))


def section(title: str, *parts: object) -> Html:
    """A section with its heading."""
    return element("section", element("h2", title), *parts)


def short_section(results: dict[str, Any]) -> Html:
    """The answer in a few sentences."""
    found = results["detection"]["all"]
    parts = [
        paragraph("PET/MRI showed at least one candidate pain generator in ", proportion(found), " of those examined.")
    ]
    for name, one in results["success"].items():
        comparison = one["comparison"]
        if comparison["fisher_p"] is None:
            parts.append(paragraph(f"{group_word(name)}: the arms cannot be compared. ", *comparison["notes"]))
            continue
        parts.append(
            paragraph(
                element("strong", f"{group_word(name)}: "),
                "guided treatment helped ", proportion(comparison["first"]),
                "; control treatment ", proportion(comparison["second"]), ". ", verdict(comparison),
            )
        )  # fmt: skip
    if any(one["comparison"][place]["is_small"] for one in results["success"].values() for _, place in PLACES):
        parts.append(paragraph(SMALL))
    return section("In short", element("div", *parts, cls="short"))


def verdict(comparison: dict[str, Any]) -> Html:
    """What the comparison of two arms allows to say, and what not."""
    low, high, p = comparison["difference"]["low"], comparison["difference"]["high"], comparison["fisher_p"]
    if p < 0.05:
        side = "more" if comparison["difference"]["value"] > 0 else "fewer"
        return Html(f"The guided arm had {side} successes than chance alone would easily give (p {p_sign(p)}).")
    wide = ""
    if low < 0 < high:
        wide = (
            f" The data agree with anything from {points_word(low)} to {points_word(high)} of the guided arm, so that "
            "neither a benefit nor its absence is shown."
        )
    return Html(f"The difference could be chance (p {p_sign(p)}).{wide}")


def p_sign(p: float) -> Html:
    """``= 0.25`` or ``< 0.001``."""
    return p_value(p) if p < 0.001 else Html(f"= {p_value(p)}")


def points_word(value: float) -> Html:
    """``11 percentage points fewer successes``."""
    from .report_words import written

    return Html(
        f"{shown(value, written(abs(100 * value), 0))} percentage points {'fewer' if value < 0 else 'more'} successes"
    )


def rule_section(results: dict[str, Any]) -> Html:
    """What counts as a success, and when."""
    rule = results["rule"]
    if rule is None:
        return section(
            "What counted as success",
            paragraph(
                "This study was entered as counts. Its rule of success and its time of follow-up are not known."
            ),
        )
    when = (
        "" if rule["is_time_set_down"]
        else " No time was set down for this study: the one with most records was taken. A protocol names it first."
    )  # fmt: skip
    return section(
        "What counted as success",
        paragraph(
            f"{rule['text']} It was judged at {rule['time_point'] or 'no time, as there is no follow-up'}.{when}"
        ),
        paragraph(
            "Patients count in the arm they were assigned to, whatever treatment followed; without assignment, "
            "in the arm "
            "of their first treatment. A patient whose outcome is not known counts neither as success nor as "
            "failure, and "
            "no earlier value stands in for a missing one.",
        ),
    )


def flow_section(results: dict[str, Any], figures: dict[str, bytes]) -> Html:
    """The flow of patients."""
    flow = results["flow"]
    rows = [
        [
            arm_word(arm),
            *(count(flow["arms"][arm][key]) for key in ("assigned", "treated", "crossed", "known", "missing")),
        ]
        for arm in flow["arms"]
    ]
    text = "Flow of patients: enrolled, examined, in each arm, treated, outcome known. The table below says the same."
    return section(
        "Flow of patients",
        paragraph(
            "Enrolled: ", count(flow["enrolled"]), "; examined by PET/MRI: ", count(flow["examined"]),
            "; with at least one candidate: ", count(flow["found"]), "; in no arm: ", count(flow["without_arm"]), ".",
        ),
        figure(figures["flow.svg"], text, "Flow of patients, after the CONSORT statement."),
        table(
            ["Arm", "In the arm", "Treated", "Of these as in the other arm", "Outcome known", "Outcome missing"], rows
        ),
    )  # fmt: skip


def table_one_section(results: dict[str, Any]) -> Html:
    """Who the patients were."""
    lines = results["table_one"]
    columns = list(lines[0]["cells"]) if lines else []

    def cell(one: dict[str, Any]) -> Html:
        if "number" in one:
            return count(one["number"])
        if "share" in one:
            found = one["share"]
            return (
                Html(f"{count(found['count'])} of {count(found['total'])} ({share(found['share'])})")
                if found["total"] else html("not known")
            )  # fmt: skip
        if not one["known"]:
            return html("not known")
        spread = Html(f" ± {number(one['sd'])}") if one["sd"] is not None else ""
        lost = Html(f"; {count(one['unknown'])} not known") if one["unknown"] else ""
        return Html(f"{number(one['mean'])}{spread}{lost}")

    def head(name: str) -> str:
        group, _, arm = name.partition(" ")
        return f"{group_word(group)}, {arm_word(arm).lower()}"

    return section(
        "Who the patients were",
        table(["", *map(head, columns)], [[one["label"], *map(cell, one["cells"].values())] for one in lines]),
        paragraph("Numbers with ± are mean and standard deviation of those who are known.", cls="small"),
        paragraph(
            "No test compares the arms here: in a randomized study differences at the start are chance by design.",
            cls="small",
        ),
    )


def detection_section(results: dict[str, Any]) -> Html:
    """How often a candidate was found."""
    rows = [
        ["All" if name == "all" else group_word(name), proportion(one)] for name, one in results["detection"].items()
    ]
    if "treated_of_found" in results:
        rows.append(["Guided treatment after a candidate was found", proportion(results["treated_of_found"])])
    return section(
        "How often a candidate was found",
        table(["", "Patients (95\u00a0% interval)"], rows),
        paragraph(
            "Found means at least one candidate that its reader did not set aside. It does not say that the "
            "candidate is "
            "the cause of the pain.",
            cls="small",
        ),
    )


def comparison_table(items: dict[str, dict[str, Any]], with_needed: bool = True) -> Html:
    """Shares by group and arm, and how the arms differ."""
    header = [
        "",
        "Guided (95\u00a0% interval)",
        "Control (95\u00a0% interval)",
        "Difference, percentage points",
        "Ratio of the shares",
    ]
    header += ["Fisher's exact test, p"]
    header += ["Treated guided for one success more (NNT)"] if with_needed else []
    rows = []
    for name, one in items.items():
        found = one["comparison"]
        cells: list[object] = [group_word(name), proportion(found["first"]), proportion(found["second"])]
        cells += [points(found["difference"]), estimate(found["ratio"], 2), p_value(found["fisher_p"])]
        rows.append(cells + ([needed(found["needed_to_treat"])] if with_needed else []))
    notes = dict.fromkeys(note for one in items.values() for note in one["comparison"]["notes"])
    return Html(table(header, rows) + "".join(paragraph(note, cls="small") for note in notes))


def success_section(results: dict[str, Any], figures: dict[str, bytes]) -> Html:
    """Success by group and arm, and over the groups."""
    parts: list[object] = [
        figure(
            figures["success.svg"],
            "Success by group and arm; each mark is one patient. The table below says the same.",
            "Success by group and arm. Every patient is one mark.",
        ),
        comparison_table(results["success"]),
        paragraph(
            "A difference above zero speaks for guided treatment. An interval of the number needed to treat that runs "
            "through infinity says that the data agree with no effect at all.",
            cls="small",
        ),
    ]
    if "differences.svg" in figures:
        parts.append(
            figure(
                figures["differences.svg"],
                "Differences of success with intervals, by group and over both groups; the tables say the same.",
                "Difference of success, guided minus control, with its 95 % interval.",
            )
        )
    return section(
        "Success by group and arm", *parts, element("h3", "Both groups together"), _common(results["common"])
    )


def _common(common: dict[str, Any] | None) -> Html:
    if common is None:
        return paragraph("A common effect needs both arms, and both outcomes, in at least two groups.")
    odds, apart = common["odds_ratio"], common["heterogeneity"]
    return Html(
        paragraph(
            "Common odds ratio by Mantel and Haenszel: ", estimate(odds, 2), ", p ", p_value(common["p"]),
            ". Common ratio of the shares: ", number(common["risk_ratio"], 2),
            ". Common difference, weighted by inverse variance: ", points(common["difference"]), " percentage points.",
        )
        + paragraph(
            "Do the groups differ in the effect? Breslow and Day: p ", p_value(apart["p"]), "; I² ",
            share(apart["i2"]), ". With groups this small, the test would miss all but large differences.",
        )
    )  # fmt: skip


def medication_section(results: dict[str, Any]) -> Html:
    """Who needed more medication or TENS."""
    missing = ", ".join(
        f"{group_word(name)}: {arm_word(arm).lower()} {count(one['missing'][arm])}"
        for name, one in results["medication"].items()
        for arm, _ in PLACES
    )
    return section(
        "More pain medication or TENS",
        comparison_table(results["medication"], with_needed=False),
        paragraph(
            "Counted are patients whose analgesic score rose, or who started TENS, since baseline. A difference below "
            "zero speaks for guided treatment. Scores of different rules are not compared.",
            cls="small",
        ),
        paragraph("Not known: ", Html(missing), ".", cls="small"),
    )


def percentages_section(results: dict[str, Any]) -> Html:
    """Shares that are known in percent only, with the counts they can come from."""
    parts: list[object] = []
    for one in results["percentages"]:
        parts.append(
            paragraph(
                f"{one['what']}: ", shown(one["guided_percent"], f"{one['guided_percent']} %"), " of the guided and ",
                shown(one["control_percent"], f"{one['control_percent']} %"), " of the control patients. "
                "The counts behind these percentages are not known, so that no interval and no test is given.",
            )
        )  # fmt: skip
        for arm in ("guided", "control"):
            listed = [Html(f"{count(a)} of {count(n)}") for a, n in one[f"{arm}_counts"]]
            parts.append(
                paragraph(
                    f"{arm_word(arm)}: of up to ", count(one[f"most_{arm}"]), " patients, these counts round to it: ",
                    Html(", ".join(listed) or "none"), ".",
                )
            )  # fmt: skip
        if one["fits_all_guided"] or one["fits_all_control"]:
            continue
        parts.append(
            paragraph(
                "No count of all treated patients of an arm gives its percentage. So either not all patients "
                "were asked, or the percentages count something else, such as patients of another set.",
            )
        )
    return section("More pain medication or TENS", *parts)
