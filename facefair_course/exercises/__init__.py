"""The cases of each lesson's exercises."""
