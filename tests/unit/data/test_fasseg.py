from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from tiny_datasets import photograph, save

from facefair_lib.data.arrays import pack
from facefair_lib.data.audit import class_shares
from facefair_lib.data.deduplicate import find_duplicates
from facefair_lib.data.images import read_label_rgb
from facefair_lib.data.readers.masked.fasseg import CLASS_OF_COLOUR, COLOURS, MAX_RESIDUE, RESIDUE_DISTANCE
from facefair_lib.data.readers.opening import open_reader
from facefair_lib.data.split import split_by_subject
from facefair_lib.errors import InputError
from facefair_lib.settings.labels import INDEX, decode_nearest

PHOTOGRAPHS = Path(__file__).parents[4] / "shared" / "data" / "fasseg"


def label_picture(shape: tuple[int, int] = (24, 18)) -> np.ndarray:
    """Six stripes in FASSEG's colours."""
    return np.repeat(COLOURS[np.arange(shape[0]) * 6 // shape[0]][:, None], shape[1], 1)


def add(root: Path, version: str, part: str, name: str, seed: int = 0, labels: str = "Labels") -> None:
    save(root / version / f"{part}_RGB" / name, photograph(seed, (24, 18)))
    save(root / version / f"{part}_{labels}" / name, label_picture())


@pytest.fixture
def fasseg(tmp_path: Path) -> Path:
    add(tmp_path, "V1", "Train", "1.bmp", 1)
    add(tmp_path, "V1", "Train", "2.bmp", 2)
    add(tmp_path, "V2", "Train", "1.bmp", 1)
    add(tmp_path, "V2", "Test", "1.bmp", 3)
    add(tmp_path, "V3", "Train", "+45/personne03149+0+45.bmp", 4, labels="labels")
    add(tmp_path, "V3", "Train", "0/personne03246+0+0.bmp", 5, labels="labels")
    add(tmp_path, "V3", "Test", "-60/personne08142+0-60.bmp", 6, labels="labels")
    save(tmp_path / "V3" / "Test_RGB" / "+75" / "personne08151+0+75.bmp", photograph(7, (24, 18)))
    (tmp_path / "V2" / "Test_RGB" / ".DS_Store").write_bytes(b"x")
    save(tmp_path / "V2" / "Test_RGB" / "JPEG" / "1.jpg", photograph(3, (24, 18)))
    return tmp_path


def test_faces_that_v1_and_v2_share_are_taken_from_v2(fasseg):
    reader = open_reader("fasseg", fasseg)
    frame = reader.read()
    frontal = frame[frame["subject_id"].str.startswith("frontal")].set_index("subject_id")
    assert frontal["image_id"].to_dict() == {
        "frontal-train-01": "V2/train/1",
        "frontal-train-02": "V1/train/2",
        "frontal-test-01": "V2/test/1",
    }
    assert any("taken from V2" in note for note in reader.notes)


def test_poses_carry_person_and_yaw_and_pictures_without_a_label_are_reported(fasseg):
    for version in ("V1", "V2"):
        shutil.rmtree(fasseg / version)
    reader = open_reader("fasseg", fasseg)
    frame = reader.read().set_index("image_id")
    assert frame["subject_id"].tolist() == ["pose-08", "pose-03", "pose-03"]
    assert frame["yaw"].tolist() == [-60.0, 45.0, 0.0]
    assert frame.loc["V3/train/personne03149+0+45", "label_path"] == "V3/Train_labels/+45/personne03149+0+45.bmp"
    assert any("1 files of V3 (V3/Test_RGB/+75/personne08151+0+75)" in note for note in reader.notes)


def test_label_colours_become_the_eleven_classes(fasseg):
    reader = open_reader("fasseg", fasseg)
    mask = reader.mask(reader.read().iloc[0])
    np.testing.assert_array_equal(mask[::4, 0], CLASS_OF_COLOUR)
    assert mask[4, 0] == INDEX["hair"] and mask[16, 0] == INDEX["lips"]


def test_blends_along_a_border_join_a_neighbour_and_never_a_third_class(fasseg):
    reader = open_reader("fasseg", fasseg)
    row = reader.read().iloc[0]
    hair, skin = COLOURS[1].astype(int), COLOURS[2].astype(int)
    picture = np.empty((24, 40, 3), np.uint8)
    picture[:, :20], picture[:, 20:] = hair, skin
    picture[:, 20] = (hair + skin) // 2  # as near to background's red as to hair
    save(fasseg / row["label_path"], picture)
    save(fasseg / row["image_path"], photograph(1, (24, 40)))
    assert set(np.unique(reader.mask(row))) == {INDEX["hair"], INDEX["face"]}


def test_a_photograph_in_the_place_of_a_label_is_refused(fasseg):
    reader = open_reader("fasseg", fasseg)
    row = reader.read().iloc[0]
    save(fasseg / row["label_path"], photograph(9, (24, 18)))
    with pytest.raises(InputError, match="farther than 32 from every label colour"):
        reader.mask(row)


def test_orphans_missing_folders_and_unreadable_names_are_refused(fasseg):
    lone = save(fasseg / "V2" / "Test_RGB" / "9.bmp", photograph(1))
    with pytest.raises(InputError, match=r"9\.bmp[\s\S]*a photograph without a label"):
        open_reader("fasseg", fasseg).read()
    lone.unlink()
    add(fasseg, "V3", "Train", "+15/face7.bmp", labels="labels")
    with pytest.raises(InputError, match=r"face7\.bmp[\s\S]*personne<PP>"):
        open_reader("fasseg", fasseg).read()
    for place in (fasseg / "V3").glob("Train*/+15"):
        place.rename(place.with_name("New folder"))
        (place.with_name("New folder") / "face7.bmp").rename(place.with_name("New folder") / "personne03149+0+45.bmp")
    with pytest.raises(InputError, match=r"New folder[\s\S]*personne<PP>"):
        open_reader("fasseg", fasseg).read()
    (fasseg / "V2" / "Test_RGB").rename(fasseg / "V2" / "elsewhere")
    with pytest.raises(InputError, match="no folder test_rgb"):
        open_reader("fasseg", fasseg).read()
    (fasseg / "empty").mkdir()
    with pytest.raises(InputError, match="at least one of V1, V2, V3"):
        open_reader("fasseg", fasseg / "empty").read()


@pytest.mark.skipif(not PHOTOGRAPHS.is_dir(), reason="needs the FASSEG photographs in ../shared/data/fasseg")
def test_the_published_photographs_are_read_packed_and_their_one_true_duplicate_found(tmp_path):
    reader = open_reader("fasseg", PHOTOGRAPHS)
    manifest = reader.read()
    assert len(manifest) == 44 and manifest["subject_id"].nunique() == 24
    duplicates = find_duplicates(manifest, reader.root)
    # One photograph was published twice, as both series of person 03; different shots of one person must stay.
    assert duplicates.table["removed_id"].tolist() == ["V3/train/personne03242+0-60"]
    labels = [read_label_rgb(reader.file(place)) for place in manifest["label_path"]]
    residue = np.array([(decode_nearest(label, COLOURS)[1] > RESIDUE_DISTANCE).mean() for label in labels])
    assert 0.005 < residue.mean() < 0.015 and residue.max() < 0.02 < MAX_RESIDUE
    packed = pack(split_by_subject(duplicates.kept), reader, tmp_path, 64)
    present = set(np.unique(packed.labels)) - {255}
    assert present == {INDEX[name] for name in reader.expected_classes}
    shares = class_shares(packed.table, packed.labels).set_index(["split", "class"])["share"]
    assert 0.3 < shares["train", "face"] < 0.6 and shares["train", "eyes"] < 0.02
