"""``facefair fit``: fit one network of a profile, on all GPUs for which torchrun or srun starts it."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Annotated

import typer


def fit(
    network: Annotated[str, typer.Argument(help="deeplabv3 or pspnet.")],
    profile: Annotated[str, typer.Option(help="A profile in config/, such as paper or mut1ny.")] = "quick",
    run: Annotated[int, typer.Option(help="Number of the run, if the profile has several.", min=1)] = 1,
    inside: Annotated[bool, typer.Option("--inside", hidden=True)] = False,
) -> None:
    """Fit a network of a profile; the study then finds the fit finished.

    Started by torchrun, or by srun with several tasks, all processes fit the
    network together; otherwise one device is used. After an interruption the
    same command resumes.

        facefair study --profile paper --until 01_data_preparation
        torchrun --nproc-per-node 2 -m facefair_lib fit pspnet --profile paper
    """
    from facefair_lib.errors import InputError
    from facefair_lib.experiments.runs import fit_run
    from facefair_lib.settings import paths
    from facefair_lib.settings.profiles import load_profile
    from facefair_lib.store import stages
    from facefair_lib.store.locking import alone_in
    from facefair_lib.study.run_stage import say
    from facefair_lib.training import ranks

    settings = load_profile(profile)
    if network not in stages.TRAINING_STAGES or run > settings.runs:
        raise InputError(
            f"run {run} of {network}",
            found=f"nothing that the profile {profile} fits",
            expected=f"a run up to {settings.runs} of {' or '.join(stages.TRAINING_STAGES)}",
            do="choose one of these",
        )
    with ExitStack() as until_done, ranks.joined():
        if ranks.rank() == 0 and not inside:  # within a study, the study holds the lock
            until_done.enter_context(alone_in(paths.results_root(), say))
        result = fit_run(paths.results_dir(profile), settings, network, run)
        if ranks.rank() == 0:
            say(f"{network}, run {run}: fitted; its weights are {result.weights}")
