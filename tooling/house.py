"""Where things lie, how they are installed, and the keys this copy of the house runs with."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
VAR = Path(os.environ.get("VAR_DIR") or ROOT / "var")
ENV_FILE = ROOT / ".env"
RUNTIME_LOCK = "requirements.txt"
DEV_LOCK = "requirements-dev.txt"


class Refusal(Exception):
    """Something the person at the keyboard can put right; the text says how."""


def in_ci() -> bool:
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}


def say(text: str) -> None:
    print(text, flush=True)


@contextmanager
def phase(name: str) -> Iterator[None]:
    """Print how long a step took."""
    start = time.monotonic()
    yield
    say(f"  {name:<22} {time.monotonic() - start:6.1f} s")


def run(args: Sequence[str | Path], *, env: Mapping[str, str] | None = None) -> int:
    """Run a command in the house's root and return its exit code."""
    return subprocess.run([str(a) for a in args], cwd=ROOT, env={**os.environ, **(env or {})}, check=False).returncode


def works(args: Sequence[str | Path]) -> bool:
    try:
        return subprocess.run([str(a) for a in args], capture_output=True, cwd=ROOT, check=False).returncode == 0
    except OSError:
        return False


def uv() -> str | None:
    """Return the path of a uv that answers, if there is one."""
    found = shutil.which("uv")
    return found if found and works([found, "--version"]) else None


def known_files() -> list[Path]:
    """List what is in the repository or would be with the next commit; without git, what lies there."""
    asked = ["git", "ls-files", "-co", "--exclude-standard"]
    try:
        names = set(subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines())
    except (OSError, subprocess.CalledProcessError):
        outside = {".venv", "var", ".git", "node_modules", "__pycache__"}
        found = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
        names = {str(path) for path in found if not outside & set(path.parts) and path.name != ".env"}
    return sorted(Path(name) for name in names if (ROOT / name).is_file())


def fingerprint(name: str) -> str:
    return hashlib.sha256((ROOT / name).read_bytes()).hexdigest()


def ensure_installed(*, dev: bool) -> None:
    """
    Make `.venv` hold what the hashed lock names; do nothing when it does already.

    :raises Refusal: when the machine lacks what an installation needs
    """
    stamp = VENV / ".installed.json"
    lock = DEV_LOCK if dev else RUNTIME_LOCK
    if not works([PYTHON, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]):
        with phase("virtual environment"):
            make_venv()
    known: dict[str, str] = json.loads(stamp.read_text()) if stamp.exists() else {}
    if known.get(lock) == fingerprint(lock):
        return
    with phase("dependencies"):
        install(lock)
    known[lock] = fingerprint(lock)
    if dev:
        known[RUNTIME_LOCK] = fingerprint(RUNTIME_LOCK)
    else:
        known.pop(DEV_LOCK, None)
    stamp.write_text(json.dumps(known, indent=1))


def make_venv() -> None:
    tool = uv()
    if tool and run([tool, "venv", "--quiet", "--clear", "--python", sys.executable, VENV]) == 0:
        return
    if not works([sys.executable, "-c", "import ensurepip"]):
        raise Refusal("Python's venv module is missing. Install it: sudo apt-get install python3-venv")
    if run([sys.executable, "-m", "venv", "--clear", VENV]) != 0:
        raise Refusal(f"Could not make {VENV}.")


def install(lock: str) -> None:
    """
    Install a lock file with its hashes, by uv or else by the environment's own pip.

    :raises Refusal: when neither could
    """
    tool = uv()
    if tool:
        quiet = ["pip", "install", "--quiet", "--require-hashes", "--python", str(PYTHON), "-r", lock]
        if run([tool, *quiet]) == 0:
            return
    if not works([PYTHON, "-m", "pip", "--version"]) and not works([PYTHON, "-m", "ensurepip"]):
        raise Refusal("Neither uv nor pip can install. Install one: sudo apt-get install python3-venv")
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if run([*pip, "--require-hashes", "-r", lock]) != 0:
        raise Refusal(f"Installing {lock} failed; the lines above say why. Is the network reachable?")


def ensure_env_file() -> None:
    """Write `.env` with fresh random keys, once; never touch one that is there."""
    if ENV_FILE.exists():
        return
    text = "".join(f"{name}={value}\n" for name, value in fresh_settings().items())
    handle = os.open(ENV_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write("# Made by ./run with random keys, for this copy only. What each means: .env.example\n" + text)


def fresh_settings() -> dict[str, str]:
    """Return the settings of a sandbox on this machine, every key new."""
    return {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "VAULT_KEYS": "k1:" + base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "SIGNING_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
        "SANDBOX_CARRIER_SECRET": secrets.token_urlsafe(32),
        "ALLOWED_HOSTS": "localhost,127.0.0.1",
        "SANDBOX": "1",
    }


def free_port(first: int = 8000, *, host: str = "127.0.0.1") -> int:
    """
    Return the first port from `first` on that nobody listens at.

    :raises Refusal: when a thousand ports in a row are taken
    """
    for port in range(first, min(first + 1000, 65536)):
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind((host, port))
                trial.listen()
            except OSError:
                continue
            return port
    raise Refusal(f"No free port from {first} on.")


def any_port() -> int:
    """Return a port the system says is free."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port: int = trial.getsockname()[1]
        return port
