"""Draws the pictures of docs/ anew, out of examples/, as they look with the model in the package.

    python .ci/pictures.py

The page needs chromium. pictures/how.svg is drawn by hand.
"""

import inspect
import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from io import BytesIO, StringIO
from pathlib import Path

from PIL import Image
from rich.console import Console
from stancewire import TaggedSentence, show, table
from stancewire.batch import tag_articles
from stancewire.documents import Article
from stancewire.tagger import Tagger

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / "docs" / "pictures"
# Rich's frame without the fonts that it would fetch.
FRAME = inspect.signature(Console.export_svg).parameters["code_format"].default
FRAME = re.sub(r"@font-face \{\{.*?\}\}\s*", "", FRAME, flags=re.DOTALL).replace(
    "Fira Code, monospace", "Menlo, Consolas, DejaVu Sans Mono, monospace"
)


def terminal(
    command: str, article: str, draw: Callable[[Console, Article, Sequence[TaggedSentence]], object]
) -> None:
    """A command on a terminal of 100 columns."""
    console = Console(
        record=True, width=100, file=StringIO(), force_terminal=True, color_system="truecolor",
        highlight=False,
    )  # fmt: skip
    tag_articles(Tagger.load(), [article], lambda found, tagged: draw(console, found, tagged))
    name = command.split()[1]
    drawn = console.export_svg(title=command, code_format=FRAME, unique_id=name)
    (PICTURES / f"{name}.svg").write_text(
        "\n".join(line.rstrip() for line in drawn.splitlines()) + "\n", encoding="utf-8"
    )


def page() -> None:
    """The report in a browser, in few colours so that it stays small."""
    with tempfile.TemporaryDirectory() as folder:
        for command in (
            ["stancewire", "tag", "examples", "-o", f"{folder}/news.jsonl"],
            ["stancewire", "report", f"{folder}/news.jsonl", "-o", f"{folder}/report.html"],
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
             "--window-size=1280,1000", f"--screenshot={folder}/report.png",
             f"{folder}/report.html"],
        ):  # fmt: skip
            subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        shot = Image.open(BytesIO(Path(folder, "report.png").read_bytes())).convert("RGB")
    few = shot.quantize(48, dither=Image.Dither.NONE)
    few.save(PICTURES / "report.png", optimize=True)


if __name__ == "__main__":
    os.chdir(ROOT)
    terminal(
        "stancewire tag examples/strait.txt", "examples/strait.txt",
        lambda console, article, tagged: table.show(console, article.name, tagged),
    )  # fmt: skip
    terminal("stancewire show examples/dam.txt", "examples/dam.txt", show.show)
    page()
