"""The filter language: text into terms, each with its place for error messages.

    filter  = term*                       all must hold
    term    = ["-"] (word | field op value ("," value)*)     one of the values
    op      = ":" "=" "!=" "<" "<=" ">" ">="
    value   = characters without space, or "quoted" (\\" and \\\\ inside)
    #12     = key:12

Never: know SQL, the database or today's date; those are `filter_sql.py`.
"""

from __future__ import annotations

from paso.errors import InvalidValue
from paso.model import PRIORITIES, TYPES
from paso.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

STATES = ("archived", "assigned", "blocked", "done", "mine", "open", "overdue",
          "ready", "started", "unassigned")  # fmt: skip
PARTS = ("assignee", "blockers", "children", "comments", "description", "due",
         "label", "parent")  # fmt: skip

WORD = "word"
FIELDS: dict[str, tuple[str, ...]] = {
    "assignee": ("me", "none"),
    "col": ("ready", "in-progress", "completed"),
    "completed": ("none", "today"),
    "created": ("today",),
    "description": (),
    "due": ("none", "today", "tomorrow", "+7d", "eow", "eom"),
    "has": PARTS,
    "is": STATES,
    "key": (),
    "label": ("none",),
    "no": PARTS,
    "parent": ("none",),
    "prio": tuple(PRIORITIES),
    "project": ("all",),
    "title": (),
    "type": TYPES,
    "updated": ("today",),
}
"""Field to the values worth offering; for `prio`, `type`, `is`, `has`, `no` there
are no others."""

ALIASES = {"column": "col", "desc": "description", "labels": "label", "p": "prio",
           "priority": "prio", "status": "col", "tag": "label", "assign": "assignee",
           "number": "key"}  # fmt: skip
CLOSED = ("has", "is", "no", "prio", "type")
DATES = ("completed", "created", "due", "updated")
ORDERED = (*DATES, "prio")

OPERATORS = ("!=", "<=", ">=", ":", "=", "<", ">")

MAX_TEXT = 2_000
"""Characters of a filter; keeps patterns below SQLite's limit of 50,000 bytes."""
MAX_VALUES = 100
"""Terms and alternatives; keeps the expression below SQLite's depth of 1,000."""


class Value(NamedTuple):
    text: str
    quoted: bool


class Term(NamedTuple):
    """One condition.

    `start` and `end` are its place in the text, in characters.
    """

    negated: bool
    field: str
    """`word`, or a name of FIELDS."""
    op: str
    """`=`, `<`, `<=`, `>` or `>=`; `!=` has become `negated`."""
    values: tuple[Value, ...]
    start: int
    end: int


class Token(NamedTuple):
    """Characters between spaces, quotes taken off; `mask` has Q where they were."""

    text: str
    mask: str
    start: int
    end: int


def parse_terms(text: str) -> tuple[Term, ...]:
    """Read a filter.

    Raises:
        InvalidValue: with the position, from 1, and the nearest known word.
    """
    if len(text) > MAX_TEXT:
        raise InvalidValue(f"the filter has more than {MAX_TEXT} characters")
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise InvalidValue("the filter is not valid text (UTF-8)")
    terms = tuple(_term(token) for token in tokenise(text) if token.text)
    if sum(len(term.values) for term in terms) > MAX_VALUES:
        raise InvalidValue(f"the filter has more than {MAX_VALUES} words")
    return terms


def tokenise(text: str) -> Iterator[Token]:
    """Cut at spaces outside of quotes."""
    place = 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        token = _token(text, place)
        yield token
        place = token.end


def _token(text: str, start: int) -> Token:
    chars: list[str] = []
    mask: list[str] = []
    opened, place = -1, start
    while place < len(text) and (opened >= 0 or not text[place].isspace()):
        char = text[place]
        if char == '"':
            opened = place if opened < 0 else -1
            mask.append("q")
            chars.append("")
        else:
            if char == "\\" and opened >= 0 and text[place + 1 : place + 2] in '"\\':
                place += 1
                char = text[place : place + 1]
            chars.append(char)
            mask.append("Q" if opened >= 0 else ".")
        place += 1
    if opened >= 0:
        raise _error("the quote is not closed", opened)
    return _without_quotes(chars, mask, start, place)


def _without_quotes(chars: list[str], mask: list[str], start: int, end: int) -> Token:
    kept = "".join(kind for kind in mask if kind != "q")
    return Token("".join(chars), kept, start, end)


def _term(token: Token) -> Term:
    negated = token.text[0] == "-" and token.mask[0] == "." and len(token.text) > 1
    text, mask = token.text[negated:], token.mask[negated:]
    if text[0] == "#" and mask[0] == "." and len(text) > 1:
        values = _values(text[1:], mask[1:], token, "key")
        return Term(negated, "key", "=", values, token.start, token.end)
    name, op, rest = _split_field(text, mask, token)
    if not op:
        whole = (Value(text, "Q" in mask),)
        return Term(negated, WORD, "=", whole, token.start, token.end)
    values = _values(text[rest:], mask[rest:], token, name)
    if op == "!=":
        negated, op = not negated, "="
    return Term(negated, name, op, values, token.start, token.end)


def _split_field(text: str, mask: str, token: Token) -> tuple[str, str, int]:
    """Field, operator and where the values start; no operator for a plain word."""
    name, op = _operator(text, mask)
    if not op or not name.isascii() or not name.replace("-", "").isalpha():
        return "", "", 0
    field = ALIASES.get(name.lower(), name.lower())
    if field not in FIELDS:
        raise _unknown("field", name, (*FIELDS, *ALIASES), token, '"' + text + '"')
    rest = len(name) + len(op)
    op = "=" if op == ":" else op
    if op in ("<", "<=", ">", ">=") and field not in ORDERED:
        raise _error(f"{field} has no order, {op} does not apply", token.start)
    return field, op, rest


def _operator(text: str, mask: str) -> tuple[str, str]:
    """What stands before the first operator, and the operator."""
    for place in range(mask.find("Q") % (len(text) + 1)):
        for op in OPERATORS:
            if text.startswith(op, place):
                return text[:place], op
    return text, ""


def _values(text: str, mask: str, token: Token, field: str) -> tuple[Value, ...]:
    cuts = [-1, *(i for i, char in enumerate(text) if char == "," and mask[i] == ".")]
    pieces = [
        Value(text[a + 1 : b], "Q" in mask[a + 1 : b])
        for a, b in zip(cuts, [*cuts[1:], len(text)], strict=True)
    ]
    if not all(piece.text for piece in pieces):
        raise _error(f"{field} needs a value", token.end)
    return tuple(_checked(piece, field, token) for piece in pieces)


def _checked(value: Value, field: str, token: Token) -> Value:
    """The value, spelled out where the field knows all of its values."""
    text = value.text.lower()
    if field in CLOSED:
        fits = [word for word in FIELDS[field] if word.startswith(text)]
        if text in fits or len(fits) == 1:
            return Value(text if text in fits else fits[0], value.quoted)
        raise _unknown(f"value of {field}", value.text, FIELDS[field], token)
    if field in DATES and text not in ("none", "any"):
        _check_date(value.text, token)
    if field in ("key", "parent") and text not in ("none", "any"):
        _check_key(value.text, token)
    return value


def _check_date(text: str, token: Token) -> None:
    from datetime import date

    from paso.commands.dates import parse_due

    try:
        parse_due(text, today=date(2000, 1, 1))
    except InvalidValue as error:
        raise _error(error.message, token.start, error.hint) from error


def _check_key(text: str, token: Token) -> None:
    number = text.lstrip("#").rpartition("-")[2]
    if not (number.isascii() and number.isdigit() and len(number) <= 15):
        raise _error(
            f"{text!r} is no task key", token.start, "for example key:WEB-12 or #12"
        )


def _error(message: str, place: int, hint: str | None = None) -> InvalidValue:
    return InvalidValue(f"filter, position {place + 1}: {message}", hint=hint)


def _unknown(
    what: str, name: str, known: tuple[str, ...], token: Token, quoted: str = ""
) -> InvalidValue:
    """The error for a word that is not known, with the nearest one that is."""
    from difflib import get_close_matches

    near = get_close_matches(name.lower(), known, 3, 0.5)
    search = f"; to search for the words, write {quoted}" if quoted else ""
    meant = f"did you mean {near[0]}?" if near else "one of " + ", ".join(sorted(known))
    return InvalidValue(
        f"filter, position {token.start + 1}: unknown {what} {name!r}",
        hint=meant + search,
        candidates=tuple(near),
    )
