"""The network: one encoder, one pass a sentence, stances and spans read off it.

Shapes: B sentences, T word pieces, H hidden width, 3 stances, 8 (stance, role) channels,
3 tags (out, begin, inside).
"""

from __future__ import annotations

import torch
from stancewire.decode import INSIDE, OUT
from stancewire.types import CHANNELS, STANCES
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel

IGNORED = -100


class StanceNetwork(nn.Module):
    """Independent stance logits (B, 3) and BIO span logits (B, T, 8, 3).

    Each stance looks over the sentence with an attention of its own and takes what it
    finds, its cue, as the sentence's summary. The span channels of a stance see every
    piece together with that cue: the same noun phrase is the target of one stance and
    the source of another.
    """

    def __init__(
        self,
        encoder: PreTrainedModel,
        width: int = 192,
        dropout: float = 0.1,
        noise: float = 0.0,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.noise = noise  # on the word vectors, in training
        hidden: int = encoder.config.hidden_size
        self.dropout = nn.Dropout(dropout)
        self.look = nn.Linear(hidden, len(STANCES))
        self.stance = nn.Parameter(torch.empty(len(STANCES), 2 * hidden).normal_(std=0.02))
        self.stance_bias = nn.Parameter(torch.full((len(STANCES),), -1.0))
        self.piece = nn.Linear(hidden, width)
        self.cue = nn.Linear(hidden, width, bias=False)
        self.shown = nn.Parameter(torch.zeros(hidden))
        # how likely each tag follows each other, a channel: (8, from, to)
        self.transitions = nn.Parameter(torch.zeros(len(CHANNELS), 3, 3))
        self.roles = nn.ModuleList(
            nn.Linear(width, 3 * sum(name == stance for name, _ in CHANNELS)) for stance in STANCES
        )

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, shown: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Logits for piece ids and mask, both integer tensors of shape (B, T).

        `shown` is (B,), 1 for a sentence written to show stances.
        """
        words = self.encoder.get_input_embeddings()(input_ids)
        if self.training and self.noise:
            there = attention_mask.sum(1).clamp(min=1).to(words.dtype)
            reach = self.noise / (there * words.shape[-1]).sqrt()
            words = words + torch.empty_like(words).uniform_(-1, 1) * reach[:, None, None]
        if shown is not None:
            words = words + shown[:, None, None] * self.shown
        hidden = self.encoder(inputs_embeds=words, attention_mask=attention_mask)[0]
        return self.heads(self.dropout(hidden), attention_mask)

    def heads(self, hidden: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor]:
        """Logits for piece vectors (B, T, H)."""
        away = (1.0 - attention_mask.to(hidden.dtype)).unsqueeze(-1) * -1e4
        looked = torch.softmax(self.look(hidden) + away, dim=1)  # (B, T, 3)
        cues = looked.transpose(1, 2) @ hidden  # (B, 3, H)
        whole = hidden[:, :1].expand(-1, len(STANCES), -1)  # the first piece sums up
        stance_logits = (torch.cat([cues, whole], -1) * self.stance).sum(-1) + self.stance_bias
        pieces, cue = self.piece(hidden), self.cue(cues)
        channels = [
            role(functional.gelu(pieces + cue[:, i : i + 1])).unflatten(-1, (-1, 3))
            for i, role in enumerate(self.roles)
        ]
        return stance_logits, torch.cat(channels, dim=2)


def loss(
    stance_logits: Tensor,
    span_logits: Tensor,
    transitions: Tensor,
    stance_labels: Tensor,
    span_labels: Tensor,
    first: Tensor,
    absent_weight: float = 0.1,
    smoothing: float = 0.0,
    focal: float = 0.0,
    labelled: Tensor | None = None,
) -> Tensor:
    """Stance loss plus span loss, one number.

    `stance_labels` is (B, 3) of 0 and 1; `first` (B, W) holds each word's first piece,
    -1 behind the last; `span_labels` is (B, W, 8) of tags, or IGNORED throughout a
    channel for a role that nobody annotated. The span channels of a stance that the
    sentence does not carry are only read where the sentence head is mistaken, so their
    words count for `absent_weight` of a word of one that it carries. `labelled` (B,) is 0
    for a sentence without labels, which counts for nothing.
    """
    wanted = stance_labels * (1 - smoothing) + smoothing / 2
    pairs = functional.binary_cross_entropy_with_logits(stance_logits, wanted, reduction="none")
    if focal:
        missing = (torch.sigmoid(stance_logits) - stance_labels).abs()
        pairs = pairs * missing**focal
    if labelled is None:
        labelled = torch.ones_like(pairs[:, 0])
    of_stance = (pairs.mean(1) * labelled).sum() / labelled.sum().clamp(min=1.0)
    channel_of = torch.tensor([STANCES.index(s) for s, _ in CHANNELS], device=first.device)
    held = stance_labels[:, channel_of]  # (B, 8)
    words = (first >= 0).sum(1, keepdim=True)  # (B, 1)
    annotated = (span_labels[:, 0] != IGNORED) & (words > 0)
    weight = (held + absent_weight * (1 - held)) * annotated
    each = chain_loss(span_logits, transitions, span_labels.clamp(min=0), first)
    return of_stance + (each * weight).sum() / (words * weight).sum().clamp(min=1.0)


def disagreement(stance_logits: Tensor, span_logits: Tensor, attention_mask: Tensor) -> Tensor:
    """How far the two halves of a batch, the same sentences twice, lie apart: one number.

    The symmetric Kullback-Leibler divergence of R-Drop (Liang et al. 2021), over stances and
    over the pieces' tags.
    """
    both = torch.stack([stance_logits, -stance_logits], -1) / 2  # a stance or none
    stances = _symmetric(both).mean()
    there = attention_mask[: len(attention_mask) // 2].to(span_logits.dtype)
    tags = _symmetric(span_logits).mean(-1)  # (B, T)
    return stances + (tags * there).sum() / there.sum()


def _symmetric(logits: Tensor) -> Tensor:
    one, other = functional.log_softmax(logits, -1).chunk(2)
    return ((one.exp() - other.exp()) * (one - other)).sum(-1) / 2


def legal(transitions: Tensor) -> Tensor:
    """Transitions (8, 3, 3) without the step from "out" to "inside"."""
    barred = torch.zeros_like(transitions)
    barred[:, OUT, INSIDE] = -1e4
    return transitions + barred


def of_words(logits: Tensor, first: Tensor) -> Tensor:
    """Span logits (B, W, 8, 3) of words from those (B, T, 8, 3) of pieces, by first pieces.

    `first` is (B, W); what stands behind the last word, at -1, is anything.
    """
    index = first.clamp(min=0)[:, :, None, None].expand(-1, -1, *logits.shape[2:])
    return logits.gather(1, index)


def chain_loss(logits: Tensor, transitions: Tensor, tags: Tensor, first: Tensor) -> Tensor:
    """Negative log-likelihood (B, 8) of the tags by a linear-chain CRF for each channel.

    `logits` is (B, T, 8, 3) over pieces, `tags` (B, W, 8) and `first` (B, W) over words.
    Lafferty, McCallum and Pereira 2001, "Conditional random fields".
    """
    words = of_words(logits, first)  # (B, W, 8, 3)
    step = legal(transitions)  # (8, from, to)
    there = first >= 0  # (B, W)
    begun = words[:, 0].clone()
    begun[..., INSIDE] = begun[..., INSIDE] - 1e4  # no span begins inside
    total = begun
    for i in range(1, words.shape[1]):
        onward = torch.logsumexp(total.unsqueeze(-1) + step, dim=2) + words[:, i]
        total = torch.where(there[:, i, None, None], onward, total)
    of_tags = words.gather(3, tags.unsqueeze(-1)).squeeze(-1)  # (B, W, 8)
    channels = torch.arange(len(CHANNELS), device=tags.device)
    of_steps = step[channels, tags[:, :-1], tags[:, 1:]]  # (B, W - 1, 8)
    taken = (of_tags * there.unsqueeze(-1)).sum(1)
    taken = taken + (of_steps * there[:, 1:].unsqueeze(-1)).sum(1)
    return torch.logsumexp(total, dim=-1) - taken
