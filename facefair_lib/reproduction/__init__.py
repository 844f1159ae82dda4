"""Notebook 06: the course paper's protocol, as published and corrected one thing at a time; checks of printed tables.

What its author's public programs did is described here in this project's own words and code; nothing is copied.
"""
