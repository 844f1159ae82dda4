"""Figures 1 and 2: the diagrams of the networks, and the shapes they are drawn with."""
