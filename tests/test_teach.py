"""Learning from a teacher, with labels and without."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from stancewire import Tagger
from stancewire.labels import LabelledSentence, read_row
from stancewire.pieces import PieceReader
from stancewire.training.data import collate, to_dataset
from stancewire.training.network import StanceNetwork, loss
from stancewire.training.parts import TrainingError, split
from stancewire.training.recipe import Recipe
from stancewire.training.smaller import keep_layers, keep_neurons
from stancewire.training.teach import UNLABELLED, lesson_loss, lessons, unlabelled
from stancewire.training.train import train
from tiny import rows
from tokenizers import Tokenizer
from transformers import BertModel

QUICK = Recipe(
    epochs=30, batch_size=8, learning_rate=3e-3, head_learning_rate=5e-3, layer_decay=1.0,
    max_pieces=32,
)  # fmt: skip


def write(path: Path, lines: list[dict[str, object]]) -> Path:
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def teacher(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("teacher")
    recipe = replace(QUICK, base=str(tiny_base))
    data = write(folder / "data.jsonl", rows())
    return train([data], out=folder / "run", recipe=recipe, with_seeds=False).model


@pytest.fixture
def few(tmp_path: Path) -> Path:
    """Labels that say nothing of denials: only a teacher can."""
    return write(tmp_path / "few.jsonl", [r for r in rows() if "denied" not in str(r["text"])])


def denials(model: Path) -> int:
    tagged = Tagger.load(model).predict(
        [str(row["text"]) for row in rows() if "denied" in str(row["text"])], split=False
    )
    return sum(any(s.stance == "denies" and s.target for s in found.stances) for (found,) in tagged)


def test_a_student_learns_what_only_its_teacher_knows(
    tiny_base: Path, teacher: Path, few: Path, tmp_path: Path
) -> None:
    articles = tmp_path / "articles"
    articles.mkdir()
    for i, row in enumerate(rows()):
        (articles / f"{i}.txt").write_text(f"{row['text']} It was in the news today.")
    said: list[str] = []
    recipe = replace(QUICK, base=str(tiny_base), distil=0.5)
    alone = train([few], out=tmp_path / "alone", recipe=recipe, with_seeds=False)
    taught = train(
        [few], out=tmp_path / "taught", recipe=recipe, with_seeds=False, unlabelled=[articles],
        teacher=teacher, said=said.append,
    )  # fmt: skip
    assert denials(teacher) == 8
    assert denials(alone.model) == 0
    assert denials(taught.model) >= 6
    assert any("sentences that nobody labelled" in remark for remark in said)
    card = (taught.model / "README.md").read_text(encoding="utf-8")
    assert "A teacher (model) told what it makes of all sentences" in card
    assert "teacher" not in (alone.model / "README.md").read_text(encoding="utf-8")


def test_a_network_of_fewer_layers(
    tiny_base: Path, teacher: Path, few: Path, tmp_path: Path
) -> None:
    recipe = replace(QUICK, base=str(tiny_base), layers=1)
    small = train([few], out=tmp_path / "small", recipe=recipe, with_seeds=False, teacher=teacher)
    sizes = [(model / "model.onnx").stat().st_size for model in (small.model, teacher)]
    assert sizes[0] < sizes[1]
    assert small.figures["held_out"]["macro_f1"] > 0.9
    # and an update of it keeps its size
    again = train(
        [few], out=tmp_path / "again", recipe=replace(QUICK, base=str(tiny_base), epochs=0.2),
        with_seeds=False, start=small.model,
    )  # fmt: skip
    size = (again.model / "model.onnx").stat().st_size
    assert size == pytest.approx(sizes[0], abs=100)  # some numbers in it take a byte more
    card = (again.model / "README.md").read_text(encoding="utf-8")
    assert "It went on from the weights of small/model." in card


def test_layers_kept_are_the_first_the_last_and_between(tiny_base: Path) -> None:
    from transformers import BertConfig

    encoder = BertModel(BertConfig(vocab_size=9, hidden_size=8, num_hidden_layers=6,
                                   num_attention_heads=2, intermediate_size=8))  # fmt: skip
    before = list(encoder.encoder.layer)
    keep_layers(encoder, 3)
    assert [before.index(layer) for layer in encoder.encoder.layer] == [0, 2, 5]
    for count in (0, 4):
        with pytest.raises(ValueError, match="cannot be kept"):
            keep_layers(encoder, count)


def test_a_network_of_fewer_neurons(
    tiny_base: Path, teacher: Path, few: Path, tmp_path: Path
) -> None:
    recipe = replace(QUICK, base=str(tiny_base), neurons=32)
    small = train([few], out=tmp_path / "small", recipe=recipe, with_seeds=False, teacher=teacher)
    assert small.figures["held_out"]["macro_f1"] > 0.9
    size = (small.model / "model.onnx").stat().st_size
    assert size < (teacher / "model.onnx").stat().st_size
    # it keeps its size whichever of its two folders an update starts from
    for start in (small.model, small.run / "network"):
        again = train(
            [few], out=tmp_path / f"from-{start.name}", with_seeds=False, start=start,
            recipe=replace(QUICK, base=str(tiny_base), epochs=0.2),
        )  # fmt: skip
        kept = (again.model / "model.onnx").stat().st_size
        assert kept == pytest.approx(size, abs=64)  # a number more or less takes a byte
    with pytest.raises(TrainingError, match="96 neurons, of which 97 cannot be kept"):
        train([few], out=tmp_path / "larger", recipe=replace(recipe, neurons=97), with_seeds=False)


def test_neurons_kept_are_those_that_say_something(tiny_base: Path) -> None:
    encoder = BertModel.from_pretrained(tiny_base).eval()
    reader = PieceReader(Tokenizer.from_file(str(tiny_base / "tokenizer.json")), 32)
    examples = reader.read([str(row["text"]) for row in rows()])
    silent = torch.arange(0, 96, 3)
    for layer in encoder.encoder.layer:
        with torch.no_grad():
            layer.output.dense.weight[:, silent] = 0.0
    given = torch.tensor([examples[0].ids])
    before = encoder(given)[0]
    keep_neurons(encoder, 64, examples)
    assert torch.allclose(encoder(given)[0], before, atol=1e-5)
    keep_neurons(encoder, 63, examples)  # one that is heard
    assert not torch.allclose(encoder(given)[0], before, atol=1e-5)


def test_loss_is_least_where_the_student_says_the_same(tiny_base: Path, teacher: Path) -> None:
    sentences = [read_row(row, f"x:{i}") for i, row in enumerate(rows(), 1)]
    tagger = Tagger.load(teacher)
    told = lessons(tagger, [s.text for s in sentences])
    reader = PieceReader(Tokenizer.from_file(str(teacher / "tokenizer.json")), 32)
    dataset = to_dataset(sentences, reader, told)
    batch = collate([dataset[i] for i in range(4)])
    probabilities = batch["taught_stances"]
    stance_logits = torch.logit(probabilities, eps=1e-6)
    spans = torch.zeros(4, batch["input_ids"].shape[1], 8, 3)
    for row in range(4):
        for word, piece in enumerate(batch["first"][row].tolist()):
            if piece >= 0:
                spans[row, piece] = batch["taught_spans"][row, word]
    given = batch["first"], probabilities, batch["taught_spans"], 0.1
    same = lesson_loss(stance_logits, spans, *given)
    p = probabilities.clamp(1e-6, 1 - 1e-6)
    entropy = -(p * p.log() + (1 - p) * (1 - p).log()).mean().item()
    assert same.item() == pytest.approx(entropy, abs=1e-3)
    assert lesson_loss(stance_logits, -spans, *given) > same + 0.5
    cut = batch["taught_spans"].clone()
    cut[:, 2:] = torch.nan  # the teacher did not read so far
    short = batch["first"], probabilities, cut, 0.1
    assert lesson_loss(stance_logits, spans, *short).item() == pytest.approx(entropy, abs=1e-3)
    ends = spans.clone()
    for row in range(4):
        ends[row, batch["first"][row, 2] :] = 5 * torch.randn(8, 3)
    assert lesson_loss(stance_logits, ends, *short).item() == pytest.approx(entropy, abs=1e-3)
    assert lesson_loss(-stance_logits, spans, *given) > same + 0.5


def test_what_nobody_labelled_counts_for_nothing_in_the_labels_loss(tiny_base: Path) -> None:
    network = StanceNetwork(BertModel.from_pretrained(tiny_base)).eval()
    reader = PieceReader(Tokenizer.from_file(str(tiny_base / "tokenizer.json")), 32)
    labelled = [read_row(row, f"x:{i}") for i, row in enumerate(rows()[:4], 1)]
    more = [LabelledSentence(str(row["text"]), (), where=UNLABELLED) for row in rows()[4:8]]

    def of(sentences: list[LabelledSentence]) -> float:
        batch = collate(list(to_dataset(sentences, reader)))
        stance_logits, span_logits = network(batch["input_ids"], batch["attention_mask"])
        return loss(
            stance_logits, span_logits, network.transitions, batch["stance_labels"],
            batch["span_labels"], batch["first"], labelled=batch["labelled"],
        ).item()  # fmt: skip

    assert of(labelled) == pytest.approx(of([*labelled, *more]), rel=1e-5)
    neutral = [LabelledSentence(s.text, ()) for s in more]
    assert of(labelled) != pytest.approx(of([*labelled, *neutral]), rel=1e-3)


def test_what_is_held_out_of_an_update_is_no_lesson(
    tiny_base: Path, teacher: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = write(tmp_path / "data.jsonl", rows())
    articles = write(
        tmp_path / "articles.jsonl",
        [{"text": str(row["text"])} for row in rows()] + [{"text": "the weather was fine in lima"}],
    )
    from stancewire.training import train as module

    learned: list[str] = []

    def fit(learn: list[LabelledSentence], *_: object) -> None:
        learned.extend(s.text for s in learn)
        raise TrainingError("enough")

    monkeypatch.setattr(module, "fit", fit)
    for judge_new in (True, False):
        recipe = replace(QUICK, base=str(tiny_base), judge_new=judge_new, rehearse=20)
        with pytest.raises(TrainingError, match="enough"):
            train([data], out=tmp_path / str(judge_new), recipe=recipe, unlabelled=[articles],
                  teacher=teacher)  # fmt: skip
        new = split([data], judge_new=judge_new).new
        assert new
        assert not {s.text for s in new} & set(learned)
        assert "the weather was fine in lima" in learned


def test_sentences_out_of_articles(tmp_path: Path) -> None:
    article = (
        "The minister opened a bridge over the river on Monday. Short one. "
        "The minister opened a bridge over the river on Monday. "
        "Farmers in the north said that the rain had come too late for them."
    )
    (tmp_path / "a.txt").write_text(article)
    (tmp_path / "b.txt").write_text(article)
    (tmp_path / "c.txt").write_text(
        "Le ministre a ouvert lundi un pont sur la rivière du nord. Les paysans de la région ont "
        "dit que la pluie était venue trop tard pour eux, et que les champs étaient déjà secs."
    )
    (tmp_path / "d.json").write_text("{")
    found, remarks = unlabelled([tmp_path], 10)
    assert sorted(s.text[:8] for s in found) == ["Farmers ", "The mini"]
    assert all(s.where == UNLABELLED and not s.stances for s in found)
    assert len(remarks) == 1
    assert "d.json" in remarks[0]
    (one,), _ = unlabelled([tmp_path], 1)
    assert one in found
    (left,), _ = unlabelled([tmp_path], 10, {one.text})
    assert left != one


def test_lessons_follow_words_not_pieces(teacher: Path) -> None:
    text = "oslo denied moving mines ."
    lesson = lessons(Tagger.load(teacher), [text])[text]
    assert set(lesson.spans) == {(0, 4), (5, 11), (12, 18), (19, 24), (25, 26)}
    assert lesson.stances.shape == (3,)
    assert np.argmax(lesson.stances) == 1


def test_no_teacher_no_lesson(tmp_path: Path, few: Path, tiny_base: Path) -> None:
    recipe = replace(QUICK, base=str(tiny_base))
    with pytest.raises(TrainingError, match="teacher"):
        train([few], out=tmp_path / "x", recipe=recipe, with_seeds=False, unlabelled=[tmp_path])
    with pytest.raises(TrainingError, match="leave one of the two out"):
        train([few], out=tmp_path / "y", recipe=replace(recipe, swap_parties=0.5),
              with_seeds=False, teacher=tmp_path)  # fmt: skip
