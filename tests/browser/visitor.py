"""Somebody at a real browser, and what it has to say about our pages."""

from __future__ import annotations

from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Page, Response

from accounts.models import User
from tests.accounts.letters import code_to
from tests.factories.accounts import PASSWORD


class Visitor:
    """``complaints``: console errors, violated policies, scripts that broke, answers of 500, findings of axe."""

    def __init__(self, page: Page, *, name: str, results: Path) -> None:
        self.page, self.name, self.results = page, name, results
        self.complaints: list[str] = []
        self.shots, self.is_asked = 0, False
        page.on("console", self._hear)
        page.on("pageerror", lambda fault: self.complaints.append(f"{page.url}: {fault}"))
        page.on("response", self._check)

    def _hear(self, message: ConsoleMessage) -> None:
        is_question = self.is_asked and "status of 403" in message.text
        if message.type == "error" and not is_question:
            self.complaints.append(f"{self.page.url}: {message.text}")

    def _check(self, response: Response) -> None:
        if response.status >= 500:
            self.complaints.append(f"{response.url}: {response.status}")

    def open(self, path: str, *, shot: str = "") -> None:
        self.page.goto(path)
        if shot:
            self.look(shot)

    def press(self, selector: str, *, shot: str = "") -> None:
        """Press the first button of this kind that can be seen, and wait for the page it leads to."""
        with self.page.expect_navigation():
            self.page.locator(selector).locator("visible=true").first.click()
        if shot:
            self.look(shot)

    def press_and_confirm(self, selector: str, user: User, *, shot: str = "") -> None:
        """Press what asks who is there, and answer; the question comes as a 403, which Chromium reports as an error."""
        self.is_asked = True
        self.press(selector, shot=f"{shot}-asked" if shot else "")
        self.page.fill("input[name=step_up_password]", PASSWORD)
        self.page.fill("input[name=step_up_code]", code_to(user.phone or ""))
        self.press("form:has(input[name=step_up]) button", shot=shot)
        self.is_asked = False

    def look(self, shot: str) -> None:
        """Keep a picture, and let axe look at the page in both schemes; nothing may stick out to the side."""
        self.results.mkdir(exist_ok=True)
        self.shots += 1
        for scheme in ("light", "dark"):
            self.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            file = self.results / f"{self.name}-{self.shots:02}-{shot}-{scheme}.png"
            self.page.screenshot(path=file, full_page=True)
            found = Axe().run(self.page).response["violations"]
            for violation in found:
                where = [node["target"] for node in violation["nodes"][:4]]
                self.complaints.append(f"axe, {self.page.url} ({shot}, {scheme}): {violation['help']} {where}")
        self.page.emulate_media(color_scheme="light")
        overhang = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if overhang > 0:
            self.complaints.append(f"{self.page.url} ({shot}): {overhang} px wider than the screen")
