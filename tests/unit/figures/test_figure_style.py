import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from facefair_lib.errors import InputError
from facefair_lib.figures import style
from facefair_lib.settings import labels, paths


def small_figure():
    with style.look():
        figure = style.new_figure(2, 1.5)
        figure.subplots().plot([0, 1], [0, 1], label="IoU – value")
    return style.describe(figure, "A line – from zero\n to one.")


def test_two_saves_of_a_figure_give_equal_bytes(tmp_path):
    figure = small_figure()
    for folder in ("first", "second"):
        style.save(figure, tmp_path / folder, "line")
    for kind in ("pdf", "png"):
        assert (tmp_path / f"first/line.{kind}").read_bytes() == (tmp_path / f"second/line.{kind}").read_bytes()


def test_a_figure_drawn_again_under_other_settings_gives_equal_bytes(tmp_path):
    style.save(small_figure(), tmp_path / "first", "line")
    with mpl.rc_context({"font.size": 20, "axes.facecolor": "black", "savefig.dpi": 50, "pdf.fonttype": 3}):
        style.save(small_figure(), tmp_path / "second", "line")
    for kind in ("pdf", "png"):
        assert (tmp_path / f"first/line.{kind}").read_bytes() == (tmp_path / f"second/line.{kind}").read_bytes()


def test_drawing_leaves_the_callers_settings_alone():
    before = dict(mpl.rcParams)
    small_figure()
    assert dict(mpl.rcParams) == before


def test_saved_files_carry_the_description_and_no_date(tmp_path):
    path = style.save(small_figure(), tmp_path, "line")
    with Image.open(path) as picture:
        assert picture.text == {"Title": "line", "Description": "A line – from zero to one."}
        assert picture.size == (600, 450)
    pdf = (tmp_path / "line.pdf").read_bytes()
    assert b"/Title (line)" in pdf and b"/Subject" in pdf
    assert b"CreationDate" not in pdf and b"ModDate" not in pdf and b"/Type3" not in pdf
    assert sorted(item.name for item in tmp_path.iterdir()) == ["line.pdf", "line.png"]


def test_a_failed_save_leaves_the_old_files(tmp_path, monkeypatch):
    path = style.save(small_figure(), tmp_path, "line")
    before = path.read_bytes()
    broken = small_figure()
    monkeypatch.setattr(broken, "savefig", lambda *_, **__: (_ for _ in ()).throw(OSError("no space")))
    with pytest.raises(OSError, match="no space"):
        style.save(broken, tmp_path, "line")
    assert path.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 2


def test_a_figure_without_description_is_not_saved(tmp_path):
    with style.look():
        figure = style.new_figure(1, 1)
    with pytest.raises(InputError, match="one sentence"):
        style.save(figure, tmp_path, "line")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("stem", ["", "folder/line", "line.png", "line.pdf"])
def test_a_stem_with_path_or_ending_is_refused(tmp_path, stem):
    with pytest.raises(InputError, match="plain name"):
        style.save(small_figure(), tmp_path, stem)


def test_a_figure_shows_itself_in_a_notebook():
    assert small_figure()._repr_png_().startswith(b"\x89PNG")


@pytest.mark.parametrize("palette", labels.PALETTES)
def test_mask_colours_are_those_of_encode(palette):
    mask = np.array([[*range(labels.NUM_CLASSES), labels.IGNORE_INDEX]], np.uint8)
    drawn = style.mask_colours(palette)(style.MASK_NORM(mask), bytes=True)[..., :3]
    np.testing.assert_array_equal(drawn, labels.encode(mask, palette))


@pytest.mark.parametrize("columns", [1, 3, 4, 6])
def test_the_mask_legend_reads_row_by_row_in_class_order(columns):
    with style.look():
        legend = style.mask_legend(style.new_figure(7, 2), ncols=columns)
    texts = [text.get_text() for text in legend.get_texts()]
    rows = -(-len(texts) // columns)
    full = len(texts) - columns * (rows - 1)  # columns that reach the last row
    heights = [rows if column < full else rows - 1 for column in range(columns)]
    starts = np.cumsum([0, *heights[:-1]])
    read = [texts[starts[column] + row] for row in range(rows) for column in range(columns) if row < heights[column]]
    assert read == list(labels.CLASS_TITLES)


def test_the_mask_legend_shows_the_colours_of_its_palette():
    with style.look():
        legend = style.mask_legend(style.new_figure(7, 2), "vendor")
    shown = [tuple(round(255 * part) for part in patch.get_facecolor()[:3]) for patch in legend.get_patches()]
    assert shown == [face_class.vendor_rgb for face_class in labels.CLASSES]


def test_models_and_groups_differ_in_lightness_or_hue():
    for colours in (style.MODEL_COLOURS, style.GROUP_COLOURS):
        rgb = np.array([to_rgb(colour) for colour in colours.values()])
        distances = np.linalg.norm(rgb[:, None] - rgb[None], axis=-1)
        assert distances[~np.eye(len(rgb), dtype=bool)].min() > 0.4


def test_a_table_without_a_column_is_an_error_that_names_it(history):
    with pytest.raises(InputError, match="add loss"):
        style.require_columns(history.drop(columns="loss"), ("epoch", "loss"), "training history")


def test_importing_the_figures_imports_neither_torch_nor_pyplot():
    import subprocess
    import sys

    folder = paths.REPOSITORY / "facefair_lib" / "figures"
    names = [".".join(path.relative_to(paths.REPOSITORY).with_suffix("").parts) for path in folder.rglob("*.py")]
    code = f"import {', '.join(names)}, sys; sys.exit(bool({{'torch', 'matplotlib.pyplot'}} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
