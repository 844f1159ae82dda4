"""Gaps with other features held fixed, by linear regression."""
