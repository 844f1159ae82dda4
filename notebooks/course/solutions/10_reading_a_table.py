"""Solutions of lesson 10."""


def prevalence(accuracy, precision, recall):
    """Share of positives that fits the three scores."""
    misses = 1 - recall
    false_alarms = recall * (1 - precision) / precision
    return (1 - accuracy) / (misses + false_alarms)


def beats_looking_away(accuracy, share):
    """Whether an accuracy is higher than that of always giving the more common answer."""
    return accuracy > max(share, 1 - share)


def possible_share(percent, number, decimals):
    """Whether a printed percentage can be a count out of `number`."""
    half = 0.5 * 10**-decimals + 1e-9
    return any(abs(100 * count / number - percent) <= half for count in range(number + 1))


# B: IoU far below F1 / (2 - F1). D: F1 above the harmonic mean of precision and recall. E: 85.0 % of nine.
# C is worse than an answer that looks at nothing, and possible all the same.
faulty_rows = {"B", "D", "E"}
