"""The readers of the providers' statements, over golden files: what is in them, and what is refused by its line."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.utils import translation

from core.errors import NotFound
from core.money import Money
from escrow.statements import alipay, bank, read, reading, sandbox, stripe, wechatpay
from escrow.statements.reading import BadStatement


@pytest.fixture(autouse=True)
def in_english():
    """What is wrong with a file is said in the reader's language; here he reads English."""
    with translation.override("en"):
        yield


FILES = Path(__file__).parent / "statements"
DAY = date(2026, 11, 2)


def golden(name):
    return (FILES / name).read_bytes()


def brief(statement):
    return [(row.ext_id, row.kind, row.gross.minor, row.fee.minor, row.reference) for row in statement.rows]


def refused(reader, raw):
    with pytest.raises(BadStatement) as caught:
        reader.read(raw, name="x", day=DAY)
    return caught.value


# --- Alipay ---------------------------------------------------------------------------------------------------------

ALIPAY = [
    ("54632446537371", "payment", 12800, 0, "payment-7f3a"),
    ("54632446537372", "fee", 0, 77, "payment-7f3a"),
    ("54632446537380", "payment", 205050, 0, "payment-91bc"),
    ("54632446537381", "fee", 0, 1230, "payment-91bc"),
    ("54632446537390", "refund", -2800, 0, "payment-7f3a"),
    ("54632446537399", "payout", -100000, 0, "20261102PO17"),
]


def test_alipay_zip_in_gbk_with_its_table_of_sums_first():
    statement = alipay.read(golden("alipay.zip"), name="bill.zip", day=DAY)
    assert brief(statement) == ALIPAY
    assert statement.closing == Money(213743)
    assert statement.rows[0].at == datetime(2026, 11, 2, 1, 15, 6, tzinfo=UTC)
    assert (statement.name, statement.raw) == ("bill.zip", golden("alipay.zip"))


def test_alipay_plain_table_with_the_newest_line_first_and_unsigned_outgoings():
    statement = alipay.read(golden("alipay_newest_first.csv"), name="x", day=DAY)
    assert brief(statement) == ALIPAY[::-1]
    assert statement.closing == Money(213743)


def test_alipay_file_issued_again_keeps_its_numbers_and_says_other_amounts():
    again = brief(alipay.read(golden("alipay_reissued.zip"), name="x", day=DAY))
    assert [row[0] for row in again] == [row[0] for row in ALIPAY]
    assert [(a[2], b[2]) for a, b in zip(ALIPAY, again, strict=True) if a != b] == [(-2800, -3800)]


def test_alipay_without_movements_is_an_empty_day():
    text = golden("alipay_newest_first.csv").decode("gbk").splitlines()
    raw = "\n".join(line for line in text if line.startswith(("#", "账务"))).encode("gbk")
    statement = alipay.read(raw, name="x", day=DAY)
    assert (statement.rows, statement.closing) == ((), None)


def test_alipay_lines_that_are_missing_are_betrayed_by_the_sums():
    with zipfile.ZipFile(FILES / "alipay.zip") as archive:
        parts = {info.filename: archive.read(info) for info in archive.infolist()}
    details = next(name for name in parts if "汇总" not in name)
    parts[details] = b"\n".join(line for line in parts[details].split(b"\n") if not line.startswith(b"54632446537390"))
    bent = io.BytesIO()
    with zipfile.ZipFile(bent, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    assert "do not agree" in refused(alipay, bent.getvalue()).message


def test_alipay_zip_whose_middle_is_damaged_is_refused():
    """Red without zlib.error among what is caught: a stream that cannot be unpacked raises it, not BadZipFile."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.csv", golden("alipay_newest_first.csv"))
    raw = packed.getvalue()
    start = 30 + len("x.csv")
    assert "damaged" in refused(alipay, raw[:start] + b"\xff" * 40 + raw[start + 40 :]).message


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_no_bent_byte_of_an_archive_is_more_than_a_refusal(method):
    """Each byte but the mark at the beginning in turn: a length below zero, a name in no encoding, a foreign stream."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        archive.writestr("账务明细.csv", golden("alipay_newest_first.csv")[:300])
    raw = packed.getvalue()
    for at, value in itertools.product(range(2, len(raw)), (0x00, 0xFF)):
        with contextlib.suppress(BadStatement):
            alipay.read(raw[:at] + bytes([value]) + raw[at + 1 :], name="x", day=DAY)


def test_alipay_names_the_line_that_cannot_be_read():
    text = golden("alipay_newest_first.csv").decode("gbk")
    bad = refused(alipay, text.replace(",128.00,", ",128.005,").encode("gbk"))
    assert [fault.line for fault in bad.faults] == [11]
    assert "Line 11" in bad.message
    assert "128.005" in bad.message
    twice = refused(alipay, text.replace("54632446537372", "54632446537371").encode("gbk"))
    assert twice.faults[0].line == 11


@pytest.mark.parametrize("raw", [b"", b"PK\x03\x04broken", b"\xff\xfe\x00\x00", b"a,b\n1,2\n", golden("bank_zh.csv")])
def test_alipay_refuses_what_is_no_statement_of_its(raw):
    assert refused(alipay, raw).status == 400


# --- WeChat Pay -------------------------------------------------------------------------------------------------------

WECHAT = [
    ("4200002026110212340001", "payment", 12800, 77, "P7f3a"),
    ("4200002026110212340002", "payment", 205050, 1230, "P91bc"),
    ("50300002026110212340009", "refund", -2800, -17, "RF0003"),
    ("50300002026110212340010", "refund", -500, -3, "RF0004"),
]


def test_wechat_trade_bill_with_bom_backticks_yuan_and_refunds():
    statement = wechatpay.read(golden("wechat_tradebill.csv"), name="x", day=DAY)
    assert brief(statement) == WECHAT
    assert statement.closing is None


def test_wechat_fund_flow_says_the_same_rows_and_the_balance():
    statement = wechatpay.read(golden("wechat_fundflow.csv"), name="x", day=DAY)
    assert brief(statement) == WECHAT
    assert statement.closing == Money(313263)
    assert sum(row.gross.minor - row.fee.minor for row in statement.rows) == 313263 - 100000


def test_wechat_fee_without_its_payment_keeps_a_line():
    lines = golden("wechat_fundflow.csv").decode("utf-8-sig").split("\r\n")
    raw = "\n".join([lines[0], lines[2], lines[7], "`1,`0,`0.00,`1,`0.77"]).encode()
    assert brief(wechatpay.read(raw, name="x", day=DAY)) == [("4200002026110212340001:fee", "fee", 0, 77, "P7f3a")]


def test_wechat_refund_that_failed_has_moved_nothing():
    raw = golden("wechat_tradebill.csv").decode().replace("`PROCESSING,", "`FAIL,").encode()
    assert brief(wechatpay.read(raw, name="x", day=DAY)) == WECHAT[:3]


def test_wechat_file_issued_again():
    again = brief(wechatpay.read(golden("wechat_tradebill_reissued.csv"), name="x", day=DAY))
    assert again == [("4200002026110212340001", "payment", 12700, 76, "P7f3a"), *WECHAT[1:]]


def test_wechat_cut_off_bent_or_short_of_a_line():
    text = golden("wechat_tradebill.csv").decode()
    lines = text.split("\r\n")
    assert "cut off" in refused(wechatpay, "\r\n".join(lines[:4]).encode()).message
    assert "do not agree" in refused(wechatpay, "\r\n".join(lines[:3] + lines[4:]).encode()).message
    assert "do not agree" in refused(wechatpay, text.replace("`2178.50,`33.00", "`2178.51,`33.00").encode()).message
    short = refused(wechatpay, text.replace("`NATIVE,`SUCCESS", "`SUCCESS", 1).encode())
    assert short.faults[0].line == 2
    assert "26 columns instead of 27" in short.message
    part = refused(wechatpay, text.replace("`0.77000", "`0.77100").encode())
    assert part.faults[0].line == 2
    damaged = refused(wechatpay, text.replace("4200002026110212340002,`P91bc,`oUpF", "4.2E+21,`P91bc,`oUpF").encode())
    assert damaged.faults[0].line == 3


# --- Stripe -----------------------------------------------------------------------------------------------------------


def test_stripe_balance_transactions_and_its_exceptions_of_currency():
    statement = stripe.read(golden("stripe.json"), name="x", day=DAY)
    assert brief(statement) == [
        ("txn_1A", "payment", 12800, 544, "pi_1A"),
        ("txn_1B", "payment", 1500, 72, "ch_1B"),
        ("txn_1C", "refund", -2800, 0, "re_1C"),
        ("txn_1D", "payout", -10000, 0, "po_1D"),
        ("txn_1E", "fee", 0, 20, ""),
        ("txn_1F", "chargeback", -12800, 1500, "du_1F"),
        ("txn_1G", "chargeback", 12800, -1500, "du_1F"),
        ("txn_1H", "payment", 500, 0, "ch_1H"),
    ]
    assert [row.gross.currency for row in statement.rows][1::6] == ["JPY", "XOF"]
    assert statement.rows[0].at == datetime.fromtimestamp(1793580906, tz=UTC)


def changed(**fields):
    body = json.loads(golden("stripe.json"))
    body["data"][2].update(fields)
    return json.dumps(body).encode()


@pytest.mark.parametrize(
    "fields",
    [
        {"net": -2799},
        {"amount": -28.0, "net": -28.0},
        {"amount": True},
        {"currency": "??"},
        {"id": ""},
        {"id": "txn_1A"},
        {"currency": "人民币"},
        {"created": "x"},
        {"created": 10**13},
        {"created": 253402300799},
        {"created": -62135596800},
        {"object": "charge"},
    ],
)
def test_stripe_names_the_element_that_cannot_be_read(fields):
    assert [fault.line for fault in refused(stripe, changed(**fields)).faults] == [3]


def test_stripe_refuses_half_a_list_and_no_list():
    body = json.loads(golden("stripe.json")) | {"has_more": True}
    assert "all its pages" in refused(stripe, json.dumps(body).encode()).message
    for raw in (b"{}", b"[1]", b"not json", b'"x"', b"[" * 5000):
        assert refused(stripe, raw).code == "bad_statement"
    assert stripe.read(json.dumps(body["data"]).encode(), name="x", day=DAY).rows


# --- banks ------------------------------------------------------------------------------------------------------------


def test_bank_in_chinese_with_two_columns_and_text_around_the_table():
    statement = bank.read(golden("bank_zh.csv"), name="x", day=DAY)
    assert brief(statement) == [
        ("0020261102000001", "payment", 12800, 0, "TS7K3M9QX2AB"),
        ("0020261102000002", "payment", 5000, 0, "生日快乐 李四"),
        ("0020261102000003", "refund", -2800, 0, "RF000003"),
        ("0020261102000004", "payout", -10000, 0, "PO000017"),
        ("0020261102000005", "fee", 0, 500, "账户管理费"),
    ]
    assert statement.closing == Money(104500)
    assert statement.rows[0].at == datetime(2026, 11, 2, 1, 15, 6, tzinfo=UTC)


def test_bank_in_english_with_signs_bom_and_no_numbers_of_its_own():
    statement = bank.read(golden("bank_en.csv"), name="x", day=DAY)
    assert [row[1:] for row in brief(statement)] == [
        ("payment", 12800, 0, "TS7K3M9QX2AB"),
        ("other", -450, 0, "Coffee J SMITH"),
        ("other", -450, 0, "Coffee J SMITH"),
    ]
    assert len({row.ext_id for row in statement.rows}) == 3
    assert statement.closing == Money(111900, "USD")
    assert brief(bank.read(golden("bank_en.csv"), name="again", day=DAY)) == brief(statement)


def test_bank_with_a_side_instead_of_a_sign():
    raw = "日期,金额,借贷标志,附言\n20261102,128.00,贷,TS7K3M9QX2AB\n20261102,5.00,借,手续费\n".encode()
    assert [row[1:4] for row in brief(bank.read(raw, name="x", day=DAY))] == [("payment", 12800, 0), ("fee", 0, 500)]


def test_bank_names_every_line_that_cannot_be_read():
    lines = [
        "date,amount,reference",
        "2026-11-02,12.00,a",
        "2026-13-02,1.00,b",
        "2026-11-02,1e3,c",
        "2026-11-02,0.00,d",
    ]
    bad = refused(bank, "\n".join([*lines, "2026-11-02"]).encode())
    assert [fault.line for fault in bad.faults] == [3, 4, 5, 6]
    assert "3 more lines" in bad.message
    assert "line of column names" in refused(bank, b"a,b\n1,2\n").message


def test_bank_reads_its_own_currency_where_the_file_names_none():
    raw = b"date,amount,reference\n2026-11-02,1500,TS7K3M9QX2AB\n"
    assert read("bank", raw, name="x", day=DAY, currency="JPY").rows[0].gross == Money(1500, "JPY")


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("货款TS7K3M9QX2AB谢谢", "TS7K3M9QX2AB"),
        ("ts 7k3m 9qx2 ab", "TS7K3M9QX2AB"),
        ("XTS7K3M9QX2AB", ""),
        ("TS7K3M9QX2ABC", ""),
        ("TS7K3M9QX2A", ""),
        ("PO-000017", "PO000017"),
        ("", ""),
    ],
)
def test_a_reference_is_found_in_what_payers_write(words, found):
    assert bank.find_reference(words) == found


# --- the sandbox bank, and all of them -------------------------------------------------------------------------------


def test_sandbox():
    statement = sandbox.read(golden("sandbox.json"), name="x", day=DAY)
    assert brief(statement) == [
        ("MV01", "payment", 12800, 77, "SB01"),
        ("RF01", "refund", -2800, 0, "refund:3:1"),
    ]
    assert statement.closing == Money(9923)


@pytest.mark.parametrize("raw", [b"", b"[]", b'{"rows": [{}]}', b'{"rows": [{"kind": "gift"}]}', b'{"rows": 1}'])
def test_sandbox_refuses(raw):
    assert refused(sandbox, raw).code == "bad_statement"


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59-12:00"])
def test_a_time_at_an_end_of_the_calendar_is_none(at):
    """Red before: it fits no other zone, so the first page that showed the file fell over."""
    body = json.loads(golden("sandbox.json"))
    body["rows"][1]["at"] = at
    assert [fault.line for fault in refused(sandbox, json.dumps(body).encode()).faults] == [2]
    assert [fault.line for fault in refused(bank, f"date,amount\n{at[:10]},1.00\n".encode()).faults] == [2]


def test_words_that_json_may_write_and_no_column_keeps_are_left_out():
    body = json.loads(golden("sandbox.json"))
    body["rows"][0]["reference"] = "a\x00b\ud800c"
    assert sandbox.read(json.dumps(body).encode(), name="x", day=DAY).rows[0].reference == "ab?c"
    assert stripe.read(changed(source="a\x00b\ud800c"), name="x", day=DAY).rows[2].reference == "ab?c"


def test_a_cell_that_never_ends_is_a_line_that_cannot_be_read():
    raw = b"date,amount,reference\n2026-11-02,1.00,x\n2026-11-02,1.00,'" + b"y" * 140_000
    assert [fault.line for fault in refused(bank, raw.replace(b"'", b'"')).faults] == [3]


def test_every_reader_by_its_name_and_no_other():
    assert brief(read("wechatpay", golden("wechat_tradebill.csv"), name="x", day=DAY)) == WECHAT
    with pytest.raises(NotFound):
        read("reading", b"", name="x", day=DAY)


def test_many_faults_end_the_reading_early():
    raw = b"date,amount,reference\n" + b"2026-11-02,x,y\n" * 1000
    assert len(refused(bank, raw).faults) == reading.MAX_FAULTS
