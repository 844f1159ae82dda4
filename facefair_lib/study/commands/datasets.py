"""``facefair datasets``: list data sets, check a folder, download, make a table of photographs."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from facefair_lib.settings.path_text import path_text
from facefair_lib.store.progress import Progress

if TYPE_CHECKING:  # the readers need pandas and scipy, which --help must not wait for
    from facefair_lib.data.published.check import Check

app = typer.Typer(help="Data sets: list them, check a folder, download, make an experiment table.")

NameArgument = Annotated[str, typer.Argument(help="A name that `facefair datasets` lists, such as lapa.")]
RootArgument = Annotated[Path, typer.Argument(help="The unpacked data set's folder.")]
PeopleOption = Annotated[str, typer.Option(help="ckplus: CSV in ROOT with subject and group, which CK+ lacks.")]

_SHOWN_PROBLEMS = 3


@app.callback(invoke_without_command=True)
def datasets(context: typer.Context) -> None:
    """List the data sets: what they hold, on which terms, and where to get them."""
    if context.invoked_subcommand is not None:
        return
    from facefair_lib.data.published.catalogue import CATALOGUE
    from facefair_lib.data.readers.opening import READERS
    from facefair_lib.settings.labels import CLASS_NAMES

    for name, card in CATALOGUE.items():
        classes = READERS[name].expected_classes
        lacking = [other for other in CLASS_NAMES if other not in classes]
        labelled = f"{len(classes)} of 11 classes" + (f" (without {', '.join(lacking)})" if lacking else "")
        known = [f"groups: {card.groups}", f"emotions: {card.emotions}"] if card.groups != "none" else []
        holds = [f"images: {card.images}", f"people: {card.people}", labelled if classes else "no masks", *known]
        typer.secho(f"{name}: {card.title}", bold=True)
        typer.echo(_line("holds", "; ".join(holds)))
        typer.echo(_line("terms", "; ".join(part for part in (card.licence, card.obtain, card.page) if part)))
    typer.echo("The owner's own terms count. Next: facefair datasets check NAME FOLDER")


@app.command()
def check(
    name: NameArgument,
    root: RootArgument,
    every: Annotated[bool, typer.Option("--all", help="Open every picture, not a sample of 24.")] = False,
    palette: Annotated[str, typer.Option(help="mut1ny, rendered, photos: colour table of the labels.")] = "",
    table: Annotated[str, typer.Option(help="photos: name of the CSV in ROOT.")] = "",
    people: PeopleOption = "",
) -> None:
    """Check whether a folder holds the data set; the exit status is 1 if not."""
    from facefair_lib.data.published.check import OPENED, check_folder

    options = {"palette": palette, "table": table, "people": people}
    given = {option: value for option, value in options.items() if value}
    advance = Progress.callback(f"check {name}") if every else None
    result = check_folder(name, root, None if every else OPENED, advance, **given)
    typer.echo(describe(result, table or "photos.csv"))
    raise typer.Exit(0 if result.right else 1)


@app.command()
def get(
    name: NameArgument,
    out: Annotated[
        Path, typer.Option(help="New or empty folder to write. If interrupted, run the same command again.")
    ],
    commit: Annotated[str, typer.Option(help="Full name of the commit; by default the newest.")] = "",
    url: Annotated[str, typer.Option(help="Another address of the same repository, such as a mirror.")] = "",
) -> None:
    """Download a data set that its owner publishes in a git repository (fasseg)."""
    from facefair_lib.data.published.download import download

    done = download(name, out, commit, url, Progress.callback(f"download {name}"))
    typer.echo(f"{path_text(done.folder)}: {done.files} files of commit {done.commit}")
    typer.echo(f"next: facefair datasets check {name} {_quoted(done.folder)}")


@app.command()
def photos(
    name: NameArgument,
    root: RootArgument,
    out: Annotated[Path, typer.Option(help="CSV to write, in ROOT or above it; with --copy anywhere.")],
    per_cell: Annotated[
        int | None,
        typer.Option(help="Pictures per group and emotion (1), or per group without emotions (100); 0: all.", min=0),
    ] = None,
    seed: Annotated[int, typer.Option(help="Another seed chooses other people.")] = 0,
    copy: Annotated[bool, typer.Option("--copy", help="Copy the chosen pictures beside the CSV.")] = False,
    append: Annotated[
        bool, typer.Option("--append", help="Add to the CSV, to fill its cells from several sets.")
    ] = False,
    people: PeopleOption = "",
) -> None:
    """Write the CSV of photographs that `make study PHOTOS=` takes, from a data set that names groups."""
    from facefair_lib.data.grid import grid_note, missing_cells, names_emotions
    from facefair_lib.data.published.experiment_table import experiment_table, read_experiment_table, save_photos
    from facefair_lib.data.readers.opening import open_reader

    reader = open_reader(name, root, **({"people": people} if people else {}))
    table = experiment_table(reader, per_cell, seed)
    before = len(read_experiment_table(out)) if append and out.exists() else 0
    rows = save_photos(table, reader, out, copy=copy, append=append)
    written = read_experiment_table(out)
    empty = missing_cells(written)
    typer.echo(f"{path_text(out)}: {rows} pictures, {rows - before} of them new, from {name}")
    for note in reader.notes:
        typer.echo(f"note: {note}")
    if not names_emotions(written):
        counts = ", ".join(f"{group} {count}" for group, count in written["group"].value_counts(sort=False).items())
        typer.echo(f"groups, as labelled by the data set: {counts}\nnote: {grid_note(written)}")
    elif empty:
        typer.echo(f"empty cells: {', '.join(empty)} (fill them from another data set with --append --copy)")
    typer.echo(f"next: make study PHOTOS={_quoted(out)}")


def describe(result: Check, table: str = "photos.csv") -> str:
    """Lines of text on a check; ``table`` is the CSV of the user's own photographs."""
    lines = [f"{result.name} in {path_text(result.root)}: {'right' if result.right else 'WRONG'}"]
    if result.manifest is not None:
        lines += _contents(result, result.manifest)
    lines += [_line("note", note) for note in result.notes]
    for problem in result.problems[:_SHOWN_PROBLEMS]:
        lines.append(_line("problem", problem.replace("\n", "\n" + " " * 12)))
    if len(result.problems) > _SHOWN_PROBLEMS:
        lines.append(_line("", f"and {len(result.problems) - _SHOWN_PROBLEMS} more files with problems"))
    lines.append(_line("next", _next_step(result, table)))
    return "\n".join(lines)


def _contents(result: Check, manifest: Any) -> list[str]:
    masks = int((manifest["label_path"] != "").sum())
    lines = [
        _line("images", f"{len(manifest)}, {masks} with a mask"),
        _line("people", f"{manifest['subject_id'].nunique()}"),
    ]
    for column in ("group", "emotion", "gender"):
        counts = manifest.loc[manifest[column] != "", column].value_counts()
        if len(counts):
            lines.append(_line(f"{column}s", ", ".join(f"{word} {count}" for word, count in counts.items())))
    if result.found or result.missing:
        missing = f"; not there: {_some(result.missing)}" if result.missing else ""
        lines.append(_line("folders", f"{_some(result.found) or 'none'}{missing}"))
    lines.append(_line("opened", f"{result.opened} pictures, {len(result.problems)} with a problem"))
    if result.palette:
        lines.append(_line("palette", result.palette))
    total = sum(result.pixels.values()) + result.ignored
    if total:
        shares = [f"{name} {pixels / total:.1%}" for name, pixels in result.pixels.items() if pixels]
        lines.append(
            _line("classes", ", ".join(shares) + (f", ignored {result.ignored / total:.1%}" * bool(result.ignored)))
        )
    if result.unseen:
        lines.append(_line("", f"in none of the opened masks: {', '.join(result.unseen)}"))
    return lines


def _next_step(result: Check, table: str) -> str:
    """What to do with the folder: train on it, take photographs from it, or correct it."""
    if not result.right:
        return "correct the first problem and check again"
    from facefair_lib.data.readers.known import WITHOUT_MASKS
    from facefair_lib.data.readers.opening import READERS

    if result.name == "photos":
        return f"make study PHOTOS={_quoted(result.root / table)}"
    reader = READERS[result.name]
    if reader not in WITHOUT_MASKS:
        profile = _profile_of(result.name)
        if profile:
            return f"make study PROFILE={profile} DATA={_quoted(result.root)}"
    elif result.manifest is not None and (result.manifest[["group", "emotion"]] != "").any(axis=None):
        out = _quoted(result.root / "photos.csv")
        return f"facefair datasets photos {result.name} {_quoted(result.root)} --out {out}"
    root = path_text(result.root)
    return f"from facefair_lib.data.readers.opening import open_reader; open_reader({result.name!r}, {root!r}).read()"


def _profile_of(name: str) -> str:
    """Name of the first profile that reads this data set from a folder; empty if there is none."""
    from facefair_lib.settings.profiles import load_profile, profile_names

    profiles = map(load_profile, profile_names())
    return next((profile.name for profile in profiles if profile.data.source == name and not profile.cohort), "")


def _quoted(path: Path) -> str:
    """A path quoted for a shell: some releases unpack to folders with spaces in their names."""
    text = path_text(path)
    if text == str(path):
        return shlex.quote(text)
    return "$'" + text.replace("'", "\\'") + "'"  # bash and zsh read these escapes of bytes that are no text


def _some(names: tuple[str, ...], limit: int = 6) -> str:
    return ", ".join(names[:limit]) + (f" and {len(names) - limit} more" if len(names) > limit else "")


def _line(title: str, text: str) -> str:
    return f"  {title:9} {text}"
