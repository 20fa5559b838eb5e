"""What the owner keeps of a call beside its facts: who is offered it and what was shown."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Literal

from backend.domain.call import Call
from backend.domain.recording_pause import Pauses
from backend.domain.scenario import Device, Scenario
from backend.domain.visits import Way
from backend.services.calls.asked import Asked
from backend.services.calls.transfer import Handover, Transfer
from backend.services.ports import CallbackWanted, Capabilities, StepNote
from backend.services.routing import EmployeeRoute, VirtualNumber
from protocol.phone import StayReason
from protocol.pushes import CallChanged
from protocol.vocabulary import CallState, EmployeeId, LegId

RemovalReason = Literal[
    "answered_elsewhere", "declined", "timed_out", "abandoned", "dismissed", "over"
]


@dataclass(slots=True, kw_only=True)
class Offer:
    """The call rings at one employee's. Gone once taken, declined or timed out."""

    route: EmployeeRoute
    waiting: list[Device]
    """Devices still to be tried, best first."""
    until: float
    """Monotonic second when this employee's ring time is over."""
    ringing: dict[LegId, Device] = field(default_factory=dict)
    """Attempts under way."""
    answering: bool = False
    """The person pressed answer; a device is being told to pick up by itself."""
    timer: asyncio.Task[None] | None = None
    turn_ends: float = 0.0
    """Monotonic second when `timer` ends what rings now."""
    returning: bool = False
    """The page it rang in went, and is waited for."""


@dataclass(slots=True, kw_only=True)
class Move:
    """A voice on its way to another tab (`moving`)."""

    old: LegId
    new: LegId
    by: EmployeeId
    until: float
    """Monotonic second when it has to be there."""
    silent: bool = False
    """The switch lets nobody hear the new leg."""
    sounds: bool = False
    """Its tab said that sound is up."""
    news: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when there may be something to go on with."""


@dataclass(slots=True, kw_only=True)
class Live:
    """A call in the owner's memory, from its first report until its last card is put away."""

    call: Call
    slug: str
    name: str | None = None
    """Who the outside party is, when the local index knew it at once."""
    virtual: VirtualNumber | None = None
    scenario: Scenario | None = None
    """How the called side is rung; an internal call has a small one of its own."""
    step: int = -1
    """Index of the running step; -1 before the first."""
    tried: frozenset[LegId] = frozenset()
    """Legs a gone owner's step has rung: a new owner rings one after another from there on."""
    way: Way | None = None
    """What led the caller here, as far as call tracking knows."""
    tracing: asyncio.Task[None] | None = None
    """A look whether a visitor was shown the number."""
    asking: asyncio.Task[None] | None = None
    """The running step asks the CRM whom to ring, or has the caller listen or speak."""
    outside: LegId | None = None
    """The number outside that the running step rings."""
    outside_timer: asyncio.Task[None] | None = None
    watched: set[LegId] = field(default_factory=set)
    """Legs on tabs' lines that are looked after."""
    sound_over: asyncio.Event = field(default_factory=asyncio.Event)
    """What was played to the caller alone, or recorded of him, is over."""
    wanted: CallbackWanted | None = None
    """The caller is to be called back, unless somebody answers after all."""
    notes: dict[int, StepNote] = field(default_factory=dict)
    """What became of steps that asked, by their index."""
    caller_id: str | None = None
    """What the called party of an outbound call sees; None: as the account has it."""
    asked: Asked = field(default_factory=Asked)
    """What came with the wish to be placed."""
    turn: list[EmployeeId] = field(default_factory=list)
    """Who comes next in a step that rings one after another."""
    offers: dict[EmployeeId, Offer] = field(default_factory=dict)
    origin: Offer | None = None
    """The caller's own devices being rung, for calls placed by an employee."""
    withdrawn: dict[EmployeeId, RemovalReason] = field(default_factory=dict)
    """Why somebody is no longer offered the call."""
    dismissed: set[EmployeeId] = field(default_factory=set)
    closed: bool = False
    """The time of ended cards is over."""
    shown: dict[EmployeeId, CallChanged] = field(default_factory=dict)
    """The newest card told to each employee who has one."""
    told: int = 0
    """Highest version published."""
    asked_to_end: set[LegId] = field(default_factory=set)
    unheeded: set[LegId] = field(default_factory=set)
    """Of these, legs the switch did not hang up: it is asked again at the next occasion."""
    ordering: set[LegId] = field(default_factory=set)
    """Legs the switch is being asked to ring: it does not know them yet."""
    held_leg: LegId | None = None
    """Who hears the music."""
    stays_held: bool = False
    """He waited when the operator was lost, and goes on waiting for the word of one who is back."""
    disconnected: bool = False
    """Those who talk could not be connected: it is tried again until they are."""
    called_out: bool = False
    """The outside party of an outbound call has been rung."""
    inherited: bool = False
    """Taken over from an owner that is gone, whose last notes may never have reached the disk."""
    recording: str | None = None
    """The name of the talk's recording, from the moment the switch was told to make it."""
    voicemail: str | None = None
    """The name of what the caller says after the tone, from the moment it is asked for."""
    pauses: Pauses = ()
    """When it was or is silent because somebody asked."""
    extension_dialed: bool | None = None
    """The switch was told the keys of `asked.extension`; False: it would not. None: not yet."""
    can: Capabilities = field(default_factory=Capabilities)
    """What the switch it is on can do."""
    transfer: Transfer | None = None
    """The talk is being passed on."""
    handovers: list[Handover] = field(default_factory=list)
    """What became of earlier transfers, oldest first."""
    moves: dict[LegId, Move] = field(default_factory=dict)
    """Voices on their way to another tab, by the leg they are leaving."""
    moved: dict[LegId, LegId] = field(default_factory=dict)
    """Legs that gave their talk to these."""
    stayed: dict[EmployeeId, StayReason] = field(default_factory=dict)
    """Whose voice could not be moved, for as long as the card says so."""
    unmet: tuple[LegId, Transfer] | None = None
    """Who joined the talk by this transfer, until he is connected."""
    fallback: Scenario | None = None
    """Whom a transfer that nobody took goes to; the number's scenario as a rule."""
    ended: bool = False
    """The end was seen to: legs hung up, history on its way."""
    all_gone: asyncio.Event = field(default_factory=asyncio.Event)
    """Every leg of the ended call was reported gone."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Orders about the talk (connect, hold) reach the switch in the order they were given."""

    @property
    def plan(self) -> Scenario | None:
        """Whom the call rings now: a transfer's target, else as the scenario says."""
        return self.scenario if self.transfer is None else self.transfer.plan(self.fallback)

    @property
    def seeks(self) -> bool:
        """Somebody is being found for it: nobody took it yet, or it is being passed on."""
        if self.transfer is None or self.call.state is CallState.ENDED:
            return self.call.state is CallState.RINGING
        return self.transfer.seeks

    def lets_go(self, leg_id: LegId) -> bool:
        """Its hang-up is on its way and nobody has the talk: that it picked up is no answer."""
        return leg_id in self.asked_to_end and self.call.taken is None

    @property
    def coming(self) -> set[LegId]:
        """Legs that voices are moving to."""
        return {move.new for move in self.moves.values()}

    @property
    def rung_legs(self) -> set[LegId]:
        """Legs that ring by its plan."""
        found = {leg_id for offer in self.offers.values() for leg_id in offer.ringing}
        return found if self.outside is None else found | {self.outside}
