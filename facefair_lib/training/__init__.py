"""Fitting networks, and what fitted ones predict."""
