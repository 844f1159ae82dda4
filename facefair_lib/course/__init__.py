"""The course: what the lessons in ``notebooks/course`` import.

``check`` runs a student's function on cases of its own and says what is wrong; ``scorecard`` lists the exercises of a
lesson; ``show`` displays a figure together with its description.
"""

from facefair_lib.course.checking import check, scorecard
from facefair_lib.course.display import show

__all__ = ["check", "scorecard", "show"]
