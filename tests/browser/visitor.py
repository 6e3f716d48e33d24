"""Somebody at a real browser, and what it has to say about our pages."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import ConsoleMessage, Error, Page, Response

from accounts.models import User
from tests.accounts.letters import code_to
from tests.browser.walker import ALL_RULES, COLOURS, OVERHANG, RUN
from tests.factories.accounts import PASSWORD


def keep_picture(page: Page, file: Path) -> None:
    """Chromium gives no picture now and then while the machine is busy with other things; the next try has it."""
    try:
        page.screenshot(path=file, full_page=True)
    except Error:
        page.wait_for_timeout(1_000)
        page.screenshot(path=file, full_page=True)


class Visitor:
    """``complaints``: console errors, violated policies, scripts that broke, answers of 500, findings of axe."""

    def __init__(self, page: Page, *, name: str, results: Path) -> None:
        self.page, self.name, self.results = page, name, results
        self.complaints: list[str] = []
        self.shots = self.got = 0
        self.refusals: set[int] = set()  # what somebody is told on purpose, as an answer with this status
        page.on("console", self._hear)
        page.on("pageerror", lambda fault: self.complaints.append(f"{page.url}: {fault}"))
        page.on("response", self._check)

    def _hear(self, message: ConsoleMessage) -> None:
        is_told = any(f"status of {status}" in message.text for status in self.refusals)
        if message.type == "error" and not is_told:
            self.complaints.append(f"{self.page.url}: {message.text}")

    def _check(self, response: Response) -> None:
        if response.request.is_navigation_request():
            self.got = response.status
        if response.status >= 500:
            self.complaints.append(f"{response.url}: {response.status}")

    def open(self, path: str, *, shot: str = "") -> None:
        self.page.goto(path)
        if shot:
            self.look(shot)

    def type(self, **typed: str) -> None:
        """Fill in fields by their names; the first of a name that can be seen."""
        for name, text in typed.items():
            self.page.locator(f"main [name='{name}']").locator("visible=true").first.fill(text)

    def press(self, selector: str, *, status: int = 0, shot: str = "") -> None:
        """
        Press the first button of this kind that can be seen, and wait for the page it leads to.

        ``status``: what the page must answer with; a refusal that is looked for is no complaint.
        """
        self.refusals |= {status}
        with self.page.expect_navigation():
            self.page.locator(selector).locator("visible=true").first.click()
        assert status in (0, self.got), f"{self.page.url}: wanted {status}, got {self.got}"
        if shot:
            self.look(shot)

    def press_and_confirm(self, selector: str, user: User, *, shot: str = "") -> None:
        """Press what asks who is there, and answer; the question comes as a 403, which Chromium reports as an error."""
        self.press(selector, status=403, shot=f"{shot}-asked" if shot else "")
        self.page.fill("input[name=step_up_password]", PASSWORD)
        self.page.fill("input[name=step_up_code]", code_to(user.phone or ""))
        self.press("form:has(input[name=step_up]) button", shot=shot)

    def look(self, shot: str) -> None:
        """Keep a picture, and let axe look at the page in both schemes; nothing may stick out to the side."""
        self.results.mkdir(exist_ok=True)
        self.shots += 1
        for scheme, rules in (("light", ALL_RULES), ("dark", COLOURS)):
            self.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            file = self.results / f"{self.name}-{self.shots:02}-{shot}-{scheme}.png"
            keep_picture(self.page, file)
            for _rule, words, where in self.page.evaluate(RUN, rules):
                self.complaints.append(f"axe, {self.page.url} ({shot}, {scheme}): {words} {where}")
        self.page.emulate_media(color_scheme="light")
        overhang = self.page.evaluate(OVERHANG)
        if overhang > 0:
            self.complaints.append(f"{self.page.url} ({shot}): {overhang} px wider than the screen")
