from __future__ import annotations

import numpy as np
import published_layouts as layouts
import pytest
from tiny_datasets import photograph, save

from facefair_lib.data.arrays import pack
from facefair_lib.data.audit import flow_table, without_face
from facefair_lib.data.deduplicate import find_duplicates
from facefair_lib.data.published.catalogue import CATALOGUE
from facefair_lib.data.published.check import check_folder
from facefair_lib.data.readers.known import WITHOUT_MASKS
from facefair_lib.data.readers.masked.celebamask import MASK_SIZE
from facefair_lib.data.readers.opening import READERS, open_reader
from facefair_lib.data.split import split_by_subject
from facefair_lib.errors import InputError
from facefair_lib.settings.labels import encode


def test_every_reader_has_a_card_and_says_on_which_terms_and_where():
    assert list(CATALOGUE) == list(READERS)
    for card in CATALOGUE.values():
        assert all((card.title, card.images, card.people, card.licence, card.obtain))
    assert all(not CATALOGUE[reader.name].labels for reader in WITHOUT_MASKS)


@pytest.mark.parametrize("name", layouts.LAYOUTS)
def test_a_data_set_as_published_is_right(tmp_path, name):
    result = check_folder(name, layouts.LAYOUTS[name](tmp_path))
    assert result.right, result.problems
    assert result.opened == len(result.manifest) > 0
    assert bool(result.pixels) == bool(READERS[name].expected_classes)


def test_a_check_counts_classes_and_names_those_that_no_opened_mask_shows(tmp_path):
    root = layouts.lapa(tmp_path)
    for label in root.rglob("labels/*.png"):
        layouts.values(label, [10, 10, 1])
    result = check_folder("lapa", root)
    # 4 masks of 6 x 8 pixels: two columns hair, one face, five background.
    assert {name: count for name, count in result.pixels.items() if count} == {
        "background": 120,
        "face": 24,
        "hair": 48,
    }
    assert result.unseen == ("lips", "eyes", "nose", "eyebrows") and result.ignored == 0
    assert set(result.found) == set(READERS["lapa"].folders) and result.missing == ()


def test_ignored_pixels_are_counted_apart(tmp_path):
    result = check_folder("facesynthetics", layouts.facesynthetics(tmp_path))
    assert result.ignored == 3 * 6 * 2 and sum(result.pixels.values()) == 3 * 6 * 18


def test_each_broken_picture_is_a_problem_and_the_others_are_still_counted(tmp_path):
    root = layouts.lapa(tmp_path)
    (root / "test" / "images" / "4.jpg").write_bytes(b"not a picture")
    layouts.values(root / "val" / "labels" / "3.png", [77])
    result = check_folder("lapa", root)
    assert not result.right and len(result.problems) == 2
    assert "unreadable or truncated" in result.problems[0] and "77 (6 pixels)" in result.problems[1]
    assert sum(result.pixels.values()) == 2 * 6 * 8


def test_only_so_many_pictures_are_opened_as_asked_for_the_first_and_the_last_among_them(tmp_path):
    root = layouts.lapa(tmp_path)
    (root / "train" / "images" / "10009865324_0.jpg").write_bytes(b"in the middle, not looked at")
    seen: list[tuple[int, int]] = []
    result = check_folder("lapa", root, opened=2, progress=lambda *step: seen.append(step))
    assert result.right and result.opened == 2 and seen == [(1, 2), (2, 2)]
    assert not check_folder("lapa", root, opened=None).right


def test_a_folder_of_another_layout_is_one_problem(tmp_path):
    result = check_folder("helen", layouts.lapa(tmp_path))
    assert len(result.problems) == 1 and result.manifest is None and "_lbl00.png" in result.problems[0]


def test_mixed_palettes_are_a_problem_and_a_single_one_is_named(tmp_path):
    for name, palette in (("p", "paper"), ("v", "vendor")):
        save(tmp_path / "samples" / "male23_x" / f"{name}.png", photograph(1))
        save(tmp_path / "labels" / "male23" / f"{name}.png", encode(np.full((24, 20), 8, np.uint8), palette))
    result = check_folder("mut1ny", tmp_path)
    assert "two colour tables: paper in" in result.problems[0]
    for kind in ("samples/male23_x", "labels/male23"):
        (tmp_path / kind / "p.png").unlink()
    assert check_folder("mut1ny", tmp_path).palette == "the vendor table"


def test_mistakes_in_the_question_itself_are_errors(tmp_path):
    with pytest.raises(InputError, match="one of mut1ny"):
        check_folder("celeba", tmp_path)
    with pytest.raises(InputError, match="the option people"):
        check_folder("lapa", layouts.lapa(tmp_path), people="x.csv")


def test_parts_of_celebamask_are_packed_in_the_pictures_proportions(tmp_path):
    reader = open_reader("celebamask", layouts.celebamask(tmp_path / "data"))
    packed = pack(reader.read(), reader, tmp_path, 32, expected_classes=("background", "face"))
    right_half = packed.labels[1][:, 16:]  # picture 2001: skin fills the left half
    assert (packed.labels[1][:, :16] == 4).all() and (right_half == 0).all()


def test_masks_without_a_face_are_named_and_left_out_of_the_preparation(tmp_path):
    root = layouts.celebamask(tmp_path / "data", extra=9)
    names = sorted({path.name[:5] for path in root.rglob("*_*.png")})
    for part in root.rglob(f"{names[1]}_*.png"):  # as those of 04790 in the release
        layouts.values(part, [0], (MASK_SIZE, MASK_SIZE))
    result = check_folder("celebamask", root, opened=None)
    assert result.right
    assert f"No face in 1 of the opened masks ({names[1]}). Notebook 01 leaves them out." in result.notes
    reader = open_reader("celebamask", root)
    manifest = reader.read()
    duplicates = find_duplicates(manifest, reader.root)
    assert without_face(duplicates.kept, reader) == [names[1]]
    kept = split_by_subject(duplicates.kept[duplicates.kept["image_id"] != names[1]])
    step = flow_table(manifest, duplicates, duplicates.kept, kept).set_index("step").loc["no face in the mask"]
    assert step["removed"] == 1 and step["note"] == f"left out: {names[1]}"
    everybody = split_by_subject(duplicates.kept)
    assert "no face in the mask" not in set(flow_table(manifest, duplicates, duplicates.kept, everybody)["step"])
