"""
Money beside pgbench's TPC-B-like run, in the same run, on the same PostgreSQL that waits for its disk.

The sides take turns round by round. Everything of ours runs in one process.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import django

from bench.stats import median, of_rounds, spread
from tooling.servers import postgres_folder

TPS = re.compile(r"^tps = ([\d.]+)", re.MULTILINE)


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run bench money")
    parser.add_argument("--holds", type=int, default=10_000, help="due holds in all")
    parser.add_argument("--orders", type=int, default=200, help="checkouts in all")
    parser.add_argument("--transfers", type=int, default=3_000, help="single transfers in all")
    parser.add_argument("--bulk", type=int, default=60_000, help="transfers by the hundred in all, a multiple of 200")
    parser.add_argument("--seconds", type=int, default=5, help="of each pgbench run")
    parser.add_argument("--scale", type=int, default=10, help="of pgbench's tables")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tashi-bench-") as name:
        settings = {"DJANGO_SETTINGS_MODULE": "config.settings", "IGNORE_DOTENV": "1", "DEBUG": "0", "SANDBOX": "1"}
        os.environ.update({**settings, "VAR_DIR": str(Path(name) / "var"), "LOG_LEVEL": "WARNING"})
        django.setup()
        measure(args)
    return 0


def measure(args: argparse.Namespace) -> None:
    from bench import deals
    from bench.world import build

    build(products=60, orders=0, full=False)
    pgbench = Pgbench(os.environ["DATABASE_URL"], seconds=args.seconds)
    pgbench.prepare(scale=args.scale)
    deals.due_holds(args.holds)
    deals.filled_carts(args.orders)
    deals.settle_tables()
    ours: dict[str, Callable[[int], int]] = {
        "release sweep, holds/s": lambda share: deals.sweep(limit=args.holds // args.rounds),
        "post() of one transfer, transfers/s": lambda share: deals.post_singly(args.transfers // args.rounds),
        "post() of a hundred, transfers/s": lambda share: deals.post_by_hundreds(args.bulk // args.rounds // 200 * 200),
        "checkout to held, orders/s": lambda share: deals.buy(args.orders // args.rounds),
    }
    print(f"  load average before the run {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    rates: dict[str, list[float]] = {name: [] for name in ours}
    ceilings: dict[int, list[float]] = {1: [], 8: []}
    for number in range(args.rounds):
        for clients, found in ceilings.items():
            found.append(pgbench.tps(clients=clients))
        for name, work in ours.items():
            rates[name].append(_rate(work, number))
    _print(rates, ceilings)
    deals.check_books()
    print("  the books balance afterwards")


def _rate(work: Callable[[int], int], number: int) -> float:
    start = time.monotonic()
    done = work(number)
    return done / (time.monotonic() - start)


def _print(rates: dict[str, list[float]], ceilings: dict[int, list[float]]) -> None:
    for clients, found in ceilings.items():
        print(
            f"  {f'pgbench TPC-B-like, {clients} clients, tps':<40} {median(found):9,.0f}   spread {spread(found):.0%}"
        )
    print(f"\n  {'':<40} {'rate':>9}   spread   x TPC-B 1   x TPC-B 8")
    for name, found in rates.items():
        beside = [of_rounds(found, ceilings[clients]) for clients in (1, 8)]
        print(f"  {name:<40} {median(found):9,.0f}   {spread(found):6.0%}   {beside[0]:9.2f}   {beside[1]:9.2f}")


class Pgbench:
    """pgbench in a database of its own on the server that is measured."""

    def __init__(self, url: str, *, seconds: int) -> None:
        parts = urlsplit(url)
        folder = postgres_folder()
        if folder is None or not (folder / "pgbench").exists():
            raise SystemExit("pgbench is missing: sudo apt-get install postgresql")
        self.folder, self.seconds = folder, seconds
        self.where = ["-h", str(parts.hostname), "-p", str(parts.port), "-U", str(parts.username)]

    def prepare(self, *, scale: int) -> None:
        self._run("createdb", "ceiling")
        self._run("pgbench", "--initialize", "--quiet", "--scale", str(scale), "ceiling")

    def tps(self, *, clients: int) -> float:
        """Transactions per second without the time to connect."""
        threads = str(min(clients, 2))
        said = self._run("pgbench", "-c", str(clients), "-j", threads, "-T", str(self.seconds), "ceiling")
        found = TPS.search(said)
        assert found is not None, said
        return float(found[1])

    def _run(self, program: str, *args: str) -> str:
        command = [str(self.folder / program), *self.where, *args]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    raise SystemExit(main())
