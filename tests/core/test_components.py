"""Parts of pages: what they say, and what they refuse to let through."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import render_to_string

from core import clock
from core.samples import SampleForm
from core.stylesheet import LAYERS, bundles, squeeze

STATIC = Path(settings.BASE_DIR) / "static"
COMPONENTS = Path(settings.BASE_DIR) / "templates" / "components"


def part(name: str, **inputs: object) -> str:
    return render_to_string(f"components/{name}.html", inputs)


def test_the_stylesheets_are_fresh():
    for target, wanted in bundles(STATIC / "css"):
        assert target.read_text() == wanted, "run manage.py build_css"


def test_weights_stay_in_budget():
    assert (STATIC / "css" / "tashi.css").stat().st_size < 40_000
    assert (STATIC / "css" / "office.css").stat().st_size < 8_000  # beside it, in the offices alone
    sizes = {path.name: path.stat().st_size for path in (STATIC / "js").glob("*.js")}
    assert sizes.pop("verify.js") < 10_000  # of one page alone
    assert sum(sizes.values()) < 20_000


def test_every_source_file_has_a_layer():
    strays = [path for path in (STATIC / "css").rglob("*.css") if path.parent.name not in LAYERS]
    assert sorted(strays) == [STATIC / "css" / "office.css", STATIC / "css" / "tashi.css"]


def test_squeezing_keeps_descendant_selectors():
    assert squeeze("/* x */ .a :is(b, c) > d {\n color: red;\n margin: calc(1px + 2px);\n}") == (
        ".a :is(b,c)>d{color:red;margin:calc(1px + 2px)}"
    )


def test_every_icon_used_is_drawn():
    drawn = set(re.findall(r'symbol id="([\w-]+)"', (STATIC / "icons" / "sprite.svg").read_text()))
    templates = Path(settings.BASE_DIR) / "templates"
    used = {
        name
        for path in templates.rglob("*.html")
        for name in re.findall(r'(?:{% icon |icon_name=|\|default:)"([a-z-]+)"(?: |\s*%}| )', path.read_text())
        if f'icon "{name}"' in path.read_text() or f'icon_name="{name}"' in path.read_text()
    }
    assert used <= drawn


@pytest.mark.parametrize("path", sorted(COMPONENTS.glob("*.html")), ids=lambda path: path.stem)
def test_components_declare_their_inputs(path):
    assert path.read_text().startswith("{% comment %}")


def test_a_paused_clock_says_so_and_why():
    html = part("clock", due_at=clock.now() + timedelta(hours=1), paused=True, reason="a case is open")
    assert "a case is open" in html
    assert "data-countdown" not in html


def test_a_running_clock_is_absolute_then_counting():
    html = part("clock", due_at=clock.now() + timedelta(days=1, minutes=1), label="Ship by")
    assert html.index("Ship by") < html.index("data-countdown")


def test_a_button_that_posts_carries_its_token():
    html = part("button", url="/pay/", label="<Pay>", csrf_token="tok")
    assert 'name="csrfmiddlewaretoken" value="tok"' in html
    assert "&lt;Pay&gt;" in html
    assert "<form" not in part("button", href="/x/", label="x")


def test_a_bad_field_is_tied_to_its_error():
    html = part("fields", form=SampleForm({"title": ""}))
    assert 'aria-invalid="true"' in html
    ids = set(re.findall(r'\bid="([^"]+)"', html))
    for described in re.findall(r'aria-describedby="([^"]+)"', html):
        assert set(described.split()) <= ids
    assert 'href="#id_title"' in html
    assert 'role="alert"' in html


def test_a_money_sentence_names_no_danger_without_reason():
    html = part("money_sentence", sentence="¥128.00 is held.", tone="safe", csrf_token="t")
    assert "tone-safe" in html
    assert "#shield" in html
    assert "tone-danger" not in html
