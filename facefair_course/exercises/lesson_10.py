"""Lesson 10: reading a paper's table critically."""

from __future__ import annotations

from facefair_course import imaginary
from facefair_course.compare import difference
from facefair_course.exercise import Case, Exercise, Mistake, answer, expect
from facefair_lib.reproduction.table_checks import implied_prevalence


def _prevalence_cases() -> list[Case]:
    tries = {
        "accuracy 0.90, precision 0.75, recall 0.60": (0.90, 0.75, 0.60),
        "accuracy 0.80, precision 0.50, recall 1.00": (0.80, 0.50, 1.00),
        "accuracy 0.83, precision 0.68, recall 0.55": (0.83, 0.68, 0.55),
    }
    hint = "Write the share of errors, 1 - accuracy, as misses plus false alarms, both in terms of the unknown share."
    return [expect(title, given, implied_prevalence(*given), hint) for title, given in tries.items()]


def _share_cases() -> list[Case]:
    tries = {
        "66.7 % of 9, one decimal": (66.7, 9, 1),
        "80.0 % of 9, one decimal": (80.0, 9, 1),
        "67 % of 3, no decimal": (67.0, 3, 0),
        "70 % of 9, no decimal": (70.0, 9, 0),
        "12.34 % of 1000, two decimals": (12.34, 1000, 2),
        "12.3 % of 1000, one decimal": (12.3, 1000, 1),
        "0 % of 7": (0.0, 7, 1),
    }
    hint = "Try every whole number k from 0 to n: round 100 k / n as the paper did, and compare."
    return [expect(title, given, imaginary.possible_share(*given), hint) for title, given in tries.items()]


def _exact_only(percent: float, number: int, decimals: int) -> bool:
    return abs(percent * number / 100 - round(percent * number / 100)) < 1e-9


def beats_looking_away(accuracy: float, share: float) -> bool:
    """Whether an accuracy is higher than that of always giving the more common answer."""
    return bool(accuracy > max(share, 1 - share))


def _beats_cases() -> list[Case]:
    tries = {
        "accuracy 0.61 where 29 % are positive": (0.61, 0.29),
        "accuracy 0.84 where 29 % are positive": (0.84, 0.29),
        "accuracy 0.60 where 80 % are positive": (0.60, 0.80),
        "accuracy 0.55 where half are positive": (0.55, 0.50),
        "accuracy exactly that of the constant answer": (0.75, 0.25),
    }
    hint = "Which constant answer is right more often, always yes or always no?"
    return [expect(title, given, beats_looking_away(*given), hint) for title, given in tries.items()]


def _judge_rows(given: object) -> str | None:
    table = imaginary.imaginary_table()
    right = imaginary.faulty_rows(table)
    if not isinstance(given, set | frozenset | list | tuple) or not set(given) <= set(table.index):
        return f"A set of row names was expected, such as {{'A', 'B'}}; the rows are {', '.join(table.index)}."
    wrongly = sorted(set(given) - right)
    if wrongly:
        return f"Row {wrongly[0]} can be true. Bad is not impossible: which check did it fail?"
    missing = len(right - set(given))
    if missing:
        word = "row is" if missing == 1 else "rows are"
        return f"{missing} impossible {word} still missing. Is every column checked against the others, and as a count?"
    return difference(right, set(given))


EXERCISES = {
    "prevalence": Exercise(
        _prevalence_cases,
        (
            Mistake("This is the share of negatives.", lambda a, p, r: 1 - implied_prevalence(a, p, r)),
            Mistake("The false alarms are missing from the errors.", lambda a, p, r: (1 - a) / (1 - r)),
            Mistake("The misses are missing from the errors.", lambda a, p, r: (1 - a) / (r * (1 - p) / p)),
        ),
        "Three printed scores tell what the question was like, without the data: exactly for one table of counts, "
        "closely for means over similar ones.",
    ),
    "beats_looking_away": Exercise(
        _beats_cases,
        (
            Mistake("Where most are positive, always yes is the better constant answer.", lambda a, s: a > 1 - s),
            Mistake("Better than a coin is not better than the best constant answer.", lambda a, s: a > 0.5),
            Mistake("Equal is not better.", lambda a, s: a >= max(s, 1 - s)),
        ),
        "Ask this of every accuracy that you read.",
    ),
    "possible_share": Exercise(
        _share_cases,
        (Mistake("The printed number is rounded, so it need not hit a whole number exactly.", _exact_only),),
        "This is the GRIM test: granularity of what can be counted.",
    ),
    "faulty_rows": answer(_judge_rows),
}
