"""Readers of published layouts: each turns a folder into a manifest and label files into class indices.

``opening`` opens one by the name that a profile gives; ``known`` lists them all.
"""
