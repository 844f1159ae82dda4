"""The command line: ``facefair`` or ``python -m facefair_lib``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from facefair_lib import paths
from facefair_lib.commands import app as explorers
from facefair_lib.commands import check_scores, datasets, export, parse
from facefair_lib.processes import child_environment
from facefair_lib.screen import use_plain_characters

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="How do semantic segmentation models perform at recognising faces with different cultural backgrounds?",
)
app.add_typer(datasets.app, name="datasets")
app.command()(parse.parse)
app.command()(export.export)
app.command("check-scores")(check_scores.check_scores)
app.add_typer(explorers.app)

ProfileOption = Annotated[str, typer.Option(help="A profile in config/, such as quick or fasseg.")]
DataOption = Annotated[str, typer.Option(help="Folder of your data set, for profiles that read one.")]
PhotosOption = Annotated[str, typer.Option(help="CSV of your own photographs: image, subject, group, emotion[, mask].")]
CoresOption = Annotated[int, typer.Option(help="Cores to use; 0 uses all.", min=0)]


@app.command()
def study(
    profile: ProfileOption = "quick",
    data: DataOption = "",
    photos: PhotosOption = "",
    until: Annotated[str, typer.Option(help="Stop after this stage, such as 04_metric_analysis.")] = "",
    cores: CoresOption = 0,
) -> None:
    """Run the whole study of a profile, up to its report; what is up to date is not run again."""
    from facefair_lib.orchestrate import run_study

    raise typer.Exit(run_study(profile, data, photos, until, cores or available_cores()))


@app.command(hidden=True)
def stage(
    name: str,
    profile: ProfileOption = "quick",
    data: DataOption = "",
    photos: PhotosOption = "",
    cores: CoresOption = 0,
) -> None:
    """Run one stage; the study's graph calls this."""
    from facefair_lib.runner import run_stage

    run_stage(name, profile, data, photos, cores or available_cores())


@app.command()
def render(
    out: Annotated[Path, typer.Option(help="Folder to write: new, empty, or one that the same command has begun.")],
    people: Annotated[int, typer.Option(help="Number of people; groups and genders are dealt out in turn.")] = 24,
    shots: Annotated[int, typer.Option(help="Pictures of each person; emotions are dealt out in turn.")] = 1,
    size: Annotated[int, typer.Option(help="Side of the pictures in pixels, 16 to 1024.")] = 256,
    layout: Annotated[str, typer.Option(help="mut1ny, or celebamask (one mask per part).")] = "mut1ny",
    shard: Annotated[str, typer.Option(help="k/n: the k-th of n shares, for several machines on one folder.")] = "1/1",
    population: Annotated[
        str, typer.Option(help="balanced: attributes do not depend on the group; wild: they do, by made-up shares.")
    ] = "balanced",
    seed: Annotated[int, typer.Option(help="Another seed gives other people.")] = 0,
    labels: Annotated[
        str,
        typer.Option(
            help="Label conventions that differ from Mut1ny's, such as clear_lenses=specs,neck=background. Switches: "
            "clear_lenses (seen, specs), neck (face, background), jewellery (background, ears), stubble (face, "
            "facial_hair), headwear (background, hair)."
        ),
    ] = "",
    cores: CoresOption = 0,
) -> None:
    """Render a labelled data set of heads: pictures, masks, attributes.csv, datasheet.md and a contact sheet.

    Interrupted, the same command goes on where it stopped; the same options give the same bytes again.
    """
    from facefair_lib.heads import parse_label_rules
    from facefair_lib.heads.dataset import parse_shard, write_data_set
    from facefair_lib.progress import Progress

    progress = Progress("render", 0)

    def advance(done: int, total: int) -> None:
        progress.done, progress.total = done, total
        progress.show()

    share, rules, workers = parse_shard(shard), parse_label_rules(labels), cores or available_cores()
    write_data_set(
        out, people, shots, size, layout, share, workers, advance, population=population, seed=seed, rules=rules
    )
    typer.echo(f"{out}: done")


@app.command()
def profiles() -> None:
    """List the profiles and what each is for."""
    from facefair_lib.config import load_profile, profile_names

    names = profile_names()
    for name in names:
        typer.echo(f"{name:{max(map(len, names))}} {load_profile(name).title}")


@app.command()
def clean(
    profile: ProfileOption = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove the results of one profile, or of all; they can be made again."""
    from facefair_lib.orchestrate import clean_results

    removed = clean_results(profile, ask=None if yes else typer.confirm)
    typer.echo("\n".join(removed) or "nothing to remove")


@app.command()
def reference(profile: ProfileOption = "quick") -> None:
    """Copy a finished study's figures and small tables to figures/ and results/reference/, which are kept in git."""
    from facefair_lib.orchestrate import keep_as_reference

    typer.echo(f"kept {keep_as_reference(profile)} files")


@app.command(hidden=True)
def lab() -> None:
    """Open the notebooks in JupyterLab, with kernels of this interpreter and the study's variables; `make lab`."""
    os.chdir(paths.REPOSITORY)
    command = [sys.executable, "-m", "jupyterlab", "--notebook-dir=.", paths.NOTEBOOKS.name]
    os.execve(sys.executable, command, child_environment())


def available_cores() -> int:
    """Cores that this process may use, which containers and batch systems limit."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def main() -> None:
    """Run a command; errors that a user can act on are printed without a traceback."""
    from facefair_lib.errors import InputError

    use_plain_characters()
    os.environ.update(paths.absolute_variables())
    os.environ["MPLBACKEND"] = "Agg"  # no command opens a window; a backend that is not installed would stop them all
    try:
        app()
    except InputError as error:
        sys.exit(f"facefair: {error}")
    except RuntimeError as error:
        from facefair_lib.runner import MARK, StageError

        if not isinstance(error, StageError):
            raise
        print(MARK + str(error).replace("\n", "\n" + MARK), flush=True)
        sys.exit(1)


if __name__ == "__main__":
    sys.path[:0] = [] if __package__ else [str(Path(__file__).parents[1])]
    main()
