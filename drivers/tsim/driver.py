"""The driver `tsim`: what the host may ask of a TSIM XML gate."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import datetime

from drivers.tsim import capabilities, translation
from drivers.tsim.answers import AlreadyStands, row_of
from drivers.tsim.inventory import TsimInventory
from drivers.tsim.live import TsimLive
from drivers.tsim.records import TsimRecords
from drivers.tsim.settings import TsimSettings, parse
from drivers.tsim.wire import TsimWire
from novaconnect_sdk import (
    ALL_LIVE_PARTS,
    Accepted,
    Action,
    AnswerLost,
    AnswerUnreadable,
    CallOrMessageRecord,
    Capability,
    Confirmation,
    Done,
    DriverContext,
    DriverError,
    InvalidRequest,
    LivePart,
    LiveReading,
    NotSent,
    OperatorLimits,
    RecordPage,
    SessionRecord,
    Settings,
    SimPage,
    SimRecord,
    SimRef,
    TransitionRefused,
    Unsupported,
    WriteResult,
    outcome_of,
)

_ACCEPTED_WORDS = frozenset({"accepted", "ok", "done", "success", "queued"})


def create(settings: Settings, context: DriverContext) -> TsimDriver:
    """Make the driver of one profile; raises `SettingsError` naming what is wrong."""
    return TsimDriver(parse(settings), context)


class TsimDriver:
    """One login of a gate: locks, cancel location, limits, inventory, live state, confirmation and usage records."""

    name = "tsim"

    def __init__(self, settings: TsimSettings, context: DriverContext) -> None:
        self._settings = settings
        self._context = context
        self._wire = TsimWire(settings, context)
        self._inventory = TsimInventory(self._wire, settings, context)
        self._records = TsimRecords(self._wire, self._inventory, settings)
        self._live = TsimLive(self._wire, self._inventory, self._records, settings, context)
        self._capabilities = capabilities.declared(settings)
        self.account_key = settings.account_key
        self.limits = OperatorLimits(
            settings.calls_per_second, settings.max_concurrency, documented=False, call_timeout=settings.call_timeout
        )

    def capabilities(self, sim: SimRef | None = None) -> tuple[Capability, ...]:
        """The same for every SIM of the gate."""
        return self._capabilities

    async def close(self) -> None:
        """Give back connections and open listings."""
        self._inventory.close()
        self._records.close()
        await self._wire.close()

    async def lock(self, sim: SimRef, key: str) -> WriteResult:
        """Block the card. "Already blocked" is done."""
        return await self._outcome(self._set_block(sim, blocked=True))

    async def unlock(self, sim: SimRef, key: str) -> WriteResult:
        """Unblock the card. A block for signalling (MSU) is refused for ever."""
        return await self._outcome(self._set_block(sim, blocked=False))

    async def cancel_location(self, sim: SimRef, key: str) -> WriteResult:
        """Make the network forget the SIM; a data session that begins later confirms it."""
        return await self._outcome(self._cancel_location(sim))

    async def set_limit(self, sim: SimRef, megabytes: int | None, key: str) -> WriteResult:
        """Set the limit of a calendar month, or remove it with None."""
        return await self._outcome(self._set_limit(sim, megabytes))

    async def list_sims(self, cursor: str | None, changed_since: datetime | None) -> SimPage:
        """A page of the one document that holds the whole inventory; the gate cannot tell what changed."""
        return await self._inventory.page(cursor)

    async def read_sim(self, sim: SimRef) -> SimRecord:
        """One card, fresh."""
        return await self._inventory.read(sim)

    async def read_live(self, sim: SimRef, parts: frozenset[LivePart] = ALL_LIVE_PARTS) -> LiveReading:
        """Session, block, signalling counter and limit, each on its own call."""
        return await self._live.read(sim, parts)

    async def confirm(self, sim: SimRef, action: Action, since: datetime) -> Confirmation:
        """A block by the card's state, a cancel location by a data session that began after `since`."""
        if action in (Action.LOCK, Action.UNLOCK):
            state = (await self._inventory.read(sim)).observed
            wanted = action is Action.LOCK
            return Confirmation.CONFIRMED if state.blocked is wanted else Confirmation.NOT_YET
        if action is Action.CANCEL_LOCATION:
            began = await self._live.session_began_after(sim, since)
            return Confirmation.CONFIRMED if began else Confirmation.NOT_YET
        return Confirmation.IMPOSSIBLE

    async def poll(self, handle: str) -> Confirmation:
        """The gate names no requests."""
        return Confirmation.IMPOSSIBLE

    async def iter_sessions(
        self, start: datetime, end: datetime, cursor: str | None, sim: SimRef | None = None
    ) -> RecordPage[SessionRecord]:
        """Data sessions that began in [start, end), by their native session id."""
        return await self._records.sessions(start, end, cursor, sim)

    async def iter_calls_and_messages(
        self, start: datetime, end: datetime, cursor: str | None, sim: SimRef | None = None
    ) -> RecordPage[CallOrMessageRecord]:
        """Calls and text messages in [start, end)."""
        return await self._records.calls_and_messages(start, end, cursor, sim)

    async def _outcome(self, change: Awaitable[WriteResult]) -> WriteResult:
        try:
            return await change
        except DriverError as error:
            return outcome_of(error)

    async def _set_block(self, sim: SimRef, *, blocked: bool) -> WriteResult:
        word = self._settings.block_word if blocked else self._settings.unblock_word
        number = await self._number_before_writing(sim)
        try:
            row = row_of(await self._wire.ask("sblock", onum=number, block=word))
        except AlreadyStands as already:
            if already.blocked is not blocked:
                raise
            row = {"blocked": "true" if blocked else "false"}
        state = translation.observed(row, self._context.now())
        if state.blocked is None:
            raise AnswerUnreadable("The operator's answer does not say whether the SIM is blocked now.")
        if state.blocked is not blocked:
            raise TransitionRefused("The operator left the SIM as it was.")
        return Done(state)

    async def _cancel_location(self, sim: SimRef) -> WriteResult:
        command = self._command(self._settings.commands.cancel_location)
        answer = await self._wire.ask(command, onum=await self._number_before_writing(sim))
        self._require_acceptance(row_of(answer).get("result", ""))
        return Accepted(poll_after=capabilities.FIRST_LOOK, deadline=capabilities.CANCEL_LOCATION_WINDOW)

    async def _set_limit(self, sim: SimRef, megabytes: int | None) -> WriteResult:
        if megabytes is not None and megabytes < 0:
            raise InvalidRequest("A limit cannot be negative.")
        command = self._command(self._settings.commands.set_limit)
        word = self._settings.no_limit_word if megabytes is None else str(megabytes)
        number = await self._number_before_writing(sim)
        answer = await self._wire.ask(command, onum=number, period="month", mb=word)
        self._require_acceptance(row_of(answer).get("result", ""))
        return Done()

    def _command(self, name: str) -> str:
        if not name:
            raise Unsupported("This gate has no command for that.")
        return name

    def _require_acceptance(self, word: str) -> None:
        if word.lower() not in _ACCEPTED_WORDS:
            raise AnswerUnreadable("The operator's answer does not say that the request was taken.")

    async def _number_before_writing(self, sim: SimRef) -> str:
        """The gate's key of the SIM; when it must be looked up and that fails, certainly nothing was changed."""
        try:
            return await self._inventory.number_of(sim)
        except AnswerLost:
            raise NotSent("The SIM's number could not be looked up; nothing was changed.") from None
