"""Fine-tuning: labelled sentences in, a run folder with an int8 model out."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

# The libraries below ask a hub at import or load time unless told not to; a base that is
# a folder needs none. Whoever names a hub model has a network.
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import evaluate
import numpy as np
import torch
from stancewire import seeds
from stancewire.labels import LabelledSentence, read_labelled
from stancewire.pieces import PieceReader
from stancewire.tagger import Tagger
from stancewire.types import STANCES, TaggedSentence
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import (
    AutoModel,
    AutoTokenizer,
    PreTrainedModel,
    Trainer,
    TrainingArguments,
    get_scheduler,
    set_seed,
)

from . import base as bases
from . import card
from .data import collate, to_dataset
from .export import agreement, export, transitions
from .network import StanceNetwork, loss

UNDECIDED = dict.fromkeys(STANCES, 0.5)
MODEL_FILES = ("model.onnx", "tokenizer.json", "config.json", "README.md")


class TrainingError(ValueError):
    """Training that cannot start; the message says why and what to do."""


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what a training run gives, data aside."""

    base: str = bases.DEFAULT
    seed: int = 0
    epochs: float = 8.0
    batch_size: int = 16
    learning_rate: float = 1.5e-4
    head_learning_rate: float = 1e-3
    layer_decay: float = 0.9  # each layer down learns this much slower (Howard & Ruder 2018)
    warmup: float = 0.1
    weight_decay: float = 0.01
    dropout: float = 0.1
    absent_weight: float = 0.1
    max_pieces: int = 256


@dataclass(frozen=True)
class Outcome:
    """What a run left: its folder, the model folder in it, and the figures."""

    run: Path
    model: Path
    figures: dict[str, Any] = field(default_factory=dict)


def train(
    data: Sequence[str | Path] = (),
    *,
    out: str | Path,
    recipe: Recipe = Recipe(),
    with_seeds: bool = True,
    install: bool = False,
) -> Outcome:
    """Trains on the seeds' training split and on `data`, and exports the result.

    A fifth of `data`, picked by the sentences themselves, is held out: with the seeds'
    development split it decides the thresholds and the figures. `out` becomes the run
    folder: `model/` (ready for `Tagger.load`), `network.safetensors` (float weights),
    `figures.json` and the trainer's log. With `install`, the model replaces the shipped
    one. Raises LabelError for bad data, BaseError for a bad base, and TrainingError
    where there is nothing to learn or `out` is in use.
    """
    run = _new_folder(Path(out))
    given = read_labelled(*data)
    learn, judge = _split(given, with_seeds)
    set_seed(recipe.seed, deterministic=True)

    source = bases.resolve(recipe.base)
    tokenizer_json = run / "tokenizer.json"
    _save_tokenizer(source, tokenizer_json)
    reader = PieceReader(Tokenizer.from_file(str(tokenizer_json)), recipe.max_pieces)
    network = StanceNetwork(_encoder(source), dropout=recipe.dropout)

    trainer = StanceTrainer(
        model=network,
        args=_arguments(run, recipe),
        train_dataset=to_dataset(learn, reader),
        eval_dataset=to_dataset(judge, reader),
        data_collator=collate,
        optimizers=_optimizer(network, recipe, len(learn)),
    )
    trainer.judge, trainer.reader, trainer.absent_weight = judge, reader, recipe.absent_weight
    trainer.train()

    network.eval().to("cpu")
    thresholds = fit_thresholds(judge, trainer.tag(UNDECIDED))
    _save_weights(network, run / "network.safetensors")
    in_float = trainer.tag(thresholds)
    about = {"about": _about(recipe, learn, judge, data, with_seeds)}
    folder = export(network, tokenizer_json, run / "model", recipe.max_pieces, thresholds, about)
    tokenizer_json.unlink()
    in_int8 = tag_whole(Tagger.load(folder), judge)
    figures: dict[str, Any] = {
        "held_out": measure(judge, in_int8),
        "int8_against_float": agreement(judge, in_float, in_int8),
    }
    if with_seeds and (test := seeds.load("test")):
        figures["seeds_test"] = measure(test, tag_whole(Tagger.load(folder), test))
    figures["log"] = trainer.state.log_history
    (run / "figures.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    card.write(folder, about["about"], figures)
    if install:
        install_model(folder)
    return Outcome(run, folder, figures)


class StanceTrainer(Trainer):
    """transformers' Trainer with our loss, evaluated through inference's own code."""

    judge: Sequence[LabelledSentence] = ()
    reader: PieceReader
    absent_weight: float

    def compute_loss(
        self, model: nn.Module, inputs: dict[str, Tensor], *_: Any, **__: Any
    ) -> Tensor:
        stance_logits, span_logits = model(inputs["input_ids"], inputs["attention_mask"])
        return loss(
            stance_logits,
            span_logits,
            self.accelerator.unwrap_model(model).transitions,
            inputs["stance_labels"],
            inputs["span_labels"],
            inputs["first"],
            self.absent_weight,
        )

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        figures = {f"eval_{k}": v for k, v in measure(self.judge, self.tag(UNDECIDED)).items()}
        self.log(figures)
        self.control = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, figures
        )
        return figures

    def tag(self, thresholds: dict[str, float]) -> list[TaggedSentence]:
        """The held-out sentences as the network tags them now."""
        assert isinstance(self.model, nn.Module)
        config = {"thresholds": thresholds, "transitions": transitions(self.model)}
        tagger = Tagger(_TorchSession(self.model), self.reader, config)
        return tag_whole(tagger, self.judge)


class _TorchSession:
    """A network in the place of an ONNX Runtime session."""

    def __init__(self, network: nn.Module) -> None:
        self.network = network

    def run(self, _: Any, feeds: dict[str, Any]) -> list[Any]:
        was_training = self.network.training
        device = next(self.network.parameters()).device
        self.network.eval()
        with torch.inference_mode():
            outputs = self.network(
                torch.from_numpy(feeds["input_ids"]).to(device),
                torch.from_numpy(feeds["attention_mask"]).to(device),
            )
        self.network.train(was_training)
        return [output.float().cpu().numpy() for output in outputs]


def tag_whole(tagger: Tagger, sentences: Sequence[LabelledSentence]) -> list[TaggedSentence]:
    """Tags labelled sentences, each as the one sentence that it is."""
    return [found[0] for found in tagger.predict([s.text for s in sentences], split=False)]


def measure(gold: Sequence[LabelledSentence], tagged: Sequence[TaggedSentence]) -> dict[str, float]:
    """The figures of `stancewire.scoring`, by way of our `evaluate.Metric`."""
    figures: dict[str, float] = _metric().compute(
        predictions=[json.dumps(sentence.to_dict()) for sentence in tagged],
        references=[json.dumps(sentence.to_dict()) for sentence in gold],
    )
    return figures


@cache
def _metric() -> Any:
    return evaluate.load(str(Path(__file__).with_name("metric.py")), keep_in_memory=True)


def fit_thresholds(
    gold: Sequence[LabelledSentence], tagged: Sequence[TaggedSentence]
) -> dict[str, float]:
    """For each stance the threshold with the best F1, in steps of 0.05.

    A stance that `gold` does not hold keeps 0.5.
    """
    thresholds = dict(UNDECIDED)
    for stance in STANCES:
        true = np.array([stance in sentence.labels for sentence in gold], dtype=bool)
        score = np.array([sentence.scores[stance] for sentence in tagged])
        if not true.any():
            continue
        best = 0.0
        # from the middle outwards, so that among equals the least extreme one wins
        for step in sorted(range(2, 19), key=lambda s: abs(s - 10)):
            over = score >= step / 20
            f1 = 2 * float((over & true).sum()) / float(over.sum() + true.sum())
            if f1 > best:
                best, thresholds[stance] = f1, step / 20
    return thresholds


def install_model(folder: Path) -> Path:
    """Puts a model folder in the place of the one that stancewire loads by default."""
    from stancewire.model import FOLDER

    Tagger.load(folder)  # refuse to install what could not be loaded
    for name in MODEL_FILES:
        if (folder / name).is_file():
            partial = FOLDER / f"{name}.partial"
            shutil.copyfile(folder / name, partial)
            partial.replace(FOLDER / name)
    return FOLDER


def _split(
    given: list[LabelledSentence], with_seeds: bool
) -> tuple[list[LabelledSentence], list[LabelledSentence]]:
    """Sentences to learn from and sentences to judge by.

    The test split of the seeds is in neither.
    """
    learn = seeds.load("train") if with_seeds else []
    judge = seeds.load("development") if with_seeds else []
    known = {sentence.text for split in ("train", "development", "test")
             for sentence in (seeds.load(split) if with_seeds else [])}  # fmt: skip
    for sentence in given:
        if sentence.text not in known:
            (judge if _held_out(sentence.text) else learn).append(sentence)
    if not learn or not judge:
        raise TrainingError(
            f"{len(learn)} sentences to learn from and {len(judge)} to judge by are too few; "
            "a fifth of the sentences is held out, so hand in ten or more"
        )
    return learn, judge


def _held_out(text: str) -> bool:
    return hashlib.sha256(text.encode()).digest()[0] % 5 == 0


def _new_folder(run: Path) -> Path:
    if run.exists() and (not run.is_dir() or any(run.iterdir())):
        raise TrainingError(f"{run}: exists already; name another run folder or remove it")
    run.mkdir(parents=True, exist_ok=True)
    return run


def _save_tokenizer(source: str, path: Path) -> None:
    try:
        tokenizer = AutoTokenizer.from_pretrained(source)
    except (OSError, ValueError) as error:
        raise bases.BaseError(f"{source}: cannot be loaded as a base: {error}") from None
    if not tokenizer.is_fast:
        raise bases.BaseError(f"{source}: has no fast tokenizer (tokenizer.json); use another base")
    tokenizer.backend_tokenizer.save(str(path))


def _encoder(source: str) -> PreTrainedModel:
    try:
        encoder: PreTrainedModel = AutoModel.from_pretrained(source, use_safetensors=True)
    except (OSError, ValueError) as error:
        raise bases.BaseError(f"{source}: cannot be loaded as a base: {error}") from None
    if getattr(encoder, "pooler", None) is not None:
        setattr(encoder, "pooler", None)  # the heads read the pieces themselves  # noqa: B010
    return encoder


def _arguments(run: Path, recipe: Recipe) -> TrainingArguments:
    # The option to batch sentences of like length changed its name in transformers 5.
    fields = TrainingArguments.__dataclass_fields__
    by_length: dict[str, Any] = (
        {"train_sampling_strategy": "group_by_length"}
        if "train_sampling_strategy" in fields
        else {"group_by_length": True}
    )
    return TrainingArguments(
        output_dir=str(run),
        num_train_epochs=recipe.epochs,
        per_device_train_batch_size=recipe.batch_size,
        max_grad_norm=1.0,
        seed=recipe.seed,
        data_seed=recipe.seed,
        eval_strategy="epoch",
        save_strategy="no",
        logging_steps=50,
        report_to=[],
        remove_unused_columns=False,
        dataloader_pin_memory=torch.cuda.is_available(),
        length_column_name="length",
        **by_length,
    )


def _optimizer(network: StanceNetwork, recipe: Recipe, sentences: int) -> tuple[Any, Any]:
    """AdamW with a rate for each layer, and a linear schedule with warm-up."""
    optimizer = torch.optim.AdamW(list(_groups(network, recipe)))
    steps = max(1, round(recipe.epochs * -(-sentences // recipe.batch_size)))
    schedule = get_scheduler("linear", optimizer, round(recipe.warmup * steps), steps)
    return optimizer, schedule


def _groups(network: StanceNetwork, recipe: Recipe) -> Iterator[dict[str, Any]]:
    layers: int = network.encoder.config.num_hidden_layers
    for name, parameter in network.named_parameters():
        rate = recipe.head_learning_rate
        if name.startswith("encoder."):
            numbers = [int(part) for part in name.split(".") if part.isdigit()]
            depth = numbers[0] + 1 if numbers else 0  # 0: embeddings
            rate = recipe.learning_rate * recipe.layer_decay ** (layers - depth)
        decay = recipe.weight_decay if parameter.ndim > 1 else 0.0
        yield {"params": [parameter], "lr": rate, "weight_decay": decay}


def _save_weights(network: nn.Module, path: Path) -> None:
    from safetensors.torch import save_model

    save_model(network, str(path))


def _about(
    recipe: Recipe,
    learn: Sequence[LabelledSentence],
    judge: Sequence[LabelledSentence],
    data: Sequence[str | Path],
    with_seeds: bool,
) -> dict[str, Any]:
    """What the model came from, for its configuration and card."""
    return {
        "recipe": asdict(recipe),
        "data": {
            "files": [*(["seeds"] if with_seeds else []), *(Path(path).name for path in data)],
            "sentences_learned": len(learn),
            "sentences_held_out": len(judge),
            "fingerprint": fingerprint([*learn, *judge]),
        },
        "made_with": {
            "stancewire": version("stancewire"),
            "torch": torch.__version__,
            "transformers": version("transformers"),
            "onnxruntime": version("onnxruntime"),
            "python": platform.python_version(),
        },
    }


def fingerprint(sentences: Sequence[LabelledSentence]) -> str:
    """A sha256 over texts and labels, whatever their order."""
    rows = sorted(
        json.dumps([s.text, s.to_dict()["stances"]], sort_keys=True, ensure_ascii=False)
        for s in sentences
    )
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()
