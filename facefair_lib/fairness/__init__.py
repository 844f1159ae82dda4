"""Scores by group, gaps between groups, and their uncertainty.

The terms are Fairlearn's: overall, by_group, difference, ratio, sensitive and control features.
"""
