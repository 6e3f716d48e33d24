"""Coupons on pages: chosen at the checkout, taken in the store, written and counted in the merchant's office."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from core import clock
from core.models import AuditEntry
from shop.models import Coupon, CouponClaim, Order
from shop.services import carts
from tests import stories
from tests.factories.accounts import AddressFactory, UserFactory
from tests.factories.shop import CategoryFactory, CouponFactory, ProductFactory, StoreFactory
from tests.journeys.forms import form_to
from tests.sandbox import pay_at_bank

pytestmark = pytest.mark.django_db
CHECKOUT, MINE = "/checkout/", "/me/coupons/"
ENGLISH = {"accept-language": "en"}


@pytest.fixture
def buyer(client):
    user = UserFactory()
    AddressFactory(user=user)
    client.force_login(user)
    return user


@pytest.fixture
def store(buyer):
    """A store with one thing of it in the buyer's cart."""
    product = ProductFactory()
    carts.add(cart=stories.fill_cart(buyer), variant_id=product.variants.get().pk, quantity=1)
    return product.store


def shown(client) -> str:
    return client.get(CHECKOUT, headers=ENGLISH).content.decode()


def send(client, html: str, **given: object):
    form = form_to(html, CHECKOUT, page=CHECKOUT, having="checkout_key")
    return client.post(CHECKOUT, form.filled(given), headers=ENGLISH)


def test_the_best_coupon_is_chosen_and_its_total_is_what_is_bought(client, store):
    CouponFactory(store=store, off_minor=500)
    best = CouponFactory(store=store, off_minor=1_500, name_en="Autumn")
    html = shown(client)
    assert "−¥15.00 · Autumn" in html
    assert "Place the order, ¥113.00" in html
    assert send(client, html).status_code == 302
    order = Order.objects.get()
    assert (order.coupon_code, order.total_minor) == (best.code, 11_300)
    page = client.get(order.get_absolute_url(), headers=ENGLISH).content.decode()
    assert f"Coupon {best.code}" in page
    assert "coupon −¥15.00, paid ¥113.00" in page
    receipt = client.get(reverse("shop:order-money", args=[order.number]), headers=ENGLISH).content.decode()
    assert f"Coupon {best.code}" in receipt


def test_another_coupon_or_none_may_be_chosen_and_is_shown_before_it_is_bought(client, store):
    CouponFactory(store=store, off_minor=1_500)
    other = CouponFactory(store=store, off_minor=500)
    name = f"coupon-{store.pk.hex}"
    html = shown(client)
    looked = send(client, html, **{name: other.code, "look": "1", "note": "keep me"})
    assert looked.status_code == 200
    html = looked.content.decode()
    assert "Place the order, ¥123.00" in html
    assert "keep me" in html
    assert not Order.objects.exists()
    none = send(client, html, **{name: "", "look": "1"}).content.decode()
    assert "Place the order, ¥128.00" in none
    assert send(client, none).status_code == 302
    assert Order.objects.get().coupon_code == ""


def test_a_choice_that_was_not_looked_at_buys_nothing_at_another_total(client, store):
    CouponFactory(store=store, off_minor=1_500)
    html = shown(client)
    answer = send(client, html, **{f"coupon-{store.pk.hex}": ""})
    assert answer.status_code == 409
    assert "The total was ¥113.00 and is now ¥128.00" in answer.content.decode()
    assert not Order.objects.exists()


def test_a_typed_code_is_taken_and_chosen_whatever_its_case(client, buyer, store):
    private = CouponFactory(store=store, code="WELCOME5", off_minor=500, is_public=False)
    html = shown(client)
    assert "WELCOME5" not in html
    answer = send(client, html, **{f"code-{store.pk.hex}": " welcome5 "})
    assert answer.status_code == 200, "the new total is shown first, whichever button was pressed"
    html = answer.content.decode()
    assert "Place the order, ¥123.00" in html
    assert CouponClaim.objects.get().coupon == private
    assert send(client, html).status_code == 302
    assert Order.objects.get().coupon_code == "WELCOME5"


@pytest.mark.parametrize("typed", ["NOSUCH", "x", "<b>", "' OR 1=1", "😀" * 9, "ｆｕｌｌ"])
def test_a_code_that_is_none_is_said_beside_the_field_and_stays_there(client, store, typed):
    answer = send(client, shown(client), **{f"code-{store.pk.hex}": typed})
    assert answer.status_code == 400
    assert "This store has no coupon with this code." in answer.content.decode()
    assert not Order.objects.exists()


def test_a_coupon_of_another_store_is_called_so(client, store):
    theirs = CouponFactory(store=StoreFactory(name_en="Elsewhere"))
    answer = send(client, shown(client), **{f"code-{store.pk.hex}": theirs.code})
    assert f"{theirs.code} is a coupon of another store: Elsewhere." in answer.content.decode()


def test_why_a_coupon_does_not_apply_is_said_before_anybody_asks(client, store):
    CouponFactory(store=store, minimum_minor=20_000)
    CouponFactory(store=store, starts_at=clock.now() + timedelta(days=1))
    CouponFactory(store=store, use_limit=1, used=1)
    html = shown(client)
    for words in (
        "¥72.00 more of its goods, and it applies (from ¥200.00).",
        "It is valid from",
        "All of them are used.",
    ):
        assert words in html


def test_a_coupon_that_stopped_meanwhile_buys_nothing_and_says_so(client, store):
    coupon = CouponFactory(store=store)
    html = shown(client)
    Coupon.objects.update(status="paused")
    answer = send(client, html)
    assert answer.status_code == 409
    assert f"Coupon {coupon.code} does not apply. The store has paused it." in answer.content.decode()
    assert not Order.objects.exists()
    assert send(client, answer.content.decode()).status_code == 302
    assert Order.objects.get().total_minor == 12_800


def test_what_the_client_says_of_prices_is_not_listened_to(client, store):
    CouponFactory(store=store, off_minor=500)
    html = shown(client)
    more = {"discount_minor": "12799", "off_minor": "12799", "total": "1", "price_minor": "1"}
    form = form_to(html, CHECKOUT, page=CHECKOUT, having="checkout_key").filled({})
    assert client.post(CHECKOUT, {**form, **more}).status_code == 302
    assert Order.objects.get().total_minor == 12_300


def test_the_same_form_twice_takes_one_use(client, store):
    coupon = CouponFactory(store=store, per_member=5)
    html = shown(client)
    first, second = send(client, html), send(client, html)
    assert first.url == second.url
    coupon.refresh_from_db()
    assert coupon.used == 1


def test_too_many_guesses_are_stopped_and_the_checkout_still_works(client, store, settings):
    settings.API_RATES = {**settings.API_RATES, "coupon": "10/d"}  # no minute ends in the middle of this
    CouponFactory(store=store, code="SECRET", is_public=False)
    html = shown(client)
    for n in range(10):
        send(client, html, **{f"code-{store.pk.hex}": f"GUESS{n}"})
    answer = send(client, html, **{f"code-{store.pk.hex}": "SECRET"})
    assert "Too many tries." in answer.content.decode()
    assert not CouponClaim.objects.exists()
    assert send(client, html).status_code == 302


def test_the_cart_says_what_the_checkout_will_take_off(client, store):
    CouponFactory(store=store, name_en="Autumn")
    html = client.get("/cart/", headers=ENGLISH).content.decode()
    assert "“Autumn” takes ¥10.00 off at the checkout." in html


@pytest.mark.parametrize("for_codes", [False, True])
def test_two_orders_of_one_store_ask_once_and_take_one_coupon(client, buyer, store, for_codes):
    code = stories.code_variant(keys=3, store=store, price_minor=5_000)
    carts.add(cart=stories.fill_cart(buyer), variant_id=code.pk, quantity=1)
    coupon = CouponFactory(store=store, off_minor=1_500, name_en="Autumn")
    coupon.products.set([code.product] if for_codes else [])
    cart = client.get("/cart/", headers=ENGLISH).content.decode()
    assert cart.count("“Autumn” takes ¥15.00 off at the checkout.") == 1
    html = shown(client)
    assert html.count(f'name="coupon-{store.pk.hex}"') == html.count(f'name="code-{store.pk.hex}"') == 1
    assert "it goes to the one of its two orders where it takes off most" in html
    assert "Place the order, ¥163.00" in html
    none = send(client, html, **{f"coupon-{store.pk.hex}": "", "look": "1"}).content.decode()
    assert "Place the order, ¥178.00" in none
    unknown = send(client, html, **{f"code-{store.pk.hex}": "NOSUCH"}).content.decode()
    assert unknown.count("This store has no coupon with this code.") == 1
    assert send(client, html).status_code == 302
    taken = {order.kind: (order.coupon_code, order.discount_minor) for order in Order.objects.all()}
    with_it, without = ("code", "physical") if for_codes else ("physical", "code")
    assert taken == {with_it: (coupon.code, 1_500), without: ("", 0)}
    coupon.refresh_from_db()
    assert coupon.used == 1


def test_carts_and_checkouts_without_coupons_ask_once_more_at_most(client, store, django_assert_max_num_queries):
    client.get(CHECKOUT)
    with django_assert_max_num_queries(15):
        client.get(CHECKOUT)
    CouponFactory.create_batch(5, store=store)
    with django_assert_max_num_queries(18):
        client.get(CHECKOUT)


# --- taken in the store


def test_a_coupon_is_taken_on_the_stores_page_and_stands_among_ones_own(client, buyer, store):
    coupon = CouponFactory(store=store, name_en="Autumn")
    CouponFactory(store=store, is_public=False, name_en="Hidden")
    product = store.products.get()
    for path in (f"/s/{store.slug}/", f"/p/{product.pk}/"):
        html = client.get(path, headers=ENGLISH).content.decode()
        assert "¥10.00 off" in html
        assert "Hidden" not in html
    for _ in range(2):
        assert client.post(MINE, {"coupon": str(coupon.pk), "next": f"/s/{store.slug}/"}).url == f"/s/{store.slug}/"
    assert CouponClaim.objects.get().user_id == buyer.pk
    assert "Taken" in client.get(f"/s/{store.slug}/", headers=ENGLISH).content.decode()
    mine = client.get(MINE, headers=ENGLISH).content.decode()
    assert coupon.code in mine
    assert "Can be used" in mine


def test_a_coupon_for_other_goods_is_not_on_this_products_page(client, store):
    this, other = store.products.get(), ProductFactory(store=store)
    CouponFactory(store=store, name_en="Autumn").products.set([other])
    pages = [client.get(f"/p/{product.pk}/", headers=ENGLISH).content.decode() for product in (this, other)]
    assert ["Autumn" in page for page in pages] == [False, True]


@pytest.mark.parametrize("wanted", ["", "x", "7d1b1f2e-0000-4000-8000-000000000000"])
def test_taking_what_is_no_coupon_finds_none(client, buyer, wanted):
    assert client.post(MINE, {"coupon": wanted}).status_code == 404


def test_a_private_coupon_is_not_taken_by_its_id(client, buyer):
    assert client.post(MINE, {"coupon": str(CouponFactory(is_public=False).pk)}).status_code == 404


def test_ones_own_page_says_where_they_went(client, buyer):
    coupon = CouponFactory()
    order = stories.paid_order(buyer=buyer, variant=ProductFactory(store=coupon.store).variants.get(), coupon=coupon)
    client.post(MINE, {"coupon": str(coupon.pk)})
    html = client.get(MINE, headers=ENGLISH).content.decode()
    assert order.number in html
    assert "You have used yours." in html
    assert "No coupons yet" in _as(UserFactory(), client).get(MINE, headers=ENGLISH).content.decode()


def _as(user, client):
    client.force_login(user)
    return client


# --- the merchant's office


@pytest.fixture
def desk(client):
    store = StoreFactory()
    client.force_login(store.owner)
    return store


def terms(**changes):
    given = {
        "code": "autumn10", "name": "秋日券", "name_en": "Autumn", "off": "10", "share": "", "cap": "", "minimum": "50",
        "starts_at": "2026-12-01T00:00", "ends_at": "2027-01-01T00:00", "use_limit": "100", "per_member": "1",
        "is_public": "on",
    }  # fmt: skip
    return {**given, **changes}


def test_a_coupon_is_written_changed_started_paused_and_ended(client, desk):
    made = client.post(reverse("merchant:coupon-new"), terms())
    coupon = Coupon.objects.get()
    page = reverse("merchant:coupon", args=[coupon.pk])
    assert made.url == page
    assert (coupon.code, coupon.off_minor, coupon.minimum_minor, coupon.status) == ("AUTUMN10", 1_000, 5_000, "draft")
    assert coupon.starts_at == datetime(2026, 11, 30, 16, 0, tzinfo=UTC), "midnight in Shanghai"
    assert 'value="2026-12-01T00:00"' in client.get(page).content.decode()
    client.post(page, terms(off="", share="12.5", cap="30", start="1"))
    coupon.refresh_from_db()
    assert (coupon.off_minor, coupon.off_bps, coupon.cap_minor, coupon.status) == (None, 1_250, 3_000, "running")
    html = client.get(page, headers=ENGLISH).content.decode()
    assert "12.5% off, at most ¥30.00" in html
    assert "Save as draft" not in html
    assert client.post(page, terms(off="99")).status_code == 422, "its terms are fixed"
    for target in ("paused", "running", "ended"):
        client.post(reverse("merchant:coupon-status", args=[coupon.pk]), {"status": target})
        coupon.refresh_from_db()
        assert coupon.status == target
    assert AuditEntry.objects.filter(subject_type="coupon", user_id=desk.owner_id).count() == 6


@pytest.mark.parametrize(
    ("field", "bad"),
    [
        ("off", "-1"), ("off", "0"), ("off", "1e9"), ("off", "１０"), ("share", "101"), ("share", "0"),
        ("share", "1.234"), ("cap", "5"), ("minimum", "-5"), ("ends_at", "2026-11-30T00:00"), ("ends_at", "soon"),
        ("use_limit", "0"), ("use_limit", "1.5"), ("per_member", "0"), ("per_member", ""), ("code", "a"),
        ("code", "含中文的码"), ("name", ""), ("products", "7d1b1f2e-0000-4000-8000-000000000000"),
        ("categories", "999"), ("off", ""),
    ],
)  # fmt: skip
def test_terms_that_make_no_sense_are_said_at_their_field(client, desk, field, bad):
    changes = {"off": "", "share": bad} if field == "share" else {field: bad}
    answer = client.post(reverse("merchant:coupon-new"), terms(**changes))
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert not Coupon.objects.exists()


def test_another_stores_product_cannot_be_named(client, desk):
    theirs = ProductFactory()
    answer = client.post(reverse("merchant:coupon-new"), terms(products=str(theirs.pk)))
    assert "products" in answer.context["form"].errors


def test_a_moment_that_the_clock_skips_or_shows_twice_is_refused(client, desk, settings):
    with timezone.override("America/New_York"):
        for moment in ("2027-03-14T02:30", "2027-11-07T01:30"):
            answer = client.post(reverse("merchant:coupon-new"), terms(ends_at=moment))
            assert "ends_at" in answer.context["form"].errors, moment
    assert not Coupon.objects.exists()


def test_a_coupon_for_some_goods_names_them(client, desk):
    product, category = ProductFactory(store=desk), CategoryFactory()
    client.post(reverse("merchant:coupon-new"), terms(products=str(product.pk), categories=str(category.pk)))
    coupon = Coupon.objects.get()
    assert (list(coupon.products.all()), list(coupon.categories.all())) == ([product], [category])


def test_the_numbers_count(client, desk):
    coupon = CouponFactory(store=desk, name_en="Autumn", per_member=9, use_limit=20)
    variant = ProductFactory(store=desk).variants.get()
    buyers = UserFactory.create_batch(3)
    for buyer in buyers:
        stories.placed_order(buyer=buyer, variant=variant, coupon=coupon)
    pay_at_bank(Order.objects.get(buyer=buyers[0]).payment_id)
    stories.wait(minutes=31)
    stories.placed_order(variant=variant, coupon=coupon)
    html = client.get(reverse("merchant:coupons"), headers=ENGLISH).content.decode()
    assert "2 / 20" in html
    row = client.get(reverse("merchant:coupons")).context["rows"][0]
    assert (row.numbers.reserved, row.numbers.spent, row.numbers.returned) == (1, 1, 2)
    assert row.numbers.amount.minor == 1_000
    text = client.get(reverse("merchant:coupons-export"), headers=ENGLISH).content.decode("utf-8-sig")
    head, line = text.strip().splitlines()
    assert head.startswith("Code,Name of the coupon,State")
    assert line.split(",")[-6:] == ["0", "1", "1", "2", "10.00", "CNY"]
    orders = client.get(reverse("merchant:orders-export"), headers=ENGLISH).content.decode("utf-8-sig")
    assert f"{coupon.code},10.00" in orders


def test_a_list_of_many_costs_a_bounded_number_of_queries(client, desk, django_assert_max_num_queries):
    CouponFactory.create_batch(20, store=desk)
    client.get(reverse("merchant:coupons"))
    with django_assert_max_num_queries(12):
        client.get(reverse("merchant:coupons"))


def test_another_stores_coupon_is_not_found(client, desk):
    theirs = CouponFactory()
    assert client.get(reverse("merchant:coupon", args=[theirs.pk])).status_code == 404
    assert client.post(reverse("merchant:coupon", args=[theirs.pk]), terms()).status_code == 404
    status = reverse("merchant:coupon-status", args=[theirs.pk])
    assert client.post(status, {"status": "ended"}).status_code == 404
    theirs.refresh_from_db()
    assert theirs.status == "running"


def test_the_merchant_sees_what_the_coupon_took_off_an_order(client, desk):
    coupon = CouponFactory(store=desk)
    order = stories.paid_order(variant=ProductFactory(store=desk).variants.get(), coupon=coupon)
    html = client.get(reverse("merchant:order", args=[order.number]), headers=ENGLISH).content.decode()
    assert f"Coupon {coupon.code}" in html
    assert "−¥10.00" in html
    assert "coupon −¥10.00, paid ¥118.00" in html
