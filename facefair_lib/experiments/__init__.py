"""The experiments of notebooks 05 to 10: people, training sets, architectures, seeds and few photographs are varied."""
