"""Lesson 9: measuring fairness."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd

from facefair_course.compare import short
from facefair_course.exercise import Case, Exercise, Mistake, expect
from facefair_course.runs import CONCLUSION, by_run_and_conclusion
from facefair_lib.reproduction.nine_photographs import smallest_p_value
from facefair_lib.scores.resampling import ALPHA, permutation_p_value
from facefair_lib.tables.answer import LESS, MORE, OPEN, WITHIN

_REPLICATES = 2000


def people_interval(scores: np.ndarray, people: np.ndarray, seed: int) -> tuple[float, float]:
    """Middle 95 per cent of the mean score when PEOPLE are drawn again with replacement."""
    names, position = np.unique(people, return_inverse=True)
    means = np.bincount(position, scores) / np.bincount(position)  # (P,): everybody has equally many pictures
    drawn = np.random.default_rng(seed).integers(len(names), size=(_REPLICATES, len(names)))
    low, high = np.quantile(means[drawn].mean(1), [0.025, 0.975])
    return float(low), float(high)


def _pictures_interval(scores: np.ndarray) -> tuple[float, float]:
    return people_interval(scores, np.arange(len(scores)), 0)


def _interval_case(title: str, people: int, pictures: int, spread: float) -> Case:
    random = np.random.default_rng(people + pictures)
    own = np.repeat(random.normal(0.6, spread, people), pictures)
    scores = own + random.normal(0, 0.01, len(own))
    names = np.repeat([f"p{number:02d}" for number in range(people)], pictures)
    order = random.permutation(len(own))
    scores, names = scores[order], names[order]
    return Case(title, (scores, names, 3), lambda given: _judge_interval(given, scores, names))


def _judge_interval(given: object, scores: np.ndarray, people: np.ndarray) -> str | None:
    low, high = people_interval(scores, people, 0)
    if not isinstance(given, tuple | list | np.ndarray) or len(given) != 2:
        return f"{short(given)} came back; two numbers were expected, as return low, high."
    first, second = float(given[0]), float(given[1])
    if not first < second:
        return f"low is {first:.4f} and high is {second:.4f}: low must come first and be smaller."
    width, right = second - first, high - low
    by_pictures = np.subtract(*_pictures_interval(scores)[::-1])
    if max(abs(first - low), abs(second - high)) < 0.15 * right:
        return None
    if by_pictures < 0.7 * right and abs(width - by_pictures) < 0.25 * by_pictures:
        return "The interval is far too narrow: pictures were drawn. Ten pictures of one person are not ten people."
    if width > 1.5 * right:
        return "The interval is too wide. Each replicate draws as many people as there are, and averages over them."
    if width < 0.7 * right:
        return "The interval is too narrow. Is it the middle 95 per cent of the replicates' means?"
    return f"The interval {first:.4f} to {second:.4f} is in the wrong place."


def permutation_p(scores: np.ndarray, groups: np.ndarray, permutations: int, seed: int) -> float:
    """Share of shuffles whose best-minus-worst group mean is at least the observed one, the observed one included."""
    _, codes = np.unique(groups, return_inverse=True)
    shuffled = np.random.default_rng(seed).permuted(np.tile(codes, (permutations, 1)), axis=1)  # (B, P)
    null = _gaps(scores, shuffled)
    return permutation_p_value(float(_gaps(scores, codes[None])[0]), null)


def _gaps(scores: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Best minus worst group mean of each row of group numbers: (P,), (B, P) -> (B,)."""
    means = [np.where(codes == code, scores, 0).sum(1) / (codes == code).sum(1) for code in np.unique(codes)]
    return np.ptp(means, axis=0)


def _p_case(title: str, scores: np.ndarray, groups: np.ndarray, permutations: int, tolerance: float) -> Case:
    expected = permutation_p(scores, groups, 2000 if tolerance else permutations, 0)

    def judge(given: object) -> str | None:
        value = float(given)  # type: ignore[arg-type]
        if value == 0:
            return "0 came back. The arrangement that was observed is one of all possible ones: can p be 0?"
        if abs(value - expected) <= tolerance + 1e-9:
            return None
        if not 0 < value <= 1:
            return f"{value:.4g} came back; p is a share of the shuffles, between 0 and 1."
        if abs(1 - value - expected) <= tolerance + 0.002:
            return "This is the share of shuffles with a SMALLER gap. Which shuffles speak against the finding?"
        return f"{value:.4g} came back, which is too {'large' if value > expected else 'small'}. {_P_HINT}"

    return Case(title, (scores, groups, permutations, 5), judge)


_P_HINT = "Shuffle the labels and keep the scores; count shuffles whose gap is at least the observed one (>=)."


def _p_cases() -> list[Case]:
    random = np.random.default_rng(16)
    two = np.repeat(["a", "b"], 10)
    apart = np.where(two == "a", 0.8, 0.3) + random.normal(0, 0.01, 20)
    three = np.repeat(["a", "b", "c"], 8)
    return [
        _p_case("two groups of ten that do not overlap, 199 shuffles", apart, two, 199, 0.006),
        _p_case("everybody has the same score", np.full(20, 0.5), two, 99, 0.0),
        _p_case("three groups without a difference", random.normal(0.6, 0.1, 24), three, 299, 0.1),
        _p_case(
            "three groups with a moderate difference",
            random.normal(0.6, 0.1, 24) + 0.06 * (three == "c"), three, 299, 0.1,
        ),
    ]  # fmt: skip


def _smallest_p_cases() -> list[Case]:
    hint = "In how many ways can 2 n pictures be split into two groups of n (math.comb)? How many are most extreme?"
    return [expect(f"{n} pictures per group", (n,), smallest_p_value(n), hint) for n in (2, 3, 4, 10)]


def paired_gap(scores: np.ndarray) -> tuple[float, float]:
    """Mean of first minus second, and its standard error, for the same people twice: (P, 2) -> two numbers."""
    each = scores[:, 0] - scores[:, 1]
    return float(each.mean()), float(each.std(ddof=1) / math.sqrt(len(each)))


def _unpaired(scores: np.ndarray) -> tuple[float, float]:
    spread = scores.var(0, ddof=1).sum() / len(scores)
    return paired_gap(scores)[0], float(np.sqrt(spread))


def _population_spread(scores: np.ndarray) -> tuple[float, float]:
    each = scores[:, 0] - scores[:, 1]
    return float(each.mean()), float(each.std() / math.sqrt(len(each)))


def _paired_cases() -> list[Case]:
    random = np.random.default_rng(17)
    own = random.normal(0.6, 0.1, (12, 1))
    pairs = own + np.array([0.02, 0.0]) + random.normal(0, 0.01, (12, 2))
    hint = "One difference per person first; then the mean, and the spread divided by the root of the number of people."
    few = np.array([[0.5, 0.4], [0.7, 0.7], [0.9, 0.7]])
    return [
        expect("three people", (few,), paired_gap(few), hint),
        expect("twelve people who differ a lot from each other", (pairs,), paired_gap(pairs), hint),
    ]


def _without_root(scores: np.ndarray) -> tuple[float, float]:
    return paired_gap(scores)[0], float((scores[:, 0] - scores[:, 1]).std(ddof=1))


def changed_conclusions(table: pd.DataFrame, first: int, second: int) -> set[tuple[str, str, str]]:
    """Conclusions, as (family, contrast, model), about which two runs found different things."""
    found = by_run_and_conclusion(table)
    return set(found.index[found[first] != found[second]])


def _row_by_row(table: pd.DataFrame, first: int, second: int) -> set[tuple[str, str, str]]:
    one, other = (table[table["run"] == run] for run in (first, second))
    apart = one["finding"].to_numpy() != other["finding"].to_numpy()
    return set(one.loc[apart, CONCLUSION].itertuples(index=False, name=None))


def _by_sign(table: pd.DataFrame, first: int, second: int) -> set[tuple[str, str, str]]:
    found = by_run_and_conclusion(table, "difference") > 0
    return set(found.index[found[first] != found[second]])


def _by_significance(table: pd.DataFrame, first: int, second: int) -> set[tuple[str, str, str]]:
    found = by_run_and_conclusion(table, "p_adjusted") < ALPHA
    return set(found.index[found[first] != found[second]])


def _three_studies() -> pd.DataFrame:
    """Three runs that asked the same seven questions, their rows shuffled."""
    asked = [
        ("tones", "asian-black", "pspnet"), ("tones", "asian-black", "deeplabv3"),
        ("tones", "asian-caucasian", "pspnet"), ("shapes", "asian-black", "pspnet"),
        ("shapes", "asian-black", "deeplabv3"), ("emotions", "happy-sad", "pspnet"),
        ("emotions", "happy-sad", "deeplabv3"),
    ]  # fmt: skip
    found = {
        1: [(0.02, MORE), (0.015, MORE), (0.004, OPEN), (0.001, WITHIN), (-0.02, LESS), (0.01, OPEN), (0.03, MORE)],
        2: [(0.01, OPEN), (0.02, MORE), (-0.004, OPEN), (0.009, OPEN), (0.02, MORE), (0.01, OPEN), (0.01, OPEN)],
        3: [(0.02, MORE), (0.015, MORE), (0.003, OPEN), (0.002, WITHIN), (-0.02, LESS), (0.02, MORE), (0.03, MORE)],
    }
    rows = [
        (*what, run, difference, 0.01 if finding in (MORE, LESS) else 0.4, finding)
        for run, conclusions in found.items()
        for what, (difference, finding) in zip(asked, conclusions, strict=True)
    ]
    table = pd.DataFrame(rows, columns=[*CONCLUSION, "run", "difference", "p_adjusted", "finding"])
    return table.sample(frac=1, random_state=4, ignore_index=True)


def _changed_cases() -> list[Case]:
    hint = "Pair the rows of the two runs by family, contrast and model; compare their findings."
    tries = {"runs 1 and 2 of three": (1, 2), "runs 1 and 3, which differ in one": (1, 3), "a run and itself": (2, 2)}
    table = _three_studies()
    return [expect(title, (table, *runs), changed_conclusions(table, *runs), hint) for title, runs in tries.items()]


def share_of_pairs(findings: list[str]) -> float:
    """Share of the pairs of runs that found different things; one finding per run."""
    pairs = list(itertools.combinations(findings, 2))
    return sum(one != other for one, other in pairs) / len(pairs)


def _not_like_most(findings: list[str]) -> float:
    return 1 - max(map(findings.count, findings)) / len(findings)


def _with_itself(findings: list[str]) -> float:
    return sum(one != other for one in findings for other in findings) / len(findings) ** 2


def _share_of_pairs_cases() -> list[Case]:
    hint = "Each run with each other run, once: itertools.combinations(findings, 2)."
    tries = {
        "five runs that agree": [MORE] * 5,
        "five runs, one of which found nothing": [LESS, LESS, OPEN, LESS, LESS],
        "five runs with three different findings": [OPEN, MORE, WITHIN, OPEN, MORE],
        "two runs that differ": [WITHIN, OPEN],
    }
    return [expect(title, (findings,), share_of_pairs(findings), hint) for title, findings in tries.items()]


EXERCISES = {
    "people_interval": Exercise(
        lambda: [
            _interval_case("12 people with 10 similar pictures each", 12, 10, 0.1),
            _interval_case("30 people with one picture each", 30, 1, 0.08),
            _interval_case("8 people with 5 pictures each", 8, 5, 0.05),
        ],
        (),
        "What varies is who was photographed, so people are what must be drawn.",
    ),
    "permutation_p": Exercise(
        _p_cases, (), "The shuffles know nothing of any group: whatever gap they show is what chance alone makes."
    ),
    "smallest_p": Exercise(
        _smallest_p_cases,
        (
            Mistake(
                "Both extremes count: the first group best and the second group best.",
                lambda n: 1 / math.comb(2 * n, n),
            ),
            Mistake("Order within a group does not matter: count sets.", lambda n: 2 / math.factorial(2 * n)),
        ),
        "With three against three, no finding of any size can be called significant at 0.05.",
    ),
    "paired_gap": Exercise(
        _paired_cases,
        (
            Mistake("Nearly: divide by n - 1 for the spread of a sample (ddof=1).", _population_spread),
            Mistake(
                "This treats the two columns as different people: the difference between people is still in it.",
                _unpaired,
            ),
            Mistake("This is the spread of single differences. The mean of many is more precise.", _without_root),
            Mistake("Check the sign: first minus second.", lambda s: (-paired_gap(s)[0], paired_gap(s)[1])),
        ),
        "Comparing all people with themselves removes the differences between people.",
    ),
    "changed_conclusions": Exercise(
        _changed_cases,
        (
            Mistake("The rows of two runs need not be in the same order: pair them by what was asked.", _row_by_row),
            Mistake("This compares signs. A difference that cannot be told from zero has one, too.", _by_sign),
            Mistake(
                "This asks whether the p value crossed the line. Which column says what was concluded?",
                _by_significance,
            ),
            Mistake(
                "Two networks, and several families, ask about the same contrast: keep family and model in the name.",
                lambda table, *runs: {contrast for _, contrast, _ in changed_conclusions(table, *runs)},
            ),
        ),
        "Two studies by the same rules, on the same people: what differs is the luck of training.",
    ),
    "share_of_pairs": Exercise(
        _share_of_pairs_cases,
        (
            Mistake(
                "This is the share of runs that are not like most. How many of the pairs do they take part in?",
                _not_like_most,
            ),
            Mistake("A run was also compared with itself, and agreed.", _with_itself),
            Mistake(
                "This is a number of pairs; the share is wanted.",
                lambda findings: share_of_pairs(findings) * math.comb(len(findings), 2),
            ),
        ),
        "One run in five that dissents is enough for four pairs in ten.",
    ),
}
