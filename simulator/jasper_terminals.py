"""Contents of the SOAP answers about terminals, in the element order of the operator's schema.

Megabytes are 1,000,000 bytes and kilobytes 1,000 bytes.
"""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, date, datetime

from simulator import packages
from simulator.clock import month_start, next_month_start
from simulator.engine import Engine
from simulator.faults import Fault
from simulator.networks import NETWORKS
from simulator.packages import BYTES_PER_MB, RENEWAL_NAMES
from simulator.sim import Session, Sim
from simulator.soap_xml import element, soap_time

BYTES_PER_KB = 1_000
DETAILS_PER_PAGE = 50

_EMPTY_TAIL = (
    "".join(f"<customerCustom{number}/>" for number in range(1, 6))
    + "".join(f"<operatorCustom{number}/>" for number in range(1, 6))
)  # fmt: skip
_LATER_CUSTOM = "".join(f"<custom{number}/>" for number in range(4, 11))


def registration(sim: Sim) -> str:
    """The latest registration; only the IMSI when there never was one."""
    if not sim.registered_at:
        return f"<registrationInfo>{element('imsi', sim.imsi)}</registrationInfo>"
    network = NETWORKS[sim.network]
    return (
        f"<registrationInfo>{element('imsi', sim.imsi)}{element('gtAddr', network.plmn)}<sgsn>true</sgsn>"
        f"<vlr>true</vlr><msc>true</msc>{element('eventDate', soap_time(sim.registered_at))}"
        f"{element('carrierName', network.operator)}</registrationInfo>"
    )


def session_info(sims: Sequence[Sim]) -> str:
    """Current or last session of each SIM; SIMs that never had one are left out."""
    return f"<sessionInfo>{''.join(_session(sim) for sim in sims)}</sessionInfo>"


def _session(sim: Sim) -> str:
    session = sim.last_session
    if session is None:
        return ""
    ended = (
        element("dateSessionEnded", soap_time(session.ended)) if session.ended else '<dateSessionEnded xsi:nil="true"/>'
    )
    return (
        f"<session>{element('iccid', sim.iccid)}{element('ipAddress', sim.ip_address)}"
        f"{element('dateSessionStarted', soap_time(session.started))}{ended}</session>"
    )


def details(sims: Sequence[Sim], now: float, account_id: int) -> str:
    """The terminals as the operator keeps them."""
    begin = month_start(now)
    return f"<terminals>{''.join(_terminal(sim, now, begin, account_id) for sim in sims)}</terminals>"


def _terminal(sim: Sim, now: float, begin: float, account_id: int) -> str:
    megabytes = f"{sim.month_bytes(begin, now) / BYTES_PER_MB:.3f}"
    plan = sim.package.plan if sim.package is not None else ""
    sessions = sum((session.ended or now) > begin for session in sim.sessions)
    return (
        f'<terminal msisdn="{sim.msisdn}">{element("iccid", sim.iccid)}<suspended>N</suspended>'
        f"{element('ratePlan', plan)}{element('status', sim.status)}{element('monthToDateUsage', megabytes)}"
        "<overageLimitReached>false</overageLimitReached><overageLimitOverride>DEFAULT</overageLimitOverride>"
        f"{element('dateActivated', soap_time(sim.activated_at))}{element('dateAdded', soap_time(sim.created_at))}"
        f"{element('dateModified', soap_time(sim.modified_at))}{element('monthToDateDataUsage', megabytes)}"
        "<monthToDateSMSUsage>0</monthToDateSMSUsage><monthToDateVoiceUsage>0</monthToDateVoiceUsage><secureSimId/>"
        f"<custom1/><custom2/><custom3/>{_rating(sim, now)}<secureSimUsernameCopyRule>N</secureSimUsernameCopyRule>"
        f"<secureSimPasswordCopyRule>N</secureSimPasswordCopyRule>{element('accountId', account_id)}"
        f'<fixedIpAddress xsi:nil="true"/>{element("ctdSessionCount", sessions)}{_EMPTY_TAIL}'
        f"{element('imsi', sim.imsi)}<version>1</version>{_LATER_CUSTOM}</terminal>"
    )


def _rating(sim: Sim, now: float) -> str:
    package = sim.package
    if package is None or not package.term_end:
        return "<rating/>"
    included = packages.plan_megabytes(package.plan) or 0
    remaining = packages.remaining_bytes(sim, package, now) / BYTES_PER_MB
    next_plan = package.queue[0] if package.queue else package.renewal_plan or None
    policy = RENEWAL_NAMES["N" if package.queue else package.renewal]
    return (
        f"<rating>{element('termStartDate', soap_time(package.term_start))}"
        f"{element('termEndDate', soap_time(package.term_end))}{element('renewalPolicy', policy)}"
        f"{element('renewalRatePlan', next_plan)}{element('totalPrimaryIncludedData', included)}"
        f"{element('primaryDataRemaining', f'{remaining:.3f}')}</rating>"
    )


def modified_since(engine: Engine, since: float, state: str) -> str:
    """All ICCIDs modified after `since` (not at it), oldest first, of one state when given."""
    first = bisect_right(engine.modified, (since, len(engine.sims)))
    chosen = (engine.sims[index] for _, index in engine.modified[first:])
    if state:
        chosen = (sim for sim in chosen if sim.status.replace("_", "") == state)
    return f"<iccids>{''.join(f'<iccid>{sim.iccid}</iccid>' for sim in chosen)}</iccids>"


def usage_details(engine: Engine, sim: Sim, cycle: date, page: int, fault: Fault | None) -> str:
    """The data sessions that began in the month of `cycle`, oldest first, 50 a page (pages from 1)."""
    begin = month_start(datetime(cycle.year, cycle.month, cycle.day, tzinfo=UTC).timestamp())
    end, now = next_month_start(begin), engine.clock.now()
    rows = [session for session in sim.sessions if begin <= session.started < end]
    if fault is not None and fault.fault == "late_records":
        rows = [session for session in rows if session.started < now - fault.seconds]
    if fault is not None and fault.fault == "duplicate_records":
        rows = [session for session in rows for _ in range(2)]
    pages = (len(rows) + DETAILS_PER_PAGE - 1) // DETAILS_PER_PAGE
    shown = rows[(page - 1) * DETAILS_PER_PAGE : page * DETAILS_PER_PAGE] if page > 0 else []
    cycle_text = datetime.fromtimestamp(begin, UTC).date().isoformat()
    listed = "".join(_usage_detail(sim, session, cycle_text, now) for session in shown)
    return f"<usageDetails>{listed}</usageDetails>{element('totalPages', pages)}"


def _usage_detail(sim: Sim, session: Session, cycle: str, now: float) -> str:
    network = NETWORKS[session.network]
    kilobytes = sum(session.volume(now)) / BYTES_PER_KB
    return (
        f"<usageDetail>{element('iccid', sim.iccid)}{element('cycleStartDate', cycle)}<billable>true</billable>"
        f"{element('zone', 'mega' if network.wide_only else 'lite')}"
        f"{element('sessionStartTime', soap_time(session.started))}{element('duration', session.seconds(now))}"
        f"{element('dataVolume', f'{kilobytes:.3f}')}{element('countryCode', network.country_code)}"
        "<serviceType>Standard</serviceType></usageDetail>"
    )
