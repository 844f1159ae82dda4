"""How long the counterfactual explorer takes from a change to the picture, with a study's networks or the package's.

Run it from the repository's root::

    python benchmarks/explore.py [--profile quick] [--changes 60]

One control at a time is changed as a person would, and the draft is timed: rendering, both networks, the pictures' PNGs
and the table. The browser's own time is not included.
"""

from __future__ import annotations

import argparse
import dataclasses
import time

import numpy as np

from facefair_heads.people.expressions import EMOTIONS
from facefair_heads.people.person import GROUPS, HAIR_STYLES
from facefair_heads.people.shots import LIGHTS
from facefair_lib.explore.palettes import colour_table
from facefair_lib.explore.person_controls import Choices
from facefair_lib.explore.person_explorer import draw_look, score_table
from facefair_lib.explore.person_renderer import Studio

RANGES = {"skin_tone": (1, 10), "age": (18, 80), "intensity": (0, 1), "yaw": (-90, 90)}
CHOICES = {"group": GROUPS, "emotion": EMOTIONS, "light": LIGHTS, "hair": HAIR_STYLES}


def changed(choices: Choices, field: str, random: np.random.Generator) -> Choices:
    """The same choices with another value of one field."""
    if field in RANGES:
        return dataclasses.replace(choices, **{field: float(random.uniform(*RANGES[field]))})
    others = [value for value in CHOICES[field] if value != getattr(choices, field)]
    return dataclasses.replace(choices, **{field: str(random.choice(others))})


def timed(studio: Studio, choices: Choices, fine: bool) -> dict[str, float]:
    """Milliseconds of one picture: in all, and by step."""
    begin = time.perf_counter()
    look = studio.look(choices, tuple(studio.networks), fine)
    table = colour_table("paper")
    draw_look(look, "mask", table)
    score_table(look, look.counts, table)
    return {"all": 1000 * (time.perf_counter() - begin), **look.milliseconds}


def report(title: str, times: list[dict[str, float]]) -> None:
    """Print one line: median and 95th percentile of the whole, medians of the steps."""
    whole = np.array([entry["all"] for entry in times])
    steps = {name: np.median([entry[name] for entry in times]) for name in times[0] if name != "all"}
    told = ", ".join(f"{name} {value:.0f}" for name, value in steps.items())
    print(f"{title:22} median {np.median(whole):5.0f} ms   95 % {np.quantile(whole, 0.95):5.0f} ms   ({told})")


def main() -> None:
    """Time drafts and refined pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profile", default="quick")
    parser.add_argument("--changes", type=int, default=60, help="changes of each control")
    options = parser.parse_args()
    studio, random = Studio(options.profile), np.random.default_rng(0)
    timed(studio, Choices.of_person(0), False)  # kernels are compiled once per machine
    drafts: dict[str, list[dict[str, float]]] = {field: [] for field in [*RANGES, *CHOICES]}
    refined = []
    for number in range(options.changes):
        choices = Choices.of_person(number % 40)
        timed(studio, choices, False)
        for field, times in drafts.items():
            choices = changed(choices, field, random)
            times.append(timed(studio, choices, False))
        refined.append(timed(studio, choices, True))
    for field, times in drafts.items():
        report(field, times)
    report("all drafts", [entry for times in drafts.values() for entry in times])
    report("refined", refined)


if __name__ == "__main__":
    main()
