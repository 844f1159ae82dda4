"""Solutions of lesson 8."""

import re

import numpy as np


def difference_hash(small):
    """Is each pixel brighter than its left neighbour? (8, 9) -> (8, 8) bool."""
    return small[:, 1:] > small[:, :-1]


def person_of(folder):
    """Person behind a folder's name, such as 'femaleanna2' -> 'femaleanna'."""
    numbered = re.fullmatch(r"((?:fe)?male\d{2})(?:_\d)?", folder)
    return numbered[1] if numbered else re.sub(r"\d$", "", folder)


def split_people(people, share, seed):
    """True for the pictures of a random share of the people: (N,) names -> (N,) bool."""
    names = np.unique(people)
    chosen = np.random.default_rng(seed).choice(names, round(share * len(names)), replace=False)
    return np.isin(people, chosen)


def thin_cells(table, fewest):
    """Pairs (group, emotion) shown by fewer than `fewest` people."""
    people = table.groupby(["group", "emotion"])["person"].nunique().unstack(fill_value=0).stack()
    return set(people[people < fewest].index)
