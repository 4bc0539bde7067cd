"""The network: one encoder, one pass a sentence, stances and spans read off it.

Shapes: B sentences, T word pieces, H hidden width, 3 stances, 8 (stance, role) channels,
3 tags (out, begin, inside).
"""

from __future__ import annotations

import torch
from stancewire.types import CHANNELS, STANCES
from torch import Tensor, nn
from torch.nn import functional

IGNORED = -100


class StanceNetwork(nn.Module):
    """Independent stance logits (B, 3) and BIO span logits (B, T, 8, 3).

    Each stance looks over the sentence with an attention of its own and takes what it
    finds, its cue, as the sentence's summary. The span channels of a stance see every
    piece together with that cue: the same noun phrase is the target of one stance and
    the source of another.
    """

    def __init__(self, encoder: nn.Module, width: int = 192, dropout: float = 0.1) -> None:
        super().__init__()
        self.encoder = encoder
        hidden: int = encoder.config.hidden_size
        self.dropout = nn.Dropout(dropout)
        self.look = nn.Linear(hidden, len(STANCES))
        self.stance = nn.Parameter(torch.empty(len(STANCES), 2 * hidden).normal_(std=0.02))
        self.stance_bias = nn.Parameter(torch.full((len(STANCES),), -1.0))
        self.piece = nn.Linear(hidden, width)
        self.cue = nn.Linear(hidden, width, bias=False)
        self.roles = nn.ModuleList(
            nn.Linear(width, 3 * sum(name == stance for name, _ in CHANNELS)) for stance in STANCES
        )

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor]:
        """Logits for piece ids and mask, both integer tensors of shape (B, T)."""
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask)[0]
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


class PlainNetwork(nn.Module):
    """The baseline: first-piece stance head and one linear BIO layer. Same shapes."""

    def __init__(self, encoder: nn.Module, dropout: float = 0.1) -> None:
        super().__init__()
        self.encoder = encoder
        hidden: int = encoder.config.hidden_size
        self.dropout = nn.Dropout(dropout)
        self.stance = nn.Linear(hidden, len(STANCES))
        self.span = nn.Linear(hidden, len(CHANNELS) * 3)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor]:
        """Logits for piece ids and mask, both integer tensors of shape (B, T)."""
        hidden = self.dropout(self.encoder(input_ids=input_ids, attention_mask=attention_mask)[0])
        return self.stance(hidden[:, 0]), self.span(hidden).unflatten(-1, (len(CHANNELS), 3))


def loss(
    stance_logits: Tensor,
    span_logits: Tensor,
    stance_labels: Tensor,
    span_labels: Tensor,
    absent_weight: float = 0.1,
) -> Tensor:
    """Stance loss plus span loss, one number.

    `stance_labels` is (B, 3) of 0 and 1; `span_labels` is (B, T, 8) of tags, or IGNORED
    for later pieces of a word and for roles that nobody annotated. The span channels of
    a stance that the sentence does not carry are only read where the sentence head is
    mistaken, so their words count for `absent_weight` of a word of one that it carries.
    """
    of_stance = functional.binary_cross_entropy_with_logits(stance_logits, stance_labels)
    each = functional.cross_entropy(
        span_logits.flatten(0, 2), span_labels.flatten(), ignore_index=IGNORED, reduction="none"
    ).view(span_labels.shape)
    channel_of = torch.tensor([STANCES.index(s) for s, _ in CHANNELS], device=each.device)
    held = stance_labels[:, channel_of].unsqueeze(1)  # (B, 1, 8)
    weight = (held + absent_weight * (1 - held)) * (span_labels != IGNORED)
    return of_stance + (each * weight).sum() / weight.sum().clamp(min=1.0)
