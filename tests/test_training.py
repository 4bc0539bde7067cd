"""The whole of training on a tiny random encoder that is made on the spot."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from stancewire import Tagger, seeds
from stancewire.labels import read_row
from stancewire.pieces import PieceReader
from stancewire.training import base as bases
from stancewire.training.calibrate import calibrate, calibration_error, recalibrated, reliability
from stancewire.training.data import collate, span_labels, to_dataset
from stancewire.training.export import to_onnx
from stancewire.training.judge import (
    ALL,
    at_thresholds,
    fit_thresholds,
    tag_in_float,
    tag_whole,
)
from stancewire.training.network import IGNORED, StanceNetwork, chain_loss, loss
from stancewire.training.parts import TrainingError, split
from stancewire.training.recipe import Recipe
from stancewire.training.restore import restore
from stancewire.training.ship import ship
from stancewire.training.train import train, untrained
from stancewire.types import CHANNELS, STANCES, TaggedSentence
from tiny import rows
from tokenizers import Tokenizer
from transformers import BertModel


@pytest.fixture(scope="session")
def run(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("run")
    data = folder / "data.jsonl"
    data.write_text("\n".join(json.dumps(row) for row in rows()), encoding="utf-8")
    recipe = Recipe(
        base=str(tiny_base), epochs=30, batch_size=8, learning_rate=3e-3,
        head_learning_rate=5e-3, layer_decay=1.0, max_pieces=32,
    )  # fmt: skip
    return train([data], out=folder / "run", recipe=recipe, with_seeds=False)


def test_loss_falls(run) -> None:
    losses = [entry["loss"] for entry in run.figures["log"] if "loss" in entry]
    assert len(losses) >= 2
    assert losses[-1] < 0.2 * losses[0]


def test_planted_spans_are_decoded(run) -> None:
    tagger = Tagger.load(run.model)
    (found,) = tagger.predict("oslo accused quito of jamming signals .")
    assert found.label == "accuses"
    (stance,) = found.stances
    assert [s.text for s in stance.source] == ["oslo"]
    assert [s.text for s in stance.target] == ["quito"]
    assert [s.text for s in stance.claim] == ["jamming signals"]
    (denied,) = tagger.predict("rabat denied moving mines .")
    assert denied.label == "denies"
    assert [s.text for s in denied.stances[0].target] == ["moving mines"]
    assert tagger.predict("rabat met oslo in lima .")[0].stances == ()


def test_run_folder_and_figures(run) -> None:
    files = {path.name for path in run.model.iterdir()}
    assert files == {"model.onnx", "tokenizer.json", "config.json", "README.md"}
    floats = {path.name for path in (run.run / "network").iterdir()}
    assert floats >= {"model.safetensors", "tokenizer.json", "config.json", "README.md"}
    agreed = run.figures["int8_against_float"]
    assert agreed["same_label"] == 1.0
    assert agreed["largest_score_difference"] < 0.2
    assert run.figures["held_out"]["macro_f1"] > 0.9
    assert "Model card" in (run.model / "README.md").read_text(encoding="utf-8")


def test_weights_come_back_out_of_the_int8_model(run, tiny_base: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    network = StanceNetwork(BertModel.from_pretrained(tiny_base, add_pooling_layer=False))
    restore(network, run.model)
    trained = load_file(run.run / "network" / "model.safetensors")
    for name, weight in network.state_dict().items():
        if name.startswith("encoder.") and weight.is_floating_point():
            # 7 bits a column, after smoothing: within a few hundredths of the largest
            exact = trained[f"network.{name}"]
            assert (weight - exact).abs().max() <= 0.05 * exact.abs().max(), name
    data = tmp_path / "data.jsonl"
    data.write_text("\n".join(json.dumps(row) for row in rows()), encoding="utf-8")
    recipe = Recipe(base=str(tiny_base), epochs=0.2, learning_rate=1e-5, max_pieces=32)
    again = train([data], out=tmp_path / "on", recipe=recipe, with_seeds=False, start=run.model)
    assert again.figures["held_out"]["macro_f1"] > 0.9  # what was learned is still there
    bare = train([data], out=tmp_path / "bare", recipe=recipe, with_seeds=False)
    assert bare.figures["held_out"]["macro_f1"] < 0.5
    with pytest.raises(TrainingError, match="cannot start from a model"):
        train([data], out=tmp_path / "no", recipe=recipe, with_seeds=False, start=tiny_base)


def test_training_is_deterministic(tiny_base: Path, tmp_path: Path) -> None:
    data = tmp_path / "data.jsonl"
    data.write_text("\n".join(json.dumps(row) for row in rows()), encoding="utf-8")
    weights = []
    for name in ("one", "two"):
        recipe = Recipe(base=str(tiny_base), epochs=1, max_pieces=32)
        train([data], out=tmp_path / name, recipe=recipe, with_seeds=False)
        weights.append((tmp_path / name / "network" / "model.safetensors").read_bytes())
    assert weights[0] == weights[1]


def test_exported_graph_agrees_with_torch(tiny_base: Path, tmp_path: Path) -> None:
    import onnxruntime

    torch.manual_seed(1)
    network = StanceNetwork(BertModel.from_pretrained(tiny_base)).eval()
    to_onnx(network, tmp_path / "m.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "m.onnx"))
    ids = torch.randint(5, 20, (3, 11))
    mask = torch.ones_like(ids)
    mask[1, 4:] = 0
    with torch.inference_mode():
        stance, spans = network(ids, mask)
    got = session.run(None, {"input_ids": ids.numpy(), "attention_mask": mask.numpy()})
    np.testing.assert_allclose(got[0], stance.numpy(), atol=1e-4)
    np.testing.assert_allclose(got[1], spans.numpy(), atol=1e-4)
    # padding changes nothing
    with torch.inference_mode():
        alone, _ = network(ids[1:2, :4], mask[1:2, :4])
    np.testing.assert_allclose(alone.numpy(), stance[1:2].numpy(), atol=1e-4)


def test_labels_of_words_and_absent_roles(tiny_base: Path) -> None:
    reader = PieceReader(Tokenizer.from_file(str(tiny_base / "tokenizer.json")), 32)
    sentence = read_row(
        {"text": "oslo accused moscow of jamming signals .", "stances": [
            {"stance": "accuses", "source": ["oslo"], "claim": ["jamming signals"]}]}
    )  # fmt: skip
    (pieces,) = reader.read([sentence.text])
    table = np.array(span_labels(sentence, pieces))

    def channel(stance: str, role: str) -> list[int]:
        return [int(tag) for tag in table[:, CHANNELS.index((stance, role))]]

    assert channel("accuses", "source") == [1, 0, 0, 0, 0, 0, 0]
    assert channel("accuses", "claim") == [0, 0, 0, 0, 1, 2, 0]
    assert channel("accuses", "target") == [IGNORED] * 7  # not annotated
    assert channel("denies", "target") == [0] * 7

    batch = collate(to_dataset([sentence], reader).to_list())
    network = StanceNetwork(BertModel.from_pretrained(tiny_base))
    got = network(batch["input_ids"], batch["attention_mask"])
    labels = batch["stance_labels"], batch["span_labels"], batch["first"]
    value = loss(*got, network.transitions, *labels)
    value.backward()
    target_rows = network.roles[0].weight.grad.view(3, 3, -1)[1]  # accuses, target
    assert torch.isfinite(value)
    assert (target_rows == 0).all()


def test_shift_is_for_sentences_written_to_show_stances(tiny_base: Path) -> None:
    reader = PieceReader(Tokenizer.from_file(str(tiny_base / "tokenizer.json")), 32)
    texts = [
        {"text": "oslo met lima .", "stances": [], "round": 1},
        {"text": "oslo met rabat .", "stances": [], "round": 3, "like": 7},
        {"text": "oslo met accra .", "stances": []},
    ]
    batch = collate(to_dataset([read_row(row) for row in texts], reader).to_list())
    assert batch["shown"].tolist() == [1, 0, 0]
    network = StanceNetwork(BertModel.from_pretrained(tiny_base)).eval()
    with torch.no_grad():
        network.shown.normal_()
        plain, _ = network(batch["input_ids"], batch["attention_mask"])
        moved, _ = network(batch["input_ids"], batch["attention_mask"], batch["shown"])
    assert (plain[0] - moved[0]).abs().max() > 1e-3
    assert torch.allclose(plain[1:], moved[1:], atol=1e-5)


def test_calibrated_scores_mean_what_they_say(tiny_base: Path) -> None:
    """Scores far too sure, right in seven of ten cases: after it they say about 0.7."""
    network = StanceNetwork(BertModel.from_pretrained(tiny_base))
    before = network.stance_bias.detach().clone()
    gold, tagged = [], []
    for i in range(200):
        sure = i % 2 == 0
        row = {"text": f"s{i}", "stances": [{"stance": "warns"}] * (sure == (i % 20 < 14))}
        gold.append(read_row(row))
        scores = {"accuses": 0.0, "denies": 0.0, "warns": 0.999 if sure else 0.001}
        tagged.append(TaggedSentence(f"s{i}", 0, 2, "neutral", 0, scores, ()))
    assert calibration_error(reliability(gold, tagged)) > 0.09
    moved = calibrate(network, gold, tagged)
    assert moved["accuses"] == moved["denies"] == (1, 0)  # there are none to learn from
    scale, shift = moved["warns"]
    logit = np.log(0.999 / 0.001)
    assert 1 / (1 + np.exp(-(scale * logit + shift))) == pytest.approx(0.7, abs=0.02)
    changed = network.stance_bias.detach() - before
    assert changed[:2].tolist() == [0, 0]
    assert changed[2] != 0


def test_calibrating_afterwards_is_calibrating_before(run, tiny_base: Path) -> None:
    network = StanceNetwork(BertModel.from_pretrained(tiny_base, add_pooling_layer=False))
    restore(network, run.model)
    reader = PieceReader(Tokenizer.from_file(str(run.model / "tokenizer.json")), 32)
    gold = [read_row(row) for row in rows()]
    before = tag_in_float(network, reader, ALL, gold)
    moved = {"accuses": (0.5, 1.0), "denies": (1, 0), "warns": (2.0, -3.0)}
    for i, (scale, shift) in enumerate(moved.values()):
        network.stance.data[i] *= scale
        network.stance_bias.data[i] = network.stance_bias.data[i] * scale + shift
    thresholds = dict.fromkeys(STANCES, 0.4)
    wanted = at_thresholds(tag_in_float(network, reader, ALL, gold), thresholds)
    for want, got in zip(
        wanted, at_thresholds(recalibrated(before, moved), thresholds), strict=True
    ):
        assert got.label == want.label
        assert got.scores == pytest.approx(want.scores, abs=1e-5)
        assert [replace(s, score=0) for s in got.stances] == [
            replace(s, score=0) for s in want.stances
        ]


def test_sentences_are_tagged_anew_when_network_or_sentences_change(
    tiny_base: Path, tmp_path: Path
) -> None:
    gold = [read_row(row) for row in rows()]
    trainer = untrained(gold, gold, Recipe(base=str(tiny_base), max_pieces=32), tmp_path).trainer
    first = trainer.tagged()
    assert trainer.tagged() is first
    trainer.model.stance_bias.data[0] += 1  # past the counter that torch itself keeps
    second = trainer.tagged()
    assert second[0].scores["accuses"] > first[0].scores["accuses"]
    trainer.judge = gold[:3]
    assert [s.text for s in trainer.tagged()] == [s.text for s in gold[:3]]
    assert trainer.tagged()[0].scores == pytest.approx(second[0].scores, abs=1e-5)


def test_chain_loss_is_the_likelihood_among_all_legal_sequences() -> None:
    import itertools

    torch.manual_seed(0)
    logits, steps = torch.randn(2, 6, len(CHANNELS), 3), torch.randn(len(CHANNELS), 3, 3)
    first = torch.tensor([[1, 3, 4, 5], [1, 2, -1, -1]])
    tags = torch.zeros(2, 4, len(CHANNELS), dtype=torch.long)
    tags[0, :, 5] = torch.tensor([0, 1, 2, 0])
    tags[1, :2, 5] = torch.tensor([1, 2])
    got = chain_loss(logits, steps, tags, first)
    for row, words in ((0, 4), (1, 2)):
        worth = {
            t: sum(logits[row, first[row, i], 5, tag] for i, tag in enumerate(t))
            + sum(steps[5, a, b] for a, b in itertools.pairwise(t))
            for t in itertools.product(range(3), repeat=words)
            if (0, 2) not in itertools.pairwise((0, *t))
        }
        right = worth[tuple(tags[row, :words, 5].tolist())]
        expected = torch.logsumexp(torch.stack(list(worth.values())), 0) - right
        assert got[row, 5].item() == pytest.approx(expected.item(), abs=1e-4)


def test_too_little_data_and_a_used_folder(tiny_base: Path, tmp_path: Path) -> None:
    data = tmp_path / "data.jsonl"
    data.write_text(json.dumps(rows()[0]), encoding="utf-8")
    recipe = Recipe(base=str(tiny_base))
    with pytest.raises(TrainingError, match="too few"):
        train([data], out=tmp_path / "a", recipe=recipe, with_seeds=False)
    with pytest.raises(TrainingError, match="exists already"):
        train([data], out=tmp_path, recipe=recipe, with_seeds=False)


def test_sentence_labelled_otherwise_in_the_seeds(tiny_base: Path, tmp_path: Path) -> None:
    text = next(s.text for s in seeds.load("train") if s.labels == {"denies"})
    data = tmp_path / "data.jsonl"
    data.write_text(json.dumps({"text": text, "stances": []}), encoding="utf-8")
    with pytest.raises(TrainingError, match=r"data\.jsonl:1: neutral here, denies .* at .*round-"):
        train([data], out=tmp_path / "a", recipe=Recipe(base=str(tiny_base)))
    assert not (tmp_path / "a").exists()
    overruled = split([data], overrule=True)
    assert [s.labels for s in overruled.learn if s.text == text] == [frozenset()]


def test_held_out_is_held_out(tmp_path: Path) -> None:
    data = tmp_path / "data.jsonl"
    data.write_text("\n".join(json.dumps(row) for row in rows()), encoding="utf-8")
    parts = split([data], weight=3)
    learn, judge, test = parts.learn, parts.judge, parts.test
    given = {str(row["text"]) for row in rows()}
    assert [s.text for s in test] == [s.text for s in seeds.load("test")]
    learned = Counter(s.text for s in learn)
    assert not set(learned) & {s.text for s in judge}
    unseen = [*seeds.load("test"), *seeds.load("development")]
    assert not set(learned) & {s.text for s in unseen}
    assert {learned[text] for text in given} == {0, 3}
    data.write_text("\n".join(json.dumps(row) for row in rows()[:2]), encoding="utf-8")
    few = split([data], with_seeds=False)
    assert len(few.learn) == len(few.judge) == len(few.new) == 1


def test_the_first_of_the_seeds() -> None:
    parts = split([], first=300)
    assert len(parts.learn) + len(parts.judge) + len(parts.test) == 300
    assert {s.more["round"] for s in parts.learn} == {0}


def test_base_that_is_none(tmp_path: Path) -> None:
    data = tmp_path / "data.jsonl"
    data.write_text("\n".join(json.dumps(row) for row in rows()), encoding="utf-8")
    with pytest.raises(bases.BaseError, match="cannot be loaded as a base"):
        train([data], out=tmp_path / "a", recipe=Recipe(base=str(tmp_path)), with_seeds=False)
    assert not (tmp_path / "a").exists()


def test_default_base_is_the_published_file() -> None:
    assert (Path(bases.resolve()) / "model.safetensors").is_file()


def test_shipping_replaces_the_shipped_model(run, tmp_path: Path, monkeypatch) -> None:
    import stancewire.model

    monkeypatch.setattr(stancewire.model, "FOLDER", tmp_path)
    ship(run.model)
    assert Tagger.load().predict("lima denied arming rebels .")[0].label == "denies"
    assert not list(tmp_path.glob("*.partial"))


def test_thresholds_are_good_and_not_extreme() -> None:
    gold = [
        read_row({"text": f"s{i}", "stances": [{"stance": "warns"}] * (i >= 6)}) for i in range(10)
    ]

    def tagged(*scores: float) -> list[TaggedSentence]:
        return [
            TaggedSentence(s.text, 0, 2, "neutral", 0, {"accuses": 0, "denies": 0, "warns": score})
            for s, score in zip(gold, scores, strict=True)
        ]

    low, high = [0.1, 0.2, 0.3, 0.3, 0.3, 0.3], [0.93, 0.95, 0.97, 0.99]
    assert fit_thresholds(gold, tagged(*low, *high))["warns"] == 0.5  # all of 0.35 to 0.9 are best
    assert fit_thresholds(gold, tagged(*[0.7] * 6, *high))["warns"] == 0.75
    assert fit_thresholds(gold, tagged(*low, *high))["accuses"] == 0.5  # there is none


def test_moving_thresholds_afterwards_is_tagging_with_them(run) -> None:
    gold = [read_row(row) for row in rows()]
    tagger = Tagger.load(run.model)
    given = {"accuses": 0.7, "denies": 0.999, "warns": 0.2}
    tagger.thresholds = ALL
    every = tag_whole(tagger, gold)
    tagger.thresholds = given
    assert at_thresholds(every, given) == tag_whole(tagger, gold)
