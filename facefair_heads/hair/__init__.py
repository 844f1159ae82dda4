"""Hair: where strands start, and how they grow."""
