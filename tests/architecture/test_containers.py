"""The containers, as far as a machine without an engine can tell: read, compared, and their commands run by hand."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.architecture.house import ROOT
from tooling import servers, services
from tooling.checking import production_like
from tooling.house import any_port
from tooling.processes import Child, stop_all

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()
OURS = ("migrate", "web", "worker", "beat", "fakepay")
DATA = "/var/lib/tashi"


def command_of(name: str) -> list[str]:
    command = COMPOSE["services"][name]["command"]
    assert isinstance(command, list), f"{name}: a list needs no shell"
    return command


def test_one_image_runs_all_of_ours():
    for name in OURS:
        service = COMPOSE["services"][name]
        assert service["image"] == "tashi"
        assert (ROOT / service["build"] / "Dockerfile").is_file()
        assert (ROOT / f"{service['env_file']}.example").is_file()
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]


def test_the_commands_are_the_ones_the_demo_runs():
    assert command_of("web") == services.web(bind="0.0.0.0:8000")
    assert command_of("worker") == services.worker()
    assert command_of("beat") == services.beat(book=f"{DATA}/beat")
    assert f"CMD {services.web(bind='0.0.0.0:8000')!r}".replace("'", '"') in DOCKERFILE


def test_the_pretended_bank_is_there_for_a_sandbox_alone():
    bank = COMPOSE["services"]["fakepay"]
    assert bank["profiles"] == ["sandbox"]
    assert command_of("fakepay")[2:5] == services.bank(folder=f"{DATA}/fakepay", port=8900)[0:3]
    assert bank["ports"] == ["127.0.0.1:8900:8900"]
    for name in ("web", "worker", "beat"):
        assert COMPOSE["services"][name]["depends_on"]["fakepay"]["required"] is False


def test_every_service_says_whether_it_is_well():
    for name, service in COMPOSE["services"].items():
        assert "healthcheck" in service, name
        assert service["healthcheck"].get("disable") or service["healthcheck"]["test"][0] == "CMD", name
    assert "HEALTHCHECK" in DOCKERFILE


def test_nothing_starts_before_what_it_needs():
    for name in ("web", "worker", "beat"):
        waits = COMPOSE["services"][name]["depends_on"]
        assert waits["migrate"]["condition"] == "service_completed_successfully"
        assert waits["redis"]["condition"] == "service_healthy"
    assert COMPOSE["services"]["migrate"]["depends_on"]["postgres"]["condition"] == "service_healthy"


def test_every_volume_is_declared():
    for name, service in COMPOSE["services"].items():
        for volume in service.get("volumes", []):
            assert volume.split(":")[0] in COMPOSE["volumes"], name


def test_every_setting_it_asks_for_is_explained():
    asked = set(re.findall(r"\$\{(\w+)", (ROOT / "docker-compose.yml").read_text()))
    explained = set(re.findall(r"^#? ?(\w+)=", (ROOT / ".env.example").read_text(), re.M))
    assert asked <= explained
    read = set(
        re.findall(r"env\.\w+\(\s*\"(\w+)\"", "".join(path.read_text() for path in (ROOT / "config").glob("*.py")))
    )
    assert {"SECRET_KEY", "VAULT_KEYS", "SIGNING_KEY", "ALLOWED_HOSTS", "SITE_URL", "SANDBOX"} <= read & explained


def test_the_image_is_not_root_and_installs_with_hashes():
    steps = [line.split()[0] for line in DOCKERFILE.splitlines() if re.match(r"^[A-Z]+ ", line)]
    assert steps[0] == "FROM"
    user = re.search(r"^USER (\w+)$", DOCKERFILE, re.M)
    assert user is not None
    assert user.group(1) not in {"root", "0"}
    assert steps.index("USER") < steps.index("CMD")
    assert "--require-hashes -r requirements.txt" in DOCKERFILE
    assert "collectstatic" in DOCKERFILE
    assert "tooling.messages compile" in DOCKERFILE


def test_every_file_it_copies_exists_and_no_secret_goes_along():
    for line in re.findall(r"^COPY (.+)$", DOCKERFILE, re.M):
        *sources, _target = shlex.split(line)
        assert all((ROOT / source).exists() for source in sources)
    left_out = (ROOT / ".dockerignore").read_text().split()
    assert {".env", ".git", "var", ".venv"} <= set(left_out)
    modules = re.findall(r"-m (tooling\.\w+)", DOCKERFILE) + re.findall(r"\"(tooling\.\w+)\"", DOCKERFILE)
    assert modules
    assert all((ROOT / (module.replace(".", "/") + ".py")).is_file() for module in modules)


def by_hand(command: list[str], *, data: Path, port: int) -> list[str]:
    """Return a container's command as this machine can run it."""
    placed = [part.replace(DATA, str(data)).replace("0.0.0.0:8000", f"127.0.0.1:{port}") for part in command]
    placed = [str(port) if part == "8000" else part for part in placed]
    if placed[0] == "python":
        return [sys.executable, *placed[1:]]
    return [sys.executable, "-m", *placed]


def becomes_well(name: str, env: dict[str, str], *, data: Path, port: int) -> bool:
    """Ask a service's own health check until it says yes."""
    test = by_hand(COMPOSE["services"][name]["healthcheck"]["test"][1:], data=data, port=port)
    end = time.monotonic() + 60
    while time.monotonic() < end:
        asked = subprocess.run(test, cwd=ROOT, env=env, capture_output=True, check=False, timeout=60)
        if asked.returncode == 0:
            return True
        time.sleep(0.3)
    return False


@pytest.mark.pg
@pytest.mark.skipif(servers.postgres_folder() is None or servers.redis_binary() is None, reason="no servers here")
def test_the_commands_run_in_the_shape_of_production(tmp_path):
    """PostgreSQL, Redis, migrate, web, worker and beat, each by its own command, each well by its own check."""
    port, started = any_port(), []
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("DJANGO_", "PYTEST_", "TEST_"))}
    for key in ("STATIC_STORAGE", "NUDGE"):
        kept.pop(key, None)
    with servers.throwaway_servers() as stores:
        env = {**kept, **production_like(), **stores, "VAR_DIR": str(tmp_path), "STATIC_ROOT": str(tmp_path / "static")}
        collect = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
        for command in (collect, by_hand(command_of("migrate"), data=tmp_path, port=port)):
            ran = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
            assert ran.returncode == 0, ran.stderr
        try:
            for name in ("web", "worker", "beat"):
                command = by_hand(command_of(name), data=tmp_path, port=port)
                started.append(Child(name, command, env=env, replace=True, log=tmp_path / f"{name}.log"))
            for child in started:
                assert becomes_well(child.name, env, data=tmp_path, port=port), child.last_lines()
        finally:
            stop_all(started)
        assert not any(child.is_running() for child in started)
