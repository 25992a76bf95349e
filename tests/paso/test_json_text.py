"""JSON as the package of the standard library writes it, without importing that."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paso import json_text
from paso.json_text import dumps

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(PLAIN, st.booleans())
def test_the_text_is_that_of_json(value: object, compact: bool) -> None:
    separators = (",", ":") if compact else None
    expected = json.dumps(value, separators=separators)
    assert dumps(value, compact=compact) == expected


@given(PLAIN)
def test_without_the_function_in_c_the_text_is_the_same(value: object) -> None:
    assert json_text._python_encoder(": ", ", ")(value) == dumps(value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [-float("inf")]])
def test_what_is_no_json_number_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        dumps(value)


def test_what_has_no_form_in_json_is_refused() -> None:
    with pytest.raises(TypeError, match="object has no form in JSON"):
        dumps([object()])


def test_it_imports_neither_json_nor_re() -> None:
    code = (
        "import sys; from paso.json_text import dumps; dumps({'a': [1]});"
        "assert not {'json', 're', 'enum'} & set(sys.modules), sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)
