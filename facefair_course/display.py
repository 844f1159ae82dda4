"""Show a figure in a lesson with its description, for those who cannot see it."""

from __future__ import annotations

from io import BytesIO

from IPython.display import Image, display
from matplotlib import pyplot
from matplotlib.figure import Figure

from facefair_lib.errors import InputError
from facefair_lib.figures import style

_DOTS_PER_INCH = 130


def show(figure: Figure) -> None:
    """Display a figure as a picture whose alternative text is the figure's description.

    Raises
    ------
    InputError
        if the figure has no description (``figures.describe``)
    """
    if not figure.get_label():
        raise InputError("figure", found="no description", expected="one sentence", do="call figures.describe first")
    picture = BytesIO()
    with style.look():
        figure.savefig(picture, format="png", dpi=_DOTS_PER_INCH, metadata={"Software": None})
    pyplot.close(figure)
    display(Image(data=picture.getvalue(), alt=figure.get_label()))
