"""How big things may grow. Over the wanted size is printed, over the hard size fails."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.architecture.house import python_files, templates, text_of

FILE = (300, 400)
FUNCTION = (40, 70)
DOOR = (15, 15)
PAGE = (120, 120)
SETTINGS = 350
# Tables of data, which nobody reads from top to bottom.
TABLES = {"data"}
VERBS = {"get", "post", "put", "patch", "delete", "form_valid"}


@dataclass(frozen=True)
class Size:
    what: str
    lines: int

    def __str__(self) -> str:
        return f"{self.lines:5}  {self.what}"


def split(sizes: list[Size], budget: tuple[int, int]) -> tuple[list[Size], list[Size]]:
    """Return what is over the wanted and what is over the hard size, the biggest first."""
    ordered = sorted(sizes, key=lambda size: -size.lines)
    return [s for s in ordered if s.lines > budget[0]], [s for s in ordered if s.lines > budget[1]]


def judge(sizes: list[Size], budget: tuple[int, int]) -> None:
    wanted, hard = split(sizes, budget)
    if wanted:
        print(f"over {budget[0]} lines:", *wanted, sep="\n")
    assert not hard, f"over {budget[1]} lines:\n" + "\n".join(map(str, hard))


def is_table(path: Path) -> bool:
    return bool(TABLES & set(path.parts[:-1])) or path.stem in TABLES


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(text_of(path))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of a body behind its docstring."""
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    return (node.end_lineno or 0) - body[0].lineno + 1 if body else 0


def is_door(path: Path, node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Say whether a function answers requests: in a door's room, and takes the request first."""
    if not {"views", "api", "webhooks"} & {*path.parts, path.stem} or path.parts[0] in {"tests", "bench"}:
        return False
    names = [argument.arg for argument in node.args.args]
    return names[:1] == ["request"] or (node.name in VERBS and names[:2] == ["self", "request"])


def test_files_stay_readable():
    judge([Size(str(path), len(text_of(path).splitlines())) for path in python_files() if not is_table(path)], FILE)


def test_functions_fit_on_a_screen():
    sizes = [
        Size(f"{path}:{node.lineno} {node.name}", (node.end_lineno or 0) - node.lineno + 1)
        for path in python_files()
        if not is_table(path)
        for node in functions(path)
    ]
    judge(sizes, FUNCTION)


def test_doors_are_thin():
    sizes = [
        Size(f"{path}:{node.lineno} {node.name}", body_lines(node))
        for path in python_files()
        for node in functions(path)
        if is_door(path, node)
    ]
    judge(sizes, DOOR)


def test_page_templates_are_short():
    judge([Size(str(path), len(text_of(path).splitlines())) for path in templates()], PAGE)


def test_settings_stay_one_page():
    settings = Path("config/settings.py")
    assert len(text_of(settings).splitlines()) <= SETTINGS


@pytest.mark.parametrize(("lines", "wanted", "hard"), [(300, 0, 0), (301, 1, 0), (401, 1, 1)])
def test_the_measure_itself(lines, wanted, hard):
    over = split([Size("a", lines)], FILE)
    assert (len(over[0]), len(over[1])) == (wanted, hard)


def test_no_room_called_utils():
    bad = [str(path) for path in python_files() if path.stem in {"utils", "helpers", "misc", "common"}]
    assert not bad
