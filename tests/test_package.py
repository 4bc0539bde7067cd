"""What the package promises about itself."""

import ast
import os
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = {
    "inference": "stancewire", "training": "stancewire/training",
    "model": "stancewire/model", "seeds": "stancewire/seeds",
}  # fmt: skip


def test_import_is_light() -> None:
    code = (
        "import sys, stancewire; stancewire.__version__;"
        "heavy = {'torch', 'transformers', 'onnxruntime', 'numpy'} & set(sys.modules);"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_tagging_needs_nothing_of_training() -> None:
    code = (
        "import sys; sys.modules['torch'] = sys.modules['transformers'] = None;"
        "from stancewire import predict; predict('Oslo blamed Moscow for the fire.')"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_runtime_imports_neither_torch_nor_training() -> None:
    for path in (ROOT / "inference").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            heavy = {"torch", "transformers", "datasets", "evaluate", "accelerate"}
            assert not [n for n in names if n.split(".")[0] in heavy], path
            # the command line alone may start training, and only when it is asked to
            if not path.name.startswith("cli"):
                assert "training" not in " ".join(names), path


def test_the_version_is_the_same_everywhere() -> None:
    found = version("stancewire")
    said = subprocess.run(
        [sys.executable, "-m", "stancewire", "--version"], capture_output=True, text=True
    )
    assert said.stdout.split()[-1] == found
    assert f"\nversion: {found}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\n## {found}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def checkout(folder: Path, mask: int, seconds: int) -> Path:
    """The project with modes, times and leftovers of its own."""
    for name in (*FOLDERS, "examples"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    for path in folder.rglob("*"):
        path.chmod(0o777 & ~mask if path.is_dir() else 0o666 & ~mask)
        os.utime(path, (seconds, seconds))
    for name in ("tests/test_own.py", "build/lib/stancewire/gone.py", "runs/model.onnx"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def wheel(source: Path, **env: str) -> Path:
    (source / "dist").mkdir()
    code = "from setuptools.build_meta import build_wheel; print(build_wheel('dist'))"
    plain = {key: value for key, value in os.environ.items() if key != "SOURCE_DATE_EPOCH"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=source, env=plain | env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return source / "dist" / done.stdout.splitlines()[-1]


def test_wheel(tmp_path: Path) -> None:
    """The model, the seeds and the code, and the same file wherever and whenever it is built."""
    pytest.importorskip("setuptools", "77", reason="the wheel is built with setuptools 77 or later")
    here = wheel(checkout(tmp_path / "here", 0o022, 1_700_000_000), TZ="UTC")
    there = wheel(checkout(tmp_path / "there" / "deeper", 0o077, 1_800_000_000), TZ="Asia/Tokyo")
    assert here.name == there.name
    assert here.read_bytes() == there.read_bytes()
    assert here.stat().st_size < 40e6
    with zipfile.ZipFile(here) as packed:
        names = {name for name in packed.namelist() if ".dist-info/" not in name}
    kinds = {
        "inference": (".py", ".typed", ".tsv", ".html"), "training": (".py", ".html"),
        "model": (".py", ".onnx", ".json", ".md"),
        "seeds": (".py", ".jsonl", ".csv", ".md", ".svg"),
    }  # fmt: skip
    wanted = {
        f"{package}/{path.name}"
        for folder, package in FOLDERS.items()
        for path in (ROOT / folder).iterdir()
        if path.name.endswith(kinds[folder])
    }
    assert names == wanted
    assert {"stancewire/model/model.onnx", "stancewire/seeds/ANNOTATION.md"} <= names
