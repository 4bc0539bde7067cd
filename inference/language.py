"""Whether a text is English at all, told by its commonest words."""

from __future__ import annotations

import re
from itertools import islice

# In running English a third to a half of all words are among these; in other languages
# that share some of them (in, an, is, me, so) hardly one in ten is. "I" is not: as "i" it is
# one of the commonest words from Oslo to Warsaw.
_COMMON = frozenset(
    re.findall(
        r"\w+",
        "the of and to a in that is was for on with as it at by he be from are have has had this "
        "his they an or which not but were their said will would after who been its we you she "
        "her him what when there all one out up about into over than if no more some do so",
    )
)
_SHARE = 0.16
_ENOUGH = 20  # words; fewer tell nothing
_READ = 300


def looks_english(text: str) -> bool:
    """Whether a text looks English; a text too short to tell does.

    One of letters that are mostly not Latin does not, however short.
    """
    head = text[: _READ * 20]
    letters = [mark for mark in head if mark.isalpha()]
    if sum(mark > "\u024f" for mark in letters) > len(letters) / 2:
        return False
    words = [m.group() for m in islice(re.finditer(r"[^\W\d_]+", head), _READ)]
    if len(words) < _ENOUGH:
        return True
    # names are the same in all languages; a text all in capitals has none to be told by
    plain = [word for word in words if word[0].islower()]
    if len(plain) < len(words) / 3:
        plain = [word.lower() for word in words]
    return sum(word in _COMMON for word in plain) >= _SHARE * len(plain)
