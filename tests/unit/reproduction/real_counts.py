"""Scores as they follow from one table of counts, worked out apart from the library."""


def scores_of(hit: int, false: int, missed: int, quiet: int) -> dict[str, float]:
    """Share by share, from hits, false alarms, misses and quiet answers."""
    return {
        "accuracy": (hit + quiet) / (hit + false + missed + quiet),
        "precision": hit / (hit + false),
        "recall": hit / (hit + missed),
        "f1": 2 * hit / (2 * hit + false + missed),
        "iou": hit / (hit + false + missed),
    }
