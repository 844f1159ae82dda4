"""The command line: ``python -m facefair_heads`` (the study's ``facefair render`` is the same)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from facefair_lib.store.processes import available_cores, parse_shard

CoresOption = Annotated[int, typer.Option(help="Cores to use; 0 uses all.", min=0)]


def render(
    out: Annotated[Path, typer.Option(help="Output folder: new, empty, or begun by the same command.")],
    people: Annotated[int, typer.Option(help="Number of people; groups and genders are assigned in turn.")] = 24,
    shots: Annotated[int, typer.Option(help="Pictures of each person; emotions are assigned in turn.")] = 1,
    size: Annotated[int, typer.Option(help="Side of the pictures in pixels, 16 to 1024.")] = 256,
    layout: Annotated[str, typer.Option(help="mut1ny, or celebamask (one mask per part).")] = "mut1ny",
    shard: Annotated[str, typer.Option(help="k/n: the k-th of n shares, for several machines on one folder.")] = "1/1",
    population: Annotated[
        str, typer.Option(help="balanced: attributes do not depend on the group; wild: they do, with made-up shares.")
    ] = "balanced",
    seed: Annotated[int, typer.Option(help="Another seed gives other people.")] = 0,
    labels: Annotated[
        str,
        typer.Option(
            help="Label conventions that differ from Mut1ny's, such as clear_lenses=specs; separate several by commas. "
            "Switches: clear_lenses (seen, specs), neck (face, background), jewellery (background, ears), stubble "
            "(face, facial_hair), headwear (background, hair)."
        ),
    ] = "",
    cores: CoresOption = 0,
) -> None:
    """Render a labelled data set of heads: pictures, masks, attributes.csv, datasheet.md and a contact sheet.

    After an interruption the same command resumes; the same options give the same bytes.
    """
    from facefair_heads.people.label_rules import parse_label_rules
    from facefair_heads.sets.dataset import DataSetSettings, write_data_set
    from facefair_lib.store.progress import Progress

    share, rules, workers = parse_shard(shard), parse_label_rules(labels), cores or available_cores()
    settings = DataSetSettings(people, shots, size, layout, population, seed, rules)
    write_data_set(out, settings, workers, Progress.callback("render"), shard=share)
    typer.echo(f"{out}: done")


def main() -> None:
    """Render; print errors that a user can fix without a traceback."""
    from facefair_lib.errors import InputError, unwritable

    try:
        typer.run(render)
    except InputError as error:
        sys.exit(f"facefair_heads: {error}")
    except OSError as error:
        sys.exit(f"facefair_heads: {unwritable(error) or error}")


if __name__ == "__main__":
    main()
