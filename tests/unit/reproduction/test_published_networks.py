"""How much of the course paper's networks takes part, and what a batch of one picture does to them."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
import segmentation_models_pytorch as smp
import torch

from facefair_lib.models.adapters import unused_parameters
from facefair_lib.reproduction.pool import divide
from facefair_lib.reproduction.protocol import AS_PUBLISHED
from facefair_lib.reproduction.published_networks import last_batch_table, parts_table, published_networks, refusal
from facefair_lib.reproduction.run import Task, fit
from facefair_lib.settings import paths


@pytest.fixture(scope="module")
def published() -> pd.DataFrame:
    return pd.read_csv(paths.REPORT / "published.csv")


@pytest.fixture(scope="module")
def parts(published) -> pd.DataFrame:
    return parts_table(published).set_index("model")


def test_pspnet_reads_two_stages_of_its_backbone_and_deeplabv3_all_four(parts):
    assert parts[["stages_built", "stages_used"]].to_numpy().tolist() == [[4, 4], [4, 2]]
    assert parts["trunk_built"].nunique() == 1, "the same ResNet-101"
    trunk = published_networks()["pspnet"].encoder
    read = [trunk.conv1, trunk.bn1, trunk.layer1, trunk.layer2]
    assert parts.loc["pspnet", "trunk_used"] == sum(p.numel() for part in read for p in part.parameters())
    assert parts.loc["deeplabv3", "trunk_used"] == parts.loc["deeplabv3", "trunk_built"]


def test_a_twentieth_of_pspnet_takes_part(parts):
    million = (parts[["built", "used"]] / 1e6).round(2)
    assert million.loc["pspnet"].tolist() == [43.30, 2.25]
    assert million.loc["deeplabv3"].tolist() == [60.99, 58.63], "its auxiliary head is built, and not fitted"
    assert parts.loc["pspnet", "share_used"] == pytest.approx(0.0519, abs=1e-4)
    assert parts["operations"].is_monotonic_decreasing


def test_what_is_counted_as_unused_changes_no_prediction():
    torch.manual_seed(0)
    network = smp.PSPNet("resnet18", encoder_weights=None, classes=3)
    unused = unused_parameters(network)
    pictures = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        before = network(pictures)
        for parameter in unused:
            parameter.zero_()
        torch.testing.assert_close(network(pictures), before)
        kept = {id(parameter) for parameter in unused}
        next(p for p in network.encoder.layer2.parameters() if id(p) not in kept).zero_()
        assert not torch.equal(network(pictures), before)


def test_the_papers_last_batch_stops_deeplabv3_and_not_pspnet(published):
    table = last_batch_table(published).set_index("model")
    assert table[["images", "learnt", "batch_size", "last"]].drop_duplicates().to_numpy().tolist() == [
        [2096, 1677, 4, 1]
    ]
    assert table["stops"].to_dict() == {"deeplabv3": True, "pspnet": False}
    assert "more than 1 value per channel" in table.loc["deeplabv3", "says"]
    assert not table.loc["pspnet", "says"]


def test_with_one_picture_more_or_fewer_the_last_batch_would_have_run(published):
    stopped = last_batch_table(published).set_index("model").loc["deeplabv3"]
    assert (stopped["fewer"], stopped["more"]) == (2095, 2097)
    for images in stopped[["fewer", "more"]]:
        moved = published.assign(value=published["value"].mask(published["metric"] == "subsample", images))
        assert not last_batch_table(moved)["stops"].any()


@pytest.mark.parametrize(("model", "stops"), [("deeplabv3", True), ("pspnet", False)])
def test_a_small_fit_that_keeps_its_last_batch_of_one_ends_alike(pool, settings, tmp_path, model, stops):
    protocol = replace(AS_PUBLISHED, drop_last=False)
    rows = divide(pool.table, protocol) | {"train": divide(pool.table, protocol)["train"][:5]}
    network = getattr(settings.reproduction.networks, model)
    shaped = getattr(settings.models, model).model_copy(update={**network.model_dump(exclude_none=True), "epochs": 1})
    shaped = shaped.model_copy(update={"fine_maps": False})
    task = Task(protocol, pool, rows, pool.images[:1])
    if stops:
        with pytest.raises(ValueError, match="more than 1 value per channel"):
            fit(model, shaped, settings.training, task, tmp_path, 7)
    else:
        assert fit(model, shaped, settings.training, task, tmp_path, 7).epochs == 1


def test_without_values_a_network_refuses_what_it_refuses_with_them():
    with torch.device("meta"):
        empty = smp.DeepLabV3("resnet18", encoder_weights=None, classes=3)
    filled = smp.DeepLabV3("resnet18", encoder_weights=None, classes=3)
    for number in (1, 2):
        said = {
            refusal(network, torch.ones(number, 3, 32, 32, device=device))
            for network, device in ((empty, "meta"), (filled, "cpu"))
        }
        assert len(said) == 1 and all(map(bool, said)) == (number == 1)
