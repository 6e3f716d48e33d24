"""The repository speaks of the product: no paths of one machine, no hosts of package indexes, no keys."""

import re

import pytest

from tests.architecture.house import ROOT, files

# Written in pieces, so that this file does not hold what it looks for.
PATHS = ["/" + "work" + "/", "/" + "tmp/" + "brief", "/" + "root/", "/" + "home/[a-z]+/"]
HOSTS = ["pypi" + r"\.org", "python" + r"hosted\.org", "pypi" + r"\.tuna", "mirrors" + r"\.(aliyun|tencent|ustc)"]
HOSTS += ["deb" + r"\.debian\.org", "registry" + r"\.npmjs", "ghcr" + r"\.io", "docker" + r"\.io"]
KEYS = ["-----BEGIN [A-Z ]*PRIVATE " + "KEY-----", "AKIA" + "[0-9A-Z]{16}", "sk_" + "live_[0-9a-zA-Z]{8}"]
LARGEST = 3 * 2**20


@pytest.mark.parametrize("kind", ["PATHS", "HOSTS", "KEYS"])
def test_nothing_of_a_machine_is_told(kind):
    looked_for = re.compile("|".join({"PATHS": PATHS, "HOSTS": HOSTS, "KEYS": KEYS}[kind]))
    found = []
    for path in files():
        text = (ROOT / path).read_bytes().decode("utf-8", "replace")
        for number, line in enumerate(text.splitlines(), 1):
            if hit := looked_for.search(line):
                found.append(f"{path}:{number}: {hit.group()}")
    assert not found, "\n".join(found[:50])


def test_what_a_machine_makes_is_not_kept():
    made = re.compile(r"(^|/)(\.env|.*\.mo|.*\.sqlite3|.*\.pyc|uv\.lock)$|^(var|\.venv)/")
    assert not [str(path) for path in files() if made.search(str(path))]


def test_no_file_is_huge():
    assert not [str(path) for path in files() if (ROOT / path).stat().st_size > LARGEST]


def test_the_locks_carry_hashes():
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text()
        pinned = re.findall(r"^[a-z0-9][a-z0-9._-]*(?:\[[^\]]*\])?==\S+", text, re.M)
        blocks = re.split(r"^(?=[a-z0-9])", text, flags=re.M)[1:]
        assert len(pinned) == len(blocks) > 20
        assert all("--hash=sha256:" in block for block in blocks)
        assert "://" not in text
