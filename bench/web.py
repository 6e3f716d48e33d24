"""
Pages beside a bare Django view, in the same run, on the same PostgreSQL: CPU of the server's processes per request.

Two workers, persistent connections, DEBUG off. The two sides take turns round by round, so that what else the machine
does falls on both.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

import django

from bench.served import Web, load, pretended_bank, serve
from bench.stats import Series, Verdict, median, of_rounds, spread
from bench.weight import cards_of, weigh

CLIENTS = 2
WARM = 8
TARGETS = {
    "home, 20 products": (0.5, "bare 20"),
    "category, 24 products": (0.5, "bare 24"),
    "product page": (0.5, "bare 20"),
    "search for two characters": (0.4, "bare 24"),
    "order page, signed in": (0.25, "bare 20"),
}
PURCHASE_AT_MOST = 12
WORKER_MB = 150


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run bench web")
    parser.add_argument("--requests", type=int, default=300, help="per page and round")
    parser.add_argument("--purchases", type=int, default=30, help="per round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--products", type=int, default=2_000)
    parser.add_argument("--orders", type=int, default=10_000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tashi-bench-") as name:
        home = Path(name)
        env = environment(home)
        os.environ.update(env)
        django.setup()
        measure(args, home=home, env=env)
    return 0


def environment(home: Path) -> dict[str, str]:
    """What all processes of the measurement share."""
    return {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "IGNORE_DOTENV": "1",
        "DATABASE_URL": os.environ.get("DATABASE_URL", ""),
        "REDIS_URL": os.environ.get("REDIS_URL", ""),
        "VAR_DIR": str(home / "var"),
        "DEBUG": "0",
        "SANDBOX": "1",
        "LOG_LEVEL": "WARNING",
        "PAGE_LIMITS": "0",
    }


def measure(args: argparse.Namespace, *, home: Path, env: dict[str, str]) -> None:
    from django.core.management import call_command
    from django.db import connections

    from bench.world import build

    call_command("collectstatic", interactive=False, verbosity=0)
    world = build(products=args.products, orders=args.orders)
    assert world is not None
    connections.close_all()
    load_now = os.getloadavg()[0]
    print(
        f"  {args.products:,} products, {args.orders:,} orders, load average {load_now:.1f} on {os.cpu_count()} cores"
    )
    print(f"  order page: {world.events} tracking events, {world.transfers} transfers")
    bare = {**env, "DJANGO_SETTINGS_MODULE": "bench.bare_settings"}
    shop = {**env, "SANDBOX": "0", "SITE_URL": "{shop}"}
    with serve(home, bare=bare, shop=shop) as webs:
        pages = _pages(webs, world)
        for name, web, job in pages:
            print(f"  {name:<30} {cards_of(web.base, job['paths'][0], session=job.get('session', ''))} products on it")
        series = _rounds(pages, args)
        _print_pages(series)
        _print_memory(webs["shop"])
        for title, path in (("home", "/"), ("product", world.products[0]), ("order", world.order)):
            print(f"  {title:<8} {weigh(webs['shop'].base, path, session=world.buyers[0])}")
    bank = {**env, "DJANGO_SETTINGS_MODULE": "bench.bank_settings", "BENCH_SHOP": "{shop}", "SITE_URL": "{bank}"}
    shop = {**env, "SANDBOX": "1", "SITE_URL": "{bank}", "PAYMENT_GATEWAYS": "sandbox"}
    with pretended_bank(home), serve(home, bare=bare, shop=shop, bank=bank) as webs:
        _purchases(webs, world, args)


Page = tuple[str, Web, dict[str, Any]]


def _pages(webs: dict[str, Web], world: Any) -> list[Page]:
    bare, shop = webs["bare"], webs["shop"]
    member = {"session": world.buyers[0]}
    return [
        ("bare 20", bare, {"paths": ["/rows/20/"]}),
        ("home, 20 products", shop, {"paths": ["/"]}),
        ("product page", shop, {"paths": world.products}),
        ("bare 24", bare, {"paths": ["/rows/24/"]}),
        ("category, 24 products", shop, {"paths": [world.category]}),
        ("search for two characters", shop, {"paths": [quote(world.search, safe="/?=")]}),
        ("order page, signed in", shop, {"paths": [world.order], **member}),
        ("home, signed in", shop, {"paths": ["/"], **member}),
        ("bare 20 from values()", bare, {"paths": ["/lean/20/"]}),
    ]


def _rounds(pages: list[Page], args: argparse.Namespace) -> dict[str, Series]:
    series = {name: Series(name) for name, _, _ in pages}
    for name, web, job in pages:
        _run(Series(name), web, WARM * CLIENTS, act="pages", **job)
    for _ in range(args.rounds):
        for name, web, job in pages:
            _run(series[name], web, args.requests, act="pages", **job)
    return series


def _run(series: Series, web: Web, count: int, *, clients: int = CLIENTS, **job: Any) -> None:
    before = web.cpu_seconds()
    seconds = load(base=web.base, count=count, clients=clients, **job)
    series.add(requests=count // clients * clients, cpu_seconds=web.cpu_seconds() - before, seconds=seconds)


def _print_pages(series: dict[str, Series]) -> None:
    print("\n  page                            CPU ms   pages/s   spread   x bare")
    for name, one in series.items():
        beside = series[TARGETS.get(name, (0, "bare 20"))[1]]
        ratio = of_rounds(beside.cpu_ms, one.cpu_ms)
        numbers = f"{median(one.cpu_ms):6.2f}   {median(one.rate):7.0f}   {spread(one.cpu_ms):5.0%}   {ratio:6.2f}"
        print(f"  {name:<30} {numbers}")
    print("\n  rate of the page beside the bare view, by CPU of the server's processes")
    for name, (target, beside_name) in TARGETS.items():
        print(Verdict(name, of_rounds(series[beside_name].cpu_ms, series[name].cpu_ms), target))


def _print_memory(web: Web) -> None:
    print("\n  memory after the run")
    print(Verdict("largest web worker, MB", max(web.worker_rss()), WORKER_MB, at_most=True))


def _purchases(webs: dict[str, Web], world: Any, args: argparse.Namespace) -> None:
    bare, shop = Series("bare 20"), Series("purchase")
    sessions = world.buyers[:CLIENTS]
    job = {"act": "purchases", "bank": webs["bank"].base, "sessions": sessions, "goods": world.goods}
    job["clients"] = len(sessions)
    _run(Series(""), webs["bare"], WARM * CLIENTS, act="pages", paths=["/rows/20/"])
    _run(Series(""), webs["shop"], 2 * CLIENTS, **job)
    for _ in range(args.rounds):
        _run(bare, webs["bare"], args.requests, act="pages", paths=["/rows/20/"])
        _run(shop, webs["shop"], args.purchases, **job)
    print("\n  whole purchase: product, add, cart, checkout, place, payment page, to the bank, notice, back, order")
    print(f"  {median(shop.cpu_ms):.1f} ms CPU, {median(shop.rate):.1f} purchases/s, spread {spread(shop.cpu_ms):.0%}")
    print(Verdict("purchase, in bare list pages", of_rounds(shop.cpu_ms, bare.cpu_ms), PURCHASE_AT_MOST, at_most=True))


if __name__ == "__main__":
    raise SystemExit(main())
