"""Rendered people: heads whose every pixel and attribute is known.

A ``Person`` is who is seen, a ``Shot`` is how; both are plain values sampled from seeds. ``render`` turns a pair into a
picture with exact labels of the eleven classes; ``compose`` puts two or three people into one picture.
"""

from facefair_lib.heads.compose import compose
from facefair_lib.heads.counterfactual import counterfactuals, with_morphology
from facefair_lib.heads.expressions import COHORT_EMOTIONS, EMOTIONS
from facefair_lib.heads.label_rules import MUT1NY_RULES, LabelRules, parse_label_rules
from facefair_lib.heads.people import (
    EARRINGS,
    FACIAL_HAIR,
    GENDERS,
    GLASSES,
    GROUPS,
    HAIR_STYLES,
    HEADWEAR,
    Person,
)
from facefair_lib.heads.population import sample_person
from facefair_lib.heads.render import Rendering, render
from facefair_lib.heads.sheets import contact_sheet
from facefair_lib.heads.shots import BACKGROUNDS, LIGHTS, OCCLUDERS, LightSetup, Shot, attributes, sample_shot
from facefair_lib.heads.trace import SceneCache
from facefair_lib.heads.wild import sample_in_the_wild

__all__ = [
    "BACKGROUNDS",
    "COHORT_EMOTIONS",
    "EARRINGS",
    "EMOTIONS",
    "FACIAL_HAIR",
    "GENDERS",
    "GLASSES",
    "GROUPS",
    "HAIR_STYLES",
    "HEADWEAR",
    "LIGHTS",
    "MUT1NY_RULES",
    "OCCLUDERS",
    "LabelRules",
    "LightSetup",
    "Person",
    "Rendering",
    "SceneCache",
    "Shot",
    "attributes",
    "compose",
    "contact_sheet",
    "counterfactuals",
    "parse_label_rules",
    "render",
    "sample_in_the_wild",
    "sample_person",
    "sample_shot",
    "warm_up",
    "with_morphology",
]


def warm_up() -> None:
    """Bake the body file and compile the ray-casting kernels, once, before worker processes start."""
    render(sample_person(0, hair="long", facial_hair="full", glasses="sunglasses"), sample_shot(0), size=16)
