"""The three kinds of sentences generated from results: each claims no more than intervals and p values allow.

All other prose of the report holds whatever the results. The sentences begin in lower case and have no full stop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from facefair_lib.report.filters import Tex, compose, listed, p_is, percent
from facefair_lib.report.results_reader import Number, Row, is_missing
from facefair_lib.scores import titles
from facefair_lib.scores.resampling import ALPHA


def ahead(row: Row | None, measure: str, first: str = "", second: str = "") -> Tex:
    """Say which of two is ahead, or that they are not distinguishable.

    Parameters
    ----------
    row : ``difference``, first minus second, with ``low`` and ``high``; ``p_adjusted`` decides as well if present
    measure : the score that the points refer to
    first, second : names; by default the row's ``contrast`` names two groups of people
    """
    if row is None or is_missing(row["difference"]):
        return compose("{} and {} could not be compared", first or "the groups", second or "their scores")
    if not first:
        first, second = (f"{titles.title(group)} people" for group in row["contrast"].split("-"))
    value, low, high = row["difference"], row["low"], row["high"]
    if value < 0:  # the higher one comes first
        first, second = second, first
        value, low, high = (Number(-number, number.source) for number in (value, high, low))
    found = compose("interval {} to {}", percent(low), percent(high))
    if "p_adjusted" in row:
        found = compose("{}, {} after adjustment", found, p_is(row["p_adjusted"]))
    if low > 0 and is_clear(row):
        verb = "are" if "contrast" in row else "is"
        return compose("{} {} ahead of {} by {} points of {} ({})", first, verb, second, percent(value), measure, found)
    sides = compose("{} and {}", first, second)
    return compose(
        "{} are not distinguishable in {}: they differ by {} points ({})", sides, measure, percent(value), found
    )


def leading(rows: Sequence[Row]) -> Row | None:
    """The difference to report: the largest distinguishable one, else the largest; None if there is none."""
    tested = [row for row in rows if not (is_missing(row["difference"]) or is_missing(row["p_adjusted"]))]
    return max(tested, key=lambda row: (is_clear(row), abs(row["difference"])), default=None)


def is_clear(row: Row) -> bool:
    """Whether a difference's adjusted p value is below ``ALPHA``; True without one: the interval alone decides."""
    return "p_adjusted" not in row or row["p_adjusted"] < ALPHA


def against_chance(gaps: Mapping[str, Row], what: str) -> Tex:
    """Set gaps between best and worst beside those expected by chance, and say which are distinguishable from it.

    Parameters
    ----------
    gaps : where a gap was measured, such as ``for PSPNet`` -> row with ``gap``, ``expected_by_chance`` and ``p_value``
    what : what was compared, such as ``the ethnic groups``
    """
    tested = {where: row for where, row in gaps.items() if not (is_missing(row["gap"]) or is_missing(row["p_value"]))}
    if not tested:
        return compose("there were too few people with masks to compare {}", what)
    sizes = [
        compose("{} points {} (chance alone {}, {})", percent(r["gap"]), where, percent(r["expected_by_chance"]),
                p_is(r["p_value"]))
        for where, r in tested.items()
    ]  # fmt: skip
    clear = [where for where, row in tested.items() if row["p_value"] < ALPHA]
    return compose("the gap between {} is {}; {} distinguishable from chance",
                   what, listed(sizes), _which(clear, len(tested)))  # fmt: skip


def _which(clear: Sequence[str], tested: int) -> Tex:
    """``both are``, ``neither is``, ``only that for PSPNet is``."""
    if not clear:
        return Tex({1: "it is not", 2: "neither is"}.get(tested, "none of them is"))
    if len(clear) == tested:
        return Tex({1: "it is", 2: "both are"}.get(tested, "all of them are"))
    return compose("only that {} is" if len(clear) == 1 else "only those {} are", listed(clear))


def shown_smaller(tests: Sequence[Row]) -> Tex:
    """State the smallest margin that every difference is shown to be below.

    Parameters
    ----------
    tests : one row per difference and margin, with ``delta``, ``p_value`` and ``equivalent``
    """
    tested = [row for row in tests if not is_missing(row["p_value"])]
    if not tested:
        return Tex("no difference could be tested against a margin")
    margins = sorted({row["delta"] for row in tested})
    shown = [margin for margin in margins if all(row["equivalent"] for row in tested if row["delta"] == margin)]
    if shown:
        return compose("every difference is shown to be smaller than {} points", percent(shown[0]))
    return compose("not every difference is shown to be smaller than {} points, the widest margin tested",
                   percent(margins[-1]))  # fmt: skip
