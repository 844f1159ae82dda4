"""``facefair parse``: label every pixel of the user's own photographs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def parse(
    photos: Annotated[list[str], typer.Argument(help="Photographs: files, folders, or patterns in quotes.")],
    out: Annotated[Path, typer.Option(help="Folder to write masks, overlays and tables to.")],
    model: Annotated[str, typer.Option(help="A network of the profile: pspnet or deeplabv3.")] = "pspnet",
    faces: Annotated[
        str, typer.Option(help="many: heads are looked for, each is parsed. one: the whole photograph is one head.")
    ] = "many",
    smallest: Annotated[
        float, typer.Option(help="Smallest face to look for: its height as a share of the photograph's longer side.")
    ] = 0.1,
    weights: Annotated[str, typer.Option(help="best.pt of a fit; without it, the one that the study has left.")] = "",
    profile: Annotated[str, typer.Option(help="The profile that trained the network.")] = "quick",
    palette: Annotated[str, typer.Option(help="Colours of masks: display, paper, vendor or safe.")] = "display",
) -> None:
    """Label every pixel of your own photographs, of any size, with a network that the study has trained.

    Writes for each photograph an indexed mask and a coloured overlay, and for all of them areas.csv (pixels, shares and
    confidence of each class), heads.csv (where heads were found) and the legend. A photograph that cannot be read is
    reported at the end and does not lose the others; the exit status is then 1.
    """
    from facefair_lib.parsing import find_photos, parse_files, trained_parser
    from facefair_lib.progress import Progress

    files = find_photos(photos, leave_out=out)
    parser = trained_parser(model, profile, Path(weights) if weights else None)
    progress = Progress("parse", len(files))
    result = parse_files(files, parser, out, faces=faces, smallest=smallest, palette=palette, advance=progress.advance)
    for photo in result.without_head:
        typer.echo(f"{photo}: no head was found, nothing is labelled; if it shows one head, add --faces one", err=True)
    for error in result.failures:
        typer.echo(f"facefair: {error}", err=True)
    done = len(files) - len(result.failures)
    found = f", {len(result.heads)} heads" if faces == "many" else ""
    typer.echo(f"{out}: {done} of {len(files)} photographs parsed{found}")
    raise typer.Exit(1 if result.failures else 0)
