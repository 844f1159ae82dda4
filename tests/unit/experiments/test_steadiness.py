"""Looking twice: every look is taken by the same rules, so that only the view differs."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from facefair_lib.experiments.steadiness import look_twice
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
