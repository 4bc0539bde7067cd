"""Models side by side, and changing over between them."""

import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from stancewire import ModelError, Tagger, models
from stancewire.model import FOLDER
from terminal import stancewire


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STANCEWIRE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def altered(folder: Path, thresholds: float) -> Path:
    """A copy of the shipped model that can be told from it."""
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__", "*.py"))
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config["thresholds"] = dict.fromkeys(config["thresholds"], thresholds)
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder


def test_keep_use_and_roll_back(tmp_path: Path) -> None:
    assert models.current() == FOLDER
    kept = models.keep(altered(tmp_path / "a", 0.11), "a")
    assert models.current() == FOLDER  # kept is not used
    models.use("a")
    assert models.current() == kept
    assert Tagger.load().thresholds["warns"] == 0.11
    models.keep(altered(tmp_path / "b", 0.22), "b")
    models.use("b")
    models.use("b")  # twice is once
    assert [(v.name, v.in_use) for v in models.versions()] == [
        ("shipped", False), ("a", False), ("b", True)]  # fmt: skip
    assert models.rollback() == "a"
    assert models.rollback() == "shipped"
    with pytest.raises(models.ModelStoreError, match="none before it"):
        models.rollback()
    assert models.find("b") == kept.parent / "b"
    assert models.find(tmp_path) == tmp_path


def test_bad_names_and_bad_models(tmp_path: Path, home: Path) -> None:
    folder = altered(tmp_path / "a", 0.11)
    models.keep(folder, "a")
    with pytest.raises(models.ModelStoreError, match="there already"):
        models.keep(folder, "a")
    for name in ("shipped", "../x", ".x", ""):
        with pytest.raises(models.ModelStoreError, match="cannot name a model"):
            models.keep(folder, name)
    with pytest.raises(models.ModelStoreError, match="there are: shipped, a"):
        models.use("c")
    (folder / "model.onnx").write_bytes(b"broken")
    with pytest.raises(ModelError, match="is not the file that training wrote"):
        models.keep(folder, "b")
    assert [path.name for path in (home / "models").iterdir()] == ["a"]
    models.use("a")
    shutil.rmtree(home / "models" / "a")
    with pytest.raises(models.ModelStoreError, match="no model 'a'"):
        Tagger.load()
    (home / "in-use.json").write_text("{", encoding="utf-8")
    with pytest.raises(models.ModelStoreError, match="damaged; remove it"):
        models.current()


def test_remove(tmp_path: Path, home: Path) -> None:
    for name, thresholds in (("a", 0.11), ("b", 0.22)):
        models.keep(altered(tmp_path / name, thresholds), name)
    for name in ("a", "b", "a"):
        models.use(name)
    for name, why in (("a", "is in use"), ("shipped", "stays"), ("c", "no model 'c'")):
        with pytest.raises(models.ModelStoreError, match=why):
            models.remove(name)
    models.remove("b")
    assert [path.name for path in (home / "models").iterdir()] == ["a"]
    assert models.current().name == "a"
    assert models.rollback() == "shipped"  # b is gone, and a was before and after it
    models.remove("a")
    assert [v.name for v in models.versions()] == ["shipped"]


def test_a_damaged_model_is_named_in_the_list(tmp_path: Path, home: Path) -> None:
    models.keep(altered(tmp_path / "a", 0.11), "a")
    (home / "models" / "a" / "model.onnx").write_bytes(b"broken")
    listed = stancewire("models", "list")
    assert listed.exit_code == 0
    assert "a/model.onnx: is not the file that training wrote" in listed.stderr
    assert "shipped" not in listed.stderr
    removed = stancewire("models", "remove", "a")
    assert removed.stdout.startswith("removed: a (")


def test_who_loads_meanwhile_gets_one_or_the_other(tmp_path: Path) -> None:
    for name, thresholds in (("a", 0.11), ("b", 0.22)):
        models.keep(altered(tmp_path / name, thresholds), name)
    models.use("a")
    stop = threading.Event()

    def change() -> None:
        while not stop.is_set():
            for name in ("b", "a"):
                models.use(name)

    changing = threading.Thread(target=change)
    changing.start()
    try:
        seen = [frozenset(Tagger.load().thresholds.values()) for _ in range(12)]
    finally:
        stop.set()
        changing.join()
    assert set(seen) <= {frozenset({0.11}), frozenset({0.22})}


def test_commands(tmp_path: Path, home: Path) -> None:
    def stancewire(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "stancewire", *words], capture_output=True, text=True,
            env=os.environ | {"STANCEWIRE_HOME": str(home)},
        )  # fmt: skip

    models.keep(altered(tmp_path / "a", 0.999), "a")
    assert "in use: a" in stancewire("models", "use", "a").stdout
    listed = stancewire("models", "list").stdout.splitlines()
    assert listed[0].startswith("  shipped")
    assert listed[1].startswith("* a")
    assert stancewire("tag", "examples/strait.txt", "--only-stances").stdout == ""
    assert "denies" in stancewire("tag", "examples/strait.txt", "--model", "shipped").stdout
    assert stancewire("models", "rollback").stdout == "in use: shipped\n"
    models.keep(altered(tmp_path / "c", 0.5), "c")
    for damaged in ("[]", '{"about": []}'):
        (home / "models" / "c" / "config.json").write_text(damaged, encoding="utf-8")
        assert "c " in stancewire("models", "list").stdout
    gone = stancewire("models", "use", "b")
    assert (gone.returncode, gone.stderr.count("\n")) == (2, 1)
    stancewire("models", "use", "a")
    shutil.rmtree(home / "models" / "a")
    listed = stancewire("models", "list")
    assert listed.stdout.startswith("  shipped")
    assert "no model 'a'" in listed.stderr
