"""Solutions of lesson 9."""

import itertools
import math

import numpy as np


def people_interval(scores, people, seed):
    """Middle 95 % of the mean when people are drawn anew: (N,), (N,) -> low, high."""
    random = np.random.default_rng(seed)
    own = np.array([scores[people == name].mean() for name in np.unique(people)])
    means = [random.choice(own, len(own)).mean() for _ in range(2000)]
    low, high = np.quantile(means, [0.025, 0.975])
    return low, high


def permutation_p(scores, groups, permutations, seed):
    """p value of the best-minus-worst gap: (P,), (P,) -> one number."""
    random = np.random.default_rng(seed)
    names = sorted(set(groups))

    def gap(labels):
        means = [scores[labels == name].mean() for name in names]
        return max(means) - min(means)

    observed = gap(groups)
    as_large = sum(gap(random.permutation(groups)) >= observed - 1e-12 for _ in range(permutations))
    return (1 + as_large) / (1 + permutations)


def smallest_p(per_group):
    """Smallest p value that two groups of this size can reach."""
    return 2 / math.comb(2 * per_group, per_group)


def paired_gap(scores):
    """Mean difference and its standard error: (P, 2) -> two numbers."""
    differences = scores[:, 0] - scores[:, 1]
    return differences.mean(), differences.std(ddof=1) / np.sqrt(len(differences))


def changed_conclusions(table, first, second):
    """Conclusions (family, contrast, model) that two runs do not share: table, two runs -> set."""
    findings = table.pivot(index=["family", "contrast", "model"], columns="run", values="finding")
    return set(findings.index[findings[first] != findings[second]])


def share_of_pairs(findings):
    """Share of the pairs of runs that found different things: one finding per run -> one number."""
    pairs = list(itertools.combinations(findings, 2))
    return sum(one != other for one, other in pairs) / len(pairs)
