"""Inputs and answers of mutations about people and companies."""

from __future__ import annotations

from datetime import datetime

import strawberry

from domain.diagnosis_texts import Language
from domain.scopes import Scope
from models.identity import CompanyState, PaymentSystem, UserRole
from schema.company import Agent, Company
from schema.inputs import SimFilterInput, SimOrder
from schema.payloads import UserError
from schema.people import AccessToken, Me, SavedView, User

ERRORS = "Why it was refused; empty when it was not."


@strawberry.input(description="What of one's own card to change; what is left out stays.")
class UpdateProfileInput:
    """Input of `updateProfile`."""

    name: str | None = strawberry.field(default=None, description="The name, 1 to 200 characters.")
    language: Language | None = strawberry.field(default=None, description="The language of mails and documents.")
    time_zone: str | None = strawberry.field(default=None, description="A zone of the IANA database: Asia/Almaty.")
    phone: str | None = strawberry.field(
        default=strawberry.UNSET, description="An international number; null or empty takes it away."
    )


@strawberry.input(description="A new password for the one who asks.")
class ChangePasswordInput:
    """Input of `changePassword`."""

    current_password: str = strawberry.field(description="The one that is good now.")
    new_password: str = strawberry.field(description="At least 10 characters, at most 4,096 bytes.")


@strawberry.input(description="A view of the SIM table to keep.")
class SaveViewInput:
    """Input of `saveView`."""

    name: str = strawberry.field(description="1 to 60 characters; a view of this name is replaced.")
    columns: list[str] = strawberry.field(description="1 to 60 fields of a SIM, in their order, each once.")
    filter: SimFilterInput | None = strawberry.field(default=None, description="Which SIMs.")
    order_by: SimOrder | None = strawberry.field(default=None, description="In which order.")


@strawberry.input(description="A token to make.")
class CreateAccessTokenInput:
    """Input of `createAccessToken`."""

    name: str = strawberry.field(description="1 to 100 characters, to know it by.")
    scopes: list[Scope] = strawberry.field(description="What it is good for; no more than what you came with.")
    group_ids: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="The only groups whose SIMs it reaches, up to 100; then only SIMS_READ, SIMS_WRITE and REPORTS_READ.",
    )
    expires_at: datetime | None = strawberry.field(default=None, description="Until when; a hundred years if left out.")


@strawberry.input(description="A token to issue anew.")
class ReissueAccessTokenInput:
    """Input of `reissueAccessToken`."""

    id: strawberry.ID = strawberry.field(description="The global id of one of your tokens.")
    password: str = strawberry.field(description="Your password, once more.")


@strawberry.input(description="What of a company's card to change; what is left out stays, an empty text takes away.")
class CompanyCardInput:
    """The card of a company."""

    name: str | None = strawberry.field(default=None, description="Its name, 1 to 200 characters.")
    country: str | None = strawberry.field(default=None, description="ISO 3166 alpha-2; it decides who bills.")
    tax_number: str | None = strawberry.field(default=None, description="Up to 40 characters.")
    contract_number: str | None = strawberry.field(default=None, description="Up to 60 characters.")
    responsible_person: str | None = strawberry.field(default=None, description="Up to 200 characters.")
    payment_system: PaymentSystem | None = strawberry.field(default=None, description="When it pays.")
    email: str | None = strawberry.field(default=None, description="Where invoices and reminders go.")
    whatsapp: str | None = strawberry.field(default=None, description="An international number for news of invoices.")


@strawberry.input(description="A company to make.")
class CreateCompanyInput(CompanyCardInput):
    """Input of `createCompany`; the name is needed."""


@strawberry.input(description="Which company, and what of its card to change.")
class UpdateCompanyInput(CompanyCardInput):
    """Input of `updateCompany`."""

    id: strawberry.ID = strawberry.field(description="The global id of the company.")


@strawberry.input(description="Which company is approved, closed or opened again.")
class SetCompanyStateInput:
    """Input of `setCompanyState`."""

    id: strawberry.ID = strawberry.field(description="The global id of the company.")
    state: CompanyState = strawberry.field(description="ACTIVE approves a registration or opens again; CLOSED closes.")


@strawberry.input(description="Somebody to invite.")
class InviteUserInput:
    """Input of `inviteUser`."""

    email: str = strawberry.field(description="Where the invitation goes; they log in with it.")
    name: str = strawberry.field(description="Their name; they can change it.")
    role: UserRole = strawberry.field(description="What they may do.")
    language: Language = strawberry.field(default=Language.RU, description="The language of mails to them.")
    company_id: strawberry.ID | None = strawberry.field(
        default=None, description="To which company; only needed by those who see several."
    )
    agent_id: strawberry.ID | None = strawberry.field(default=None, description="To which agent, with the role AGENT.")


@strawberry.input(description="Another role for a user.")
class ChangeUserRoleInput:
    """Input of `changeUserRole`."""

    id: strawberry.ID = strawberry.field(description="The global id of the user.")
    role: UserRole = strawberry.field(description="The role.")


@strawberry.input(description="An agent to make.")
class CreateAgentInput:
    """Input of `createAgent`."""

    name: str = strawberry.field(description="1 to 200 characters, unique.")


@strawberry.input(description="Who looks after a company.")
class AssignAgentInput:
    """Input of `assignAgent`."""

    company_id: strawberry.ID = strawberry.field(description="The global id of the company.")
    agent_id: strawberry.ID | None = strawberry.field(default=None, description="The agent; null for nobody.")


@strawberry.type(description="One's own card as it stands now, or why it was not changed.")
class ProfilePayload:
    """Answer of `updateProfile`."""

    me: Me | None = strawberry.field(description="The card; null on a refusal.")
    user_errors: list[UserError] = strawberry.field(description=ERRORS)


@strawberry.type(description="Whether it was done.")
class DonePayload:
    """Answer of mutations that leave nothing to be shown."""

    ok: bool = strawberry.field(description="Whether it was done.")
    user_errors: list[UserError] = strawberry.field(description=ERRORS)


@strawberry.type(description="How many sessions were ended, or why none.")
class SessionsPayload:
    """Answer of `logOutEverywhere`."""

    ended: int = strawberry.field(description="How many sessions were ended.")
    user_errors: list[UserError] = strawberry.field(description=ERRORS)


@strawberry.type(description="The view that was saved or deleted, or why it was not.")
class SavedViewPayload:
    """Answer of mutations about views."""

    view: SavedView | None = strawberry.field(description="The view; null on a refusal.")
    user_errors: list[UserError] = strawberry.field(description=ERRORS)


@strawberry.type(description="The token that was made, issued anew or deleted, or why it was not.")
class AccessTokenPayload:
    """Answer of mutations about tokens."""

    access_token: AccessToken | None = strawberry.field(description="The token; null on a refusal.")
    secret: str | None = strawberry.field(
        description="What programs send as a bearer. It is shown this once; only a digest is kept."
    )
    user_errors: list[UserError] = strawberry.field(description=ERRORS)


@strawberry.type(description="The company as it stands now, or why it was not changed.")
class CompanyPayload:
    """Answer of mutations about companies."""

    company: Company | None = strawberry.field(description="The company; null on a refusal.")
    user_errors: list[UserError] = strawberry.field(description=ERRORS)


@strawberry.type(description="The user as they stand now, or why nothing was changed.")
class UserPayload:
    """Answer of mutations about users."""

    user: User | None = strawberry.field(description="The user; null on a refusal.")
    user_errors: list[UserError] = strawberry.field(description=ERRORS)


@strawberry.type(description="The agent that was made, or why it was not.")
class AgentPayload:
    """Answer of `createAgent`."""

    agent: Agent | None = strawberry.field(description="The agent; null on a refusal.")
    user_errors: list[UserError] = strawberry.field(description=ERRORS)
