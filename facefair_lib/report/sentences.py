"""The three shapes of sentences that follow from results: each says what intervals and p values allow, and no more.

Everything else in the report is an author's prose that holds whichever way the results fall. The sentences begin with a
small letter and end without a full stop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from facefair_lib.report.filters import Tex, compose, listed, p_is, percent
from facefair_lib.report.results_reader import Number, Row, is_missing
from facefair_lib.scores import titles
from facefair_lib.scores.resampling import ALPHA


def ahead(row: Row | None, measure: str, first: str = "", second: str = "") -> Tex:
    """Which of two is ahead, or that they are not distinguishable.

    Parameters
    ----------
    row : ``difference``, first minus second, with ``low`` and ``high``; with ``p_adjusted``, this decides as well
    measure : what the points are points of
    first, second : names; without them the row's ``contrast`` names two groups of people
    """
    if row is None or is_missing(row["difference"]):
        return compose("{} and {} could not be compared", first or "the groups", second or "their scores")
    if not first:
        first, second = (f"{titles.title(group)} people" for group in row["contrast"].split("-"))
    value, low, high = row["difference"], row["low"], row["high"]
    if value < 0:  # told from the side of the higher one
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
    """The difference to speak of: the largest of the distinguishable ones, else the largest; None without any."""
    tested = [row for row in rows if not (is_missing(row["difference"]) or is_missing(row["p_adjusted"]))]
    return max(tested, key=lambda row: (is_clear(row), abs(row["difference"])), default=None)


def is_clear(row: Row) -> bool:
    """Whether a difference's adjusted p value is small; True where it has none, and its interval decides alone."""
    return "p_adjusted" not in row or row["p_adjusted"] < ALPHA


def against_chance(gaps: Mapping[str, Row], what: str) -> Tex:
    """How large gaps between best and worst are, beside what chance alone makes, and which are distinguishable from it.

    Parameters
    ----------
    gaps : where a gap was found, such as ``for PSPNet`` -> row with ``gap``, ``expected_by_chance`` and ``p_value``
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
    """The smallest margin than which every difference is shown to be smaller.

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
