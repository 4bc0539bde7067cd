"""Every command and every line of Python in the README runs."""

import json
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", README, re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    shutil.copytree(ROOT / "seeds", tmp_path / "seeds")
    return tmp_path


def run(command: str, folder: Path) -> None:
    command = re.sub(r"^stancewire", f'"{sys.executable}" -m stancewire', command)
    done = subprocess.run(
        command, shell=True, cwd=folder, capture_output=True, timeout=900, check=False
    )
    assert done.returncode == 0, done.stderr.decode()


def with_server(block: str, folder: Path) -> None:
    """A block whose first line starts a server in the background and whose last ends it."""
    first, *rest, last = block.splitlines()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])  # 8000 may be taken here
    command = first.removesuffix("&").replace("8000", port).split()
    assert command[0] == "stancewire"
    with subprocess.Popen(
        [sys.executable, "-m", *command], stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stderr is not None
        try:
            assert f"http://127.0.0.1:{port} tags" in server.stderr.readline()
            for line in rest:
                run(line.replace("8000", port).replace("curl ", "curl --fail "), folder)
        finally:
            assert last == "kill %1"
            server.terminate()
        assert server.wait(60) == 0, server.stderr.read()


@pytest.mark.parametrize("block", blocks("sh"))
def test_commands(block: str, folder: Path) -> None:
    if block.splitlines()[0].endswith("&"):
        with_server(block, folder)
        return
    for line in block.splitlines():
        command = line.split("#")[0].strip()
        if "../shared" in command and not (ROOT.parent / "shared").is_dir():
            pytest.skip("the shared evaluation data is not here")
        command = command.replace("../shared", str(ROOT.parent / "shared"))
        run(command, folder)


@pytest.mark.parametrize("block", blocks("python"))
def test_python(block: str, folder: Path) -> None:
    subprocess.run([sys.executable, "-c", block], cwd=folder, check=True, timeout=300)


def test_shown_record_has_the_fields_of_a_real_one() -> None:
    from stancewire import predict

    (record,) = map(json.loads, blocks("json"))
    (sentence,) = predict("Ostrava Nova denied laying the mines.")
    assert list(record) == ["article", "sentence", *sentence.to_dict()]
    assert list(record["stances"][0]) == list(sentence.to_dict()["stances"][0])


def test_links_lead_somewhere() -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", README):
        assert link.startswith("http") or (ROOT / link).exists(), link
