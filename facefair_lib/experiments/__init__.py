"""What notebooks 05 to 10 do with networks: people, training sets, architectures and seeds varied, few photographs."""
