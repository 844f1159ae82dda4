"""Scores of masks: from confusion counts to every metric, its interval, errors at outlines, measures without masks."""
