"""New labels on top of a model: resuming, comparing, promoting, and data gone wrong."""

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from stancewire import Tagger, models, seeds
from stancewire.labels import LabelError, read_labelled, read_row
from stancewire.training import report, trainer
from stancewire.training.augment import drop_punctuation, names, swap_parties
from stancewire.training.compare import compare
from stancewire.training.judge import measure
from stancewire.training.parts import TrainingError, split
from stancewire.training.promote import promote
from stancewire.training.recipe import Recipe
from stancewire.training.train import train
from stancewire.types import TaggedSentence
from terminal import stancewire
from tiny import rows


def write(path: Path, sentences: list[dict[str, object]]) -> Path:
    path.write_text("\n".join(json.dumps(row) for row in sentences), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def learned(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory):
    """A run that has learned the tiny sentences, and one that has not."""
    folder = tmp_path_factory.mktemp("learned")
    data = write(folder / "data.jsonl", rows())
    recipe = Recipe(
        base=str(tiny_base), epochs=25, batch_size=8, learning_rate=3e-3,
        head_learning_rate=5e-3, layer_decay=1.0, max_pieces=32, patience=8,
    )  # fmt: skip
    short = replace(recipe, epochs=0.2, patience=0)
    bad = train([data], out=folder / "bad", recipe=short, with_seeds=False)
    good = train([data], out=folder / "good", recipe=recipe, with_seeds=False, against=bad.model)
    return good, bad


def test_better_is_said_to_be_better(learned, tmp_path: Path, monkeypatch) -> None:
    good, bad = learned
    # seven sentences tell nothing, however clear they are
    assert good.comparisons["new"].new["macro_f1"] > good.comparisons["new"].old["macro_f1"]
    assert good.comparisons["new"].verdict == "cannot tell"
    gold = [read_row(row) for row in rows()]
    assert compare(gold, Tagger.load(bad.model), Tagger.load(good.model)).verdict == "better"
    back = compare(gold, Tagger.load(good.model), Tagger.load(bad.model))
    assert back.verdict == "worse"
    gain, low, high = back.change["macro_f1"]
    assert -1 <= low <= gain <= high < 0
    same = compare(gold, Tagger.load(good.model), Tagger.load(good.model))
    assert same.verdict == "cannot tell"
    assert same.change["macro_f1"] == (0, 0, 0)
    assert "cannot tell: 32 sentences" in same.tell()


def test_report_is_one_page_that_stands_alone(learned, tmp_path: Path) -> None:
    good, _ = learned
    page = (good.run / "report.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert not re.findall(r"(?:src|href)\s*=\s*[\"'](?!#|data:)", page)
    assert "Your held-out sentences: " in page
    assert "better" in page
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        pytest.skip("no chromium to open the page in")
    seen = subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
         "--dump-dom", (good.run / "report.html").as_uri()],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert seen.stdout.count("<svg") == 2
    assert seen.stdout.count("<h2>") == 9
    assert "CONSOLE" not in seen.stderr  # nothing refused, nothing broken


def test_report_escapes_what_sentences_hold(tmp_path: Path) -> None:
    text = '<script>alert(1)</script> accused <b>Oslo</b> of & "it"'
    gold = [read_row({"text": text, "stances": [{"stance": "accuses", "target": ["<b>Oslo</b>"]}]})]
    scores = {"accuses": 0.1, "denies": 0.1, "warns": 0.1, "neutral": 0.9}
    tagged = [TaggedSentence(text, 0, len(text), "neutral", 0.9, scores)]
    figures = {"held_out": measure(gold, tagged), "log": [], "remarks": ["<i>odd</i>"]}
    about = {"data": {"sentences_learned": 1, "files": ["<u>"], "fingerprint": "0"},
             "recipe": {}, "made_with": {}}  # fmt: skip
    report.write(tmp_path / "r.html", "<run>", gold, tagged, figures, about, {})
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    for hostile in ("<script", "<b>Oslo", "<i>odd", "<u>", "<run>"):
        assert hostile not in page
    assert '<mark class="target" title="target">&lt;b&gt;Oslo&lt;/b&gt;</mark>' in page


def test_promoting_asks_for_no_worse(learned, tmp_path: Path, monkeypatch) -> None:
    good, bad = learned
    monkeypatch.setenv("STANCEWIRE_HOME", str(tmp_path))
    with pytest.raises(models.ModelStoreError, match="compared with none"):
        promote(bad)
    gold = [read_row(row) for row in rows()]
    one, two = Tagger.load(good.model), Tagger.load(bad.model)
    worse = replace(bad, comparisons={"new": compare(gold, one, two)})
    with pytest.raises(models.ModelStoreError, match="worse, so the old one stays"):
        promote(worse)
    assert models.current().name == "model"
    promote(worse, "forced", even_if_worse=True)
    assert models.current().name == "forced"
    alone = replace(good, comparisons={"new": good.comparisons["new"]})
    with pytest.raises(models.ModelStoreError, match="changed during the run"):
        promote(alone)
    alone = replace(alone, against=models.current())
    assert promote(alone) == models.current() == tmp_path / "models" / "good"


def test_a_killed_run_goes_on_and_ends_alike(tiny_base: Path, tmp_path: Path, monkeypatch) -> None:
    data = write(tmp_path / "data.jsonl", rows())
    recipe = Recipe(base=str(tiny_base), epochs=12, batch_size=4, max_pieces=32, patience=9)
    script = tmp_path / "run.py"
    script.write_text(
        "from stancewire.training import trainer; trainer._CHECKPOINT = 5\n"
        "from stancewire.training.recipe import Recipe\n"
        "from stancewire.training.train import train\n"
        f"train([{str(data)!r}], out='killed', recipe={recipe!r}, with_seeds=False)\n",
        encoding="utf-8",
    )
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    run = subprocess.Popen(
        [sys.executable, str(script)], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        cwd=tmp_path,
    )  # fmt: skip
    deadline = time.monotonic() + 120

    def steps() -> list[int]:
        told = killed.glob("checkpoint-*/trainer_state.json")
        return [int(state.parent.name.partition("-")[2]) for state in told]

    while max(steps(), default=0) < 15:  # amid the third epoch
        assert run.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    run.send_signal(signal.SIGKILL)
    run.wait()
    assert not (killed / "figures.json").exists()
    monkeypatch.setattr(trainer, "_CHECKPOINT", 5)
    monkeypatch.chdir(tmp_path)
    train([data], out="killed", recipe=recipe, with_seeds=False, resume=True)
    train([data], out="whole", recipe=recipe, with_seeds=False)
    last = [json.loads((f / "figures.json").read_text())["log"][-1]["step"]
            for f in (whole, killed)]  # fmt: skip
    assert last[0] == last[1]
    weights = [(f / "network" / "model.safetensors").read_bytes() for f in (whole, killed)]
    assert weights[0] == weights[1]
    assert not list(killed.glob("checkpoint-*"))


def test_going_on_with_something_else(learned, tiny_base: Path, tmp_path: Path) -> None:
    good, _ = learned
    data = write(tmp_path / "data.jsonl", rows())
    recipe = Recipe(base=str(tiny_base), epochs=0.2, max_pieces=32)
    with pytest.raises(TrainingError, match="is finished"):
        train([data], out=good.run, recipe=recipe, with_seeds=False, resume=True)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text("{}", encoding="utf-8")
    with pytest.raises(TrainingError, match="begun with other settings"):
        train([data], out=tmp_path / "run", recipe=recipe, with_seeds=False, resume=True)
    with pytest.raises(TrainingError, match="--resume"):
        train([data], out=tmp_path / "run", recipe=recipe, with_seeds=False)
    with pytest.raises(TrainingError, match="no run to go on with"):
        train([data], out=tmp_path / "none", recipe=recipe, with_seeds=False, resume=True)
    with pytest.raises(TrainingError, match="no such model folder or kept version"):
        train([data], out=tmp_path / "new", recipe=recipe, start="shiped")
    assert not (tmp_path / "new").exists()


def test_it_stops_when_nothing_gets_better(learned) -> None:
    good, _ = learned
    quality = [entry["eval_quality"] for entry in good.figures["log"] if "eval_quality" in entry]
    best = quality.index(max(quality))
    assert len(quality) - 1 == best + 8 or len(quality) == 25
    # the best epoch's weights count, not the last one's
    assert good.figures["held_out"]["macro_f1"] >= 0.9


def test_weights_for_one_file(tmp_path: Path) -> None:
    one = write(tmp_path / "one.jsonl", rows()[:16])
    two = write(tmp_path / "two.jsonl", rows()[16:])
    parts = split([one, two], with_seeds=False, weight=1, weights={"two": 3})
    often = {s.text: parts.learn.count(s) for s in parts.learn}
    assert {often[s.text] for s in read_labelled(one) if s.text in often} == {1}
    assert {often[s.text] for s in read_labelled(two) if s.text in often} == {3}
    with pytest.raises(TrainingError, match="three=2 is for no file"):
        split([one], with_seeds=False, weights={"three": 2})


def test_near_duplicates_stay_on_one_side(tmp_path: Path) -> None:
    test_sentence = max(seeds.load("test"), key=lambda s: len(s.text))
    told = [
        f"the harbour master of port {i} accused the {a} line of dumping oil at night near pier {i}"
        for i in range(40)
        for a in ("blue", "red")
    ]
    sentences = [{"text": t, "stances": [{"stance": "accuses"}]} for t in told]
    near = {"text": test_sentence.text + " today", "stances": []}
    data = write(tmp_path / "data.jsonl", [*sentences, near])
    parts = split([data])
    learned, held = {s.text for s in parts.learn}, {s.text for s in parts.new}
    assert len(held & set(told)) in (0, 80)  # all are near duplicates of each other
    assert len(learned & set(told)) == 80 - len(held & set(told))
    assert near["text"] in held
    assert near["text"] not in learned


def test_rehearsing_some_seeds(tmp_path: Path) -> None:
    data = write(tmp_path / "data.jsonl", rows())
    one = split([data], rehearse=100)
    assert len([s for s in one.learn if "round" in s.more]) == 100
    assert one.learn == split([data], rehearse=100).learn
    assert one.test == seeds.load("test")


def test_what_looks_odd_is_remarked(tmp_path: Path) -> None:
    accuses = [row for row in rows() if row["stances"] and "accused" in str(row["text"])]
    (only,) = (
        r
        for r in split([write(tmp_path / "a.jsonl", accuses)], with_seeds=False).remarks
        if "one label" in r
    )
    assert only.startswith("all 8 sentences are accuses")
    stances = [row for row in rows() if row["stances"]]
    assert any(
        "no neutral" in r
        for r in split([write(tmp_path / "b.jsonl", stances)], with_seeds=False).remarks
    )
    german = [
        {"text": f"Der Minister warf der Regierung in Folge {i} vor, dass sie die Berichte seit "
                 "Jahren nicht mehr liest und dass niemand dafür geradesteht.", "stances": []}
        for i in range(10)
    ]  # fmt: skip
    data = write(tmp_path / "c.jsonl", [*rows(), *german])
    remarks = split([data], with_seeds=False).remarks
    (foreign,) = (r for r in remarks if "English" in r)
    assert foreign.startswith("10 sentences do not look English")
    assert "c.jsonl:33" in foreign
    assert any("too few to tell" in r for r in remarks)
    seed = seeds.load("train")[0].to_dict()
    data = write(tmp_path / "d.jsonl", [*rows(), seed])
    assert "in the seeds already: 1" in split([data]).remarks


def test_labels_that_overrule_are_learned_whatever_is_rehearsed(tmp_path: Path) -> None:
    own = [s for s in seeds.load("train") if not s.stances][:30]
    data = write(
        tmp_path / "a.jsonl",
        [{"text": s.text, "stances": [{"stance": "warns"}]} for s in own],
    )
    parts = split([data], overrule=True, rehearse=100, weight=3)
    learned = [s.text for s in parts.learn if s.labels == {"warns"}]
    assert {learned.count(s.text) for s in own} == {3}


def test_seeds_of_the_test_split_are_never_learned(tmp_path: Path) -> None:
    apart = [*seeds.load("test")[:20], *seeds.load("development")[:20]]
    data = write(tmp_path / "a.jsonl", [*rows(), *(s.to_dict() for s in apart)])
    for with_seeds in (True, False):
        parts = split([data], with_seeds=with_seeds)
        assert not {s.text for s in apart} & {s.text for s in parts.learn}


def test_a_role_left_out_is_no_contradiction(tmp_path: Path) -> None:
    seed = next(s for s in seeds.load("train") if s.labels == {"denies"})
    spans = seed.stances[0].spans
    row = {"text": seed.text, "stances": [
        {"stance": "denies", "target": [s.to_dict() for s in spans["target"]]}]}  # fmt: skip
    parts = split([write(tmp_path / "a.jsonl", [*rows(), row])])
    assert "in the seeds already: 1" in parts.remarks


def test_what_is_compared_decides_nothing_in_an_update(tmp_path: Path) -> None:
    data = write(tmp_path / "a.jsonl", rows())
    parts = split([data], judge_new=False)
    assert parts.new
    assert not {s.text for s in parts.new} & {s.text for s in parts.judge}
    assert {s.text for s in parts.new} < {s.text for s in split([data]).judge}


def test_a_fifth_stance_is_refused(tmp_path: Path) -> None:
    data = write(tmp_path / "a.jsonl", [{"text": "a b", "stances": [{"stance": "praises"}]}])
    with pytest.raises(LabelError, match=r"a.jsonl:1: unknown stance 'praises'.*fixed"):
        read_labelled(data)


def test_fifty_thousand_sentences_are_split_in_two_minutes(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    words = np.array([f"w{i}" for i in range(5000)])
    head = "the ministry of foreign affairs said on monday that"  # as news has it
    texts = {f"{head} {' '.join(rng.choice(words, 20))}" for _ in range(50_000)}
    data = write(tmp_path / "big.jsonl", [{"text": t, "stances": []} for t in texts])
    began = time.monotonic()
    parts = split([data])
    assert time.monotonic() - began < 120
    assert 0.19 < len(parts.new) / len(texts) < 0.21


def test_swapped_parties_and_lost_marks_keep_their_spans() -> None:
    import random

    corpus = [s for s in seeds.load("development") if s.stances]
    pool, chance = names(corpus), random.Random(0)
    changed = 0
    for sentence in corpus:
        swapped = swap_parties(sentence, pool, chance)
        changed += swapped.text != sentence.text
        for other in (swapped, drop_punctuation(sentence)):
            assert [i.stance for i in other.stances] == [i.stance for i in sentence.stances]
            for before, after in zip(sentence.stances, other.stances, strict=True):
                for role, spans in before.spans.items():
                    assert len(spans) == len(after.spans[role])
                    for span in after.spans[role]:
                        assert other.text[span.start : span.end] == span.text == span.text.strip()
    assert changed > len(corpus) / 10
    row = read_row({"text": "Oslo's envoy, Per Lie, denied “it”.", "stances": [
        {"stance": "denies", "source": ["Oslo's envoy"], "target": ["it"]}]})  # fmt: skip
    lost = drop_punctuation(row)
    assert lost.text == "oslo s envoy per lie denied it"
    assert [s.text for s in lost.stances[0].spans["source"]] == ["oslo s envoy"]


def test_weights_that_cannot_be(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("STANCEWIRE_HOME", str(tmp_path / "home"))
    data = write(tmp_path / "new.jsonl", rows())
    for weight in ("0", "new=", "=3", "x"):
        wrong = stancewire("train", "--data", data, "--weight", weight)
        assert wrong.exit_code == 2
        assert "NAME=NUMBER" in wrong.output
    wrong = stancewire("train", "--data", data, "--weight", "old=3", "--out", tmp_path / "run")
    assert (wrong.exit_code, "for no file" in wrong.output) == (2, True)
