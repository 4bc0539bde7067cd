"""Fine-tuning: labelled sentences in, a run folder with an int8 model out."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

# Both are read as the libraries start; the second lets CUDA compute deterministically.
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")

import torch
from safetensors.torch import load_model, save_model
from stancewire import seeds
from stancewire.labels import LabelledSentence, read_labelled
from stancewire.pieces import PieceReader
from stancewire.scoring import intervals
from stancewire.tagger import Tagger
from tokenizers import Tokenizer
from transformers import AutoModel, AutoTokenizer, PreTrainedModel, set_seed

from . import base as bases
from . import card
from .calibrate import calibrate, calibration_error, reliability
from .data import shown
from .export import agreement, export
from .judge import ALL, at_thresholds, measure, tag_whole, thresholds_for_news
from .network import StanceNetwork
from .recipe import Recipe
from .restore import restore
from .trainer import StanceTrainer

_EXAMPLES = 300
MODEL_FILES = ("model.onnx", "tokenizer.json", "config.json", "README.md")


class TrainingError(ValueError):
    """Training that cannot start; the message says why and what to do."""


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
    recipe: Recipe = Recipe(),  # noqa: B008 - frozen
    with_seeds: bool = True,
    start: str | Path | None = None,
    install: bool = False,
) -> Outcome:
    """Trains on the seeds' training split and on `data`, and exports the result.

    A fifth of `data`, picked by the sentences themselves, is held out: with the seeds'
    development split it decides the thresholds and the figures. `out` becomes the run
    folder: `model/` (ready for `Tagger.load`), `network.safetensors` (float weights) and
    `figures.json` with the trainer's log. `start` is a model folder, such as the shipped one,
    or the float weights of a run to go on from. With `install`, the model replaces the shipped
    one. Raises LabelError for bad data, BaseError for a bad base, and TrainingError
    where there is nothing to learn or `out` is in use.
    """
    run = _unused(Path(out))
    parts = split(data, with_seeds=with_seeds, weight=recipe.data_weight)
    run.mkdir(parents=True, exist_ok=True)
    fitted = fit(parts[0], parts[1], recipe, run, Path(start) if start else None)
    save_model(fitted.network, str(run / "network.safetensors"))
    files = [*(["seeds"] if with_seeds else []), *(Path(path).name for path in data)]
    outcome = finish(fitted, *parts, recipe, run, files)
    if install:
        install_model(outcome.model)
    return outcome


@dataclass(frozen=True)
class Fitted:
    """A trained network with what it takes to run and to export it."""

    network: StanceNetwork
    tokenizer: Tokenizer
    max_pieces: int
    trainer: StanceTrainer


def fit(
    learn: Sequence[LabelledSentence],
    judge: Sequence[LabelledSentence],
    recipe: Recipe,
    run: Path,
    start: Path | None = None,
) -> Fitted:
    """Trains a network on `learn`, measured on `judge` after each epoch; it ends on the CPU.

    `start` is a model folder or the weights (`network.safetensors`) of a run to go on from.
    """
    set_seed(recipe.seed, deterministic=True)
    source = bases.resolve(recipe.base)
    tokenizer, encoder = _tokenizer(source), _encoder(source)
    max_pieces = _limit(encoder, recipe.max_pieces)
    reader = PieceReader(Tokenizer.from_str(tokenizer.to_str()), max_pieces)
    network = StanceNetwork(encoder, dropout=recipe.dropout, noise=recipe.noise)
    if start and start.is_dir():
        try:
            restore(network, start)
        except (OSError, ValueError) as error:
            raise TrainingError(f"cannot start from a model: {error}") from None
    elif start:
        load_model(network, str(start))
    trainer = StanceTrainer(network, reader, learn, judge, recipe, run)
    trainer.train()
    if recipe.news_epochs:
        news = [sentence for sentence in learn if not shown(sentence)]
        rest = replace(recipe, epochs=recipe.news_epochs, learning_rate=recipe.learning_rate / 2)
        trainer = StanceTrainer(network, reader, news, judge, rest, run)
        trainer.train()
    network.eval().to("cpu")
    return Fitted(network, tokenizer, max_pieces, trainer)


def finish(
    fitted: Fitted,
    learn: Sequence[LabelledSentence],
    judge: Sequence[LabelledSentence],
    test: Sequence[LabelledSentence],
    recipe: Recipe,
    run: Path,
    files: Sequence[str],
) -> Outcome:
    """Calibrates, quantizes and measures a trained network, and writes its model folder.

    `files` names what the sentences came from, for the card.
    """
    network, trainer = fitted.network, fitted.trainer
    trainer.judge = judge
    uncalibrated = trainer.tag(ALL)
    moved = calibrate(network, judge, uncalibrated)
    every_stance = trainer.tag(ALL)
    thresholds = thresholds_for_news(judge, every_stance)
    in_float = at_thresholds(every_stance, thresholds)

    about = _about(recipe, learn, judge, files)
    # sentences as news has them settle the scales
    news = [sentence for sentence in learn if not shown(sentence)] or learn
    texts = list(dict.fromkeys(sentence.text for sentence in news))
    examples = trainer.reader.read(texts[:: max(1, len(texts) // _EXAMPLES)])
    folder = export(
        network, fitted.tokenizer, run / "model", fitted.max_pieces, thresholds,
        {"about": about}, examples,
    )  # fmt: skip
    tagger = Tagger.load(folder)
    in_int8 = tag_whole(tagger, judge)
    figures: dict[str, Any] = {
        "held_out": measure(judge, in_int8),
        "held_out_intervals": intervals(judge, in_int8),
        "int8_against_float": agreement(judge, in_float, in_int8),
        "calibration": {
            "moved": moved,
            "error_before": calibration_error(reliability(judge, uncalibrated)),
            "error_after": calibration_error(reliability(judge, in_int8)),
        },
        "log": trainer.state.log_history,
    }
    if test:
        tagged = tag_whole(tagger, test)
        figures["seeds_test"] = measure(test, tagged)
        figures["seeds_test_intervals"] = intervals(test, tagged)
    (run / "figures.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    card.write(folder, about, figures)
    return Outcome(run, folder, figures)


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


def split(
    data: Sequence[str | Path],
    *,
    with_seeds: bool = True,
    weight: int = 1,
    first: int | None = None,
) -> tuple[list[LabelledSentence], list[LabelledSentence], list[LabelledSentence]]:
    """Sentences to learn from, to judge by, and the seeds' test split.

    Of the seeds only the `first` sentences in the order of writing, or all. What `data`
    holds counts `weight` times. Raises LabelError and TrainingError as `train` does.
    """
    corpus = seeds.files() if with_seeds else []
    # read together, so that a sentence that the seeds label in another way is found
    sentences = read_labelled(*corpus, *data)
    written = {str(path) for path in corpus}
    count = 0
    of_seeds: dict[str, list[LabelledSentence]] = {split: [] for split in seeds.SPLITS}
    new = []
    for sentence in sentences:
        if sentence.where.rpartition(":")[0] in written:
            count += 1
            if first is None or count <= first:
                of_seeds[seeds.split_of(seeds.group_of(sentence))].append(sentence)
        else:
            new.append(sentence)
    learn, judge, test = of_seeds.values()
    at_least = min((_digest(s.text) for s in new), default=b"") if len(new) > 1 else b""
    for sentence in new:
        digest = _digest(sentence.text)
        # a fifth, and never none where there are two; what was held out stays so
        if digest[0] % 5 == 0 or digest == at_least:
            judge.append(sentence)
        else:
            learn += [sentence] * weight
    if not learn or not judge:
        raise TrainingError(
            f"{len(learn)} sentences to learn from and {len(judge)} to judge by are too few; "
            "a fifth of the sentences is held out, so hand in ten or more"
        )
    return learn, judge, test


def _digest(text: str) -> bytes:
    """Bytes that depend on the text alone."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _unused(run: Path) -> Path:
    if run.exists() and (not run.is_dir() or any(run.iterdir())):
        raise TrainingError(f"{run}: exists already; name another run folder or remove it")
    return run


def _tokenizer(source: str) -> Tokenizer:
    try:
        tokenizer = AutoTokenizer.from_pretrained(source)
    except (OSError, ValueError) as error:
        raise bases.BaseError(f"{source}: cannot be loaded as a base: {error}") from None
    if not tokenizer.is_fast:
        raise bases.BaseError(f"{source}: has no fast tokenizer (tokenizer.json); use another base")
    fast: Tokenizer = tokenizer.backend_tokenizer
    return fast


def _limit(encoder: PreTrainedModel, wanted: int) -> int:
    """The pieces a sentence that the encoder can take, at most `wanted`."""
    positions: int | None = getattr(encoder.config, "max_position_embeddings", None)
    # RoBERTa and its kin keep the first two positions for themselves
    return wanted if positions is None else min(wanted, positions - 2)


def _encoder(source: str) -> PreTrainedModel:
    try:
        encoder: PreTrainedModel = AutoModel.from_pretrained(source, use_safetensors=True)
    except (OSError, ValueError) as error:
        raise bases.BaseError(f"{source}: cannot be loaded as a base: {error}") from None
    if getattr(encoder, "pooler", None) is not None:
        setattr(encoder, "pooler", None)  # the heads read the pieces themselves  # noqa: B010
    return encoder


def _about(
    recipe: Recipe,
    learn: Sequence[LabelledSentence],
    judge: Sequence[LabelledSentence],
    files: Sequence[str],
) -> dict[str, Any]:
    """What the model came from, for its configuration and card."""
    return {
        "recipe": asdict(recipe),
        "data": {
            "files": list(files),
            "sentences_learned": len({sentence.text for sentence in learn}),
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
        {
            json.dumps([s.text, s.to_dict()["stances"]], sort_keys=True, ensure_ascii=False)
            for s in sentences
        }
    )
    return hashlib.sha256("\n".join(rows).encode("utf-8", "surrogatepass")).hexdigest()
