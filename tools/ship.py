"""Pack the networks of a finished study into the package, each with its model card::

    python tools/ship.py [--profile shipped] [--sets fasseg=FOLDER lapa=FOLDER ...]

Needs a study that has run to notebook 04 or further; scores by group and by tone are on the card where notebooks 05
and 07 have run too. Every number on a card comes from the study's tables, or is measured here on the published data
sets named. A set of another origin in a known layout gets a title of its own: ``"lapa:Helen in LaPa's layout=FOLDER"``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np

from facefair_lib.data.published.catalogue import CATALOGUE
from facefair_lib.errors import InputError
from facefair_lib.models.packed import FOLDER, Fitted, pack, unpack
from facefair_lib.models.trained import find_weights, trained_network
from facefair_lib.parse.parser import Parser
from facefair_lib.parse.published_sets import scores_by_class
from facefair_lib.report.filters import bounds
from facefair_lib.report.results_reader import Results, Row, is_missing
from facefair_lib.scores.titles import backbone_title, network_title, title
from facefair_lib.settings import paths
from facefair_lib.settings.profiles import Profile, load_profile
from facefair_lib.settings.shipped import SHIPPED, Card
from facefair_lib.store import results, stages
from facefair_lib.store.digests import text_digest
from facefair_lib.store.provenance import FILE_NAME, digest_of
from facefair_lib.store.screen import use_plain_characters
from facefair_lib.training.predict import predict

PICTURES = 50  # test pictures on which half floats are tried
AGREEMENT = 0.999
"""Least share of pixels whose class stays the same in half floats."""
_DATA, _EXPERIMENT, _EFFECTS = "01_data_preparation", "05_ethnicity_emotion_experiment", "07_counterfactual_fairness"


def ship(model: str, profile: Profile, sets: Mapping[str, str], folder: Path = FOLDER) -> Path:
    """Write ``<model>.safetensors`` and ``<model>.md``; return the path of the first.

    Parameters
    ----------
    sets : published data sets to score the network on, name or ``name:title`` -> folder

    Raises
    ------
    InputError
        if the study has not run to notebook 04, or the packed network's answers differ from the trained one's
    """
    tables = Results(paths.results_dir(profile.name), paths.REPORT)
    fitted = trained_network(model, profile.name, find_weights(model, profile.name))
    card = card_of(model, profile, tables)
    path = pack(folder / f"{model}.safetensors", fitted.network, card)
    packed = unpack(path)
    agreement, pictures = agree(fitted, packed, test_pictures(profile.name))
    if agreement < AGREEMENT:
        path.unlink()
        raise InputError(
            path,
            found=f"{agreement:.2%} of pixels as before",
            expected=f"{AGREEMENT:.1%}",
            do="train longer: half floats change pixels whose classes nearly tie",
        )
    numbers = sum(value.numel() for value in fitted.network.state_dict().values())
    halves = f"{agreement:.3%} of the pixels of {pictures} test pictures get the class that single floats give"
    page = model_card(card, tables, profile.data.source, numbers, halves)
    page += [*on_sets(packed, sets), "", *limits(profile.data.source)]
    results.write_text(folder / f"{model}.md", "\n".join(page) + "\n")
    return path


def card_of(model: str, profile: Profile, tables: Results) -> Card:
    """What the packed file says about itself."""
    learnt = tables.rows(f"{_DATA}/prepared", split="train")
    return Card(
        model=model,
        settings=getattr(profile.models, model),
        size=profile.data.size,
        inference=profile.inference,
        profile=profile.name,
        data=f"{len(learnt):,} pictures ({CATALOGUE[profile.data.source].title})",
        data_digest=data_digest(profile.name, model),
        commit=commit(),
        iou=tables.cell("04_metric_analysis/summary", "value", model=model, metric="iou"),
    )


def agree(one: Fitted, other: Fitted, images: np.ndarray) -> tuple[float, int]:
    """Share of pixels to which two networks give the same class, and the number of pictures."""
    masks = [predict(fitted.network, images, views=fitted.views) for fitted in (one, other)]
    return float((masks[0] == masks[1]).mean()), len(images)


def test_pictures(profile: str) -> np.ndarray:
    """Some of a study's test pictures: (N, S, S, 3) uint8."""
    stage = results.Stage(paths.results_dir(profile) / _DATA)
    table = stage.table("prepared")
    rows = table.loc[table["split"] == "test", "row"].to_numpy()
    return np.asarray(stage.array("images")[np.sort(rows)[:: max(1, len(rows) // PICTURES)]])


def data_digest(profile: str, model: str) -> str:
    """A digest of the pictures and labels that a network was trained on."""
    stage = results.Stage(paths.results_dir(profile) / stages.TRAINING_STAGES[model])
    inputs = json.loads(stage.existing(FILE_NAME).read_text(encoding="utf-8"))["inputs"]
    return text_digest(json.dumps(sorted(inputs.values())))


@cache
def commit() -> str:
    """The code's commit and its date, ``-dirty`` where files differ from it; read before any file is written."""
    asked = (("describe", "--always", "--dirty", "--exclude=*"), ("log", "-1", "--format=%cs"))
    told = [
        subprocess.run(["git", *words], cwd=paths.REPOSITORY, capture_output=True, text=True, check=True)
        for words in asked
    ]
    return " of ".join(process.stdout.strip() for process in told)


def model_card(card: Card, tables: Results, source: str, numbers: int, halves: str) -> list[str]:
    """Compose the page of a network, line by line."""
    name, backbone = network_title(card.model, card.settings.fine_maps), backbone_title(card.settings.backbone)
    digest = digest_of(find_weights(card.model, card.profile))
    facts = {
        "network": f"{name} on {backbone} to stride {card.settings.output_stride}, {numbers:,} half floats",
        "from": f"`facefair study --profile {card.profile}`, commit {card.commit}, weights' sha256 `{digest}`",
        "licence": licence(card, source),
        "trained on": f"{CATALOGUE[source].title}: {split_sizes(tables)}; {card.size} x {card.size} pixels",
        "digest of the data": f"`{card.data_digest}`",
        "used for": "`facefair parse`, `facefair export`, the app and `explore.counterfactual`; never in a study",
        "half floats": halves,
    }
    lines = [f"# Weights of {name}", "", "| | |", "|---|---|"]
    lines += [f"| {key} | {value} |" for key, value in facts.items()]
    lines += ["", *scores(card.model, tables)]
    return lines


def licence(card: Card, source: str) -> str:
    """The terms of the weights, and of what they were made from."""
    own = "MIT, as the project" if source == "rendered" else f"that of the data: {CATALOGUE[source].licence}"
    if card.settings.weights == "none":
        return own
    start = {"imagenet": "ImageNet", "coco": "COCO"}[card.settings.weights]
    return f"{own}; the backbone starts from published {start} weights, whose licence the README names"


def split_sizes(tables: Results) -> str:
    """Pictures and people for training, for choosing the epoch and for testing."""
    parts = []
    for split, what in (("train", "to learn from"), ("validation", "to choose the epoch by"), ("test", "to test on")):
        these = tables.rows(f"{_DATA}/prepared", split=split)
        people = len({row["subject_id"] for row in these})
        parts.append(f"{len(these):,} pictures of {people:,} people {what}")
    return ", ".join(parts)


def scores(model: str, tables: Results) -> list[str]:
    """The table of scores: test people, each class, group and tone, as far as the study has them."""
    classes = found(tables, "04_metric_analysis/classes", model=model, metric="iou")
    groups = found(tables, f"{_EXPERIMENT}/groups", model=model, metric="image_iou")
    tones = found(tables, f"{_EFFECTS}/tones", model=model)
    entries = [
        ("test people, mean IoU", tables.row("04_metric_analysis/summary", model=model, metric="iou")),
        *((f"{title(row['class'])}, IoU", row) for row in classes),
        *((f"{title(row['group'])} people as rendered, image IoU", row) for row in groups),
        *((f"the same people in Monk tone {row['skin_tone']:g}, image IoU", row) for row in tones),
    ]
    lines = ["| per cent, with 95 % intervals over people | | people | pictures |", "|---|---:|---:|---:|"]
    for what, row in entries:
        low, high = (100 * end for end in bounds(row))
        value = f"{100 * row['value']:.1f}" + ("" if is_missing(low) else f" ({low:.1f}–{high:.1f})")
        lines.append(f"| {what} | {value} | {row['n_subjects']:.0f} | {row['n_images']:.0f} |")
    return [*lines, *differences(model, tables)]


def differences(model: str, tables: Results) -> list[str]:
    """The gap between groups, and what changing one person's group does."""
    lines = []
    for row in found(tables, f"{_EXPERIMENT}/gaps", model=model, feature="group", metric="image_iou"):
        chance = f"by chance {100 * row['expected_by_chance']:.1f}, p {row['p_value']:.2g}"
        lines.append(f"* Largest gap between groups of different people: {100 * row['gap']:.1f} points ({chance}).")
    for row in found(tables, f"{_EFFECTS}/effects", model=model, component="total"):
        one, other = map(title, row["contrast"].split("-"))
        found_in = f"{100 * row['low']:+.1f} to {100 * row['high']:+.1f}, p {row['p_adjusted']:.2g}"
        lines.append(f"* The same person, {one} over {other}: {100 * row['difference']:+.1f} points ({found_in}).")
    return ["", *lines] if lines else []


def on_sets(fitted: Fitted, sets: Mapping[str, str]) -> list[str]:
    """The table of scores on published data sets, each parsed as ``facefair parse --faces one`` does."""
    if not sets:
        return []
    parser = Parser(fitted.network, fitted.size, fitted.views)
    lines = ["", "| published set (no network was trained on it) | mean F1 | F1 of each class |", "|---|---:|---|"]
    for name, folder in sets.items():
        source, _, own_title = name.partition(":")
        scored = scores_by_class(parser, source, folder)
        f1 = scored["f1"]
        classes = ", ".join(f"{part} {100 * score:.0f}" for part, score in f1.items())
        what = f"{own_title or CATALOGUE[source].title}, {scored.attrs['pictures']:,} pictures"
        lines.append(f"| {what} | {100 * f1.mean():.1f} | {classes} |")
    return [
        *lines,
        "",
        "Per cent, of all pixels of a set's pictures together, in the set's classes without the background.",
    ]


def found(tables: Results, table: str, **where: object) -> list[Row]:
    """Rows of a table; none where the study has not written it."""
    return tables.rows(table, **where) if tables.has(table) else []


def limits(source: str) -> list[str]:
    """What the scores do not show."""
    if source == "rendered":
        first = [
            "The study's scores are of *rendered* people, grouped *as rendered*: they say nothing about any living",
            "person. Photographs differ from renderings, and the network does worse on them.",
        ]
    else:
        first = [
            "The study's scores are of pictures of this set, whose owner chose who is on them; on others it may do",
            "worse.",
        ]
    return [
        *first,
        "A small gap is no proof of fairness. The network labels the parts of single heads that fill a square; it is",
        "not made to recognise, identify or judge anybody.",
    ]


def main() -> None:
    """Pack both networks."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--profile", default=SHIPPED)
    options.add_argument("--sets", nargs="*", default=[], metavar="NAME[:TITLE]=FOLDER")
    use_plain_characters()
    try:
        chosen = options.parse_args()
        profile, sets = load_profile(chosen.profile), dict(entry.split("=", 1) for entry in chosen.sets)
        for model in stages.TRAINING_STAGES:
            path = ship(model, profile, sets)
            print(f"▸ {path}: {path.stat().st_size / 1e6:.1f} MB")
    except InputError as error:
        sys.exit(f"facefair: {error}")


if __name__ == "__main__":
    main()
