"""transformers' Trainer with our loss, evaluated through inference's own code."""

from __future__ import annotations

import shutil
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from stancewire.labels import LabelledSentence
from stancewire.pieces import PieceReader
from stancewire.types import ROLES, TaggedSentence
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel
from transformers import (
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
    get_scheduler,
)
from transformers.trainer_pt_utils import LengthGroupedSampler

from .data import Redressed, collate, to_dataset
from .judge import ALL, UNDECIDED, at_thresholds, measure, tag_in_float
from .network import StanceNetwork, disagreement, loss
from .recipe import Recipe
from .teach import Lesson, lesson_loss

# Steps between two checkpoints: some minutes on two cores.
_CHECKPOINT = 200
_BEST = "best.safetensors"


class ByLength(LengthGroupedSampler):
    """Sentences of like length together, in an order that each epoch has by itself.

    The trainer's own order is drawn as an epoch begins, from whatever was drawn before: a run
    that goes on amid an epoch would pass over other sentences than it had read.
    """

    def __init__(self, batch_size: int, lengths: Sequence[int], seed: int) -> None:
        super().__init__(batch_size, lengths=list(lengths))
        self.seed, self.epoch = seed, 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        self.generator = torch.Generator().manual_seed(self.seed + 1_000 * self.epoch)
        yield from super().__iter__()  # type: ignore[no-untyped-call]


class StanceTrainer(Trainer):
    """Trains a network on `learn` and measures it on `judge`, if any, after each epoch."""

    def __init__(
        self,
        network: StanceNetwork,
        reader: PieceReader,
        learn: Sequence[LabelledSentence],
        judge: Sequence[LabelledSentence],
        recipe: Recipe,
        run: Path,
        lessons: Mapping[str, Lesson] | None = None,
    ) -> None:
        self.reader, self.judge, self.recipe = reader, judge, recipe
        self._told: tuple[object, int, list[TaggedSentence]] | None = None  # see `tagged`
        words = network.encoder.get_input_embeddings()
        words.requires_grad_(recipe.train_words)
        super().__init__(
            model=network,
            args=_arguments(run, recipe, bool(judge)),
            train_dataset=(
                Redressed(learn, reader, recipe)
                if recipe.swap_parties or recipe.drop_punctuation
                else to_dataset(learn, reader, lessons)
            ),
            eval_dataset=to_dataset(judge, reader) if judge else None,
            data_collator=collate,
            optimizers=_optimizer(network, recipe, len(learn)),
            callbacks=_callbacks(network, recipe, run, bool(judge)),
        )

    def _get_train_sampler(self, *_: Any) -> ByLength:
        data: Any = self.train_dataset
        lengths = data["length"] if isinstance(data, Dataset) else [row["length"] for row in data]
        return ByLength(self.args.train_batch_size, lengths, self.recipe.seed)

    def compute_loss(
        self, model: nn.Module, inputs: dict[str, Tensor], *_: Any, **__: Any
    ) -> Tensor:
        if self.recipe.r_drop:
            inputs = {name: torch.cat([value, value]) for name, value in inputs.items()}
        shown = inputs["shown"] if self.recipe.shown_shift else None
        stance_logits, span_logits = model(inputs["input_ids"], inputs["attention_mask"], shown)
        total = loss(
            stance_logits,
            span_logits,
            self.accelerator.unwrap_model(model).transitions,
            inputs["stance_labels"],
            inputs["span_labels"],
            inputs["first"],
            self.recipe.absent_weight,
            self.recipe.smoothing,
            self.recipe.focal,
            inputs["labelled"],
        )
        if "taught_stances" in inputs:
            told = lesson_loss(
                stance_logits, span_logits, inputs["first"], inputs["taught_stances"],
                inputs["taught_spans"], self.recipe.absent_weight,
            )  # fmt: skip
            total = (1 - self.recipe.distil) * total + self.recipe.distil * told
        if self.recipe.r_drop:
            apart = disagreement(stance_logits, span_logits, inputs["attention_mask"])
            total = total + self.recipe.r_drop * apart
        return total

    def last_checkpoint(self) -> str | None:
        """The newest checkpoint of this run that was written to its end, if any."""
        folders = Path(str(self.args.output_dir)).glob("checkpoint-*")
        # the state is what transformers writes last
        whole = [folder for folder in folders if (folder / "trainer_state.json").is_file()]
        newest = max(whole, key=lambda folder: int(folder.name.rpartition("-")[2]), default=None)
        return str(newest) if newest else None

    def forget(self) -> None:
        """Removes the checkpoints, which only a killed run needs."""
        run = Path(str(self.args.output_dir))
        for folder in run.glob("checkpoint-*"):
            shutil.rmtree(folder)
        (run / _BEST).unlink(missing_ok=True)

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        figures = measure(self.judge, at_thresholds(self.tagged(), UNDECIDED))
        figures = {f"eval_{name}": value for name, value in figures.items()}
        spans = [figures[f"eval_{role}_exact_f1"] for role in ROLES]
        figures["eval_quality"] = (figures["eval_macro_f1"] + sum(spans) / len(spans)) / 2
        self.log(figures)
        self.control = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, figures
        )
        return figures

    def tagged(self) -> list[TaggedSentence]:
        """The sentences to judge by with all stances, as the network tags them now.

        It takes a while, so that weights which have not changed since are not asked again.
        """
        assert isinstance(self.model, nn.Module)
        weights = _digest(self.model)
        if self._told is None or self._told[0] is not self.judge or self._told[1] != weights:
            found = tag_in_float(self.model, self.reader, ALL, self.judge)
            self._told = self.judge, weights, found
        return self._told[2]


def _digest(network: nn.Module) -> int:
    """What other weights would hardly have in common with these."""
    digest = 0
    for weight in network.state_dict().values():
        digest = zlib.crc32(weight.cpu().contiguous().view(-1).view(torch.uint8).numpy(), digest)
    return digest


def _callbacks(
    network: StanceNetwork, recipe: Recipe, run: Path, measured: bool
) -> list[TrainerCallback]:
    chosen: list[TrainerCallback] = []
    if recipe.average:
        chosen.append(_Average(network, recipe.average))
    if recipe.patience and measured:
        chosen.append(_Best(network, recipe.patience, run / _BEST))
    return chosen


class _Best(TrainerCallback):
    """Keeps the weights of the best epoch, and stops when no epoch was better for a while.

    They lie in a file with how good they are, so that a run that was killed knows them.
    """

    def __init__(self, network: nn.Module, patience: int, path: Path) -> None:
        self.network, self.patience, self.path = network, patience, path

    def on_evaluate(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        quality, best, waited = kwargs["metrics"]["eval_quality"], -1.0, 0.0
        if self.path.is_file():
            with safe_open(self.path, "pt") as file:
                told = file.metadata()
            best, waited = float(told["quality"]), state.epoch - float(told["epoch"])
        if quality > best:
            weights = {n: w.cpu().contiguous() for n, w in self.network.state_dict().items()}
            told = {"quality": str(quality), "epoch": str(state.epoch)}
            partial = self.path.with_suffix(".partial")
            save_file(weights, partial, told)
            partial.replace(self.path)
        elif waited >= self.patience:
            control.should_training_stop = True

    def on_train_end(self, *_: Any, **__: Any) -> None:
        if self.path.is_file():
            self.network.load_state_dict(load_file(self.path))


class _Average(TrainerCallback):
    """Puts the mean of the last steps' weights in their place when training ends.

    Izmailov et al. 2018, "Averaging weights leads to wider optima".
    """

    def __init__(self, network: nn.Module, share: float) -> None:
        self.network, self.share = network, share
        self.mean: AveragedModel | None = None

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        if state.global_step > (1 - self.share) * state.max_steps and state.global_step % 5 == 0:
            self.mean = self.mean or AveragedModel(self.network)
            self.mean.update_parameters(self.network)

    def on_train_end(self, *_: Any, **__: Any) -> None:
        if self.mean is not None:
            self.network.load_state_dict(self.mean.module.state_dict())


def _arguments(run: Path, recipe: Recipe, measured: bool) -> TrainingArguments:
    return TrainingArguments(
        output_dir=str(run),
        num_train_epochs=recipe.epochs,
        per_device_train_batch_size=recipe.batch_size,
        max_grad_norm=1.0,
        seed=recipe.seed,
        data_seed=recipe.seed,
        eval_strategy="epoch" if measured else "no",
        # for a run that is killed; a measured run only, for an experiment has no judge
        save_strategy="steps" if measured else "no",
        save_steps=_CHECKPOINT,
        save_total_limit=2,
        logging_steps=50,
        report_to=[],
        remove_unused_columns=False,
        dataloader_pin_memory=torch.cuda.is_available(),
    )


def _optimizer(network: StanceNetwork, recipe: Recipe, sentences: int) -> tuple[Any, Any]:
    """AdamW with a rate for each layer, and a linear schedule with warm-up."""
    optimizer = torch.optim.AdamW(list(_groups(network, recipe)), fused=True)
    steps = max(1, round(recipe.epochs * -(-sentences // recipe.batch_size)))
    schedule = get_scheduler("linear", optimizer, round(recipe.warmup * steps), steps)
    return optimizer, schedule


def _groups(network: StanceNetwork, recipe: Recipe) -> Iterator[dict[str, Any]]:
    layers: int = network.encoder.config.num_hidden_layers
    for name, parameter in network.named_parameters():
        if not parameter.requires_grad:
            continue
        rate = recipe.head_learning_rate
        if name.startswith("encoder."):
            numbers = [int(part) for part in name.split(".") if part.isdigit()]
            depth = numbers[0] + 1 if numbers else 0  # 0: embeddings
            rate = recipe.learning_rate * recipe.layer_decay ** (layers - depth)
        decay = recipe.weight_decay if parameter.ndim > 1 else 0.0
        yield {"params": [parameter], "lr": rate, "weight_decay": decay}
