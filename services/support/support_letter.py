"""What a mail to technical support says: who writes, about which SIM, and all that is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC

import orjson

from access import Principal
from domain.diagnosis_texts import NEXT_ACTIONS, TITLES, Language, evidence
from models.database import fetch_row
from services.diagnosis.diagnose_sim import SimDiagnosis, diagnose_sim
from services.fleet.sim_relations import locks_of_sims
from services.fleet.sim_rows import SimRow

_WRITER = """
SELECT u.email, u.name, c.id AS company_id, c.name AS company FROM user_account u
LEFT JOIN company c ON c.id = coalesce($2::bigint, u.company_id) WHERE u.id = $1
"""

_FACTS = """
SELECT p.code AS profile, s.iccid, s.imsi, s.msisdn, s.external_msisdn, s.name, s.observed_status, s.native_status,
  s.observed_blocked, s.observed_at, s.session_active, s.session_started_at, s.session_ended_at, s.session_as_of,
  s.registered_at, s.registration_network, s.registration_country, s.registration_plmn, s.registration_as_of, s.msu_count,
  s.msu_as_of, s.limit_mb, s.limit_used_bytes, s.limit_reached_at, s.package_plan, s.package_mb,
  s.package_remaining_bytes, s.package_ends_at, s.auto_reconnect, s.roaming, s.roaming_change_until,
  s.reset_accepted_at, s.left_operator_at
FROM sim s JOIN profile p ON p.id = s.profile_id WHERE s.id = $1
"""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail without its recipient. `company_id` is that of the SIM, else the writer's; `attachments` are texts by file name."""

    company_id: int | None
    reply_to: str
    subject: str
    body: str
    text: str
    attachments: Mapping[str, str]


async def compose_letter(principal: Principal, sim: SimRow | None, text: str) -> Letter:
    """The letter of a user who may see the SIM. It is diagnosed first: up to ten seconds."""
    writer = await fetch_row(_WRITER, principal.user_id, sim.company_id if sim else None)
    assert writer is not None
    company = writer["company"] or "NovaConnect"
    about = f"SIM {sim.iccid}" if sim else "a question"
    lines = [f"From: {writer['name']} <{writer['email']}>, {principal.role.value.lower()}", f"Company: {company}"]
    if sim:
        lines += [
            f"SIM: {sim.iccid}{f' ({sim.name})' if sim.name else ''}",
            "Its diagnosis and what is known of it are attached.",
        ]
    return Letter(
        company_id=writer["company_id"],
        reply_to=writer["email"],
        subject=_one_line(f"[NovaConnect] {company}: {about}"),
        body="\n".join([*lines, "", text, ""]),
        text=text,
        attachments=await _attachments(principal, sim) if sim else {},
    )


async def _attachments(principal: Principal, sim: SimRow) -> dict[str, str]:
    diagnosis = await diagnose_sim(principal, sim.id)
    files = {"diagnosis.txt": _in_words(diagnosis)} if diagnosis else {}
    # After the diagnosis, which has read the SIM afresh.
    return files | {"sim.json": await _facts(sim.id)}


def _in_words(diagnosis: SimDiagnosis) -> str:
    """The diagnosis in English, then in Russian."""
    return "\n\n".join(_in_language(diagnosis, language) for language in (Language.EN, Language.RU))


def _in_language(diagnosis: SimDiagnosis, language: Language) -> str:
    lines = [f"{diagnosis.finding.value}: {NEXT_ACTIONS[diagnosis.finding][language]}"]
    for step in diagnosis.steps:
        age = f" [{step.as_of.astimezone(UTC):%Y-%m-%d %H:%M} UTC]" if step.as_of else ""
        lines.append(f"- {TITLES[step.step][language]}: {step.verdict.value}. {evidence(step, language)}{age}")
    if diagnosis.reason:
        lines.append(f"({diagnosis.reason})")
    return "\n".join(lines)


async def _facts(sim_id: int) -> str:
    """What is stored of the SIM: times in UTC, empty values for what is not known."""
    record = await fetch_row(_FACTS, sim_id)
    assert record is not None
    locks = (await locks_of_sims([sim_id])).get(sim_id, [])
    return orjson.dumps(dict(record) | {"locks": locks}, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z).decode()


def _one_line(text: str) -> str:
    """A header has no line breaks, and a company's name may be long."""
    return " ".join(text.split())[:200]
