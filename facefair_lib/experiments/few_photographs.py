"""The photographs of notebook 08: which networks are adapted to them, scored on them, and shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from facefair_lib.data.pictures import Pictures
from facefair_lib.data.skin_tone import typology_angle
from facefair_lib.figures.pictures import Picture
from facefair_lib.settings import labels
from facefair_lib.settings.profiles import load_profile
from facefair_lib.store import stages
from facefair_lib.tables.adaptation import tone_table

if TYPE_CHECKING:
    from facefair_lib.experiments.adaptation import Adapted
    from facefair_lib.study.open import Study


def status(study: Study) -> pd.DataFrame:
    """Say whether there are no photographs to adapt to, and why: one row with skipped, reason."""
    skipped = not (study.settings.adaptation and study.settings.transfer_from)
    name = study.settings.name
    reason = f"the profile {name} reads no photographs; make study PROFILE=fasseg DATA=… does" if skipped else ""
    return pd.DataFrame({"skipped": [skipped], "reason": [reason]})


def scored_classes(study: Study) -> Mapping[str, tuple[str, ...]]:
    """The classes of the profile's photographs and the study's classes in each; those of FASSEG if it reads none."""
    skipped = status(study)["skipped"].item()
    return labels.FASSEG_GROUPS if skipped else labels.SCORED_CLASSES[study.settings.data.source]


def adapt_networks(study: Study) -> dict[str, Adapted]:
    """Adapt both networks of the profile named in ``transfer_from``: model -> result; empty without photographs."""
    if status(study)["skipped"].item():
        return {}
    from facefair_lib.experiments.adaptation import Trained, adapt  # imports torch, which the others do not need

    other, settings = study.settings.transfer_from, study.settings
    photographs = Pictures(photograph_table(study), *study.of("01_data_preparation").arrays())
    models, folder = load_profile(other).models, study.here.folder / "fits"
    trained = [
        Trained(model, getattr(models, model), settings.training, study.of(stage, other).existing("best.pt"))
        for model, stage in stages.TRAINING_STAGES.items()
    ]
    return {
        network.name: adapt(
            network,
            settings.adaptation,
            photographs,
            settings.inference,
            folder,
            settings.seed,
            study.progress(network.name),
        )
        for network in trained
    }


def photograph_table(study: Study) -> pd.DataFrame:
    """The prepared photographs, one row each."""
    return study.of("01_data_preparation").table("prepared")


def held_out(study: Study) -> pd.DataFrame:
    """The test photographs, to which no network was fitted, in the order of all counts."""
    prepared = photograph_table(study)
    return prepared[prepared["split"] == "test"]


def all_runs(study: Study, adapted: dict[str, Adapted]) -> tuple[pd.DataFrame, np.ndarray]:
    """Add the profile's own networks, which are fitted to all training photographs alone, to the adapted ones.

    Returns
    -------
    runs : R rows: model, start, photographs, draw, epochs
    counts : (R, N, 11, 11) int64 on the N test photographs
    """
    everything = int((photograph_table(study)["split"] == "train").sum())
    tables = [result.runs.assign(model=model) for model, result in adapted.items()]
    counts = [result.counts for result in adapted.values()]
    for model, stage in stages.TRAINING_STAGES.items():
        own = {"model": model, "start": "alone", "photographs": everything, "draw": 0}
        tables.append(pd.DataFrame([{**own, "epochs": study.model_settings(model).epochs}]))
        counts.append(study.of(stage).array("test_counts")[None])
    return pd.concat(tables, ignore_index=True), np.concatenate(counts)


def tone_slopes(study: Study) -> pd.DataFrame:
    """How scores depend on measured skin tone (``tone_table``): for the networks that learnt from rendered people, on
    all photographs; for the profile's own, on the test photographs.
    """
    other, prepared = study.settings.transfer_from, photograph_table(study)
    images, masks = study.of("01_data_preparation").arrays()
    place, test = prepared["row"].to_numpy(), (prepared["split"] == "test").to_numpy()
    prepared = prepared.assign(tone=typology_angle(images[place], masks[place]))
    fits = {model: study.of(stage) for model, stage in stages.TRAINING_STAGES.items()}
    rendered = {(other, model): fit.array(f"transfer_{other}_counts") for model, fit in fits.items()}
    own = {(study.settings.name, model): fit.array("test_counts") for model, fit in fits.items()}
    groups = scored_classes(study)
    parts = [tone_table(rendered, prepared, groups=groups), tone_table(own, prepared[test], groups=groups)]
    return pd.concat(parts, ignore_index=True)


def example_pictures(study: Study, result: Adapted, count: int = 4) -> tuple[list[list[Picture]], tuple[str, ...]]:
    """Test photographs with their true masks and the predictions of one network adapted to more and more photographs.

    Parameters
    ----------
    result : of one network
    count : photographs shown, evenly spread over the test photographs

    Returns
    -------
    rows of pictures, and the titles of their columns
    """
    first = result.runs.query("start == 'rendered' and draw == 0")
    images, masks = study.of("01_data_preparation").arrays()
    places = held_out(study)["row"].to_numpy()
    shown = np.unique(np.linspace(0, len(places) - 1, count).round().astype(int))
    rows = [
        [
            Picture(images[places[number]]),
            Picture(masks[places[number]], "mask"),
            *(Picture(result.masks[run][number], "mask") for run in first.index),
        ]
        for number in shown
    ]
    return rows, ("Photograph", "Truth", *(f"{number} photographs" for number in first["photographs"]))
