"""`stancewire export`."""

from __future__ import annotations

from pathlib import Path

import click

from .messages import FOLDER, fail


@click.command()
@click.argument("model")
@click.option(
    "--format",
    "form",
    type=click.Choice(["onnx", "huggingface"]),
    default="onnx",
    show_default=True,
    help="onnx: what `tag --model` reads. huggingface: config.json, model.safetensors and "
    "tokenizer files, out of a model that `tag` reads.",
)
@click.option(
    "-o", "--output", type=FOLDER, help="The folder to write.  [default, for onnx: MODEL itself]"
)
def export(model: str, form: str, output: Path | None) -> None:
    """Make a model in Hugging Face's form ready to tag with, or the other way round.

    MODEL is a folder such as network/ of a training run, or a name on the Hugging Face hub
    (owner/model); with --format huggingface a model folder or a kept version, such as "shipped".
    """
    from .models import find

    if form == "huggingface" and output is None:
        raise click.UsageError("--format huggingface needs -o FOLDER")
    folder = find(model)
    if form == "onnx" and (folder / "model.onnx").is_file() and not _in_float(folder):
        fail(f"{model}: is a model to tag with as it is; --format huggingface turns it back")
    if form == "huggingface" and _in_float(folder):
        fail(f"{model}: is in Hugging Face's form as it is")
    try:
        from .training import convert
    except ModuleNotFoundError as error:
        fail(f'export needs {error.name}; run: pip install "stancewire[train]"')

    if form == "huggingface":
        assert output is not None
        made = convert.to_float(folder, output)
    else:
        made = convert.to_int8(folder, output)
        click.echo(
            f"int8 against float: same label in {made.agreed['same_label']:.1%}, same spans in "
            f"{made.agreed['same_spans']:.1%} of some seeds that no run learns from"
        )
    click.echo(f"model: {made.folder}")


def _in_float(folder: Path) -> bool:
    return any(folder.glob("model*.safetensors"))
