"""A smaller encoder out of a whole one: fewer layers, fewer neurons in each.

What is left has to be trained again, best beside the whole model's answers (`train`'s
`teacher`): see training/EXPERIMENTS.md for what either costs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from stancewire.pieces import Pieces
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle
from transformers import PreTrainedModel


def keep_layers(encoder: PreTrainedModel, count: int) -> None:
    """Leaves `count` of an encoder's layers, evenly chosen with the first and the last.

    Sajjad et al. 2023, "On the effect of dropping layers of pre-trained transformer models".
    Raises ValueError where the encoder has fewer, or keeps its layers elsewhere than BERT.
    """
    layers = _layers(encoder)
    if not 1 <= count <= len(layers):
        raise ValueError(f"the encoder has {len(layers)} layers, of which {count} cannot be kept")
    kept = [round(i * (len(layers) - 1) / max(1, count - 1)) for i in range(count)]
    encoder.get_submodule("encoder").layer = nn.ModuleList(layers[i] for i in kept)
    encoder.config.num_hidden_layers = count


def keep_neurons(encoder: PreTrainedModel, count: int, examples: Sequence[Pieces]) -> None:
    """Leaves `count` neurons in the middle of each feed-forward part: those that say most.

    What a neuron says is the size of its answers to the examples (Muralidharan et al. 2024,
    "Compact language models via pruning and knowledge distillation") times that of the
    weights that carry them on. Raises ValueError where a layer has fewer, or the encoder is
    not built like BERT.
    """
    layers = _layers(encoder)
    said = [torch.zeros(_middle(layer)[0].out_features) for layer in layers]
    if not 1 <= count <= min(map(len, said)):
        raise ValueError(
            f"a layer has {min(map(len, said))} neurons, of which {count} cannot be kept"
        )

    hooks = [_listen(layer, total) for layer, total in zip(layers, said, strict=True)]
    encoder.eval()  # type: ignore[no-untyped-call]
    with torch.no_grad():
        for pieces in examples:
            encoder(input_ids=torch.tensor([pieces.ids]))
    for hook in hooks:
        hook.remove()
    for layer, total in zip(layers, said, strict=True):
        worth = total.sqrt() * _middle(layer)[1].weight.norm(dim=0)
        _leave(layer, torch.topk(worth, count).indices.sort().values)
    encoder.config.intermediate_size = count


def shrink_to(encoder: PreTrainedModel, weights: Mapping[str, Tensor]) -> None:
    """Gives an encoder the shape of the one in a network whose weights these are.

    Does nothing where that one has the same shape, or is not built like BERT. Raises ValueError
    where it is and `encoder` is not.
    """
    sizes = [len(weights[name]) for name in weights if name.endswith("intermediate.dense.bias")]
    if sizes and len(sizes) < len(_layers(encoder)):
        keep_layers(encoder, len(sizes))
    for layer in _layers(encoder) if sizes else ():
        if sizes[0] < _middle(layer)[0].out_features:
            _leave(layer, torch.arange(sizes[0]))
            encoder.config.intermediate_size = sizes[0]


def _layers(encoder: PreTrainedModel) -> nn.ModuleList:
    layers = getattr(getattr(encoder, "encoder", None), "layer", None)
    if not isinstance(layers, nn.ModuleList):
        raise ValueError(f"a {type(encoder).__name__} cannot be made smaller")
    return layers


def _middle(layer: nn.Module) -> tuple[nn.Linear, nn.Linear]:
    """The products into and out of the middle of a layer's feed-forward part."""
    try:
        into = layer.get_submodule("intermediate.dense")
        out_of = layer.get_submodule("output.dense")
    except AttributeError:
        raise ValueError(f"a {type(layer).__name__} cannot be made smaller") from None
    assert isinstance(into, nn.Linear)
    assert isinstance(out_of, nn.Linear)
    return into, out_of


def _listen(layer: nn.Module, total: Tensor) -> RemovableHandle:
    """Adds to `total` the squares of what a layer's neurons say, until the handle is removed."""

    def add(_layer: nn.Module, _given: object, answers: Tensor) -> None:
        total.add_(answers.square().sum(dim=(0, 1)))

    return layer.get_submodule("intermediate").register_forward_hook(add)


def _leave(layer: nn.Module, kept: Tensor) -> None:
    """Leaves some neurons of a layer's feed-forward part, by their numbers."""
    into, out_of = _middle(layer)
    into.weight = nn.Parameter(into.weight.detach()[kept].clone())
    assert into.bias is not None
    into.bias = nn.Parameter(into.bias.detach()[kept].clone())
    out_of.weight = nn.Parameter(out_of.weight.detach()[:, kept].clone())
    into.out_features = out_of.in_features = len(kept)
