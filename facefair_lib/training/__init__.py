"""Fits networks, and predicts with fitted ones."""
