"""Fine-tuning: labelled sentences in, a run folder with an int8 model out."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

# Both are read as the libraries start; the second lets CUDA compute deterministically.
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")

import torch
from google.protobuf.message import DecodeError
from safetensors import SafetensorError
from safetensors.torch import load_file
from stancewire import seeds
from stancewire.labels import LabelledSentence
from stancewire.pieces import PieceReader
from stancewire.scoring import intervals
from stancewire.tagger import Tagger
from stancewire.types import TaggedSentence
from tokenizers import Tokenizer
from transformers import PreTrainedModel, PreTrainedTokenizerBase, set_seed

from . import base as bases
from . import card, hub, report
from .calibrate import calibrate, calibration_error, recalibrated, reliability
from .compare import Comparison, compare, overall
from .export import agreement, examples_of, export
from .judge import at_thresholds, measure, tag_whole, thresholds_for_news
from .network import StanceNetwork
from .parts import Parts, TrainingError, split
from .recipe import Recipe
from .restore import restore
from .smaller import keep_layers, keep_neurons, shrink_to
from .teach import Lesson, lessons
from .teach import unlabelled as more_sentences
from .trainer import StanceTrainer


@dataclass(frozen=True)
class Outcome:
    """What a run left: its folder, the model folder in it, and the figures.

    `against` is the old model, where one was given; `comparisons` holds then one for the new
    sentences held out ("new") and one for the seeds' test split ("seeds"); `verdict` is over
    both. `tagged` is what the new model makes of the sentences that it was judged by, `tested`
    what it makes of the seeds' test split, if that is not learned from.
    """

    run: Path
    model: Path
    figures: dict[str, Any] = field(default_factory=dict)
    against: Path | None = None
    comparisons: dict[str, Comparison] = field(default_factory=dict)
    tagged: list[TaggedSentence] = field(default_factory=list, repr=False)
    tested: list[TaggedSentence] = field(default_factory=list, repr=False)

    @property
    def verdict(self) -> str:
        """ "better", "worse" or "cannot tell"."""
        return overall(self.comparisons)


def train(
    data: Sequence[str | Path] = (),
    *,
    out: str | Path,
    recipe: Recipe = Recipe(),  # noqa: B008 - frozen
    weights: Mapping[str, int] | None = None,
    with_seeds: bool = True,
    start: str | Path | None = None,
    against: str | Path | None = None,
    unlabelled: Sequence[str | Path] = (),
    teacher: str | Path | None = None,
    overrule: bool = False,
    resume: bool = False,
    said: Callable[[str], object] = lambda _: None,
) -> Outcome:
    """Trains on the seeds' training split and on `data`, and exports the result.

    `stancewire.training.parts.split` says what is learned and what is held out, and what
    `weights` and `overrule` do. `out` becomes the run folder: `model/` (ready for
    `Tagger.load`), `network/` (the float weights, see `stancewire.training.hub`),
    `figures.json` with the trainer's log, and `report.html` to look at. `start` is what to go
    on from: a model folder, such as the shipped one, or a run's `network/` or the like, which
    may also be a name on the Hugging Face hub. `against` is a model folder to compare the new
    one with. `unlabelled` are articles that nobody labelled and `teacher` a model folder: the
    new model also learns what the teacher says of all sentences (`recipe.distil`). With
    `resume`, a run in `out` that was killed goes on from its last checkpoint.
    `said` is called with each remark on the data before anything is learned.

    Raises LabelError for bad data, BaseError for a bad base, and TrainingError where there
    is nothing to learn, `out` is in use, or the run in it was begun with other settings.
    """
    run = Path(out)
    _free(run, resume)
    old = Tagger.load(against) if against is not None else None
    if unlabelled and teacher is None:
        raise TrainingError("sentences without labels need a teacher that says what they are")
    if teacher is not None:
        check_teaching(recipe)
    if start is not None:
        if Path(start).name == hub.WEIGHTS and hub.is_model(Path(start).parent):
            start = Path(start).parent
        if not Path(start).exists() and not hub.is_model(start):
            raise TrainingError(f"{start}: no such model folder or kept version to start from")
        recipe = _with_base_of(start, recipe, said)
    if start is None or not hub.is_model(start):
        bases.tokenizer(bases.resolve(recipe.base))  # a name mistyped leaves no run folder behind
    parts = split(
        data, with_seeds=with_seeds, weights=weights, weight=recipe.data_weight,
        rehearse=recipe.rehearse or None, overrule=overrule, judge_new=recipe.judge_new,
    )  # fmt: skip
    for remark in parts.remarks:
        said(remark)
    learn = parts.learn
    if unlabelled:
        apart = {s.text for s in (*learn, *parts.judge, *parts.test, *parts.new)}
        more, remarks = more_sentences(unlabelled, recipe.unlabelled, apart)
        for remark in (*remarks, f"{len(more)} sentences that nobody labelled are learned from"):
            said(remark)
        if not more:
            raise TrainingError("the articles without labels hold no English sentence that is new")
        learn = [*learn, *more]
    settings = {
        "recipe": asdict(recipe),
        "learned": _in_order(learn),
        "judged": _in_order(parts.judge),
        "start": str(start) if start else None,
        "teacher": str(teacher) if teacher else None,
    }
    _begin(run, settings)
    told = lessons(Tagger.load(teacher), [s.text for s in learn]) if teacher else None
    fitted = fit(learn, parts.judge, recipe, run, Path(start) if start else None, told)
    files = [*(["seeds"] if with_seeds else []), *(Path(path).name for path in data)]
    went_on = "/".join(Path(start).parts[-2:]) if start else ""
    told_of = [f"It went on from the weights of {went_on}."] if start else []
    told_of += [] if teacher is None else [
        f"A teacher ({Path(teacher).name}) told what it makes of all sentences, and of "
        f"{len(learn) - len(parts.learn)} more that nobody labelled; its answers are "
        f"{recipe.distil:.0%} of the loss."
    ]  # fmt: skip
    outcome = finish(fitted, parts, recipe, run, files, told_of)
    if old is not None:
        outcome = replace(outcome, against=Path(str(against)))
        new = Tagger.load(outcome.model)
        test = parts.test or seeds.load("test")
        if parts.new:
            outcome.comparisons["new"] = compare(parts.new, old, new)
        outcome.comparisons["seeds"] = compare(test, old, new, outcome.tested)
        outcome.figures["comparisons"] = {
            name: one.to_dict() for name, one in outcome.comparisons.items()
        }
    report.write(
        run / "report.html", run.name, parts.judge, outcome.tagged, outcome.figures,
        _about(recipe, parts.learn, parts.judge, files), outcome.comparisons,
    )  # fmt: skip
    _write_json(run / "figures.json", outcome.figures)  # last: a run that has them is finished
    fitted.trainer.forget()
    return outcome


def check_teaching(recipe: Recipe) -> None:
    """Raises TrainingError where a teacher cannot go with the recipe."""
    if recipe.swap_parties or recipe.drop_punctuation:
        raise TrainingError("a teacher has not read the sentences that swap_parties and "
                            "drop_punctuation make; leave one of the two out")  # fmt: skip


@dataclass(frozen=True)
class Fitted:
    """A trained network with what it takes to run and to export it."""

    network: StanceNetwork
    tokenizer: PreTrainedTokenizerBase
    max_pieces: int
    trainer: StanceTrainer


def fit(
    learn: Sequence[LabelledSentence],
    judge: Sequence[LabelledSentence],
    recipe: Recipe,
    run: Path,
    start: Path | None = None,
    told: Mapping[str, Lesson] | None = None,
) -> Fitted:
    """Trains a network on `learn`, measured on `judge` after each epoch; it ends on the CPU.

    `start` is what to go on from, see `train`, or a file with a network's weights; `told` what
    a teacher says of each text. Goes on from the last checkpoint in `run`, if there is one.
    """
    fitted = untrained(learn, judge, recipe, run, start, told)
    fitted.trainer.train(resume_from_checkpoint=fitted.trainer.last_checkpoint())
    fitted.network.eval().to("cpu")
    return fitted


def untrained(
    learn: Sequence[LabelledSentence],
    judge: Sequence[LabelledSentence],
    recipe: Recipe,
    run: Path,
    start: Path | None = None,
    told: Mapping[str, Lesson] | None = None,
) -> Fitted:
    """What `fit` trains, as it is before the first step."""
    set_seed(recipe.seed, deterministic=True)
    network, tokenizer = _network(recipe, start)
    max_pieces = _limit(network.encoder, recipe.max_pieces)
    reader = PieceReader(Tokenizer.from_str(tokenizer.backend_tokenizer.to_str()), max_pieces)
    if recipe.average and recipe.patience:
        raise TrainingError("average and patience both decide which weights count; use one")
    try:
        if recipe.layers:
            keep_layers(network.encoder, recipe.layers)
        if recipe.neurons:
            keep_neurons(network.encoder, recipe.neurons, examples_of(learn, reader))
    except ValueError as error:
        raise TrainingError(str(error)) from None
    trainer = StanceTrainer(network, reader, learn, judge, recipe, run, told)
    return Fitted(network, tokenizer, max_pieces, trainer)


def _network(recipe: Recipe, start: Path | None) -> tuple[StanceNetwork, PreTrainedTokenizerBase]:
    """The network that training begins with, and its tokenizer."""
    if start and hub.is_model(start):
        model = hub.StanceModel.from_pretrained(start)
        network: StanceNetwork = model.network.float()
        network.dropout.p, network.noise = recipe.dropout, recipe.noise
        return network, model.tokenizer
    source = bases.resolve(recipe.base)
    tokenizer, encoder = bases.tokenizer(source), bases.encoder(source)
    network = StanceNetwork(encoder, dropout=recipe.dropout, noise=recipe.noise)
    if start and start.is_dir():
        try:
            restore(network, start)
        except (OSError, ValueError, KeyError, DecodeError) as error:
            raise TrainingError(f"cannot start from a model: {error}") from None
    elif start:
        try:
            weights = load_file(start)
            shrink_to(encoder, weights)
            network.load_state_dict(weights)
        except (OSError, ValueError, SafetensorError, RuntimeError) as error:
            raise TrainingError(f"{start}: holds no weights of this network: {error}") from None
    return network, tokenizer


def _with_base_of(start: str | Path, recipe: Recipe, said: Callable[[str], object]) -> Recipe:
    """The recipe with the base that float weights to start from bring along, if they do."""
    if not hub.is_model(start):
        return recipe
    base = hub.base_of(hub.fetch(start)) or str(start)
    if recipe.base not in (bases.DEFAULT, base):
        said(f"{start} brings its own encoder, trained from {base}; {recipe.base} is not used")
    return replace(recipe, base=base)


def finish(
    fitted: Fitted,
    parts: Parts,
    recipe: Recipe,
    run: Path,
    files: Sequence[str],
    told: Sequence[str] = (),
) -> Outcome:
    """Calibrates, quantizes and measures a trained network, and writes its two folders.

    `files` names what the sentences came from and `told` what else there is to say of it, for
    the card.
    """
    network, trainer = fitted.network, fitted.trainer
    learn, judge, test = parts.learn, parts.judge, parts.test
    trainer.judge = judge
    uncalibrated = trainer.tagged()
    moved = calibrate(network, judge, uncalibrated)
    every_stance = recalibrated(uncalibrated, moved)
    thresholds = thresholds_for_news(judge, every_stance)
    in_float = at_thresholds(every_stance, thresholds)

    about = _about(recipe, learn, judge, files) | ({"told": list(told)} if told else {})
    whole = hub.wrap(network, fitted.tokenizer, fitted.max_pieces, thresholds, about)
    whole.save_pretrained(run / "network")
    folder = export(
        network, fitted.tokenizer.backend_tokenizer, run / "model", fitted.max_pieces, thresholds,
        {"about": about}, examples_of(learn, trainer.reader),
    )  # fmt: skip
    tagger = Tagger.load(folder)
    in_int8 = tag_whole(tagger, judge)
    figures: dict[str, Any] = {
        "held_out": measure(judge, in_int8),
        "held_out_intervals": intervals(judge, in_int8),
        "int8_against_float": agreement(judge, in_float, in_int8),
        "calibration": {
            "moved": moved,
            "error_before": calibration_error(reliability(judge, uncalibrated)),
            "error_after": calibration_error(reliability(judge, in_int8)),
        },
        "log": trainer.state.log_history,
        "remarks": parts.remarks,
    }
    tested = tag_whole(tagger, test)
    if test:
        figures["seeds_test"] = measure(test, tested)
        figures["seeds_test_intervals"] = intervals(test, tested)
    card.write(folder, about, figures)
    card.write_for_hub(run / "network", (folder / card.FILE).read_text("utf-8"), recipe.base)
    return Outcome(run, folder, figures, tagged=in_int8, tested=tested)


def _free(run: Path, resume: bool) -> None:
    """Sees that a run folder is new, or holds a run to go on with."""
    begun = (run / "run.json").is_file()
    if resume and not begun:
        raise TrainingError(f"{run}: there is no run to go on with; leave --resume out to begin")
    if not run.exists() or (run.is_dir() and not any(run.iterdir())):
        return
    if not resume:
        raise TrainingError(
            f"{run}: exists already; name another run folder or remove it"
            + (", or go on with it (--resume)" if begun else "")
        )
    if (run / "figures.json").is_file():
        raise TrainingError(f"{run}: is finished; its model is {run / 'model'}")


def _begin(run: Path, settings: Mapping[str, Any]) -> None:
    """Writes down what a run was begun with, or sees that it goes on with the same."""
    path = run / "run.json"
    if path.is_file() and json.loads(path.read_text(encoding="utf-8")) != settings:
        raise TrainingError(
            f"{run}: was begun with other settings or sentences; give the same ones to go on "
            "with it, or name another run folder"
        )
    run.mkdir(parents=True, exist_ok=True)
    _write_json(path, settings)


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    partial.replace(path)


def _limit(encoder: PreTrainedModel, wanted: int) -> int:
    """The pieces a sentence that the encoder can take, at most `wanted`."""
    positions: int | None = getattr(encoder.config, "max_position_embeddings", None)
    # RoBERTa and its kin keep the first two positions for themselves
    return wanted if positions is None else min(wanted, positions - 2)


def _about(
    recipe: Recipe,
    learn: Sequence[LabelledSentence],
    judge: Sequence[LabelledSentence],
    files: Sequence[str],
) -> dict[str, Any]:
    """What the model came from, for its configuration and card."""
    return {
        "recipe": asdict(recipe),
        "data": {
            "files": list(files),
            "sentences_learned": len({sentence.text for sentence in learn}),
            "sentences_held_out": len(judge),
            "fingerprint": fingerprint([*learn, *judge]),
        },
        "made_with": {
            "stancewire": version("stancewire"),
            "torch": torch.__version__,
            "transformers": version("transformers"),
            "onnxruntime": version("onnxruntime"),
            "python": platform.python_version(),
        },
    }


def _in_order(sentences: Sequence[LabelledSentence]) -> str:
    """A sha256 over texts and labels as they come, repetitions too."""
    rows = (json.dumps(s.to_dict()["stances"]) + s.text for s in sentences)
    return hashlib.sha256("\n".join(rows).encode("utf-8", "surrogatepass")).hexdigest()


def fingerprint(sentences: Sequence[LabelledSentence]) -> str:
    """A sha256 over texts and labels, whatever their order."""
    rows = sorted(
        {
            json.dumps([s.text, s.to_dict()["stances"]], sort_keys=True, ensure_ascii=False)
            for s in sentences
        }
    )
    return hashlib.sha256("\n".join(rows).encode("utf-8", "surrogatepass")).hexdigest()
