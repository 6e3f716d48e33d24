"""Somebody who opens page after page, and lets axe and the browser say what is wrong with each."""

from __future__ import annotations

import json
import re
from typing import Any

from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response

from tests.browser.site import Site

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
LOCALES = {"zh-hans": "zh-CN", "en": "en-US"}
# Every rule in the light scheme. The dark one changes colours alone, so there only what depends on colours is asked.
ALL_RULES: dict[str, Any] = {"resultTypes": ["violations"]}
COLOURS = {**ALL_RULES, "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
RUN = "options => axe.run(document, options).then(done => done.violations.map(one => [one.id, one.help, one.nodes.slice(0, 3).map(node => node.target.join(' ') + ' ' + node.failureSummary)]))"  # fmt: skip # noqa: E501
SEND = "form => { form.noValidate = true; form.requestSubmit(form.querySelector('[type=submit], button:not([type])')) }"
OVERHANG = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
ON_PURPOSE = re.compile(r"/wrong/(\d+)")


class Walker:
    """One language, everybody's sessions in turn. ``complaints`` is what the pages were found to do wrong."""

    def __init__(self, browser: Browser, site: Site, *, language: str) -> None:
        self.site, self.language = site, language
        self.complaints: list[str] = []
        self.context: BrowserContext = browser.new_context(
            base_url=site.base, locale=LOCALES[language], viewport=PHONE, reduced_motion="reduce",
            timezone_id="Asia/Shanghai",
        )  # fmt: skip
        self.context.set_default_timeout(30_000)
        self.context.add_init_script(path=AXE_FILE_PATH)  # handed over once instead of with every page
        self.page: Page = self.context.new_page()
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda fault: self._complain(f"script broke: {fault}"))
        self.page.on("requestfailed", self._miss)
        self.page.on("response", self._note)
        self.status = self.got = 200  # what is expected, and what came

    def _complain(self, words: str) -> None:
        self.complaints.append(f"{self.path} ({self.language}): {words}")

    @property
    def path(self) -> str:
        return self.page.url.removeprefix(self.site.base)

    def _hear(self, message: ConsoleMessage) -> None:
        told_by_status = self.status >= 400 and "Failed to load resource" in message.text
        if message.type == "error" and not told_by_status:
            self._complain(message.text)

    def _note(self, response: Response) -> None:
        if response.request.is_navigation_request():
            self.got = response.status

    def _miss(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # that one was still under way when the page was left
            self._complain(f"{request.url}: {request.failure}")

    def be(self, key: str) -> None:
        """Sit down as somebody else."""
        self.context.clear_cookies()
        cookies = {"django_language": self.language} | ({"session": self.site.sessions[key]} if key else {})
        self.context.add_cookies(
            [{"name": name, "value": value, "url": self.site.base} for name, value in cookies.items()]
        )

    def open(self, path: str) -> None:
        """Open a page that must be there, and look at it in both schemes."""
        wanted = ON_PURPOSE.match(path)
        self.status = int(wanted[1]) if wanted else 200
        self.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        self.page.emulate_media(color_scheme="light")
        answer = self.page.goto(path)
        if self._is(answer, path):
            self.look()

    def _is(self, answer: Response | None, path: str) -> bool:
        """Whether it is the page that was asked for, in the language that was asked for."""
        status = answer.status if answer else 0
        said = self.page.locator("html").get_attribute("lang")
        if status != self.status or self.path != path:
            self._complain(f"asked for {path}, wanted {self.status}, got {status}")
            return False
        if (said or "").lower() != self.language and self.status != 500:  # that page asks nobody who is there
            self._complain(f"speaks {said}")
        return True

    def send(self, selector: str, *, status: int = 200, **typed: str) -> None:
        """Fill in a form of the open page and send it, past the browser's own checks; look at what comes back.

        ``status`` 0: any refusal will do.
        """
        form = self.page.locator(selector).first
        for name, text in typed.items():
            field = form.locator(f"[name='{name}']").first
            field.select_option(text) if field.evaluate("field => field.tagName") == "SELECT" else field.fill(text)
        self.status = status or 400
        with self.page.expect_event("load"):
            form.evaluate(SEND)
        if self.got != status and (status or self.got >= 500):
            self._complain(f"{selector} was sent, wanted {status}, got {self.got}")
        self.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        self.page.emulate_media(color_scheme="light")
        self.look()

    def look(self) -> None:
        """Light on a phone with every rule, dark on a desk with the rules about colour; nothing sticks out."""
        self._ask(ALL_RULES, "light")
        self._measure()
        self.page.emulate_media(color_scheme="dark")
        self.page.set_viewport_size(DESK)  # type: ignore[arg-type]
        self._ask(COLOURS, "dark")
        self._measure()

    def _ask(self, options: dict[str, Any], scheme: str) -> None:
        for rule, help_, where in self.page.evaluate(RUN, options):
            self._complain(f"axe, {scheme}: {rule}, {help_} {json.dumps(where, ensure_ascii=False)}")

    def _measure(self) -> None:
        overhang = self.page.evaluate(OVERHANG)
        if overhang > 0:
            self._complain(f"{overhang} px wider than the screen")

    def leave(self) -> None:
        self.context.close()
