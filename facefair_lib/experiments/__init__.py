"""What notebooks 05 to 09 do with networks: people, training sets and architectures varied, few photographs."""
