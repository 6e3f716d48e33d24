"""What the documents name as proof exists."""

from __future__ import annotations

import re

import pytest

from tests.architecture.house import ROOT

NAMED = re.compile(r"`(test_\w+|tests/[\w./]+)`")
DEFINED = re.compile(r"^\s*def (test_\w+)", re.MULTILINE)
DOCUMENTS = sorted(path.name for path in (ROOT / "docs").glob("*.md"))


@pytest.fixture(scope="module")
def defined() -> set[str]:
    files = (ROOT / "tests").rglob("test_*.py")
    return {name for file in files for name in (file.stem, *DEFINED.findall(file.read_text(encoding="utf-8")))}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_test_that_a_document_names_is_there(document, defined):
    named = set(NAMED.findall((ROOT / "docs" / document).read_text(encoding="utf-8")))
    missing = {name for name in named if not ((ROOT / name).exists() if "/" in name else name in defined)}
    assert not missing


def test_the_documents_name_tests():
    text = "".join((ROOT / "docs" / name).read_text(encoding="utf-8") for name in DOCUMENTS)
    assert len(NAMED.findall(text)) > 100
