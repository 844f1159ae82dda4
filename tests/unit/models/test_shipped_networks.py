"""The files that come with the package are there, whole, and know a head. They fail where a copy lacks them."""

from __future__ import annotations

import re

import numpy as np
import pytest

from facefair_heads import render, sample_person, sample_shot
from facefair_lib.models import packed
from facefair_lib.models.trained import trained_network
from facefair_lib.scores.confusion import confusion_counts
from facefair_lib.scores.metrics import mean_iou
from facefair_lib.settings.shipped import SHIPPED
from facefair_lib.store.stages import TRAINING_STAGES
from facefair_lib.training.predict import predict

MOST_MEGABYTES = 20


@pytest.mark.parametrize("model", TRAINING_STAGES)
def test_a_shipped_network_labels_rendered_people(model: str) -> None:
    fitted = trained_network(model)
    people = [render(sample_person(seed), sample_shot(seed, occluder=None), fitted.size) for seed in range(900, 908)]
    masks = predict(fitted.network, np.stack([made.rgb for made in people]), views=fitted.views)
    counts = confusion_counts(np.stack([made.label for made in people]), masks).sum(0)
    assert mean_iou(counts) > 0.55


@pytest.mark.parametrize("model", TRAINING_STAGES)
def test_a_shipped_network_has_a_card_that_says_what_it_is(model: str) -> None:
    path = packed.FOLDER / f"{model}.safetensors"
    card = packed.read_card(path)
    assert (card.model, card.profile) == (model, SHIPPED)
    assert "dirty" not in card.commit
    assert path.stat().st_size < MOST_MEGABYTES * 1e6
    page = path.with_suffix(".md").read_text(encoding="utf-8")
    assert card.commit in page and card.data_digest in page
    assert f"{100 * card.iou:.1f} (" in page
    assert "as rendered" in page and "| licence |" in page
    assert not re.search(r"\bnan\b|None", page)
