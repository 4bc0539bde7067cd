import json
from pathlib import Path

import pytest
from stancewire import seeds
from stancewire.labels import LabelledSentence, read_row
from stancewire.seeds import check, stats


def test_seeds_pass_their_own_checks() -> None:
    assert check.problems(seeds.files(), as_corpus=True) == []


def test_splits_keep_groups_together_and_do_not_move() -> None:
    splits = {name: seeds.load(name) for name in seeds.SPLITS}
    groups = {name: {seeds.group_of(s) for s in found} for name, found in splits.items()}
    assert not groups["train"] & groups["test"]
    assert not groups["train"] & groups["development"]
    total = sum(len(found) for found in splits.values())
    assert total == len(seeds.load())
    assert 0.8 < len(splits["train"]) / total < 0.9
    # fixed for ever: what was once held out must never be learned from
    held_out = [n for n in range(1, 41) if seeds.split_of(f"like {n}") != "train"]
    assert held_out == [9, 12, 18, 24, 28, 35, 39, 40]


def test_unknown_split() -> None:
    with pytest.raises(ValueError, match="no split 'dev'"):
        seeds.load("dev")


def test_check_finds_what_is_wrong(tmp_path: Path) -> None:
    good = {"id": "a", "text": "It rained.", "stances": [], "beat": "weather, Wales",
            "register": "wire", "round": 1}  # fmt: skip
    rows = [
        good,
        {**good, "text": "It snowed."},
        {**good, "id": "c", "text": "Hail fell.", "register": "poem"},
        {**good, "id": "d", "text": "Fog rose.", "stances": [{"stance": "warns", "target": ["x"]}]},
    ]
    path = tmp_path / "round.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    found = [p for p in check.problems([path], as_corpus=True) if "round.jsonl" in p]
    assert len(found) == 3
    assert any("round.jsonl:2" in p and "id 'a'" in p for p in found)
    assert any("round.jsonl:3" in p and "register" in p for p in found)
    assert any("round.jsonl:4" in p and "'x' is not in the sentence" in p for p in found)


def labelled(*texts: str) -> list[LabelledSentence]:
    return [read_row({"text": text, "stances": []}, f"row {i}") for i, text in enumerate(texts)]


def test_near_duplicates() -> None:
    one = "The harbour board has sued the dredging firm over silt on the oyster beds."
    two = "The harbour board has sued a dredging firm over silt on the oyster beds."
    other = "The harbour board rowed past the firm's oyster beds and over the silt."
    assert len(list(check.near_duplicates(labelled(one, two, other)))) == 1


def test_worn_phrases() -> None:
    often = [f"It was the year of number {n}." for n in range(13)]
    found = list(check.worn_phrases(labelled(*often)))
    assert any("'it was the year' comes 13 times" in p for p in found)
    assert list(check.worn_phrases(labelled(*often[:12]))) == []
    names = [f"{n} met the United Nations Security Council there." for n in range(13)]
    assert not any("united nations" in p for p in check.worn_phrases(labelled(*names)))


def test_leaks(tmp_path: Path) -> None:
    (tmp_path / "real.txt").write_text("One two three four five six seven eight nine.", "utf-8")
    rows = labelled("So two three four five six seven eight nine it is.", "One two three four.")
    assert [p[:5] for p in check.leaks(rows, [tmp_path])] == ["row 0"]
    assert list(check.leaks(rows, [tmp_path / "absent"])) == []
    named = labelled("Said one two Three Four Five Six seven eight nine it is.")
    assert list(check.leaks(named, [tmp_path])) == []


def test_stats_count() -> None:
    row = {"text": "oslo blamed lima.", "beat": "b", "register": "wire", "round": 9, "like": 3,
           "stances": [{"stance": "accuses", "source": ["oslo"], "cue": "blamed"}]}  # fmt: skip
    counted = stats.count([read_row(row)])
    assert counted.labels == {"accuses": 1}
    assert counted.cues["accuses"] == {"blamed": 1}
    assert counted.in_manner == counted.lower_case == 1
    assert "1 sentences" in stats.tell(counted)


def test_shortfalls() -> None:
    counted = stats.count(seeds.load())
    assert list(check.shortfalls(counted)) == []
    counted.labels["denies"] = 12
    del counted.kinds["protest"]
    counted.cues["warns"]["warned"] = 500
    counted.beats["war, Mars"] = counted.sentences // 30
    found = "\n".join(check.shortfalls(counted))
    for told in ("12 denies", "no protest", "'warned' is 500", "'war, Mars' is "):
        assert told in found
    assert found.count("\n") == 3
