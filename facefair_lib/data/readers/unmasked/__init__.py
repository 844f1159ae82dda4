"""Readers of photographs with groups and emotions; only the user's own may have masks."""
