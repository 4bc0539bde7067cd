"""A network's weights out of an int8 model folder, to go on training from a shipped model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor

from .network import StanceNetwork
from .quantize import INT8, SCALE, SMOOTH
from .smaller import shrink_to


def restore(network: StanceNetwork, folder: Path) -> None:
    """Gives `network` the weights of the model in `folder`, as exact as int8 kept them.

    Raises ValueError where the model is of another shape than the network.
    """
    weights = _weights(folder / "model.onnx")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    weights["transitions"] = torch.tensor(config["transitions"])
    weights["shown"] = torch.zeros_like(network.shown)  # nothing is added when tagging
    shrink_to(network.encoder, weights)  # the model may be smaller than its base
    own = network.state_dict()
    unlike = {name for name in own.keys() - weights.keys() if own[name].is_floating_point()}
    unlike |= {n for n in own.keys() & weights.keys() if own[n].shape != weights[n].shape}
    if unlike:
        raise ValueError(
            f"{folder}: its network is unlike the base's ({min(unlike)}); name the base that it "
            "was trained from, or start from the base alone"
        )
    network.load_state_dict({n: weights[n] for n in own.keys() & weights.keys()}, strict=False)


def _weights(path: Path) -> dict[str, Tensor]:
    """Every weight by its name in the network.

    The graph holds matrices transposed and under numbers; the name of the product that
    uses one tells which it is.
    """
    graph = onnx.load(path).graph
    constants = {c.name: numpy_helper.to_array(c) for c in graph.initializer}
    makers = {out: node for node in graph.node for out in node.output}
    found: dict[str, NDArray[np.float32]] = {}
    for name, values in constants.items():
        if name.endswith(INT8):
            whole = name.removesuffix(INT8)
            found[whole] = values.astype(np.float32) * constants[whole + SCALE]
        elif values.dtype == np.float32:
            found[name] = values
    for node in graph.node:
        if node.op_type != "MatMul":
            continue
        made = makers.get(node.input[1])
        if node.input[1] in constants:
            matrix = constants[node.input[1]]
        elif made is not None and made.op_type == "DequantizeLinear":
            packed, scale = constants[made.input[0]], constants[made.input[1]]
            matrix = packed.astype(np.float32) * scale
        else:
            continue
        # undo the smoothing: its divisors were multiplied into the rows
        given = makers.get(node.input[0])
        while given is not None and given.op_type in ("DequantizeLinear", "QuantizeLinear", "Div"):
            given = makers.get(given.input[0])
        if given is not None and given.op_type == "Mul" and given.input[1].endswith(SMOOTH):
            matrix = matrix * constants[given.input[1]][:, None]
        name = node.name.removesuffix("/MatMul").strip("/").replace("/", ".")
        found[f"{name}.weight"] = matrix.T
    return {name: torch.tensor(np.ascontiguousarray(values)) for name, values in found.items()}
