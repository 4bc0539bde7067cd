"""Which sentences are picked to be labelled."""

import json
from collections import Counter
from pathlib import Path

import pytest
from stancewire import Tagger, seeds
from stancewire.documents import Article, read_articles
from stancewire.labels import read_row
from stancewire.training.suggest import suggest
from stancewire.training.tasks import Task


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    return Tagger.load(threads=1)


@pytest.fixture(scope="module")
def articles(examples: Path) -> list[Article]:
    return [item for item in read_articles([examples]) if isinstance(item, Article)]


def seed_articles(count: int) -> list[Article]:
    """Articles of ten sentences each, which are no longer those of the seeds; two sources."""
    texts = [one.text for one in seeds.load("test")[:count]]
    return [
        Article(f"n{i}", "\n".join(f"Meanwhile {text}" for text in texts[i : i + 10]),
                where=f"{'ab'[i % 4 // 2]}.jsonl:{i}")
        for i in range(0, count, 10)
    ]  # fmt: skip


def test_places_and_guesses_fit_the_article(articles: list[Article], tagger: Tagger) -> None:
    tasks = suggest(articles, 12, tagger=tagger)
    assert len(tasks) == 12
    texts = {article.name: article.text for article in articles}
    for task in tasks:
        about = task.about
        assert texts[about["article"]][about["start"] : about["end"]] == task.text
        assert set(about["scores"]) == {"accuses", "denies", "warns", "neutral"}
        assert about["why"]
        assert task.stances is not None
        for stance in task.stances:
            assert about["scores"][stance.stance] >= tagger.thresholds[stance.stance] - 1e-3
            for spans in stance.spans.values():
                assert all(task.text[s.start : s.end] == s.text for s in spans)
        full = [{"stance": s.stance, **{r: [x.to_dict() for x in f] for r, f in s.spans.items()}}
                for s in task.stances]  # fmt: skip
        read_row({"text": task.text, "stances": full})
    assert len({task.about["id"] for task in tasks}) == 12
    assert suggest(articles, 12, tagger=tagger) == tasks  # no chance in it


def test_uncertain_ones_first_and_some_that_seem_neutral(tagger: Tagger) -> None:
    articles = seed_articles(200)
    tasks = suggest(articles, 20, tagger=tagger)

    def distance(task: Task) -> float:
        scores = task.about["scores"]
        return min(abs(scores[s] - t) for s, t in tagger.thresholds.items())

    uncertain = [task for task in tasks if task.about["why"].startswith("uncertain")]
    blind = [task for task in tasks if task.about["why"].startswith("neutral")]
    assert (len(uncertain), len(blind)) == (16, 4)
    assert any(task in blind for task in tasks[:5])  # who stops early has some of each
    assert all(task.stances == () for task in blind)
    every = suggest(articles, 200, tagger=tagger)
    mean = sum(map(distance, uncertain)) / len(uncertain)
    assert mean < 0.5 * sum(map(distance, every)) / len(every)


def test_spread_over_stances_articles_and_sources(tagger: Tagger) -> None:
    tasks = suggest(seed_articles(200), 30, tagger=tagger)
    near = Counter(
        task.about["why"].split()[1] for task in tasks if "uncertain" in task.about["why"]
    )
    assert set(near) == {"accuses", "denies", "warns"}
    assert max(Counter(task.about["article"] for task in tasks).values()) <= 4
    assert len({task.about["article"] for task in tasks}) >= 12


def test_nothing_twice_nothing_known_nothing_alike(tagger: Tagger) -> None:
    fresh = "Calveran pilots could yet accuse the harbour board of {} the buoys off the cape."
    seed = next(one.text for one in seeds.load() if 10 < len(one.text.split()) < 30)
    texts = [
        seed,
        fresh.format("moving"),
        fresh.format("moving").upper(),  # only the case differs
        fresh.format("selling"),  # nearly the same
        "The ferry to Sankt Ivo denied nothing and left an hour late on Tuesday.",
        "Too short.",
        "and the word was with them " * 30,
        "Die Regierung hat den Vorwurf am Montag zurückgewiesen und der Sprecher sagte nichts "
        "weiter dazu, auch nicht auf Nachfrage der Reporter im Hafen von Kestrel Bay.",
    ]
    left_out: Counter[str] = Counter()
    known = ["The ferry to Sankt Ivo denied nothing and left an hour late on Tuesday!"]
    tasks = suggest(texts, 10, tagger=tagger, known=known, split=False, left_out=left_out)
    assert len(tasks) == 1
    assert "buoys" in tasks[0].text
    assert left_out == {
        "labelled already": 2, "come twice": 1, "too short": 1, "too long": 1, "not English": 1,
    }  # fmt: skip


def test_fewer_sentences_than_asked_for(tagger: Tagger) -> None:
    assert suggest([], 5, tagger=tagger) == []
    assert suggest(["", "— — — — — — — —"], 5, tagger=tagger, split=False) == []
    with pytest.raises(ValueError, match="0 sentences"):
        suggest([], 0, tagger=tagger)


def test_needs_no_torch(examples: Path) -> None:
    import subprocess
    import sys

    code = (
        "import sys; sys.modules['torch'] = sys.modules['transformers'] = None\n"
        "from stancewire.training.suggest import suggest\n"
        "from stancewire.training import exchange, merge\n"
        f"print(len(suggest([open({str(examples / 'strait.txt')!r}).read()], 3)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert json.loads(done.stdout) == 3
