"""Readers of sets whose pictures have masks."""
