"""A report in a real browser: sorting, filtering, keyboard, and silence."""

import base64
import json
import shutil

import pytest
from synthetic import mixed_run, ternary_run

from fatnn_bench.records.run import Run
from fatnn_bench.report import write

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")

from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.select import Select  # noqa: E402

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")


@pytest.fixture(scope="module")
def browser():
    if not CHROMIUM or not DRIVER:
        pytest.skip("chromium and chromedriver are not on the PATH")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture
def page(browser, tmp_path):
    run = mixed_run(machine={"cpu": "Test", "governor": "powersave", "turbo": False, "pinned_core": 1})
    path = write([Run(run.header, (*run.rows, *ternary_run().rows), (), "r.jsonl")], tmp_path / "r.html")
    browser.get(path.as_uri())
    return browser


def column(page, name):
    headings = [cell.text.split(" ")[0] for cell in page.find_elements(By.CSS_SELECTOR, "#rows thead th")]
    index = headings.index(name) + 1
    cells = page.find_elements(By.CSS_SELECTOR, f"#rows tbody tr:not([hidden]) td:nth-child({index})")
    return [cell.text for cell in cells]


def heading(page, name):
    return next(b for b in page.find_elements(By.CSS_SELECTOR, "th button") if b.text.split(" ")[0] == name)


def sorted_as(page, name):
    return heading(page, name).find_element(By.XPATH, "..").get_attribute("aria-sort")


def numbers(cells):
    return [float(cell.strip("×†")) for cell in cells if cell != "—"]


def test_a_column_of_numbers_is_sorted_as_numbers_and_the_unknown_comes_last(page):
    heading(page, "speedup").click()
    up = column(page, "speedup")
    assert sorted_as(page, "speedup") == "ascending"
    assert numbers(up) == sorted(numbers(up))
    heading(page, "speedup").click()
    down = column(page, "speedup")
    assert sorted_as(page, "speedup") == "descending"
    assert numbers(down) == sorted(numbers(up), reverse=True)
    assert up[-1] == down[-1] == "—"


def test_the_keyboard_sorts_too(page):
    heading(page, "kernel").send_keys(Keys.ENTER)
    assert column(page, "kernel") == sorted(column(page, "kernel"))
    assert sorted_as(page, "speedup") == "none"


def test_filters_narrow_the_table_and_the_count_is_told(page):
    everything = len(column(page, "kernel"))
    Select(page.find_element(By.ID, "filter-kernel")).select_by_visible_text("binary")
    assert set(column(page, "kernel")) == {"binary"}
    page.find_element(By.ID, "filter-text").send_keys("CONV2")
    assert len(column(page, "kernel")) == 1
    count = page.find_element(By.ID, "count")
    assert count.text == f"1 of {everything} rows"
    assert count.get_attribute("aria-live") == "polite"


def test_nothing_is_said_on_the_console_and_nothing_is_asked_outside(page):
    heading(page, "layer").click()
    assert page.get_log("browser") == []
    events = [json.loads(entry["message"])["message"] for entry in page.get_log("performance")]
    asked = [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]
    assert asked
    assert all(url.startswith(("file:", "data:")) for url in asked)


def test_a_script_that_is_not_the_pages_does_not_run(page):
    page.execute_script(
        "const s = document.createElement('script'); s.text = 'window.evil = 1'; document.body.append(s)"
    )
    assert page.execute_script("return window.evil") is None
    page.get_log("browser")  # it complains, as it should


def test_every_control_has_a_name_and_the_page_does_not_scroll_sideways(page):
    tree = page.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    controls = [
        n for n in tree if n.get("role", {}).get("value") in ("button", "searchbox", "combobox", "link", "image")
    ]
    assert controls
    assert all(node["name"]["value"] for node in controls)
    page.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    )
    assert page.execute_script("return document.documentElement.scrollWidth") <= 390
    page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.fixture
def paper(page):
    """The page as it is printed, as wide as an A4 sheet between its margins."""
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    page.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 695, "height": 1000, "deviceScaleFactor": 1, "mobile": False}
    )
    yield page
    page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_paper_shows_everything_but_what_can_only_be_clicked(paper):
    hidden = paper.find_elements(By.CSS_SELECTOR, "nav, .filters, .data")
    assert hidden
    assert not any(element.is_displayed() for element in hidden)
    assert paper.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    cut = """return [...document.querySelectorAll('.scroll, pre')].filter(
        box => box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1).length"""
    assert paper.execute_script(cut) == 0
    captions = [caption.text for caption in paper.find_elements(By.TAG_NAME, "figcaption")]
    assert captions
    assert not any(caption.endswith("·") for caption in captions)


def test_it_prints(page):
    assert base64.b64decode(page.print_page()).startswith(b"%PDF")


def test_what_made_times_doubtful_stands_out(page):
    doubtful = page.find_element(By.CSS_SELECTOR, "#trust dd.doubtful strong")
    ordinary = page.find_element(By.CSS_SELECTOR, "#trust dd:not(.doubtful)")
    assert doubtful.text == "doubtful"
    assert doubtful.value_of_css_property("color") != ordinary.value_of_css_property("color")
    assert page.find_element(By.CSS_SELECTOR, "#trust dd.doubtful code").is_displayed()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_in_light_and_dark(page, scheme):
    page.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    )
    colours = page.execute_script("const s = getComputedStyle(document.body); return [s.color, s.backgroundColor]")
    ink, paper = (sum(map(int, colour[colour.index("(") + 1 : -1].split(",")[:3])) for colour in colours)
    assert (ink < paper) == (scheme == "light")
    assert abs(ink - paper) > 500
