"""`./run demo`: a storefront with demo data and a running worker, from nothing."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence

from tooling import mo, services
from tooling.healthcheck import web_is_well
from tooling.house import PYTHON, ROOT, VAR, Refusal, ensure_env_file, ensure_installed, free_port, phase, say
from tooling.processes import Child, Stopped, ignore_signals, stop_all, stop_on_signals

PATIENCE_SECONDS = 60
MOST_RESTARTS, A_WHILE_SECONDS = 3, 60
BANK_PORT = 8900
PEOPLE = VAR / "demo-people.txt"
SEEDING = VAR / "seeding"  # there while the demo data is being made
BANK = VAR / "fakepay"


def serve_demo(args: Sequence[str]) -> int:
    """Prepare, serve until told to stop, and put everything away."""
    parser = argparse.ArgumentParser(prog="./run demo")
    parser.add_argument("--port", type=int, default=8000, help="first port to try (8000)")
    parser.add_argument("--orders", type=int, default=0, help="bulk orders to seed on the first start")
    options = parser.parse_args(list(args))
    started = time.monotonic()
    stop_on_signals()
    say("Preparing")
    ensure_installed(dev=False)
    ensure_env_file()
    (VAR / "log").mkdir(parents=True, exist_ok=True)
    mo.compile_stale(ROOT / "locale")
    port = free_port(options.port)
    if port != options.port:
        say(f"  Port {options.port} is taken; using {port}.")
    children: list[Child] = []
    try:
        start(children, port=port, orders=options.orders)
        introduce(port, seconds=time.monotonic() - started)
        return watch(children)
    except Stopped:
        return 0
    finally:
        ignore_signals()
        say("\nStopping …")
        stop_all(children)
        say("Stopped. The data stays in var/ for the next start.")


def address(port: int) -> str:
    """By a name: browsers make no passkeys for a number."""
    return f"http://localhost:{port}"


def start(children: list[Child], *, port: int, orders: int) -> None:
    """
    Make static files beside tables and demo data, start bank, web and worker as soon as each can, wait for pages.

    :raises Refusal: when one of these ends badly or no page is served
    """
    env = {"SITE_URL": address(port), "PYTHONUNBUFFERED": "1", "STEP_UP_CODES": "20/m,200/h"}
    quiet = {**env, "LOG_LEVEL": "WARNING"}
    children.append(start_bank(env))
    for name, args in (("static files", ["static"]), ("demo data", ["data", str(orders)])):
        children.append(Child(name, [PYTHON, "-m", "tooling.prepare", *args], env=quiet))
    _, static, data = children
    finish(static)
    children.append(part("web", services.web(bind=f"127.0.0.1:{port}"), env))
    finish(data)
    # Only now: a worker would take the half-made past for what has fallen due.
    children.append(part("worker", services.worker(with_beat=str(VAR / f"beat-{port}")), env))
    del children[1:3]
    with phase("waiting for pages"):
        wait_for_pages(children, port=port)


def start_bank(env: dict[str, str]) -> Child:
    """
    Start the pretended provider and wait until it has left word of where it answers, which the shop reads as it starts.

    :raises Refusal: when it does not start
    """
    if SEEDING.exists():  # the demo data starts over, and so does the bank
        for leftover in BANK.glob("book.sqlite3*"):
            leftover.unlink()
    port = free_port(BANK_PORT)
    (BANK / "shop.json").unlink(missing_ok=True)
    bank = part("bank", services.bank(folder=str(BANK), port=port), env)
    end = time.monotonic() + PATIENCE_SECONDS
    while not (BANK / "shop.json").exists():
        if not bank.is_running() or time.monotonic() > end:
            bank.stop(patience=0)
            raise Refusal(f"The pretended bank did not start. Its last words:\n{bank.last_lines()}")
        time.sleep(0.02)
    return bank


def part(name: str, command: Sequence[str], env: dict[str, str]) -> Child:
    return Child(name, [PYTHON, "-m", *command], env=env, log=VAR / "log" / f"{name}.log")


def finish(child: Child) -> None:
    """:raises Refusal: when a step of the preparation failed"""
    if child.wait() != 0:
        raise Refusal(f"Making the {child.name} failed; the lines above say why.")


def wait_for_pages(children: Sequence[Child], *, port: int) -> None:
    """:raises Refusal: when a part ends at once or no page is served"""
    end = time.monotonic() + PATIENCE_SECONDS
    while not web_is_well(port):
        ended = [child for child in children if not child.is_running()]
        if ended or time.monotonic() > end:
            child = (ended or list(children))[0]
            raise Refusal(f"The {child.name} process did not start. Its last words:\n{child.last_lines()}")
        time.sleep(0.05)


def introduce(port: int, *, seconds: float) -> None:
    say(f"  {'altogether':<22} {seconds:6.1f} s\n")
    say(f"  Tashi is open at  {address(port)}/\n")
    if PEOPLE.exists():
        say(PEOPLE.read_text(encoding="utf-8"))
    say(f"  Sandbox (time machine, messages, bank, carrier):  {address(port)}/sandbox/")
    say("  Logs: var/log/    Stop: Ctrl-C")


def watch(children: list[Child]) -> int:
    """Wait for a signal. A part that ends by itself is started again; one that does nothing else ends the rest."""
    ended: dict[str, list[float]] = {}
    while True:
        for place, child in enumerate(children):
            if not child.is_running():
                lately = [at for at in ended.get(child.name, []) if time.monotonic() - at < A_WHILE_SECONDS]
                say(f"The {child.name} process ended by itself. Its last words:\n{child.last_lines()}")
                if len(lately) >= MOST_RESTARTS:
                    say(f"It has been started again {len(lately)} times within a minute; that does not help.")
                    return 1
                children[place] = child.again()
                ended[child.name] = [*lately, time.monotonic()]
                say(f"  The {child.name} process was started again; the rest went on all the while.")
        time.sleep(0.5)
