"""The pages of --report and of `trapheus report`, in a real browser."""

import json
import os
import subprocess

import pytest
from axe_core_python.selenium import Axe
from conftest import ROOT
from selenium import webdriver

PROGRAM = os.environ.get("TRAPHEUS", ROOT / "build" / "asan" / "trapheus")

PHONE, DESK = 390, 1100
FLEET = 500

# Writes a page of as many runs as are asked for, every n-th of which has failed: two on the sandbox, told under many names.
MANY = """
local page, rehearse = require "trapheus.page", require "rehearse"
return function(arguments)
  local failing = { { operation = "RestoreDBInstanceFromDBSnapshot", occurrence = 1, kind = "terminal", status = "failed" } }
  local ends = { rehearse({}).document, rehearse({ faults = failing }).document }
  local documents = {}
  for i = 1, tonumber(arguments[2]) do
    local copy = setmetatable({}, { __index = ends[i % arguments[3] == 0 and 2 or 1] })
    copy.identifier = ("orders-%03d"):format(i)
    documents[i] = copy
  end
  local file <close> = assert(io.open(arguments[1], "w"))
  file:write(page.of("Fleet nightly", documents, ends[1].ended_at))
  return 0
end
"""


@pytest.fixture(scope="module")
def browser():
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    options.binary_location = "/usr/bin/chromium"
    driver = webdriver.Chrome(options, webdriver.ChromeService("/usr/bin/chromedriver"))
    yield driver
    driver.quit()


class Page:
    def __init__(self, browser, path):
        self.browser, self.path, self.url = browser, path, path.as_uri()

    def open(self, width=DESK, **media):
        features = [{"name": name.replace("_", "-"), "value": value} for name, value in media.items()]
        self.command("Emulation.setEmulatedMedia", media="", features=features)
        self.command(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width == PHONE
        )
        self.requests()
        self.browser.get(self.url)
        return self

    def command(self, name, **parameters):
        return self.browser.execute_cdp_cmd(name, parameters)

    def value(self, script):
        return self.browser.execute_script("return " + script)

    def requests(self):
        """What the browser has asked for since the last look."""
        messages = [json.loads(entry["message"])["message"] for entry in self.browser.get_log("performance")]
        sent = [message["params"] for message in messages if message["method"] == "Network.requestWillBeSent"]
        return [each["request"]["url"] for each in sent if not each["documentURL"].startswith("chrome")]

    def accessible(self, role):
        nodes = self.command("Accessibility.getFullAXTree")["nodes"]
        return [node["name"]["value"] for node in nodes if node.get("role", {}).get("value") == role]


@pytest.fixture(scope="module")
def rehearse(tmp_path_factory):
    """Runs the program where there is nothing but the sandbox."""
    home = tmp_path_factory.mktemp("pages")

    def run(code, *arguments):
        environment = {"HOME": str(home), "PATH": os.environ["PATH"], "TRAPHEUS_PATH": "tests/support"}
        process = subprocess.run([PROGRAM, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True)
        assert process.returncode == code, process.stdout + process.stderr

    run.home = home
    return run


@pytest.fixture(scope="module")
def page(browser, rehearse):
    """The page of a restore that failed on the sandbox."""
    file = rehearse.home / "page.html"
    rehearse(5, "restore", "--sandbox", "restore-fails", "--report", file)
    return Page(browser, file)


@pytest.fixture(scope="module")
def of_many(browser, rehearse):
    script = rehearse.home / "many.lua"
    script.write_text(MANY)

    def make(count, failing):
        file = rehearse.home / f"{count}.html"
        rehearse(0, script, file, str(count), str(failing))
        return Page(browser, file)

    return make


@pytest.fixture(scope="module")
def fleet(of_many):
    return of_many(FLEET, 50)


@pytest.fixture(scope="module")
def few(of_many):
    return of_many(3, 3)


def assert_quiet(page):
    """No error on the console, and nothing is asked for but the page itself."""
    assert [entry for entry in page.browser.get_log("browser")] == []
    assert set(page.requests()) == {page.url}


def test_it_is_rendered_and_asks_for_nothing(page):
    page.open()
    assert page.value("document.querySelector('h1').innerText").startswith("mydb: failed and rolled back")
    shapes = page.value("[...document.querySelectorAll('svg.bar rect')].map(r => r.getBoundingClientRect().width)")
    assert len(shapes) > 10 and min(shapes) > 0
    outage, track = page.value(
        "['.outage', '.track'].map(c => document.querySelector('svg.bar ' + c).getBoundingClientRect().width)"
    )
    assert 0.2 * track < outage < track
    assert_quiet(page)


def test_a_page_that_asked_for_something_would_be_found(page, tmp_path):
    asking = tmp_path / "asking.html"
    asking.write_text(page.path.read_text().replace("</main>", "<img src='http://127.0.0.1:9/x.png'></main>"))
    with pytest.raises(AssertionError):
        assert_quiet(Page(page.browser, asking).open())


@pytest.mark.parametrize("width", [320, PHONE, DESK])
def test_nothing_is_wider_than_the_window(page, fleet, width):
    for each in (page, fleet):
        each.open(width)
        assert each.value("document.documentElement.scrollWidth") <= width


def luminance(colour):
    parts = [float(part) / 255 for part in colour.strip("rgba()").split(",")[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear))


def contrast(a, b):
    lighter, darker = sorted((luminance(a), luminance(b)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_every_text_can_be_read_by_day_and_by_night(page):
    papers = []
    for scheme in ("light", "dark"):
        page.open(prefers_color_scheme=scheme)
        paper = page.value("getComputedStyle(document.body).backgroundColor")
        papers.append(luminance(paper))
        inks = page.value(
            "[...document.querySelectorAll('body *')].filter(e => e.innerText).map(e => getComputedStyle(e).color)"
        )
        assert min(contrast(ink, paper) for ink in set(inks)) >= 4.5  # WCAG 2.2, 1.4.3
    assert papers[0] > 0.9 and papers[1] < 0.1


def test_a_screen_reader_is_told_what_the_bars_show(page):
    page.open()
    [bar] = page.accessible("image")
    assert "restore 10 min" in bar and "undo rename" in bar and "; not available for " in bar
    assert page.accessible("heading")[:2] == [page.value("document.querySelector('h1').innerText"), "Timeline"]
    assert {"Step", "Outcome", "Begun", "Took"} <= set(page.accessible("columnheader"))
    assert page.value("document.documentElement.lang") == "en"
    assert page.accessible("main") == [""]


def objections(page):
    """What axe-core, the accessibility engine, has to say."""
    return [(each["id"], [node["html"] for node in each["nodes"]]) for each in Axe().run(page.browser)["violations"]]


@pytest.mark.parametrize("width, scheme", [(PHONE, "dark"), (DESK, "light")])
def test_axe_objects_to_nothing(page, few, width, scheme):
    for each in (page, few):
        each.open(width, prefers_color_scheme=scheme)
        each.value("document.querySelectorAll('details').forEach(each => { each.open = true })")
        assert objections(each) == []


@pytest.mark.parametrize(
    "breaking, what",
    [
        ("document.querySelector('svg.bar').removeAttribute('aria-label')", "svg-img-alt"),
        ("document.documentElement.removeAttribute('lang')", "html-has-lang"),
        ("document.querySelector('.soft').style.color = '#bbb'", "color-contrast"),
        ("document.querySelectorAll('.scroll').forEach(each => each.removeAttribute('tabindex'))", "scrollable-region"),
    ],
)
def test_axe_looks(page, breaking, what):
    page.open(320)
    page.value(breaking)
    assert any(found.startswith(what) for found, _ in objections(page))


def test_it_is_printed_with_its_bars_and_its_steps(page):
    page.open()
    page.command("Emulation.setEmulatedMedia", media="print")
    assert page.value("getComputedStyle(document.querySelector('svg.bar')).printColorAdjust") == "exact"
    assert page.value("document.querySelector('tbody').getBoundingClientRect().height") > 0
    assert len(page.command("Page.printToPDF", printBackground=False)["data"]) > 10_000


def test_paper_is_white_at_night_too(page):
    page.open()
    dark = [{"name": "prefers-color-scheme", "value": "dark"}]
    page.command("Emulation.setEmulatedMedia", media="print", features=dark)
    assert luminance(page.value("getComputedStyle(document.body).color")) < 0.1
    assert page.value("getComputedStyle(document.documentElement).colorScheme") == "light"


def test_five_hundred_databases_can_be_looked_through(fleet):
    fleet.open()
    assert fleet.value("document.querySelectorAll('details').length") == FLEET
    assert fleet.value("document.querySelectorAll('details[open]').length") == FLEET // 50
    assert fleet.value("document.querySelector('summary b').innerText") == "orders-050"
    assert len(fleet.accessible("image")) == FLEET
    fleet.browser.find_element("css selector", "details:not([open]) summary").click()
    assert fleet.value("document.querySelectorAll('details[open]').length") == FLEET // 50 + 1
    assert_quiet(fleet)


def test_it_is_made_later_from_the_journal(browser, program, database, tmp_path):
    result = program.restore(database["DBInstanceIdentifier"], "create_snapshot", "--export", "--export-wait")
    assert result.code == 0, result
    run_id, file = result.document["run_id"], tmp_path / "later.html"
    assert program.run("report", run_id, "--report", str(file)).code == 0
    page = Page(browser, file).open()
    assert page.value("document.querySelector('h1').innerText") == database["DBInstanceIdentifier"] + " is restored"
    text, export = page.value("document.body.innerText"), result.document["export"]
    assert run_id in text and f"{export['name']} to {export['place']}: COMPLETE" in text
    assert program.run("report", run_id).out == file.read_text()
    assert "The runs of" in program.run("report").out


def test_where_no_run_is_remembered_there_is_no_page(rehearse):
    rehearse(2, "report")


@pytest.mark.parametrize("place", ["no/such/directory/page.html", "."])
def test_a_page_that_cannot_be_written_is_told_before_anything_is_done(peer, program, database, place):
    result = program.restore(database["DBInstanceIdentifier"], "create_snapshot", "--report", place)
    assert result.code == 2 and "--report: " in result.err and place in result.err, result
    assert peer.calls() == []
