"""A headless Chromium, and pages served to it with every request noted."""

import base64
import json
import os
import shutil
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

HERE = Path(__file__).parent
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FONTS = HERE / "fonts.conf"
SWITCHES = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic",
    "--no-first-run", "--hide-scrollbars", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
    "--window-size=1280,1400",
)  # fmt: skip


@dataclass
class Site:
    """One page at a time, and the paths that were asked for."""

    folder: Path
    page: Path | None = None
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def show(self, pieces):
        self.page = self.folder / "page.html"
        with self.page.open("w", encoding="utf-8") as file:
            file.writelines(pieces)
        self.asked.clear()
        return self.page


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    site = Site(tmp_path_factory.mktemp("site"))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            site.asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(site.page.stat().st_size))
            self.end_headers()
            with suppress(ConnectionError), site.page.open("rb") as file:
                shutil.copyfileobj(file, self.wfile)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    site.url = f"http://127.0.0.1:{server.server_address[1]}/plan.html"
    yield site
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    from selenium import webdriver

    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which("chromedriver")
    assert browser, f"these tests need one of {', '.join(BROWSERS)}"
    assert driver, "these tests need chromedriver"
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for switch in (*SWITCHES, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(switch)
    options.set_capability(
        "goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"}
    )
    # One font on every machine, so that what is drawn can be compared.
    environment = {**os.environ, "FONTCONFIG_FILE": str(FONTS)}
    service = webdriver.ChromeService(driver, env=environment)
    window = webdriver.Chrome(options, service)
    # Else the first page would be blamed for what the browser's own loads late.
    window.get("about:blank")
    yield window
    window.quit()


_THREE_FRAMES = """
const done = arguments[0];
requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done)));
"""


class Browser:
    """A page, as its reader uses it."""

    def __init__(self, driver, site):
        self.driver, self.site = driver, site

    def open(self, pieces):
        self.site.show(pieces)
        self.requested()
        self.driver.get(self.site.url)
        return self

    def run(self, script, *args):
        return self.driver.execute_script(script, *args)

    def element(self, selector):
        return self.driver.find_element("css selector", selector)

    def texts(self, selector):
        script = "return [...document.querySelectorAll(arguments[0])].map(e => e."
        return self.run(f"{script}textContent)", selector)

    @property
    def keys(self):
        return self.texts("#list .key")

    @property
    def count(self):
        return self.element("#count").text

    def type(self, text):
        field = self.element("#search")
        field.clear()
        field.send_keys(text)
        self.settle()

    def settle(self):
        """Wait until what was typed has been searched for."""
        wait = "setTimeout(arguments[0], 20)"
        if self.run("return document.querySelector('#pages').textContent.length > 5"):
            wait = "setTimeout(arguments[0], 170)"
        self.driver.execute_async_script(wait)

    def choose(self, name, value):
        self.element(f"#{name} option[value='{value}']").click()

    def chip(self, label):
        (found,) = (
            chip
            for chip in self.driver.find_elements("css selector", ".chip")
            if chip.text.startswith(label)
        )
        return found

    def requested(self):
        """Give the addresses asked for since the last call."""
        events = (
            json.loads(entry["message"])["message"]
            for entry in self.driver.get_log("performance")
        )
        return [
            event["params"]["request"]["url"]
            for event in events
            if event["method"] == "Network.requestWillBeSent"
        ]

    def emulate(self, **features):
        pairs = [{"name": k.replace("_", "-"), "value": v} for k, v in features.items()]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": pairs})

    def shot(self, width, height=None, *, scale=1):
        """Draw a page, or so much of its top, at a width, as PNG."""
        # What is far out of view is not laid out, so first everything is in view.
        self._resize(width, 20_000)
        whole = self.run("return document.body.getBoundingClientRect().height")
        self._resize(width, height or round(whole), scale)
        found = self.driver.execute_cdp_cmd("Page.captureScreenshot", {})
        return base64.b64decode(found["data"])

    def _resize(self, width, height, scale=1):
        size = {"width": width, "height": height, "deviceScaleFactor": scale}
        command = "Emulation.setDeviceMetricsOverride"
        self.driver.execute_cdp_cmd(command, {**size, "mobile": False})
        self.driver.execute_async_script(_THREE_FRAMES)

    def scripting(self, *, enabled):
        command = "Emulation.setScriptExecutionDisabled"
        self.driver.execute_cdp_cmd(command, {"value": not enabled})


@pytest.fixture
def browser(chromium, site):
    browser = Browser(chromium, site)
    yield browser
    browser.scripting(enabled=True)
    browser.emulate()
    chromium.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    chromium.set_window_size(1280, 1400)
    assert chromium.get_log("browser") == []
