"""
The database is torn away in the middle of the work and comes back: nobody restarts anything, nothing is lost or twice.

A PostgreSQL server of this test's own, the web and the worker as ``./run demo`` starts them.
"""

from __future__ import annotations

import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import psycopg2  # type: ignore[import-untyped]
import pytest

from tests.faults.outage import RELEASES
from tooling import services
from tooling.house import PYTHON, any_port
from tooling.processes import Child, stop_all
from tooling.servers import postgres_folder, start_postgres, wait_for

pytestmark = [pytest.mark.fault, pytest.mark.money, pytest.mark.pg]
PATIENCE_SECONDS = 180
RELEASED = "SELECT count(*) FROM escrow_hold WHERE status = 'released' AND warned_at IS NOT NULL"
LEFT = """SELECT (SELECT count(*) FROM core_deadline WHERE done_at IS NULL AND due_at <= now())
               + (SELECT count(*) FROM core_delivery WHERE done_at IS NULL)
               + (SELECT count(*) FROM escrow_payout WHERE status <> 'paid')
               + (SELECT count(*) FROM escrow_transfer) - (SELECT count(*) FROM escrow_sealed)"""


class Shop:
    """A database server that can be torn away, and a shop on it."""

    def __init__(self, home: Path) -> None:
        folder, self.home = postgres_folder(), home
        assert folder is not None, "no PostgreSQL on this machine"
        (home / "server").mkdir(mode=0o711)
        (home / "server" / "postgres").mkdir(mode=0o700)
        # What was committed must be on the disk: only then may it be said afterwards that nothing was lost.
        self.server, self.database = start_postgres(folder, home / "server" / "postgres", careful=True)
        self.children = [self.server]
        port = any_port()
        self.base = f"http://127.0.0.1:{port}"
        self.env = {
            "DJANGO_SETTINGS_MODULE": "tests.faults.small_steps", "DATABASE_URL": self.database, "REDIS_URL": "",
            "SITE_URL": self.base, "TEST_DIR": str(home), "PYTEST_XDIST_WORKER": "", "NUDGE": "0", "SANDBOX": "1",
        }  # fmt: skip
        self.bind = f"127.0.0.1:{port}"
        self._open_bank(home / "fakepay")

    def _open_bank(self, folder: Path) -> None:
        """A process of its own; what the shop must know of it lies in the folder once it answers."""
        folder.mkdir(parents=True)
        port = any_port()
        command = [PYTHON, "-m", *services.bank(folder=str(folder), port=port)]
        bank = Child("bank", command, env=self.env, log=self.home / "bank.log")
        self.children.append(bank)
        wait_for(port, bank)
        until = time.monotonic() + 30
        while not (folder / "shop.json").exists() and time.monotonic() < until:
            time.sleep(0.1)

    def run(self, *command: str) -> None:
        child = Child(command[-1], [PYTHON, *command], env=self.env, log=self.home / f"{command[-1]}.log")
        self.children.append(child)
        assert child.wait() == 0, child.last_lines(40)

    def start(self) -> None:
        made = (("web", services.web(bind=self.bind)), ("worker", services.worker(with_beat=str(self.home / "beat"))))
        for name, (program, *rest) in made:
            command = [PYTHON.parent / program, *rest]
            child = Child(name, command, env=self.env, log=self.home / f"{name}.log")
            self.children.append(child)
            setattr(self, name, child)
        wait_for(int(self.bind.partition(":")[2]), self.web)  # type: ignore[attr-defined]

    def ask(self, query: str) -> Any:
        with closing(psycopg2.connect(self.database)) as database, database.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchone()[0]  # type: ignore[index]

    def tear_away(self) -> None:
        """PostgreSQL's immediate shutdown: no checkpoint, no farewell to anybody who is connected."""
        self.server.process.send_signal(signal.SIGQUIT)
        self.server.process.wait(timeout=60)

    def bring_back(self) -> None:
        self.children.remove(self.server)
        self.server = self.server.again()
        self.children.insert(0, self.server)

    def get(self, path: str, **more: Any) -> httpx.Response:
        return httpx.get(self.base + path, timeout=30, **more)


@pytest.fixture
def shop() -> Iterator[Shop]:
    # Not pytest's own folder: as root we may read it, and the user that PostgreSQL runs as may not.
    with tempfile.TemporaryDirectory(prefix="tashi-outage-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o711)
        shop = Shop(Path(name))
        try:
            yield shop
        finally:
            stop_all(shop.children[::-1])


def until(what: str, is_so: Callable[[], object], shop: Shop) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < end, f"in vain: {what}\n{shop.worker.last_lines(30)}"  # type: ignore[attr-defined]
        time.sleep(0.05)


def is_there(shop: Shop) -> bool:
    try:
        return bool(shop.ask("SELECT 1"))
    except psycopg2.OperationalError:
        return False


class Visitors(threading.Thread):
    """They look at pages all the time; what they were answered is counted."""

    PLACES = ("/", "/search/?q=tea", "/custody/", "/api/v1/products/", "/accounts/login/")

    def __init__(self, shop: Shop) -> None:
        super().__init__(daemon=True)
        self.shop, self.is_over = shop, threading.Event()
        self.answers: Counter[int] = Counter()
        self.bad: list[str] = []

    def run(self) -> None:
        while not self.is_over.wait(0.02):
            for place in self.PLACES:
                answer = self.shop.get(place)
                self.answers[answer.status_code] += 1
                if answer.status_code not in (200, 302, 503):
                    self.bad.append(f"{place}: {answer.status_code} {answer.text[:200]}")


def test_the_database_is_torn_away_twice_in_the_middle_of_the_work(shop):
    """
    Seen red without ``CONN_HEALTH_CHECKS`` (a page after the outage answered 503 on a dead connection), and without
    ``is_away`` in ``core.views.errors`` (500). What ``core.prepared`` keeps per connection is asked throughout.
    """
    shop.run("manage.py", "migrate")
    shop.run("manage.py", "createcachetable")
    shop.run("-m", "tests.faults.outage", "fill")
    shop.start()
    name, _, value = (shop.home / "fill.log").read_text().split()[-1].partition("=")
    member = httpx.Client(base_url=shop.base, timeout=30, cookies={name: value}, headers={"accept-language": "en"})
    assert member.get("/orders/").status_code == 200
    visitors = Visitors(shop)
    visitors.start()
    try:
        for part in (10, 60):
            until("releases go on", lambda part=part: shop.ask(RELEASED) >= part, shop)
            assert shop.ask(RELEASED) < RELEASES, "there is still something to do"
            shop.tear_away()
            look_while_it_is_away(shop, member)
            shop.bring_back()
            until("it takes connections", lambda: is_there(shop), shop)
        until("the web is back", lambda: shop.get("/readyz").status_code == 200, shop)
        for _ in range(services.WEB_WORKERS * services.WEB_THREADS * 3):
            assert shop.get("/").status_code == 200, "no thread keeps a dead connection"
        assert member.get("/orders/").status_code == 200, "still signed in"
        until("all is done", lambda: shop.ask(LEFT) == 0, shop)
    finally:
        visitors.is_over.set()
        visitors.join(60)
    come_back_to_idle_connections(shop, member)
    assert visitors.bad == []
    assert visitors.answers[200] and visitors.answers[503]
    assert shop.worker.is_running() and shop.web.is_running()
    assert (shop.home / "web.log").read_text().count("Booting worker") == services.WEB_WORKERS, "none was replaced"
    shop.run("-m", "tests.faults.outage", "count")


def come_back_to_idle_connections(shop: Shop, member: httpx.Client) -> None:
    """While nobody looks the server is another: every connection that was kept is dead, and nobody meets one."""
    shop.tear_away()
    shop.bring_back()
    until("it takes connections", lambda: is_there(shop), shop)
    for _ in range(services.WEB_WORKERS * services.WEB_THREADS * 3):
        assert member.get("/orders/").status_code == 200


def look_while_it_is_away(shop: Shop, member: httpx.Client) -> None:
    """A visitor reads what is the matter, a machine too, and the probe says that no visitors should be sent."""
    ready = shop.get("/readyz")
    assert (ready.status_code, ready.json()) == (503, {"status": "no database"})
    assert shop.get("/healthz").status_code == 200, "the process itself is well"
    for page in (shop.get("/", headers={"accept-language": "en"}), member.get("/"), member.get("/orders/")):
        assert page.status_code == 503, page.url
        assert "We are away for a moment" in page.text
        assert (page.headers["Retry-After"], page.headers["Cache-Control"]) == ("30", "no-store")
    told = [
        shop.get("/api/v1/products/"),
        member.get("/api/v1/orders/"),
        member.post("/sandbox/clock/", json={"hours": 1}),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in told] == [(503, "away")] * 3
