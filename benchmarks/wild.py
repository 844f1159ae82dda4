"""How well networks do on labelled pictures from elsewhere: mean F1 on published data sets.

Run it from the repository's root, once for networks that a study has trained::

    OMP_NUM_THREADS=1 python benchmarks/wild.py --profile quick --sets fasseg=FOLDER lapa=FOLDER facesynthetics=FOLDER

Measured in November 2026 with the networks that come with the package, PSPNet / DeepLabV3, on 44 photographs of FASSEG,
7 of Helen in LaPa's layout and 50 pictures of FaceSynthetics: .861 / .863, .833 / .837, .689 / .691; the same with
``--faces many``: .861 / .863, .835 / .837, .715 / .719. The first run of reference: .851 / .851, .824 / .814, .616 /
.601. A PSPNet of quick: .841, .796, .562.

Every picture is parsed as one head (``facefair parse --faces one``), at its own size. F1 is that of all pixels of a set
together, averaged over the classes that the set labels, without the background; what a class of ours counts as in a set
is in ``facefair_lib.settings.labels.SCORED_CLASSES``.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import torch

from facefair_lib.parse.parser import Parser
from facefair_lib.parse.published_sets import f1_by_class
from facefair_lib.parse.trained import trained_parser


def mean_f1(parser: Parser, sets: Sequence[str]) -> list[float]:
    """Mean F1 on each set, given as NAME=FOLDER."""
    return [float(f1_by_class(parser, *entry.split("=", 1)).mean()) for entry in sets]


def main() -> None:
    """Print every class and the mean, set by set and network by network."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--profile", default="shipped")
    options.add_argument("--models", nargs="*", default=["pspnet", "deeplabv3"])
    options.add_argument("--faces", default="one", choices=("one", "many"))
    options.add_argument("--sets", nargs="+", required=True, metavar="NAME=FOLDER")
    chosen = options.parse_args()
    torch.set_num_threads(1)
    for model in chosen.models:
        parser = trained_parser(model, chosen.profile)
        for entry in chosen.sets:
            scores = f1_by_class(parser, *entry.split("=", 1), chosen.faces)
            classes = ", ".join(f"{name} {score:.2f}" for name, score in scores.items())
            print(f"{model} on {entry.split('=')[0]}: mean F1 {scores.mean():.3f} ({classes})", flush=True)


if __name__ == "__main__":
    main()
