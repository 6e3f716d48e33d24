"""
Pages of a small shop beside the same pages of one fifty times as large, in the same run, on the same PostgreSQL.

The two take turns round by round, one visitor at a time. Counted are the time a page takes as its visitor sees it, and
the CPU time of gunicorn and of the database's processes for it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import django

from bench.served import Web, cpu_of, load, serve
from bench.stats import Verdict, median, of_rounds
from tooling.house import PYTHON, ROOT

AT_MOST = 1.3
WARM = 16
SIZES = {"small": (2_000, 10_000), "big": (100_000, 1_000_000)}


@dataclass(slots=True)
class Cost:
    """One page of one world, round by round, in milliseconds per request."""

    wall: list[float] = field(default_factory=list)
    web: list[float] = field(default_factory=list)
    database: list[float] = field(default_factory=list)

    @property
    def cpu(self) -> list[float]:
        return [a + b for a, b in zip(self.web, self.database, strict=True)]


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run bench growth")
    parser.add_argument("--requests", type=int, default=60, help="per page, world and round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--products", type=int, default=SIZES["big"][0], help="of the big world")
    parser.add_argument("--orders", type=int, default=SIZES["big"][1], help="of the big world")
    parser.add_argument("--only", default="", help="pages whose name has this in it")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tashi-bench-") as name:
        measure(args, Path(name))
    return 0


def measure(args: argparse.Namespace, home: Path) -> None:
    sizes = {**SIZES, "big": (args.products, args.orders)}
    envs = {name: environment(name, home, place) for place, name in enumerate(sizes)}
    os.environ.update(envs["small"])
    worlds: dict[str, dict[str, Any]] = {}
    for name, (products, orders) in sizes.items():
        started = time.monotonic()
        worlds[name] = build(name, env=envs[name], products=products, orders=orders)
        words = f"{products:,} products, {orders:,} orders, {worlds[name]['rows']:,} rows in all"
        print(f"  {name}: {words}, made in {time.monotonic() - started:.0f} s", flush=True)
    print(f"  load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with serve(home, **envs) as webs:
        pages = [page for page in worlds["small"]["pages"] if args.only in page]
        _report(_rounds(webs, worlds, pages, args))


def environment(name: str, home: Path, place: int) -> dict[str, str]:
    """A database and a cache of its own for each world, on the same servers."""
    return {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "IGNORE_DOTENV": "1",
        "DATABASE_URL": f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{name}",
        "REDIS_URL": f"{os.environ['REDIS_URL'].rpartition('/')[0]}/{place + 1}",
        "VAR_DIR": str(home / "var"),
        "DEBUG": "0",
        "SANDBOX": "1",
        "LOG_LEVEL": "WARNING",
        "PAGE_LIMITS": "0",
    }


def build(name: str, *, env: dict[str, str], products: int, orders: int) -> dict[str, Any]:
    """:raises RuntimeError: if the world could not be made"""
    base = env["DATABASE_URL"].rpartition("/")[0]
    subprocess.run(["createdb", "--maintenance-db", f"{base}/postgres", name], check=True)
    done = subprocess.run(
        [PYTHON, "-m", "bench.grown"], input=json.dumps({"products": products, "orders": orders}), cwd=ROOT,
        env={**os.environ, **env}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError(f"the {name} world was not made:\n{done.stderr[-4000:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _rounds(
    webs: dict[str, Web], worlds: dict[str, dict[str, Any]], pages: list[str], args: argparse.Namespace
) -> dict[str, dict[str, Cost]]:
    django.setup()
    costs = {page: {name: Cost() for name in webs} for page in pages}
    for page in pages:
        for name, web in webs.items():
            for _ in range(2):  # each of the two workers
                _run(Cost(), web, name, worlds[name], page, WARM)
    for _ in range(args.rounds):
        for page in pages:
            for name, web in webs.items():
                _run(costs[page][name], web, name, worlds[name], page, args.requests)
    return costs


def _run(cost: Cost, web: Web, name: str, world: dict[str, Any], page: str, count: int) -> None:
    session = {"buyer": world["buyer"], "merchant": world["merchant"]}.get(page.partition(":")[0], "")
    paths = [quote(path, safe="/?=") for path in world["pages"][page]]
    web_before, database_before = web.cpu_seconds(), backends(name)
    seconds = load(base=web.base, act="pages", paths=paths, count=count, clients=1, session=session)
    used = sum(after - database_before.get(pid, 0.0) for pid, after in backends(name).items())
    cost.wall.append(seconds * 1000 / count)
    cost.web.append((web.cpu_seconds() - web_before) * 1000 / count)
    cost.database.append(used * 1000 / count)


def backends(database: str) -> dict[int, float]:
    """CPU seconds so far of the processes that serve a database, by process."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()", [database])
        return {pid: cpu_of(pid) for (pid,) in cursor.fetchall() if Path(f"/proc/{pid}/stat").exists()}


def _report(costs: dict[str, dict[str, Cost]]) -> None:
    print("\n  milliseconds per page            small: seen   web    db     big: seen   web    db    seen x   CPU x")
    ratios: dict[str, float] = {}
    for page, cost in costs.items():
        small, big = cost["small"], cost["big"]
        seen, cpu = of_rounds(big.wall, small.wall), of_rounds(big.cpu, small.cpu)
        numbers = "    ".join(
            f"{median(one.wall):9.1f} {median(one.web):6.1f} {median(one.database):5.1f}" for one in (small, big)
        )
        print(f"  {page:<30} {numbers} {seen:8.2f} {cpu:7.2f}")
        ratios[page] = cpu
    print("\n  big beside small, by CPU of both; what a visitor waits has the machine's other work in it")
    for page, ratio in ratios.items():
        print(Verdict(page, ratio, AT_MOST, at_most=True))


if __name__ == "__main__":
    raise SystemExit(main())
