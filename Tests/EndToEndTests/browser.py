"""A real browser for the tests of the pages: Chromium of the system, driven by Playwright, judged by axe."""

import os
import pathlib
import shutil
import urllib.parse

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

SCREENSHOTS = pathlib.Path(__file__).resolve().parents[2] / ".lectern/screenshots"

PHONE, WIDE = 390, 1440
NARROWEST = 320

# Uncompressed bytes of the page, its stylesheets and its scripts.
HEAVIEST_PAGE = 40 * 1024

# Fetched by the browser by itself, or counted with neither text nor layout.
WEIGHED = {"document", "stylesheet", "script"}

AXE_OPTIONS = {"rules": {"target-size": {"enabled": True}}}

# Before any script of the page: what a policy stopped is also told to the page.
WATCH_POLICY = """
window.stoppedByPolicy = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.stoppedByPolicy.push(`${event.effectiveDirective} ${event.blockedURI}`));
"""


def chromium_path():
    named = os.environ.get("LECTERN_CHROMIUM") or shutil.which("chromium")
    assert named, "no Chromium is installed: Deploy/install test, or name one in LECTERN_CHROMIUM"
    return named


@pytest.fixture(scope="module")
def chromium():
    """The browser. Ends with its module: while Playwright runs, nothing else of the thread can use asyncio."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox"])
        yield browser
        browser.close()


class Reader:
    """Somebody with a browser of their own: cookies, local storage, a screen, a language. One page at a time."""

    def __init__(self, chromium, origin, language="en", scheme="light", width=WIDE, scripts=True, learner=None):
        """`learner`: the id of a learner whose browser this is."""
        self.origin = origin
        self.language = language
        self.context = chromium.new_context(
            base_url=origin, locale={"en": "en-GB", "ur": "ur-PK"}[language], color_scheme=scheme,
            viewport={"width": width, "height": 900}, java_script_enabled=scripts, reduced_motion="reduce")
        self.context.set_default_timeout(10_000)
        if learner:
            self.context.add_cookies([{"name": "lectern_learner", "value": learner, "url": origin}])
        if scripts:
            self.context.add_init_script(WATCH_POLICY)
        self.scripts = scripts
        self.page = self.context.new_page()
        # Everything that no page of ours may do.
        self.faults = []
        # Statuses that a test expects: the browser's console complains of every answer from 400 on.
        self.expected = set()
        self.requests = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        self.page.on("dialog", self._asked)
        self.page.on("request", self._sent)
        self.page.on("popup", lambda page: self.faults.append(f"window: {page.url}"))

    def _heard(self, message):
        if message.type not in ("error", "warning"):
            return
        if any(f"the server responded with a status of {status}" in message.text for status in self.expected):
            return
        self.faults.append(f"console: {message.text}")

    def _asked(self, dialog):
        self.faults.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _sent(self, request):
        self.requests.append(request)
        if not request.url.startswith((self.origin + "/", "data:")):
            self.faults.append(f"request to {request.url}")

    def close(self):
        self.context.close()

    def open(self, path, status=200):
        """Opens a page of the site and returns its answer."""
        self.requests.clear()
        if status >= 400:
            self.expected.add(status)
        answer = self.page.goto(path)
        assert answer.status == status, (path, answer.status)
        return answer

    @property
    def path(self):
        """Where the reader is: the address without the origin."""
        parts = urllib.parse.urlsplit(self.page.url)
        return parts.path + (f"?{parts.query}" if parts.query else "")

    # What may be asked of every page

    def require_harmless(self):
        """Nothing went to the console, nothing was stopped by the policy, nothing left the origin, nothing popped up."""
        if self.scripts:
            self.faults += [f"policy: {stopped}" for stopped in self.page.evaluate("window.stoppedByPolicy ?? []")]
        assert not self.faults, self.faults

    def require_accessible(self):
        found = Axe().run(self.page, options=AXE_OPTIONS).response["violations"]
        assert not found, "\n".join(
            f"{rule['id']}: {rule['help']}: {node['html']} ({node['failureSummary']})"
            for rule in found for node in rule["nodes"][:5])

    def require_no_sideways_scrolling(self, *widths):
        for width in widths:
            self.resize(width)
            wide = self.page.evaluate("""() => {
              const width = document.documentElement.clientWidth;
              if (document.scrollingElement.scrollWidth <= width) return [];
              return [...document.body.querySelectorAll("*")].filter((element) => {
                const box = element.getBoundingClientRect();
                return box.width > 0 && (box.right > width + 0.5 || box.left < -0.5);
              }).slice(0, 5).map((element) => element.outerHTML.slice(0, 120)).concat("(the page)");
            }""")
            assert not wide, f"wider than {width} px: {wide}"

    def weight(self):
        """Bytes of everything that the open page is made of, besides fonts and pictures."""
        sizes = {}
        for request in self.requests:
            if request.resource_type in WEIGHED:
                answer = request.response()
                if answer and answer.ok:
                    sizes[request.url] = len(answer.body())
        return sizes

    def require_light(self):
        sizes = self.weight()
        assert sizes and sum(sizes.values()) <= HEAVIEST_PAGE, sizes

    # What it looks like

    def resize(self, width):
        self.page.set_viewport_size({"width": width, "height": 900})

    def set_scheme(self, scheme):
        self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")

    def photograph(self, name):
        """Keeps a picture of the whole page under .lectern/screenshots/."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)


@pytest.fixture
def readers(chromium):
    """Makes readers, and afterwards asks of each whether its pages did no harm."""
    made = []

    def make(origin, **options):
        reader = Reader(chromium, origin, **options)
        made.append(reader)
        return reader

    try:
        yield make
        for reader in made:
            reader.require_harmless()
    finally:
        for reader in made:
            reader.close()
