from __future__ import annotations

import numpy as np
import pytest
from tiny_datasets import CORE, photograph, save, stripes

from facefair_lib.data.arrays import open_arrays, pack
from facefair_lib.data.audit import class_shares, colour_table, flow_table
from facefair_lib.data.deduplicate import find_duplicates
from facefair_lib.data.images import resize_image, resize_mask
from facefair_lib.data.readers.opening import open_reader
from facefair_lib.data.split import split_by_subject
from facefair_lib.data.subsample import subsample
from facefair_lib.errors import InputError
from facefair_lib.settings.labels import NUM_CLASSES
from facefair_lib.store import parallel


def test_packed_rows_follow_the_manifest_and_hold_the_resized_pair(mut1ny, tmp_path):
    reader = open_reader("mut1ny", mut1ny)
    packed = pack(reader.read().sample(frac=1, random_state=3), reader, tmp_path / "out", 16)
    assert packed.table["row"].tolist() == list(range(9))
    assert packed.table["image_id"].is_monotonic_increasing
    assert packed.images.shape == (9, 16, 16, 3) and packed.labels.dtype == np.uint8
    for row in packed.table.to_dict("records"):
        image, mask = reader.pair(row)
        np.testing.assert_array_equal(packed.images[row["row"]], resize_image(image, (16, 16)))
        np.testing.assert_array_equal(packed.labels[row["row"]], resize_mask(mask, (16, 16)))


def test_packing_twice_with_other_thread_counts_gives_the_same_bytes(mut1ny, tmp_path, monkeypatch):
    reader = open_reader("mut1ny", mut1ny)
    manifest = reader.read()
    for cores in (1, 4):
        monkeypatch.setattr(parallel, "available_cores", lambda cores=cores: cores)
        pack(manifest, reader, tmp_path / str(cores), 16)
    for name in ("images.npy", "labels.npy"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "4" / name).read_bytes()


def test_a_failure_names_the_file_and_leaves_the_earlier_arrays_alone(mut1ny, tmp_path):
    reader = open_reader("mut1ny", mut1ny)
    manifest = reader.read()
    pack(manifest, reader, tmp_path / "out", 16)
    before = (tmp_path / "out" / "images.npy").read_bytes()
    broken = mut1ny / manifest["image_path"].iloc[-1]
    broken.write_bytes(broken.read_bytes()[:60])
    with pytest.raises(InputError, match=broken.name):
        pack(manifest, reader, tmp_path / "out", 16)
    assert (tmp_path / "out" / "images.npy").read_bytes() == before
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["images.npy", "labels.npy"]


def test_a_class_missing_from_train_is_refused_by_name_unless_allowed(tmp_path, add_pair):
    for number in range(4):
        classes = (*CORE, "teeth") if number == 3 else CORE
        add_pair(tmp_path, f"real_x/{number}.png", f"real/{number}.png", number, classes=classes)
    reader = open_reader("mut1ny", tmp_path)
    manifest = reader.read().assign(split=["train", "train", "validation", "test"])
    with pytest.raises(InputError, match=r"the train split[\s\S]*no pixel of teeth in 2 images[\s\S]*expected_classes"):
        pack(manifest, reader, tmp_path / "out", 24)
    assert not (tmp_path / "out" / "images.npy").exists()
    assert len(pack(manifest, reader, tmp_path / "out", 24, expected_classes=CORE).images) == 4
    with pytest.raises(InputError, match="names among background"):
        pack(manifest, reader, tmp_path / "out", 24, expected_classes=["tooth"])


def test_missing_damaged_and_unequal_arrays_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"images\.npy[\s\S]*no such file"):
        open_arrays(tmp_path)
    np.save(tmp_path / "images.npy", np.zeros((2, 8, 8, 3), np.uint8))
    np.save(tmp_path / "labels.npy", np.zeros((3, 8, 8), np.uint8))
    with pytest.raises(InputError, match=r"images \(2, 8, 8, 3\) uint8 and labels \(3, 8, 8\)"):
        open_arrays(tmp_path)
    (tmp_path / "labels.npy").write_bytes(b"\x93NUMPY")
    with pytest.raises(InputError, match=r"labels\.npy[\s\S]*unreadable"):
        open_arrays(tmp_path)


def test_class_shares_are_counted_by_hand(mut1ny):
    manifest = open_reader("mut1ny", mut1ny).read().head(3).assign(split=["train", "train", "test"], row=[0, 1, 2])
    labels = np.full((3, 2, 2), 255, np.uint8)
    labels[0] = [[0, 0], [4, 255]]
    labels[1] = [[0, 5], [5, 5]]
    shares = class_shares(manifest, labels).set_index(["split", "class"])
    assert len(shares) == 3 * NUM_CLASSES
    assert shares.loc[("train", "background"), ["pixels", "images"]].tolist() == [3, 2]
    assert shares.loc[("train", "hair"), "share"] == pytest.approx(3 / 7)
    assert shares.loc[("train", "face"), ["pixels", "images"]].tolist() == [1, 1]
    assert np.isnan(shares.loc[("test", "face"), "share"]), "a split of ignored pixels only has no shares"


def test_the_colour_table_is_the_papers_first_table():
    table = colour_table().set_index("class")
    assert table.loc["teeth", ["red", "green", "blue"]].tolist() == [0, 128, 255]
    assert table.loc["ears", ["red", "green", "blue"]].tolist() == [255, 0, 255]
    assert colour_table("vendor").set_index("class").loc["ears", ["red", "green", "blue"]].tolist() == [0, 255, 255]
    assert len(table) == NUM_CLASSES


def test_the_whole_preparation_runs_from_folder_to_arrays(mut1ny, tmp_path, add_pair):
    for number in range(30, 36):
        add_pair(mut1ny, f"real_photos/{number}.png", f"real/{number}.png", number)
    save(mut1ny / "samples" / "real_photos" / "copy.png", photograph(30))
    add_pair(mut1ny, "real_photos/copy.png", "real/copy.png", 30)
    seen: list[tuple[int, int]] = []
    reader = open_reader("mut1ny", mut1ny)
    manifest = reader.read()
    duplicates = find_duplicates(manifest, reader.root)
    drawn = subsample(duplicates.kept, multi=1, per_folder=1, seed=5)
    progress = lambda done, total: seen.append((done, total))  # noqa: E731
    packed = pack(split_by_subject(drawn, seed=5), reader, tmp_path / "out", 24, progress=progress)
    assert duplicates.table["removed_id"].tolist() == ["real_photos/copy"]
    flow = flow_table(manifest, duplicates, drawn, packed.table).set_index("step")
    images = flow["images"]
    assert images["read"] == 16 and images["exact duplicates removed"] == 15
    assert images["subsample"] == images[["train", "validation", "test"]].sum() == len(packed.images) == 14
    assert flow.loc["read", "people"] == manifest["subject_id"].nunique()
    assert flow["removed"].tolist() == [0, 1, 0, 1, 0, 0, 0]
    assert (packed.table.groupby("subject_id")["split"].nunique() == 1).all()
    assert packed.labels[0].shape == (24, 24) and set(np.unique(packed.labels[0])) == set(
        np.unique(stripes((*CORE, "teeth")))
    )
    assert seen[-1] == (14, 14)
