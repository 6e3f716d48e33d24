"""What `./run security` makes of what the scanners say."""

from __future__ import annotations

from tooling import security
from tooling.security import Finding, failures, report

SAID = """
=== FAILURES ===

________________________ PUT /api/v1/merchant/balance/ _________________________
1. Test Case ID: 9JqgW6

- ST204 Wrong response to undeclared method

    Unsupported method PUT returned 404

[404] Not Found:

2. Test Case ID: 9JqgW7

- ST204 Wrong response to undeclared method

[404] Not Found:

________________________ GET /api/v1/orders/ _________________________
1. Test Case ID: abc

- ST101 Server error

- ST103 Undocumented status code

[500] Internal Server Error:

    `[404] in the text of an answer is not its status`
"""


def test_each_failure_is_told_once_with_its_operation_and_status():
    assert list(failures(SAID)) == [
        ("PUT /api/v1/merchant/balance/", "ST204 Wrong response to undeclared method, answered 404"),
        ("GET /api/v1/orders/", "ST101 Server error, answered 500"),
        ("GET /api/v1/orders/", "ST103 Undocumented status code, answered 500"),
    ]


def test_only_what_is_explained_passes(capsys):
    known = Finding("schemathesis", "PUT /api/v1/merchant/balance/: ST204 Wrong response to undeclared method")
    assert report([known, known]) == 0
    assert "1 findings, 0 of them" in capsys.readouterr().out
    assert report([known, Finding("sqlmap", "/search/?q=tea")]) == 1
    assert "FOUND     sqlmap" in capsys.readouterr().out
    assert report([Finding("wapiti", known.what)]) == 1, "another scanner's finding is another finding"


def test_a_scanner_that_does_not_end_is_ended(tmp_path):
    said = security.bounded(["sh", "-c", "echo begun; sleep 60"], 1, tmp_path / "log")
    assert said == "begun\n"
