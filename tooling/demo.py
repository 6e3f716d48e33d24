"""`./run demo`: a storefront with demo data and a running worker, from nothing."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence

from tooling import mo, services
from tooling.healthcheck import web_is_well
from tooling.house import PYTHON, ROOT, VAR, Refusal, ensure_env_file, ensure_installed, free_port, phase, run, say
from tooling.processes import Child, Stopped, ignore_signals, stop_all, stop_on_signals

PATIENCE_SECONDS = 60
PEOPLE = VAR / "demo-people.txt"


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
    prepare(orders=options.orders)
    port = free_port(options.port)
    if port != options.port:
        say(f"  Port {options.port} is taken; using {port}.")
    children: list[Child] = []
    try:
        start(children, port=port)
        introduce(port, seconds=time.monotonic() - started)
        return watch(children)
    except Stopped:
        return 0
    finally:
        ignore_signals()
        say("\nStopping …")
        stop_all(children)
        say("Stopped. The data stays in var/ for the next start.")


def prepare(*, orders: int) -> None:
    """:raises Refusal: when tables, static files or demo data could not be made"""
    VAR.mkdir(parents=True, exist_ok=True)
    mo.compile_stale(ROOT / "locale")
    if run([PYTHON, "-m", "tooling.prepare", str(orders)], env={"LOG_LEVEL": "WARNING"}) != 0:
        raise Refusal("Preparing the data failed; the lines above say why.")


def start(children: list[Child], *, port: int) -> None:
    """
    Start web and worker and wait until pages are served.

    :raises Refusal: when one of them ends at once or does not answer
    """
    logs = VAR / "log"
    logs.mkdir(parents=True, exist_ok=True)
    env = {"SITE_URL": f"http://127.0.0.1:{port}", "PYTHONUNBUFFERED": "1"}
    bind, book = f"127.0.0.1:{port}", str(VAR / f"beat-{port}")
    with phase("web and worker"):
        for name, command in [("web", services.web(bind=bind)), ("worker", services.worker(with_beat=book))]:
            children.append(Child(name, [PYTHON, "-m", *command], env=env, log=logs / f"{name}.log"))
        end = time.monotonic() + PATIENCE_SECONDS
        while not web_is_well(port):
            ended = [child for child in children if not child.is_running()]
            if ended or time.monotonic() > end:
                child = (ended or children)[0]
                raise Refusal(f"The {child.name} process did not start. Its last words:\n{child.last_lines()}")
            time.sleep(0.05)


def introduce(port: int, *, seconds: float) -> None:
    say(f"  {'altogether':<22} {seconds:6.1f} s\n")
    say(f"  Tashi is open at  http://127.0.0.1:{port}/\n")
    if PEOPLE.exists():
        say(PEOPLE.read_text(encoding="utf-8"))
    say("  Sandbox (time machine, messages, bank, carrier):  " + f"http://127.0.0.1:{port}/sandbox/")
    say("  Logs: var/log/    Stop: Ctrl-C")


def watch(children: Sequence[Child]) -> int:
    """Wait for a signal; a part that ends by itself ends the rest."""
    while True:
        for child in children:
            if not child.is_running():
                say(f"The {child.name} process ended by itself. Its last words:\n{child.last_lines()}")
                return 1
        time.sleep(0.5)
