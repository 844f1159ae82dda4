"""A rendered person and a shot, described by the few choices that the explorer offers."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from facefair_heads.people.counterfactual import with_morphology
from facefair_heads.people.person import Person
from facefair_heads.people.population import sample_person
from facefair_heads.people.shots import Shot, sample_shot


@dataclass(frozen=True)
class Choices:
    """The values of the explorer's controls; everything else about the person and the shot follows from ``number``."""

    number: int
    group: str
    skin_tone: float
    age: float
    emotion: str
    intensity: float
    yaw: float
    light: str
    hair: str

    @classmethod
    def of_person(cls, number: int) -> Choices:
        """The choices that keep person ``number`` as sampled: neutral, from the front, in soft light."""
        person = sample_person(number)
        tone, age = round(2 * person.skin_tone) / 2, float(round(person.age))
        return cls(number, person.group, tone, age, "neutral", 1.0, 0.0, "soft", person.hair)

    def person(self) -> Person:
        """The chosen person; the group changes only the morphology, never the skin."""
        drawn = with_morphology(sample_person(self.number), self.group)
        return dataclasses.replace(drawn, skin_tone=self.skin_tone, age=self.age, hair=self.hair)

    def shot(self) -> Shot:
        """The chosen shot, in colour and uncompressed."""
        shot = sample_shot(
            self.number, emotion=self.emotion, intensity=self.intensity, yaw=self.yaw, light=self.light, occluder="none"
        )
        return dataclasses.replace(shot, greyscale=False, jpeg_quality=0)
