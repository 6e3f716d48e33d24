"""The arrows between the rooms, as .importlinter draws them."""

import subprocess
import sys
from pathlib import Path

from tests.architecture.house import ROOT

LINTER = Path(sys.executable).parent / "lint-imports"


def test_every_arrow_points_down():
    answer = subprocess.run([LINTER, "--no-cache", "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_a_wrong_arrow_is_seen(tmp_path):
    """Three engines that import sideways, upwards and from below are each told off."""
    wrong = {
        "shop/services/carts.py": "import escrow.services",
        "escrow/services/__init__.py": "",
        "disputes/queries.py": "import flows.release",
        "flows/release.py": "",
        "core/money.py": "import accounts.models",
        "accounts/models.py": "",
        "logistics/views.py": "import flows.release",
    }
    for app in ("config", "demo", "flows", "shop", "escrow", "logistics", "disputes", "accounts", "core"):
        (tmp_path / app).mkdir()
        (tmp_path / app / "__init__.py").touch()
    for name, text in wrong.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
        (tmp_path / name).parent.joinpath("__init__.py").touch()
    (tmp_path / ".importlinter").write_text((ROOT / ".importlinter").read_text())
    answer = subprocess.run(
        [LINTER, "--no-cache", "--no-logo"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 1
    for line in ("shop.services.carts -> escrow.services", "disputes.queries -> flows.release"):
        assert line in answer.stdout
    assert "core.money -> accounts.models" in answer.stdout
    assert "logistics.views -> flows.release" not in answer.stdout
