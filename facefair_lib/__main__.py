"""The command line: ``facefair`` or ``python -m facefair_lib``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from facefair_heads import __main__ as rendering
from facefair_lib.errors import InputError, unwritable
from facefair_lib.settings import paths
from facefair_lib.settings.path_text import path_text
from facefair_lib.store.processes import available_cores, child_environment, die_with_parent, parse_shard
from facefair_lib.store.screen import use_plain_characters
from facefair_lib.study.commands import app as explorers
from facefair_lib.study.commands import check, check_scores, datasets, doctor, export, fit, parse

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="How do semantic segmentation models perform at recognising faces with different cultural backgrounds?",
)
app.add_typer(datasets.app, name="datasets")
app.command()(parse.parse)
app.command()(export.export)
app.command()(rendering.render)
app.command()(check.check)
app.command("check-scores")(check_scores.check_scores)
app.command()(doctor.doctor)
app.command()(fit.fit)
app.add_typer(explorers.app)

ProfileOption = Annotated[str, typer.Option(help="A profile in config/, such as quick or fasseg.")]
DataOption = Annotated[str, typer.Option(help="Folder of your data set, for profiles that read one.")]
PhotosOption = Annotated[str, typer.Option(help="CSV of your own photographs: image, subject[, group, emotion, mask].")]
CoresOption = Annotated[
    int, typer.Option(help="Cores to use; 0: all of this machine, on a cluster 8 for the largest job.", min=0)
]


@app.command()
def study(
    profile: ProfileOption = "quick",
    data: DataOption = "",
    photos: PhotosOption = "",
    until: Annotated[str, typer.Option(help="Stop after this stage, such as 04_metric_analysis.")] = "",
    cores: CoresOption = 0,
    executor: Annotated[str, typer.Option(help="Where jobs run: local, or a cluster in config/cluster.")] = "local",
) -> None:
    """Run the whole study of a profile, up to its report; stages that are up to date are not run again."""
    from facefair_lib.study.run_all import run_study

    raise typer.Exit(run_study(profile, data, photos, until, cores, executor))


@app.command(hidden=True)
def stage(
    name: str,
    profile: ProfileOption = "quick",
    data: DataOption = "",
    photos: PhotosOption = "",
    cores: CoresOption = 0,
    shard: Annotated[str, typer.Option(help="k/n: the k-th of n shares, for several machines on one folder.")] = "1/1",
) -> None:
    """Run one stage; the study's graph calls this."""
    die_with_parent()
    from facefair_lib.study.run_stage import run_stage

    run_stage(name, profile, data, photos, cores or available_cores(), parse_shard(shard))


@app.command()
def profiles() -> None:
    """List the profiles and what each is for."""
    from facefair_lib.settings.profiles import load_profile, profile_names

    names = profile_names()
    for name in names:
        typer.echo(f"{name:{max(map(len, names))}} {load_profile(name).title}")


@app.command()
def clean(
    profile: ProfileOption = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove the results of one profile, or of all; a study makes them again."""
    from facefair_lib.study.run_all import clean_results

    removed = clean_results(profile, ask=None if yes else typer.confirm)
    typer.echo("\n".join(removed) or "nothing to remove")


@app.command()
def reference(profile: ProfileOption = "reference") -> None:
    """Keep a study's figures and small tables in git, and rewrite what is made from them.

    That is README's answer, codecheck.yml, the RO-Crate and, for several runs,
    report/reference.pdf. Of a profile that compares architectures, only notebook
    09 is kept.
    """
    from facefair_lib.study.run_all import keep_as_reference

    typer.echo(f"kept {keep_as_reference(profile)} files")


@app.command()
def lab() -> None:
    """Open the notebooks in JupyterLab, as `make lab` does; kernels use this interpreter and the study's variables."""
    os.chdir(paths.REPOSITORY)
    command = [sys.executable, "-m", "jupyterlab", "--notebook-dir=.", paths.NOTEBOOKS.name]
    os.execve(sys.executable, command, child_environment())


def main() -> None:
    """Run a command; errors that a user can act on are printed without a traceback."""
    use_plain_characters()
    os.environ.update(paths.absolute_variables())
    os.environ["MPLBACKEND"] = (
        "Agg"  # no command opens a window, and a backend that is not installed would stop them all
    )
    try:
        app()
    except InputError as error:
        sys.exit(f"facefair: {error}")
    except OSError as error:
        sys.exit(f"facefair: {unwritable(error) or _unusable(error)}")
    except RuntimeError as error:
        from facefair_lib.study.run_stage import MARK, StageError

        if not isinstance(error, StageError):
            raise
        print(MARK + str(error).replace("\n", "\n" + MARK), flush=True)
        sys.exit(1)


def _unusable(error: OSError) -> InputError:
    """The message for other system errors: a name that is too long, a folder in place of a file."""
    place = path_text(error.filename) if isinstance(error.filename, str | bytes) else "the disk or the network"
    return InputError(
        place,
        found=error.strerror or str(error),
        expected="files and folders that may be read and written, and enough space",
        do="correct the name or the permissions, or free some space; then run the same command again",
    )


if __name__ == "__main__":
    sys.path[:0] = [] if __package__ else [str(Path(__file__).parents[1])]
    main()
