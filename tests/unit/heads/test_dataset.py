from __future__ import annotations

import errno
import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from facefair_heads import __main__ as command_line
from facefair_heads.people.label_rules import parse_label_rules
from facefair_heads.sets import dataset
from facefair_heads.sets.dataset import DataSetSettings, plan_data_set, split_parts, write_data_set
from facefair_lib.errors import InputError
from facefair_lib.settings.labels import INDEX, decode
from facefair_lib.store.processes import parse_shard

SETTINGS = DataSetSettings(people=3, shots=1, size=32)


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    return write_data_set(tmp_path_factory.mktemp("whole"), SETTINGS)


def test_a_data_set_has_pictures_labels_attributes_datasheet_and_sheet(whole):
    table = pd.read_csv(whole / "attributes.csv")
    assert list(table["group"]) == ["asian", "black", "caucasian"]
    for sample in table["image"]:
        label = whole / sample.replace("samples", "labels").replace("_rendered", "")
        mask, unknown = decode(np.asarray(Image.open(label)))
        assert not unknown
        assert (mask > 0).any()
    text = (whole / "datasheet.md").read_text()
    assert "## Limits" in text
    assert "## Licences" in text
    assert (whole / "contact_sheet.png").exists()


def test_shards_in_any_order_give_the_same_bytes_as_one_run(whole, tmp_path):
    write_data_set(tmp_path, SETTINGS, shard=(2, 2))
    assert not (tmp_path / "attributes.csv").exists()
    write_data_set(tmp_path, SETTINGS, shard=(1, 2))
    assert digests(tmp_path) == digests(whole)


def test_a_second_run_renders_only_what_is_missing(whole):
    before = digests(whole)
    lost = next(whole.glob("samples/*/*.png"))
    lost.unlink()
    asked = []
    write_data_set(whole, SETTINGS, progress=lambda done, total: asked.append((done, total)))
    assert asked == [(3, 3)]
    assert digests(whole) == before


def test_a_folder_with_other_settings_or_foreign_files_is_left_alone(whole, tmp_path):
    before = digests(whole)
    with pytest.raises(InputError, match="name another folder"):
        write_data_set(whole, DataSetSettings(people=4, shots=1, size=32))
    assert digests(whole) == before
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(InputError, match="not rendered here"):
        write_data_set(tmp_path, SETTINGS)
    assert (tmp_path / "mine.txt").read_text() == "keep"


def test_pictures_that_another_version_began_are_left_alone(whole):
    (whole / ".plan").write_text("what another version would have rendered")
    before = digests(whole)
    with pytest.raises(InputError, match="another version of facefair"):
        write_data_set(whole, SETTINGS)
    assert digests(whole) == before


def test_a_place_that_cannot_be_written_is_said_without_a_traceback(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setattr("sys.argv", ["facefair_heads", "--out", str(tmp_path / "file" / "heads")])
    with pytest.raises(SystemExit, match=r"^facefair_heads: .*Not a directory"):
        command_line.main()


def test_a_full_disk_says_so(tmp_path, monkeypatch):
    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(dataset, "write_pictures", full)
    with pytest.raises(InputError, match="resumes where it stopped"):
        write_data_set(tmp_path, SETTINGS)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"people": 0}, "1 to 1,000,000"),
        ({"shots": 1.5}, "1 to 1,000,000"),
        ({"size": 8}, "16 to 1024"),
        ({"layout": "coco"}, "mut1ny, celebamask"),
        ({"population": "mars"}, "balanced, wild"),
        ({"seed": -1}, "whole number from 0 up"),
    ],
)
def test_impossible_settings_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        replace(SETTINGS, **options)


def test_an_impossible_shard_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(InputError, match="1 <= k <= n"):
        write_data_set(tmp_path / "new", SETTINGS, shard=(3, 2))
    assert not (tmp_path / "new").exists()


def test_other_label_rules_change_labels_only_and_are_written_down(whole, tmp_path):
    rules = parse_label_rules("neck=background, headwear=hair")
    write_data_set(tmp_path, replace(SETTINGS, rules=rules))
    for path in whole.rglob("*.png"):
        there = tmp_path / path.relative_to(whole)
        if "samples" in path.parts:
            assert there.read_bytes() == path.read_bytes()
    faces = [
        sum((decode(np.asarray(Image.open(path)))[0] == INDEX["face"]).sum() for path in folder.glob("labels/*/*.png"))
        for folder in (whole, tmp_path)
    ]
    assert faces[1] < faces[0]
    text = (tmp_path / "datasheet.md").read_text()
    assert '--labels "neck=background,headwear=hair"' in text
    assert "| neck | background |" in text
    assert "--labels" not in (whole / "datasheet.md").read_text()
    with pytest.raises(InputError, match="name another folder"):
        write_data_set(tmp_path, SETTINGS)


@pytest.mark.parametrize("text", ["", "2", "a/b", "1/2/3", "-1/2", "3/2", "0/1"])
def test_shards_that_are_no_share_are_refused(text):
    with pytest.raises(InputError, match="shard"):
        parse_shard(text)


def test_a_balanced_plan_has_every_group_and_gender_equally_often():
    plan = plan_data_set(DataSetSettings(12, 2, 64))
    pairs = [(picture.heads[0].group, picture.heads[0].gender) for picture in plan]
    assert {pairs.count(pair) for pair in pairs} == {4}
    assert len({picture.sample for picture in plan}) == 24


def test_part_masks_join_to_the_label_they_came_from():
    label = np.zeros((6, 6), np.uint8)
    label[0] = INDEX["hair"]
    label[2, 1], label[2, 4] = INDEX["eyes"], INDEX["eyes"]
    label[3, 2:4] = INDEX["nose"]
    label[4:, 2:4] = INDEX["lips"]
    parts = split_parts(label)
    assert parts["l_eye"][2, 1]
    assert parts["r_eye"][2, 4]
    assert parts["u_lip"].sum() == parts["l_lip"].sum() == 2
    joined = sum(mask.astype(int) for mask in parts.values())
    np.testing.assert_array_equal(joined, label > 0)


def test_the_celebamask_layout_has_a_file_per_part_that_is_there(tmp_path):
    write_data_set(tmp_path, DataSetSettings(people=1, shots=1, size=32, layout="celebamask"))
    assert np.asarray(Image.open(tmp_path / "CelebA-HQ-img/0.jpg")).shape == (32, 32, 3)
    skin = np.asarray(Image.open(tmp_path / "CelebAMask-HQ-mask-anno/0/00000_skin.png"))
    label = decode(np.asarray(Image.open(tmp_path / "labels/00000.png")))[0]
    np.testing.assert_array_equal(skin == 255, label == INDEX["face"])
