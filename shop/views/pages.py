"""Pages that explain: the guarantee, the rules by which disputes are decided, how to stay safe."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core import policies
from core.guards import public
from core.tips import by_topic


@public
@require_safe
def guarantee(request: HttpRequest) -> HttpResponse:
    """How the money is held, with the very numbers orders are made under."""
    rules = policies.from_values(policies.current("physical").values)
    return render(request, "pages/guarantee.html", {"rules": rules, "days": days_of(rules), "fee": fee_of(rules)})


@public
@require_safe
def rules(request: HttpRequest) -> HttpResponse:
    """The public rules, article by article, as rulings quote them."""
    # The rulebook belongs to disputes, which the shop does not import; the page only prints it.
    articles: Any = import_module("disputes.rulebook").ARTICLES
    current = policies.from_values(policies.current("physical").values)
    return render(request, "pages/rules.html", {"articles": articles, "days": days_of(current), "rules": current})


@public
@require_safe
def safety(request: HttpRequest) -> HttpResponse:
    """All that is worth knowing against fraud, and how to report it."""
    return render(request, "pages/safety.html", {"topics": by_topic()})


def days_of(rules: policies.Rules) -> dict[str, int]:
    """The periods of a policy in whole days."""
    names = ("never_shipped", "inspection", "inspection_weak", "min_after_first_scan", "extension", "answer_unshipped",
             "answer_shipped", "return_by", "inspect_return", "escalate", "evidence", "decide")  # fmt: skip
    return {name: getattr(rules, f"{name}_hours") // 24 for name in names}


def fee_of(rules: policies.Rules) -> str:
    """The platform's fee in per cent, ``5`` or ``2.5``."""
    return f"{rules.fee_bps / 100:g}"
