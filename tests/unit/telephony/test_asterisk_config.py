"""The files of `dozvon asterisk init`, read back by a reader that knows nothing of the writer."""

from __future__ import annotations

import pytest

from backend.domain.account_config import AccountConfig, Employee, Line, OwnNumber, VirtualNumber
from backend.telephony.asterisk.config import (
    TRUNKS_FILE,
    Away,
    SwitchPlan,
    missing_trunks,
    plan_of,
    trunks_added,
    written,
)
from backend.telephony.asterisk.config.files import is_secret
from tests.unit.telephony.ini import Block, objects, read

pytestmark = pytest.mark.feature("T")

ANNA = Employee(
    id="e1",
    name='Anna "A;P" Petrova',
    extension="101",
    numbers=(
        OwnNumber(kind="desk", endpoint="PJSIP/sever-101"),
        OwnNumber(kind="mobile", endpoint="PJSIP/79161112233@trunk-a", priority=2),
    ),
)
BORIS = Employee(
    id="e2",
    name="Борис",
    numbers=(OwnNumber(kind="sip", endpoint="PJSIP/sever-102"),),
)
LEFT = Employee(id="e3", name="Gone", extension="103", active=False)
SEVER = AccountConfig(
    id="a1",
    slug="sever",
    name="Sever",
    employees=(ANNA, BORIS, LEFT),
    lines=(Line(switch="asterisk", endpoint="PJSIP/{number}@trunk-a"),),
    virtual_numbers=(VirtualNumber(number="+74951230101", switch="asterisk"),),
)
VEKTOR = AccountConfig(
    id="a2",
    slug="vektor",
    name="Vektor",
    employees=(
        Employee(
            id="e1",
            name="Vera",
            extension="101",
            numbers=(OwnNumber(kind="desk", endpoint="PJSIP/vektor-101"),),
        ),
    ),
    lines=(Line(switch="asterisk", endpoint="PJSIP/{digits}@trunk-b"),),
)


def plan(away: Away = "busy", ari_url: str = "http://127.0.0.1:8088") -> SwitchPlan:
    return plan_of((SEVER, VEKTOR), ari_url=ari_url, ari_user="phone", ari_app="dozvon", away=away)


def files(away: Away = "busy") -> dict[str, str]:
    planned = plan(away)
    passwords = {line.name: f"secret-of-{line.name}" for line in planned.desks}
    texts = written(planned, "ari;secret", passwords)
    return texts | {TRUNKS_FILE: trunks_added("", planned.trunks)}


def sections(name: str, away: Away = "busy") -> list[Block]:
    text = files(away)[name]
    if name == "pjsip.conf":  # as Asterisk reads the #include at its end
        text += files(away)[TRUNKS_FILE]
    return read(text)


@pytest.mark.parametrize("away", ["busy", "message", "phones", "voicemail"])
def test_every_file_can_be_read_and_says_why_it_is_there(away: Away) -> None:
    texts = files(away)
    for name, text in texts.items():
        assert text.startswith(";"), name
        assert read(text), name
        assert text.isprintable() or all(line.isprintable() for line in text.split("\n")), name
    assert ("voicemail.conf" in texts) is (away == "voicemail")


def test_whatever_an_object_names_is_there() -> None:
    """All but the passwords of browser lines: those are pushed, one per session."""
    found = objects(sections("pjsip.conf"))
    contexts = {block.name for block in sections("extensions.conf")}
    endpoints = [block for (kind, _), block in found.items() if kind == "endpoint"]
    assert len(endpoints) == 3 + 3 + 2
    for endpoint in endpoints:
        assert ("aor", endpoint.get("aors")) in found
        assert endpoint.get("context") in contexts
        for key in ("auth", "outbound_auth"):
            named = endpoint.get(key)
            if named and endpoint.get("webrtc") != "yes":
                assert ("auth", named) in found
        transport = endpoint.get("transport")
        assert not transport or ("transport", transport) in found


def test_each_employee_has_a_browser_line_without_a_password() -> None:
    found = objects(sections("pjsip.conf"))
    browsers = {
        name
        for (kind, name), block in found.items()
        if kind == "endpoint" and block.get("webrtc") == "yes"
    }
    assert {"sever-b101", "vektor-b101"} <= browsers
    assert len(browsers) == 3
    line = found["endpoint", "sever-b101"]
    assert ("auth", "sever-b101") not in found
    assert line.get("auth") == line.get("aors") == "sever-b101"
    assert line.get("allow") == "!all,ulaw,alaw,g722"
    assert line.get("callerid") == '"Anna A;P Petrova" <101>'
    assert line.get("accountcode") == "sever"
    assert float(line.get("rtp_timeout")) > 0
    assert found["aor", "sever-b101"].get("remove_existing") == "yes"
    assert found["aor", "sever-b101"].get("max_contacts") == "1"


def test_desk_phones_have_their_passwords_and_those_who_left_have_nothing() -> None:
    found = objects(sections("pjsip.conf"))
    desks = {name for kind, name in found if kind == "auth"} - {"trunk-a", "trunk-b"}
    assert desks == {"sever-101", "sever-102", "vektor-101"}
    assert found["auth", "sever-102"].get("password") == "secret-of-sever-102"
    assert not any("103" in name for _, name in found)


def test_pjsip_objects_can_be_pushed_and_still_be_read_from_the_file() -> None:
    (block,) = sections("sorcery.conf")
    assert block.name == "res_pjsip"
    for kind in ("auth", "aor", "endpoint"):
        places = [value for key, value in block.values if key == kind]
        assert places == [f"config,pjsip.conf,criteria=type={kind}", "memory"]


def test_the_ari_user_may_command_and_every_mark_is_shown() -> None:
    blocks = {block.name: block for block in sections("ari.conf")}
    assert blocks["phone"].get("password") == "ari;secret"
    assert blocks["phone"].get("read_only") == "no"
    assert "DOZVON_HELD" in blocks["general"].get("channelvars").split(",")


def test_the_web_server_listens_where_ari_is_asked_and_takes_every_browser() -> None:
    (general,) = sections("http.conf")
    assert (general.get("bindaddr"), general.get("bindport")) == ("127.0.0.1", "8088")
    assert int(general.get("sessionlimit")) >= 200
    named = plan(ari_url="https://pbx.example.ru:8089/ari")
    assert (named.bind, named.port) == ("0.0.0.0", 8089)


@pytest.mark.parametrize(
    ("away", "wanted"),
    [
        ("busy", ["Hangup(17)"]),
        ("message", ["Progress()", "Playback(all-circuits-busy-now,noanswer)", "Hangup(17)"]),
        ("phones", ["Dial(PJSIP/sever-101&PJSIP/sever-102&PJSIP/vektor-101,30)", "Hangup(17)"]),
        ("voicemail", ["VoiceMail(100@dozvon,u)", "Hangup()"]),
    ],
)
def test_callers_get_the_plan_only_when_nobody_listened(away: Away, wanted: list[str]) -> None:
    blocks = {block.name: block for block in sections("extensions.conf", away)}
    inbound = [value for _, value in blocks["from-trunk"].values]
    assert inbound == [
        "_[+0-9].,1,Stasis(dozvon)",
        "n,Goto(dozvon-away,away,1)",
        "s,1,Stasis(dozvon)",
        "n,Goto(dozvon-away,away,1)",
    ]
    steps = [value for _, value in blocks["dozvon-away"].values]
    assert steps[:2] == ['away,1,GotoIf($["${STASISSTATUS}" = "FAILED"]?alone)', "n,Hangup()"]
    assert steps[2].startswith("n(alone),")
    assert [step.partition(",")[2] for step in steps[2:]] == wanted


def test_nothing_but_secret_files_holds_a_secret() -> None:
    for name, text in files().items():
        assert is_secret(name) is ("secret" in text or "password-from" in text), name


def test_a_file_of_trunks_keeps_what_stands_in_it() -> None:
    filled = trunks_added("", ["trunk-a"]).replace("user-from-the-provider", "u7788")
    assert missing_trunks(filled, ["trunk-a", "trunk-b"]) == ("trunk-b",)
    longer = trunks_added(filled, ["trunk-b"])
    assert longer.startswith(filled.rstrip("\n"))
    assert missing_trunks(longer, ["trunk-a", "trunk-b"]) == ()
    assert {"trunk-a", "trunk-b"} <= {block.name for block in read(longer)}


def test_a_commented_registration_becomes_a_whole_one() -> None:
    text = trunks_added("", ["trunk-a"])
    uncommented = "\n".join(
        line[1:] if line.startswith((";[", ";type", ";transport", ";outbound", ";server", ";client",
                                     ";contact", ";retry", ";forbidden", ";line", ";endpoint",
                                     ";match")) else line
        for line in text.split("\n")
    )  # fmt: skip
    found = objects(read(uncommented))
    assert found["registration", "trunk-a"].get("outbound_auth") == "trunk-a"
    assert found["identify", "trunk-a"].get("endpoint") == "trunk-a"


def test_what_cannot_be_written_is_named() -> None:
    odd = AccountConfig(
        id="a",
        slug="odd",
        name="Odd",
        employees=(
            Employee(
                id="e",
                name="E",
                extension="1",
                numbers=(
                    OwnNumber(kind="desk", endpoint="PJSIP/with space"),
                    OwnNumber(kind="desk", endpoint="PJSIP/trunk", priority=2),
                    OwnNumber(kind="desk", endpoint="SIP/old", priority=3),
                ),
            ),
        ),
        lines=(
            Line(switch="asterisk", endpoint="PJSIP/{number}@trunk"),
            Line(switch="other", endpoint="Local/{number}@out"),
        ),
    )
    planned = plan_of((odd,), ari_url="", ari_user="", ari_app="dozvon", switch="asterisk")
    assert ("other_trunk", "Local/{number}@out") not in planned.warnings
    planned = plan_of((odd,), ari_url="", ari_user="", ari_app="dozvon")
    assert planned.desks == ()
    assert set(planned.warnings) == {
        ("unwritable", "PJSIP/with space"),
        ("other_trunk", "Local/{number}@out"),
        ("taken", "trunk"),
    }


def test_operators_hear_a_ringing_tone_and_muted_talks_stay_alive() -> None:
    texts = files()
    assert "country = ru" in texts["indications.conf"]
    assert "ring = 425/1000,0/4000" in texts["indications.conf"]
    for name in ("pjsip.conf", TRUNKS_FILE):
        assert "rtp_keepalive = 15" in texts[name]
