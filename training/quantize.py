"""From a float32 ONNX file to an int8 one that costs next to nothing in accuracy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import numpy_helper
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)

Feeds = dict[str, NDArray[np.int64]]

# Endings of names in the graph, by which `restore` finds the weights again.
INT8, SCALE, SMOOTH = "/int8", "/scale", "/smooth"

# How much of the columns' differences goes into the weights; measured, see EXPERIMENTS.md.
_ALPHA = 0.7


def quantize(plain: Path, target: Path, examples: Sequence[Feeds]) -> None:
    """Writes the int8 version of `plain` to `target`.

    `examples` are inputs of the network, some hundred sentences of the kind to be tagged.
    From them every large matrix product gets fixed scales, so that a sentence's result
    does not depend on what it is batched with.
    """
    smooth = target.with_name("smooth.onnx")
    model = onnx.load(plain)
    products = _products(model)
    _smooth(model, products, _largest(model, list(products), examples))
    for nodes in products.values():
        for node in nodes:
            if _narrows(model, node):
                _scale_rows(model, node)
    _pack_words(model)
    onnx.save(model, smooth)
    # Weights of 7 bits: on processors without VNNI the 8-bit products of ONNX Runtime
    # can overflow their 16-bit sums, so that results would differ between machines.
    quantize_static(
        smooth,
        target,
        _Reader(examples),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=["MatMul"],
        nodes_to_quantize=[node.name for nodes in products.values() for node in nodes],
        per_channel=True,
        reduce_range=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        calibrate_method=CalibrationMethod.MinMax,
        extra_options={"OpTypesToExcludeOutputQuantization": ["MatMul"]},
    )
    smooth.unlink()


class _Reader(CalibrationDataReader):  # type: ignore[misc]
    def __init__(self, examples: Sequence[Feeds]) -> None:
        self.rest: Iterator[Feeds] = iter(examples)

    def get_next(self) -> Feeds | None:
        return next(self.rest, None)


def _products(model: onnx.ModelProto) -> dict[str, list[onnx.NodeProto]]:
    """The encoder's products with a constant matrix, by the name of what they multiply.

    The heads stay in float: they take no time, and the labels hang on them.
    """
    constant = {weight.name for weight in model.graph.initializer}
    products: dict[str, list[onnx.NodeProto]] = defaultdict(list)
    for node in model.graph.node:
        if node.op_type == "MatMul" and "/encoder/" in node.name and node.input[1] in constant:
            products[node.input[0]].append(node)
    return dict(products)


def _largest(
    model: onnx.ModelProto, names: Sequence[str], examples: Sequence[Feeds]
) -> dict[str, NDArray[np.float32]]:
    """The largest magnitude of each column of the named tensors over the examples."""
    probed = onnx.ModelProto()
    probed.CopyFrom(model)
    probed.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    session = onnxruntime.InferenceSession(
        probed.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    largest: dict[str, NDArray[np.float32]] = {}
    for feeds in examples:
        for name, value in zip(names, session.run(list(names), feeds), strict=True):
            columns = np.abs(value).reshape(-1, value.shape[-1]).max(axis=0)
            largest[name] = np.maximum(largest.get(name, columns), columns)
    return largest


def _smooth(
    model: onnx.ModelProto,
    products: dict[str, list[onnx.NodeProto]],
    largest: dict[str, NDArray[np.float32]],
) -> None:
    """Moves what sticks out of the activations' columns into the rows of the weights.

    One scale has to serve all columns of an activation, and a few large columns would
    leave the others few of the 256 steps. Xiao et al. 2023, "SmoothQuant".
    """
    weights = {w.name: w for w in model.graph.initializer}
    for name, nodes in products.items():
        matrices = [numpy_helper.to_array(weights[node.input[1]]) for node in nodes]
        rows = np.max([np.abs(matrix).max(axis=1) for matrix in matrices], axis=0)
        scale = np.maximum(largest[name], 1e-4) ** _ALPHA / np.maximum(rows, 1e-4) ** (1 - _ALPHA)
        scale = (scale / np.exp(np.log(scale).mean())).astype(np.float32)
        smoothed = f"{name}/smoothed"
        divisor = numpy_helper.from_array(1 / scale, f"{name}{SMOOTH}")
        model.graph.initializer.append(divisor)
        multiply = onnx.helper.make_node(
            "Mul", [name, divisor.name], [smoothed], name=f"{name}/smooth_mul"
        )
        place = min(list(model.graph.node).index(node) for node in nodes)
        model.graph.node.insert(place, multiply)
        for node, matrix in zip(nodes, matrices, strict=True):
            weights[node.input[1]].CopyFrom(
                numpy_helper.from_array(matrix * scale[:, None], node.input[1])
            )
            node.input[0] = smoothed


def _narrows(model: onnx.ModelProto, node: onnx.NodeProto) -> bool:
    """Whether a product has more rows than columns, as the second of a feed-forward pair."""
    weight = next(w for w in model.graph.initializer if w.name == node.input[1])
    return bool(weight.dims[0] > weight.dims[1])


def _scale_rows(model: onnx.ModelProto, node: onnx.NodeProto) -> None:
    """Gives each word piece a scale of its own before a product, undone behind it.

    Behind the activation function a few pieces hold values many times larger than all
    others; with one scale for all they would leave the rest next to no steps.
    """
    graph, name, given, out = model.graph, node.name, node.input[0], node.output[0]
    axis, least = f"{name}/axis", f"{name}/least"
    graph.initializer.append(numpy_helper.from_array(np.array([-1], dtype=np.int64), axis))
    graph.initializer.append(numpy_helper.from_array(np.array(1e-3, dtype=np.float32), least))
    before = [
        onnx.helper.make_node("Abs", [given], [f"{name}/abs"]),
        onnx.helper.make_node("ReduceMax", [f"{name}/abs", axis], [f"{name}/max"], keepdims=1),
        onnx.helper.make_node("Max", [f"{name}/max", least], [f"{name}/row"]),
        onnx.helper.make_node("Div", [given, f"{name}/row"], [f"{name}/scaled"]),
    ]
    after = onnx.helper.make_node("Mul", [f"{name}/product", f"{name}/row"], [out])
    place = list(graph.node).index(node)
    node.input[0], node.output[0] = f"{name}/scaled", f"{name}/product"
    graph.node.insert(place + 1, after)
    for step in reversed(before):
        graph.node.insert(place, step)


def _pack_words(model: onnx.ModelProto) -> None:
    """Keeps the word vectors, half of the file, as int8 with a scale for each word piece."""
    graph = model.graph
    weights = {w.name: w for w in graph.initializer}
    node = max(
        (n for n in graph.node if n.op_type == "Gather" and n.input[0] in weights),
        key=lambda n: np.prod(weights[n.input[0]].dims),
    )
    table = numpy_helper.to_array(weights[node.input[0]])
    scale = np.maximum(np.abs(table).max(axis=1, keepdims=True), 1e-8) / 127
    whole = np.round(table / scale).astype(np.int8)
    name, ids, out = node.input[0], node.input[1], node.output[0]
    graph.initializer.remove(weights[name])
    graph.initializer.append(numpy_helper.from_array(whole, f"{name}{INT8}"))
    graph.initializer.append(numpy_helper.from_array(scale.astype(np.float32), f"{name}{SCALE}"))
    place = list(graph.node).index(node)
    graph.node.remove(node)
    steps = [
        onnx.helper.make_node("Gather", [f"{name}{INT8}", ids], [f"{name}/picked"]),
        onnx.helper.make_node(
            "Cast", [f"{name}/picked"], [f"{name}/float"], to=onnx.TensorProto.FLOAT
        ),
        onnx.helper.make_node("Gather", [f"{name}{SCALE}", ids], [f"{name}/picked_scale"]),
        onnx.helper.make_node("Mul", [f"{name}/float", f"{name}/picked_scale"], [out]),
    ]
    for step in reversed(steps):
        graph.node.insert(place, step)
