"""The figures of a study report as SVG: no color carries a meaning alone, and every patient is one mark."""

from __future__ import annotations

import io
from typing import Any

from .report_words import arm_word, group_word, percent

COLORS = {"guided": "#0072B2", "control": "#D55E00"}
"""Blue and vermilion of Okabe and Ito (2008), told apart in all common kinds of color blindness."""
MARKS = {"guided": "o", "control": "s"}
INK, SOFT = "#15202b", "#4a5764"

SETTINGS: Any = {
    "svg.hashsalt": "pain-generator", "font.size": 10, "font.family": "DejaVu Sans", "axes.edgecolor": SOFT,
    "text.color": INK, "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK, "axes.spines.top": False,
    "axes.spines.right": False,
}  # fmt: skip
"""Settings of matplotlib; the salt makes the same study give the same file."""


def study_figures(results: dict[str, Any]) -> dict[str, bytes]:
    """Draw the figures.

    Parameters
    ----------
    results : dict
        As of :func:`.results.study_results`.

    Returns
    -------
    dict
        File name -> SVG.
    """
    import matplotlib

    with matplotlib.rc_context(SETTINGS):
        figures = {"flow.svg": _flow(results), "success.svg": _success(results)}
        if any(_difference(one) for one in results["success"].values()):
            figures["differences.svg"] = _differences(results)
        if any(row["scores"] for row in results.get("patients", ())):
            figures["scores-over-time.svg"] = _scores(results)
        if any(one and one["curve"] for one in results["planning"].values()):
            figures["power.svg"] = power_figure(results["planning"])
    return figures


def _svg(figure: Any) -> bytes:
    stream = io.BytesIO()
    figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": "PainGenerator"}, bbox_inches="tight")
    return stream.getvalue()


def _figure(width: float, height: float) -> Any:
    """A figure without a window, in inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height))


def _flow(results: dict[str, Any]) -> bytes:
    flow = results["flow"]
    figure = _figure(8.6, 4.7)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, 10), ylim=(0, 7))
    axes.axis("off")

    def box(x: float, y: float, text: str, color: str = SOFT) -> None:
        axes.text(x, y, text, ha="center", va="center", linespacing=1.5,
                  bbox={"boxstyle": "round,pad=0.55", "fc": "white", "ec": color, "lw": 1.6})  # fmt: skip

    def arrow(x0: float, y0: float, x1: float, y1: float) -> None:
        axes.annotate("", (x1, y1), (x0, y0), arrowprops={"arrowstyle": "->", "color": SOFT, "linewidth": 1.4})

    def known(number: int | None) -> str:
        return "not known" if number is None else f"n = {number}"

    box(5, 6.4, f"Patients enrolled: {known(flow['enrolled'])}")
    box(5, 5.1, f"Examined by PET/MRI: {known(flow['examined'])}\nwith a candidate: {known(flow['found'])}")
    arrow(5, 6.1, 5, 5.6)
    for x, arm in ((2.4, "guided"), (7.6, "control")):
        row = flow["arms"][arm]
        box(x, 3.1, f"{arm_word(arm)}: {known(row['assigned'])}\ntreated: {known(row['treated'])}", COLORS[arm])
        box(x, 1.0, f"Outcome known: {known(row['known'])}\nOutcome missing: {known(row['missing'])}", COLORS[arm])
        if results["kind"] == "registry":
            arrow(5, 4.6, x, 3.65)
        arrow(x, 2.6, x, 1.5)
    if results["kind"] == "counts":
        axes.text(5, 4.05, "How the treated patients came from those examined\nis not known for both arms",
                  ha="center", va="center", color=SOFT, style="italic")  # fmt: skip
    elif flow["without_arm"]:
        axes.text(5, 2.1, f"In no arm:\nn = {flow['without_arm']}", ha="center", va="center", color=SOFT)
    return _svg(figure)


def _success(results: dict[str, Any]) -> bytes:
    """Each patient is one mark: filled for a success, open for none, a cross where it is not known."""
    lines = []
    for group, one in results["success"].items():
        for arm, place in (("guided", "first"), ("control", "second")):
            share = one["comparison"][place]
            lines.append((group, arm, share, one["missing"][arm] or 0))
    most = max([share["total"] + missing for _, _, share, missing in lines] or [1])
    figure = _figure(8.6, 0.62 * len(lines) + 1.2)
    axes = figure.add_subplot()
    for y, (_, arm, share, missing) in enumerate(lines):
        for x in range(share["total"] + missing):
            is_known = x < share["total"]
            axes.plot(x + 1, -y, MARKS[arm] if is_known else "x", color=COLORS[arm], markersize=8, markeredgewidth=1.6,
                      fillstyle="full" if x < share["count"] else "none", gid=f"patient-{y}-{x}")  # fmt: skip
        text = f"{share['count']} of {share['total']} ({percent(share['share'])})" if share["total"] else "none known"
        axes.text(most + 1, -y, text, va="center")
    axes.set_yticks(
        [-y for y in range(len(lines))], [f"{group_word(group)}\n{arm_word(arm)}" for group, arm, *_ in lines]
    )
    axes.set(xlim=(0.3, most * 1.3 + 2), ylim=(-len(lines) + 0.4, 0.6), xticks=[])
    axes.set_xlabel(
        "Each mark is one patient: filled = success, open = no success, cross = outcome not known", loc="left"
    )
    axes.spines["bottom"].set_visible(False)
    return _svg(figure)


def _difference(one: dict[str, Any]) -> dict[str, float] | None:
    return one["comparison"]["difference"]


def _differences(results: dict[str, Any]) -> bytes:
    """The differences of the shares by group, and over the groups, with their intervals."""
    lines = [(group_word(name), found) for name, one in results["success"].items() if (found := _difference(one))]
    common = results["common"]
    if common and common["difference"]["value"] is not None:
        lines.append(("Both groups", common["difference"]))
    figure = _figure(8.6, 0.5 * len(lines) + 1.3)
    axes = figure.add_subplot()
    for y, (name, one) in enumerate(lines):
        axes.plot([100 * one["low"], 100 * one["high"]], [-y, -y], color=INK, linewidth=1.8)
        mark = "D" if name == "Both groups" else "o"
        axes.plot(100 * one["value"], -y, mark, color=INK, markersize=9, fillstyle="none" if mark == "D" else "full")
    axes.axvline(0, color=SOFT, linestyle="--", linewidth=1)
    axes.set_yticks([-y for y in range(len(lines))], [name for name, _ in lines])
    axes.set(xlim=(-100, 100), ylim=(-len(lines) + 0.4, 0.6))
    axes.set_xlabel("Control better  ←  difference of success, percentage points (95 % interval)  →  Guided better")
    return _svg(figure)


def _scores(results: dict[str, Any]) -> bytes:
    """A line for each patient, by group and arm; the thick line joins the means of those who are known."""
    measure = results["rule"]["measure"]
    top = {"nrs": 10, "vas": 100, "odi": 100}[measure]
    groups = list(results["success"])
    figure = _figure(8.6, 3.3 * len(groups))
    grid = figure.subplots(len(groups), 2, sharex=True, sharey=True, squeeze=False)
    for row, group in zip(grid, groups, strict=True):
        for axes, arm in zip(row, COLORS, strict=True):
            mine = [one for one in results["patients"] if one["group"] == group and one["arm"] == arm]
            _panel(axes, mine, arm)
            without = sum(not one["scores"] for one in mine)
            lost = f", {without} without a score" if without else ""
            axes.set_title(f"{group_word(group)}, {arm_word(arm).lower()} (n = {len(mine)}{lost})", fontsize=10)
            axes.set_ylim(-0.04 * top, 1.04 * top)
        row[0].set_ylabel({"nrs": "NRS, 0 to 10", "vas": "VAS, mm", "odi": "ODI, 0 to 100"}[measure])
    for axes in grid[-1]:
        axes.set_xlabel("Months (0 = before treatment)")
    figure.tight_layout()
    return _svg(figure)


def _panel(axes: Any, patients: list[dict[str, Any]], arm: str) -> None:
    by_time: dict[float, list[float]] = {}
    for number, one in enumerate(patients):
        # Equal whole scores would hide each other: each patient is moved a little aside, up to a tenth of a month.
        aside = 0.1 * ((number * 7) % 11 - 5) / 5
        times = [months + aside for _, months, _ in one["scores"]]
        scores = [score for *_, score in one["scores"]]
        axes.plot(times, scores, MARKS[arm], linestyle="-", color=COLORS[arm], alpha=0.55,
                  linewidth=0.9, markersize=3.5, gid=f"patient-{one['pseudonym']}")  # fmt: skip
        for _, months, score in one["scores"]:
            by_time.setdefault(months, []).append(score)
    months = sorted(by_time)
    means = [sum(by_time[month]) / len(by_time[month]) for month in months]
    axes.plot(months, means, color=INK, linewidth=2.6)


def power_figure(planning: dict[str, Any]) -> bytes:
    """Power over the number of patients, for each plan."""
    figure = _figure(8.6, 3.6)
    axes = figure.add_subplot()
    wanted = 0.8
    for (name, one), style in zip(planning.items(), ("-", "--", ":", "-.") * len(planning), strict=False):
        if one and one["curve"]:
            axes.plot([n for n, _ in one["curve"]], [100 * power for _, power in one["curve"]], style, color=INK,
                      linewidth=2, label=group_word(name))  # fmt: skip
            axes.plot(one["known_guided"], 100 * one["reached"], "o", color=INK)
            wanted = one["power"]
    axes.axhline(100 * wanted, color=SOFT, linewidth=1, linestyle="--")
    axes.set(ylim=(0, 102), xlim=(0, None), ylabel="Power, %", xlabel="Guided patients with a known outcome")
    axes.legend(frameon=False, loc="lower right")
    return _svg(figure)
