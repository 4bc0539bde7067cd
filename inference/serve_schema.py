"""What goes over HTTP: the bodies of requests and answers, as `/openapi.json` describes them."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from .documents import Article

# Half of a character, which JSON can hold and no UTF-8 answer could give back. One mark for
# one, so that offsets hold.
_HALVES = re.compile("[\ud800-\udfff]")
Text = Annotated[
    str, BeforeValidator(lambda v: _HALVES.sub("\ufffd", v) if isinstance(v, str) else v)
]


class ArticleIn(BaseModel):
    """An article, as a row of a file of `stancewire tag`; other fields are passed over."""

    model_config = ConfigDict(strict=True)

    text: Text
    id: Text | int | None = Field(None, description="names it in the answer; else its number")
    title: Text | None = None
    date: Text | None = None


class TagRequest(BaseModel):
    """One of `text`, `texts` and `articles`."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        json_schema_extra={"examples": [{"text": "Ostrava Nova denied laying the mines."}]},
    )

    text: Text | None = Field(None, description="one article")
    texts: list[Text] | None = Field(None, description="many")
    articles: list[ArticleIn] | None = Field(None, description="many, with what names them")
    split: bool = Field(True, description="false: each text is one sentence already")
    only_stances: bool = Field(False, description="leave out sentences without a stance")

    @model_validator(mode="after")
    def _one(self) -> TagRequest:
        if [self.text, self.texts, self.articles].count(None) != 2:
            raise ValueError("give one of `text`, `texts` and `articles`")
        return self

    def named(self) -> list[Article]:
        """The articles to tag, by their ids or else their numbers, from 1."""
        if self.text is not None:
            return [Article("1", self.text)]
        if self.texts is not None:
            return [Article(str(i), text) for i, text in enumerate(self.texts, 1)]
        return [
            Article(
                str(i) if row.id is None or row.id == "" else str(row.id),
                row.text, row.title or None, row.date or None,
            )
            for i, row in enumerate(self.articles or (), 1)
        ]  # fmt: skip


# What comes back is written by `records`; these say so to the readers of /openapi.json, and
# the tests hold the one against the other.


class _Out(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SpanOut(_Out):
    text: str
    start: int = Field(description="in the text that was sent, in Unicode characters")
    end: int


class ResolvedOut(SpanOut):
    sentence: int = Field(description="the number of the sentence that it is in")
    party: str | None = Field(description="as that of the source")


class TargetOut(SpanOut):
    party: str | None = Field(description="the state (ISO 3166 alpha-3) or international body")


class SourceOut(TargetOut):
    resolved: ResolvedOut | None = Field(description="the fuller name that it goes back to")


class StanceOut(_Out):
    stance: Literal["accuses", "denies", "warns"]
    score: float
    source: list[SourceOut]
    target: list[TargetOut]
    claim: list[SpanOut]


class ScoresOut(_Out):
    accuses: float
    denies: float
    warns: float
    neutral: float


class SentenceOut(_Out):
    """A record of a sentence, as `stancewire tag` writes it."""

    article: str
    title: str | None = Field(None, description="there where it was sent, as `date`")
    date: str | None = None
    english: Literal[False] | None = Field(None, description="there where it is false")
    sentence: int = Field(description="its number in the article, from 0")
    start: int
    end: int
    text: str
    label: Literal["accuses", "denies", "warns", "neutral"]
    score: float
    scores: ScoresOut
    stances: list[StanceOut]


class ArticleOut(_Out):
    article: str = Field(description="the id that was sent, or the number from 1")
    english: bool = Field(description="where false, the tags mean nothing")
    sentences: list[SentenceOut]


class TagAnswer(_Out):
    """The articles in the order in which they were sent."""

    articles: list[ArticleOut]


class Health(BaseModel):
    status: Literal["ok"]
    version: str
    model: str
    sha256: str = Field(description="of model.onnx")
    waiting: int = Field(description="requests that are not answered yet")
    most_waiting: int = Field(description="with so many, further ones get 429")


class Problem(BaseModel):
    detail: str
