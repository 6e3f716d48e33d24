"""How often the pages' costly doors may be used. The API's rates are in settings.py; docs/security.md prints both."""

from __future__ import annotations

from config.env import env

# Name → who is counted → rate. `member`: a person on all his devices; `device`: one of them; `address`: one connection
# (of IPv6 the first 64 bits); `prefix`: its neighbours (24 bits of IPv4, 48 of IPv6), for those who change addresses.
# Several at once, each on its own; PAGE_RATE_CODE_ADDRESS=5/h and so on changes one, an empty text takes it off.
PAGE_RATES: dict[str, dict[str, str]] = {
    "search": {"member": "60/m", "address": "120/m", "prefix": "600/m"},
    "export": {"member": "20/m,300/d", "address": "60/m"},
    "code": {"device": "10/h", "address": "30/h,100/d", "prefix": "120/h"},
    "sign_in": {"address": "60/m,600/h", "prefix": "300/m"},
    "upload": {"member": "60/m,2000/d", "address": "120/m"},
    "case": {"member": "10/h", "address": "20/h", "prefix": "60/h"},
    "order": {"member": "20/m,200/d", "address": "60/m"},
    "cart": {"member": "120/m", "address": "120/m"},
    "parse": {"member": "30/m"},
    "report": {"member": "10/h", "address": "20/h", "prefix": "60/h"},
}
PAGE_RATES = {
    name: {who: env.str(f"PAGE_RATE_{name}_{who}".upper(), default=rate) for who, rate in by.items()}
    for name, by in PAGE_RATES.items()
}
_FILES = (
    "merchant:orders-export", "merchant:order-record", "merchant:money-export", "merchant:money-workbook",
    "merchant:money-print", "merchant:shipping-report", "shop:order-record", "shop:my-money-csv", "shop:my-money-xlsx",
    "shop:my-money-print", "console:tickets-file", "console:reconciliation-day-file",
    "console:journal-csv", "console:journal-xlsx",
)  # fmt: skip
_CODES = (
    "account_request_login_code", "account_signup", "account_reset_password", "account_change_phone", "account_email",
    "account_email_verification_sent", "account_verify_phone", "account_confirm_login_code",
)  # fmt: skip
_UPLOADS = (
    "disputes:case-evidence", "merchant:ship", "merchant:product-new", "merchant:product", "merchant:product-images",
    "merchant:shipping-import", "console:statement-upload",
)  # fmt: skip
# (door, method) → the rate it spends. A look and a change of the same door are two things.
PAGE_LIMITS: dict[tuple[str, str], str] = {
    ("shop:search", "GET"): "search",
    ("console:search", "GET"): "search",
    **{(door, "GET"): "export" for door in _FILES},
    ("console:transfers-file", "POST"): "export",
    **{(door, "POST"): "code" for door in _CODES},
    ("account_login", "POST"): "sign_in",
    ("account_reauthenticate", "POST"): "sign_in",
    **{(door, "POST"): "upload" for door in _UPLOADS},
    ("disputes:case-new", "POST"): "case",
    ("merchant:message-new", "POST"): "search",  # each look counts buyers
    ("shop:checkout", "POST"): "order",
    ("shop:cart-add", "POST"): "cart",
    ("shop:report", "POST"): "report",
    ("accounts:address-parse", "POST"): "parse",
}
if not env.bool("PAGE_LIMITS", default=True):  # for measuring and scanning on loopback; refused by check --deploy
    PAGE_LIMITS = {}
