"""Puts a trained model in the place of the one in the package, for whoever releases it.

    python -m stancewire.training.ship runs/third/model

Everybody else keeps models side by side: see `stancewire.models`.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import click
from stancewire.tagger import Tagger

MODEL_FILES = ("model.onnx", "tokenizer.json", "config.json", "README.md")


def ship(folder: Path) -> Path:
    """Copies a model folder's files over the package's own. Raises ModelError for a bad one."""
    from stancewire.model import FOLDER

    Tagger.load(folder)
    for name in MODEL_FILES:
        if (folder / name).is_file():
            partial = FOLDER / f"{name}.partial"
            shutil.copyfile(folder / name, partial)
            partial.replace(FOLDER / name)
    return FOLDER


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def main(folder: Path) -> None:
    """Makes the model in FOLDER the one that ships."""
    click.echo(f"shipped: {ship(folder)}")


if __name__ == "__main__":
    main()
