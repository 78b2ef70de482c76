"""Sections of the page of a study: scores, missing outcomes, readers, blocks, planning, methods."""

from __future__ import annotations

from typing import Any

from .page_pieces import (
    Html,
    count,
    element,
    estimate,
    figure,
    html,
    number,
    p_value,
    paragraph,
    points,
    proportion,
    share,
    table,
)
from .page_sections import section
from .report_words import group_word

MEASURES = {"nrs": "NRS, points of 0 to 10", "vas": "VAS, mm of 0 to 100", "odi": "ODI, points of 0 to 100"}


def scores_section(results: dict[str, Any], figures: dict[str, bytes]) -> Html:
    """Scores over time: each patient, and a mixed model."""
    parts: list[object] = []
    if "scores-over-time.svg" in figures:
        parts.append(
            figure(
                figures["scores-over-time.svg"],
                "Scores over time, a thin line for each patient, by group and arm. results.json has each score.",
                "Scores over time: each thin line is one patient, the thick line the mean of those known at "
                "that time.",
            )
        )
    if results["scores_left_out"]:
        parts.append(
            paragraph(
                element("strong", "Left out here: "),
                count(results["scores_left_out"]),
                " scores whose time point is not a number of days, weeks, months or years; results.json "
                "names them by patient.",
                cls="box",
            )
        )
    names = {months: name for one in results["patients"] for name, months, _ in one["scores"]}
    for group, model in results["model"].items():
        parts.append(element("h3", f"{group_word(group)}: mixed model, {MEASURES[results['rule']['measure']]}"))
        if model["reason"]:
            parts.append(paragraph(model["reason"]))
            continue
        rows = [
            [
                names[one["months"]],
                estimate(one["control_change"]),
                estimate(one["difference"]),
                p_value(one["difference"]["p"]),
            ]
            for one in model["times"]
        ]
        parts.append(
            table(["Time", "Change in the control arm", "Guided minus control, change since baseline", "p"], rows)
        )
        parts.append(
            paragraph(
                "From ", count(model["scores"]), " scores of ", count(model["patients"]), " patients. At the "
                "start, the "
                "control arm had ", estimate(model["start"]), ", and the guided arm differed by ",
                estimate(model["start_difference"]), ". Spread between patients ", number(model["between_sd"]),
                ", within a patient ", number(model["within_sd"]), " (standard deviations). Below zero means "
                "less pain or "
                "disability than in the control arm.",
                cls="small",
            )
        )  # fmt: skip
    return section("Scores over time", *parts)


def missing_section(results: dict[str, Any]) -> Html:
    """What the missing outcomes could change."""
    rows, said = [], []
    words = {
        "known": "known outcomes only",
        "best": "best case: all missing guided succeeded, no missing control",
        "worst": "worst case: no missing guided succeeded, all missing control",
    }
    for name, one in results["outcomes_missing"].items():
        missing = one["missing"]
        if not missing["first"] + missing["second"]:
            said.append(paragraph(f"{group_word(name)}: no outcome is missing."))
            continue
        for key, word in words.items():
            found = one[key]
            rows.append(
                [f"{group_word(name)}, {word}", proportion(found["first"]), proportion(found["second"]),
                 points(found["difference"]), p_value(found["fisher_p"])]
            )  # fmt: skip
        said.append(_tipping(name, one))
    header = ["", "Guided", "Control", "Difference, percentage points", "p (Fisher)"]
    return section("Missing outcomes", *([table(header, rows)] if rows else []), *said)


def _tipping(name: str, one: dict[str, Any]) -> Html:
    head = Html(
        f"{html(group_word(name))}: missing are {count(one['missing']['first'])} guided and "
        f"{count(one['missing']['second'])} control outcomes. "
    )
    if one["known"]["fisher_p"] is None:
        return paragraph(head, "An arm without a known outcome leaves nothing to compare.")
    if one["tipping"] is None:
        return paragraph(head, "Whatever they were, the verdict at the 5 % level stays the same.")
    return paragraph(
        head, "The verdict at the 5 % level would turn if ", count(one["tipping"]["first"]),
        " of the missing guided and ",
        count(one["tipping"]["second"]),
        " of the missing control patients had succeeded (tipping point: the turning pair nearest to the known "
        "shares).",
    )  # fmt: skip


def readers_section(results: dict[str, Any]) -> Html:
    """Agreement of two readers."""
    found = results["agreement"]
    cells = found["table"]
    if not found["agreed"]["total"]:
        return section("Two readers", paragraph("No candidate was judged by two readers."))
    kappa = found["kappa"]
    rows = [
        ["Same decision", proportion(found["agreed"])],
        ["Cohen's kappa",
         Html(f"{estimate(kappa, 2)}, {kappa['word']}") if kappa else html("not defined: both used one word only")],
        ["Gwet's AC1", estimate(found["ac1"], 2)],
        ["PABAK", estimate(found["pabak"], 2)],
    ]  # fmt: skip
    return section(
        "Two readers",
        table(["Candidates", "Agreement (95\u00a0% interval)"], rows),
        paragraph(
            "Accepted by both: ", count(cells["both"]), "; by the first only: ", count(cells["first_only"]),
            "; by the second only: ", count(cells["second_only"]), "; by neither: ", count(cells["neither"]), ".",
        ),
        paragraph(
            "Kappa falls when nearly all decisions are the same, even if the readers agree; AC1 and PABAK do not. "
            "Candidates of one patient count as if they were independent, so that the intervals are too narrow "
            "where a "
            "patient has several.",
            cls="small",
        ),
    )  # fmt: skip


def blocks_section(results: dict[str, Any]) -> Html:
    """The value of a candidate against a block."""
    found = results["blocks"]
    cells = found["table"]
    if not sum(cells.values()):
        return section("Candidates against blocks", paragraph("No place was tested by a block with a clear outcome."))
    names = {
        "sensitivity": "Sensitivity: of places that the block confirmed, those that were candidates",
        "specificity": "Specificity: of places that the block did not confirm, those that were none",
        "positive_value": "Positive predictive value: of candidates, those that the block confirmed",
        "negative_value": "Negative predictive value: of places that were no candidate, those not confirmed",
    }
    return section(
        "Candidates against blocks",
        table(
            ["Places tested by a block", "(95\u00a0% interval)"],
            [[text, proportion(found[key])] for key, text in names.items()],
        ),
        paragraph(
            "Confirmed candidates: ", count(cells["true"]), "; not confirmed: ", count(cells["false"]),
            "; confirmed places that were no candidate: ", count(cells["missed"]), "; neither: ",
            count(cells["right_negative"]), "; left out as unclear: ", count(found["unclear"]), ". Tested were ",
            count(found["patients"]), " patients.",
        ),
        paragraph(
            "Only places that somebody chose to test are counted, and candidates are tested more often than others. "
            "This makes sensitivity look better and specificity worse than they are (verification bias).",
            cls="small",
        ),
    )  # fmt: skip


def planning_section(results: dict[str, Any], figures: dict[str, bytes]) -> Html:
    """How many patients the next study needs."""
    rows: list[list[object]] = []
    for name, one in results["planning"].items():
        if one is None:
            rows.append([group_word(name), "a rate is not known, 0 or 100 %", "", "", "", ""])
        elif one["patients"] is None:
            rows.append(
                [
                    group_word(name),
                    share(one["guided"]),
                    share(one["control"]),
                    "no number: equal or nearly so",
                    "",
                    "",
                ]
            )
        else:
            rows.append(
                [group_word(name), share(one["guided"]), share(one["control"]), count(one["guided_patients"]),
                 count(one["control_patients"]), share(one["reached"])]
            )  # fmt: skip
    plans = [one for one in results["planning"].values() if one]
    parts: list[object] = [
        table(
            ["", "Success, guided", "Success, control", "Guided patients", "Control patients", "Power reached"], rows
        )
    ]
    if plans:
        parts.append(
            paragraph(
                "Wanted: a power of ", share(plans[0]["power"]), " at a two-sided level of ", share(plans[0]["alpha"]),
                "; outcomes lost: ", share(plans[0]["lost"]), ".",
            )
        )  # fmt: skip
    if "power.svg" in figures:
        parts.append(
            figure(
                figures["power.svg"], "Power over the number of guided patients.", "Power over the number of patients."
            )
        )
    parts.append(
        paragraph(
            "The numbers are those of the normal approximation; Fisher's exact test needs somewhat more patients. "
            "Rates of a small study are uncertain, and those of a first study are often too good. A careful "
            "plan takes the "
            "smallest difference that matters to patients, not the one that was seen.",
            cls="small",
        )
    )
    return section("Planning the next study", *parts)


METHODS = (
    "Intervals of shares: Wilson (1927). Differences: Newcombe (1998), method 10. Ratios: Katz (1978). Tests: "
    "Fisher's "
    "exact test, two-sided. Number needed to treat: Altman (1998). Common effect: Mantel and Haenszel (1959) with the "
    "interval of Robins, Breslow and Greenland (1986); differences weighted by inverse variance; heterogeneity "
    "by Breslow "
    "and Day (1980) with Tarone's correction (1985), and I² by Higgins et al. (2003). Mixed model: arm, time as "
    "categories and both "
    "together, a random intercept for each patient, REML. Agreement: Cohen (1960), words of Landis and Koch "
    "(1977), Gwet "
    "(2008), Byrt (1993). Sample size: normal approximation of two shares. All intervals cover 95 %. No "
    "correction is made "
    "for several tests."
)


def methods_section() -> Html:
    """How the numbers were computed."""
    return element(
        "section", element("h2", "How it was computed"),
        paragraph(METHODS, cls="small"),
        paragraph("The numbers come from scipy and statsmodels, but for AC1, which neither has.", cls="small"),
        cls="method",
    )  # fmt: skip
