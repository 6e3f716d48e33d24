"""The one command: what it chooses, what it says, and that nothing it starts outlives it."""

import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from tooling import house, servers, testing
from tooling.processes import Child, stop_all


def is_alive(pid: int) -> bool:
    """Say whether a process runs; one that only waits to be buried does not."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_without_arguments_all_three_parts_run():
    assert testing.chosen_parts([]) == (["sqlite", "postgres", "browser"], [])


@pytest.mark.parametrize(
    ("args", "parts", "rest"),
    [
        (["tests/core", "-k", "money"], ["sqlite"], ["tests/core", "-k", "money"]),
        (["--pg", "tests/core"], ["sqlite", "postgres"], ["tests/core"]),
        (["--pg"], ["postgres"], []),
        (["tests/browser/test_buy.py"], ["browser"], ["tests/browser/test_buy.py"]),
    ],
)
def test_arguments_choose_parts(args, parts, rest):
    assert testing.chosen_parts(args) == (parts, rest)


def test_the_last_line_sums_up_and_failure_is_told(capsys):
    results = [
        testing.Result("sqlite", counts={"passed": 10, "failed": 1, "skipped": 2}, code=1),
        testing.Result("postgres", code=4),
        testing.Result("browser", counts={"skipped": 3}, note="no Chromium found"),
    ]
    assert testing.summary(results) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "10 passed, 2 failed, 5 skipped"


def test_a_missing_part_is_skipped_here_and_an_error_in_ci(monkeypatch, tmp_path):
    monkeypatch.setattr(testing, "missing_for", lambda part: "no Chromium found")
    monkeypatch.setattr(testing, "run_pytest", lambda *a, **k: testing.Result("browser", counts={"collected": 7}))
    monkeypatch.setenv("CI", "")
    assert testing.run_part("browser", [], tmp_path).counts == {"skipped": 7}
    monkeypatch.setenv("CI", "true")
    assert testing.run_part("browser", [], tmp_path).failed == 1


def test_a_busy_port_is_avoided():
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        taken = busy.getsockname()[1]
        assert house.free_port(taken) > taken


def test_keys_are_written_once_for_the_owner_alone(monkeypatch, tmp_path):
    monkeypatch.setattr(house, "ENV_FILE", tmp_path / ".env")
    house.ensure_env_file()
    first = house.ENV_FILE.read_text()
    house.ensure_env_file()
    assert house.ENV_FILE.read_text() == first
    assert house.ENV_FILE.stat().st_mode & 0o077 == 0
    assert house.fresh_settings()["SECRET_KEY"] not in first


def test_a_child_is_stopped_with_what_it_started(tmp_path):
    log = tmp_path / "log"
    script = "sleep 60 & echo $!; trap '' TERM; wait; sleep 60"
    child = Child("stubborn", ["sh", "-c", script], log=log)
    while not log.read_text().strip():
        time.sleep(0.02)
    grandchild = int(log.read_text())
    stop_all([child], patience=0.3)
    assert not child.is_running()
    for _ in range(50):
        if not is_alive(grandchild):
            break
        time.sleep(0.05)
    assert not is_alive(grandchild)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's word on a dead parent is Linux's")
def test_a_child_does_not_outlive_a_killed_parent():
    code = (
        "import sys, time; sys.path.insert(0, '.');"
        "from tooling.processes import Child;"
        "child = Child('sleeper', ['sleep', '60']); print(child.process.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=house.ROOT)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    for _ in range(50):
        if not is_alive(child):
            break
        time.sleep(0.05)
    assert not is_alive(child)


@pytest.mark.skipif(servers.postgres_folder() is None or servers.redis_binary() is None, reason="no servers here")
def test_throwaway_servers_answer_and_are_gone_afterwards():
    with servers.throwaway_servers() as env:
        ports = [int(url.rsplit(":", 1)[1].split("/")[0]) for url in env.values()]
        for port in ports:
            socket.create_connection(("127.0.0.1", port), timeout=2).close()
    for port in ports:
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", port), timeout=2)


def test_the_command_explains_itself():
    answer = subprocess.run([sys.executable, "run"], cwd=house.ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0
    for command in ("demo", "test", "check", "bench", "doctor", "messages"):
        assert f"./run {command}" in answer.stdout
