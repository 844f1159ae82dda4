from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from tiny_datasets import photograph, save

from facefair_lib.data.deduplicate import Fingerprints, exact_duplicates, find_duplicates, near_duplicates
from facefair_lib.data.manifest import make_manifest
from facefair_lib.errors import InputError


def manifest_of_files(root, pictures: dict[str, tuple[np.ndarray, str]]) -> pd.DataFrame:
    """Write pictures (path -> array and category) and list them."""
    rows = []
    for path, (array, category) in pictures.items():
        save(root / path, array)
        folder = path.split("/")[0]
        rows.append(
            {
                "image_id": path.rsplit(".", 1)[0],
                "image_path": path,
                "source": "mut1ny",
                "category": category,
                "folder": folder,
                "subject_id": folder,
            }
        )
    return make_manifest(rows)


def brighter(array: np.ndarray) -> np.ndarray:
    return np.clip(array * 1.03 + 1, 0, 255).astype(np.uint8)


def test_exact_copies_in_other_folders_and_file_formats_are_removed_once(tmp_path):
    one = photograph(1, (64, 48))
    manifest = manifest_of_files(
        tmp_path,
        {
            "b/1.png": (one, "male"),
            "a/1.png": (one, "female"),
            "c/1.bmp": (one, "real"),
            "c/2.png": (photograph(2), "real"),
        },
    )
    result = find_duplicates(manifest, tmp_path)
    assert result.kept["image_id"].tolist() == ["a/1", "c/2"]
    assert result.table[["kind", "kept_id", "removed_id", "distance"]].to_numpy().tolist() == [
        ["exact", "a/1", "b/1", 0],
        ["exact", "a/1", "c/1", 0],
    ]
    assert result.folders.set_index("folder")[["images", "exact", "near", "kept"]].loc["c"].tolist() == [2, 1, 0, 1]


def test_retouched_copies_are_near_duplicates_within_a_category_only(tmp_path):
    one = photograph(1, (64, 48))
    manifest = manifest_of_files(
        tmp_path,
        {"a/1.png": (one, "male"), "a/2.png": (brighter(one), "male"), "r/1.png": (brighter(brighter(one)), "real")},
    )
    result = find_duplicates(manifest, tmp_path)
    assert result.kept["image_id"].tolist() == ["a/1", "r/1"]
    assert len(result.after_exact) == 3
    row = result.table.iloc[0]
    assert (row["kind"], row["kept_id"], row["removed_id"], row["folder"]) == ("near", "a/1", "a/2", "a")
    assert row["distance"] <= 4


def test_equal_hashes_with_other_colours_are_different_pictures(tmp_path):
    """The hashes look at brightness only: the second check is what keeps these two apart."""
    grey = np.asarray(Image.fromarray(photograph(3, (64, 48))).convert("L"))
    tinted = np.stack([np.clip(grey * f, 0, 255).astype(np.uint8) for f in (0.6, 1.15, 1.0)], -1)
    manifest = manifest_of_files(
        tmp_path, {"a/1.png": (np.repeat(grey[..., None], 3, 2), "male"), "a/2.png": (tinted, "male")}
    )
    assert len(find_duplicates(manifest, tmp_path).kept) == 2
    assert len(find_duplicates(manifest, tmp_path, pixel_distance=255).kept) == 1, "the hashes alone would remove one"


def prints_of(gradient: Sequence[int], levels: Sequence[int], frequency: Sequence[int] | None = None) -> Fingerprints:
    bits, others = (np.array(part, np.uint64) for part in (gradient, gradient if frequency is None else frequency))
    thumbnails = np.array(levels, np.uint8)[:, None, None, None] * np.ones((1, 4, 4, 3), np.uint8)
    return Fingerprints(np.array([str(n) for n in range(len(bits))]), bits, others, thumbnails)


def test_a_chain_of_small_steps_does_not_swallow_a_picture_that_differs():
    # 0 bits, 3 bits, 6 bits: the third is near the second, which is gone, and not near the first.
    prints = prints_of([0b0, 0b111, 0b111111], [0, 0, 0])
    assert near_duplicates(prints, np.arange(3), 4, 8.0) == [(0, 1, 3)]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 255), st.integers(0, 255), st.integers(0, 30)), min_size=2, max_size=14),
    st.sampled_from([0, 1, 2, 4, 15, 16, 64]),
)
def test_near_duplicates_agree_with_a_plain_double_loop(items, limit):
    gradient, frequency, levels = map(list, zip(*items, strict=True))
    agree_with_a_double_loop(prints_of(gradient, levels, frequency), limit)


@pytest.mark.parametrize("scenes", [1, 40, 400])
def test_near_duplicates_among_many_equal_and_close_hashes_agree_with_a_plain_double_loop(scenes):
    rng = np.random.default_rng(scenes)
    flipped = [np.bitwise_or.reduce(np.uint64(1) << rng.integers(0, 64, (400, 2), np.uint64), 1) for _ in range(2)]
    scene = rng.integers(0, 2**64, (2, scenes), np.uint64)[:, rng.integers(0, scenes, 400)]
    gradient, frequency = (
        np.where(rng.random(400) < 0.5, part, part ^ f) for part, f in zip(scene, flipped, strict=True)
    )
    prints = prints_of(gradient, rng.integers(0, 30, 400), frequency)
    assert agree_with_a_double_loop(prints, 4) > 50


def agree_with_a_double_loop(prints: Fingerprints, limit: int) -> int:
    """Compare with every pair, one by one; returns how many pictures are removed."""
    hashes = list(zip(prints.gradient.tolist(), prints.frequency.tolist(), strict=True))
    levels = prints.thumbnail[:, 0, 0, 0].astype(int)
    removed: dict[int, tuple[int, int]] = {}
    for i in range(len(hashes)):
        for j in range(i + 1, len(hashes)):
            distance = max((a ^ b).bit_count() for a, b in zip(hashes[i], hashes[j], strict=True))
            if i not in removed and j not in removed and distance <= limit and abs(levels[i] - levels[j]) <= 8:
                removed[j] = (i, distance)
    expected = sorted((i, j, distance) for j, (i, distance) in removed.items())
    assert sorted(near_duplicates(prints, np.arange(len(hashes)), limit, 8.0)) == expected
    return len(expected)


def test_exact_duplicates_point_to_the_first_occurrence():
    assert exact_duplicates(np.array(["x", "y", "x", "x", "y"])) == [(0, 2), (0, 3), (1, 4)]


def test_the_result_does_not_depend_on_the_order_of_rows_or_the_number_of_threads(tmp_path):
    one, two = photograph(1, (64, 48)), photograph(2, (64, 48))
    manifest = manifest_of_files(
        tmp_path, {f"a/{n}.png": (picture, "male") for n, picture in enumerate((one, two, brighter(one), one, two))}
    )
    expected = find_duplicates(manifest, tmp_path, workers=1)
    done: list[tuple[int, int]] = []
    shuffled = find_duplicates(
        manifest.sample(frac=1, random_state=1), tmp_path, workers=4, progress=lambda n, total: done.append((n, total))
    )
    pd.testing.assert_frame_equal(shuffled.kept, expected.kept)
    pd.testing.assert_frame_equal(shuffled.table, expected.table)
    assert done == [(n, 5) for n in range(1, 6)]


def test_a_set_without_duplicates_gives_an_empty_table_with_its_columns(tmp_path):
    manifest = manifest_of_files(tmp_path, {"a/1.png": (photograph(1), "male"), "a/2.png": (photograph(2), "male")})
    result = find_duplicates(manifest, tmp_path)
    assert result.table.empty and "removed_path" in result.table
    assert result.folders.to_numpy().tolist() == [["a", "male", 2, 0, 0, 2]]


def test_limits_out_of_range_are_refused(tmp_path):
    with pytest.raises(InputError, match="0 to 64 bits"):
        find_duplicates(manifest_of_files(tmp_path, {"a/1.png": (photograph(1), "male")}), tmp_path, hash_distance=65)
