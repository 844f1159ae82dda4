"""The networks of notebook 09: those fitted by the stage ``comparison``, or else the two of the study."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from facefair_lib.experiments.architectures.cost import COST_COLUMNS, measure_costs
from facefair_lib.experiments.architectures.plan import network_name
from facefair_lib.experiments.architectures.run import NETWORK_COLUMNS, TIMING_COLUMNS
from facefair_lib.models.fitted import load_network
from facefair_lib.scores.metrics import COMPARED_BY
from facefair_lib.store import stages
from facefair_lib.store.results import COMPLETE, TIMINGS
from facefair_lib.tables.experiment import gap_table

if TYPE_CHECKING:
    from facefair_lib.study.open import Study


@dataclass(frozen=True)
class Compared:
    """Everything that goes into the table of notebook 09.

    Attributes
    ----------
    networks : a row per network, ``architectures.run.NETWORK_COLUMNS``
    costs : a row per network, ``architectures.cost.COST_COLUMNS``
    timings : a row per network, ``architectures.run.TIMING_COLUMNS``
    counts : network -> (N, 11, 11) int64 on the test pictures, rows of a matrix = target
    images : N rows with image_id and subject_id
    gaps : gap between the groups of the experiment's people, a row per network; no rows if nobody could be scored
    """

    networks: pd.DataFrame
    costs: pd.DataFrame
    timings: pd.DataFrame
    counts: dict[str, np.ndarray]
    images: pd.DataFrame
    gaps: pd.DataFrame


def status(study: Study) -> pd.DataFrame:
    """Say whether networks were fitted for the comparison, and if not, why: one row with fitted, reason."""
    found = study.of(stages.COMPARISON).table("status")
    return pd.DataFrame({"fitted": found["status"] == COMPLETE, "reason": found["reason"]})


def compare(study: Study) -> Compared:
    """Collect the results of the fitted networks, or of the two of the study."""
    return _fitted(study) if status(study)["fitted"].item() else _of_the_study(study)


def _fitted(study: Study) -> Compared:
    stage = study.of(stages.COMPARISON)
    networks = stage.table("networks")
    names = list(networks["network"])
    replicates = study.settings.analysis.replicates
    gaps = gap_table(
        dict(zip(names, stage.array("people_counts"), strict=True)),
        stage.table("people"),
        features=("group",),
        estimands=(COMPARED_BY,),
        replicates=replicates,
        permutations=replicates,
        seed=study.settings.seed,
    )
    counts = dict(zip(names, stage.array("test_counts"), strict=True))
    costs, timings = stage.table("costs"), stage.table(TIMINGS)
    return Compared(networks, costs, timings, counts, stage.table("test_images"), gaps)


def _of_the_study(study: Study) -> Compared:
    """The two networks from notebooks 02, 03 and 05; only their costs are measured now."""
    rows, counts, networks = [], {}, {}
    for model, training in stages.TRAINING_STAGES.items():
        fit, settings = study.of(training), study.model_settings(model)
        name = network_name(model, settings.backbone, settings.fine_maps)
        described = fit.table("model").iloc[0].to_dict()
        described |= {"network": name, "learning_rate": settings.learning_rate}
        rows.append(described | {"seconds": fit.table(TIMINGS)["seconds"].item()})
        counts[name] = fit.array("test_counts")
        networks[name] = load_network(model, settings, fit.existing("best.pt"))
    costs = measure_costs(networks, study.settings.inference, study.settings.data.size)
    names = {row["model"]: row["network"] for row in rows}
    gaps = study.of("05_ethnicity_emotion_experiment").table("gaps")
    own = gaps[(gaps["feature"] == "group") & (gaps["metric"] == COMPARED_BY)]
    own = own.assign(model=own["model"].map(names))
    images = study.of(stages.TRAINING_STAGES["deeplabv3"]).table("test_images")
    table = pd.DataFrame(rows)
    timings = table[["network", "seconds"]].merge(costs, on="network")[TIMING_COLUMNS]
    return Compared(table[NETWORK_COLUMNS], costs[COST_COLUMNS], timings, counts, images, own)
