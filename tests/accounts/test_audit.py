"""Every mutation is in the audit, and nothing ever leaves it."""

from __future__ import annotations

import re
from pathlib import Path

import asyncpg
import pytest

from domain.operations import OperationKind
from models.database import connection_arguments, execute
from models.tenancy import as_system
from resolvers.auth_schema import build_auth_schema
from resolvers.schema import build_schema
from services.audit.record import record
from tests.worlds import TwoCompanies

ROOT = Path(__file__).resolve().parents[2]

OPERATIONS = {
    **{
        name: f"operation.accepted.{kind}"
        for name, kind in {
            "lockSims": "lock",
            "unlockSims": "unlock",
            "cancelLocation": "cancel_location",
            "setLimit": "set_limit",
            "changePackage": "change_package",
            "reconnectPackage": "reconnect_package",
            "setRoaming": "set_roaming",
            "renameSim": "rename",
            "renameSims": "rename",
            "assignGroups": "assign_groups",
            "moveSims": "move",
            "setViolationLock": "set_violation_lock",
            "liftViolationLock": "lift_violation_lock",
        }.items()
    }
}
ACTIONS = {
    "cancelOperation": "operation.cancelled",
    "retryFailedItems": "operation.retried",
    "createGroup": "group.created",
    "renameGroup": "group.renamed",
    "deleteGroup": "group.deleted",
    "contactSupport": "support.contacted",
    "updateProfile": "user.changed",
    "changePassword": "password.changed",
    "endSession": "session.ended",
    "logOutEverywhere": "session.ended_everywhere",
    "saveView": "view.saved",
    "deleteView": "view.deleted",
    "createAccessToken": "token.created",
    "deleteAccessToken": "token.deleted",
    "reissueAccessToken": "token.shown",
    "createCompany": "company.created",
    "updateCompany": "company.changed",
    "setCompanyState": "company.approved",
    "assignAgent": "company.agent_changed",
    "createAgent": "agent.created",
    "inviteUser": "user.invited",
    "inviteUserAgain": "user.invited_again",
    "changeUserRole": "user.role_changed",
    "disableUser": "user.disabled",
    "enableUser": "user.enabled",
    "setNotificationPreferences": "preferences.changed",
    "runBilling": "billing.run",
    "issueCreditNote": "invoice.credited",
    "decideExchangeRate": "exchange_rate.decided",
    "setLegalEntity": "legal_entity.changed",
    "setRoundingQuantum": "rounding_quantum.set",
    "sendMessageAgain": "message.sent_again",
    "settleMessage": "message.settled",
    "acceptCalendarYear": "calendar_year.accepted",
    "requestExport": "export.requested",
    "runSavedReport": "export.requested",
    "deleteDownload": "export.deleted",
    "saveReport": "saved_report.created",
    "deleteSavedReport": "saved_report.deleted",
    "assignPayment": "payment.assigned",
    "reversePayment": "payment.reversed",
    "dismissPayment": "payment.dismissed",
    "takeUpPayment": "payment.taken_up",
    "dunningRun": "dunning.run",
    "grantPaymentPromise": "promise.granted",
    "importBankStatement": "statement.imported",
    "uploadPaymentOrder": "payment_order.uploaded",
    "setDepositLevels": "deposit.levels_set",
    "topUpDeposit": "deposit.topped_up",
    "register": "company.registered",
    "confirmEmail": "email.confirmed",
    "logIn": "session.opened",
    "logOut": "session.ended",
    "requestPasswordReset": "password.reset_requested",
    "resetPassword": "password.changed",
    "acceptInvitation": "password.changed",
}
"""What each mutation writes; that it does is shown by the stories of each."""

ELSEWHERE = {
    "markRead": "says only what its own user has seen",
}
"""Mutations that change nothing that anybody else could see."""


def mutations() -> set[str]:
    main, auth = build_schema()._schema.mutation_type, build_auth_schema()._schema.mutation_type
    assert main is not None and auth is not None
    return {*main.fields, *auth.fields}


def sources() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "services").rglob("*.py"))


def test_each_mutation_has_its_action() -> None:
    known = {*OPERATIONS, *ACTIONS, *ELSEWHERE}
    assert mutations() - known == set()
    assert known - mutations() == set()


@pytest.mark.parametrize("action", sorted(set(ACTIONS.values())))
def test_each_action_is_written_somewhere(action: str) -> None:
    assert re.search(rf'"{re.escape(action)}"', sources())


@pytest.mark.parametrize("action", sorted(set(OPERATIONS.values())))
def test_each_operation_has_a_kind(action: str) -> None:
    assert action.rpartition(".")[2].upper() in OperationKind.__members__


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_entry SET action = 'x'", "DELETE FROM audit_entry", "TRUNCATE audit_entry"]
)
async def test_nothing_changes_or_leaves_even_for_the_owner_of_the_table(
    world: TwoCompanies, database: str, statement: str
) -> None:
    with as_system():
        await record(world.owner.principal, "story.told", "story:1", company_id=world.company.id)
        with pytest.raises(asyncpg.PostgresError):
            await execute(statement)
    owner = await asyncpg.connect(**connection_arguments(database))
    try:
        with pytest.raises(asyncpg.RaiseError, match="append-only"):
            await owner.execute(statement)
        assert await owner.fetchval("SELECT count(*) FROM audit_entry WHERE action = 'story.told'") == 1
    finally:
        await owner.close()
