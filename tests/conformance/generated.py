"""What schemathesis has to know of us (its hook module): how values of our scalars look, and what is a failure.

Its own check takes any `errors` for a failure of the server. Here a refusal is an answer, so the check is: JSON, no status of
500, every error with a documented code, none that says that we broke, and no document that fits the schema is called wrong.
"""

from __future__ import annotations

from typing import Any

import schemathesis
from graphql import BooleanValueNode, IntValueNode, StringValueNode, ValueNode
from hypothesis import strategies as st
from schemathesis.generation import GenerationMode

from schema.enums import ErrorCode


def texts(pattern: str) -> st.SearchStrategy[ValueNode]:
    """String literals of a form."""
    return st.from_regex(pattern, fullmatch=True).map(lambda text: StringValueNode(value=text))


TEXTS = {
    "Iccid": r"89[0-9]{17,18}",
    "Imsi": r"[0-9]{15}",
    "Msisdn": r"[0-9]{5,15}",
    "Plmn": r"[0-9]{5,6}",
    "Decimal": r"-?[0-9]{1,9}(\.[0-9]{1,4})?",
    "DateTime": r"20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])T([01][0-9]|2[0-3]):[0-5][0-9]:00Z",
    "Date": r"20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])",
    "Time": r"([01][0-9]|2[0-3]):[0-5][0-9]:00",
    "Bytes": r"[0-9]{1,12}",
}


def register() -> None:
    """Tell schemathesis all of them; a scalar that is not here gets any literal."""
    for name, pattern in TEXTS.items():
        schemathesis.graphql.scalar(name, texts(pattern))
    anything = st.one_of(
        st.integers(0, 999).map(lambda number: IntValueNode(value=str(number))),
        st.booleans().map(lambda truth: BooleanValueNode(value=truth)),
        texts(r"[a-z]{1,9}"),
    )
    for name in ("Json",):
        schemathesis.graphql.scalar(name, anything)


BROKEN = {ErrorCode.INTERNAL_ERROR.value, ErrorCode.TIMED_OUT.value, ErrorCode.UNAUTHENTICATED.value}
DOCUMENTED = {code.value for code in ErrorCode}


@schemathesis.check
def refusals_are_documented(ctx: Any, response: Any, case: Any) -> None:
    """Every answer is one that docs/api.md describes."""
    assert response.status_code < 500, f"status {response.status_code}"
    answer = response.json()
    assert isinstance(answer, dict) and ("data" in answer or answer.get("errors")), "neither data nor errors"
    fits = case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE
    for error in answer.get("errors", ()):
        code = error.get("extensions", {}).get("code")
        assert code in DOCUMENTED - BROKEN, f"an error of code {code}: {error['message']}"
        assert not (fits and code == ErrorCode.INVALID_REQUEST.value), (
            f"a valid document was refused: {error['message']}"
        )


register()
