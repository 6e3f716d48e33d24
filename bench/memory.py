"""
Memory of the processes that serve, over 10,000 requests: as in production and embedded, as `./run demo` starts them.

Pages of visitors and members, and purchases, so that the worker has messages to send and deadlines to watch.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bench.served import Web, bank_process, load
from bench.stats import Verdict
from tooling import services
from tooling.house import PYTHON, ROOT, any_port
from tooling.processes import Child, stop_all
from tooling.servers import wait_for

TARGETS = {"largest web worker": 150, "embedded worker": 120}
GROWTH = 1.02  # the last third beside the middle one: more is called growing
STEPS = 10
PER_PURCHASE = 10  # requests to the shop
MIX = {"visitor": 0.4, "member": 0.3, "purchase": 0.3}


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run bench memory")
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--products", type=int, default=2_000)
    parser.add_argument("--only", choices=("production", "embedded"), default="")
    args = parser.parse_args()
    for name in ("production", "embedded"):
        if args.only in ("", name):
            with tempfile.TemporaryDirectory(prefix="tashi-bench-") as folder:
                measure(name, args, Path(folder))
    return 0


def measure(name: str, args: argparse.Namespace, home: Path) -> None:
    port = any_port()
    env = environment(name, home, port)
    done = subprocess.run(
        [PYTHON, "-m", "bench.grown"], input=json.dumps({"products": args.products, "orders": 0}), cwd=ROOT,
        env={**os.environ, **env}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError(f"the shop could not be filled:\n{done.stderr[-4000:]}")
    with bank_process(home), served(name, port=port, env=env, home=home) as (web, workers):
        print(f"\n  {name}: MB after each {args.requests // STEPS:,} requests, load average {os.getloadavg()[0]:.1f}")
        series = _visit(web, workers, json.loads(done.stdout), args.requests)
    _report(name, series)


def environment(name: str, home: Path, port: int) -> dict[str, str]:
    """What `./run demo` sets, or what a server has; without the addresses of a database and Redis it is embedded."""
    servers = {key: os.environ.get(key, "") for key in ("DATABASE_URL", "REDIS_URL")}
    database = servers["DATABASE_URL"] if name == "production" else f"sqlite:///{home}/var/tashi.sqlite3"
    return {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "IGNORE_DOTENV": "1",
        "DATABASE_URL": database,
        "REDIS_URL": servers["REDIS_URL"] if name == "production" else "",
        "VAR_DIR": str(home / "var"),
        "SITE_URL": f"http://127.0.0.1:{port}",
        "DEBUG": "0",
        "SANDBOX": "1",
        "PAYMENT_GATEWAYS": "sandbox",
        "LOG_LEVEL": "WARNING",
        "PAGE_LIMITS": "0",
    }


@contextmanager
def served(name: str, *, port: int, env: dict[str, str], home: Path) -> Iterator[tuple[Web, dict[str, Child]]]:
    """Gunicorn and what works behind it."""
    parts = {"worker": services.worker(), "beat": services.beat(book=str(home / "beat"))}
    if name == "embedded":
        parts = {"embedded worker": services.worker(with_beat=str(home / "beat"))}
    web = Web("web", port=port, env=env, log=home / "web.log")
    workers: dict[str, Child] = {}
    try:
        wait_for(port, web.child)
        for part, command in parts.items():
            workers[part] = Child(part, [PYTHON, "-m", *command], env=env, log=home / f"{part}.log")
        yield web, workers
        for child in workers.values():
            if not child.is_running():
                raise RuntimeError(f"the {child.name} ended:\n{child.last_lines(30)}")
    finally:
        stop_all([web.child, *workers.values()])


def _visit(web: Web, workers: dict[str, Child], world: dict[str, Any], requests: int) -> dict[str, list[float]]:
    series: dict[str, list[float]] = {"largest web worker": [], **{name: [] for name in workers}}
    step = requests // STEPS
    print("  " + "  ".join(f"{name:>18}" for name in ("requests", *series)))
    load(base=web.base, act="pages", paths=["/"], count=40, clients=2)  # everything that a first page loads
    for number in range(STEPS + 1):
        if number:
            _requests(web, world, step, number)
        series["largest web worker"].append(max(web.worker_rss()))
        for name, child in workers.items():
            series[name].append(max(rss_of(pid) for pid in family(child.process.pid)))
        row = "  ".join(f"{sizes[-1]:18.1f}" for sizes in series.values())
        print(f"  {number * step:18,}  {row}", flush=True)
    return series


def _requests(web: Web, world: dict[str, Any], count: int, number: int) -> None:
    """Two browsers at a time: visitors, members, purchases."""
    shelves = ["/", world["category"], quote(world["search"], safe="/?="), *world["products"], "/guarantee/", "/rules/"]
    own = ["/", "/orders/", world["order"], f"{world['order']}money/", "/cart/", "/me/", "/me/inbox/"]
    share = {name: int(count * part) for name, part in MIX.items()}
    load(base=web.base, act="pages", paths=shelves, count=share["visitor"], clients=2)
    load(base=web.base, act="pages", paths=own, count=share["member"], clients=2, session=world["buyers"][0])
    goods = world["goods"][number % 7 :]
    job = {"act": "purchases", "bank": web.base, "sessions": world["buyers"][:2], "goods": goods}
    load(base=web.base, count=share["purchase"] // PER_PURCHASE, clients=2, **job)


def family(pid: int) -> list[int]:
    """A process and its children: the embedded ticker is one."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += map(int, (task / "children").read_text().split())
    return found


def rss_of(pid: int) -> float:
    """Megabytes that a process has in memory, what it shares with others included."""
    size = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(size[1]) / 1024 if size else 0.0


def thirds(sizes: list[float]) -> float:
    """The last third's mean beside that of the middle one."""
    third = max(1, len(sizes) // 3)
    return (sum(sizes[-third:]) / third) / (sum(sizes[-2 * third : -third]) / third)


def _report(name: str, series: dict[str, list[float]]) -> None:
    for part, sizes in series.items():
        if part in TARGETS:
            print(Verdict(f"{name}: {part}, MB", max(sizes), TARGETS[part], at_most=True))
        growth = thirds(sizes)
        print(f"  {name}: {part} {'is flat' if growth <= GROWTH else 'GROWS'}, last third {growth:.3f} of the middle")


if __name__ == "__main__":
    raise SystemExit(main())
