"""The course paper's own protocol, kept apart from the study: as published, and corrected one thing at a time.

What its author's public programs did is described here in this project's own words and code; nothing is copied.
"""
