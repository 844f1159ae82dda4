"""The report: its words are templates in ``report/``; this room fills them from the results and runs LaTeX."""

from facefair_lib.report.build import build_report, render
from facefair_lib.report.latexmk import MissingLatexError, ReportError
from facefair_lib.report.readme import answer, update

__all__ = ["MissingLatexError", "ReportError", "answer", "build_report", "render", "update"]
