"""``facefair check-scores``: can the scores of a published table be true?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facefair_lib.errors import InputError

if TYPE_CHECKING:  # pandas, which --help must not wait for
    import pandas as pd

    from facefair_lib.reproduction.table_sentences import RowReport

BAD_INPUT = 2


def check_scores(
    table: Annotated[
        Path,
        typer.Argument(
            help="CSV with any of the columns accuracy, precision, recall, f1 (or dice), iou (or jaccard), and others "
            "that name the row. An empty cell is a missing score."
        ),
    ],
    percent: Annotated[bool, typer.Option("--percent", help="Scores are in per cent, not shares from 0 to 1.")] = False,
    decimals: Annotated[
        int | None,
        typer.Option(help="Decimals that the table prints; by default the most in each column.", min=0, max=12),
    ] = None,
    spurious_zero: Annotated[
        int, typer.Option(help="Each mean was taken over this many batches and a spurious zero.", min=0)
    ] = 0,
    averaged: Annotated[
        bool,
        typer.Option("--averaged", help="Scores are means over classes or very different images: ignore accuracy."),
    ] = False,
    out: Annotated[Path | None, typer.Option(help="CSV to write the checks to.")] = None,
) -> None:
    """Say which rows of a published table of scores cannot be true, given the rounding.

    For scores of a yes-or-no question or of one class, or their means over
    batches or images. Accuracy, precision and recall imply how common the
    positives were; precision and recall bound F1 from above; F1 bounds IoU from
    both sides. Only the table is needed.

    Means over several classes: the limits of F1 and IoU hold for them too, if
    all scores are means over the same classes (each class obeys them, and by
    their curvature so does the mean). The share of positives does not: add
    --averaged. It is exact for one table of counts, close for means over
    similar batches, and wrong for means over very different images.

    The exit status is 0 if every row is possible, 1 if one is impossible, 2 if
    the table cannot be used. Scores below those of finding nothing are possible.
    """
    from facefair_lib.reproduction import table_sentences
    from facefair_lib.reproduction.table_checks import IMPOSSIBLE
    from facefair_lib.reproduction.table_reader import read_scores

    try:
        if out is not None and out.exists() and table.exists() and out.samefile(table):
            raise InputError(
                out, found="the table to be checked", expected="another file for the checks",
                do="give another --out: this one would overwrite the table",
            )  # fmt: skip
        scores = read_scores(table, percent=percent, decimals=decimals)
        checks = table_sentences.check_scores(scores, zero_among=spurious_zero, averaged=averaged)
        if out is not None:
            _write(out, checks)
    except InputError as error:
        typer.echo(f"facefair: {error}", err=True)
        raise typer.Exit(BAD_INPUT) from error
    reports = table_sentences.row_reports(scores, checks, averaged=averaged)
    if spurious_zero:
        typer.echo(f"The spurious zero is undone first: every score times {spurious_zero + 1}/{spurious_zero}.")
    for report in reports:
        typer.echo("\n".join(describe(report)))
    typer.echo(table_sentences.summary(reports, checks))
    raise typer.Exit(1 if any(report.verdict == IMPOSSIBLE for report in reports) else 0)


def _write(path: Path, checks: pd.DataFrame) -> None:
    from facefair_lib.store.results import write_csv

    try:
        write_csv(path, checks)
    except OSError as error:
        raise InputError(
            path, found=f"cannot be written: {error.strerror}",
            expected="a file in a folder that you may write to", do="give another --out",
        ) from error  # fmt: skip


def describe(report: RowReport) -> Iterator[str]:
    """The lines on one row."""
    yield report.name
    if report.positives:
        yield f"  positives: {report.positives}"
    for verdict, sentence in report.sentences:
        yield f"  {verdict}: {sentence}"
    if not report.sentences:
        yield f"  {report.verdict}" + (f": {report.note}" if report.note else "")
