"""Fine-tuning: labelled sentences in, a run folder with an int8 model out."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

# Both are read as the libraries start; the second lets CUDA compute deterministically.
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")

import torch
from stancewire import seeds
from stancewire.labels import LabelledSentence, read_labelled
from stancewire.pieces import PieceReader
from stancewire.tagger import Tagger
from tokenizers import Tokenizer
from transformers import AutoModel, AutoTokenizer, PreTrainedModel, set_seed

from . import base as bases
from . import card
from .export import agreement, export
from .judge import ALL, at_thresholds, fit_thresholds, measure, tag_whole
from .network import StanceNetwork
from .recipe import Recipe
from .trainer import StanceTrainer

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
    install: bool = False,
) -> Outcome:
    """Trains on the seeds' training split and on `data`, and exports the result.

    A fifth of `data`, picked by the sentences themselves, is held out: with the seeds'
    development split it decides the thresholds and the figures. `out` becomes the run
    folder: `model/` (ready for `Tagger.load`), `network.safetensors` (float weights) and
    `figures.json` with the trainer's log. With `install`, the model replaces the shipped
    one. Raises LabelError for bad data, BaseError for a bad base, and TrainingError
    where there is nothing to learn or `out` is in use.
    """
    run = _unused(Path(out))
    corpus = seeds.files() if with_seeds else []
    # read together, so that a sentence that the seeds label in another way is found
    learn, judge, test = _split(read_labelled(*corpus, *data), set(corpus), recipe.data_weight)
    set_seed(recipe.seed, deterministic=True)
    source = bases.resolve(recipe.base)
    tokenizer, encoder = _tokenizer(source), _encoder(source)
    max_pieces = _limit(encoder, recipe.max_pieces)
    reader = PieceReader(Tokenizer.from_str(tokenizer.to_str()), max_pieces)
    network = StanceNetwork(encoder, dropout=recipe.dropout)

    run.mkdir(parents=True, exist_ok=True)
    trainer = StanceTrainer(network, reader, learn, judge, recipe, run)
    trainer.train()
    network.eval().to("cpu")
    every_stance = trainer.tag(ALL)
    thresholds = fit_thresholds(judge, every_stance)
    in_float = at_thresholds(every_stance, thresholds)
    _save_weights(network, run / "network.safetensors")

    about = _about(recipe, learn, judge, data, with_seeds)
    folder = export(network, tokenizer, run / "model", max_pieces, thresholds, {"about": about})
    tagger = Tagger.load(folder)
    in_int8 = tag_whole(tagger, judge)
    figures: dict[str, Any] = {
        "held_out": measure(judge, in_int8),
        "int8_against_float": agreement(judge, in_float, in_int8),
        "log": trainer.state.log_history,
    }
    if test:
        figures["seeds_test"] = measure(test, tag_whole(tagger, test))
    (run / "figures.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    card.write(folder, about, figures)
    if install:
        install_model(folder)
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


def _split(
    sentences: Sequence[LabelledSentence], corpus: set[Path], weight: int
) -> tuple[list[LabelledSentence], list[LabelledSentence], list[LabelledSentence]]:
    """Sentences to learn from, to judge by, and the seeds' test split.

    `corpus` names the files of the seeds; what stands in others was handed in.
    """
    of_seeds: dict[str, list[LabelledSentence]] = {split: [] for split in seeds.SPLITS}
    new = []
    for sentence in sentences:
        if Path(sentence.where.rpartition(":")[0]) in corpus:
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


def _save_weights(network: torch.nn.Module, path: Path) -> None:
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
