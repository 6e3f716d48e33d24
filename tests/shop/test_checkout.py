"""The checkout: what was shown is what is bought, once."""

import uuid
from urllib.parse import quote

import pytest
from django.urls import reverse

from accounts.models import Address
from core.models import AuditEntry, Deadline
from escrow.models import Payment
from shop.models import Cart, CartLine, Order, Product, Store, Variant
from shop.queries.carts import checked
from shop.services import carts
from shop.states import ProductStatus
from tests.factories.accounts import AddressFactory, UserFactory
from tests.factories.shop import ProductFactory, StoreFactory, VariantFactory

pytestmark = pytest.mark.django_db
URL = "/checkout/"


@pytest.fixture
def buyer(client):
    user = UserFactory()
    AddressFactory(user=user)
    client.force_login(user)
    return user


@pytest.fixture
def mine(buyer):
    cart = Cart.objects.create(user=buyer)
    for shipping in (800, 0):
        product = ProductFactory(store=StoreFactory(shipping_minor=shipping))
        carts.add(cart=cart, variant_id=product.variants.get().pk, quantity=2)
    return cart


def form_of(client, **changes):
    """What the page would send: its own hidden fields, with something changed."""
    context = client.get(URL).context
    form = {
        "address": str(context["chosen"].pk) if context["chosen"] else "",
        "note": "",
        "seen_total_minor": context["cart"].total.minor,
        "checkout_key": str(context["checkout_key"]),
        "line": [str(line.pk) for line in context["cart"].buyable],
    }
    return {**form, **changes}


def nothing_happened():
    return not Order.objects.exists() and not Payment.objects.exists() and not Deadline.objects.exists()


def test_one_order_per_store_under_one_payment(client, buyer, mine):
    total = checked(mine.pk).total
    answer = client.post(URL, form_of(client, note="请放门口"))
    payment = Payment.objects.get()
    assert answer.url == reverse("shop:payment", args=[payment.pk])
    orders = list(Order.objects.filter(payment=payment).order_by("total_minor"))
    assert [order.total_minor for order in orders] == [25_600, 26_400]
    assert payment.amount == total
    assert {order.note for order in orders} == {"请放门口"}
    assert not mine.lines.exists()
    assert set(Variant.objects.values_list("stock", flat=True)) == {8}


def test_an_order_freezes_address_price_promise_and_fee(client, buyer, mine):
    client.post(URL, form_of(client))
    Address.objects.update(street="elsewhere")
    Variant.objects.update(price_minor=1)
    order = Order.objects.select_related("policy").first()
    line = order.lines.get()
    assert order.address["street"] == "文三路 100 号 3-201"
    assert (line.unit_minor, line.total_minor, line.promise_version) == (12_800, 25_600, 1)
    assert order.fee_bps == order.policy.values["fee_bps"]
    assert order.number.isdigit()
    assert len(order.number) == 14
    assert AuditEntry.objects.filter(act="order.placed", order_id=order.pk, user_id=buyer.pk).count() == 1


def test_only_the_chosen_lines_are_bought(client, buyer, mine):
    keep, buy = mine.lines.order_by("added_at")
    page = client.get(URL, {"line": str(buy.pk)})
    assert [line.pk for line in page.context["cart"].lines] == [buy.pk]
    form = form_of(client, line=[str(buy.pk)], seen_total_minor=page.context["cart"].total.minor)
    client.post(URL, form)
    assert Order.objects.count() == 1
    assert mine.lines.get() == keep


def test_the_same_form_twice_is_one_purchase(client, buyer, mine):
    form = form_of(client)
    first, second = client.post(URL, form), client.post(URL, form)
    assert first.url == second.url
    assert (Payment.objects.count(), Order.objects.count()) == (1, 2)
    assert set(Variant.objects.values_list("stock", flat=True)) == {8}


@pytest.mark.parametrize("what", ["line", "address", "note", "seen_total_minor"])
def test_a_key_stands_for_one_choice_address_note_and_total(client, buyer, mine, what):
    """Back in the browser, another cart: the payment of the first must not be taken for the second's."""
    form = form_of(client)
    client.post(URL, form)
    carts.add(cart=mine, variant_id=VariantFactory().pk, quantity=1)
    other = {
        "line": [str(mine.lines.get().pk)], "address": str(AddressFactory(user=buyer).pk), "note": "x",
        "seen_total_minor": 1,
    }  # fmt: skip
    answer = client.post(URL, {**form, what: other[what]})
    assert (Payment.objects.count(), Order.objects.count()) == (1, 2)
    assert mine.lines.count() == 1
    if what != "line":  # the lines it names are bought: there is nothing to show but the orders
        assert answer.url == reverse("shop:orders")
        return
    assert answer.status_code == 409
    assert answer.context["refusal"].code == "checkout_used"
    again = {**form, "line": other["line"], "checkout_key": str(answer.context["checkout_key"]),
             "seen_total_minor": answer.context["cart"].total.minor}  # fmt: skip
    assert client.post(URL, again).status_code == 302
    assert Payment.objects.count() == 2


def test_another_persons_key_is_not_an_answer_to_mine(client, buyer, mine):
    form = form_of(client)
    client.post(URL, form)
    other = UserFactory()
    client.force_login(other)
    answer = client.post(URL, {**form, "address": AddressFactory(user=other).pk})
    assert Payment.objects.count() == 1
    assert answer.status_code == 400  # there is nothing in the other's cart


def test_a_price_that_rose_is_shown_and_can_then_be_agreed_to(client, buyer, mine):
    form = form_of(client, note="keep me")
    changed = mine.lines.first().variant
    Variant.objects.filter(pk=changed.pk).update(price_minor=15_000)
    answer = client.post(URL, form)
    assert answer.status_code == 409
    assert nothing_happened()
    text = answer.content.decode()
    assert "¥128.00" in text
    assert "¥150.00" in text
    assert "keep me" in text
    assert answer.context["was_total"].minor == form["seen_total_minor"]
    assert [line.problem for line in answer.context["cart"].lines].count("price") == 1
    again = {**form, "seen_total_minor": answer.context["cart"].total.minor, "checkout_key": str(uuid.uuid4())}
    assert client.post(URL, again).status_code == 302
    assert Payment.objects.get().amount_minor == again["seen_total_minor"]


def test_the_key_of_a_refused_try_can_be_used_again(client, buyer, mine):
    form = form_of(client)
    assert client.post(URL, {**form, "seen_total_minor": 1}).status_code == 409
    assert client.post(URL, form).status_code == 302


@pytest.mark.parametrize("why", ["short", "gone"])
def test_what_went_out_of_stock_meanwhile_is_left_out_and_said(client, buyer, mine, why):
    form = form_of(client)
    line = mine.lines.first()
    if why == "short":
        Variant.objects.filter(pk=line.variant_id).update(stock=1)
    else:
        Product.objects.filter(pk=line.variant.product_id).update(status=ProductStatus.UNLISTED)
    answer = client.post(URL, form)
    assert answer.status_code == 409
    assert nothing_happened()
    view = answer.context["cart"]
    assert [item.problem for item in view.lines if item.pk == line.pk] == [why]
    assert str(line.pk) not in [str(item.pk) for item in view.buyable]
    mended = form_of(client)
    assert client.post(URL, mended).status_code == 302
    assert Order.objects.count() == 1
    assert mine.lines.get() == line


def test_a_short_line_can_be_cut_to_what_is_left_right_there(client, buyer, mine):
    line = mine.lines.first()
    Variant.objects.filter(pk=line.variant_id).update(stock=1)
    page = client.get(URL)
    assert f'form="fix-{line.pk}" name="quantity" value="1"' in page.content.decode()
    answer = client.post(reverse("shop:cart-line", args=[line.pk]), {"quantity": "1", "next": page.context["here"]})
    assert answer.url == page.context["here"]
    assert not client.get(URL).context["cart"].has_problems


def test_shipping_that_changed_is_a_difference_too(client, buyer, mine):
    form = form_of(client)
    mine.lines.first().variant.product.store.__class__.objects.update(shipping_minor=2_000)
    assert client.post(URL, form).status_code == 409
    assert nothing_happened()


@pytest.mark.parametrize("seen", ["", "-1", "1.5", "abc", "9" * 40, "٣"])
def test_a_total_that_is_none_is_refused(client, buyer, mine, seen):
    assert client.post(URL, form_of(client, seen_total_minor=seen)).status_code in (400, 409)
    assert nothing_happened()


@pytest.mark.parametrize("address", ["", "nonsense", "00000000-0000-4000-8000-000000000000"])
def test_no_order_without_an_address_of_ones_own(client, buyer, mine, address):
    assert client.post(URL, form_of(client, address=address)).status_code in (400, 404)
    assert nothing_happened()


def test_another_persons_address_looks_like_none(client, buyer, mine):
    theirs = AddressFactory()
    assert client.post(URL, form_of(client, address=str(theirs.pk))).status_code == 404
    assert nothing_happened()


def test_another_persons_lines_cannot_be_bought(client, buyer, mine):
    foreign = Cart.objects.create(user=UserFactory())
    theirs = carts.add(cart=foreign, variant_id=VariantFactory().pk, quantity=1)
    answer = client.post(URL, form_of(client, line=[str(theirs.pk)]))
    assert answer.status_code == 400
    assert nothing_happened()
    assert CartLine.objects.filter(pk=theirs.pk).exists()


@pytest.mark.parametrize(("letters", "status"), [(100_000, 400), (1_700_000, 413)])
def test_a_note_that_is_too_long_is_refused(client, buyer, mine, letters, status):
    answer = client.post(URL, form_of(client, note="长" * letters))
    assert answer.status_code == status
    assert nothing_happened()


def test_nobody_buys_from_his_own_store(client, buyer, mine):
    mine.lines.first().variant.product.store.__class__.objects.update(owner=buyer)
    assert client.post(URL, form_of(client)).status_code == 409
    assert nothing_happened()


def test_without_an_address_the_page_asks_for_one_and_comes_back(client, buyer, mine):
    Address.objects.all().delete()
    page = client.get(URL).content.decode()
    assert f"{reverse('accounts:address-new')}?next=" in page
    assert "disabled" in page


def test_an_address_added_on_the_way_is_chosen_on_return(client, buyer, mine):
    Address.objects.filter(user=buyer).update(is_default=True)
    line = mine.lines.first()
    page = client.get(URL, {"line": str(line.pk)})
    back = page.context["with_address"]
    assert f"next={quote(back, safe='')}" in page.content.decode()
    new = {"name": "Lin", "phone": "13800138000", "district_code": "330106", "street": "文三路 1 号", "next": back}
    answer = client.post(reverse("accounts:address-new"), new)
    added = Address.objects.filter(user=buyer).latest("created_at")
    assert not added.is_default
    returned = client.get(answer.url)
    assert returned.context["chosen"] == added
    assert [item.pk for item in returned.context["cart"].lines] == [line.pk]


def test_an_address_of_another_is_not_chosen(client, buyer, mine):
    theirs = AddressFactory()
    chosen = client.get(URL, {"address": str(theirs.pk)}).context["chosen"]
    assert chosen.user_id == buyer.pk
    assert client.get(URL, {"address": "\x00"}).context["chosen"] == chosen


def test_free_shipping_is_called_free_in_the_sum_too(client, buyer, mine):
    mine.lines.first().delete()
    Store.objects.update(shipping_minor=0)
    text = client.get(URL, headers={"accept-language": "en"}).content.decode()
    assert "¥0.00" not in text


def test_an_empty_cart_leads_back_to_the_cart(client, buyer):
    assert client.get(URL).url == reverse("shop:cart")
    assert client.get(URL, {"line": "nonsense"}).url == reverse("shop:cart")


def test_a_visitor_is_asked_to_sign_in_and_comes_back(client):
    answer = client.get(f"{URL}?line=1")
    assert answer.url == f"{reverse('account_login')}?next=/checkout/%3Fline%3D1"
