"""How well networks do on labelled pictures from elsewhere: mean F1 on published data sets.

Run it from the repository's root, once for networks that a study has trained::

    OMP_NUM_THREADS=1 python benchmarks/wild.py --profile quick --sets fasseg=FOLDER lapa=FOLDER facesynthetics=FOLDER

Measured in December 2026 with the networks that come with the package, PSPNet / DeepLabV3, on 44 photographs of FASSEG,
7 of Helen in LaPa's layout and 50 pictures of FaceSynthetics: .862 / .860, .850 / .856, .693 / .696; the same with
``--faces many``: .862 / .860, .852 / .858, .725 / .731. Before they were fitted to people of any looks: .861 / .863,
.833 / .837, .689 / .691, and .861 / .863, .835 / .837, .715 / .719. The first run of reference: .851 / .851, .824 /
.814, .616 / .601. A PSPNet of quick: .841, .796, .562.

What holds the scores of photographs down is mostly where a set draws the outlines. PSPNet finds 61 % of what FASSEG
calls eyes, and 94 % of what it finds is right: the set's eyes are larger. Of Helen's eyes it finds 95 %, and 66 % is
right: they are smaller. No network can be right about both. Its mouths and noses are larger than FASSEG's (recall .96,
precision .75 and .77). Faults of its own: brows too thin (of Helen's 66 % found, of FaceSynthetics' 52; 59 and 38
before any looks), most beards of FaceSynthetics missed (13 % found) and spectacles invented (30 % of them right). With
the networks before, none of five other sets of views raised the mean of FASSEG or Helen by more than .002; some lowered
it by up to .03.

Every picture is parsed as one head (``facefair parse --faces one``), at its own size. F1 is that of all pixels of a set
together, averaged over the classes that the set labels, without the background; what a class of ours counts as in a set
is in ``facefair_lib.settings.labels.SCORED_CLASSES``.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import torch

from facefair_lib.parse.parser import Parser
from facefair_lib.parse.published_sets import scores_by_class
from facefair_lib.parse.trained import trained_parser


def mean_f1(parser: Parser, sets: Sequence[str]) -> list[float]:
    """Mean F1 on each set, given as NAME=FOLDER."""
    return [float(scores_by_class(parser, *entry.split("=", 1))["f1"].mean()) for entry in sets]


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
            scores = scores_by_class(parser, *entry.split("=", 1), chosen.faces)
            print(f"{model} on {entry.split('=')[0]}: mean F1 {scores['f1'].mean():.3f}")
            print(scores.round(3).to_string(), flush=True)


if __name__ == "__main__":
    main()
