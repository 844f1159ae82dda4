"""What is chosen and what is fixed: profiles, the eleven classes and where things are."""
