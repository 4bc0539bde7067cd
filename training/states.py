"""Writes inference/states.tsv, the names of the world's states, out of well-kept data.

    pip install -e ".[dev]" && python -m stancewire.training.states inference/states.tsv

ISO 3166 codes and official names are pycountry's, short English names CLDR's through babel,
capitals and demonyms countryinfo's. A line has a code, a kind and names, parted by "|". What
is wanting there, or wrong for news, is set right in inference/parties.tsv.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path


def rows() -> list[str]:
    """The lines of states.tsv."""
    import pycountry
    from babel import Locale
    from countryinfo import CountryInfo

    short = Locale("en").territories
    found: dict[str, list[list[str]]] = {}
    for country in pycountry.countries:
        names = [getattr(country, key, "") for key in ("name", "common_name", "official_name")]
        info = CountryInfo(country.alpha_3)
        found[country.alpha_3] = [
            _plain([short[country.alpha_2], *names]),
            _plain((info.capital() or "").split("/")),
            _plain((info.demonym() or "").split(",")),
        ]
    # a name of two states ("Congolese") tells nothing; whose it is in news, parties.tsv says
    owners = Counter(name for names in found.values() for name in set().union(*names))
    lines = []
    for code, columns in sorted(found.items()):
        said: set[str] = set()
        for kind, names in zip(("name", "seat", "demonym"), columns, strict=True):
            own = [name for name in names if owners[name] == 1 and name not in said]
            said.update(own)
            if own:
                lines.append(f"{code}\t{kind}\t{'|'.join(own)}")
    return lines


def _plain(names: list[str]) -> list[str]:
    """Names as news writes them, each once."""
    plain: dict[str, None] = {}
    for name in names:
        turned = re.sub(r"^(.+), (.+ of(?: the)?)$", r"\2 \1", name)  # Korea, Republic of
        inner = re.findall(r"\((\w+)\)", turned)  # Myanmar (Burma)
        outer = re.sub(r"\s*\(.*?\)", "", turned)
        for one in (outer, *inner):
            one = re.sub(r"^[Tt]he (?=.* of )", "", one.strip())
            one = one.replace("&", "and").replace("’", "'")
            if one and "," not in one:
                plain[one] = None
    return list(plain)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text("\n".join(rows()) + "\n", encoding="utf-8")
