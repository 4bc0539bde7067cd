"""Sentences as the model reads them: word pieces, and which piece speaks for which word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

from .words import word_spans

# No word piece of a text in any script is longer than this on average; cutting a
# sentence here first keeps a line of many megabytes from being tokenized whole.
_CHARACTERS_A_PIECE = 24

# Typography says nothing about stance: quotes and dashes are read as their plain forms, and
# halves of characters, which no tokenizer takes, as the replacement mark. Each stands for
# one character, so offsets hold.
_PLAIN = str.maketrans(
    dict.fromkeys("“”„«»", '"')
    | dict.fromkeys("‘’‚`´", "'")
    | dict.fromkeys("‐‑‒–—−", "-")
    | dict.fromkeys(map(chr, range(0xD800, 0xE000)), "\ufffd")
)


@dataclass(frozen=True)
class Pieces:
    """One sentence: piece ids, its words' (start, end), and each word's first piece.

    `cut` says that the sentence was longer than the model reads; `words` then ends early.
    """

    ids: list[int]
    words: list[tuple[int, int]]
    first: list[int]
    cut: bool


class PieceReader:
    """A fast tokenizer with a length limit, `max_pieces` including the special pieces."""

    def __init__(self, tokenizer: Tokenizer, max_pieces: int) -> None:
        self.max_pieces = max_pieces
        self._tokenizer = tokenizer
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(max_pieces)

    @classmethod
    def load(cls, folder: str | Path, max_pieces: int) -> PieceReader:
        """Reads `tokenizer.json` out of a model folder."""
        return cls(Tokenizer.from_file(str(Path(folder) / "tokenizer.json")), max_pieces)

    def read(self, texts: Sequence[str]) -> list[Pieces]:
        """The pieces of each sentence."""
        limit = self.max_pieces * _CHARACTERS_A_PIECE
        short = [text if len(text) <= limit else text[:limit] for text in texts]
        encodings = self._tokenizer.encode_batch([text.translate(_PLAIN) for text in short])
        read = []
        for text, kept, encoding in zip(texts, short, encodings, strict=True):
            words, first = _first_pieces(word_spans(kept), encoding.offsets)
            cut = len(kept) < len(text) or bool(encoding.overflowing)
            read.append(Pieces(encoding.ids, words, first, cut))
        return read


def _first_pieces(
    words: list[tuple[int, int]], offsets: list[tuple[int, int]]
) -> tuple[list[tuple[int, int]], list[int]]:
    """Words that have a piece, and the index of the first piece that overlaps each.

    Special pieces have empty offsets. A mark that the tokenizer drops has no piece and
    is left out, as are the words after the cut of a sentence that is too long.
    """
    kept, first = [], []
    piece = 0
    for start, end in words:
        while piece < len(offsets) and (
            offsets[piece][0] == offsets[piece][1] or offsets[piece][1] <= start
        ):
            piece += 1
        if piece == len(offsets):
            break
        if offsets[piece][0] < end:
            kept.append((start, end))
            first.append(piece)
    return kept, first
