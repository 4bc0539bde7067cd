"""`stancewire doctor` and shell completion."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


def stancewire(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "stancewire", *words], capture_output=True, text=True,
        env=os.environ | env,
    )  # fmt: skip


def test_all_is_well_here() -> None:
    run = stancewire("doctor")
    assert run.returncode == 0, run.stdout
    lines = dict(line[4:].split(": ", 1) for line in run.stdout.splitlines())
    assert len(lines["model.onnx sha256"]) == 64
    assert int(lines["cores to use"]) >= 1
    tagged = lines["Norland accused Sudland of shelling a fishing port on Monday."]
    assert tagged.startswith("accuses")
    assert tagged.endswith("source Norland, target Sudland")


def test_a_model_that_went_away_is_found(tmp_path: Path) -> None:
    (tmp_path / "in-use.json").write_text('["shipped", "gone"]', encoding="utf-8")
    run = stancewire("doctor", STANCEWIRE_HOME=str(tmp_path))
    assert run.returncode == 1
    assert "NO  model: no model 'gone'" in run.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell: str) -> None:
    run = stancewire("completion", shell)
    assert run.returncode == 0
    assert "_STANCEWIRE_COMPLETE" in run.stdout
    offered = stancewire(
        **{
            "_STANCEWIRE_COMPLETE": "bash_complete",
            "COMP_WORDS": "stancewire ta",
            "COMP_CWORD": "1",
        }
    )
    assert "tag" in offered.stdout
