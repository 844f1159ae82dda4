"""Looking twice: every look is taken by the same rules, so that only the view differs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats
from torch import nn

from facefair_lib.data.pictures import Pictures
from facefair_lib.experiments.steadiness import look_twice, measure_worth
from facefair_lib.scores.without_masks import label_agreement
from facefair_lib.settings.labels import INDEX
from facefair_lib.settings.profiles import ONE_VIEW


class SeesASpeck(nn.Module):
    """Says hair everywhere but at the first pixel of whatever it is shown, which it takes for spectacles."""

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        logits = torch.zeros(len(images), 11, *images.shape[-2:])
        logits[:, INDEX["hair"]] = 5.0
        logits[:, INDEX["specs"], 0, 0] = 9.0
        return {"out": logits}


def test_a_class_that_gives_way_does_so_in_every_look() -> None:
    images = np.zeros((2, 64, 64, 3), np.uint8)
    unsteady = look_twice(SeesASpeck(), images, ONE_VIEW)
    assert (unsteady.masks[:, 0, 0] == INDEX["specs"]).all() and (unsteady.measures["flip_consistency"] < 1).all()
    steady = look_twice(SeesASpeck(), images, ONE_VIEW.model_copy(update={"least_share": 0.001}))
    assert (steady.masks == INDEX["hair"]).all()
    assert all((steady.measures[name] == 1).all() for name in ("flip_consistency", "scale_consistency"))


class SeesBrightness(nn.Module):
    """Takes what is bright for a face, the rest for hair; the dimmer the bright part, the less sure it is."""

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        logits = torch.zeros(len(images), 11, *images.shape[-2:])
        logits[:, INDEX["face"]] = images.mean(1)
        logits[:, INDEX["hair"]] = -images.mean(1)
        return {"out": logits}


def test_a_measure_is_worth_what_it_tells_of_the_true_score() -> None:
    count = 14
    images = np.zeros((count, 64, 64, 3), np.uint8)
    labels = np.full((count, 64, 64), INDEX["hair"], np.uint8)
    labels[:, 16:48] = INDEX["face"]
    for number in range(count):  # ever more of the face is seen, and more surely
        images[number, 16 : 20 + 2 * number] = 130 + 9 * number
    names = [f"p{number}" for number in range(count)]
    table = pd.DataFrame({"image_id": names, "subject_id": names, "group": "white", "emotion": "unknown"})
    networks = {"deeplabv3": SeesBrightness(), "pspnet": SeesBrightness()}
    known = Pictures(table, images, labels)
    worth = measure_worth(networks, known, ONE_VIEW, lambda model: lambda done, of: None, replicates=50)
    assert len(worth) == 10 and set(worth["n_images"]) == {count}
    by_measure = worth.set_index(["measure", "model"])["correlation"]
    seen = look_twice(SeesBrightness(), images, ONE_VIEW)
    truth = label_agreement(labels, seen.masks)
    expected = stats.spearmanr(seen.measures["entropy"], truth).statistic
    assert by_measure["entropy", "pspnet"] == pytest.approx(expected) and abs(expected) > 0.2
    assert np.isnan(by_measure["model_agreement", "pspnet"]), "the same network twice always agrees"
