"""Float weights into what `stancewire tag` reads, and an int8 model back into float weights.

What a training run has measured by its own sentences is not measured again: the int8 scales are
settled by the seeds, and the agreement with the float weights is told.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError
from stancewire import seeds
from stancewire.pieces import PieceReader
from stancewire.tagger import Tagger
from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast
from transformers.utils import logging

from . import base as bases
from . import card
from .data import shown
from .export import agreement, examples_of, export
from .hub import HubError, StanceModel, base_of, fetch, wrap
from .judge import tag_in_float, tag_whole
from .network import StanceNetwork
from .restore import restore

# So many seeds that no run learns from say how far int8 and float agree.
_COMPARED = 300


@dataclass(frozen=True)
class Converted:
    """The folder written and, of int8 made from float, how far the two agree (see `agreement`)."""

    folder: Path
    agreed: Mapping[str, float]


def to_int8(name: str | Path, target: str | Path | None = None) -> Converted:
    """Makes of float weights, a folder or a name on the Hugging Face hub, a model to tag with.

    Writes `model.onnx`, `tokenizer.json`, `config.json` and `README.md` to `target`, or, without
    one, into the folder itself, which stays what it was besides. Raises HubError where the model
    cannot be read or `target` is in use.
    """
    # it is for downloads; loading takes a second
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    source = fetch(name)
    if target is None and source != Path(name):
        raise HubError(f"{name}: is on the Hugging Face hub; name a folder to export it to (-o)")
    folder = Path(target) if target is not None else source
    inside = folder.exists() and folder.resolve() == source.resolve()
    if not inside:
        _free(folder)
    model = StanceModel.from_pretrained(source)
    network, config = model.network.float(), model.config
    tokenizer = Tokenizer.from_file(str(source / "tokenizer.json"))
    reader = PieceReader(Tokenizer.from_str(tokenizer.to_str()), config.max_pieces)
    more = _kept(config.to_diff_dict()) if inside else {"about": config.about}
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".export-") as name_of_partial:
        partial = Path(name_of_partial)
        export(
            network, tokenizer, partial, config.max_pieces, config.thresholds, more,
            examples_of(seeds.load("train"), reader),
        )  # fmt: skip
        gold = [sentence for sentence in seeds.load("development") if not shown(sentence)]
        gold = gold[:: max(1, len(gold) // _COMPARED)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a seed too long for both is no news
            in_float = tag_in_float(network, reader, config.thresholds, gold)
            in_int8 = tag_whole(Tagger.load(partial), gold)
        agreed = agreement(gold, in_float, in_int8)
        if not inside:
            (partial / card.FILE).write_text(_card(source, agreed, len(gold)), encoding="utf-8")
        folder.mkdir(exist_ok=True)
        # the configuration comes last: it vouches for the others
        for path in sorted(partial.iterdir(), key=lambda path: path.name == "config.json"):
            path.replace(folder / path.name)
    return Converted(folder, agreed)


def to_float(model: str | Path, target: str | Path) -> Converted:
    """Writes the weights of an int8 model folder, such as the shipped one, in Hugging Face's form.

    They are as exact as int8 kept them. The base that the model was trained from must be there.
    Raises ModelError for a bad model, BaseError for its base, and HubError where the model does
    not name it or `target` is in use.
    """
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    source, folder = Path(model), Path(target)
    _free(folder)
    config = Tagger.load(source).config  # sees that all is there and unchanged
    name = base_of(source)
    if name is None:
        raise HubError(f"{source / 'config.json'}: does not say what base it was trained from "
                       "(`about`, `recipe`, `base`)")  # fmt: skip
    base = bases.resolve(name)
    network = StanceNetwork(bases.encoder(base)).eval()
    try:
        restore(network, source)
    except (KeyError, ValueError, DecodeError) as error:
        raise HubError(f"{source}: cannot be turned back into float weights: {error}") from None
    tokenizer = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_file=str(source / "tokenizer.json"), **bases.tokenizer(base).special_tokens_map
    )
    whole = wrap(
        network, tokenizer, config["max_pieces"], config["thresholds"], config.get("about", {})
    )
    whole.save_pretrained(folder)
    text = source / card.FILE
    card.write_for_hub(folder, text.read_text("utf-8") if text.is_file() else "", name,
                       restored=True)  # fmt: skip
    return Converted(folder, {})


def _free(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise HubError(f"{folder}: exists already; name another folder or remove it")


def _kept(config: Mapping[str, Any]) -> dict[str, Any]:
    """What of config.json the int8 model's own entries do not replace."""
    return {key: config[key] for key in config if key not in ("channels", "max_pieces")}


def _card(source: Path, agreed: Mapping[str, float], compared: int) -> str:
    text = source / card.FILE
    made = card.of_int8(text.read_text("utf-8")) if text.is_file() else "# Model card\n"
    return made.rstrip() + (
        f"\n\n## Exported\n\nMade from float weights anew by stancewire {version('stancewire')}; "
        "where a run has measured figures above, they are of its own int8 model. On "
        f"{compared} seeds that no run learns from, float and int8 give the same label in "
        f"{agreed['same_label']:.1%} and the same spans in {agreed['same_spans']:.1%}.\n"
    )
