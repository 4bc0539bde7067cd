"""What stands beside us in the table of results: a verb lexicon, a plain classifier, SetFit.

    python -m stancewire.training.baselines lexicon ../shared/eval/dev.jsonl
    python -m stancewire.training.baselines classifier ../shared/eval/dev.jsonl \\
        --extra ../shared/real/train.jsonl --epochs 2
    python -m stancewire.training.baselines setfit ../shared/eval/dev.jsonl --sentences 400

They find stances only; none of them gives source, target or claim. The classifier and SetFit
start from the same encoder as we do and learn from the same sentences; SetFit (Tunstall et
al. 2022) is made for few of them. Thresholds are fitted as ours are, never on what is measured.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray
from stancewire.decode import scores
from stancewire.labels import LabelledSentence, read_labelled
from stancewire.types import STANCES, Stance, TaggedSentence

from .base import resolve
from .judge import at_thresholds, measure, thresholds_for_news
from .parts import split
from .recipe import Recipe

# The verbs, and their nouns, that a reader would list first.
LEXICON = {
    "accuses": r"accus|alleg|blam|condemn|denounc|critici[sz]|slam|lambast|decr(?:y|ied)",
    "denies": r"den(?:y|ies|ied|ying|ial)|refut|reject|dismiss|disput|rebut|repudiat",
    "warns": r"warn|threat|caution|vow|ultimatum|fear|alarm",
}

# texts to probabilities of the stances, shape (texts, 3)
Predict = Callable[[Sequence[str]], NDArray[np.float32]]


@click.command()
@click.argument("which", type=click.Choice(["lexicon", "classifier", "setfit"]))
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--extra", type=click.Path(exists=True, path_type=Path), multiple=True)
@click.option("--epochs", type=float, default=3.0, show_default=True)
@click.option(
    "--sentences", type=int, help="learn from so many sentences, a like part of each kind"
)
@click.option("--seed", type=int, default=0, show_default=True)
def main(
    which: str,
    files: tuple[Path, ...],
    extra: tuple[Path, ...],
    epochs: float,
    sentences: int | None,
    seed: int,
) -> None:
    """Measures one baseline on FILES."""
    unseen = read_labelled(*files)
    if which == "lexicon":
        predict: Predict = lexicon
        thresholds = dict.fromkeys(STANCES, 0.5)
    else:
        parts = split(extra, weight=Recipe().data_weight)
        judge = parts.judge
        learn = parts.learn
        if sentences:
            order = np.random.default_rng(seed).permutation(len(learn))[:sentences]
            learn = [learn[i] for i in order]
        trained = classifier if which == "classifier" else setfit
        predict = trained(learn, epochs, seed)
        thresholds = thresholds_for_news(judge, tagged(judge, predict))
    found = measure(unseen, at_thresholds(tagged(unseen, predict), thresholds))
    click.echo(f"{which}: macro-F1 {found['macro_f1']:.3f}, thresholds {thresholds}")
    for label in (*STANCES, "neutral"):
        cells = [f"{found[f'{label}_{part}']:.3f}" for part in ("precision", "recall", "f1")]
        click.echo(f"{label}: " + " / ".join(cells))


def tagged(gold: Sequence[LabelledSentence], predict: Predict) -> list[TaggedSentence]:
    """The sentences with every stance at its probability and no parts."""
    given = predict([sentence.text for sentence in gold])
    return [
        TaggedSentence(
            s.text, 0, len(s.text), "neutral", 0.0, scores(row),
            tuple(Stance(stance, float(p)) for stance, p in zip(STANCES, row, strict=True)),
        )
        for s, row in zip(gold, given, strict=True)
    ]  # fmt: skip


def lexicon(texts: Sequence[str]) -> NDArray[np.float32]:
    """1 for each stance one of whose verbs stands in the text, else 0."""
    patterns = [re.compile(rf"\b(?:{LEXICON[stance]})", re.IGNORECASE) for stance in STANCES]
    return np.array([[float(bool(p.search(t))) for p in patterns] for t in texts], np.float32)


def classifier(learn: Sequence[LabelledSentence], epochs: float, seed: int) -> Predict:
    """transformers' own sequence classification, several labels a sentence."""
    import torch
    from datasets import Dataset
    from transformers import (
        AutoModelForSequenceClassification,
        AutoTokenizer,
        DataCollatorWithPadding,
        Trainer,
        TrainingArguments,
        set_seed,
    )

    set_seed(seed)
    base = resolve(Recipe().base)
    tokenizer = AutoTokenizer.from_pretrained(base)
    model = AutoModelForSequenceClassification.from_pretrained(
        base, num_labels=len(STANCES), problem_type="multi_label_classification"
    )
    data = Dataset.from_list(
        [
            dict(tokenizer(s.text, truncation=True, max_length=Recipe().max_pieces))
            | {"labels": [float(stance in s.labels) for stance in STANCES]}
            for s in learn
        ]
    )
    with tempfile.TemporaryDirectory() as folder:
        Trainer(
            model,
            TrainingArguments(
                folder, num_train_epochs=epochs, per_device_train_batch_size=16, seed=seed,
                learning_rate=5e-5, warmup_steps=200, save_strategy="no", report_to=[],
            ),
            train_dataset=data,
            data_collator=DataCollatorWithPadding(tokenizer),
        ).train()  # fmt: skip
    model.eval()

    def predict(texts: Sequence[str]) -> NDArray[np.float32]:
        rows = []
        for i in range(0, len(texts), 32):
            batch = tokenizer(list(texts[i : i + 32]), truncation=True, padding=True,
                              max_length=Recipe().max_pieces, return_tensors="pt")  # fmt: skip
            with torch.inference_mode():
                rows.append(torch.sigmoid(model(**batch).logits).numpy())
        return np.concatenate(rows)

    return predict


def setfit(learn: Sequence[LabelledSentence], epochs: float, seed: int) -> Predict:
    """SetFit: the encoder by contrast of pairs, then a logistic regression for each stance."""
    from datasets import Dataset
    from setfit import SetFitModel, Trainer, TrainingArguments

    model = SetFitModel.from_pretrained(resolve(Recipe().base), multi_target_strategy="one-vs-rest")
    data = Dataset.from_dict(
        {
            "text": [s.text for s in learn],
            "label": [[int(stance in s.labels) for stance in STANCES] for s in learn],
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            folder, batch_size=16, num_epochs=(epochs, 1), num_iterations=5, seed=seed,
            save_strategy="no", report_to=[],
        )  # fmt: skip
        Trainer(model, arguments, train_dataset=data).train()

    def predict(texts: Sequence[str]) -> NDArray[np.float32]:
        given: Any = model.predict_proba(list(texts), as_numpy=True)
        return np.asarray(given, dtype=np.float32)

    return predict


if __name__ == "__main__":
    main()
