"""What several tests share."""

import os
import tempfile
from pathlib import Path

import pytest

os.environ["HF_HUB_OFFLINE"] = "1"
# tests look at the shipped model, whatever model this user has promoted
os.environ["STANCEWIRE_HOME"] = tempfile.mkdtemp(prefix="stancewire-tests-")

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def examples() -> Path:
    return ROOT / "examples"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real articles and labelled real sentences, which are not part of the project."""
    folder = ROOT.parent / "shared"
    if not (folder / "articles").is_dir():
        pytest.skip("the shared evaluation data is not here")
    return folder


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tiny import make_base

    return make_base(tmp_path_factory.mktemp("base"))
