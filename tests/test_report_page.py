"""The page in a browser: clicked through, typed through, and looked at by its pixels."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from made_collection import collection, write
from stancewire.report import write_report

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="no chromium (Debian: chromium, chromium-driver)"
)

SIDES = {"Oslo": "NOR", "Moscow": "RUS", "Kremlin": "RUS", "Kyiv": "UKR", "Minsk": "BLR"}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for argument in ("--headless=new", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


def some_records() -> list[dict[str, Any]]:
    """Hostile articles, and quarrels of a few states with their parties and a pronoun."""
    found = [*collection(120, hostile=True)]
    states = list(SIDES)
    for number in range(60):
        one, two = states[number % 5], states[(number * 3 + 1) % 5]
        text = f"{one} accused {two} of jamming signals 🛰️ over the sea."
        end = len(f"{one} accused {two}")
        spans = {
            "source": [{"text": one, "start": 0, "end": len(one), "party": SIDES[one]}],
            "target": [
                {"text": two, "start": end - len(two), "end": end, "party": SIDES[two]},
            ],
            "claim": [{"text": text[end + 4 : -1], "start": end + 4, "end": len(text) - 1}],
        }
        said = {"stance": "accuses", "score": 0.5 + number / 200, **spans}
        about = {"article": f"quarrel {number}", "date": f"2024-03-{number % 28 + 1:02}"}
        found.append({**about, "sentence": 0, "start": 0, "text": text, "stances": [said]})
        found.append({**about, "sentence": 1, "start": 99, "text": "It rained.", "stances": []})
    return found


@pytest.fixture(scope="module")
def records() -> list[dict[str, Any]]:
    return some_records()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, records: list[dict[str, Any]]) -> str:
    folder = tmp_path_factory.mktemp("report")
    write_report(write(folder / "out.jsonl", iter(records)), folder / "report.html")
    return (folder / "report.html").as_uri()


class Page:
    """The page, as a reader handles it."""

    def __init__(self, driver: Any, address: str) -> None:
        self.driver = driver
        driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        driver.set_window_size(1400, 900)
        driver.get(address)

    def run(self, script: str, *values: Any) -> Any:
        return self.driver.execute_script(script, *values)

    def all(self, selector: str) -> list[Any]:
        return list(self.driver.find_elements("css selector", selector))

    def one(self, selector: str) -> Any:
        return self.driver.find_element("css selector", selector)

    def click(self, selector: str, which: int = 0) -> None:
        element = self.all(selector)[which]
        self.run("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", element)
        element.click()

    def ask(self, **fields: str) -> int:
        """Fills in filters, waits until they are drawn, and returns what is left."""
        self.driver.execute_async_script(
            """
            const [fields, done] = arguments, form = document.getElementById("filters");
            for (const [name, value] of Object.entries(fields)) {
              const field = form.elements[name];
              if (field.type === "checkbox") field.checked = value === "yes";
              else field.value = value;
              const one = field instanceof RadioNodeList ? field[0] : field;
              one.dispatchEvent(new Event("input", {bubbles: true}));
            }
            requestAnimationFrame(() => requestAnimationFrame(() => done()));""",
            fields,
        )
        return self.listed()

    def listed(self) -> int:
        return int(re.sub(r"\D", "", self.one("#reading-head").text.split()[0]))

    def press(self, keys: str) -> None:
        self.driver.switch_to.active_element.send_keys(keys)


@pytest.fixture
def page(browser: Any, made: str) -> Page:
    return Page(browser, made)


def matching(records: list[dict[str, Any]], **wanted: Any) -> int:
    """How many stances a filter should leave."""
    return sum(
        record.get("english", True)
        and wanted.get("kind", stance["stance"]) == stance["stance"]
        and stance["score"] >= wanted.get("low", 0)
        and wanted.get("first", "") <= record.get("date", "")
        and all(
            any(name.lower() in json.dumps(span, ensure_ascii=False).lower() for span in stance[r])
            for r, name in wanted.get("sides", {}).items()
        )
        for record in records
        for stance in record["stances"]
    )


def test_hostile_articles_do_nothing(page: Page) -> None:
    for which in range(3):
        page.click("#list .about button", which)
        page.click("#article button")
    page.run("""
        for (const order of ['score', 'new', 'read']) {
          byId('order').value = order;
          drawList();
        }""")
    assert page.run("return window.pwned") is None
    assert page.run("return document.querySelectorAll('img, iframe, base, object').length") == 0
    assert page.run("return performance.getEntriesByType('resource').length") == 0
    assert page.driver.get_log("browser") == []
    assert "<script>window.pwned = 1</script>" in page.one("#list").text


def test_policy_stops_a_script_that_would_get_in(page: Page) -> None:
    page.run("""
        const script = document.createElement("script");
        script.textContent = "window.pwned = 1";
        document.body.append(script);
        const image = document.createElement("img");
        image.setAttribute("onerror", "window.pwned = 2");
        image.src = "https://evil.example/x.png";
        document.body.append(image);""")
    assert page.run("return window.pwned") is None
    refused = [entry["message"] for entry in page.driver.get_log("browser")]
    assert any("script-src" in message for message in refused)
    assert any("default-src" in message or "img-src" in message for message in refused)


def test_every_number_leads_to_so_many_sentences(page: Page) -> None:
    wrong = page.run("""
        const wrong = [];
        const told = (element) => element.getAttribute("aria-label").split(": ").pop();
        const where = "#matrix button, #graph [data-choice], #contested .count";
        const all = [...document.querySelectorAll(where)];
        for (const element of all) {
          if (element.getAttribute("aria-label").includes("source")) continue;
          element.dispatchEvent(new MouseEvent("click", { bubbles: true }));
          const listed = document.getElementById("reading-head").textContent.split(" ")[0];
          if (listed !== told(element)) wrong.push([element.getAttribute("aria-label"), listed]);
        }
        return [all.length, wrong];""")
    assert wrong[0] > 60
    assert wrong[1] == []


def test_click_shows_the_sentence_in_its_article(page: Page) -> None:
    page.ask(source="Oslo", target="Moscow")
    page.click('#matrix .accuses[aria-label^="Norway [NOR] accuses Russia"]')
    assert page.one("#choice").text.startswith("Norway [NOR] accuses Russia [RUS]")
    item = page.one("#list li")
    marks = {
        role: [mark.text for mark in item.find_elements("css selector", f"mark.{role}")]
        for role in ("source", "target", "claim")
    }
    assert marks == {
        "source": ["Oslo"], "target": ["Moscow"], "claim": ["jamming signals 🛰️ over the sea"],
    }  # fmt: skip
    assert "It rained." in item.text
    assert "Oslo = NOR; Moscow = RUS" in item.text
    assert re.search(r"● accuses 0\.\d\d", item.text)
    page.click("#list li .about button")
    assert page.one("#article").is_displayed()
    assert page.one("#article-head").text.startswith("quarrel")
    assert page.one("#article .here mark.target").text == "Moscow"
    page.press("\ue00c")  # escape closes the article and keeps the choice
    assert not page.one("#article").is_displayed()
    assert page.one("#choice").is_displayed()


def test_filters(page: Page, records: list[dict[str, Any]]) -> None:
    whole = matching(records)
    assert page.listed() == whole
    assert page.ask(accuses="no", warns="no") == matching(records, kind="denies")
    assert page.ask(accuses="yes", warns="yes", low="0.75") == matching(records, low=0.75)
    assert page.ask(low="", first="2024-03-01") == matching(records, first="2024-03-01")
    assert page.ask(first="", last="2022-12-31") == 0
    sides = {"source": "Kyiv", "target": "oslo"}
    assert page.ask(last="", **sides) == matching(records, sides=sides) > 0
    assert page.ask(source="ukr", target="") > 0  # by its code
    assert page.ask(source="", words="signals 🛰️") == 60
    assert page.ask(words="", foreign="yes") > whole
    page.click("#filters button[type=reset]")
    page.ask(words="")
    assert page.listed() == whole


def test_grouping_by_party_and_by_name(page: Page) -> None:
    page.ask(words="jamming")
    assert page.all('#matrix thead [aria-label^="Anyone accuses, denies or warns Russia [RUS]"]')
    assert not page.all('#matrix [aria-label*="Kremlin"]')
    page.ask(group="name")
    assert page.all('#matrix [aria-label*="Kremlin"]')
    assert not page.all('#matrix [aria-label*="[RUS]"]')


def test_keyboard_alone(page: Page) -> None:
    enter, escape, space, tab = "\ue007", "\ue00c", " ", "\ue004"
    page.ask(words="jamming")
    page.run("document.querySelector('#matrix').focus()")
    page.press(tab)
    first = page.driver.switch_to.active_element
    assert first.get_attribute("aria-label")
    outline = page.run("return getComputedStyle(arguments[0]).outlineStyle", first)
    assert outline == "solid"
    page.press(enter)
    assert page.driver.switch_to.active_element.get_attribute("id") == "reading-head"
    assert first.get_attribute("aria-pressed") == "true"
    page.press(escape)
    assert page.driver.switch_to.active_element == first
    assert not page.one("#choice").is_displayed()

    page.run("document.querySelector('#graph .edge').focus()")
    edge = page.driver.switch_to.active_element
    label = edge.get_attribute("aria-label")
    page.press(space)
    assert page.one("#choice span").text == label.rpartition(":")[0]
    page.press(escape)
    assert page.driver.switch_to.active_element == edge
    page.run("document.querySelector('#bars button').focus()")
    page.press(enter)
    assert page.listed() < 60


def test_arrows_differ_without_colour(page: Page) -> None:
    page.ask(busiest="24")
    dashes = page.run("""
        return Object.fromEntries(KINDS.map(({ name }) => [name,
          getComputedStyle(document.querySelector(`#legend .${name} .line`)).strokeDasharray]))""")
    assert len(set(dashes.values())) == 3
    widths = page.run("""
        return [...document.querySelectorAll("#graph .edge")].map((edge) =>
          [Number(edge.getAttribute("aria-label").split(": ").pop()),
           Number(edge.querySelector(".line").getAttribute("stroke-width"))])""")
    assert len({number for number, _ in widths}) > 1
    assert sorted(widths) == sorted(widths, key=lambda pair: pair[1])


def test_list_is_paged_and_ordered(page: Page) -> None:
    assert len(page.all("#list > li")) == 20
    page.click("#pages button:last-child")
    assert "page 2" in page.one("#pages").text
    page.run("byId('order').value = 'score'; byId('order').dispatchEvent(new Event('change'))")
    scores = [float(b.text.split()[-1]) for b in page.all("#list .about > b")]
    assert scores == sorted(scores, reverse=True)
    page.run("byId('order').value = 'new'; byId('order').dispatchEvent(new Event('change'))")
    days = [n.text for n in page.all("#list .about .given")]
    assert days == sorted(days, reverse=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_phone_is_readable(page: Page, made: str, scheme: str, tmp_path: Path) -> None:
    size = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    wish = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", wish)
    page.driver.get(made)
    assert page.run("return document.documentElement.scrollWidth") == 390
    assert not page.one("#kinds").is_displayed()  # the filters are folded
    paper, ink = page.run("""
        const { backgroundColor, color } = getComputedStyle(document.body);
        return [backgroundColor, color].map((one) => Number(one.match(/\\d+/)[0]));""")
    assert (paper > 200 and ink < 60) if scheme == "light" else (paper < 60 and ink > 200)
    small = page.run("""
        return [...document.querySelectorAll("#matrix .count, #contested .count")]
          .filter((one) => one.getBoundingClientRect().height < 24).length""")
    assert small == 0
    shot = tmp_path / "phone.png"
    page.driver.save_screenshot(str(shot))
    assert shot.stat().st_size > 20_000
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_collections_with_little_in_them(browser: Any, tmp_path: Path) -> None:
    quiet = [{"article": "a", "sentence": 0, "start": 0, "text": "It rained.", "stances": []}]
    bare = {"stance": "accuses", "score": 0.8, "source": [], "target": [], "claim": []}
    for name, rows in (("quiet", quiet), ("bare", [{**quiet[0], "stances": [bare]}])):
        write_report(write(tmp_path / f"{name}.jsonl", iter(rows)), tmp_path / f"{name}.html")
        page = Page(browser, (tmp_path / f"{name}.html").as_uri())
        assert page.listed() == (name == "bare")
        assert not page.one("#time").is_displayed()
        assert not page.one("#grouping").is_displayed()
        assert page.driver.get_log("browser") == []
