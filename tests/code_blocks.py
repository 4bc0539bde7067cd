"""The code in a page of Markdown: found, and run as its reader runs it."""

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]


class Block(NamedTuple):
    kind: str
    text: str
    line: int


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    found = re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [Block(m[1], m[2], text.count("\n", 0, m.start()) + 1) for m in found]


class Reader:
    """Does what a page says, block after block, in a copy of what the project has."""

    # run folders by the command and the sentences: what one page trained, another need not
    trained: dict[tuple[str, bytes], Path] = {}  # noqa: RUF012

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "project"
        self.folder.mkdir()
        for name in ("examples", "seeds", "tests/resolve"):
            shutil.copytree(ROOT / name, self.folder / name)
        if (ROOT.parent / "shared").is_dir():
            (folder / "shared").symlink_to(ROOT.parent / "shared")
        beside = Path(sys.executable).parent  # where the commands of this environment are
        self.environment = {
            **os.environ, "STANCEWIRE_HOME": str(folder / "home"),
            "PATH": os.pathsep.join((str(beside), os.environ["PATH"])),
        }  # fmt: skip

    def run(self, block: Block) -> str:
        """What the block prints. Skips where it needs the data that is not in the project."""
        if "../shared" in block.text and not (self.folder.parent / "shared").exists():
            pytest.skip("the shared evaluation data is not here")
        if block.kind == "python":
            return self._run([sys.executable, "-c", block.text])
        if block.text.split("\n")[0].endswith("&"):
            return self._with_server(*block.text.splitlines())
        return "".join(map(self._command, block.text.splitlines()))

    def _command(self, line: str) -> str:
        command = line.split("#")[0].strip()
        if command.startswith("pip install"):
            # CI runs the README's, word for word, in a fresh environment
            assert f"    {command}\n" in README.read_text(encoding="utf-8")
            return ""
        if not command.startswith("stancewire train"):
            return self._run(["bash", "-c", f"set -o pipefail; {command}"])
        words = command.split()
        data = self.folder / words[words.index("--data") + 1]
        out = self.folder / words[words.index("--out") + 1]
        key = (command, data.read_bytes())
        if key in self.trained:
            shutil.copytree(self.trained[key], out)
            return ""
        printed = self._run(words)
        self.trained[key] = out
        return printed

    def _with_server(self, first: str, *lines: str) -> str:
        """A first line that starts a server in the background, a last one that ends it."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = str(free.getsockname()[1])  # 8000 may be taken here
        command = first.removesuffix("&").replace("8000", port).split()
        *requests, last = lines
        assert (command[0], last) == ("stancewire", "kill %1")
        printed = ""
        with subprocess.Popen(
            command, cwd=self.folder, env=self.environment, stderr=subprocess.PIPE, text=True
        ) as server:
            assert server.stderr is not None
            try:
                assert f"http://127.0.0.1:{port} tags" in server.stderr.readline()
                for line in requests:
                    asked = line.replace("8000", port).replace("curl ", "curl --fail -s ")
                    printed += self._run(["bash", "-c", asked])
            finally:
                server.terminate()
            assert server.wait(60) == 0, server.stderr.read()
        return printed

    def _run(self, words: list[str]) -> str:
        done = subprocess.run(
            words, cwd=self.folder, env=self.environment, capture_output=True, timeout=1800,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{words}\n{done.stderr.decode()}"
        return done.stdout.decode()
