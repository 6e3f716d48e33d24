"""
Keys and numbers of one sandbox, made up once and kept in a folder that only its owner may read.

``own.json`` is what the pretended provider starts with, ``shop.json`` what the shop reads to talk to it, and
``book.sqlite3`` has everybody's books.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from escrow.fakepay.alipay.words import key_pair
from escrow.fakepay.server import Server
from escrow.fakepay.store import Store
from escrow.fakepay.wechat.keys import made_up

Values = dict[str, dict[str, str]]


def bank_in(folder: Path, **more: Any) -> Server:
    """The bank of the sandbox whose folder this is; its keys are made if there are none."""
    return Server(own_values(folder), store=Store(folder / "book.sqlite3"), is_bank=True, **more)


def own_values(folder: Path) -> Values:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / "own.json"
    if not file.exists():
        _write(file, fresh_values(), is_new=True)
    values: Values = json.loads(file.read_text(encoding="utf-8"))
    return values


def fresh_values() -> Values:
    return {
        "sandbox": {"secret": secrets.token_urlsafe(32)},
        "stripe": {
            "secret_key": f"sk_test_{secrets.token_hex(16)}", "webhook_secret": f"whsec_{secrets.token_hex(16)}",
        },
        "alipay": {"private_key": key_pair("shop")[0], "fakepay_private_key": key_pair("alipay")[0]},
        "wechat": {
            "apiv3_key": secrets.token_hex(16), "private_key": made_up("merchant"),
            "platform_private_key": made_up("platform"),
        },
    }  # fmt: skip


def tell_shop(folder: Path, server: Server, *, address: str) -> None:
    """Write down how the shop reaches each dialect."""
    told = {name: dict(dialect.shop_values(f"{address}/{name}")) for name, dialect in server.all_dialects().items()}
    _write(folder / "shop.json", {"address": address, "providers": told})


def _write(file: Path, content: Mapping[str, Any], *, is_new: bool = False) -> None:
    """All of it or nothing; of two who make it at once the first one's counts."""
    half = file.with_name(f"{file.name}.{os.getpid()}")
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        json.dump(content, out, indent=1)
    try:
        if is_new:
            os.link(half, file)
        else:
            os.replace(half, file)
    except FileExistsError:
        pass
    finally:
        half.unlink(missing_ok=True)
