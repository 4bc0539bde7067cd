"""How fast tagging is, beside the plain way and beside what the processor can do.

    python -m stancewire.training.bench

Everything runs in one process after another on the same sentences (those of the seeds that
were written in the manner of real news) with the same number of threads.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click
import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from stancewire import Tagger, seeds
from stancewire.models import current
from stancewire.sentences import split_sentences

from . import base as bases

_ROUNDS = 3  # the best of three counts: the others measure what else the machine did


@click.command()
@click.option("--sentences", "count", default=1200, show_default=True, help="how many to tag")
@click.option("--threads", default=os.cpu_count() or 1, show_default=True)
@click.option("--model", type=click.Path(path_type=Path), help="a model folder  [default: shipped]")
def main(count: int, threads: int, model: Path | None) -> None:
    """Prints sentences a second, start-up time and memory."""
    texts = [s.text for s in seeds.load() if "like" in s.more][:count]
    tagger = Tagger.load(model, threads=threads)
    pieces = [len(p.ids) for p in tagger._reader.read(texts)]
    click.echo(f"{len(texts)} sentences of {np.mean(pieces):.1f} word pieces, {threads} threads")

    ours = len(texts) / _best(lambda: tagger.predict(texts, split=False))
    plain = len(texts) / _best(_pipeline(texts, threads))
    ceiling = _ceiling(threads)
    # the products alone: 2 operations for each weight and word piece
    needed = 2 * _weights((model or current()) / "model.onnx") * float(np.mean(pieces)) / 1e9
    click.echo(f"transformers pipeline, fp32, batches of 32: {plain:7.1f} sentences/s")
    click.echo(f"stancewire, int8:                           {ours:7.1f} sentences/s")
    click.echo(f"that is {ours / plain:.1f} times the pipeline")
    click.echo(
        f"bare int8 products of these shapes: {ceiling:.0f} GOP/s, "
        f"{ceiling / needed:.0f} sentences/s; reached {ours * needed / ceiling:.0%}"
    )

    articles = [" ".join(texts[i : i + 12]) for i in range(0, len(texts), 12)]
    splitting = _best(lambda: [split_sentences(text) for text in articles])
    whole = _best(lambda: tagger.predict(articles))
    click.echo(f"splitting takes {splitting / whole:.1%} of the time of tagging articles")
    _whole_command(articles)


def _best(work: Callable[[], object]) -> float:
    """Seconds of the quickest of some rounds, after one to warm up."""
    seconds = []
    for _ in range(_ROUNDS + 1):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return min(seconds[1:])


def _pipeline(texts: Sequence[str], threads: int) -> Callable[[], object]:
    """transformers' own way: the same encoder with a plain token head, in float."""
    from transformers import AutoModelForTokenClassification, AutoTokenizer, pipeline
    from transformers.utils import logging

    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    torch.set_num_threads(threads)
    source = bases.resolve()
    network = AutoModelForTokenClassification.from_pretrained(source, num_labels=24)
    tag = pipeline(
        "token-classification", model=network, tokenizer=AutoTokenizer.from_pretrained(source),
        batch_size=32,
    )  # fmt: skip
    return lambda: tag(list(texts))


def _weights(path: Path) -> int:
    """How many weights a model's int8 products have."""
    graph = onnx.load(path).graph
    sizes = {constant.name: int(np.prod(constant.dims)) for constant in graph.initializer}
    packed = {
        node.output[0]: sizes.get(node.input[0], 0)
        for node in graph.node
        if node.op_type == "DequantizeLinear"
    }
    return sum(packed.get(node.input[1], 0) for node in graph.node if node.op_type == "MatMul")


def _ceiling(threads: int) -> float:
    """GOP/s of int8 products of the encoder's shapes and nothing else, over all threads."""
    rows, nodes, weights = 512, [], []
    rng = np.random.default_rng(0)
    for i, (inner, outer) in enumerate([(384, 384)] * 4 + [(384, 1536), (1536, 384)]):
        matrix = rng.integers(-64, 64, (inner, outer), dtype=np.int8)
        weights.append(numpy_helper.from_array(matrix, f"w{i}"))
        nodes.append(helper.make_node("MatMulInteger", [f"x{inner}", f"w{i}"], [f"y{i}"]))
    inputs = [
        helper.make_tensor_value_info(f"x{n}", TensorProto.UINT8, [rows, n]) for n in (384, 1536)
    ]
    outputs = [
        helper.make_tensor_value_info(f"y{i}", TensorProto.INT32, [rows, matrix.dims[1]])
        for i, matrix in enumerate(weights)
    ]
    graph = helper.make_graph(nodes, "products", inputs, outputs, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    feeds = {f"x{n}": rng.integers(0, 255, (rows, n), dtype=np.uint8) for n in (384, 1536)}
    runs = 40 * threads

    def work() -> None:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda _: session.run(None, feeds), range(runs)))

    return runs * 2 * rows * 12 * 384**2 / _best(work) / 1e9


_LOOK_ON = """
import resource, subprocess, sys, time
began = time.perf_counter()
subprocess.run([sys.executable, "-m", "stancewire", "tag", *sys.argv[1:2], "-o", sys.argv[2]],
               check=True)
seconds = time.perf_counter() - began
print(seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
"""


def _whole_command(articles: Sequence[str]) -> None:
    """Time and peak memory of `stancewire tag`, on one article and on many."""
    with tempfile.TemporaryDirectory() as folder:
        one, many = Path(folder, "one.txt"), Path(folder, "many.jsonl")
        one.write_text(articles[0], encoding="utf-8")
        for times in (1, 8, 40):
            if times > 1:
                rows = (json.dumps({"text": text}) + "\n" for text in list(articles) * (times // 4))
                many.write_text("".join(rows), encoding="utf-8")
            source = one if times == 1 else many
            out = Path(folder, f"{times}.jsonl")
            # a process of its own looks on: the memory that this one holds does not count
            done = subprocess.run(
                [sys.executable, "-c", _LOOK_ON, str(source), str(out)],
                check=True, capture_output=True, text=True,
            )  # fmt: skip
            seconds, peak = map(float, done.stdout.split())
            click.echo(
                f"stancewire tag, {source.stat().st_size / 1e6:.2f} MB of text: {seconds:.2f} s, "
                f"peak memory {peak:.0f} MB"
            )


if __name__ == "__main__":
    main()
