"""What a notebook opens: its profile, the folders of its stage and of earlier ones, and a way to finish."""

from __future__ import annotations

import os
import time
from pathlib import Path

from IPython.display import Image, display
from matplotlib import pyplot
from matplotlib.figure import Figure

from facefair_lib.data.published.catalogue import no_folder
from facefair_lib.errors import InputError
from facefair_lib.figures.style import save
from facefair_lib.settings import paths
from facefair_lib.settings.profiles import ModelSettings, Profile, load_profile
from facefair_lib.store import stages
from facefair_lib.store.processes import die_with_parent
from facefair_lib.store.progress import PROGRESS_FILE, Advance, Progress
from facefair_lib.store.provenance import write_provenance
from facefair_lib.store.results import Stage


class Study:
    """One stage of one profile's study.

    Parameters
    ----------
    stage : name of the notebook, without its suffix
    profile : name of a profile in ``config/``
    data : folder of the user's data set; empty for the rendered people
    photos : CSV of the user's own photographs; empty for the rendered experiment
    """

    def __init__(self, stage: str, profile: str, data: str = "", photos: str = "") -> None:
        if stage not in stages.NOTEBOOK_STAGES:
            raise InputError(
                f"stage {stage!r}",
                found="no such stage",
                expected=", ".join(stages.NOTEBOOK_STAGES),
                do="use one of these",
            )
        self.settings: Profile = load_profile(profile)
        self._inputs: dict[str, Path] = {}
        self.here = self.of(stage)
        self._data = data
        self.photos = Path(photos).expanduser() if photos else None
        if PROGRESS_FILE in os.environ:
            die_with_parent()
        self._made_from = stages.known_lines(stages.named(stage), self.settings)
        self._begin = time.monotonic()

    def of(self, stage: str, profile: str = "") -> Stage:
        """The folder of another stage, or of the same stage in another profile."""
        return Stage(paths.results_dir(profile or self.settings.name) / stage, self._record)

    @staticmethod
    def kept(stage: str) -> Stage:
        """The small tables of the reference run's stage, which are kept in git."""
        return Stage(stages.KEPT / stage)

    def progress(self, title: str) -> Advance:
        """A callback for long calls; see `Progress.callback`."""
        return Progress.callback(title)

    def show(self, figure: Figure, stem: str) -> None:
        """Save a figure as PDF and PNG and show the SAVED picture, which is what the report prints."""
        save(figure, self.here.figures, stem)
        pyplot.close(figure)
        display(Image(filename=str(self.here.figures / f"{stem}.png"), alt=figure.get_label(), retina=False))

    def finish(self) -> None:
        """Write the stage's provenance, which marks it as complete and is therefore written last."""
        seconds, folder, project = time.monotonic() - self._begin, self.here.folder, paths.REPOSITORY
        write_provenance(folder, self.settings, self.here.name, seconds, self._inputs, self._made_from)
        shown = folder.relative_to(project) if folder.is_relative_to(project) else folder
        print(f"{self.here.name}: complete in {seconds:.0f} s; results in {shown}")

    def _record(self, file: Path) -> None:
        if not file.is_relative_to(self.here.folder):
            self._inputs[str(file.relative_to(paths.results_root()))] = file

    @property
    def data_root(self) -> Path:
        """Folder of the data set: the user's, or that of the rendered people."""
        if self.settings.data.source == "rendered":
            cohort = paths.results_dir(self.settings.name) / stages.COHORT
            self._record(cohort)
            return cohort
        if not self._data:
            raise no_folder(self.settings.name, self.settings.data.source)
        return Path(self._data).expanduser().resolve()

    @staticmethod
    def figure_stem(kind: str, model: str) -> str:
        """Stem of a figure of one network: ``architecture`` (figures 1 and 2) or ``metrics`` (figures 4 and 5)."""
        first = {"architecture": 1, "metrics": 4}[kind]
        return f"fig{first + list(stages.TRAINING_STAGES).index(model)}_{model}_{kind}"

    def model_settings(self, model: str) -> ModelSettings:
        """The profile's settings of one network."""
        return getattr(self.settings.models, model)


def open_study(stage: str, profile: str, data: str = "", photos: str = "") -> Study:
    """Open a stage of the study; see ``Study`` for the arguments."""
    return Study(stage, profile, data, photos)
