"""Models in Hugging Face form: saved, loaded, exported to tag with, refused where they are odd."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from stancewire import ModelError, Tagger
from stancewire.training import card, convert, hub
from stancewire.training.base import BaseError, encoder
from stancewire.training.hub import HubError, StanceModel
from stancewire.training.recipe import Recipe
from stancewire.training.train import train
from terminal import stancewire
from tiny import rows

TEXTS = [str(row["text"]) for row in rows()]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "data.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows()), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def run(tiny_base: Path, data: Path):
    recipe = Recipe(
        base=str(tiny_base), epochs=20, batch_size=8, learning_rate=3e-3,
        head_learning_rate=5e-3, layer_decay=1.0, max_pieces=32,
    )  # fmt: skip
    return train([data], out=data.parent / "run", recipe=recipe, with_seeds=False)


@pytest.fixture
def floats(run, tmp_path: Path) -> Path:
    """A copy of the float weights of the run, to do with as one likes."""
    return Path(shutil.copytree(run.run / "network", tmp_path / "network"))


def labels(folder: Path) -> list[str]:
    return [found[0].label for found in Tagger.load(folder).predict(TEXTS, split=False)]


def edited(folder: Path, **entries: object) -> None:
    path = folder / "config.json"
    config = json.loads(path.read_text(encoding="utf-8")) | entries
    path.write_text(json.dumps(config), encoding="utf-8")


def test_saved_and_loaded_it_is_the_same(floats: Path, tmp_path: Path) -> None:
    first = StanceModel.from_pretrained(floats)
    first.save_pretrained(tmp_path / "again")
    second, report = StanceModel.from_pretrained(tmp_path / "again", output_loading_info=True)
    assert not report["missing_keys"]
    assert not report["unexpected_keys"]
    ids = torch.randint(5, 20, (3, 9), generator=torch.Generator().manual_seed(0))
    mask = torch.ones_like(ids)
    mask[1, 4:] = 0
    with torch.inference_mode():
        for one, two in zip(first(ids, mask), second(ids, mask), strict=True):
            assert torch.equal(one, two)
    assert first.tokenizer(TEXTS).input_ids == second.tokenizer(TEXTS).input_ids
    left_out = {"architectures", "dtype", "torch_dtype", "_name_or_path"}
    one, two = ({k: v for k, v in m.config.to_dict().items() if k not in left_out}
                for m in (first, second))  # fmt: skip
    assert one == two
    assert not list(tmp_path.rglob("*.bin"))
    # what loads today must load tomorrow
    heads = {name for name in load_file(floats / "model.safetensors") if ".encoder." not in name}
    assert heads == {f"network.{name}" for name in (
        "look.weight", "look.bias", "stance", "stance_bias", "piece.weight", "piece.bias",
        "cue.weight", "shown", "transitions", *(f"roles.{i}.{w}" for i in range(3)
                                                for w in ("weight", "bias")),
    )}  # fmt: skip


def test_nothing_of_the_machine_is_in_what_is_shared(floats: Path, tiny_base: Path) -> None:
    config = json.loads((floats / "config.json").read_text(encoding="utf-8"))
    assert config["about"].pop("recipe")["base"] == str(tiny_base)  # as it was named
    assert str(tiny_base.parent) not in json.dumps(config)
    assert str(tiny_base.parent) not in (floats / "tokenizer_config.json").read_text("utf-8")


def test_exported_it_tags_as_the_run_s_own_model(run, floats: Path, tmp_path: Path) -> None:
    made = convert.to_int8(floats, tmp_path / "model")
    assert made.agreed["same_label"] > 0.95
    assert {path.name for path in made.folder.iterdir()} == {
        "model.onnx", "tokenizer.json", "config.json", "README.md"}  # fmt: skip
    assert labels(made.folder) == labels(run.model)
    one, two = Tagger.load(made.folder).config, Tagger.load(run.model).config
    for name in ("thresholds", "transitions", "max_pieces", "about"):
        assert one[name] == two[name]
    text = (made.folder / "README.md").read_text(encoding="utf-8")
    assert text.startswith("# Model card")
    assert "Made from float weights anew" in text
    assert "FOLDER_OR_NAME" not in text
    with pytest.raises(HubError, match="exists already"):
        convert.to_int8(floats, tmp_path / "model")


def test_the_same_folder_tags_after_export_and_not_before(run, floats: Path) -> None:
    article = floats.parent / "article.txt"
    article.write_text("rabat denied moving mines .", encoding="utf-8")
    before = stancewire("tag", article, "--model", floats)
    assert (before.exit_code, before.output.count("\n")) == (2, 1)
    assert f"stancewire export {floats}" in before.output
    done = stancewire("export", floats)
    assert done.exit_code == 0, done.output
    assert f"model: {floats}" in done.output
    after = stancewire("tag", article, "--model", floats)
    assert json.loads(after.output)["label"] == "denies"
    assert labels(floats) == labels(run.model)
    # it is what it was, besides
    model = StanceModel.from_pretrained(floats)
    assert labels(convert.to_int8(floats).folder) == labels(run.model)
    # saved over with other weights, the int8 model beside them is not used by mistake
    model.save_pretrained(floats)
    with pytest.raises(ModelError, match="stancewire export"):
        Tagger.load(floats)


def test_training_goes_on_from_it_without_its_base(run, data: Path, tmp_path: Path) -> None:
    """Neither base nor run is named; the default base would be of another shape."""
    recipe = Recipe(epochs=0.2, learning_rate=1e-5, head_learning_rate=1e-5, max_pieces=32)
    for number, start in enumerate((run.run / "network", run.run / "network/model.safetensors")):
        out = tmp_path / str(number)
        again = train([data], out=out, recipe=recipe, with_seeds=False, start=start)
        assert again.figures["held_out"]["macro_f1"] > 0.9  # what was learned is still there
        about = Tagger.load(again.model).config["about"]
        assert about["recipe"]["base"] == hub.base_of(run.run / "network")
    # the bare file of weights that runs once wrote
    weights = load_file(run.run / "network" / "model.safetensors")
    bare = {name.removeprefix("network."): value for name, value in weights.items()}
    save_file(bare, tmp_path / "network.safetensors")
    old = Recipe(base=str(hub.base_of(run.run / "network")), epochs=0.2, learning_rate=1e-5,
                 max_pieces=32)  # fmt: skip
    again = train([data], out=tmp_path / "old", recipe=old, with_seeds=False,
                  start=tmp_path / "network.safetensors")  # fmt: skip
    assert again.figures["held_out"]["macro_f1"] > 0.9


def test_an_int8_model_turned_back(run, tmp_path: Path) -> None:
    done = stancewire("export", run.model, "--format", "huggingface", "-o", tmp_path / "back")
    assert done.exit_code == 0, done.output
    back = StanceModel.from_pretrained(tmp_path / "back").network.state_dict()
    exact = StanceModel.from_pretrained(run.run / "network").network.state_dict()
    assert back.keys() == exact.keys()
    for name, weight in exact.items():
        assert (weight - back[name]).abs().max() <= 0.05 * weight.abs().max() + 1e-4, name
    assert labels(convert.to_int8(tmp_path / "back").folder) == labels(run.model)
    text = (tmp_path / "back" / "README.md").read_text(encoding="utf-8")
    assert text.startswith("---\nlanguage: en\n")
    assert card.of_int8(text).strip() == (run.model / "README.md").read_text("utf-8").strip()


def _pickled(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    # whoever unpickles it is told so
    (folder / "pytorch_model.bin").write_bytes(b"cbuiltins\nexit\n(tR.")


def _cut(folder: Path) -> None:
    whole = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(whole[: len(whole) // 2])


def _lose_a_weight(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    del weights["network.stance"]
    save_file(weights, folder / "model.safetensors", {"format": "pt"})


def _other_shape(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    weights["network.look.weight"] = torch.zeros(4, 48)
    save_file(weights, folder / "model.safetensors", {"format": "pt"})


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda f: (f / "config.json").unlink(), "is not a stancewire model"),
        (lambda f: (f / "config.json").write_text("{", "utf-8"), "is not a stancewire model"),
        (lambda f: edited(f, model_type="bert"), "has the model type: bert"),
        (lambda f: (f / "tokenizer.json").unlink(), "tokenizer.json is missing"),
        (lambda f: (f / "tokenizer.json").write_text("{}", "utf-8"), "cannot be loaded"),
        (lambda f: (f / "model.safetensors").unlink(), "model.safetensors is missing"),
        (_pickled, "pytorch_model.bin is pickled, which is never read"),
        (_cut, "cannot be loaded"),
        (_lose_a_weight, "1 weights are missing: network.stance"),
        (_other_shape, "cannot be loaded"),
        (lambda f: edited(f, channels=[["praises", "source"]]), "other stances or roles"),
        (lambda f: edited(f, thresholds={"warns": 0.5}), "`thresholds` must name accuses"),
        (lambda f: edited(f, max_pieces="many"), "`max_pieces` must be a number"),
        (lambda f: edited(f, encoder={}), "`encoder` must describe"),
        (lambda f: edited(f, encoder={"model_type": "no-such-kind"}), "cannot be loaded"),
    ],
)
def test_what_is_refused(floats: Path, spoil: Callable[[Path], object], told: str) -> None:
    spoil(floats)
    with pytest.raises(HubError) as refused:
        StanceModel.from_pretrained(floats)
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)
    assert "network" in str(refused.value)  # which folder
    with pytest.raises(HubError):
        convert.to_int8(floats, floats.parent / "out")
    assert not (floats.parent / "out").exists()


def test_code_in_a_folder_is_not_run(floats: Path, tiny_base: Path, tmp_path: Path) -> None:
    code = f"from pathlib import Path\nPath({str(tmp_path / 'ran')!r}).touch()\nclass It: ...\n"
    (floats / "evil.py").write_text(code, encoding="utf-8")
    edited(floats, auto_map={"AutoModel": "evil.It", "AutoConfig": "evil.It"})
    StanceModel.from_pretrained(floats)
    base = Path(shutil.copytree(tiny_base, tmp_path / "base"))
    (base / "evil.py").write_text(code, encoding="utf-8")
    auto = {"AutoModel": "evil.It", "AutoConfig": "evil.It"}
    edited(base, auto_map=auto, model_type="evil")
    with pytest.raises(BaseError, match="cannot be loaded as a base"):
        encoder(str(base))
    assert not (tmp_path / "ran").exists()


def test_a_base_whose_layers_share_weights_is_refused(tmp_path: Path) -> None:
    from transformers import AlbertConfig, AlbertModel

    AlbertModel(
        AlbertConfig(vocab_size=9, embedding_size=8, hidden_size=8, num_attention_heads=2,
                     intermediate_size=8)
    ).save_pretrained(tmp_path / "shared")  # fmt: skip
    with pytest.raises(BaseError, match="its layers share their weights"):
        encoder(str(tmp_path / "shared"))


def test_commands_that_cannot_be(run, floats: Path, tmp_path: Path) -> None:
    assert os.environ["HF_HUB_OFFLINE"] == "1"
    for words, told in (
        (("export", "somebody/stances", "-o", tmp_path / "a"), "cannot be had from"),
        (("export", tmp_path / "none", "-o", tmp_path / "a"), "no such folder"),
        (("export", run.model, "-o", tmp_path / "a"), "is a model to tag with as it is"),
        (("export", floats, "--format", "huggingface", "-o", tmp_path / "a"), "as it is"),
        (("export", run.model, "--format", "huggingface"), "needs -o"),
        (("tag", floats.parent, "--model", "somebody/stances"), "export somebody/stances"),
    ):
        done = stancewire(*words)
        assert done.exit_code == 2, done.output
        assert told in done.output
        assert isinstance(done.exception, SystemExit)  # said, not thrown
        assert not (tmp_path / "a").exists()


def test_export_without_torch_says_what_to_install(floats: Path) -> None:
    code = (
        "import sys; sys.modules['torch'] = None; sys.argv = ['stancewire', 'export', sys.argv[1]];"
        "from stancewire.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code, str(floats)], capture_output=True, text=True)
    assert done.returncode == 2
    assert 'pip install "stancewire[train]"' in done.stderr
    assert "Traceback" not in done.stderr
