"""The cookie as production sends it, and what is taken for one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from access import new_session, new_token
from services.accounts.sessions import OpenedSession
from transport.session_cookie import SessionCookie

SECRET = new_session()


def test_outside_of_development_it_is_bound_to_https_and_to_this_host() -> None:
    cookie = SessionCookie(secure=True)
    assert cookie.to_set(OpenedSession(SECRET, timedelta(days=30))).split("; ") == [
        f"__Host-novaconnect={SECRET}",
        "Path=/",
        "HttpOnly",
        "SameSite=Strict",
        "Secure",
        "Max-Age=2592000",
    ]
    assert cookie.to_clear().endswith("; Max-Age=0")
    assert cookie.secret_of([f"novaconnect={SECRET}"]) is None, "a plain name could be set by another host"


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ([f"novaconnect={SECRET}"], SECRET),
        ([f"theme=dark; novaconnect={SECRET}; a=b"], SECRET),
        (["theme=dark", f"novaconnect={SECRET}"], SECRET),
        ([], None),
        ([f"xnovaconnect={SECRET}"], None),
        ([f"novaconnect={SECRET}; novaconnect={SECRET}"], None),
        ([f"novaconnect={new_token()}"], None),
        (["novaconnect="], None),
    ],
    ids=["alone", "among others", "another header", "none", "another name", "twice", "a token", "empty"],
)
def test_exactly_one_secret_of_a_session_is_taken(headers: list[str], found: str | None) -> None:
    assert SessionCookie(secure=False).secret_of(headers) == found
