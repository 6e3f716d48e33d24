"""The tables of docs/asvs.md and docs/security.md: no row without what holds it."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

ROOT = Path(settings.BASE_DIR)
ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| (\d) \| (.+?) \| (yes)? ?\| (.*?) ?\|$", re.MULTILINE)
ROWS = ROW.findall((ROOT / "docs" / "asvs.md").read_text(encoding="utf-8"))
SECURITY = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
# How many of each chapter we have taken upon us: one that goes missing is missed.
CHAPTERS = {"6": 41, "7": 18, "8": 11, "9": 3, "10": 7, "14": 10, "16": 16}
NUMBER = re.compile(r"(?<!\d)\d+_\d+_\d+(?!\d)")


@pytest.fixture(scope="module")
def tested() -> dict[str, set[str]]:
    """Number → the tests that have it in their name. The rules over the source are named in a table of their own."""
    found: dict[str, set[str]] = {}
    for file in (ROOT / "tests").rglob("test_*.py"):
        if file == Path(__file__):
            continue
        for name in re.findall(
            r'def (test_asvs\w+)|^    "(asvs_\w+)": \(', file.read_text(encoding="utf-8"), re.MULTILINE
        ):
            for number in NUMBER.findall("".join(name)):
                found.setdefault(number.replace("_", "."), set()).add("".join(name))
    return found


def test_the_table_is_whole():
    assert Counter(number.partition(".")[0] for number, *_rest in ROWS) == CHAPTERS
    assert len({number for number, *_rest in ROWS}) == sum(CHAPTERS.values())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_no_requirement_is_without_what_holds_it(row, tested):
    number, _level, _words, wants_test, section = row
    assert wants_test or section, "neither a test nor words"
    if wants_test:
        assert tested.get(number), f"no test has asvs_{number.replace('.', '_')} in its name"
    if section:
        assert re.search(rf"^##+ {re.escape(section)}", SECURITY, re.MULTILINE), section


def test_one_name_holds_few_requirements(tested):
    """A test that bears many numbers looks at none of them closely."""
    names = Counter(name for names in tested.values() for name in names)
    assert max(names.values()) <= 4


OPEN = {"9", "11"}  # said so in the row, until what they are about is there


@pytest.mark.parametrize(("title", "count"), [("Abuse cases", 24), ("What others have failed at", 22)])
def test_no_abuse_and_no_failure_is_without_a_test(title, count):
    """That each named test exists: tests/architecture/test_named_tests.py."""
    part = SECURITY.partition(f"## {title}\n")[2].partition("\n## ")[0]
    rows = dict(re.findall(r"^\| (\d+) \| .+? \| (.+) \|$", part, re.MULTILINE))
    assert sorted(map(int, rows)) == list(range(1, count + 1))
    assert not [number for number, held in rows.items() if not re.search(r"`test_\w+`|`tests/[\w/]+\.py`", held)]
    said = {number: re.sub(r"`.*?`", "", held) for number, held in rows.items()}
    is_open = {number for number, held in said.items() if "open" in held or "not there yet" in held}
    assert is_open <= (OPEN if count == 24 else set())


def test_the_tables_that_the_code_writes_are_fresh():
    call_command("security_tables", check=True)
    for name in ("limits", "api", "events", "sealed", *settings.SECURITY_TABLES):
        assert f"<!-- {name}: manage.py security_tables -->" in SECURITY
