"""
Lighthouse's four scores of home, product and order page: the demo as gunicorn serves it, on a phone 390 px wide.

Lighthouse comes from the npm registry through npx, in the version pinned here; the order page is opened with a
session's cookie.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import django

from bench.served import serve
from bench.stats import Verdict, median
from bench.web import environment
from tooling.servers import chromium_binary

VERSION = "12.8.2"  # the last major that runs on Node.js 18 and 20
OLDEST_NODE = 18
TARGET = 95
CATEGORIES = {
    "performance": "performance", "accessibility": "accessibility", "best-practices": "best practices",
    "seo": "search engines",
}  # fmt: skip
PHONE = [
    "--form-factor=mobile", "--screenEmulation.mobile", "--screenEmulation.width=390", "--screenEmulation.height=844",
    "--screenEmulation.deviceScaleFactor=2",
]  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run bench lighthouse")
    parser.add_argument("--rounds", type=int, default=1, help="per page; the median is printed")
    args = parser.parse_args()
    missing = lacking()
    if missing:
        print("Lighthouse cannot run here:", *(f"  - {line}" for line in missing), sep="\n")
        return 1
    with tempfile.TemporaryDirectory(prefix="tashi-bench-") as name:
        home = Path(name)
        env = environment(home)
        os.environ.update(env)
        django.setup()
        return measure(home, env=env, rounds=args.rounds)


def lacking() -> list[str]:
    """Say what this machine lacks, each with the line that installs it."""
    lines = []
    node = node_version()
    if node < OLDEST_NODE:
        found = f"only version {node}" if node else "none"
        lines.append(f"Node.js {OLDEST_NODE} or newer is needed, found {found}: sudo apt-get install nodejs")
    if shutil.which("npx") is None:
        lines.append("npx, which fetches Lighthouse from the npm registry, is missing: sudo apt-get install npm")
    if chromium_binary() is None:
        lines.append("Chromium is missing: sudo apt-get install chromium fonts-noto-cjk")
    return lines


def node_version() -> int:
    """The major version of Node.js; 0 if there is none."""
    if shutil.which("node") is None:
        return 0
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout
    major = said.strip().removeprefix("v").partition(".")[0]
    return int(major) if major.isdigit() else 0


def measure(home: Path, *, env: dict[str, str], rounds: int) -> int:
    pages, session = seeded()
    print(f"  Lighthouse {VERSION}, 390 px, load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with serve(home, shop={**env, "SITE_URL": "{shop}"}) as webs:
        found = {}
        for title, path in pages.items():
            cookie = session if title == "order" else ""
            reports = [look(webs["shop"].base + path, cookie=cookie, home=home) for _ in range(rounds)]
            found[title] = {key: median([scores(report)[key] for report in reports]) for key in CATEGORIES}
            for report in reports:
                print_misses(title, report)
    verdicts = [
        Verdict(f"{title}, {words}", found[title][key], TARGET) for title in found for key, words in CATEGORIES.items()
    ]
    print(*verdicts, sep="\n")
    return 0 if all(verdict.is_met for verdict in verdicts) else 1


def seeded() -> tuple[dict[str, str], str]:
    """Fill the shop with the demo; give the three pages, and the session of the buyer whose order the third shows."""
    from django.core.management import call_command
    from django.db import connections

    from bench.world import session_of
    from shop.models import Order, Product
    from shop.states import OrderStatus

    call_command("collectstatic", interactive=False, verbosity=0)
    call_command("migrate", verbosity=0)
    call_command("seed_demo", history=0, verbosity=0)
    shown = Order.objects.filter(status=OrderStatus.DELIVERED, in_case=False).select_related("buyer")
    order = shown.order_by("-placed_at")[0]
    product = Product.objects.filter(in_stock=True).order_by("-sold", "pk")[0]
    session = session_of(order.buyer)
    connections.close_all()
    return {"home": "/", "product": f"/p/{product.pk}/", "order": f"/orders/{order.number}/"}, session


def look(url: str, *, cookie: str, home: Path) -> dict[str, Any]:
    """
    Let Lighthouse look at one page.

    :raises RuntimeError: if it could not, or was led to another page
    """
    report, headers = home / "report.json", home / "headers.json"
    headers.write_text(json.dumps({"Cookie": f"session={cookie}"} if cookie else {}))
    flags = "--headless=new" + (" --no-sandbox" if os.geteuid() == 0 else "")
    command = [
        "npx", "--yes", f"lighthouse@{VERSION}", url, "--quiet", "--output=json", f"--output-path={report}",
        f"--only-categories={','.join(CATEGORIES)}", f"--extra-headers={headers}", f"--chrome-flags={flags}", *PHONE,
    ]  # fmt: skip
    env = {**os.environ, "CHROME_PATH": chromium_binary() or ""}
    done = subprocess.run(command, capture_output=True, text=True, env=env, cwd=home, timeout=300, check=False)
    if done.returncode != 0 or not report.exists():
        raise RuntimeError(f"Lighthouse stopped at {url}; is the npm registry within reach?\n{done.stderr[-3000:]}")
    told: dict[str, Any] = json.loads(report.read_text())
    report.unlink()
    if told["finalDisplayedUrl"] != url:
        raise RuntimeError(f"{url} led to {told['finalDisplayedUrl']}")
    return told


def scores(report: dict[str, Any]) -> dict[str, float]:
    """Each category's score of 100."""
    return {key: round(100 * (report["categories"][key]["score"] or 0)) for key in CATEGORIES}


def print_misses(title: str, report: dict[str, Any]) -> None:
    """Name what keeps a category from 100, so that a miss can be mended."""
    for key, words in CATEGORIES.items():
        for ref in report["categories"][key]["auditRefs"]:
            audit = report["audits"][ref["id"]]
            if ref["weight"] and audit["score"] is not None and audit["score"] < 0.9:
                print(f"  {title}, {words}: {audit['title']} {audit.get('displayValue', '')}".rstrip())


if __name__ == "__main__":
    raise SystemExit(main())
