"""The people of the ethnicity and emotion experiment: nine that are shown, and as many more per cell as are asked for.

Every cell of 3 groups x 3 emotions gets its own people; nobody stands in two cells or in the training cohort, because
every seed comes from a stream of its own. Ages, poses, light and gender vary and do not depend on the group.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from facefair_heads.people.person import GENDERS
from facefair_heads.people.population import sample_person
from facefair_heads.people.shots import attributes, sample_shot
from facefair_heads.sets.cohort import Advance, Format, Head, Picture, stream_seeds, write_pictures
from facefair_lib.settings.labels import EMOTIONS, GROUPS, decode
from facefair_lib.store import results

"""The emotions of the course paper's experiment, in its order."""

_SAMPLES = 2  # per pixel and axis


def plan_experiment(people_per_cell: int, seed: int) -> list[Picture]:
    """One picture per person: the cell's shown person first, then ``people_per_cell`` who are only scored."""
    return list(_pictures(people_per_cell, seed))


def _pictures(people_per_cell: int, seed: int) -> Iterator[Picture]:
    for row, group in enumerate(GROUPS):
        for column, emotion in enumerate(EMOTIONS):
            for number in range(people_per_cell + 1):
                name = f"{group}_{emotion}_{number:03d}"
                person, shot = stream_seeds(seed, "experiment", name)
                gender = GENDERS[(number + row + column) % 2]
                head = Head(person, shot, group, gender, emotion)
                yield Picture(f"pictures/{name}.png", f"masks/{name}.png", name, (head,))


def write_experiment(
    folder: Path,
    people_per_cell: int,
    size: int,
    seed: int,
    workers: int,
    version: str = "",
    progress: Advance | None = None,
) -> None:
    """Render the experiment's people and pack them.

    Parameters
    ----------
    folder : receives ``pictures/``, ``masks/``, ``images.npy``, ``labels.npy`` and ``people.csv``; an interrupted run
        goes on
    size : side of the pictures in pixels
    workers : processes
    version : of the rendering code; pictures of another version are rendered again
    """
    plan = plan_experiment(people_per_cell, seed)
    write_pictures(folder, plan, Format(size, _SAMPLES), workers, version, progress)
    results.write_array(folder / "images.npy", np.stack([_read(folder / picture.sample) for picture in plan]))
    masks = [decode(_read(folder / picture.label))[0] for picture in plan]
    results.write_array(folder / "labels.npy", np.stack(masks))
    results.write_csv(folder / "people.csv", people_table(plan))


def people_table(plan: list[Picture]) -> pd.DataFrame:
    """Who each picture shows, as rendered; ``role`` is ``shown`` for the nine of the picture table and else
    ``scored``.
    """
    return pd.DataFrame([_person_row(picture) for picture in plan])


def _person_row(picture: Picture) -> dict[str, object]:
    head = picture.heads[0]
    person = sample_person(head.person_seed, group=head.group, gender=head.gender)
    known = attributes(person, sample_shot(head.shot_seed, emotion=head.emotion))
    role = "shown" if picture.subject.endswith("_000") else "scored"
    return {"image_id": picture.subject, "subject_id": picture.subject, **known, "role": role}


def _read(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB"))
