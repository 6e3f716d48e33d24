"""``python -m escrow.fakepay --port 8900 [--values values.json]``: serves until it is stopped."""

from __future__ import annotations

import argparse
import json
import sys
import threading
from pathlib import Path

from escrow.fakepay.server import Server
from escrow.fakepay.serving import served


def main() -> None:
    words = argparse.ArgumentParser(prog="fakepay", description="A pretended payment provider on this machine alone.")
    words.add_argument("--port", type=int, default=8900)
    words.add_argument("--values", type=Path, help="JSON: dialect → secrets and numbers it is started with")
    asked = words.parse_args()
    app = Server(json.loads(asked.values.read_text(encoding="utf-8")) if asked.values else {})
    with served(app, port=asked.port, sends_notices=True) as base:
        for name, dialect in app.dialects.items():
            settings = json.dumps(dict(dialect.shop_values(f"{base}/{name}")), indent=1)
            sys.stdout.write(f"{name}: {base}/{name}\n{settings}\n")
        sys.stdout.flush()
        threading.Event().wait()


if __name__ == "__main__":
    main()
