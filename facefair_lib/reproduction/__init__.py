"""Notebook 06: the course paper's protocol, as published and corrected item by item; checks of published tables.

What the author's public programs did is described here in this project's own words and code; nothing is copied.
"""
