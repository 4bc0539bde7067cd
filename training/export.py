"""From a trained network to a model folder: ONNX, int8, and how far the two agree."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from stancewire import scoring
from stancewire.labels import LabelledSentence
from stancewire.pieces import PieceReader, Pieces
from stancewire.tagger import FORMAT
from stancewire.types import CHANNELS, STANCES, TaggedSentence
from tokenizers import Tokenizer
from torch import nn
from transformers import PreTrainedModel

from .data import shown
from .quantize import Feeds, quantize

# Read by ONNX Runtime from 1.15 on.
_OPSET = 18
# So many sentences settle the int8 scales.
_EXAMPLES = 300


def export(
    network: nn.Module,
    tokenizer: Tokenizer,
    folder: Path,
    max_pieces: int,
    thresholds: Mapping[str, float],
    about: Mapping[str, Any],
    examples: Sequence[Pieces],
) -> Path:
    """Writes `model.onnx` (int8), `tokenizer.json` and `config.json` to `folder`.

    `examples` are sentences of the kind to be tagged; they settle the int8 scales.
    `about` goes into the configuration as it is: data, recipe, figures.
    """
    folder.mkdir(parents=True, exist_ok=True)
    plain = folder / "float.onnx"
    to_onnx(network, plain)
    quantize(plain, folder / "model.onnx", [_feeds(pieces) for pieces in examples])
    plain.unlink()
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "format": FORMAT,
        "channels": [list(channel) for channel in CHANNELS],
        "max_pieces": max_pieces,
        "thresholds": dict(thresholds),
        "transitions": transitions(network),
        "sha256": {
            name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
            for name in ("model.onnx", "tokenizer.json")
        },
        **about,
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    return folder


def examples_of(sentences: Sequence[LabelledSentence], reader: PieceReader) -> list[Pieces]:
    """Some hundred of the sentences, as news has them where there are such, for `export`."""
    news = [sentence for sentence in sentences if not shown(sentence)] or sentences
    texts = list(dict.fromkeys(sentence.text for sentence in news))
    return reader.read(texts[:: max(1, len(texts) // _EXAMPLES)])


def _feeds(pieces: Pieces) -> Feeds:
    ids = np.array([pieces.ids], dtype=np.int64)
    return {"input_ids": ids, "attention_mask": np.ones_like(ids)}


def transitions(network: nn.Module) -> list[Any]:
    """The network's tag transitions, (8, from, to), as the configuration holds them."""
    assert isinstance(network.transitions, torch.Tensor)
    rounded = [[[round(v, 5) for v in to] for to in channel]
               for channel in network.transitions.detach().cpu().tolist()]  # fmt: skip
    return rounded


def to_onnx(network: nn.Module, path: Path) -> None:
    """Writes the network as float32 ONNX with free batch and sentence length."""
    network.eval()
    encoder = network.encoder
    assert isinstance(encoder, PreTrainedModel)
    usual = encoder.config._attn_implementation
    # attention written out has fewer nodes than torch's own, whose guards are traced along:
    # the file opens in less time; older versions of transformers cannot change over
    switch = getattr(encoder, "set_attn_implementation", lambda _: None)
    switch("eager")
    ids = torch.ones(2, 16, dtype=torch.long)
    mask = torch.ones_like(ids)
    mask[1, 9:] = 0
    sizes = {0: "batch", 1: "pieces"}
    names = ["input_ids", "attention_mask"], ["stance_logits", "span_logits"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer's remarks on the encoder's own code
        torch.onnx.export(
            network, (ids, mask), path, dynamo=False, opset_version=_OPSET,
            input_names=names[0], output_names=names[1],
            dynamic_axes={**dict.fromkeys(names[0], sizes), names[1][0]: {0: "batch"},
                          names[1][1]: sizes},
        )  # fmt: skip
    switch(usual)


def agreement(
    gold: Sequence[LabelledSentence],
    one: Sequence[TaggedSentence],
    two: Sequence[TaggedSentence],
) -> dict[str, float]:
    """How far two taggings of the same sentences agree, such as float against int8.

    "same_label" and "same_spans" are parts of all sentences; the "score" figures are
    differences of stance probabilities; "macro_f1_change" is two's minus one's.
    """
    gaps = [abs(a.scores[s] - b.scores[s]) for a, b in zip(one, two, strict=True) for s in STANCES]
    same_label = [a.label == b.label for a, b in zip(one, two, strict=True)]
    same_spans = [_spans(a) == _spans(b) for a, b in zip(one, two, strict=True)]
    count = max(1, len(one))
    change = scoring.evaluate(gold, two).macro_f1 - scoring.evaluate(gold, one).macro_f1
    return {
        "same_label": sum(same_label) / count,
        "same_spans": sum(same_spans) / count,
        "mean_score_difference": sum(gaps) / max(1, len(gaps)),
        "largest_score_difference": max(gaps, default=0.0),
        "macro_f1_change": change,
    }


def _spans(tagged: TaggedSentence) -> list[tuple[Any, ...]]:
    return sorted((s.stance, s.source, s.target, s.claim) for s in tagged.stances)
