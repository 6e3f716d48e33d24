"""What is missing for Lighthouse is said in words, and its report is read rightly; no browser is started here."""

from __future__ import annotations

from bench import lighthouse


def test_what_is_missing_is_named_with_the_line_that_installs_it(monkeypatch):
    monkeypatch.setattr(lighthouse.shutil, "which", lambda name: None)
    monkeypatch.setattr(lighthouse, "chromium_binary", lambda: None)
    lines = lighthouse.lacking()
    assert [word for word in ("Node.js", "npx", "Chromium") if not any(word in line for line in lines)] == []
    assert all("apt-get install" in line for line in lines)


def test_nothing_is_started_while_something_is_missing(monkeypatch, capsys):
    monkeypatch.setattr(lighthouse, "lacking", lambda: ["Node.js 18 or newer is needed, found none"])
    monkeypatch.setattr(lighthouse, "measure", lambda *args, **more: 1 / 0)
    monkeypatch.setattr("sys.argv", ["lighthouse"])
    assert lighthouse.main() == 1
    assert "Node.js 18 or newer is needed" in capsys.readouterr().out


def test_scores_are_of_a_hundred_and_a_category_without_one_has_none():
    report = {"categories": {key: {"score": 0.994} for key in lighthouse.CATEGORIES} | {"seo": {"score": None}}}
    assert lighthouse.scores(report) == {"performance": 99, "accessibility": 99, "best-practices": 99, "seo": 0}
