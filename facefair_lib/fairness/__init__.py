"""Scores by group, the gaps between groups, and how sure they are.

The words are Fairlearn's: overall, by_group, difference, ratio, sensitive and control features.
"""
