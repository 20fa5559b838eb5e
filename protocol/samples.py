"""One realistic message of each kind: the source of the golden files in `fixtures/`.

Both sides decode the same files, so a renamed field or a changed type breaks a test on the side
that was forgotten. The values are invented; numbers come from ranges kept for fiction.
"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from protocol import callbacks, commands, frames, phone, pushes, recording, transfers
from protocol.visits import VisitPage, VisitWay
from protocol.vocabulary import (
    AccountId,
    AgentStatus,
    CallbackReason,
    CallId,
    CallState,
    CommandId,
    CrmKind,
    Direction,
    EmployeeId,
    ErrorCode,
    Feature,
    HangupCause,
    LegId,
    LegState,
    LookupState,
    Microphone,
    Outcome,
    PhonePart,
    RecordKind,
    RefusalReason,
    SessionId,
    StatusSource,
    StepReason,
    StreamName,
    TransferTrouble,
)

_AT = datetime(2026, 3, 2, 9, 15, 30, 250_000, tzinfo=UTC)
_LATER = datetime(2026, 3, 2, 9, 15, 41, tzinfo=UTC)
_END = datetime(2026, 3, 2, 9, 18, 4, tzinfo=UTC)
_CALL = CallId("c_7f3a91d2")
_ANNA = pushes.Who(employee_id=EmployeeId("e_101"), name="Анна Орлова")
_BORIS = pushes.Who(employee_id=EmployeeId("e_102"), name="Борис Литвин")
_RECORD = pushes.RecordRef(kind=RecordKind.CONTACT, id="4021")
_ME = StreamName.ME
_ACCOUNT = StreamName.ACCOUNT
_COLLEAGUES = StreamName.COLLEAGUES

_VISIT = VisitWay(
    exact=True,
    site="svet.example",
    source="yandex",
    medium="cpc",
    campaign="Светильники, весна",
    keyword="купить светильник оптом",
    content="объявление 2",
    referrer="https://yandex.example/",
    landing="https://svet.example/catalog",
    pages=[
        VisitPage(url="https://svet.example/catalog", title="Каталог", at=_AT),
        VisitPage(url="https://svet.example/prices", title="Оптовые цены", at=_LATER),
    ],
    pages_total=2,
    visits=3,
    first_at=_AT,
    last_at=_LATER,
)

_CALL_CHANGED = pushes.CallChanged(
    stream=_ME,
    entity=f"call:{_CALL}",
    version=2,
    call_id=_CALL,
    direction=Direction.INBOUND,
    state=CallState.RINGING,
    number="+74950000117",
    name="Мария Седова",
    virtual_number="+78000000042",
    virtual_number_name="Сайт",
    scenario="Отдел продаж",
    my_leg=LegState.RINGING,
    device="Настольный телефон",
    rung=[_ANNA, _BORIS],
    answered_by=None,
    started_at=_AT,
    answered_at=None,
    ended_at=None,
    outcome=None,
    cause=None,
    actions=["answer", "decline"],
    extension="214",
    message="Перезвоните после обеда",
    visit=_VISIT,
    parties=[
        transfers.CallParty(
            kind="customer",
            name="Мария Седова",
            number="+74950000117",
            leg=LegState.UP,
            apart=True,
            muted=False,
        )
    ],
    transfer=transfers.TransferStep(
        kind="attended",
        phase="ringing",
        role="target",
        target="Анна Орлова",
        by="Борис Литвин",
        reason=None,
        note="Просит скидку на доставку",
    ),
    controls=["keypad"],
    barred=["mute"],
    extension_dialed=True,
)

_CONTACT_CHANGED = pushes.ContactChanged(
    stream=_ME,
    entity=f"contact:{_CALL}",
    version=3,
    call_id=_CALL,
    crm=CrmKind.BITRIX24,
    lookup=LookupState.FOUND,
    matches=[
        pushes.ContactMatch(
            record=_RECORD,
            name="Мария Седова",
            company="ООО «Северный свет»",
            url="https://portal.example/crm/contact/details/4021/",
            responsible="Анна Орлова",
            deals=[
                pushes.DealBrief(
                    id="88",
                    title="Поставка светильников",
                    funnel="Продажи",
                    stage="Переговоры",
                    stage_color="#39a8ef",
                    amount="184 000 ₽",
                    url="https://portal.example/crm/deal/details/88/",
                )
            ],
            activities=[
                pushes.ActivityBrief(
                    id="913",
                    subject="Отправить смету",
                    due_at=_LATER,
                    overdue=True,
                    url="https://portal.example/crm/activity/913/",
                )
            ],
        )
    ],
    chosen=None,
    create_url="https://portal.example/crm/contact/details/0/?phone=%2B74950000117",
)

_HISTORY_PAGE = pushes.HistoryPage(
    entries=[
        pushes.HistoryEntry(
            call_id=_CALL,
            direction=Direction.INBOUND,
            number="+74950000117",
            name="Мария Седова",
            started_at=_AT,
            answered_at=_LATER,
            ended_at=_END,
            talk_s=143,
            outcome=Outcome.ANSWERED,
            cause=HangupCause.NORMAL,
            mine=True,
            answered_by=_ANNA,
            virtual_number="+78000000042",
            record=_RECORD,
            record_url="https://portal.example/crm/contact/details/4021/",
            notes=[pushes.StepNote(step=1, manager=_BORIS, reason=StepReason.NO_ANSWER)],
            crm="written",
            recording="ready",
            transfers=[
                transfers.PastTransfer(
                    at=_LATER,
                    by="Анна Орлова",
                    target="Борис Литвин",
                    reason=TransferTrouble.NO_ANSWER,
                    note="Просит скидку на доставку",
                )
            ],
            recording_url="https://phone.example/recordings/a_1.r_9.dGhlLXNlY3JldA",
            message="Перезвоните после обеда",
        )
    ],
    next="2026-03-02T09:15:30.25Z,c_7f3a91d2",
)

_START = frames.StreamStart(
    epoch="m1k2",
    seq=41,
    recovered=False,
    pushes=[msgspec.Raw(frames.numbered(pushes.encode(_CALL_CHANGED), 41))],
)

FRAMES: tuple[msgspec.Struct, ...] = (
    frames.Hello(
        ticket="tkt_0123456789abcdef",
        protocol=1,
        features=["calls", "contacts", "statuses", "directory", "history"],
        streams={"me": ("m1k2", 41), "account": ("m1k2", 7)},
        tab="tab_5d1c",
        visible=True,
        sound=True,
        locale="ru",
    ),
    frames.Welcome(
        session=SessionId("s_90ab"),
        protocol=1,
        features=list(Feature),
        you=frames.You(
            account_id=AccountId("a_1"),
            employee_id=EmployeeId("e_101"),
            name="Анна Орлова",
            extension="101",
        ),
        server_time=_AT,
        session_expires_at=_END,
        ping_interval_s=20.0,
        streams={"me": _START},
    ),
    frames.Reply(
        id="cmd_00000001",
        ok=False,
        error=frames.ReplyError(code=ErrorCode.WRONG_STATE, message="call is talking already"),
    ),
    frames.Ping(n=12),
    frames.Pong(n=12),
    frames.StreamReset(stream=_ME, start=_START),
    frames.Restarting(in_ms=1500),
)

COMMANDS: tuple[frames.Command, ...] = (
    commands.AnswerCall(id=CommandId("cmd_00000001"), call_id=_CALL),
    commands.DeclineCall(id=CommandId("cmd_00000002"), call_id=_CALL),
    commands.HangUpCall(id=CommandId("cmd_00000003"), call_id=_CALL),
    commands.HoldCall(id=CommandId("cmd_00000004"), call_id=_CALL, on=True),
    commands.Dial(
        id=CommandId("cmd_00000005"),
        target="+74950000117",
        source="click",
        caller_id="+78000000042",
        record_kind=RecordKind.CONTACT,
        record_id="4021",
    ),
    commands.DismissCall(id=CommandId("cmd_00000006"), call_id=_CALL),
    commands.ChooseContact(
        id=CommandId("cmd_00000007"), call_id=_CALL, kind=RecordKind.CONTACT, record_id="4021"
    ),
    commands.RetryLookup(id=CommandId("cmd_00000008"), call_id=_CALL),
    commands.SetStatus(id=CommandId("cmd_00000009"), status=AgentStatus.BREAK, reason="Обед"),
    commands.ListHistory(id=CommandId("cmd_00000010"), before=None, limit=30),
    callbacks.FinishCallback(id=CommandId("cmd_00000040"), call_id=_CALL),
    commands.Subscribe(id=CommandId("cmd_00000011"), stream=_COLLEAGUES, position=("m1k2", 3)),
    commands.Unsubscribe(id=CommandId("cmd_00000012"), stream=_COLLEAGUES),
    commands.ReportTab(id=CommandId("cmd_00000013"), visible=True, sound=False),
    commands.RenewSession(id=CommandId("cmd_00000014")),
    transfers.TransferCall(
        id=CommandId("cmd_00000031"),
        call_id=_CALL,
        kind="attended",
        employee_id=_BORIS.employee_id,
        note="Просит скидку на доставку",
    ),
    transfers.CompleteTransfer(id=CommandId("cmd_00000032"), call_id=_CALL),
    transfers.CancelTransfer(id=CommandId("cmd_00000033"), call_id=_CALL),
    transfers.MergeCall(id=CommandId("cmd_00000034"), call_id=_CALL),
    transfers.LeaveCall(id=CommandId("cmd_00000035"), call_id=_CALL),
    transfers.MuteCall(id=CommandId("cmd_00000036"), call_id=_CALL, on=True),
    transfers.SendKeys(id=CommandId("cmd_00000037"), call_id=_CALL, digits="21#"),
    recording.PauseRecording(id=CommandId("cmd_00000038"), call_id=_CALL, on=True),
    phone.ReportPhone(
        id=CommandId("cmd_00000021"),
        microphone=Microphone.GRANTED,
        connected=True,
        registered=True,
        talking=True,
    ),
    phone.RegisterPhone(id=CommandId("cmd_00000022")),
    phone.TakePhone(id=CommandId("cmd_00000023")),
    phone.ReleasePhone(id=CommandId("cmd_00000024")),
    phone.MoveVoice(id=CommandId("cmd_00000041"), call_id=_CALL, leg_id=LegId("agent-e_101-1")),
    phone.TakeVoice(id=CommandId("cmd_00000042"), call_id=_CALL, leg_id=LegId("agent-e_101-1")),
)

PUSHES: tuple[frames.Push, ...] = (
    _CALL_CHANGED,
    pushes.CallRemoved(
        stream=_ME,
        entity=f"call:{_CALL}",
        version=5,
        call_id=_CALL,
        reason="answered_elsewhere",
        by=_BORIS,
        number="+74950000117",
        name="Мария Седова",
    ),
    _CONTACT_CHANGED,
    pushes.ContactRemoved(stream=_ME, entity=f"contact:{_CALL}", version=4, call_id=_CALL),
    pushes.StatusChanged(
        stream=_ME,
        entity="status",
        version=9,
        status=AgentStatus.BREAK,
        since=_AT,
        source=StatusSource.SUPERVISOR,
        reason="Обед",
    ),
    pushes.RingerChanged(stream=_ME, entity="ringer", version=3, tab="tab_5d1c"),
    pushes.NoticeRaised(
        stream=_ME,
        entity="notice",
        version=1772442930250000,
        reason=RefusalReason.NO_CALLER_ID,
        number="+74950000117",
        at=_AT,
    ),
    pushes.OutgoingChanged(
        stream=_ME,
        entity="outgoing",
        version=1772442930250000,
        default="+78000000042",
        numbers=[
            pushes.OutgoingNumber(number="+78000000042", name="Сайт"),
            pushes.OutgoingNumber(number="+74950000118", name=None),
        ],
    ),
    pushes.HistoryChanged(stream=_ME, entity="history", version=6, last_call_id=_CALL),
    callbacks.CallbacksChanged(
        stream=_ME,
        entity="callbacks",
        version=7,
        total=1,
        items=[
            callbacks.CallbackItem(
                call_id=_CALL,
                number="+79161234567",
                name="Иван Петров",
                virtual_number="+74951112233",
                reason=CallbackReason.VOICEMAIL,
                at=_AT,
                recording_url=None,
            )
        ],
    ),
    pushes.EmployeeChanged(
        stream=_ACCOUNT,
        entity="employee:e_102",
        version=1,
        employee_id=EmployeeId("e_102"),
        name="Борис Литвин",
        extension="102",
        position="Менеджер",
        department="Отдел продаж",
    ),
    pushes.EmployeeRemoved(
        stream=_ACCOUNT, entity="employee:e_102", version=2, employee_id=EmployeeId("e_102")
    ),
    pushes.SwitchChanged(stream=_ACCOUNT, entity="switch", version=4, connected=False, since=_AT),
    pushes.CrmChanged(
        stream=_ACCOUNT,
        entity="crm",
        version=2,
        crm=CrmKind.AMOCRM,
        state="slow",
        since=_AT,
    ),
    pushes.ColleaguePresenceChanged(
        stream=_COLLEAGUES,
        entity="presence:e_102",
        version=8,
        employee_id=EmployeeId("e_102"),
        online=True,
        since=_AT,
    ),
    pushes.ColleagueStatusChanged(
        stream=_COLLEAGUES,
        entity="status:e_102",
        version=2,
        employee_id=EmployeeId("e_102"),
        status=AgentStatus.AVAILABLE,
        since=_AT,
    ),
    pushes.ColleagueBusyChanged(
        stream=_COLLEAGUES,
        entity="busy:e_102",
        version=5,
        employee_id=EmployeeId("e_102"),
        busy="talking",
        since=_AT,
    ),
    phone.DeviceChanged(stream=_ME, entity="device", version=3, device="browser"),
    transfers.GroupsChanged(
        stream=_ACCOUNT,
        entity="groups",
        version=15,
        groups=[transfers.GroupBrief(group_id="g_sales", name="Отдел продаж", extension="200")],
    ),
    phone.PhoneChanged(
        stream=_ME, entity="phone", version=4, tab="tab_5d1c", missing=[PhonePart.SOUND]
    ),
    phone.PhoneAsked(
        stream=_ME,
        entity="phone_asked",
        version=1772442930250000,
        call_id=_CALL,
        leg_id=LegId("agent-e_101-1"),
        act="answer",
        at=_AT,
    ),
    phone.PhonePassed(
        stream=_ME,
        entity="phone_passed",
        version=1772442930250000,
        number="+74950000117",
        at=_AT,
    ),
    phone.ColleaguePhoneChanged(
        stream=_COLLEAGUES,
        entity="phone:e_102",
        version=2,
        employee_id=EmployeeId("e_102"),
        missing=[PhonePart.MICROPHONE_ASK],
        since=_AT,
    ),
)

RESULTS: dict[str, msgspec.Struct] = {
    "history_page": _HISTORY_PAGE,
    "session_token": pushes.SessionToken(token="st_0123456789abcdef", expires_at=_END),  # noqa: S106
    "dialed": pushes.Dialed(call_id=_CALL),
    "phone_credentials": phone.PhoneCredentials(
        ws_url="wss://switch.example/ws",
        username="acme-b101",
        password="0123456789abcdef0123",  # noqa: S106
        display_name="Анна Орлова",
        ice_servers=[phone.IceServer(urls=["stun:turn.example:3478"])],
        expires_at=_END,
        domain="switch.example",
        codecs=["PCMU", "PCMA", "G722"],
    ),
    "stream_start": _START,
}
"""What the `result` of a Reply may hold, by the file name of its golden copy."""
