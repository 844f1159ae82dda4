"""``python -m facefair_course FOLDER``: write all lessons for instructors, with their solutions or for nbgrader."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from facefair_course import grading, solving


def main(arguments: list[str]) -> int:
    """Write the lessons into the folder given."""
    parser = argparse.ArgumentParser(prog="python -m facefair_course", description="Write every lesson, solved.")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="where to write the lessons")
    parser.add_argument("--nbgrader", action="store_true", help="FOLDER is an nbgrader course: write its assignments")
    chosen = parser.parse_args(arguments)
    for path in (grading.write_assignments if chosen.nbgrader else solving.write_solved)(chosen.folder):
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
