"""Draw the free-response curve of the benchmark for finding, with the plain methods as points.

    python Testing/Benchmarks/finding_chart.py FINDING.json CHART.svg

FINDING.json is a file that ``finding.py --froc --plain --json`` wrote.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

WIDTH = 380
"""Width of a pair of axes, pixels."""
HEIGHT = 300
"""Height of a pair of axes, pixels."""
GAP = 90
"""Distance between two pairs of axes, pixels."""
LEFT = 62
"""Left edge of the first pair of axes, pixels."""
TOP = 58
"""Upper edge of the axes, pixels."""
MOST_FALSE = 10.0
"""Upper end of the axis of false candidates per case."""
GOAL_FALSE = 1.5
"""Number of false candidates per case that we aim at, which is marked by a line."""
TITLES = {"low-back": "Low back", "hip-replacement": "Hip replacement", "real": "Real cases"}
"""Kind of cases -> title."""
CURVES = {"without": ("#0b62a4", ""), "with": ("#c2410c", ' stroke-dasharray="7 4"')}
"""With or without an anatomy segmentation -> color and dashes of the curve."""
LINE = 13.0
"""Height of a label, pixels."""
INK = "#333333"
"""Color of texts and crosses."""
FAINT = "#d4d4d4"
"""Color of the grid."""


class Panel:
    """One pair of axes: false candidates per case (x) and fraction of lesions that are found (y)."""

    def __init__(self, left: float, title: str) -> None:
        self.left = left
        self._labels: list[tuple[float, float]] = []
        self.parts = [text(left + WIDTH / 2, TOP - 32, title, size=15, anchor="middle", weight="bold")]
        for false in range(0, int(MOST_FALSE) + 1, 2):
            x = self.x(false)
            self.parts.append(line(x, TOP, x, TOP + HEIGHT, FAINT))
            self.parts.append(text(x, TOP + HEIGHT + 18, f"{false}", anchor="middle"))
        for percent in range(0, 101, 20):
            y = self.y(percent / 100)
            self.parts.append(line(left, y, left + WIDTH, y, FAINT))
            self.parts.append(text(left - 8, y + 4, f"{percent} %", anchor="end"))
        goal = self.x(GOAL_FALSE)
        self.parts.append(line(goal, TOP, goal, TOP + HEIGHT, "#3f7d20", ' stroke-dasharray="2 4"'))
        self.parts.append(text(goal + 4, TOP + 0.55 * HEIGHT, f"goal: {GOAL_FALSE} false", color="#3f7d20", size=11))
        self.parts.append(text(left + WIDTH / 2, TOP + HEIGHT + 38, "false candidates a case", anchor="middle"))

    def x(self, false: float) -> float:
        """Horizontal position of a number of false candidates per case, pixels."""
        return self.left + WIDTH * min(false, MOST_FALSE) / MOST_FALSE

    def y(self, part: float) -> float:
        """Vertical position of a fraction of lesions, pixels."""
        return TOP + HEIGHT * (1.0 - part)

    def at(self, point: dict[str, Any]) -> tuple[float, float]:
        """Position of a result, pixels."""
        return self.x(point["false_a_case"]), self.y(point["found"] / max(point["lesions"], 1))

    def curve(self, variant: str, points: list[dict[str, Any]], default: dict[str, Any]) -> None:
        """Draw the curve over the positions of the slider, with a disc at the default."""
        color, dashes = CURVES[variant]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(self.at, points))
        self.parts.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2.5"{dashes}/>')
        x, y = self.at(default)
        self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5.5" fill="{color}"/>')

    def method(self, name: str, point: dict[str, Any]) -> None:
        """Draw the cross of a plain method.

        A method with more false candidates than the axis shows is drawn at its end, with the number.
        """
        x, y = self.at(point)
        beyond = point["false_a_case"] > MOST_FALSE
        words = f"{name} ({point['false_a_case']:.0f} false)" if beyond else name
        self.parts.append(f'<path d="M{x - 4:.1f} {y - 4:.1f}l8 8m-8 0l8 -8" stroke="{INK}" stroke-width="1.8"/>')
        anchor, way = ("end", -8) if x > self.left + 0.6 * WIDTH else ("start", 8)
        at = y - 6.0
        while any(abs(x - other_x) < 150.0 and abs(at - other_y) < LINE for other_x, other_y in self._labels):
            at -= LINE
        self._labels.append((x, at))
        self.parts.append(text(x + way, at, words, size=11, anchor=anchor))


def line(x1: float, y1: float, x2: float, y2: float, color: str, more: str = "") -> str:
    """Make a line as SVG text."""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{color}"{more}/>'


def text(
    x: float, y: float, words: str, *, size: int = 12, anchor: str = "start", color: str = INK, weight: str = "normal"
) -> str:
    """Make words as SVG text."""
    style = f'font-size="{size}" text-anchor="{anchor}" fill="{color}" font-weight="{weight}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(words)}</text>'


def chart(result: dict[str, Any]) -> str:
    """Make the chart as SVG text.

    Parameters
    ----------
    result : dict
        The result of ``finding_report.to_json``. Real cases are left out.
    """
    kinds = [kind for kind in result["sums"] if kind != "real"]
    panels = []
    for number, kind in enumerate(kinds):
        sums = result["sums"][kind]
        panel = Panel(
            LEFT + number * (WIDTH + GAP), f"{TITLES[kind]}, {next(iter(sums['default'].values()))['cases']} cases"
        )
        for method, point in sums["plain"].items():
            panel.method(method, point)
        for variant, points in sums["slider"].items():
            panel.curve(variant, points, sums["default"][variant])
        panels += panel.parts
    width, height = LEFT + len(kinds) * (WIDTH + GAP) - GAP + 24, TOP + HEIGHT + 84
    legend = []
    for number, (variant, (color, dashes)) in enumerate(CURVES.items()):
        x, y = LEFT + number * 250, height - 14
        legend.append(line(x, y - 4, x + 34, y - 4, color, f' stroke-width="2.5"{dashes}'))
        legend.append(text(x + 42, y, f"{variant} anatomy segmentation"))
    legend.append(text(LEFT + 500, height - 14, "disc: default; crosses: plain methods"))
    body = "\n".join([*panels, *legend])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="Helvetica, Arial, sans-serif">\n<rect width="{width}" height="{height}" fill="white"/>\n'
        f"{body}\n</svg>\n"
    )


def main() -> None:
    """Read the result and write the chart."""
    if len(sys.argv) != 3:
        sys.exit("usage: finding_chart.py FINDING.json CHART.svg")
    source, target = map(Path, sys.argv[1:])
    target.write_text(chart(json.loads(source.read_text())))


if __name__ == "__main__":
    main()
