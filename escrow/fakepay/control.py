"""The control doors: what the payer, his bank, time and bad luck do. JSON in, JSON out; never part of a dialect."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from escrow.fakepay import payer
from escrow.fakepay.dialect import Dialect

if TYPE_CHECKING:
    from escrow.fakepay.server import Server

Body = Mapping[str, Any]


def everything(dialect: Dialect) -> dict[str, Any]:
    """All rows of a book, as they stand."""
    book = dialect.book
    rows: Mapping[str, Iterable[Any]] = {
        "charges": book.charges.values(),
        "refunds": book.refunds.values(),
        "transfers": book.transfers.values(),
        "disputes": book.disputes.values(),
        "moves": book.moves,
        "events": book.events,
    }
    with book.locked():
        return {name: [asdict(row) for row in several] for name, several in rows.items()}


def _pay(server: Server, dialect: Dialect, body: Body) -> Any:
    return [asdict(row) for row in dialect.book.pay(**body)]


def _decline(server: Server, dialect: Dialect, body: Body) -> Any:
    return asdict(dialect.book.decline(**body))


def _close(server: Server, dialect: Dialect, body: Body) -> Any:
    return {"result": dialect.book.close(**body)}


def _decide_refund(server: Server, dialect: Dialect, body: Body) -> Any:
    return asdict(dialect.book.decide_refund(**body))


def _decide_transfer(server: Server, dialect: Dialect, body: Body) -> Any:
    return asdict(dialect.book.decide_transfer(**body))


def _dispute(server: Server, dialect: Dialect, body: Body) -> Any:
    return asdict(dialect.book.open_dispute(**body))


def _decide_dispute(server: Server, dialect: Dialect, body: Body) -> Any:
    return asdict(dialect.book.decide_dispute(**body))


def _faults(server: Server, dialect: Dialect, body: Body) -> Any:
    if "script" in body:
        dialect.book.faults.write(body["script"])
    return dialect.book.faults.rest()


def _list(server: Server, dialect: Dialect, body: Body) -> Any:
    return everything(dialect)


def _notices(server: Server, dialect: Dialect, body: Body) -> Any:
    notices = server.notices[server.name_of(dialect)]
    if "url" in body:
        notices.url = str(body["url"])
    return [asdict(sent) for sent in notices.send_due(at_once=True)]


def _values(server: Server, dialect: Dialect, body: Body) -> Any:
    return dict(dialect.shop_values(f"{body['base']}/{server.name_of(dialect)}"))


def _show(server: Server, dialect: Dialect, body: Body) -> Any:
    """A payment by its number, or by its key there."""
    with dialect.book.locked():
        return payer.told(dialect, dialect.book.charge(str(body.get("ref", "")), key=str(body.get("key", ""))))


def _play(server: Server, dialect: Dialect, body: Body) -> Any:
    """What the payer does on the sandbox's page; as it stands after the shop has been told."""
    charge = payer.play(dialect, str(body["ref"]), str(body["outcome"]), body.get("minor"))
    if server.is_bank:
        server.send_due()
    with dialect.book.locked():
        return payer.told(dialect, dialect.book.charge(charge.ref))


def _book(server: Server, dialect: Dialect, body: Body) -> Any:
    """A part of all books' rows, the newest first. ``kind``: payment, refund or payout; ``start``, ``count``."""
    rows: list[dict[str, Any]] = []
    with dialect.book.locked():
        for one in server.all_dialects().values():
            rows += payer.book_of(one)
    wanted = [row for row in rows if body.get("kind") in (None, "", row["kind"])]
    wanted.sort(key=lambda row: (row["at"], row["reference"]), reverse=True)
    start = int(body.get("start", 0))
    return {"count": len(wanted), "rows": wanted[start : start + int(body.get("count", 30))]}


def _fee(server: Server, dialect: Dialect, body: Body) -> Any:
    dialect.book.fee_bps = int(body["bps"])
    return {"bps": dialect.book.fee_bps}


def _clock(server: Server, dialect: Dialect, body: Body) -> Any:
    dialect.book.clock.offset_seconds += float(body.get("advance_seconds", 0))
    return {"now": dialect.book.clock.now()}


ACTS: Mapping[str, Callable[[Server, Dialect, Body], Any]] = {
    "pay": _pay,
    "decline": _decline,
    "show": _show,
    "play": _play,
    "book": _book,
    "close": _close,
    "decide-refund": _decide_refund,
    "decide-transfer": _decide_transfer,
    "dispute": _dispute,
    "decide-dispute": _decide_dispute,
    "faults": _faults,
    "list": _list,
    "notices": _notices,
    "values": _values,
    "fee": _fee,
    "clock": _clock,
}
