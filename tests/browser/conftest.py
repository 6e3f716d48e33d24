"""Chromium as Debian ships it, against a live server; whatever it complains about fails the test."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import Browser, sync_playwright

from accounts.models import User
from tests.browser.site import Site, serve
from tests.browser.visitor import Visitor
from tooling.servers import chromium_binary

RESULTS = Path(__file__).parents[2] / "test-results"
ROUGH_SANDBOX = ["--no-sandbox"] if os.geteuid() == 0 else []
NO_CARD = ["--disable-gpu", "--disable-software-rasterizer"]  # there is none; pretending one costs a third of the time


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if "site" not in getattr(item, "fixturenames", ()):  # the served site has its own database
                item.add_marker(pytest.mark.django_db(transaction=True))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    # Playwright's synchronous interface runs a loop in this thread, which Django takes for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_binary(), args=[*ROUGH_SANDBOX, *NO_CARD])
        yield chromium
        chromium.close()
    os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE")


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The demo, served beside the tests."""
    with serve(tmp_path_factory.mktemp("served")) as there:
        yield there


@pytest.fixture
def mails_arrive(settings):  # pytest-django swaps the backend for one that keeps them to itself
    settings.EMAIL_BACKEND = "accounts.channels.sandbox.EmailBackend"


Visit = Callable[..., Visitor]


@pytest.fixture
def visit(browser: Browser, live_server, settings, client) -> Iterator[Visit]:
    """
    Let somebody come: ``visit("buyer", user, language="zh-CN", width=390)``.

    With ``place``, an address, he comes through a proxy of ours that says so.
    """
    settings.SITE_URL = live_server.url
    visitors: list[Visitor] = []

    def come(name: str, user: User | None = None, *, language: str, width: int, place: str = "") -> Visitor:
        context = browser.new_context(
            base_url=live_server.url, locale=language, viewport={"width": width, "height": 844},
            reduced_motion="reduce", timezone_id="Asia/Shanghai",
            extra_http_headers={"X-Forwarded-For": place} if place else {},
        )  # fmt: skip
        if place:
            settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
        context.set_default_timeout(20_000)
        context.add_init_script(path=AXE_FILE_PATH)  # handed over once instead of with every page
        if user is not None:
            client.cookies.clear()  # else the session of whoever came before him would end
            client.force_login(user)
            session = client.cookies[settings.SESSION_COOKIE_NAME].value
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
        visitors.append(Visitor(context.new_page(), name=f"{name}-{language}-{width}", results=RESULTS))
        return visitors[-1]

    yield come
    for visitor in visitors:
        visitor.page.context.close()
    complaints = [complaint for visitor in visitors for complaint in visitor.complaints]
    assert not complaints, "\n".join(complaints)
