"""Readers of photographs with groups and emotions; of these, the user's own may have masks."""
