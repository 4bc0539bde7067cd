import json
from pathlib import Path

import pytest
from stancewire import seeds
from stancewire.seeds import check


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
    found = check.problems([path], as_corpus=True)
    assert len(found) == 3
    assert any("round.jsonl:2" in p and "id 'a'" in p for p in found)
    assert any("round.jsonl:3" in p and "register" in p for p in found)
    assert any("round.jsonl:4" in p and "'x' is not in the sentence" in p for p in found)
