"""Forms of a page, read as a browser reads them: what would be sent if somebody pressed the button."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass(slots=True)
class Form:
    """``names`` are all its controls; ``values`` what they hold now, without the buttons."""

    action: str
    method: str
    names: set[str] = field(default_factory=set)
    values: dict[str, list[str]] = field(default_factory=dict)

    def filled(self, given: dict[str, object]) -> dict[str, object]:
        """What is sent after a person has filled in ``given``; a name that the form does not have is a mistake."""
        unknown = set(given) - self.names
        assert not unknown, f"the form to {self.action} has no {sorted(unknown)}, only {sorted(self.names)}"
        return {**self.values, **given}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.by_id: dict[str, Form] = {}
        self.strays: list[tuple[str, str, str | None]] = []  # controls that name their form by id
        self.current: Form | None = None
        self.select: tuple[Form, str, list[str], list[str]] | None = None
        self.area: tuple[Form, str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.current = Form(given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(self.current)
            self.by_id[given.get("id", "")] = self.current
        elif tag == "option" and self.select is not None:
            self.select[2].append(given.get("value", ""))
            if "selected" in given:
                self.select[3].append(given.get("value", ""))
        elif tag in ("input", "button", "select", "textarea") and given.get("name") and "disabled" not in given:
            self._control(tag, given)

    def _control(self, tag: str, given: dict[str, str]) -> None:
        name, kind = given["name"], given.get("type", "text")
        is_sent = tag == "input" and kind not in ("submit", "image", "button", "file", "reset")
        value = given.get("value", "on" if kind in ("checkbox", "radio") else "")
        if kind in ("checkbox", "radio") and "checked" not in given:
            is_sent = False
        if "form" in given:
            self.strays.append((given["form"], name, value if is_sent else None))
        elif self.current is not None:
            self.current.names.add(name)
            if is_sent:
                self.current.values.setdefault(name, []).append(value)
            elif tag == "select":
                self.select = (self.current, name, [], [])
            elif tag == "textarea":
                self.area = (self.current, name)
                self.current.values[name] = [""]

    def handle_data(self, data: str) -> None:
        if self.area is not None:
            form, name = self.area
            form.values[name] = [form.values[name][0] + data]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.current = None
        elif tag == "textarea":
            self.area = None
        elif tag == "select" and self.select is not None:
            form, name, options, chosen = self.select
            form.values[name] = chosen or options[:1]
            self.select = None


def forms_of(html: str) -> list[Form]:
    reader = _Reader()
    reader.feed(html)
    for form_id, name, value in reader.strays:
        form = reader.by_id[form_id]
        form.names.add(name)
        if value is not None:
            form.values.setdefault(name, []).append(value)
    return reader.forms


def form_to(html: str, path: str, *, page: str = "", having: str = "") -> Form:
    """The POST form of a ``page`` that leads to ``path`` and has a control; an empty action leads to the page."""
    found = [form for form in forms_of(html) if form.method == "post"]
    leading = [form for form in found if (re.split(r"[?#]", form.action)[0] or page) == path]
    fits = [form for form in leading if not having or having in form.names]
    assert fits, f"no form to {path!r}; there are {[form.action for form in found]}"
    return fits[0]
