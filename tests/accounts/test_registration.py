"""A newcomer's way in, and the ways back for those who lost theirs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from domain.clock import clock
from models import AccountLink, Company, User
from tests.accounts.browser import PASSWORD, Browser, browsing, give_password, link_to, mails_to
from tests.graphql.conftest import Ask
from tests.worlds import TwoCompanies

FORM = {
    "companyName": "Жол Логистика",
    "country": "KZ",
    "taxNumber": "123456789012",
    "name": "Нурлан Жаңа",
    "email": "Nurlan@Example.com",
    "password": PASSWORD,
    "phone": "+7 (701) 123-45-67",
}
EMAIL = "nurlan@example.com"
REGISTER = "mutation ($input: RegisterInput!) { register(input: $input) { ok userErrors { code path } } }"
CONFIRM = "mutation ($token: String!) { confirmEmail(token: $token) { ok awaitsApproval userErrors { code } } }"
RESET = "mutation ($email: String!) { requestPasswordReset(email: $email) { ok userErrors { code } } }"
SET = "mutation ($input: ResetPasswordInput!) { resetPassword(input: $input) { ok userErrors { code } } }"
ACCEPT = "mutation ($input: AcceptInvitationInput!) { acceptInvitation(input: $input) { ok userErrors { code } } }"


async def register(browser: Browser, **changes: Any) -> dict[str, Any]:
    payload: dict[str, Any] = (await browser.auth(REGISTER, input=FORM | changes))["register"]
    return payload


async def test_from_the_form_to_the_first_log_in(world: TwoCompanies, browser: Browser, read: Ask) -> None:
    assert await register(browser) == {"ok": True, "userErrors": []}
    [(subject, body)] = await mails_to(EMAIL)
    assert subject == "NovaConnect: подтвердите адрес электронной почты"
    assert "https://portal.example.com/confirm-email#" in body
    assert (await browser.log_in(EMAIL))["userErrors"][0]["code"] == "NOT_CONFIRMED"
    token = await link_to(EMAIL)
    assert (await browser.auth(CONFIRM, token=token))["confirmEmail"]["awaitsApproval"] is True
    assert (await browser.auth(CONFIRM, token=token))["confirmEmail"]["userErrors"] == [{"code": "LINK_NOT_VALID"}]
    assert (await browser.log_in(EMAIL))["userErrors"][0]["code"] == "NOT_APPROVED"

    waiting = (await read(world.staff, "{ companies(states: [PENDING]) { totalCount nodes { id name taxNumber } } }"))[
        "companies"
    ]
    assert (waiting["totalCount"], waiting["nodes"][0]["name"]) == (1, "Жол Логистика")
    approve = "mutation ($id: ID!) { setCompanyState(input: {id: $id, state: ACTIVE}) { company { state } userErrors { code } } }"
    company = waiting["nodes"][0]["id"]
    assert (await read(world.owner, approve, id=company))["setCompanyState"]["userErrors"] == [{"code": "FORBIDDEN"}]
    assert (await read(world.staff, approve, id=company))["setCompanyState"]["company"] == {"state": "ACTIVE"}
    assert (await mails_to(EMAIL))[-1][0] == "NovaConnect: компания подключена"
    assert (await browser.log_in(EMAIL))["user"] == {"name": "Нурлан Жаңа", "role": "OWNER"}
    me = await browser.read("{ me { email phone language timeZone company { name } } sims { totalCount } }")
    assert me["sims"]["totalCount"] == 0
    assert me["me"] == {
        "email": EMAIL,
        "phone": "77011234567",
        "language": "RU",
        "timeZone": "Asia/Almaty",
        "company": {"name": "Жол Логистика"},
    }


async def test_a_known_address_gets_the_same_answer_and_another_mail(world: TwoCompanies, browser: Browser) -> None:
    email = world.owner.user.email
    assert await register(browser, email=email.upper()) == {"ok": True, "userErrors": []}
    assert [subject for subject, _ in await mails_to(email)] == ["NovaConnect: вы уже зарегистрированы"]
    assert await Company.all().count() == 2


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"email": "nobody"}, "INVALID_VALUE", "email"),
        ({"email": "a@b.example\r\nBcc: c@d.example"}, "INVALID_VALUE", "email"),
        ({"password": "short"}, "WEAK_PASSWORD", "password"),
        ({"password": "aaaaaaaaaaaaaa"}, "WEAK_PASSWORD", "password"),
        ({"password": "x" * 5000}, "WEAK_PASSWORD", "password"),
        ({"password": "nurlan@example.com"}, "WEAK_PASSWORD", "password"),
        ({"companyName": " "}, "INVALID_VALUE", "companyName"),
        ({"country": "Kazakhstan"}, "INVALID_VALUE", "country"),
        ({"phone": "8 701"}, "INVALID_VALUE", "phone"),
    ],
)
async def test_what_cannot_be_used_is_named_and_changes_nothing(
    world: TwoCompanies, browser: Browser, changes: dict[str, str], code: str, path: str
) -> None:
    assert await register(browser, **changes) == {"ok": False, "userErrors": [{"code": code, "path": ["input", path]}]}
    assert await Company.all().count() == 2


async def test_one_address_is_not_flooded_with_mail(world: TwoCompanies, browser: Browser) -> None:
    email = await give_password(world.owner)
    for each in (email, "nobody@example.com"):
        answers = [(await browser.auth(RESET, email=each))["requestPasswordReset"] for _ in range(6)]
        assert [answer["ok"] for answer in answers] == [True] * 5 + [False]
        assert answers[-1]["userErrors"] == [{"code": "TOO_MANY_ATTEMPTS"}]
    assert len(await mails_to(email)) == 5
    assert await mails_to("nobody@example.com") == []


async def test_a_forgotten_password(world: TwoCompanies, browser: Browser, doors: str) -> None:
    email = await give_password(world.owner)
    await browser.log_in(email)
    async with browsing(doors) as other:
        await other.auth(RESET, email=email)
        first = await link_to(email)
        await other.auth(RESET, email=email)
        token = await link_to(email)
        old = await other.auth(SET, input={"token": first, "password": "a new passphrase"})
        assert old["resetPassword"]["userErrors"] == [{"code": "LINK_NOT_VALID"}]
        weak = await other.auth(SET, input={"token": token, "password": "short"})
        assert weak["resetPassword"]["userErrors"] == [{"code": "WEAK_PASSWORD"}]
        assert (await other.auth(SET, input={"token": token, "password": "a new passphrase"}))["resetPassword"]["ok"]
        again = await other.auth(SET, input={"token": token, "password": "another passphrase"})
        assert again["resetPassword"]["userErrors"] == [{"code": "LINK_NOT_VALID"}]
        assert (await other.log_in(email))["userErrors"][0]["code"] == "WRONG_CREDENTIALS"
        assert (await other.log_in(email, "a new passphrase"))["user"] is not None
    assert (await browser.ask("{ me { name } }")).status_code == 401, "the old session has ended"
    assert "password was changed" in (await mails_to(email))[-1][0] or "пароль" in (await mails_to(email))[-1][0]


async def test_a_link_ends_with_time(world: TwoCompanies, browser: Browser) -> None:
    email = await give_password(world.owner)
    await browser.auth(RESET, email=email)
    clock.shift_to(timedelta(hours=1, seconds=1))
    late = await browser.auth(SET, input={"token": await link_to(email), "password": "a new passphrase"})
    assert late["resetPassword"]["userErrors"] == [{"code": "LINK_NOT_VALID"}]


async def test_links_are_stored_as_digests_and_mails_as_secrets(world: TwoCompanies, browser: Browser) -> None:
    email = await give_password(world.owner)
    await browser.auth(RESET, email=email)
    secret = await link_to(email)
    [link] = await AccountLink.all()
    assert secret not in str(link.__dict__)


async def test_an_invited_user_comes_in(world: TwoCompanies, browser: Browser, read: Ask) -> None:
    invite = """mutation ($email: String!) { inviteUser(input: {email: $email, name: "Асель", role: VIEWER, language: KK}) {
      user { id isInvited role } userErrors { code } } }"""
    user = (await read(world.owner, invite, email="asel@example.com"))["inviteUser"]["user"]
    assert (user["isInvited"], user["role"]) == (True, "VIEWER")
    assert (await read(world.owner, invite, email="ASEL@example.com"))["inviteUser"]["userErrors"] == [
        {"code": "ALREADY_EXISTS"}
    ]
    assert (await browser.log_in("asel@example.com", ""))["userErrors"][0]["code"] == "WRONG_CREDENTIALS"
    first = await link_to("asel@example.com")
    again = "mutation ($id: ID!) { inviteUserAgain(id: $id) { user { id } userErrors { code } } }"
    await read(world.owner, again, id=user["id"])
    token = await link_to("asel@example.com")
    old = await browser.auth(ACCEPT, input={"token": first, "password": PASSWORD})
    assert old["acceptInvitation"]["userErrors"] == [{"code": "LINK_NOT_VALID"}]
    wrong = await browser.auth(SET, input={"token": token, "password": PASSWORD})
    assert wrong["resetPassword"]["userErrors"] == [{"code": "LINK_NOT_VALID"}], "a link is good for its own purpose"
    assert (await browser.auth(ACCEPT, input={"token": token, "password": PASSWORD, "name": "Асель А."}))[
        "acceptInvitation"
    ]["ok"]
    assert (await browser.log_in("asel@example.com"))["user"] == {"name": "Асель А.", "role": "VIEWER"}
    assert (await User.get(email="asel@example.com")).language == "kk"
    done = await read(world.owner, again, id=user["id"])
    assert done["inviteUserAgain"]["userErrors"] == [{"code": "INVALID_VALUE"}]
