"""Everything that decides what a training run gives, data aside."""

from __future__ import annotations

from dataclasses import dataclass

from .base import DEFAULT


@dataclass(frozen=True)
class Recipe:
    """The settings of a run; the defaults are the shipped model's."""

    base: str = DEFAULT
    seed: int = 0
    epochs: float = 5.0
    batch_size: int = 16
    learning_rate: float = 1.5e-4
    head_learning_rate: float = 1e-3
    layer_decay: float = 0.9  # each layer down learns this much slower (Howard & Ruder 2018)
    warmup: float = 0.1
    weight_decay: float = 0.01
    dropout: float = 0.1
    absent_weight: float = 0.1  # see `network.loss`
    data_weight: int = 2  # how often a sentence handed in is read for each time of a seed
    rehearse: int = 0  # so many of the seeds are learned, the same ones every time; 0 is all
    judge_new: bool = True  # whether new sentences held out decide thresholds, see `parts.split`
    patience: int = 0  # epochs without gain before it stops; then the best epoch's weights count
    max_pieces: int = 256
    layers: int = 0  # so many of the encoder's layers stay, evenly chosen; 0 is all
    neurons: int = 0  # so many neurons of each feed-forward part stay, see `smaller`; 0 is all
    distil: float = 0.5  # with a teacher: the part of the loss that its answers have
    unlabelled: int = 10_000  # at most so many sentences nobody labelled
    train_words: bool = False  # whether the encoder's word vectors learn, too
    shown_shift: bool = False  # see `network.StanceNetwork`
    # What follows was tried and is off unless training/EXPERIMENTS.md says that it pays.
    swap_parties: float = 0.0  # how often a sentence is read under other names, see `augment`
    drop_punctuation: float = 0.0  # how often in lower case without marks, see `augment`
    smoothing: float = 0.0  # of the stance labels (Szegedy et al. 2016)
    focal: float = 0.0  # gamma of the stance loss (Lin et al. 2017); 0 is cross entropy
    r_drop: float = 0.0  # weight of two dropouts' disagreement (Liang et al. 2021, "R-Drop")
    noise: float = 0.0  # uniform noise on word vectors, alpha (Jain et al. 2023, "NEFTune")
    average: float = 0.0  # the share of the last steps whose weights are averaged (Izmailov 2018)


# What `stancewire train --recipe` takes: a whole training, or a few new sentences on top of a
# model that is there, with enough of the seeds again that it does not forget them.
RECIPES = {
    "default": Recipe(),
    "update": Recipe(
        epochs=4,
        learning_rate=5e-5,
        head_learning_rate=2e-4,
        data_weight=3,
        rehearse=1200,
        patience=2,
        judge_new=False,
    ),
}
