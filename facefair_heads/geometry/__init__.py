"""Shapes: the head's mesh, and all that is worn or held before it."""
