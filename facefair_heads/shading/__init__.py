"""Label, material and light of every point that is seen."""
