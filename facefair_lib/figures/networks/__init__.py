"""Figures of the networks: their diagrams (figures 1 and 2) and their training curves (figures 4 and 5)."""
