"""``python -m facefair_course FOLDER``: write all lessons with their solutions, for instructors."""

from __future__ import annotations

import sys
from pathlib import Path

from facefair_course.solving import write_solved


def main(arguments: list[str]) -> int:
    """Write the solved lessons into the folder that is named."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print("usage: python -m facefair_course FOLDER   writes every lesson with its solutions into FOLDER")
        return 2
    for path in write_solved(Path(arguments[0])):
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
