"""What is known of a network that comes with the package."""

from __future__ import annotations

from facefair_lib.settings.profiles import DeepLabSettings, InferenceSettings, ModelSettings, Section

SHIPPED = "shipped"
"""Instead of a profile: the networks that come with the package. A profile of this name trained them."""


class Card(Section):
    """What is known of a network besides its weights.

    Attributes
    ----------
    model, settings : see ``build.model_from_settings``
    size, inference : side of the pictures that it was trained on, in pixels, and the views that are averaged
    profile, data, data_digest : the study that trained it, what it was trained on, and a digest of those pictures
    commit : the code's commit, with its date
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
        """Describe the network in one line."""
        return f"{self.model} of the package, profile {self.profile}, commit {self.commit}, trained on {self.data}"
