"""The running demo: one part that ends must not end the visit."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from accounts.passkeys import are_possible
from tooling import demo
from tooling.healthcheck import web_is_well
from tooling.processes import Child, Stopped, stop_all


def part(name: str, code: str, log: Path) -> Child:
    return Child(name, [sys.executable, "-c", code], log=log / f"{name}.log")


@pytest.fixture
def looks(monkeypatch):
    """Stop after so many looks, as Ctrl-C would."""

    def stop_after(count: int) -> None:
        left = iter(range(count))

        def sleep(seconds: float) -> None:
            time.sleep(0.2)
            if next(left, None) is None:
                raise Stopped(15)

        monkeypatch.setattr(demo, "time", SimpleNamespace(sleep=sleep, monotonic=time.monotonic))

    return stop_after


def test_a_part_that_ends_is_started_again_and_the_rest_goes_on(tmp_path, looks, capsys):
    looks(15)
    once = f"import pathlib,sys,time; p = pathlib.Path({str(tmp_path / 'ran')!r}); known = p.exists(); p.touch(); "
    once += "known and time.sleep(60); print('out of luck'); sys.exit(1)"
    children = [part("web", "import time; time.sleep(60)", tmp_path), part("worker", once, tmp_path)]
    web, worker = children
    try:
        with pytest.raises(Stopped):
            demo.watch(children)
        assert children[0] is web
        assert children[1] is not worker
        assert children[1].is_running()
    finally:
        stop_all(children)
    said = capsys.readouterr().out
    assert "out of luck" in said
    assert "started again" in said


def test_a_part_that_only_ends_is_given_up(tmp_path, looks, capsys):
    looks(200)
    children = [part("worker", "import sys; sys.exit('never')", tmp_path)]
    try:
        assert demo.watch(children) == 1
    finally:
        stop_all(children)
    assert capsys.readouterr().out.count("ended by itself") == demo.MOST_RESTARTS + 1


def test_the_bank_has_left_word_before_the_shop_looks_for_it(tmp_path, monkeypatch):
    """After half a seed its book is gone, and its keys stay."""
    monkeypatch.setattr(demo, "VAR", tmp_path)
    monkeypatch.setattr(demo, "BANK", tmp_path / "fakepay")
    monkeypatch.setattr(demo, "SEEDING", tmp_path / "seeding")
    (tmp_path / "log").mkdir()
    first = demo.start_bank({})
    keys = (tmp_path / "fakepay" / "own.json").read_text()
    stop_all([first])
    (tmp_path / "fakepay" / "book.sqlite3-wal").write_text("half")
    (tmp_path / "seeding").touch()
    bank = demo.start_bank({})
    try:
        told = json.loads((tmp_path / "fakepay" / "shop.json").read_text())
        port = int(told["address"].rpartition(":")[2])
        assert web_is_well(port)
        assert set(told["providers"]) == {"sandbox", "stripe", "alipay", "wechat"}
        assert (tmp_path / "fakepay" / "own.json").read_text() == keys
        assert "half" not in (tmp_path / "fakepay" / "book.sqlite3-wal").read_text(errors="replace")
    finally:
        stop_all([bank])


def test_the_address_is_a_name_at_which_passkeys_can_be_tried(settings):
    settings.SITE_URL = demo.address(8000)
    assert are_possible()
