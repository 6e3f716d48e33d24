"""The control doors: what the payer, his bank, time and bad luck do. JSON in, JSON out; never part of a dialect."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

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


def _fee(server: Server, dialect: Dialect, body: Body) -> Any:
    dialect.book.fee_bps = int(body["bps"])
    return {"bps": dialect.book.fee_bps}


def _clock(server: Server, dialect: Dialect, body: Body) -> Any:
    dialect.book.clock.offset_seconds += float(body.get("advance_seconds", 0))
    return {"now": dialect.book.clock.now()}


ACTS: Mapping[str, Callable[[Server, Dialect, Body], Any]] = {
    "pay": _pay,
    "decline": _decline,
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
