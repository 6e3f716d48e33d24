"""
Fill the site that the browser walks, and write down who may see what: ``python -m tests.browser.seeded FILE``.

The demo is what is walked: one order in each state, one case in each stage. Of what looks the same one is enough.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import django
from django.core.management import call_command
from django.urls import reverse

from tests.browser import seeded_doors as doors
from tests.browser import seeded_vetting as vetting

Page = tuple[str, str]  # whose session, path


def pages() -> dict[str, list[Page]]:
    """Every page by the role that sees it."""
    # The merchant's part last: it hands a parcel to another carrier.
    found = {
        "anonymous": list(_anonymous()),
        "buyer": list(_buyer()),
        "mediator": list(_mediator()),
        "sandbox": list(_sandbox()),
        "merchant": list(_merchant()),
    }
    me, _ = found["mediator"][0]
    found["mediator"].append((me, reverse("console:payout-store", args=[_payout_to_approve()])))  # adds a bare order
    return found


def _anonymous() -> Iterator[Page]:
    from shop.models import Category, Product
    from tests.browser.seeded_accounts import announcement_pages
    from tests.browser.site_urls import WRONG

    product = Product.objects.select_related("store").order_by("title")[0]
    gone = Product.objects.filter(in_stock=False).order_by("title").first()
    names = ("home", "search", "cart")
    yield from (("", reverse(f"shop:{name}")) for name in names)
    yield "", reverse("shop:search") + "?q=%E8%8C%B6"
    yield "", reverse("shop:search") + "?q=nothing+has+this+name"
    yield "", reverse("shop:category", args=[Category.objects.filter(parent=None).order_by("position")[0].slug])
    yield from (("", reverse("shop:product", args=[row.pk])) for row in (product, gone) if row)
    yield "", reverse("shop:store", args=[product.store.slug])
    yield "", reverse("shop:store-licence", args=[product.store.slug])
    yield from (("", reverse(f"pages:{name}")) for name in ("guarantee", "rules", "fees", "safety"))
    yield from (("", reverse(name)) for name in ("styleguide", "escrow:verify", "escrow:custody"))
    yield "", reverse("shop:report") + f"?about=/p/{product.pk}/"
    yield from (("", reverse(f"account_{name}")) for name in ENTRANCE)
    yield "", reverse("qr_login")
    yield from announcement_pages("")
    yield from (("", reverse(name)) for name in OTHER_WAYS_IN)
    yield from (("", f"/wrong/{what}/") for what in WRONG)


OTHER_WAYS_IN = ("recovery",)
ENTRANCE = ("login", "signup", "reset_password", "request_login_code", "inactive")


def _orders() -> list[Any]:
    """One order of each kind: its state, and its parcel's while no case is open."""
    from shop.models import Order

    found: dict[Any, Any] = {}
    for order in Order.objects.select_related("store__owner", "buyer").order_by("-placed_at"):
        parcel = order.shipments.order_by("-created_at").first()
        kind = (order.kind, order.status, order.in_case or (parcel and parcel.status))
        found.setdefault(kind, order)
    return list(found.values())


def _cases() -> list[Any]:
    from disputes.models import Case

    rows = Case.objects.select_related("order__store__owner", "order__buyer").order_by("-opened_at")
    return list({case.status: case for case in rows}.values())


def _first(rows: Iterable[Any], status: str) -> Any:
    free = [row for row in rows if row.status == status and not getattr(row, "in_case", False)]
    return next(row for row in free if getattr(row, "kind", "physical") == "physical")


def _key(user: Any) -> str:
    return str(user.pk)


def _buyer() -> Iterator[Page]:
    from accounts.models import User
    from shop.models import Cart, Variant
    from shop.services.carts import add
    from tests.browser.seeded_accounts import incident_pages

    orders, cases = _orders(), _cases()
    lin = User.objects.get(email="lin.xiao@example.com")
    me = _key(lin)
    cart, _ = Cart.objects.get_or_create(user=lin)
    for kind in ("physical", "code"):  # two orders of one checkout
        some = Variant.objects.filter(stock__gt=3, product__kind=kind).order_by("product__title", "position")[0]
        add(cart=cart, variant_id=some.pk, quantity=1)
    yield from ((me, reverse(f"shop:{name}")) for name in ("home", "cart", "checkout", "orders"))
    yield from ((me, reverse("shop:orders") + f"?tab={tab}") for tab in ("to_pay", "after_sale"))
    yield me, reverse("shop:my-coupons")
    yield me, reverse("shop:orders") + "?q=nothing+has+this+name"
    spender = _key(max(orders, key=lambda order: order.status == "completed").buyer)
    yield from ((spender, reverse(f"shop:{name}")) for name in ("my-money", "my-money-print", "my-coupons"))
    yield me, reverse("shop:my-money") + "?order_number=nothing&amount_from=1"
    for order in orders:
        yield _key(order.buyer), reverse("shop:order", args=[order.number])
    for status in ("delivered", "completed", "refunded"):
        order = _first(orders, status)
        yield _key(order.buyer), reverse("shop:order-money", args=[order.number])
    delivered, pending = _first(orders, "delivered"), _first(orders, "pending")
    for name in ("shop:order-confirm", "shop:order-promise", "disputes:case-new"):
        yield _key(delivered.buyer), reverse(name, args=[delivered.number])
    for ground in ("not_received", "not_as_described"):
        yield _key(delivered.buyer), reverse("disputes:case-new", args=[delivered.number]) + f"?ground={ground}"
    yield from _codes()
    yield _key(pending.buyer), reverse("shop:order-cancel", args=[pending.number])
    yield _key(pending.buyer), reverse("shop:payment", args=[pending.payment_id])
    done = _first(orders, "completed")
    yield _key(done.buyer), reverse("shop:payment", args=[done.payment_id])
    for case in cases:
        yield _key(case.order.buyer), reverse("disputes:case", args=[case.number])
    yield from (
        (me, reverse(f"accounts:{name}"))
        for name in (
            "me",
            "addresses",
            "address-new",
            "inbox",
            "devices",
            "logins",
            "security",
            "factor-recovery",
            "safety",
        )
    )
    yield me, reverse("accounts:address-edit", args=[lin.addresses.order_by("street")[0].pk])
    yield from incident_pages(lin, _key)
    yield me, reverse("account_logout")
    yield me, reverse("account_reauthenticate")
    yield me, reverse("accounts:confirm", args=["email"])  # what the walk behind the password proves is another act
    from accounts.services.links import not_me_token

    yield "", reverse("not_me", args=[not_me_token(user_id=lin.pk, device_id=None, about="walk")])
    newcomer = User.objects.create(phone="+8613900000088", phone_verified=True)  # came by a code and has no password
    newcomer.set_unusable_password()
    newcomer.save()
    yield _key(newcomer), reverse("accounts:confirm", args=["password"])
    for name in ("cart", "orders"):
        yield _key(newcomer), reverse(f"shop:{name}")
    for name in ("addresses", "inbox"):
        yield _key(newcomer), reverse(f"accounts:{name}")


def _with_codes(status: str) -> list[Any]:
    from shop.models import Order

    rows = Order.objects.select_related("store__owner", "buyer").filter(kind="code", status=status)
    return list(rows.order_by("placed_at"))


def _codes() -> Iterator[Page]:
    """Codes unopened, opened in part, and in a case, as their buyers see them."""
    for order in _with_codes("delivered"):
        yield _key(order.buyer), reverse("shop:order-codes", args=[order.number])
    order = next(order for order in _with_codes("delivered") if not order.in_case)
    for name in ("shop:order-confirm", "disputes:case-new"):
        yield _key(order.buyer), reverse(name, args=[order.number])


def _pools() -> Iterator[Page]:
    """A pool of codes, and its product in the editor and as buyers see it."""
    product = _with_codes("delivered")[0].lines.get().product
    for name in ("merchant:product-codes", "merchant:product", "shop:product"):
        yield _key(product.store.owner), reverse(name, args=[product.pk])
    yield _key(product.store.owner), reverse("merchant:products")


def _merchant() -> Iterator[Page]:
    from django.db.models import Count

    from shop.models import Coupon, Store

    orders, cases = _orders(), _cases()
    store = Store.objects.select_related("owner").annotate(n=Count("orders")).order_by("-n", "pk")[0]
    me = _key(store.owner)
    names = ("home", "settings", "orders", "shipping", "products", "product-new", "cases", "money", "coupons",
             "coupon-new", "documents", "team", "stores", "account", "trial", "keys",
             "messages", "message-new")  # fmt: skip
    yield from ((me, reverse(f"merchant:{name}")) for name in names)
    yield from doors.merchant_pages(store, me)
    yield me, reverse("merchant:orders") + "?q=nothing+has+this+name"
    yield me, reverse("merchant:cases") + "?view=closed"
    yield from ((me, reverse(f"merchant:{name}")) for name in ("money-print", "statements"))
    yield from _statements(me)
    yield from _pools()
    parcel = _by_hand(store)
    yield me, reverse("logistics:scan", args=[parcel])
    yield me, reverse("merchant:product", args=[store.products.order_by("title")[0].pk])
    yield me, reverse("merchant:documents") + "?permit=food"
    yield me, _import_preview(store)
    for coupon in {coupon.status: coupon for coupon in Coupon.objects.select_related("store__owner")}.values():
        yield _key(coupon.store.owner), reverse("merchant:coupon", args=[coupon.pk])
    yield from vetting.merchant_pages()
    for order in orders:
        yield _key(order.store.owner), reverse("merchant:order", args=[order.number])
        if order.status == "completed":
            yield _key(order.store.owner), reverse("merchant:order-refund", args=[order.number])
    for case in cases:
        yield _key(case.order.store.owner), reverse("merchant:case", args=[case.number])


def _statements(me: str) -> Iterator[Page]:
    from core import clock

    today = clock.now().date().isoformat()
    yield me, reverse("merchant:statements") + f"?month={today[:7]}"
    yield me, reverse("merchant:statements") + "?year=2001"
    yield from ((me, reverse("merchant:statement", args=[code])) for code in (today[:7], today, "2001-01"))


def _by_hand(store: Any) -> Any:
    """A parcel of a carrier that tells us nothing: the merchant enters its scans."""
    from logistics.models import Shipment

    parcel = Shipment.objects.filter(store_id=store.pk).order_by("-created_at")[0]
    carrier = parcel.carrier
    carrier.pk, carrier.code, carrier.adapter, carrier.push_token = None, "by-hand", "manual", "by-hand"
    carrier.save()
    parcel.carrier = carrier
    parcel.save(update_fields=["carrier"])
    return parcel.pk


def _import_preview(store: Any) -> str:
    """A file with a line that fits nothing, as the desk shows it before it is booked."""
    from core import clock
    from core.actor import Actor
    from flows import bulk_shipping

    raw = b"order_number,carrier,tracking_number,weight_g\n1,sandbox,TS1,500\n"
    actor = Actor(user_id=store.owner_id)
    job = bulk_shipping.prepare(store_id=store.pk, raw=raw, filename="a.csv", actor=actor, now=clock.now())
    return reverse("merchant:shipping-preview", args=[job.pk])


def _mediator() -> Iterator[Page]:
    from accounts.models import User
    from disputes.models import Case
    from tests.browser.seeded_accounts import announcement_pages

    me = _key(User.objects.get(email="meng.ping@example.com"))
    cases = _cases()
    yield from (
        (me, reverse(f"console:{name}"))
        for name in ("home", "cases", "payments", "chargebacks", "corrections", "payouts", "health")
    )
    yield me, reverse("console:payouts") + "?view=paid"
    yield me, reverse("console:cases") + "?view=overdue"
    from accounts.models import AccountRecovery, Incident
    from tests.browser.seeded_accounts import made_good

    yield me, reverse("console:recoveries")
    yield (
        me,
        reverse(
            "console:recovery", args=[AccountRecovery.objects.get(status="review", user__email="robbed@example.com").pk]
        ),
    )
    incident = Incident.objects.get(user__email="robbed@example.com")
    yield from ((me, reverse(f"console:{name}")) for name in ("accounts", "incidents"))
    yield me, reverse("console:accounts") + "?q=robbed%40example.com"
    yield me, reverse("console:account", args=[incident.user_id])
    yield me, reverse("console:incident", args=[incident.pk])
    yield from ((me, path) for path in made_good())
    yield me, reverse("console:incidents") + "?view=closed"
    yield from announcement_pages(me)
    yield me, reverse("console:journal")
    yield me, reverse("console:journal") + "?account=merchant"
    yield me, reverse("console:journal") + "?q=nothing"
    yield from ((me, path) for path in _reconciliation())
    yield me, reverse("console:health") + "?books=1"
    yield from ((me, path) for path in vetting.console_paths())
    for case in cases:
        yield me, reverse("console:case", args=[case.number])
    taken = Case.objects.filter(status="mediation", mediator__isnull=False)[0]
    yield from ((_key(taken.mediator), reverse(f"console:{name}", args=[taken.number])) for name in ("case", "rule"))
    for order in {order.status: order for order in _orders()}.values():
        yield me, reverse("console:order", args=[order.number])
    yield from (
        (me, reverse(f"console:{name}", args=[_with_codes("delivered")[0].number])) for name in ("order", "order-codes")
    )


def _payout_to_approve() -> Any:
    """A store whose payout is above the limit, for once a low one."""
    from django.test import override_settings

    from accounts.models import User
    from core import clock
    from core.actor import SYSTEM
    from escrow.services import holds, payouts
    from tests.factories.escrow import OrderFactory, held, payout_account
    from tests.factories.shop import StoreFactory

    owner, buyer = (User.objects.create(phone=f"+86139000000{n}", phone_verified=True) for n in (77, 66))
    store = StoreFactory(owner=owner, name="Big Earner")
    hold = held(order=OrderFactory(items_minor=100_000, buyer=buyer, store=store))
    holds.release(order_id=hold.order_id, actor=SYSTEM, reason="received", now=clock.now())
    payout_account(hold.store_id)
    with override_settings(PAYOUT_APPROVAL_MINOR=1):
        payouts.prepare_payout(store_id=hold.store_id, actor=SYSTEM, now=clock.now())
    return hold.store_id


def _reconciliation() -> Iterator[str]:
    """A fetched statement that agrees, one with a difference, and one that is only looked at."""
    from core import clock
    from core.actor import SYSTEM
    from escrow import statements
    from escrow.models import Ticket
    from escrow.queries.reconciliation import china_day
    from escrow.services import statement_files
    from flows import statements as flow

    now = clock.now()
    day = china_day(now)
    flow.fetch(now=now)
    row = {"id": "TX1", "kind": "payment", "gross": 3_000, "fee": 18, "currency": "CNY", "reference": "SB0"}
    for number in ("TX1", "TX2"):
        body = {"rows": [{**row, "id": number, "at": now.isoformat()}], "closing": {"minor": 1, "currency": "CNY"}}
        read = statements.read("sandbox", json.dumps(body).encode(), name="statement.json", day=day)
        file = statement_files.keep(
            gateway="sandbox", day=day, statement=read, handed_in_by=None, currency="CNY", now=now
        )
        if number == "TX1":
            flow.take_in(file_id=file.pk, actor=SYSTEM, now=now)
            yield reverse("console:statement-file", args=[file.pk])
    yield reverse("console:statement-file", args=[file.pk])
    yield from (reverse(f"console:{name}") for name in ("reconciliation", "statement-upload", "transfers"))
    yield reverse("console:reconciliation") + "?view=closed&gateway=stripe"
    yield reverse("console:reconciliation-day", args=["sandbox", day])
    yield reverse("console:ticket", args=[Ticket.objects.filter(problem="unknown_line")[0].pk])


def _sandbox() -> Iterator[Page]:
    from logistics.models import SandboxParcel

    orders = _orders()
    yield from (("", reverse(f"sandbox:{name}")) for name in ("home", "clock", "outbox", "bank", "carrier"))
    yield from (
        ("", reverse("sandbox:pay", args=[_first(orders, status).payment_id])) for status in ("pending", "paid")
    )
    for parcel in {_last(row): row for row in SandboxParcel.objects.order_by("pk")}.values():
        yield "", reverse("sandbox:parcel", args=[parcel.number])


def _last(parcel: Any) -> str:
    return str(parcel.events[-1]["code"]) if parcel.events else ""


def main(target: str) -> int:
    django.setup()
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    call_command("seed_demo", history=0)
    from accounts.models import User
    from bench.world import session_of
    from escrow.pretended import answering_here
    from tests.browser.seeded_accounts import forgetful, fresh

    forgetful()
    with answering_here():
        walked = pages()
    keys = {key for rows in walked.values() for key, _ in rows if key}
    sessions = {_key(user): fresh(session_of(user), user) for user in User.objects.filter(pk__in=keys)}
    Path(target).write_text(json.dumps({"sessions": sessions, "pages": walked}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
