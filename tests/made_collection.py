"""Collections of articles made up of seed sentences, as `stancewire tag` would write them.

No model runs: the stances are those of the labels. Some articles are hostile.
"""

import json
import random
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from stancewire.types import ROLES

HOSTILE = (
    "<script>window.pwned = 1</script>",
    "</script><script>window.pwned = 1</script>",
    "<!-- <script> --><img src=x onerror=window.pwned=1>",
    "<!--<script>",
    "<svg onload=window.pwned=1>",
    '" onmouseover="window.pwned=1" x="',
    "' autofocus onfocus='window.pwned=1",
    "<iframe srcdoc='<script>parent.pwned=1</script>'></iframe>",
    "<style>body{display:none}</style><base href='//evil.example'>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "{{data}} {{script-hash}} \\u003c ${window.pwned=1}",
    "]]> &lt;b&gt; &amp; \u2028 \u2029 \ufeff",
    "\u202eright to left\u202c وزير الخارجية 👩🏽‍🚀🇺🇳",
)


def seeds() -> list[dict[str, Any]]:
    """Every seed sentence, without its offsets' file."""
    from stancewire.seeds import files

    return [
        json.loads(line)
        for path in files()
        for line in path.read_text(encoding="utf-8").splitlines()
    ]


def collection(
    articles: int,
    sentences: int = 20,
    share: float = 0.1,
    dated: bool = True,
    hostile: bool = False,
) -> Iterator[dict[str, Any]]:
    """Records of so many articles of so many sentences, a share of them with stances.

    With `hostile`, every seventh article carries markup in its name, title and text, and
    one a name of 3,000 letters and a sentence of 10,000.
    """
    rng = random.Random(0)
    every = seeds()
    loud = [seed for seed in every if seed["stances"]]
    quiet = [seed for seed in every if not seed["stances"]]
    for number in range(articles):
        bad = HOSTILE[number // 7 % len(HOSTILE)] if hostile and number % 7 == 0 else ""
        about: dict[str, Any] = {"article": f"wire/{number:05}.txt{bad}"}
        about["title"] = f"Dispatch {number} {bad}".strip()
        if dated and number % 10:
            about["date"] = str(date(2023, 1, 1) + timedelta(days=rng.randrange(700)))
        if number % 50 == 49:
            about["english"] = False
        place = 0
        for i in range(sentences):
            with_stance = rng.random() < share or (bad and i == 0)
            seed = rng.choice(loud if with_stance else quiet)
            name = bad
            if hostile and number == 7 and i == 0:
                name = "Very" * 750 + "Long"
            text, stances = (
                _with_name(seed, name) if name and i == 0 else (seed["text"], seed["stances"])
            )
            if hostile and number == 14 and i == 0:
                text += " and so on" * 1000
            yield {
                **about, "sentence": i, "start": place, "end": place + len(text), "text": text,
                "label": stances[0]["stance"] if stances else "neutral", "score": 0.9,
                "scores": {}, "stances": [_moved(stance, place, rng) for stance in stances],
            }  # fmt: skip
            place += len(text) + 1


def _with_name(seed: dict[str, Any], name: str) -> tuple[str, list[dict[str, Any]]]:
    """A sentence in which `name` is source and target of a stance."""
    middle = " accused the Ministry of Tides and "
    end = len(name) + len(middle)
    source = [{"text": name, "start": 0, "end": len(name)}]
    target = [{"text": name, "start": end, "end": end + len(name)}]
    return name + middle + name + " of lying.", [
        {"stance": "accuses", "source": source, "target": target, "claim": []}
    ]


def _moved(stance: dict[str, Any], by: int, rng: random.Random) -> dict[str, Any]:
    spans = {
        role: [
            {**span, "start": span["start"] + by, "end": span["end"] + by}
            for span in stance.get(role, ())
        ]
        for role in ROLES
    }
    return {"stance": stance["stance"], "score": round(rng.uniform(0.5, 1), 4), **spans}


def write(path: Path, records: Iterator[dict[str, Any]]) -> Path:
    """The records as a file."""
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path
