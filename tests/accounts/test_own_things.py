"""What is one's own: card, password, sessions, views, tokens."""

from __future__ import annotations

from datetime import timedelta

import pytest

from access import authenticate
from domain.clock import clock
from domain.scopes import Scope
from models import AccessToken, AuditEntry, TokenUse
from models.database import fetch_value
from models.tenancy import as_system
from services.accounts.record_uses import record_uses
from tests.accounts.browser import PASSWORD, Browser, browsing, give_password
from tests.accounts.conftest import with_token
from tests.graphql.conftest import Ask
from tests.transport.serving import Endpoint
from tests.worlds import TwoCompanies

CREATE = """mutation ($input: CreateAccessTokenInput!) { createAccessToken(input: $input) {
  secret accessToken { id name prefix scopes groupIds createdAt expiresAt lastUsedAt } userErrors { code path } } }"""
REISSUE = """mutation ($id: ID!, $password: String!) { reissueAccessToken(input: {id: $id, password: $password}) {
  secret accessToken { id name scopes expiresAt } userErrors { code } } }"""


async def test_the_card(world: TwoCompanies, read: Ask) -> None:
    change = """mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) {
      me { name language timeZone phone } userErrors { code path } } }"""
    given = {"name": "Ольга О.", "language": "KK", "timeZone": "Europe/Berlin", "phone": "+49 30 1234567"}
    assert (await read(world.owner, change, input=given))["updateProfile"]["me"] == given | {"phone": "49301234567"}
    kept = await read(world.owner, change, input={"language": "EN"})
    assert kept["updateProfile"]["me"]["phone"] == "49301234567"
    assert (await read(world.owner, change, input={"phone": None}))["updateProfile"]["me"]["phone"] is None
    for wrong, path in (({"timeZone": "Mars/Olympus"}, "timeZone"), ({"name": ""}, "name"), ({"phone": "1"}, "phone")):
        refused = (await read(world.owner, change, input=wrong))["updateProfile"]
        assert refused == {"me": None, "userErrors": [{"code": "INVALID_VALUE", "path": ["input", path]}]}
    entries = await AuditEntry.filter(action="user.changed").order_by("id")
    assert (entries[0].before or {})["name"] == "Olga Owner"
    assert entries[1].after == {"language": "en"}


async def test_a_changed_password_ends_the_other_sessions(world: TwoCompanies, browser: Browser, doors: str) -> None:
    email = await give_password(world.owner)
    change = """mutation ($old: String!, $new: String!) {
      changePassword(input: {currentPassword: $old, newPassword: $new}) { ok userErrors { code path } } }"""
    await browser.log_in(email)
    async with browsing(doors) as other:
        await other.log_in(email)
        wrong = (await browser.read(change, old="not mine at all", new="a new passphrase"))["changePassword"]
        assert wrong["userErrors"] == [{"code": "WRONG_CREDENTIALS", "path": ["input", "currentPassword"]}]
        assert (await browser.read(change, old=PASSWORD, new="a new passphrase"))["changePassword"]["ok"]
        assert (await browser.ask("{ me { name } }")).status_code == 200
        assert (await other.ask("{ me { name } }")).status_code == 401
        assert (await other.log_in(email, "a new passphrase"))["user"] is not None


async def test_sessions_are_listed_and_ended(world: TwoCompanies, browser: Browser, doors: str) -> None:
    email = await give_password(world.owner)
    await browser.log_in(email)
    async with browsing(doors) as other, browsing(doors) as third:
        await other.log_in(email, remember=True)
        await third.log_in(email)
        listed = (await browser.read("{ me { sessions { id isCurrent address userAgent expiresAt } } }"))["me"][
            "sessions"
        ]
        assert [each["isCurrent"] for each in listed] == [False, False, True]
        assert {each["address"] for each in listed} == {"127.0.0.1"}
        assert all(each["userAgent"].startswith("python-httpx") for each in listed)
        end = "mutation ($id: ID!) { endSession(id: $id) { ok userErrors { code } } }"
        assert (await browser.read(end, id=listed[1]["id"]))["endSession"]["ok"]
        assert (await browser.read(end, id=listed[1]["id"]))["endSession"]["userErrors"] == [{"code": "NOT_FOUND"}]
        assert (await other.ask("{ me { name } }")).status_code == 401
        everywhere = "mutation ($but: Boolean!) { logOutEverywhere(butThis: $but) { ended } }"
        assert (await browser.read(everywhere, but=True))["logOutEverywhere"]["ended"] == 1
        assert (await third.ask("{ me { name } }")).status_code == 401
        assert (await browser.read(everywhere, but=False))["logOutEverywhere"]["ended"] == 1
        assert (await browser.ask("{ me { name } }")).status_code == 401
    assert await authenticate(world.owner.token) is not None, "tokens stay"


async def test_views_are_kept_in_the_form_in_which_they_are_used(world: TwoCompanies, read: Ask) -> None:
    save = """mutation ($input: SaveViewInput!) { saveView(input: $input) {
      view { id name columns filter orderBy } userErrors { code path } } }"""
    view = {
        "name": "Заблокированные",
        "columns": ["iccid", "name", "observed.status"],
        "filter": {"lock": "LOCKED", "profiles": ["TC"]},
        "orderBy": {"field": "NAME", "direction": "DESC"},
    }
    saved = (await read(world.owner, save, input=view))["saveView"]["view"]
    assert {name: saved[name] for name in view} == view
    again = await read(world.owner, save, input=view | {"name": "заблокированные", "columns": ["iccid"]})
    assert again["saveView"]["view"]["id"] == saved["id"]
    use = "query ($filter: SimFilter, $order: SimOrder) { sims(filter: $filter, orderBy: $order) { totalCount } }"
    assert (await read(world.owner, use, filter=saved["filter"], order=saved["orderBy"]))["sims"]["totalCount"] == 1
    assert [each["columns"] for each in (await read(world.owner, "{ savedViews { columns } }"))["savedViews"]] == [
        ["iccid"]
    ]
    assert (await read(world.manager, "{ savedViews { name } }"))["savedViews"] == []
    wrongs: tuple[dict[str, object], ...] = (
        {"columns": []},
        {"columns": ["a", "a"]},
        {"columns": ["a b"]},
        {"name": " "},
    )
    for wrong in wrongs:
        refused = (await read(world.owner, save, input=view | wrong))["saveView"]
        assert [error["code"] for error in refused["userErrors"]] == ["INVALID_VALUE"]
    delete = "mutation ($id: ID!) { deleteView(id: $id) { view { name } userErrors { code } } }"
    assert (await read(world.manager, delete, id=saved["id"]))["deleteView"]["userErrors"] == [{"code": "NOT_FOUND"}]
    assert (await read(world.owner, delete, id=saved["id"]))["deleteView"]["view"]["name"] == "заблокированные"
    assert (await read(world.owner, "{ me { savedViews { name } } }"))["me"]["savedViews"] == []


async def test_a_token_from_making_to_deleting(world: TwoCompanies, read: Ask) -> None:
    made = (await read(world.owner, CREATE, input={"name": "ERP", "scopes": ["SIMS_READ", "BILLING_READ"]}))[
        "createAccessToken"
    ]
    token, secret = made["accessToken"], made["secret"]
    assert secret.startswith(token["prefix"]) and len(secret) > 40
    assert token["scopes"] == ["SIMS_READ", "BILLING_READ"]
    stored = await AccessToken.get(name="ERP")
    assert abs(stored.expires_at - stored.created_at - timedelta(days=36_525)) < timedelta(seconds=5)
    assert secret not in str(stored.__dict__)
    listed = (await read(world.owner, "{ accessTokens { name prefix } }"))["accessTokens"]
    assert {"name": "ERP", "prefix": token["prefix"]} in listed
    assert (await read(world.manager, "{ accessTokens { name } }"))["accessTokens"] == [{"name": "test"}]
    assert await authenticate(secret) is not None
    delete = "mutation ($id: ID!) { deleteAccessToken(id: $id) { accessToken { name } secret userErrors { code } } }"
    other = (await read(world.other_owner, delete, id=token["id"]))["deleteAccessToken"]
    assert other["userErrors"] == [{"code": "NOT_FOUND"}]
    assert (await read(world.owner, delete, id=token["id"]))["deleteAccessToken"]["accessToken"] == {"name": "ERP"}
    assert await authenticate(secret) is None
    actions = [entry.action for entry in await AuditEntry.all().order_by("id")]
    assert actions == ["token.created", "token.deleted"]
    assert secret not in str([entry.__dict__ for entry in await AuditEntry.all()])


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"scopes": []}, "INVALID_VALUE"),
        ({"name": ""}, "INVALID_VALUE"),
        ({"expiresAt": "2020-01-01T00:00:00Z"}, "INVALID_VALUE"),
        ({"expiresAt": "2200-01-01T00:00:00Z"}, "INVALID_VALUE"),
        ({"groupIds": []}, "INVALID_VALUE"),
        ({"groupIds": ["U2ltR3JvdXA6OTk5"]}, "NOT_FOUND"),
        ({"groupIds": ["U2ltOjE="]}, "INVALID_ID"),
        ({"groupIds": ["U2ltR3JvdXA6MQ=="], "scopes": ["BILLING_READ"]}, "INVALID_VALUE"),
    ],
)
async def test_tokens_that_cannot_be(world: TwoCompanies, read: Ask, given: dict[str, object], code: str) -> None:
    refused = (await read(world.owner, CREATE, input={"name": "X", "scopes": ["SIMS_READ"]} | given))[
        "createAccessToken"
    ]
    assert (refused["secret"], [error["code"] for error in refused["userErrors"]]) == (None, [code])
    assert await AccessToken.filter(name="X").count() == 0


async def test_a_token_for_groups_is_made_and_reaches_only_them(
    world: TwoCompanies, read: Ask, endpoint_of_the_schema: Endpoint
) -> None:
    [group] = (await read(world.owner, "{ groups { nodes { id } } }"))["groups"]["nodes"]
    made = await read(world.owner, CREATE, input={"name": "G", "scopes": ["SIMS_READ"], "groupIds": [group["id"]]})
    assert made["createAccessToken"]["accessToken"]["groupIds"] == [group["id"]]
    answer = await endpoint_of_the_schema.as_(made["createAccessToken"]["secret"]).post(
        {"query": "{ sims { totalCount } }"}
    )
    assert answer.json()["data"]["sims"]["totalCount"] == 2


async def test_no_token_makes_a_stronger_one(world: TwoCompanies, read: Ask) -> None:
    narrow = await with_token(world.owner, [Scope.ADMIN])
    refused = (await read(narrow, CREATE, input={"name": "X", "scopes": ["SIMS_READ"]}))["createAccessToken"]
    assert [error["code"] for error in refused["userErrors"]] == ["FORBIDDEN"]


async def test_a_token_is_shown_again_only_after_the_password(world: TwoCompanies, read: Ask) -> None:
    await give_password(world.owner)
    made = (await read(world.owner, CREATE, input={"name": "ERP", "scopes": ["SIMS_READ"]}))["createAccessToken"]
    wrong = await read(world.owner, REISSUE, id=made["accessToken"]["id"], password="not mine at all")
    assert wrong["reissueAccessToken"] == {
        "secret": None,
        "accessToken": None,
        "userErrors": [{"code": "WRONG_CREDENTIALS"}],
    }
    assert await authenticate(made["secret"]) is not None
    shown = (await read(world.owner, REISSUE, id=made["accessToken"]["id"], password=PASSWORD))["reissueAccessToken"]
    assert shown["accessToken"]["expiresAt"] == made["accessToken"]["expiresAt"]
    assert await authenticate(made["secret"]) is None
    again = await authenticate(shown["secret"])
    assert again is not None and again.scopes == {"sims:read"}
    [entry] = await AuditEntry.filter(action="token.shown")
    assert entry.user_id == world.owner.user.id


async def test_an_expired_token_is_refused(world: TwoCompanies, read: Ask) -> None:
    soon = (clock.now() + timedelta(hours=1)).isoformat()
    made = (await read(world.owner, CREATE, input={"name": "X", "scopes": ["SIMS_READ"], "expiresAt": soon}))[
        "createAccessToken"
    ]
    assert await authenticate(made["secret"]) is not None
    clock.shift_to(timedelta(hours=1, seconds=1))
    assert await authenticate(made["secret"]) is None


async def test_last_use_is_known_and_changes_nobodys_access(
    world: TwoCompanies, endpoint_of_the_schema: Endpoint, read: Ask
) -> None:
    await record_uses()
    with as_system():
        await TokenUse.all().delete()  # what stories before this one left in the memory of the process
        before = await fetch_value("SELECT version FROM catalogue_version WHERE name = 'access'")
        for _ in range(3):
            await endpoint_of_the_schema.as_(world.owner.token).post(
                {"query": "{ sims(first: 1) { nodes { iccid } } }"}
            )
        assert await record_uses() == 1
        assert await record_uses() == 0
        [use] = await TokenUse.all()
        assert await fetch_value("SELECT version FROM catalogue_version WHERE name = 'access'") == before
    assert use.last_used_from == "127.0.0.1"
    [token] = (await read(world.owner, "{ accessTokens { lastUsedAt lastUsedFrom } }"))["accessTokens"]
    assert token["lastUsedFrom"] == "127.0.0.1" and token["lastUsedAt"] is not None
