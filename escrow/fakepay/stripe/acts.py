"""Stripe's doors: what each address does to the book."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from escrow.fakepay.book import Book
from escrow.fakepay.entries import Charge, Transfer, number
from escrow.fakepay.stripe import objects
from escrow.fakepay.stripe.forms import StripeError, listed, need, whole

SHORTEST_SECONDS = 30 * 60
LONGEST_SECONDS = 24 * 3600
METHODS = frozenset({"card", "alipay", "wechat_pay"})
Params = Mapping[str, Any]


class Call:
    """One request: its fields, the parts of its address, and the page address for payers."""

    def __init__(self, book: Book, params: Params, parts: list[str], key: str, page: str) -> None:
        self.book, self.params, self.parts, self.page = book, params, parts, page
        self.key = key or number("anon_")

    @property
    def id(self) -> str:
        return self.parts[0]

    @property
    def expand(self) -> frozenset[str]:
        return frozenset(self.params.get("expand", []))

    @property
    def metadata(self) -> dict[str, str]:
        return dict(self.params.get("metadata") or {})


def missing(what: str, ref: str) -> StripeError:
    return StripeError("resource_missing", f"No such {what}: '{ref}'", status=404)


# --- paying -----------------------------------------------------------------------------------------------------------


def create_session(call: Call) -> dict[str, Any]:
    params, now = call.params, call.book.clock.now()
    if need(params, "mode") != "payment":
        raise StripeError("parameter_unknown", "Only mode=payment is pretended here.")
    items = params.get("line_items")
    if not isinstance(items, list) or len(items) != 1:
        raise StripeError("parameter_missing", "Missing required param: line_items.")
    price = items[0].get("price_data") or {}
    need(price.get("product_data") or {}, "name")
    minor = whole(price, "unit_amount") * whole(items[0], "quantity")
    methods = params.get("payment_method_types") or ["card"]
    if not METHODS.issuperset(methods):
        raise StripeError("parameter_invalid", "No such payment method type")
    options = (params.get("payment_method_options") or {}).get("wechat_pay") or {}
    if "wechat_pay" in methods and options.get("client") != "web":
        raise StripeError("parameter_missing", "payment_method_options[wechat_pay][client] is needed")
    ends = whole(params, "expires_at") if "expires_at" in params else now + LONGEST_SECONDS
    if not SHORTEST_SECONDS - 1 <= ends - now <= LONGEST_SECONDS:
        raise StripeError("parameter_invalid", "expires_at must be between 30 minutes and 24 hours from now")
    more = params.get("payment_intent_data") or {}
    ref = "cs_test_" + number("a1") + number("")
    row = call.book.open_charge(
        key=call.key, minor=minor, currency=need(price, "currency").upper(), ref=ref,
        return_url=need(params, "success_url"), description=price["product_data"]["name"], expires_at=ends,
        data={
            "intent": number("pi_"), "metadata": call.metadata, "intent_metadata": dict(more.get("metadata") or {}),
            "transfer_group": more.get("transfer_group"), "client_reference_id": params.get("client_reference_id"),
            "cancel_url": params.get("cancel_url"), "methods": list(methods), "url": call.page + ref,
        },
    )  # fmt: skip
    return objects.session(call.book, row)


def get_session(call: Call) -> dict[str, Any]:
    if not call.id.startswith("cs_") or call.id not in call.book.charges:
        raise missing("checkout.session", call.id)
    return objects.session(call.book, call.book.charge(call.id), call.expand)


def list_sessions(call: Call) -> dict[str, Any]:
    wanted = call.params.get("payment_intent")
    rows = call.book.find(lambda row: wanted in (None, row.data["intent"]))
    return listed([objects.session(call.book, row) for row in rows], call.params, "/v1/checkout/sessions")


def expire_session(call: Call) -> dict[str, Any]:
    get_session(call)
    row = call.book.charge(call.id)
    if row.state not in ("open", "declined"):
        status = objects.session(call.book, row)["status"]
        raise StripeError("resource_wrong_state", f"Only open sessions can be expired, this one is {status}")
    call.book.close(row.ref)
    return objects.session(call.book, row)


def _by_intent(call: Call, ref: str) -> Charge:
    rows = call.book.find(lambda row: row.data["intent"] == ref)
    if not rows:
        raise missing("payment_intent", ref)
    return rows[0]


def get_intent(call: Call) -> dict[str, Any]:
    return objects.payment_intent(call.book, _by_intent(call, call.id), call.expand)


def _arrivals(call: Call, ref: str) -> tuple[Charge, Any]:
    for row in call.book.charges.values():
        for arrival in row.arrivals:
            if arrival.ref == ref:
                return row, arrival
    raise missing("charge", ref)


def get_charge(call: Call) -> dict[str, Any]:
    row, arrival = _arrivals(call, call.id)
    return objects.charge(call.book, row, arrival, call.expand)


def list_charges(call: Call) -> dict[str, Any]:
    row = _by_intent(call, need(call.params, "payment_intent"))
    rows = [objects.charge(call.book, row, arrival) for arrival in reversed(row.arrivals)]
    return listed(rows, call.params, "/v1/charges")


# --- refunds ----------------------------------------------------------------------------------------------------------


def create_refund(call: Call) -> dict[str, Any]:
    params = call.params
    if "charge" in params:
        row, arrival = _arrivals(call, need(params, "charge"))
    else:
        row = _by_intent(call, need(params, "payment_intent"))
        arrival = call.book.arrival(row.ref)
    minor = whole(params, "amount") if "amount" in params else call.book.refundable(arrival)
    if call.book.refunded(arrival) == arrival.minor:
        raise StripeError("charge_already_refunded", "Charge has already been refunded.", is_final=True)
    if any(dispute.arrival_ref == arrival.ref and dispute.state != "won" for dispute in call.book.disputes.values()):
        raise StripeError("charge_disputed", "Charge has been charged back; cannot issue a refund.", is_final=True)
    refund = call.book.refund(
        key=call.key, charge_ref=row.ref, arrival_ref=arrival.ref, minor=minor, ref=number("re_"),
        data={"metadata": call.metadata},
    )  # fmt: skip
    return objects.refund(call.book, refund)


def get_refund(call: Call) -> dict[str, Any]:
    if call.id not in call.book.refunds:
        raise missing("refund", call.id)
    return objects.refund(call.book, call.book.refunds[call.id])


def list_refunds(call: Call) -> dict[str, Any]:
    rows = list(reversed(call.book.refunds.values()))
    if "payment_intent" in call.params:
        row = _by_intent(call, call.params["payment_intent"])
        rows = [refund for refund in rows if refund.charge_ref == row.ref]
    return listed([objects.refund(call.book, refund) for refund in rows], call.params, "/v1/refunds")


# --- transfers and payouts --------------------------------------------------------------------------------------------


def create_transfer(call: Call) -> dict[str, Any]:
    params, key = call.params, call.key
    minor, currency, to = whole(params, "amount"), need(params, "currency").upper(), need(params, "destination")
    data = {"metadata": call.metadata, "group": params.get("transfer_group")}
    if not to.startswith("acct_"):
        raise missing("destination", to)
    if "source_transaction" not in params:
        row = call.book.payout(key=key, minor=minor, currency=currency, to=to, ref=number("tr_"), data=data)
        return objects.transfer(call.book, row)
    charge, arrival = _arrivals(call, params["source_transaction"])
    if arrival.currency != currency:
        raise StripeError("parameter_invalid", "The currency must be that of the source's balance transaction")
    data |= {"source": arrival.ref, "group": params.get("transfer_group") or charge.data["transfer_group"]}
    row = call.book.release(
        key=key, charge_ref=charge.ref, minor=minor, to=to, ref=number("tr_"), counts_refunds=False, data=data
    )
    return objects.transfer(call.book, row)


def _transfer(call: Call, prefix: str) -> Transfer:
    row = call.book.transfers.get(call.id)
    if row is None or not row.ref.startswith(prefix):
        raise missing("transfer", call.id)
    return row


def get_transfer(call: Call) -> dict[str, Any]:
    return objects.transfer(call.book, _transfer(call, "tr_"))


def list_transfers(call: Call) -> dict[str, Any]:
    group = call.params.get("transfer_group")
    rows = [row for row in reversed(call.book.transfers.values()) if row.ref.startswith("tr_")]
    rows = [row for row in rows if group in (None, row.data.get("group"))]
    return listed([objects.transfer(call.book, row) for row in rows], call.params, "/v1/transfers")


def reverse_transfer(call: Call) -> dict[str, Any]:
    row = _transfer(call, "tr_")
    minor = whole(call.params, "amount") if "amount" in call.params else row.minor - call.book.reversed(row.ref)
    data = {"metadata": call.metadata}
    return objects.reversal(
        call.book.reverse(key=call.key, release_ref=row.ref, minor=minor, ref=number("trr_"), data=data)
    )


def list_reversals(call: Call) -> dict[str, Any]:
    row = _transfer(call, "tr_")
    rows = [objects.reversal(each) for each in reversed(call.book.transfers.values()) if each.of == row.ref]
    return listed(rows, call.params, f"/v1/transfers/{row.ref}/reversals")


def create_payout(call: Call) -> dict[str, Any]:
    row = call.book.payout(
        key=call.key, minor=whole(call.params, "amount"), currency=need(call.params, "currency").upper(),
        to="default_for_currency", ref=number("po_"), data={"metadata": call.metadata},
    )  # fmt: skip
    return objects.payout(row)


def get_payout(call: Call) -> dict[str, Any]:
    return objects.payout(_transfer(call, "po_"))


# --- account ----------------------------------------------------------------------------------------------------------


def get_dispute(call: Call) -> dict[str, Any]:
    if call.id not in call.book.disputes:
        raise missing("dispute", call.id)
    return objects.dispute(call.book, call.book.disputes[call.id])


def get_balance(call: Call) -> dict[str, Any]:
    return objects.balance(call.book)


def list_balance_transactions(call: Call) -> dict[str, Any]:
    rows = [objects.balance_transaction(move) for move in reversed(call.book.moves)]
    return listed(rows, call.params, "/v1/balance_transactions")


# (method, address behind /v1/; * is a number) → (what a fault calls it, the act)
DOORS: Mapping[tuple[str, str], tuple[str, Callable[[Call], dict[str, Any]]]] = {
    ("POST", "checkout/sessions"): ("create", create_session),
    ("GET", "checkout/sessions"): ("query", list_sessions),
    ("GET", "checkout/sessions/*"): ("query", get_session),
    ("POST", "checkout/sessions/*/expire"): ("close", expire_session),
    ("GET", "payment_intents/*"): ("query", get_intent),
    ("GET", "charges"): ("query", list_charges),
    ("GET", "charges/*"): ("query", get_charge),
    ("POST", "refunds"): ("refund", create_refund),
    ("GET", "refunds"): ("query_refund", list_refunds),
    ("GET", "refunds/*"): ("query_refund", get_refund),
    ("POST", "transfers"): ("payout", create_transfer),
    ("GET", "transfers"): ("query_payout", list_transfers),
    ("GET", "transfers/*"): ("query_payout", get_transfer),
    ("POST", "transfers/*/reversals"): ("reverse_release", reverse_transfer),
    ("GET", "transfers/*/reversals"): ("query_reversal", list_reversals),
    ("POST", "payouts"): ("payout", create_payout),
    ("GET", "payouts/*"): ("query_payout", get_payout),
    ("GET", "disputes/*"): ("query_dispute", get_dispute),
    ("GET", "balance"): ("balance", get_balance),
    ("GET", "balance_transactions"): ("statement", list_balance_transactions),
}
