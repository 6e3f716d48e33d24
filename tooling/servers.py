"""Private PostgreSQL and Redis servers on loopback, thrown away afterwards."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tooling.house import Refusal, any_port
from tooling.processes import Child, ignore_signals, stop_all, stop_on_signals

PATIENCE_SECONDS = 60
# A test's data may die with the machine, so nothing waits for the disk.
CARELESS = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]
# What a small production server has, so that a measurement means something.
CAREFUL = ["fsync=on", "synchronous_commit=on", "full_page_writes=on"]
COMMON = [
    "max_connections=300",
    "shared_buffers=256MB",
    "max_wal_size=2GB",
    "timezone=UTC",
    "listen_addresses=127.0.0.1",
]


def postgres_folder() -> Path | None:
    """Return the folder of the newest PostgreSQL server on this machine."""

    def version(folder: Path) -> int:
        return int(re.sub(r"\D", "", folder.parent.name) or 0)

    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=version, reverse=True)
    on_path = shutil.which("initdb")
    folders += [Path(on_path).resolve().parent] if on_path else []
    folders += [Path(f"/opt/homebrew/opt/postgresql@{number}/bin") for number in (18, 17, 16, 15)]
    return next((folder for folder in folders if (folder / "initdb").exists() and (folder / "postgres").exists()), None)


def redis_binary() -> str | None:
    return shutil.which("redis-server") or shutil.which("valkey-server")


def chromium_binary() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    wanted = os.environ.get("CHROMIUM")
    return wanted or next((found for name in names if (found := shutil.which(name))), None)


def server_user() -> str | None:
    """
    Return whom PostgreSQL runs as: ourselves, or, as it refuses to be root, another.

    :raises Refusal: when we are root and there is nobody else
    """
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    raise Refusal("PostgreSQL does not run as root, and this machine has no user `postgres`.")


def wait_for(port: int, child: Child) -> None:
    """:raises Refusal: when the server ends or is not there in time"""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end and child.is_running():
        with socket.socket() as trial:
            trial.settimeout(1)
            if trial.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise Refusal(f"{child.name} did not start. Its last words:\n{child.last_lines()}")


def start_postgres(folder: Path, home: Path, *, careful: bool) -> tuple[Child, str]:
    """
    Make a cluster in `home`, start it, and return it with its address.

    :raises Refusal: when the cluster cannot be made
    """
    user, data, port = server_user(), home / "data", any_port()
    if user:
        shutil.chown(home, user)
        home.parent.chmod(0o711)
    make = [
        str(folder / "initdb"),
        "-D",
        str(data),
        "-U",
        "tashi",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
        "--no-sync",
    ]
    groups: list[int] | None = [] if user else None
    made = subprocess.run(
        make, cwd="/", capture_output=True, text=True, check=False, user=user, group=user, extra_groups=groups
    )
    if made.returncode != 0:
        raise Refusal(f"PostgreSQL could not make its files:\n{made.stderr}")
    more = os.environ.get("PG_SETTINGS", "").split()  # for a measurement: what a larger server has
    kind = [*CAREFUL, *more] if careful else CARELESS
    settings = [*COMMON, *kind, f"port={port}", f"unix_socket_directories={home}"]
    options = [part for setting in settings for part in ("-c", setting)]
    # SIGINT is PostgreSQL's fast shutdown: it does not wait for clients to leave.
    server = Child(
        "PostgreSQL",
        [str(folder / "postgres"), "-D", str(data), *options],
        log=home.parent / "postgres.log",
        user=user,
        stop_with=signal.SIGINT,
    )
    try:
        wait_for(port, server)
        create_database(folder, port)
    except BaseException:
        stop_all([server])
        raise
    return server, f"postgres://tashi@127.0.0.1:{port}/tashi"


def create_database(folder: Path, port: int) -> None:
    """:raises Refusal: when the server takes no database within the time it has"""
    command = [str(folder / "createdb"), "-h", "127.0.0.1", "-p", str(port), "-U", "tashi", "tashi"]
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        made = subprocess.run(command, capture_output=True, text=True, check=False)
        if made.returncode == 0:
            return
        if time.monotonic() > end:
            raise Refusal(f"PostgreSQL took no database:\n{made.stderr}")
        time.sleep(0.1)  # "the database system is starting up"


def start_redis(binary: str, home: Path) -> tuple[Child, str]:
    """Start a Redis that keeps nothing on disk and return it with its address."""
    port = any_port()
    keep_nothing = ["--save", "", "--appendonly", "no", "--databases", "64"]
    options = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(home), *keep_nothing]
    server = Child("Redis", [binary, *options], log=home / "redis.log")
    try:
        wait_for(port, server)
    except BaseException:
        stop_all([server])
        raise
    return server, f"redis://127.0.0.1:{port}/0"


@contextmanager
def throwaway_servers(*, careful: bool = False, redis: bool = True) -> Iterator[dict[str, str]]:
    """
    Give DATABASE_URL and REDIS_URL of servers that live as long as the block.

    :raises Refusal: when a binary is missing or a server does not start
    """
    folder, binary = postgres_folder(), redis_binary()
    if folder is None or (redis and binary is None):
        raise Refusal("PostgreSQL or Redis is missing: sudo apt-get install postgresql redis-server")
    servers: list[Child] = []
    with tempfile.TemporaryDirectory(prefix="tashi-servers-", ignore_cleanup_errors=True) as name:
        home = Path(name) / "postgres"
        home.mkdir(mode=0o700)
        try:
            server, database = start_postgres(folder, home, careful=careful)
            servers.append(server)
            env = {"DATABASE_URL": database}
            if redis and binary:
                server, env["REDIS_URL"] = start_redis(binary, Path(name))
                servers.append(server)
            yield env
        finally:
            ignore_signals()
            stop_all(servers)
            stop_on_signals()
