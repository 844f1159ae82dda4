"""``facefair parse``: label every pixel of the user's own photographs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def parse(
    photos: Annotated[list[str], typer.Argument(help="Photographs: files, folders, or patterns in quotes.")],
    out: Annotated[Path, typer.Option(help="Folder to write masks, overlays and tables to.")],
    model: Annotated[
        str, typer.Option(help="pspnet or deeplabv3; by default the package's better one, or a study's PSPNet.")
    ] = "",
    faces: Annotated[
        str, typer.Option(help="many: find heads and parse each. one: the whole photograph is one head.")
    ] = "many",
    smallest: Annotated[
        float, typer.Option(help="Smallest face to find: its height as a share of the photograph's longer side.")
    ] = 0.1,
    weights: Annotated[str, typer.Option(help="best.pt of a fit of --profile.")] = "",
    profile: Annotated[
        str, typer.Option(help="The study whose network is used; shipped: the package's own.")
    ] = "shipped",
    palette: Annotated[str, typer.Option(help="Colours of masks: display, paper, vendor or safe.")] = "display",
    processes: Annotated[
        int,
        typer.Option(
            help="Photographs parsed at a time; 0: one per core, or one process for few photographs or on a GPU. The "
            "largest need 4 GB each."
        ),
    ] = 0,
) -> None:
    """Label every pixel of your own photographs, up to 200 megapixels, with the package's network or a study's.

    Writes an indexed mask and a coloured overlay for each photograph, and for
    all of them areas.csv (pixels, shares and confidence of each class),
    heads.csv (where heads were found) and the legend. Results of an earlier run
    are overwritten, your own files never. Photographs that cannot be parsed are
    reported at the end and do not stop the others; the exit status is then 1.
    """
    from time import monotonic

    from facefair_lib.parse.files import Wanted, parse_files, usual_processes
    from facefair_lib.parse.photos import search_photos
    from facefair_lib.parse.trained import trained_parser
    from facefair_lib.settings.path_text import from_home, path_text
    from facefair_lib.store.progress import Progress

    out = from_home(out)
    found = search_photos(photos, out)
    files, left_out = found.photos, found.left_out()
    if left_out:
        typer.echo(f"facefair: {left_out}", err=True)
    parser = trained_parser(model, profile, Path(weights) if weights else None)
    typer.echo(f"facefair: weights: {parser.told}", err=True)
    progress, begin = Progress("parse", len(files)), monotonic()
    result = parse_files(
        files, parser, out, Wanted(faces, smallest, palette),
        processes=processes or usual_processes(len(files)), advance=progress.advance,
    )  # fmt: skip
    seconds = monotonic() - begin
    for photo in result.without_head:
        typer.echo(
            f"{path_text(photo)}: no head was found, nothing is labelled; if it shows one head, add --faces one",
            err=True,
        )
    for error in (*result.failures, *result.unwritten):
        typer.echo(f"facefair: {error}", err=True)
    done = len(files) - len(result.failures)
    heads = f", {len(result.heads)} heads" if faces == "many" else ""
    passed_over = f"; {left_out}" if left_out else ""
    typer.echo(f"{len(files) / seconds:.1f} photographs a second")
    typer.echo(f"{path_text(out)}: {done} of {len(files)} photographs parsed{heads}{passed_over}")
    raise typer.Exit(1 if result.failures or result.unwritten else 0)
