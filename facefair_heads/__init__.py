"""Rendered people: heads whose every pixel and attribute is known.

A ``Person`` says who is seen, a ``Shot`` how; both are plain values sampled from seeds. ``render`` turns a pair into a
picture with exact labels of the eleven classes; ``compose`` puts two or three people into one picture.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "DataSetSettings": "facefair_heads.sets.dataset",
    "LabelRules": "facefair_heads.people.label_rules",
    "Person": "facefair_heads.people.person",
    "SceneCache": "facefair_heads.camera.scene_cache",
    "Shot": "facefair_heads.people.shots",
    "compose": "facefair_heads.camera.compose",
    "counterfactuals": "facefair_heads.people.counterfactual",
    "render": "facefair_heads.camera.render",
    "sample_person": "facefair_heads.people.population",
    "sample_shot": "facefair_heads.people.shots",
    "write_data_set": "facefair_heads.sets.dataset",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    """Import a name's module on first use: the renderer takes a second to start."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"facefair_heads has no {name}")
