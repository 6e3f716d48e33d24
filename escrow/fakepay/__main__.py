"""
``python -m escrow.fakepay --folder var/fakepay``: the bank of a sandbox, until it is stopped.

Without a folder it keeps its books in memory, behaves as it is told through its control doors, and prints what a shop
must be set to.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
from pathlib import Path

from escrow.fakepay.server import Server
from escrow.fakepay.serving import served
from escrow.fakepay.values import bank_in, tell_shop


def main() -> None:
    words = argparse.ArgumentParser(prog="fakepay", description="A pretended payment provider: no money moves.")
    words.add_argument("--port", type=int, default=8900)
    words.add_argument("--host", default="127.0.0.1", help="where it listens (127.0.0.1: this machine alone)")
    words.add_argument("--address", default="", help="what shop and browsers call it, if not http://127.0.0.1:PORT")
    words.add_argument("--folder", type=Path, help="keys, books and what the shop must know; made if it is not there")
    words.add_argument("--values", type=Path, help="JSON: dialect → secrets and numbers it is started with")
    asked = words.parse_args()
    fee = int(os.environ.get("SANDBOX_FEE_BPS") or 0)
    if asked.folder:
        app = bank_in(asked.folder, fee_bps=fee)
    else:
        app = Server(json.loads(asked.values.read_text(encoding="utf-8")) if asked.values else {}, fee_bps=fee)
    dialects = app.all_dialects()  # made now, so that what a killed one still owed is sent
    with served(app, host=asked.host, port=asked.port, sends_notices=True) as base:
        address = asked.address.rstrip("/") or base
        if asked.folder:
            tell_shop(asked.folder, app, address=address)
            sys.stdout.write(f"{', '.join(dialects)} at {address}\n")
        else:
            for name, dialect in dialects.items():
                settings = json.dumps(dict(dialect.shop_values(f"{address}/{name}")), indent=1)
                sys.stdout.write(f"{name}: {address}/{name}\n{settings}\n")
        sys.stdout.flush()
        threading.Event().wait()


if __name__ == "__main__":
    main()
