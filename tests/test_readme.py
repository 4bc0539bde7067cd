"""Every command and every line of Python in the README and in docs/ runs; links lead somewhere."""

import re
from pathlib import Path

import pytest
from code_blocks import PAGES, README, ROOT, Reader, blocks

RUN = {"sh", "python"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page_does_what_it_says(page: Path, tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    skipped = ""
    for block in blocks(page):
        if block.kind in RUN:
            try:
                reader.run(block)
            except AssertionError as error:
                raise AssertionError(f"{page.name}:{block.line}: {error}") from None
            except pytest.skip.Exception as error:
                skipped = str(error)  # the blocks after it run all the same
    if skipped:
        pytest.skip(skipped)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_block_goes_untested(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert {block.kind for block in blocks(page)} <= {*RUN, "json", "csv"}
    assert len(re.findall(r"^\s*(?:```|~~~)", text, re.MULTILINE)) == 2 * len(blocks(page))
    # indented code: the README's two commands, which CI runs word for word
    assert len(re.findall(r"\n\n    \S", text)) == (2 if page == README else 0)


def test_training_is_run_once() -> None:
    """It takes a minute, so all pages say the same, and `Reader` runs it for the first."""
    commands = [line for page in PAGES for block in blocks(page) for line in block.text.split("\n")]
    assert len({line for line in commands if line.startswith("stancewire train")}) == 1


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert link.startswith("http") or (page.parent / link).exists(), link


def test_pictures_are_small_and_fetch_nothing() -> None:
    for picture in (ROOT / "docs" / "pictures").iterdir():
        assert picture.stat().st_size < 150_000, picture
        if picture.suffix == ".svg":
            drawn = picture.read_text(encoding="utf-8")
            assert not re.findall(r"(?:href|src)=|url\((?!#)|@import|<script", drawn), picture


def test_readme_is_short() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 100  # a screenful or two
