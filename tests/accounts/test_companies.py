"""Companies, their users, agents: who sees whom, and who changes what."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from access import authenticate
from domain.clock import clock
from models import Agent, AuditEntry, Company, User, UserRole
from tests.graphql.conftest import Ask
from tests.worlds import Login, TwoCompanies, add_login

UPDATE = """mutation ($input: UpdateCompanyInput!) { updateCompany(input: $input) {
  company { name taxNumber whatsapp paymentSystem } userErrors { code path } } }"""
ROLE = """mutation ($id: ID!, $role: UserRole!) { changeUserRole(input: {id: $id, role: $role}) {
  user { role } userErrors { code } } }"""
DISABLE = "mutation ($id: ID!) { disableUser(id: $id) { user { isDisabled } userErrors { code } } }"
ENABLE = "mutation ($id: ID!) { enableUser(id: $id) { user { isDisabled } userErrors { code } } }"
INVITE = """mutation ($input: InviteUserInput!) { inviteUser(input: $input) { user { id role } userErrors { code path } } }"""


@dataclass(frozen=True)
class Agency:
    """An agent who looks after Astana, and an administrator of the platform."""

    agent: Agent
    reseller: Login
    admin: Login


@pytest.fixture
async def agency(world: TwoCompanies) -> Agency:
    agent = await Agent.create(name="Степь Партнёр", created_at=clock.now())
    await Company.filter(id=world.company.id).update(agent_id=agent.id)
    reseller = await add_login(None, UserRole.AGENT, "Roza Reseller")
    await User.filter(id=reseller.user.id).update(agent_id=agent.id)
    principal = await authenticate(reseller.token)
    assert principal is not None
    return Agency(
        agent, Login(reseller.user, reseller.token, principal), await add_login(None, UserRole.ADMIN, "Adam Admin")
    )


async def id_of(read: Ask, login: Login, name: str) -> str:
    users = (await read(login, "{ users { nodes { id name } } }"))["users"]["nodes"]
    return str(next(user["id"] for user in users if user["name"] == name))


async def company_of(read: Ask, login: Login, name: str = "Astana Telematics") -> str:
    found = (await read(login, "query ($s: String) { companies(search: $s) { nodes { id } } }", s=name))["companies"]
    return str(found["nodes"][0]["id"])


async def test_a_customer_reads_the_card_and_staff_and_agent_change_it(
    world: TwoCompanies, agency: Agency, read: Ask
) -> None:
    company = await company_of(read, world.owner)
    card = {"taxNumber": "987654321", "whatsapp": "+7 701 000-00-01", "paymentSystem": "PREPAID"}
    for login, allowed in ((world.owner, False), (world.manager, False), (world.staff, True), (agency.reseller, True)):
        answer = (await read(login, UPDATE, input={"id": company} | card))["updateCompany"]
        assert (answer["userErrors"] == []) is allowed
    read_card = """query ($id: ID!) { company(id: $id) {
      taxNumber whatsapp paymentSystem state legalEntity { name } agent { name } } }"""
    shown = (await read(world.viewer, read_card, id=company))["company"]
    assert (shown["taxNumber"], shown["whatsapp"], shown["paymentSystem"]) == ("987654321", "77010000001", "PREPAID")
    assert shown["agent"] == {"name": "Степь Партнёр"}
    other = await company_of(read, world.staff, "Almaty Taxi")
    assert (await read(world.owner, read_card, id=other))["company"] is None
    refused = (await read(agency.reseller, UPDATE, input={"id": other} | card))["updateCompany"]
    assert refused["userErrors"] == [{"code": "NOT_FOUND", "path": ["input", "id"]}]
    [entry] = await AuditEntry.filter(action="company.changed")
    assert (entry.before, entry.user_id) == (
        {"tax_number": None, "whatsapp": None, "payment_system": "POSTPAID"},
        world.staff.user.id,
    )


async def test_the_agents_panel(world: TwoCompanies, agency: Agency, read: Ask) -> None:
    panel = """{ companies { totalCount nodes { name simCount lockedSimCount debts { currency amount } } }
      sims { totalCount } agents { name } }"""
    seen = await read(agency.reseller, panel)
    assert seen["companies"] == {
        "totalCount": 1,
        "nodes": [{"name": "Astana Telematics", "simCount": 6, "lockedSimCount": 2, "debts": []}],
    }
    assert (seen["sims"]["totalCount"], seen["agents"]) == (6, [{"name": "Степь Партнёр"}])
    assert (await read(world.staff, panel))["companies"]["totalCount"] == 2
    assert (await read(world.owner, panel))["agents"] == []


async def test_a_company_that_comes_or_goes_is_seen_at_once(world: TwoCompanies, agency: Agency, read: Ask) -> None:
    assign = """mutation ($company: ID!, $agent: ID) { assignAgent(input: {companyId: $company, agentId: $agent}) {
      company { agent { name } } userErrors { code } } }"""
    other = await company_of(read, world.staff, "Almaty Taxi")
    agent = (await read(world.staff, "{ agents { id } }"))["agents"][0]["id"]
    for login in (world.staff, agency.reseller, world.owner):
        refused = (await read(login, assign, company=other, agent=agent))["assignAgent"]
        assert refused["userErrors"] == [{"code": "FORBIDDEN"}]
    given = (await read(agency.admin, assign, company=other, agent=agent))["assignAgent"]
    assert given["company"] == {"agent": {"name": "Степь Партнёр"}}
    again = await authenticate(agency.reseller.token)
    assert again is not None and set(again.company_ids or ()) == {world.company.id, world.other_company.id}
    assert again.permission_class != agency.reseller.principal.permission_class
    await read(agency.admin, assign, company=other, agent=None)
    again = await authenticate(agency.reseller.token)
    assert again is not None and again.company_ids == (world.company.id,)


async def test_an_agent_makes_companies_of_its_own(world: TwoCompanies, agency: Agency, read: Ask) -> None:
    create = """mutation ($name: String) { createCompany(input: {name: $name, taxNumber: "1"}) {
      company { id state name } userErrors { code } } }"""
    made = (await read(agency.reseller, create, name="Новая"))["createCompany"]["company"]
    assert (made["state"], made["name"]) == ("ACTIVE", "Новая")
    again = await authenticate(agency.reseller.token)
    assert again is not None
    reseller = Login(agency.reseller.user, agency.reseller.token, again)
    assert (await read(reseller, "{ companies { totalCount } }"))["companies"]["totalCount"] == 2
    invited = await read(
        reseller, INVITE, input={"email": "boss@example.com", "name": "Boss", "role": "OWNER", "companyId": made["id"]}
    )
    assert invited["inviteUser"]["user"]["role"] == "OWNER"
    assert (await read(world.owner, create, name="X"))["createCompany"]["userErrors"] == [{"code": "FORBIDDEN"}]
    assert (await read(reseller, create, name=None))["createCompany"]["userErrors"] == [{"code": "INVALID_VALUE"}]


async def test_users_see_those_of_their_company(world: TwoCompanies, agency: Agency, read: Ask) -> None:
    listed = "{ users { totalCount nodes { name role email isInvited company { name } } } }"
    seen = (await read(world.viewer, listed))["users"]
    assert seen["totalCount"] == 3
    assert [user["name"] for user in seen["nodes"]] == ["Marat Manager", "Olga Owner", "Vera Viewer"]
    assert (await read(agency.reseller, listed))["users"]["totalCount"] == 4
    assert (await read(world.staff, listed))["users"]["totalCount"] == 7


async def test_roles_change_and_the_last_owner_stays(world: TwoCompanies, read: Ask) -> None:
    owner, manager = await id_of(read, world.owner, "Olga Owner"), await id_of(read, world.owner, "Marat Manager")
    for document in (ROLE, DISABLE):
        [answer] = (
            await read(world.staff, document, id=owner, **({"role": "VIEWER"} if document is ROLE else {}))
        ).values()
        assert answer["userErrors"] == [{"code": "LAST_OWNER"}]
    assert (await read(world.manager, ROLE, id=manager, role="OWNER"))["changeUserRole"]["userErrors"] == [
        {"code": "FORBIDDEN"}
    ]
    assert (await read(world.owner, ROLE, id=manager, role="STAFF"))["changeUserRole"]["userErrors"] == [
        {"code": "INVALID_VALUE"}
    ]
    assert (await read(world.owner, ROLE, id=manager, role="OWNER"))["changeUserRole"]["user"] == {"role": "OWNER"}
    answers = await asyncio.gather(
        read(world.staff, ROLE, id=owner, role="VIEWER"), read(world.staff, ROLE, id=manager, role="VIEWER")
    )
    refusals = [error["code"] for answer in answers for error in answer["changeUserRole"]["userErrors"]]
    assert refusals == ["LAST_OWNER"], "two at one moment leave one owner"
    assert await User.filter(company_id=world.company.id, role="OWNER").count() == 1


async def test_a_disabled_user_is_out_at_once_and_can_come_back(world: TwoCompanies, read: Ask) -> None:
    viewer = await id_of(read, world.owner, "Vera Viewer")
    own = await id_of(read, world.owner, "Olga Owner")
    assert (await read(world.owner, DISABLE, id=own))["disableUser"]["userErrors"] == [{"code": "FORBIDDEN"}]
    assert (await read(world.owner, DISABLE, id=viewer))["disableUser"]["user"] == {"isDisabled": True}
    assert await authenticate(world.viewer.token) is None
    assert (await read(world.owner, ENABLE, id=viewer))["enableUser"]["user"] == {"isDisabled": False}
    assert await authenticate(world.viewer.token) is not None


async def test_another_companys_user_is_as_if_there_were_none(world: TwoCompanies, agency: Agency, read: Ask) -> None:
    other = await id_of(read, world.staff, "Oleg Other")
    staff = await id_of(read, world.staff, "Saule Staff")
    for login in (world.owner, agency.reseller):
        for document, more in ((ROLE, {"role": "VIEWER"}), (DISABLE, {}), (ENABLE, {})):
            for id in (other, staff, "VXNlcjo5OTk5"):
                [answer] = (await read(login, document, id=id, **more)).values()
                assert answer["userErrors"] == [{"code": "NOT_FOUND"}]


@pytest.mark.parametrize(
    ("who", "role", "code"),
    [
        ("owner", "STAFF", "FORBIDDEN"),
        ("owner", "AGENT", "FORBIDDEN"),
        ("manager", "VIEWER", "FORBIDDEN"),
        ("viewer", "VIEWER", "FORBIDDEN"),
        ("staff", "ADMIN", "FORBIDDEN"),
        ("staff", "VIEWER", "INVALID_VALUE"),
    ],
)
async def test_who_may_not_invite(world: TwoCompanies, read: Ask, who: str, role: str, code: str) -> None:
    asked = {"email": "new@example.com", "name": "New", "role": role}
    answer = (await read(getattr(world, who), INVITE, input=asked))["inviteUser"]
    assert [error["code"] for error in answer["userErrors"]] == [code]
    assert await User.filter(email="new@example.com").count() == 0


async def test_administrators_make_staff_and_agents(world: TwoCompanies, agency: Agency, read: Ask) -> None:
    create = "mutation ($name: String!) { createAgent(input: {name: $name}) { agent { id name } userErrors { code } } }"
    assert (await read(world.staff, create, name="X"))["createAgent"]["userErrors"] == [{"code": "FORBIDDEN"}]
    agent = (await read(agency.admin, create, name="Алтай"))["createAgent"]["agent"]
    assert (await read(agency.admin, create, name="Алтай"))["createAgent"]["userErrors"] == [{"code": "ALREADY_EXISTS"}]
    for asked in ({"role": "AGENT", "agentId": agent["id"]}, {"role": "STAFF"}, {"role": "ADMIN"}):
        email = f"{asked['role'].lower()}@example.com"
        made = (await read(agency.admin, INVITE, input={"email": email, "name": "N"} | asked))["inviteUser"]
        assert made["user"]["role"] == asked["role"], made
    wrong = {"email": "w@example.com", "name": "N", "role": "AGENT"}
    assert (await read(agency.admin, INVITE, input=wrong))["inviteUser"]["userErrors"][0]["code"] == "INVALID_VALUE"


async def test_the_audit_tells_owners_and_staff_who_did_what(
    world: TwoCompanies, agency: Agency, read: Ask, ask: Ask
) -> None:
    company = await company_of(read, agency.reseller)
    await read(agency.reseller, UPDATE, input={"id": company, "taxNumber": "42"})
    await read(world.owner, 'mutation { createGroup(input: {name: "Новая"}) { group { id } } }')
    await read(world.other_owner, 'mutation { createGroup(input: {name: "Чужая"}) { group { id } } }')
    log = """query ($filter: AuditFilter) { auditLog(filter: $filter) { totalCount nodes {
      action subject before after actor { name actingFor { name } } company { name } } } }"""
    seen = (await read(world.owner, log))["auditLog"]
    assert [entry["action"] for entry in seen["nodes"]] == ["group.created", "company.changed"]
    assert seen["totalCount"] == 2
    change = seen["nodes"][1]
    assert change["actor"] == {"name": "Roza Reseller", "actingFor": {"name": "Степь Партнёр"}}
    assert (change["before"], change["after"]) == ({"tax_number": None}, {"tax_number": "42"})
    assert (await read(world.staff, log))["auditLog"]["totalCount"] == 3
    assert (await read(world.staff, log, filter={"action": "company."}))["auditLog"]["totalCount"] == 1
    assert (await read(agency.reseller, log))["auditLog"]["totalCount"] == 2
    for login in (world.manager, world.viewer):
        assert [error["extensions"]["code"] for error in (await ask(login, log))["errors"]] == ["FORBIDDEN"]
