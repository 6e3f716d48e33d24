"""
What no log may hold: secrets by the name they go under, and what looks like one wherever it stands.

A log is read by many and kept where nobody tidies up. Masked are passwords, tokens, codes, keys and cookies; numbers of
phones, cards, accounts and identity cards; e-mail addresses; credentials inside addresses; long random parts of paths.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

MASK = "•••"
DEEPEST = 6
SECRET_NAME = re.compile(
    r"pass(word|wd|phrase)?\d?$|secret|token|cookie|authori[sz]ation|session(_?key|_?id)?$|csrf|api_?key|private_?key"
    r"|signing_?key|vault|^key$|^code$|_code$|otp|^pin$|card|^cvv|account_?number|identity|licence_?number",
    re.IGNORECASE,
)
OPEN_NAME = re.compile(r"^(status|error|refusal|district|carrier|exit|country|language)_code$", re.IGNORECASE)
# Written into text they would begin a line that nobody wrote, or turn one around.
BREAKS = {code: f"\\x{code:02x}" for code in (*range(32), 127, *range(128, 160))} | {
    code: f"\\u{code:04x}" for code in (0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
}


def _keep_ends(found: re.Match[str]) -> str:
    text = found[0]
    return f"{text[:3]}{MASK}{text[-2:]}"


def _mail(found: re.Match[str]) -> str:
    return f"{found[1][:1]}{MASK}@{found[2]}"


def _after_name(found: re.Match[str]) -> str:
    return f"{found[1]}{MASK}"


Rule = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]
RULES: tuple[Rule, ...] = (
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL), MASK),
    (re.compile(r"(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"), MASK),
    (re.compile(r"\b((?:Bearer|Basic|Token)\s+)[A-Za-z0-9._~+/=-]{6,}"), _after_name),
    (re.compile(r"\b(?:sk|rk|whsec|pk|tashi)_[A-Za-z0-9_-]{8,}"), MASK),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_.-]+"), MASK),
    (
        re.compile(
            r"((?:__Host-)?(?:session(?:id)?|csrf(?:token|middlewaretoken)?|password\d?|passwd|secret|token|api_?key"
            r"|otp|pin|code|验证码|密码)['\"]?\s*(?:is|为|是|[=:：])\s*['\"]?)(?!•)[^\s'\"&;,}<]{3,}",
            re.IGNORECASE,
        ),
        _after_name,
    ),
    (re.compile(r"\b\d{4,8}(?= is your code)"), MASK),
    (re.compile(r"(?<=/)(?![0-9a-f]{8}-[0-9a-f]{4}-)[A-Za-z0-9_-]{24,}(?=[/?\s'\"]|$)"), MASK),
    (re.compile(r"([A-Za-z0-9._%+-]{1,64})@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)"), _mail),
    (re.compile(r"(?<![\w.-])[3-6]\d{3}[ -]?\d{4}[ -]?\d{4}[ -]?\d{3,4}(?:[ -]?\d{3})?(?![\w-])"), _keep_ends),
    (re.compile(r"(?<![\w-])[1-9]\d{5}(?:19|20)\d{2}[01]\d[0-3]\d\d{3}[\dXx](?![\w-])"), _keep_ends),
    (re.compile(r"(?<![\w.-])(?:\+?86[ -]?)?1[3-9]\d(?:[ -]?\d{4}){2}(?![\w-])"), _keep_ends),
    (re.compile(r"(?<![\w.])\+\d[\d -]{7,16}\d(?![\w-])"), _keep_ends),
)


def mask_text(text: str) -> str:
    """Put a mask over all that looks like a secret, and write what would break the line as it is typed."""
    for pattern, instead in RULES:
        text = pattern.sub(instead, text)
    return text


def one_line(text: str) -> str:
    return text.translate(BREAKS)


def is_secret_name(name: str) -> bool:
    return bool(SECRET_NAME.search(name)) and not OPEN_NAME.match(name)


def mask(value: Any, *, depth: int = 0) -> Any:
    """The same shape with masks in it; what is neither text, number nor a collection becomes its masked text."""
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        text = str(value)
        return value if mask_text(text) == text else mask_text(text)
    if depth < DEEPEST and isinstance(value, Mapping):
        return {
            one_line(str(name)): MASK if is_secret_name(str(name)) and inner else mask(inner, depth=depth + 1)
            for name, inner in value.items()
        }
    if depth < DEEPEST and isinstance(value, list | tuple | set | frozenset):
        return [mask(inner, depth=depth + 1) for inner in value]
    return mask_text(str(value))
