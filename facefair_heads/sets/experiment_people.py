"""The people of the ethnicity and emotion experiment: nine who are shown, and any number more per cell who are scored.

Every cell of 3 groups x 3 emotions has people of its own; nobody is in two cells or in the training cohort, because
every seed comes from its own stream. Those who are scored come in matched sets of three, one person of each group, with
one shot and one draw of age, gender, glasses, hair length and all else but looks (``population.MATCHED``). So no group
can get harder pictures by accident. The nine who are shown differ in everything, as those of the course paper do.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from facefair_heads.people.person import GENDERS
from facefair_heads.people.shots import attributes
from facefair_heads.sets.cohort import Advance, Format, Head, Picture, stream_seeds, write_pictures
from facefair_lib.settings.labels import EMOTIONS, GROUPS, decode
from facefair_lib.store import results
from facefair_lib.store.processes import WHOLE

_SAMPLES = 2  # per pixel and axis


def plan_experiment(people_per_cell: int, seed: int) -> list[Picture]:
    """List one picture per person: a cell's shown person first, then ``people_per_cell`` who are only scored."""
    plan = []
    for row, group in enumerate(GROUPS):
        for column, emotion in enumerate(EMOTIONS):
            for number in range(people_per_cell + 1):
                name = f"{group}_{emotion}_{number:03d}"
                person, shot = stream_seeds(seed, "experiment", name)
                head = Head(person, shot, group, GENDERS[(row + column) % 2], emotion)
                if number > 0:
                    matched, shot = stream_seeds(seed, "experiment", f"{emotion}_{number:03d}")
                    gender = GENDERS[(number + column) % 2]
                    head = Head(person, shot, group, gender, emotion, matched_seed=matched)
                plan.append(Picture(f"pictures/{name}.png", f"masks/{name}.png", name, (head,)))
    return plan


def write_experiment(
    folder: Path,
    people_per_cell: int,
    size: int,
    seed: int,
    workers: int,
    version: str = "",
    progress: Advance | None = None,
    shard: tuple[int, int] = WHOLE,
) -> None:
    """Render the experiment's people and pack them.

    Parameters
    ----------
    folder : receives ``pictures/``, ``masks/``, ``images.npy``, ``labels.npy`` and ``people.csv``; an interrupted run
        resumes
    size : side of the pictures in pixels
    workers : processes
    version : of the rendering code; pictures of another version are rendered again
    shard : see ``write_pictures``; a shard renders its pictures and packs nothing
    """
    plan = plan_experiment(people_per_cell, seed)
    write_pictures(folder, plan, Format(size, _SAMPLES), workers, version, progress, shard)
    if shard != WHOLE:
        return
    results.write_array(folder / "images.npy", np.stack([_read(folder / picture.sample) for picture in plan]))
    masks = [decode(_read(folder / picture.label))[0] for picture in plan]
    results.write_array(folder / "labels.npy", np.stack(masks))
    results.write_csv(folder / "people.csv", people_table(plan))


def people_table(plan: list[Picture]) -> pd.DataFrame:
    """Tabulate whom each picture shows, as rendered.

    ``role`` is ``shown`` for the nine of the picture table, else ``scored``; ``matched_set`` is shared by those matched
    with each other, and the ``subject_id`` of everyone else.
    """
    return pd.DataFrame([_person_row(picture) for picture in plan])


def _person_row(picture: Picture) -> dict[str, object]:
    head, name = picture.heads[0], picture.subject
    known, shown = attributes(*head.sample()), head.matched_seed is None
    matched_set = name if shown else name.removeprefix(f"{head.group}_")
    role = "shown" if shown else "scored"
    return {"image_id": name, "subject_id": name, "matched_set": matched_set, **known, "role": role}


def _read(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB"))
