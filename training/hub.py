"""The network as Hugging Face keeps models: config.json, model.safetensors, tokenizer files.

    from stancewire.training.hub import StanceModel

    model = StanceModel.from_pretrained("runs/first/network")  # or a name, as owner/model
    model.save_pretrained("folder")
    model.push_to_hub("owner/model")

A training run writes such a folder; `stancewire export` makes of it what `stancewire tag` reads.
Only safetensors are read, never a pickle, and no code that lies in a folder is run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from huggingface_hub import snapshot_download
from stancewire.tagger import MODEL_TYPE
from stancewire.types import CHANNELS, STANCES
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import (
    AutoConfig,
    AutoModel,
    PretrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    PreTrainedTokenizerFast,
)

from .base import without_pooler
from .network import StanceNetwork

# What a model consists of; nothing else of a name on the hub is fetched.
_FILES = ("config.json", "model*.safetensors", "model.safetensors.index.json", "token*.json",
          "special_tokens_map.json", "README.md")  # fmt: skip
WEIGHTS = "model.safetensors"
_WEIGHTS = (WEIGHTS, f"{WEIGHTS}.index.json")
# What `from_pretrained` takes that says where on the hub a model is.
_WHERE = ("revision", "token", "cache_dir", "force_download", "local_files_only")
# What an encoder's configuration says of the place and the version that it comes from.
_PLACE = {"_name_or_path", "_commit_hash", "transformers_version", "auto_map", "dtype",
          "torch_dtype"}  # fmt: skip
# What `stancewire export` adds to config.json; it tells of files that may be changed since.
_SERVED = ("format", "sha256", "transitions")


class HubError(ValueError):
    """A Hugging Face folder or name that cannot be used; the message says why and what to do."""


class StanceConfig(PretrainedConfig):  # type: ignore[no-untyped-call]
    """All of a model but its weights.

    `encoder` is the configuration of the encoder; `thresholds` holds for each stance the
    probability from which it is reported; `about` what the model has learned from. The tag
    transitions and the calibration of the scores are among the weights.
    """

    model_type = MODEL_TYPE

    def __init__(
        self,
        encoder: Mapping[str, Any] | None = None,
        width: int = 192,
        dropout: float = 0.1,
        channels: Sequence[Sequence[str]] = CHANNELS,
        max_pieces: int = 256,
        thresholds: Mapping[str, float] | None = None,
        about: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> None:
        self.encoder = dict(encoder or {})
        self.width = width
        self.dropout = dropout
        self.channels = [list(channel) for channel in channels]
        self.max_pieces = max_pieces
        self.thresholds = dict(thresholds or dict.fromkeys(STANCES, 0.5))
        self.about = dict(about or {})
        super().__init__(**{name: more[name] for name in more if name not in _SERVED})


class StanceModel(PreTrainedModel):  # type: ignore[no-untyped-call]
    """A `StanceNetwork` with its tokenizer and configuration, saved and loaded as one."""

    config_class = StanceConfig
    config: StanceConfig

    def __init__(self, config: StanceConfig, network: StanceNetwork | None = None) -> None:
        super().__init__(config)
        if network is None:
            described = AutoConfig.for_model(**config.encoder)
            encoder = AutoModel.from_config(  # type: ignore[no-untyped-call]
                described, trust_remote_code=False
            )
            network = StanceNetwork(without_pooler(encoder), config.width, config.dropout)
        self.network = network
        self.tokenizer: PreTrainedTokenizerFast | None = None
        self.post_init()  # type: ignore[no-untyped-call]

    def _init_weights(self, module: nn.Module) -> None:
        """Leaves weights as they are: they were trained, or come out of a file."""

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor]:
        """Stance logits (B, 3) and span logits (B, T, 8, 3) for piece ids and mask (B, T)."""
        return self.network(input_ids, attention_mask)  # type: ignore[no-any-return]

    @classmethod
    def from_pretrained(  # type: ignore[override]
        cls, name: str | Path, *inputs: Any, **options: Any
    ) -> Any:
        """Loads a folder, or a model of the Hugging Face hub by its name.

        Takes what transformers' method of that name takes. Raises HubError where there is no
        such model, a file is missing, or it is not one of ours.
        """
        folder = fetch(name, **{key: options.pop(key) for key in _WHERE if key in options})
        _check(folder)
        told = options.pop("output_loading_info", False)
        options |= {"use_safetensors": True, "trust_remote_code": False}
        try:
            loaded: Any = super().from_pretrained(
                folder, *inputs, output_loading_info=True, **options
            )
            model, report = loaded
            model.tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
        except Exception as error:
            # safetensors, tokenizers and transformers each raise their own for a damaged file
            raise HubError(f"{folder}: cannot be loaded: {_first_line(error)}") from error
        if report["missing_keys"]:
            lost = ", ".join(sorted(report["missing_keys"])[:3])
            raise HubError(f"{folder}: {len(report['missing_keys'])} weights are missing: {lost}")
        return (model, report) if told else model

    def save_pretrained(  # type: ignore[override]
        self, save_directory: str | Path, *inputs: Any, **options: Any
    ) -> None:
        """Writes config.json, model.safetensors and the tokenizer's files to a folder."""
        super().save_pretrained(save_directory, *inputs, **options)
        if self.tokenizer is not None:
            self.tokenizer.save_pretrained(save_directory)


def wrap(
    network: StanceNetwork,
    tokenizer: PreTrainedTokenizerBase,
    max_pieces: int,
    thresholds: Mapping[str, float],
    about: Mapping[str, Any],
) -> StanceModel:
    """A trained network as a model to save; `tokenizer` must be a fast one."""
    described = network.encoder.config.to_diff_dict()
    config = StanceConfig(
        encoder={key: described[key] for key in described if key not in _PLACE},
        width=network.piece.out_features, dropout=network.dropout.p,
        max_pieces=max_pieces, thresholds=thresholds, about=about,
    )  # fmt: skip
    model = StanceModel(config, network)
    model.tokenizer = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=Tokenizer.from_str(tokenizer.backend_tokenizer.to_str()),
        model_max_length=max_pieces,
        **tokenizer.special_tokens_map,
    )
    # some bases cut and fill up every text to a fixed length
    model.tokenizer.backend_tokenizer.no_truncation()
    model.tokenizer.backend_tokenizer.no_padding()
    return model


def is_model(place: str | Path) -> bool:
    """Whether a folder holds float weights in this form; a name on the hub is taken to."""
    folder = Path(place)
    if not folder.exists():
        return _is_name(folder)
    return any((folder / name).is_file() for name in _WEIGHTS) and (
        _config(folder).get("model_type") == MODEL_TYPE
    )


def base_of(folder: Path) -> str | None:
    """The base that a model, in this form or int8, was trained from, where it says so."""
    try:
        return str(_config(folder)["about"]["recipe"]["base"])
    except (KeyError, TypeError):
        return None


def fetch(name: str | Path, **where: Any) -> Path:
    """The folder of a model: itself, or what the hub has under that name.

    `where` is for `huggingface_hub.snapshot_download`: revision, token, cache_dir … Raises
    HubError where there is neither.
    """
    folder = Path(name)
    if folder.is_dir():
        return folder
    if folder.exists() or not _is_name(folder):
        raise HubError(f"{name}: no such folder, nor a name on the Hugging Face hub (owner/model)")
    try:
        return Path(snapshot_download(folder.as_posix(), allow_patterns=list(_FILES), **where))
    except (OSError, ValueError) as error:
        raise HubError(
            f"{name}: no such folder, and cannot be had from the Hugging Face hub: "
            f"{_first_line(error)}"
        ) from error


AutoConfig.register(MODEL_TYPE, StanceConfig, exist_ok=True)  # AutoTokenizer asks for it


def _is_name(path: Path) -> bool:
    return re.fullmatch(r"\w[\w.-]*/\w[\w.-]*", path.as_posix()) is not None


def _config(folder: Path) -> dict[str, Any]:
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return config if isinstance(config, dict) else {}


def _check(folder: Path) -> None:
    """Sees that a folder holds a model of ours. Raises HubError."""
    config = _config(folder)
    if config.get("model_type") != MODEL_TYPE:
        kind = config.get("model_type") or "none that can be read"
        raise HubError(
            f"{folder}: is not a stancewire model (config.json has the model type: {kind}); an "
            "encoder to train from is given with --base"
        )
    if not any((folder / name).is_file() for name in _WEIGHTS):
        pickled = sorted(path.name for path in folder.glob("*.bin"))
        raise HubError(
            f"{folder}: {', '.join(pickled)} is pickled, which is never read; save the model as "
            "safetensors"
            if pickled
            else f"{folder}: model.safetensors is missing"
        )
    if not (folder / "tokenizer.json").is_file():
        raise HubError(f"{folder}: tokenizer.json is missing")
    channels, thresholds = config.get("channels"), config.get("thresholds")
    if channels != [list(channel) for channel in CHANNELS]:
        raise HubError(f"{folder}: was trained for other stances or roles: {channels}")
    if not isinstance(thresholds, dict) or set(thresholds) != set(STANCES):
        raise HubError(f"{folder / 'config.json'}: `thresholds` must name {', '.join(STANCES)}")
    encoder, pieces = config.get("encoder"), config.get("max_pieces")
    if not isinstance(encoder, dict) or "model_type" not in encoder:
        raise HubError(f"{folder / 'config.json'}: `encoder` must describe the encoder")
    if not isinstance(pieces, int) or pieces <= 2:
        raise HubError(f"{folder / 'config.json'}: `max_pieces` must be a number over 2")


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
