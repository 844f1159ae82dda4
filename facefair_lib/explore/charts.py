"""Charts as SVG: sharp at any size, in the page's own font and colours, with a description for screen readers.

``facefair_lib.figures`` makes the figures for print; these charts are redrawn while the user watches.
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facefair_lib.scores.metrics import iou_floor

_GRID, _AXIS = 'stroke="currentColor" stroke-opacity="0.18"', 'stroke="currentColor" stroke-opacity="0.6"'
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 12, 26, 30  # pixels around a panel's curves
_LINE_HEIGHT, _NAME_WIDTH = 26, 230  # of an interval chart


@dataclass(frozen=True)
class Curve:
    """One line of a panel: x and y are (K,) numbers, y is NaN where there is no value."""

    title: str
    x: np.ndarray
    y: np.ndarray
    colour: str
    dashed: bool = False


@dataclass(frozen=True)
class Mark:
    """One dot with its interval: ``line`` counts from the top; with NaN bounds there is no interval."""

    line: float
    value: float
    low: float
    high: float
    colour: str
    square: bool = False
    grey: bool = False


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Choose round numbers in [low, high], about ``most`` of them; their step is 1, 2 or 5 times a power of ten."""
    if not high > low:
        return [low]
    rough = (high - low) / max(most - 1, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]


def curve_panel(title: str, curves: Sequence[Curve], x_range: tuple[float, float], *, marked: float) -> str:
    """Draw curves over epochs.

    Parameters
    ----------
    x_range : first and last epoch of the axis, even if the fit has not got that far
    marked : epoch to mark with a vertical line
    """
    width, height = 380, 230
    y_values = np.concatenate([curve.y for curve in curves]) if curves else np.empty(0)
    y_values = y_values[np.isfinite(y_values)]
    low, high = (float(y_values.min()), float(y_values.max())) if len(y_values) else (0.0, 1.0)
    margin = 0.06 * (high - low) or 0.05
    x_place = _Scale(x_range[0], max(x_range[1], x_range[0] + 1), _LEFT, width - _RIGHT)
    y_place = _Scale(low - margin, high + margin, height - _BOTTOM, _TOP)
    parts = [f'<text x="{_LEFT}" y="16" font-size="15" font-weight="bold">{html.escape(title)}</text>']
    for tick in ticks(low - margin, high + margin, 5):
        y = y_place(tick)
        parts.append(f'<line x1="{_LEFT}" x2="{width - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" {_GRID}/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" font-size="13" text-anchor="end">{tick:g}</text>')
    for tick in (number for number in ticks(*x_range) if number == int(number)):
        parts.append(
            f'<text x="{x_place(tick):.1f}" y="{height - 10}" font-size="13" text-anchor="middle">{tick:g}</text>'
        )
    parts.append(f'<line x1="{_LEFT}" x2="{width - _RIGHT}" y1="{height - _BOTTOM}" y2="{height - _BOTTOM}" {_AXIS}/>')
    x = x_place(marked)
    parts.append(
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{height - _BOTTOM}" {_AXIS} stroke-dasharray="2 4"/>'
    )
    for curve in curves:
        parts += _drawn_curve(curve, x_place, y_place)
    told = ". ".join(f"{curve.title}: last value {curve.y[-1]:.3f}" for curve in curves if len(curve.y))
    return _svg(width, height, f"{title} over the epochs. {told}", parts)


def interval_chart(title: str, names: Sequence[str], marks: Sequence[Mark], description: str) -> str:
    """Draw a row of dots with intervals per name.

    Parameters
    ----------
    names : of the rows, from the top
    marks : dots, in per cent
    description : what the chart shows, for screen readers
    """
    width, height = 760, _TOP + _LINE_HEIGHT * len(names) + _BOTTOM
    numbers = np.array([(m.value, m.low, m.high) for m in marks], float).ravel()
    numbers = numbers[np.isfinite(numbers)]
    low, high = (float(numbers.min()), float(numbers.max())) if len(numbers) else (0.0, 100.0)
    margin = 0.04 * (high - low) or 1.0
    place = _Scale(low - margin, high + margin, _NAME_WIDTH, width - _RIGHT)
    parts = [f'<text x="{_NAME_WIDTH}" y="16" font-size="15" font-weight="bold">{html.escape(title)}</text>']
    for tick in ticks(low - margin, high + margin, 8):
        x = place(tick)
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{height - _BOTTOM}" {_GRID}/>')
        parts.append(f'<text x="{x:.1f}" y="{height - 10}" font-size="13" text-anchor="middle">{tick:g}</text>')
    for number, name in enumerate(names):
        y = _TOP + _LINE_HEIGHT * (number + 0.5)
        parts.append(
            f'<text x="{_NAME_WIDTH - 10}" y="{y + 5:.1f}" font-size="15" text-anchor="end">{html.escape(name)}</text>'
        )
    for mark in marks:
        parts += _drawn_mark(mark, place)
    return _svg(width, height, description, parts)


def score_plane(f1: float, iou: float, *, possible: bool) -> str:
    """Draw IoU against F1: the curve of one table of counts, the area that means can reach, and one row's point.

    Parameters
    ----------
    f1, iou : per cent; NaN if a score is not given, and then there is no point
    possible : whether the two are compatible within their rounding, which is too fine to see in the picture
    """
    x_place, y_place = _Scale(0, 100, 58, 358), _Scale(0, 100, 314, 14)
    x = np.linspace(0, 100, 51)
    curve = " ".join(f"{x_place(a):.1f},{y_place(100 * iou_floor(a / 100)):.1f}" for a in x)
    corners = [f"{x_place(end):.1f},{y_place(end):.1f}" for end in (0, 100)]
    parts = [f'<polygon points="{curve} {corners[0]}" fill="currentColor" fill-opacity="0.14"/>']
    parts += _plane_grid(x_place, y_place)
    parts.append(f'<polyline points="{curve}" fill="none" stroke="currentColor" stroke-width="2"/>')
    parts.append(f'<polyline points="{" ".join(corners)}" fill="none" {_AXIS} stroke-dasharray="5 4"/>')
    for name, a, b, anchor in (("IoU = F1", 60, 66, "end"), ("IoU = F1 / (2 − F1)", 55, 23, "start")):
        place = f'x="{x_place(a):.1f}" y="{y_place(b):.1f}"'
        parts.append(f'<text {place} font-size="13" text-anchor="{anchor}">{name}</text>')
    told = "no point: F1 or IoU is not given"
    if math.isfinite(f1) and math.isfinite(iou):
        parts.append(_drawn_point(x_place(f1), y_place(iou), inside=possible))
        where = "inside" if possible else "above it" if iou > f1 else "below it"
        told = f"the row, F1 {f1:g} and IoU {iou:g}, lies {where}"
    lens = "Shaded between the curve IoU = F1 / (2 − F1) and the line IoU = F1: what F1 and IoU can be together"
    return _svg(374, 358, f"{lens}; {told}.", parts)


def _plane_grid(x_place: _Scale, y_place: _Scale) -> list[str]:
    low, middle, high = (x_place(tick) for tick in (0, 50, 100))
    bottom, half, top = (y_place(tick) for tick in (0, 50, 100))
    parts = []
    for tick in range(0, 101, 20):
        x, y = x_place(tick), y_place(tick)
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top:.1f}" y2="{bottom:.1f}" {_GRID}/>')
        parts.append(f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{y:.1f}" y2="{y:.1f}" {_GRID}/>')
        parts.append(f'<text x="{x:.1f}" y="{bottom + 18:.1f}" font-size="13" text-anchor="middle">{tick}</text>')
        parts.append(f'<text x="{low - 6:.1f}" y="{y + 4:.1f}" font-size="13" text-anchor="end">{tick}</text>')
    style = 'font-size="14" text-anchor="middle"'
    parts.append(f'<text x="{middle:.1f}" y="{bottom + 37:.1f}" {style}>F1, %</text>')
    return [*parts, f'<text x="16" y="{half:.1f}" {style} transform="rotate(-90 16 {half:.1f})">IoU, %</text>']


def _drawn_curve(curve: Curve, x_place: _Scale, y_place: _Scale) -> list[str]:
    finite = np.isfinite(curve.y)
    points = [(x_place(x), y_place(y)) for x, y in zip(curve.x[finite], curve.y[finite], strict=True)]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dashes = ' stroke-dasharray="7 4"' if curve.dashed else ""
    dots = [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.6" fill="{curve.colour}"/>' for x, y in points]
    return [f'<polyline points="{path}" fill="none" stroke="{curve.colour}" stroke-width="2"{dashes}/>', *dots]


def _drawn_mark(mark: Mark, place: _Scale) -> list[str]:
    if not math.isfinite(mark.value):
        return []
    x, y = place(mark.value), _TOP + _LINE_HEIGHT * (mark.line + 0.5)
    colour = "#999999" if mark.grey else mark.colour
    drawn = []
    if math.isfinite(mark.low) and math.isfinite(mark.high):
        drawn.append(
            f'<line x1="{place(mark.low):.1f}" x2="{place(mark.high):.1f}" y1="{y:.1f}" y2="{y:.1f}" '
            f'stroke="{colour}" stroke-width="2"/>'
        )
    if mark.square:
        drawn.append(f'<rect x="{x - 4.5:.1f}" y="{y - 4.5:.1f}" width="9" height="9" fill="{colour}"/>')
    else:
        drawn.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{colour}"/>')
    return drawn


def _drawn_point(x: float, y: float, *, inside: bool) -> str:
    """Draw a dot if the point is possible, a cross if not: the two differ without colour too."""
    if inside:
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="#0072b2" stroke="#ffffff"/>'
    arms = f"M{x - 6:.1f} {y - 6:.1f}l12 12m0 -12l-12 12"
    return f'<path d="{arms}" fill="none" stroke="#d55e00" stroke-width="3.5"/>'


class _Scale:
    """A linear map from numbers to pixels."""

    def __init__(self, low: float, high: float, first: float, last: float) -> None:
        self._low, self._slope, self._first = low, (last - first) / (high - low), first

    def __call__(self, value: float) -> float:
        return self._first + (value - self._low) * self._slope


def _svg(width: int, height: int, description: str, parts: Sequence[str]) -> str:
    told = html.escape(description, quote=True)
    return (
        f'<svg role="img" aria-label="{told}" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )
