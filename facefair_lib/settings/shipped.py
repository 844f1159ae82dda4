"""What is known of a network that comes with the package."""

from __future__ import annotations

from facefair_lib.settings.profiles import DeepLabSettings, InferenceSettings, ModelSettings, Section

SHIPPED = "shipped"
"""In place of a profile: the networks that come with the package. A profile of this name has trained them."""


class Card(Section):
    """What is known of a network beside its weights.

    Attributes
    ----------
    model, settings : see ``build.model_from_settings``
    size, inference : side of the pictures that it was trained on, in pixels, and the views that are averaged
    profile, data, data_digest : the study that trained it, what that was on, and a digest of those pictures
    commit : of the code, with its date
    iou : mean IoU on the study's test people, 0 to 1
    """

    model: str
    settings: DeepLabSettings | ModelSettings
    size: int
    inference: InferenceSettings
    profile: str
    data: str
    data_digest: str
    commit: str
    iou: float

    def told(self) -> str:
        """Which network this is, in one line."""
        return f"{self.model} of the package, profile {self.profile}, commit {self.commit}, trained on {self.data}"
