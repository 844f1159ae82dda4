"""Who is seen and how, as plain values drawn from seeds."""
