"""The cart: what goes in, what is refused, what has changed since."""

import pytest
from django.urls import reverse

from shop.errors import BadQuantity, CartFull, NotForSale, OutOfStock
from shop.models import Cart, CartLine, Product, Variant
from shop.queries.carts import cart_count, checked
from shop.services import carts
from shop.states import ProductStatus
from tests.factories.accounts import UserFactory
from tests.factories.shop import ProductFactory, StoreFactory, VariantFactory

pytestmark = pytest.mark.django_db

BAD_QUANTITIES = [
    *("0", "-1", "1.5", "1,5", "1e3", "1000", "9" * 30, "+1", "0x10", "1_0", "one", "\x00", "1\n2"),
    *("９", "１２", "٣", "²", "½"),
]


@pytest.fixture
def buyer():
    return UserFactory()


@pytest.fixture
def mine(buyer):
    return Cart.objects.create(user=buyer)


def put(client, variant, quantity="1", **more):
    return client.post(reverse("shop:cart-add"), {"variant": variant.pk, "quantity": quantity, **more})


# --- services ---------------------------------------------------------------------------------------------------------


def test_adding_twice_makes_one_line_of_both(mine):
    variant = VariantFactory(stock=10)
    carts.add(cart=mine, variant_id=variant.pk, quantity=2)
    carts.add(cart=mine, variant_id=variant.pk, quantity=3)
    assert mine.lines.get().quantity == 5


def test_buying_now_takes_just_what_was_asked_for(mine):
    variant = VariantFactory(stock=10)
    carts.add(cart=mine, variant_id=variant.pk, quantity=4)
    carts.add(cart=mine, variant_id=variant.pk, quantity=1, instead=True)
    assert mine.lines.get().quantity == 1


def test_more_than_there_is_is_refused_with_what_is_left(mine):
    variant = VariantFactory(stock=3)
    carts.add(cart=mine, variant_id=variant.pk, quantity=2)
    with pytest.raises(OutOfStock) as refusal:
        carts.add(cart=mine, variant_id=variant.pk, quantity=2)
    assert refusal.value.shortages[0].left == 3
    assert "3" in refusal.value.message
    assert mine.lines.get().quantity == 2


@pytest.mark.parametrize("quantity", [0, -1, 1000, True, None, 1.5, "٣"])
def test_no_service_takes_a_quantity_that_is_none(mine, quantity):
    variant = VariantFactory(stock=999)
    with pytest.raises(BadQuantity):
        carts.add(cart=mine, variant_id=variant.pk, quantity=quantity)
    assert not mine.lines.exists()


def test_together_a_line_holds_at_most_999(mine):
    variant = VariantFactory(stock=5000)
    carts.add(cart=mine, variant_id=variant.pk, quantity=999)
    with pytest.raises(BadQuantity):
        carts.add(cart=mine, variant_id=variant.pk, quantity=1)
    assert mine.lines.get().quantity == 999


def test_a_cart_has_an_end(mine, monkeypatch):
    monkeypatch.setattr(carts, "MOST_LINES", 2)
    for _ in range(2):
        carts.add(cart=mine, variant_id=VariantFactory().pk, quantity=1)
    with pytest.raises(CartFull):
        carts.add(cart=mine, variant_id=VariantFactory().pk, quantity=1)


@pytest.mark.parametrize("why", ["unlisted", "inactive", "closed", "unknown"])
def test_what_is_not_for_sale_stays_out(mine, why):
    variant = VariantFactory()
    if why == "unlisted":
        Product.objects.filter(pk=variant.product_id).update(status=ProductStatus.UNLISTED)
    elif why == "inactive":
        Variant.objects.filter(pk=variant.pk).update(is_active=False)
    elif why == "closed":
        type(variant.product.store).objects.update(is_open=False)
    wanted = mine.pk if why == "unknown" else variant.pk
    with pytest.raises(NotForSale):
        carts.add(cart=mine, variant_id=wanted, quantity=1)


def test_merging_keeps_the_larger_wish_and_takes_over_the_rest(mine):
    same, other = VariantFactory(), VariantFactory()
    carts.add(cart=mine, variant_id=same.pk, quantity=1)
    visitor = Cart.objects.create(token="t" * 43)
    carts.add(cart=visitor, variant_id=same.pk, quantity=3)
    carts.add(cart=visitor, variant_id=other.pk, quantity=2)
    carts.merge(token="t" * 43, cart=mine)
    assert {line.variant_id: line.quantity for line in mine.lines.all()} == {same.pk: 3, other.pk: 2}
    assert not Cart.objects.filter(token="t" * 43).exists()
    carts.merge(token="t" * 43, cart=mine)


# --- checked ----------------------------------------------------------------------------------------------------------


def test_a_cart_is_grouped_by_store_with_shipping_that_may_be_free(mine, django_assert_num_queries):
    near = StoreFactory(shipping_minor=800, free_shipping_from_minor=20_000)
    far = StoreFactory(shipping_minor=1_200)
    one = ProductFactory(store=near, price_minor=12_800).variants.get()
    two = ProductFactory(store=far, price_minor=5_000).variants.get()
    for variant in (one, two):
        carts.add(cart=mine, variant_id=variant.pk, quantity=1)
    with django_assert_num_queries(1):
        view = checked(mine.pk)
        assert [(group.items.minor, group.shipping.minor) for group in view.groups] == [(12_800, 800), (5_000, 1_200)]
        assert view.groups[0].to_free.minor == 7_200
        assert view.total.minor == 12_800 + 800 + 5_000 + 1_200
    carts.add(cart=mine, variant_id=one.pk, quantity=1)
    assert checked(mine.pk).groups[0].shipping.minor == 0


def test_what_changed_is_said_line_by_line_and_only_what_can_be_bought_is_counted(mine):
    dearer, short, gone = (ProductFactory(store=StoreFactory()).variants.get() for _ in range(3))
    for variant in (dearer, short, gone):
        carts.add(cart=mine, variant_id=variant.pk, quantity=2)
    Variant.objects.filter(pk=dearer.pk).update(price_minor=15_000)
    Variant.objects.filter(pk=short.pk).update(stock=1)
    Product.objects.filter(pk=gone.product_id).update(status=ProductStatus.UNLISTED)
    view = checked(mine.pk)
    assert [line.problem for line in view.lines] == ["price", "short", "gone"]
    assert view.lines[0].old_unit.minor == 12_800
    assert view.lines[1].left == 1
    assert view.has_problems
    assert view.total.minor == 30_000


def test_choosing_lines_leaves_out_the_others_and_those_of_other_carts(mine):
    chosen = carts.add(cart=mine, variant_id=VariantFactory().pk, quantity=1)
    carts.add(cart=mine, variant_id=VariantFactory().pk, quantity=1)
    foreign = Cart.objects.create(user=UserFactory())
    theirs = carts.add(cart=foreign, variant_id=VariantFactory().pk, quantity=1)
    assert [line.pk for line in checked(mine.pk, [chosen.pk, theirs.pk]).lines] == [chosen.pk]


# --- doors ------------------------------------------------------------------------------------------------------------


def test_a_visitors_cart_becomes_the_members_at_sign_in(client, buyer):
    variant = VariantFactory()
    put(client, variant, "2")
    assert Cart.objects.get().user is None
    client.force_login(buyer)
    client.get(reverse("shop:cart"))
    line = CartLine.objects.get()
    assert (line.cart.user, line.quantity) == (buyer, 2)
    assert not Cart.objects.filter(token__isnull=False).exists()


def test_looking_at_a_cart_writes_none(client, buyer):
    client.get(reverse("shop:cart"))
    client.force_login(buyer)
    assert client.get(reverse("shop:cart")).status_code == 200
    assert not Cart.objects.exists()


@pytest.mark.parametrize("quantity", BAD_QUANTITIES)
def test_a_bad_quantity_is_refused_with_the_reason(client, buyer, quantity):
    client.force_login(buyer)
    variant = VariantFactory(stock=999)
    answer = put(client, variant, quantity)
    assert answer.status_code == 400
    assert "999" in answer.content.decode()
    assert not CartLine.objects.exists()


@pytest.mark.parametrize("quantity", [quantity for quantity in BAD_QUANTITIES if quantity != "0"] + ["", "0"])
def test_a_bad_change_of_quantity_changes_nothing(client, buyer, mine, quantity):
    client.force_login(buyer)
    line = carts.add(cart=mine, variant_id=VariantFactory().pk, quantity=2)
    assert client.post(reverse("shop:cart-line", args=[line.pk]), {"quantity": quantity}).status_code == 400
    line.refresh_from_db()
    assert line.quantity == 2


@pytest.mark.parametrize("variant", ["", "nonsense", "00000000-0000-0000-0000-000000000000", "a" * 5_000])
def test_an_unknown_variant_is_refused(client, buyer, variant):
    client.force_login(buyer)
    answer = client.post(reverse("shop:cart-add"), {"variant": variant, "quantity": "1"})
    assert answer.status_code in (400, 409)
    assert not CartLine.objects.exists()


def test_a_refusal_from_a_page_comes_back_to_it_as_a_message(client, buyer):
    client.force_login(buyer)
    variant = VariantFactory(stock=1)
    page = reverse("shop:cart")
    body = {"variant": variant.pk, "quantity": "5"}
    answer = client.post(reverse("shop:cart-add"), body, HTTP_REFERER=f"http://testserver{page}", follow=True)
    assert answer.redirect_chain == [(f"http://testserver{page}", 302)]
    assert "1" in next(str(message) for message in answer.context["messages"])


def test_removing_can_be_undone(client, buyer, mine):
    client.force_login(buyer)
    variant = VariantFactory()
    line = carts.add(cart=mine, variant_id=variant.pk, quantity=3)
    page = client.post(reverse("shop:cart-line", args=[line.pk]), {"remove": "1"}, follow=True)
    assert not mine.lines.exists()
    undo = page.context["undo"]
    client.post(reverse("shop:cart-add"), {"variant": undo["variant_id"], "quantity": undo["quantity"]})
    assert mine.lines.get().quantity == 3
    assert client.get(reverse("shop:cart")).context["undo"] is None


def test_another_ones_line_cannot_be_touched(client, mine):
    line = carts.add(cart=mine, variant_id=VariantFactory().pk, quantity=2)
    client.force_login(UserFactory())
    for body in ({"remove": "1"}, {"quantity": "1"}):
        assert client.post(reverse("shop:cart-line", args=[line.pk]), body).status_code == 404
    line.refresh_from_db()
    assert line.quantity == 2


def test_buying_now_leads_to_a_checkout_of_just_that(client, buyer, mine):
    client.force_login(buyer)
    carts.add(cart=mine, variant_id=VariantFactory().pk, quantity=1)
    wanted = VariantFactory()
    answer = put(client, wanted, "2", buy_now="1")
    line = mine.lines.get(variant=wanted)
    assert answer.url == f"{reverse('shop:checkout')}?line={line.pk}"


def test_after_adding_nobody_is_sent_to_a_foreign_site(client):
    variant = VariantFactory()
    assert put(client, variant, next="https://evil.example/").url == reverse("shop:product", args=[variant.product_id])
    assert put(client, variant, next="/cart/").url == "/cart/"


def test_the_cart_page_asks_the_database_at_most_eight_times(client, buyer, mine, django_assert_max_num_queries):
    for _ in range(12):
        carts.add(cart=mine, variant_id=VariantFactory().pk, quantity=1)
    client.force_login(buyer)
    with django_assert_max_num_queries(8):
        answer = client.get(reverse("shop:cart"))
    assert answer.content.decode().count('name="quantity"') == 12


def test_counting_asks_nothing_for_somebody_without_a_session(rf, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert cart_count(rf.get("/")) == 0


def test_counting_is_one_query_for_a_visitor_with_a_cart(client):
    put(client, VariantFactory(), "5")
    put(client, VariantFactory(), "1")
    assert client.get(reverse("shop:cart")).context["cart_count"] == 2


def test_the_pages_that_only_read_refuse_other_verbs(client):
    assert client.post(reverse("shop:cart")).status_code == 405
    assert client.get(reverse("shop:cart-add")).status_code == 405
