"""
One deal on real parts: gunicorn, a Celery worker, notices over sockets, and a browser that runs no script.

Nothing is patched and nothing is called from here: what happens is what people press, and what the worker then does.
"""

from __future__ import annotations

import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import RESULTS
from tests.browser.site import environment, serve
from tests.browser.visitor import keep_picture
from tooling import services
from tooling.house import PYTHON, ROOT
from tooling.processes import Child, stop_all

BUYER, MERCHANT, STORE = "lin.xiao@example.com", "shen.qing@example.com", "qingtao"
NUMBER = "TS2026REALPARTS"
PATIENCE_SECONDS = 90
STATE = "SELECT status FROM shop_order WHERE number = ?"
TAKEN_IN = "SELECT count(*) FROM escrow_inbox WHERE CAST(raw_body AS text) LIKE ? AND processed_at IS NOT NULL"
KNOWN = "SELECT count(*) FROM logistics_sandboxparcel WHERE number = ?"
SHARE = """SELECT released_minor - fee_taken_minor FROM escrow_hold h JOIN shop_order o ON o.id = h.order_id
           WHERE o.number = ?"""
PAID_OUT = """SELECT sum(amount_minor) FROM escrow_payout p JOIN shop_store s ON s.id = p.store_id
              WHERE s.slug = ? AND p.status = 'paid'"""


@dataclass
class Parts:
    base: str
    home: Path
    env: dict[str, str]

    def ask(self, query: str, *values: Any) -> Any:
        """One value from the shop's own database, read beside it."""
        with closing(sqlite3.connect(f"file:{self.home / 'tashi.sqlite3'}?mode=ro", uri=True, timeout=20)) as db:
            row = db.execute(query, values).fetchone()
        return row and row[0]

    def tell(self, path: str, **body: object) -> Any:
        answer = httpx.post(f"{self.base}{path}", json=body, headers={"accept": "application/json"}, timeout=30)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:500])
        return answer.json()

    def told(self, to: str) -> list[dict[str, Any]]:
        where = f"{self.base}/sandbox/outbox/"
        answer = httpx.get(where, params={"to": to}, headers={"accept": "application/json"}, timeout=30)
        return list(answer.json()["messages"])


@pytest.fixture
def parts(tmp_path) -> Iterator[Parts]:
    """A served copy of the demo with its worker, as ``./run demo`` starts them."""
    with serve(tmp_path) as site:
        home = tmp_path / "site"
        env = {**environment(home, static=tmp_path / "static"), "SITE_URL": site.base}
        command = services.worker(with_beat=str(tmp_path / "beat"))
        worker = Child("worker", [PYTHON.parent / command[0], *command[1:]], env=env, log=tmp_path / "worker.log")
        try:
            yield Parts(site.base, home, env)
            assert worker.is_running(), worker.last_lines()
        finally:
            stop_all([worker])


def until(what: str, is_so: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < end, f"in vain: {what}"
        time.sleep(0.3)


@pytest.fixture
def come(browser: Browser, parts: Parts) -> Iterator[Callable[[str], Page]]:
    """Somebody signs in at the sandbox's door with a browser that runs no script."""
    contexts = []

    def enter(email: str) -> Page:
        context = browser.new_context(
            base_url=parts.base, java_script_enabled=False, viewport={"width": 390, "height": 844}, locale="zh-CN"
        )
        contexts.append(context)
        page = context.new_page()
        page.goto("/sandbox/")
        press(page, f"button[name=email][value='{email}']")
        return page

    yield enter
    for context in contexts:
        context.close()


def press(page: Page, selector: str) -> None:
    with page.expect_navigation():
        page.locator(selector).locator("visible=true").first.click()


def opened(page: Page, path: str) -> str:
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == 200, path
    return page.content()


def buy(page: Page, *, way: str = "1") -> tuple[str, str]:
    """From the store's page to the one where it is paid; gives the order's number and the payment's id."""
    opened(page, f"/s/{STORE}/")
    press(page, "li.product-card a")
    press(page, "button[name=buy_now]")
    press(page, "main form button.button-primary")
    payment = page.url.rstrip("/").rsplit("/", 1)[1]
    number = page.locator("main a[href^='/orders/2']").first.inner_text()
    press(page, f"main a[href='?pay={way}']")
    if way == "wechatpay":
        press(page, "main a[href*='/sandbox/pay/']")
    assert f"/sandbox/pay/{payment}/" in page.url
    return number.strip(), payment


def test_a_deal_runs_end_to_end_without_script(parts, come):
    buyer, merchant = come(BUYER), come(MERCHANT)
    number, payment = buy(buyer)

    # Nobody comes back from the bank: only its notice can tell the shop.
    parts.tell(f"/sandbox/pay/{payment}/", outcome="paid")
    until("the notice arrives", lambda: parts.ask(STATE, number) == "paid")
    assert parts.ask(TAKEN_IN, f"%{payment}%") == 1
    until("the worker tells the merchant", lambda: any(number in row["body"] for row in parts.told(MERCHANT)))

    opened(merchant, f"/merchant/orders/{number}/")
    merchant.fill("#ship input[name=number]", NUMBER)
    merchant.fill("#ship input[name=weight_g]", "640")
    press(merchant, "#ship form button.button-primary")
    until("the worker books at the carrier", lambda: parts.ask(KNOWN, NUMBER) == 1)
    for event in ("picked_up", "in_transit", "out_for_delivery"):
        assert parts.tell(f"/sandbox/carrier/{NUMBER}/", event=event)["pushed"]
    assert parts.tell(f"/sandbox/carrier/{NUMBER}/", event="delivered", signed="recipient")["pushed"]
    until("the delivery is known", lambda: parts.ask(STATE, number) == "delivered")

    before = parts.ask(PAID_OUT, STORE) or 0
    opened(buyer, f"/orders/{number}/confirm/")
    press(buyer, "main form button.button-primary")
    assert parts.ask(STATE, number) == "completed"
    parts.tell("/sandbox/clock/", hours=25)
    until("the worker pays out", lambda: (parts.ask(PAID_OUT, STORE) or 0) >= before + parts.ask(SHARE, number))
    command = [PYTHON, "manage.py", "ledger_check"]
    counted = subprocess.run(command, cwd=ROOT, env=parts.env, capture_output=True, text=True, check=False)
    assert counted.returncode == 0, counted.stdout + counted.stderr


@pytest.mark.parametrize("way", ["alipay", "wechatpay", "stripe"])
def test_a_buyer_pays_by_each_provider_that_is_pretended(parts, come, way):
    """The real adapter, the provider's own process, its page and its signed notice; pictures are kept."""
    buyer = come(BUYER)
    number, payment = buy(buyer, way=way)
    RESULTS.mkdir(exist_ok=True)
    keep_picture(buyer, RESULTS / f"pay-by-{way}.png")
    if way != "alipay":
        press(buyer, "button[value=declined]")
        opened(buyer, f"/pay/{payment}/")
        keep_picture(buyer, RESULTS / f"pay-by-{way}-declined.png")
        press(buyer, "main a[href='?pay=1']")
        if way == "wechatpay":
            press(buyer, "main a[href*='/sandbox/pay/']")
    press(buyer, "button[value=paid]")
    until("the notice arrives", lambda: parts.ask(STATE, number) == "paid")
    assert parts.ask("SELECT gateway FROM escrow_payment WHERE id = ?", payment.replace("-", "")) == way
    assert parts.ask("SELECT count(*) FROM escrow_inbox WHERE provider = ? AND processed_at IS NOT NULL", way) >= 1
