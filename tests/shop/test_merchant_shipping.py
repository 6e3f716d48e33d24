"""The shipping desk: one by one with a scanner, and many from whatever file a warehouse has."""

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import translation

from core.models import Job
from logistics.models import Shipment
from shop.states import OrderStatus
from tests.factories.logistics import CarrierFactory
from tests.factories.shop import ProductFactory, StoreFactory
from tests.pictures import upload as picture
from tests.stories import open_case, paid_order, placed_order, sandbox_carrier

pytestmark = pytest.mark.django_db
DESK = "/merchant/shipping/"
IMPORT = "/merchant/shipping/import/"
HEAD = "order_number,carrier,tracking_number,weight_g\n"


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@pytest.fixture
def variant():
    return ProductFactory(stock=50).variants.get()


@pytest.fixture
def desk(client, variant):
    store = variant.product.store
    sandbox_carrier(store.pk)
    client.cookies["django_language"] = "en"
    client.force_login(store.owner)
    return client


def send(desk, body, name="parcels.csv"):
    raw = body if isinstance(body, bytes) else body.encode()
    return desk.post(IMPORT, {"file": SimpleUploadedFile(name, raw, content_type="text/csv")})


def looked_at(desk, body):
    """Upload a file and give the preview's address and its rows."""
    answer = send(desk, body)
    assert answer.status_code == 302, answer.content.decode()
    page = desk.get(answer["Location"])
    assert page.status_code == 200
    return answer["Location"], page


def states(page):
    return [row["state"] for row in page.context["page"]]


def row(order, number="", carrier="sandbox", weight="500"):
    return f"{order.number},{carrier},{number or 'TS' + order.number},{weight}\n"


# --- one by one -------------------------------------------------------------------------------------------------------


def test_the_scanner_finds_its_field_and_goes_on_with_the_same_carrier(desk, variant):
    order = paid_order(variant=variant)
    other = CarrierFactory()
    page = desk.get(DESK).content.decode()
    assert page.count("autofocus") == 1
    assert page.index("autofocus") > page.index('name="order"') - 200
    assert order.number in page
    data = {"order": f" {order.number} ", "number": "TS-12345678", "carrier": "sandbox", "weight_g": "300"}
    answer = desk.post(DESK, data)
    assert answer["Location"] == f"{DESK}?carrier=sandbox"
    assert Shipment.objects.get(order=order).weight_g == 300
    after = desk.get(answer["Location"]).content.decode()
    assert '<option value="sandbox" selected>' in after
    assert other.code not in after


def test_an_order_that_is_chosen_from_the_list_is_filled_in(desk, variant):
    order = paid_order(variant=variant)
    form = desk.get(DESK, {"order": order.number}).context["form"]
    assert form["order"].value() == order.number
    assert "autofocus" in str(form["number"])
    assert "autofocus" not in str(form["order"])


def test_what_cannot_be_shipped_is_refused_and_stays_typed(desk, variant):
    unpaid, foreign = placed_order(variant=variant), paid_order()
    for number in (unpaid.number, foreign.number, "12345", "abc", ""):
        data = {"order": number, "number": "TS-12345678", "carrier": "sandbox", "weight_g": "300"}
        answer = desk.post(DESK, data)
        assert answer.status_code == 422, number
        assert "TS-12345678" in answer.content.decode()
    assert not Shipment.objects.exists()


# --- the template -----------------------------------------------------------------------------------------------------


def test_the_template_holds_what_waits_and_comes_back_as_it_went(desk, variant):
    order, shipped = paid_order(variant=variant), paid_order(variant=variant)
    open_case(shipped)
    raw = desk.get(reverse("merchant:shipping-template")).content
    lines = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))
    assert [line[0].strip() for line in lines[1:]] == [order.number]
    lines[1][1:] = ["sandbox", "TS-12345678", "500"]
    out = io.StringIO()
    csv.writer(out).writerows(lines)
    assert states(looked_at(desk, out.getvalue())[1]) == ["ok"]


# --- files as they come -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode("gbk"),
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.encode("utf-16"),
        lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
        lambda text: text.replace(",", ";").encode(),
        lambda text: text.replace(",", "\t").encode("utf-16"),
        lambda text: text.replace("\n", "\r\n").encode("gb18030"),
    ],
    ids=["gbk", "bom", "utf-16", "utf-16-be", "semicolons", "excel unicode text", "gb18030 crlf"],
)
def test_files_of_every_office_are_read(desk, variant, encode):
    order = paid_order(variant=variant)
    body = f"订单号,快递公司,快递单号,重量（克）\n{order.number},sandbox,TS-12345678,500\n"
    assert states(looked_at(desk, encode(body))[1]) == ["ok"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (HEAD.encode(), "no rows"),
        (b"order_number,weight_g\n1,2\n", "carrier, tracking_number"),
        (b"hello\nworld\n", "not a CSV file"),
        (b"PK\x03\x04\x14\x00\x06\x00\x08\x00 a workbook", "not a CSV file"),
        (HEAD.encode() + b"1,sf,SF1,\n" * 3000, "2,000 rows"),
        (HEAD.encode() + b"x" * 1_000_001, "too large"),
        (b"\xff\xfe\x00", "not a CSV file"),
    ],
    ids=["empty", "head only", "columns", "prose", "workbook", "3000 rows", "1 MB", "broken utf-16"],
)
def test_a_file_that_is_no_shipping_file_is_refused_in_words(desk, body, words):
    answer = send(desk, body)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Job.objects.exists()


def test_a_picture_and_no_file_at_all_are_refused(desk):
    assert "not a CSV file" in desk.post(IMPORT, {"file": picture()}).content.decode()
    nothing = desk.post(IMPORT)
    assert nothing.status_code == 422
    assert "required" in nothing.content.decode()


def test_each_row_says_what_is_wrong_with_it(desk, variant):
    good, light, twice, unpaid = (paid_order(variant=variant) for _ in range(4))
    unpaid = placed_order(variant=variant)
    case = open_case(paid_order(variant=variant)).order
    foreign = paid_order()
    taken = Shipment.objects.create(
        order=foreign, store_id=foreign.store_id, number="TS-TAKEN-1",
        carrier=sandbox_carrier(variant.product.store_id), created_at=foreign.placed_at,
    )  # fmt: skip
    body = HEAD + "".join([
        row(good), row(light, weight=""), row(twice, "TS-AAAAAA1"), row(twice, "TS-AAAAAA2"), row(unpaid), row(case),
        row(foreign), row(good.__class__(number="99")), "2.51122E+13,sandbox,TS-1234567,5\n",
    ])  # fmt: skip
    found = {(r["order"], r["line"]): r for r in looked_at(desk, body)[1].context["page"]}
    said = [(r["state"], r["note"]) for r in found.values()]
    assert said[0] == ("ok", "")
    assert said[1][0] == "warn"
    assert "more than once" in said[2][1] and "more than once" in said[3][1]
    assert "Not paid yet" in said[4][1]
    assert "case is open" in said[5][1]
    assert "no such order" in said[6][1] and "no such order" in said[7][1]
    assert "shortened" in said[8][1]
    others = [
        (row(good, carrier="nobody"), "No such carrier"),
        (f"{good.number},sandbox,,5\n", "missing"),
        (row(good, taken.number), "in use already"),
        (row(good, "no"), "tracking number"),
        (row(good, weight="half a pound"), "whole grams"),
    ]
    for line, words in others:
        only = looked_at(desk, HEAD + line)[1].context["page"][0]
        assert only["state"] == "error", line
        assert words in only["note"], line


def test_the_same_number_of_another_carrier_is_free(desk, variant):
    order, foreign = paid_order(variant=variant), paid_order()
    Shipment.objects.create(
        order=foreign, store_id=foreign.store_id, carrier=CarrierFactory(), number="TS-12345678",
        created_at=foreign.placed_at,
    )  # fmt: skip
    assert states(looked_at(desk, HEAD + row(order, "TS-12345678"))[1]) == ["ok"]


# --- carrying it out --------------------------------------------------------------------------------------------------


def test_good_rows_are_shipped_and_bad_ones_left_out(desk, variant):
    first, second, unpaid = paid_order(variant=variant), paid_order(variant=variant), placed_order(variant=variant)
    url, page = looked_at(desk, HEAD + row(first) + row(second, weight="") + row(unpaid))
    assert "Ship 2 parcels" in page.content.decode()
    assert not Shipment.objects.exists()  # looking changes nothing
    desk.post(url)
    done = desk.get(url)
    assert states(done) == ["done", "done", "error"]
    assert {parcel.order_id for parcel in Shipment.objects.all()} == {first.pk, second.pk}
    unpaid.refresh_from_db()
    assert unpaid.status == OrderStatus.PENDING
    report = desk.get(reverse("merchant:shipping-report", args=[Job.objects.get().pk])).content.decode("utf-8-sig")
    assert [line.split(",")[4] for line in report.splitlines()] == ["result", "done", "done", "error"]


def test_carrying_out_twice_ships_once(desk, variant):
    order = paid_order(variant=variant)
    body = HEAD + row(order)
    url, _page = looked_at(desk, body)
    for _ in range(2):
        assert desk.post(url).status_code == 302
    assert Shipment.objects.count() == 1
    assert states(desk.get(url)) == ["done"]
    assert "Already shipped" in looked_at(desk, body)[1].content.decode()


def test_a_row_that_has_become_impossible_stops_no_other(desk, variant):
    first, second = paid_order(variant=variant), paid_order(variant=variant)
    url, _page = looked_at(desk, HEAD + row(first) + row(second))
    open_case(first)
    desk.post(url)
    done = desk.get(url)
    assert states(done) == ["failed", "done"]
    assert done.context["page"][0]["note"]
    assert Shipment.objects.get().order_id == second.pk


def test_another_store_cannot_look_at_or_carry_out_a_file(desk, variant):
    order = paid_order(variant=variant)
    url, _page = looked_at(desk, HEAD + row(order))
    desk.force_login(StoreFactory().owner)
    assert desk.get(url).status_code == 404
    desk.post(url)
    assert desk.get(f"{url}report.csv").status_code == 404
    assert not Shipment.objects.exists()


def test_a_report_holds_no_formula(desk, variant):
    url, _page = looked_at(desk, HEAD + '=1+1,"@SUM(A1)",+7,5\n')
    report = desk.get(f"{url}report.csv").content.decode("utf-8-sig")
    assert "'=1+1" in report
    assert "'@SUM" in report
