"""One model out of several networks."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from stancewire import Tagger
from stancewire.training import mean as means
from stancewire.training.parts import TrainingError, split
from stancewire.training.recipe import Recipe
from stancewire.training.train import train
from tiny import rows


def test_mean_of_weights() -> None:
    one = {"a": torch.tensor([1.0, 2.0]), "b": torch.tensor([4.0])}
    two = {"a": torch.tensor([3.0, 6.0]), "b": torch.tensor([0.0])}
    found = means.mean_of([one, two])
    assert found["a"].tolist() == [2.0, 4.0]
    assert found["b"].tolist() == [2.0]
    with pytest.raises(TrainingError, match="different shapes"):
        means.mean_of([one, {"a": torch.zeros(3), "b": torch.zeros(1)}])


def test_mean_is_a_model_that_tags(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data.jsonl"
    data.write_text("\n".join(map(json.dumps, rows())), encoding="utf-8")
    recipe = Recipe(
        base=str(tiny_base), epochs=30, batch_size=8, learning_rate=3e-3,
        head_learning_rate=5e-3, layer_decay=1.0, max_pieces=32,
    )  # fmt: skip
    weights = []
    first = train([data], out=tmp_path / "one", recipe=recipe, with_seeds=False)
    weights.append(first.run / "network" / "model.safetensors")
    gone_on = replace(recipe, epochs=2, seed=1)
    second = train(
        [data], out=tmp_path / "two", recipe=gone_on, with_seeds=False, start=first.run / "network"
    )
    weights.append(second.run / "network" / "model.safetensors")
    # the tiny network knows nothing of the seeds' words
    monkeypatch.setattr(means, "split", lambda data, weight: split(data, with_seeds=False))
    found = means.mean(weights, out=tmp_path / "mean", data=[data], told="two", recipe=recipe)
    (tagged,) = Tagger.load(found.model).predict("oslo accused quito of jamming signals .")
    assert tagged.label == "accuses"
    for folder in (found.model, found.run / "network"):
        card = (folder / "README.md").read_text(encoding="utf-8")
        assert "The mean of the weights of 2 networks: two." in card
        told = json.loads((folder / "config.json").read_text())["about"]["told"]
        assert told == ["The mean of the weights of 2 networks: two."]
    assert json.loads((found.run / "figures.json").read_text())["held_out"]["sentences"] > 0
