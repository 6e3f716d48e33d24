"""The measurements can be started, and count rightly; what they measure is not asked here."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from bench import growth, lighthouse, memory, money, notice, release, sealing, served, web, weight
from bench.cpu import Tree
from bench.load.visitor import field_of
from bench.stats import Series, Verdict, interval, median, of_rounds, spread
from tooling.benching import measurements


def test_the_measurements_are_found_and_nothing_else():
    assert measurements() == [
        "enumeration", "growth", "lighthouse", "memory", "money", "notice", "release", "sealing", "web",
    ]  # fmt: skip
    assert all(callable(module.main) for module in (growth, lighthouse, memory, money, notice, release, sealing, web))


def test_memory_that_has_settled_is_told_from_memory_that_grows():
    settled, growing = [90.0, 100, 104, 105, 105, 105, 105, 105, 105], [90.0, 95, 100, 105, 110, 115, 120, 125, 130]
    assert memory.thirds(settled) < memory.GROWTH < memory.thirds(growing)


def test_what_grows_is_the_sum_of_both_processes():
    cost = growth.Cost(wall=[9.0, 8.0], web=[5.0, 4.0], database=[1.0, 2.0])
    assert cost.cpu == [6.0, 6.0]


def test_median_and_spread():
    assert median([3, 1, 2]) == 2
    assert median([1, 2]) == 1.5
    assert spread([9, 10, 11]) == pytest.approx(0.2)
    with pytest.raises(ValueError, match="nothing"):
        median([])


def test_ratio_is_taken_round_by_round():
    """A round in which the whole machine was slow does not count against one side."""
    assert of_rounds([2, 20, 2], [4, 40, 4]) == 0.5
    with pytest.raises(ValueError, match="same rounds"):
        of_rounds([1], [1, 2])


def test_the_interval_holds_the_median_and_is_narrow_where_the_rounds_agree():
    wide, narrow = [1.0, 1.2, 0.9, 1.4, 1.1], [1.10, 1.11, 1.09, 1.10, 1.12]
    for values in (wide, narrow):
        low, high = interval(values)
        assert low <= median(values) <= high
        assert interval(values) == (low, high), "the same each time"
    assert interval(narrow)[1] - interval(narrow)[0] < interval(wide)[1] - interval(wide)[0]
    assert interval([1.0]) == (1.0, 1.0)


def test_what_a_child_has_used_is_still_counted_when_it_has_ended():
    tree = Tree(os.getpid())
    before = tree.cpu_seconds()
    subprocess.run([sys.executable, "-c", "for _ in range(3_000_000): pass"], check=True)
    assert tree.cpu_seconds() - before > 0.03
    assert Tree.parent_of(os.getpid()) == os.getppid()


def test_a_four_is_compared_as_a_whole():
    """With, without, without, with: what drifts within it hits both sides alike."""

    def slices(*cpu: float) -> list[sealing.Cost]:
        return [sealing.Cost(clients=one, sealer=0, server=0, wall=1) for one in cpu]

    costs = {True: slices(11, 17, 22, 22), False: slices(13, 15, 20, 20)}
    assert sealing._by_fours(costs, "cpu") == ([28, 44], [28, 40])


def test_a_series_is_per_request():
    series = Series("page")
    series.add(requests=200, cpu_seconds=1.0, seconds=4.0)
    assert series.cpu_ms == [5.0]
    assert series.rate == [50.0]


def test_a_target_is_a_floor_or_a_ceiling():
    assert Verdict("rate", 0.5, 0.5).is_met
    assert not Verdict("rate", 0.49, 0.5).is_met
    assert Verdict("cost", 12, 12, at_most=True).is_met
    assert "MISSED" in str(Verdict("cost", 12.1, 12, at_most=True))


def test_cpu_is_read_past_a_name_with_brackets():
    stat = "77 (a) b) c) S 1 77 77 0 -1 4194560 100 0 0 0 12 30 0 0 20 0 1 0"
    assert served.ticks_in(stat) == 42


def test_pgbench_answer_is_read():
    found = money.TPS.search("latency average = 1.2 ms\ntps = 812.5 (without initial connection time)\n")
    assert found is not None
    assert float(found[1]) == 812.5


def test_fields_and_pictures_are_found_in_a_page():
    page = (
        '<input type="radio" name="address" value="a"><input type="radio" name="address" value="b" checked>'
        '<img src="/media/a.webp" loading="lazy"><img src="/media/b.webp" alt="">'
    )
    assert field_of(page, "address") == "b"
    assert weight.eager(page) == {"/media/b.webp"}
    with pytest.raises(RuntimeError, match="no field"):
        field_of(page, "note")


def test_a_rate_is_counted_for_each_tenth_of_the_rows():
    steady = [(at / 10, 100) for at in range(1, 101)]
    assert release.tenths(steady, 10_000) == pytest.approx([1000.0] * 10)
    slower = [(at / 10 if at <= 50 else 5 + (at - 50) / 5, 100) for at in range(1, 101)]
    assert release.tenths(slower, 10_000)[-1] == pytest.approx(500.0)
