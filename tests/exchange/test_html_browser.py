"""The page in a real browser: what is pointed at lights up, and nothing leaves the machine."""

import shutil

import pytest

from radgloss.exchange import html
from radgloss.workflow.status import DRAFT

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="chromium is not installed")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield opened
        opened.close()


@pytest.fixture
def page(browser, samples, tmp_path):
    """The CT sample opened from a file; console errors and requests are collected and judged."""
    file = tmp_path / "draft.html"
    file.write_text(html.render(*samples.ct, DRAFT), encoding="utf-8")
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    said, asked = [], []
    opened.on("console", lambda m: said.append(m.text))
    opened.on("pageerror", lambda e: said.append(str(e)))
    opened.on("request", lambda r: asked.append(r.url))
    opened.goto(file.as_uri())
    yield opened
    assert said == []
    assert [url for url in asked if not url.startswith("data:")] == [file.as_uri()]
    opened.close()


def _frame(page):
    return page.locator(".picture.on output").inner_text()


def test_pointing_at_a_sentence_lights_its_box_on_its_frame(page):
    assert _frame(page) == "28 / 40"
    page.hover("#s4")
    assert _frame(page) == "12 / 40"
    assert page.locator(".box.lit.near").count() == 1
    page.hover("h1")
    assert _frame(page) == "28 / 40"
    assert page.locator(".box.lit").count() == 0


def test_a_click_pins_and_escape_lets_go(page):
    page.click("#s4 .say")
    page.hover("h1")
    assert _frame(page) == "12 / 40"
    assert page.get_attribute("#s4 .say", "aria-pressed") == "true"
    page.keyboard.press("Escape")
    assert page.locator(".lit").count() == 0


def test_pointing_at_a_box_lights_every_sentence_that_rests_on_it(page):
    page.locator(".box.near").last.hover()
    assert page.locator(".sentence.lit").evaluate_all("x => x.map(e => e.id)") == ["s2", "s6"]


def test_arrow_keys_walk_through_the_sentences_and_the_frames(page):
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.dataset.sentence") == "2"
    assert page.locator(".box.lit.near").count() == 1
    before = _frame(page)
    page.keyboard.press("ArrowRight")
    assert _frame(page) != before


def test_the_wheel_and_the_slider_turn_the_frames(page):
    page.hover(".picture.on .stage")
    page.mouse.wheel(0, 120)
    page.wait_for_function("document.querySelector('output').textContent != '28 / 40'")
    page.locator("input[type=range]").fill("0")
    assert _frame(page) == "1 / 40"
    assert page.locator(".frame.on").count() == 1


def test_nothing_moves_when_a_sentence_is_pointed_at(page):
    before = page.locator("#s7").bounding_box()
    page.hover("#s2")
    assert page.locator("#s7").bounding_box() == before


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (900, 1440), (390, 844)])
def test_the_page_fits_its_window(page, width, height):
    page.set_viewport_size({"width": width, "height": height})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    stage = page.locator(".picture.on .stage").bounding_box()
    assert stage["width"] > 0.4 * width
    assert stage["height"] > 0.2 * height


def test_the_injected_script_of_a_hostile_word_does_not_run(browser, samples, tmp_path):
    draft, study = samples.ct
    text = html.render(draft, study, DRAFT)
    attacked = text.replace("<main>", "<main><script>document.title='owned'</script>", 1)
    file = tmp_path / "attacked.html"
    file.write_text(attacked, encoding="utf-8")
    opened = browser.new_page()
    opened.goto(file.as_uri())
    assert opened.title() != "owned"
    opened.close()
