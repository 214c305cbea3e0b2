"""Many principals are asked about at once, and the answer is that of asking about each."""

from __future__ import annotations

from datetime import timedelta

import pytest

from access import Principal, Revalidation, is_still_valid
from domain.clock import clock
from models import AccessToken, User, UserRole
from tests.graphql.conftest import queries_of
from tests.worlds import BEGINNING, TwoCompanies


def everybody(world: TwoCompanies) -> list[Principal]:
    logins = (world.owner, world.manager, world.viewer, world.other_owner, world.staff)
    return [login.principal for login in logins]


@pytest.mark.parametrize("change", ["nothing", "revoked", "disabled", "role", "company", "expired"])
@pytest.mark.parametrize("asked_before", [True, False])
async def test_who_ended(world: TwoCompanies, change: str, asked_before: bool) -> None:
    revalidation, principals = Revalidation(), everybody(world)
    if asked_before:
        assert await revalidation.ended(principals) == set()
    user, token = User.filter(id=world.viewer.user.id), AccessToken.filter(user_id=world.viewer.user.id)
    match change:
        case "revoked":
            await token.update(revoked_at=BEGINNING)
        case "disabled":
            await user.update(disabled_at=BEGINNING)
        case "role":
            await user.update(role=UserRole.MANAGER)
        case "company":
            await user.update(company_id=world.other_company.id)
        case "expired":
            await token.update(expires_at=BEGINNING)
    expected = set() if change == "nothing" else {world.viewer.principal}
    assert await revalidation.ended(principals) == expected
    assert {each for each in principals if not await is_still_valid(each)} == expected


async def test_time_alone_ends_access(world: TwoCompanies) -> None:
    revalidation, principals = Revalidation(), everybody(world)
    soon = clock.now() + timedelta(hours=1)
    await AccessToken.filter(user_id=world.owner.user.id).update(expires_at=soon)
    assert await revalidation.ended(principals) == set()
    await AccessToken.filter(user_id=world.staff.user.id).update(expires_at=clock.now())
    assert await revalidation.ended(principals) == {world.staff.principal}
    assert await revalidation.ended([]) == set()


async def test_while_nothing_changes_one_small_question_is_asked(world: TwoCompanies) -> None:
    revalidation, principals = Revalidation(), everybody(world)
    await revalidation.ended(principals)

    async def ask() -> None:
        await revalidation.ended(principals)

    [query] = await queries_of(ask)
    assert "access_token" not in query
