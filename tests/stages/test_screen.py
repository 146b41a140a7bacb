"""What speaks against a lead, and what looks like it and does not."""

from __future__ import annotations

import pytest

from exchange.fields.networks import TOR, read_address
from exchange.fields.table import BadTable, Tables, packaged, read_table, written
from exchange.fields.zones import hours_apart
from exchange.model.table import TableHead
from exchange.stages.screen.agents import CRAWLERS
from exchange.stages.screen.device import Device, read_device
from exchange.stages.screen.judge import Count, Learned, teaches, weigh
from exchange.stages.screen.lines import Line, line_of
from exchange.stages.screen.memory import Memory
from exchange.stages.screen.seen import Seen, Steps, mailbox_number, tail_of
from exchange.stages.screen.signals import KINDS, Signal
from exchange.stages.tables import packaged_tables
from tests.stages.seen_leads import AT, DAY, MINUTE, judged, names, seen

REFUSED = 90
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
)


def steps(tail: int, mailbox: int | None = None, head: int = 602_958) -> Steps:
    return Steps(head, tail, mailbox)


def test_nothing_speaks_against_an_ordinary_visitor() -> None:
    assert (0, ()) == (judged(seen()).fraud, judged(seen()).points)


@pytest.mark.parametrize(
    ("lead", "name"),
    [
        (seen(trap=True), "trap"),
        (seen(program="curl"), "program"),
        (seen(form_ms=1_100), "too_fast"),
        (seen(line=Line.TOR), "tor"),
        (seen(line=Line.HOSTING), "hosting"),
        (seen(device=Device(automation=1)), "automated"),
    ],
)
def test_one_sure_sign_is_enough(lead: Seen, name: str) -> None:
    found = judged(lead)
    assert (name,) == found.names and found.fraud >= REFUSED


@pytest.mark.parametrize(
    "lead",
    [
        seen(line=Line.VPN | Line.HOSTING),  # a VPN stands in a data centre; its users are people
        seen(form_ms=5_000),
        seen(form_ms=3_000, device=Device(form_ms=3_000, filled=4)),  # the browser filled it in
        seen(far_zone=True),
        seen(country="MX"),
        seen(steps=steps(142, 142)),  # numbers below 1,000 are a birthday or a house
    ],
)
def test_one_weak_sign_never_refuses(lead: Seen) -> None:
    assert judged(lead).fraud < REFUSED


@pytest.mark.parametrize(
    ("address", "clock", "told"),
    [
        ("US", "US", ()),
        ("US", "CA", ()),
        ("CA", "PR", ()),
        ("US", "CO", ("other_zone",)),
        ("US", "MX", ("other_zone",)),
        ("PH", "PH", ("abroad",)),
        ("PH", "US", ("abroad", "other_zone")),
        (None, "PH", ("far_zone",)),
        ("US", None, ("far_zone",)),
    ],
)
def test_the_clock_is_held_against_the_address(address: str | None, clock: str | None, told: tuple[str, ...]) -> None:
    assert set(told) == set(judged(seen(country=address, zone_country=clock, far_zone=True)).names)


@pytest.mark.parametrize(("zone", "told"), [("Los_Angeles", True), ("Denver", True), ("Chicago", False)])
def test_a_clock_hours_from_the_state_of_the_address_is_told_and_refuses_nobody(zone: str, told: bool) -> None:
    apart = hours_apart(f"America/{zone}", ("America/New_York",), AT)
    found = judged(seen(country="US", state="NY", zone_country="US", hours_apart=apart))

    assert (("zone_apart",) if told else ()) == found.names and found.fraud < REFUSED
    assert hours_apart("Nowhere/Town", ("America/New_York",), AT) is hours_apart("America/Chicago", (), AT) is None


def test_three_quick_leads_of_one_browser_within_minutes_are_a_burst() -> None:
    memory = Memory()
    found = [judged(seen(at=AT + n * MINUTE, agent=b"mac", form_ms=14_000), memory) for n in range(4)]

    assert [(), ("pair",), ("burst",), ("burst",)] == [each.names for each in found]
    assert [False, False, True, True] == [each.fraud >= REFUSED for each in found]


def test_one_slower_lead_in_the_middle_of_a_burst_belongs_to_it() -> None:
    memory = Memory()
    for n in range(3):
        judged(seen(at=AT + n * MINUTE, agent=b"mac", form_ms=14_000), memory)

    assert ("burst",) == names(seen(at=AT + 3 * MINUTE, agent=b"mac", form_ms=24_000), memory)
    assert () == names(seen(at=AT + 4 * MINUTE, agent=b"mac", form_ms=45_000), memory)
    assert () == names(seen(at=AT + 4 * MINUTE, form_ms=24_000), memory)


def test_a_burst_on_few_lines_is_seen_with_its_second_lead() -> None:
    memory = Memory()
    judged(seen(agent=b"mac", form_ms=14_000, address=b"line"), memory)

    assert judged(seen(at=AT + MINUTE, agent=b"mac", form_ms=12_000, address=b"line"), memory).fraud >= REFUSED


def test_a_mail_out_is_no_burst() -> None:
    memory = Memory()
    found = [judged(seen(at=AT + n * 20_000, form_ms=25_000 + n * 3_000), memory) for n in range(30)]

    assert [0] * 30 == [each.fraud for each in found]


def test_a_call_centre_is_no_burst() -> None:
    memory = Memory()
    calls = [
        seen(at=AT + n * 4 * MINUTE, agent=b"desk", address=b"office", form_ms=22_000 + n * 700) for n in range(40)
    ]

    assert [0] * 40 == [judged(each, memory).fraud for each in calls]


def test_a_busy_sub_id_whose_visitors_often_have_the_same_phone_is_no_burst() -> None:
    memory = Memory()
    visitors = [
        seen(at=AT + n * 15_000, agent=b"iphone" if n % 3 == 0 else None, form_ms=15_000 if n % 6 == 0 else 40_000)
        for n in range(60)
    ]

    assert not any(judged(each, memory).fraud >= REFUSED for each in visitors)


def test_phones_and_mailboxes_that_go_up_step_by_step_are_a_farm() -> None:
    memory = Memory()
    found = [judged(seen(at=AT + n * DAY, steps=steps(2296 + 2 * n, 2296 + 2 * n)), memory) for n in range(4)]

    assert [("numbered",), *[("farm", "numbered")] * 3] == [each.names for each in found]
    assert [False, True, True, True] == [each.fraud >= REFUSED for each in found]


def test_a_couple_with_numbers_side_by_side_is_no_farm() -> None:
    memory = Memory()
    judged(seen(steps=steps(4_410, 1_984)), memory)
    second = judged(seen(at=AT + MINUTE, steps=steps(4_411)), memory)

    assert (("stepped",), True) == (second.names, second.fraud < REFUSED)


def test_a_company_whose_phones_lie_together_is_no_farm() -> None:
    memory = Memory()
    staff = [seen(at=AT + n * DAY, steps=steps(4_410 + n)) for n in range(6)]

    assert not any(judged(each, memory).fraud >= REFUSED for each in staff)


def test_steps_of_another_sub_id_do_not_count() -> None:
    memory = Memory()
    judged(seen(steps=steps(2_296, 2_296)), memory)

    assert ("numbered",) == names(seen(sub_id="other", steps=steps(2_298, 2_298)), memory)


def test_a_ping_and_its_post_are_one_lead() -> None:
    memory = Memory()
    lead = seen(agent=b"mac", form_ms=14_000)

    assert [True, False] == [memory.note(lead), memory.note(lead)]
    assert () == names(lead, memory)


def test_what_is_remembered_is_bounded() -> None:
    memory = Memory(keys=10)
    first = seen(sub_id="first", steps=steps(2_296, 2_296))
    memory.note(first)
    for n in range(20):
        memory.note(seen(sub_id=f"sub-{n}", steps=steps(n)))

    assert ("numbered",) == names(first._replace(lead_id="ld_next", steps=steps(2_297, 2_297)), memory)


def test_precision_is_learned_and_a_small_sample_hardly_moves_it() -> None:
    vpn = KINDS["vpn"]

    assert 0.20 == Learned().precision(vpn)
    assert 0.26 == round(Learned({"vpn": Count(bad=2, good=1)}).precision(vpn), 2)
    assert 0.80 < Learned({"vpn": Count(bad=300, good=40)}).precision(vpn)
    assert 0.02 > Learned({"vpn": Count(bad=0, good=400)}).precision(vpn)


def test_points_of_signals_join_as_chances() -> None:
    found = weigh((Signal(KINDS["hasty"], ""), Signal(KINDS["abroad"], "")), ("cedar", "pop-19"), Learned())

    assert (75, [50, 50]) == (found.fraud, [each.points for each in found.points])


def test_a_bad_sub_id_speaks_only_when_it_is_surely_bad_and_never_refuses_alone() -> None:
    base = Count(bad=50, good=950)
    few = Learned(sources={("cedar", "pop-19"): Count(bad=2, good=1)}, base=base)
    many = Learned(sources={("cedar", "pop-19"): Count(bad=70, good=30)}, base=base)

    assert 0 == judged(seen(), learned=few).fraud
    assert 40 <= judged(seen(), learned=many).fraud < REFUSED


def test_a_refusal_bears_out_only_what_others_of_its_kind_would_have_refused() -> None:
    robot = judged(seen(trap=True, form_ms=1_000, line=Line.VPN))
    lonely = judged(seen(form_ms=1_000))

    assert ("too_fast", "trap") == teaches(robot, REFUSED)
    assert () == teaches(lonely, REFUSED)


def test_agents_that_name_themselves_are_known() -> None:
    agents = packaged(CRAWLERS).value

    assert None is agents.of(CHROME).program
    for text in (
        "curl/8.4.0",
        "python-requests/2.32",
        "GPTBot/1.2 (+https://bots.example)",
        CHROME.replace("Chrome", "HeadlessChrome"),
    ):
        assert agents.of(text).program


@pytest.mark.parametrize(
    ("row", "told"),
    [("Chrome", "an ordinary browser"), (".*", "an ordinary browser"), ("bot(", "a pattern of RE2")],
)
def test_a_pattern_that_would_shut_everybody_out_is_refused(row: str, told: str) -> None:
    head = TableHead("crawler_agents", "2026-12-01", "ours", "ours")
    assert "NewBot" == read_table(CRAWLERS, written(head, ["NewBot/"])).value.of("NewBot/2.0").program

    with pytest.raises(BadTable, match=rf"Line 6 .*{told}"):
        read_table(CRAWLERS, written(head, ["NewBot/", row]))


def test_a_report_of_the_device_script_is_read_whatever_was_sent() -> None:
    report = read_device("1;ms=23512;k=41;p=2;f=0;m=88;a=1;tz=America/Denver;o=420;id=ab12;hp=1")

    assert report == Device("ab12", 23_512, 41, 2, 0, 88, 1, "America/Denver", 420, True)
    assert report is not None and ("the browser says that a program drives it",) == report.automated
    assert [None, None, None] == [read_device(text) for text in (None, "", "2;ms=1")]
    assert Device() == read_device("1;ms=-4;k=x;a=99999999999;;=;o=1e9")
    assert read_device("1;" + "k=1;" * 500) is not None


@pytest.mark.parametrize(
    ("email", "number"),
    [
        ("susan_2296@mail.example", 2296),
        ("susan@mail.example", None),
        ("s7@mail.example", None),
        ("a1b22@x.example", 22),
    ],
)
def test_the_number_of_a_mailbox_is_the_one_it_ends_in(email: str, number: int | None) -> None:
    assert number == mailbox_number(email)
    assert (2296, None) == (tail_of("+13259582296"), tail_of("2296"))


def test_an_address_of_a_documentation_range_says_nothing_and_a_loaded_list_does() -> None:
    tables = packaged_tables()
    head = TableHead(TOR.name, "2026-11-20", "a list of ours", "CC0-1.0")
    held = {each.head.name: each for each in tables}
    loaded = Tables({**held, TOR.name: read_table(TOR, written(head, ["198.51.100.0/28", "2001:db8:1::/48"]))})

    assert [Line.UNKNOWN] * 2 == [line(text, tables) for text in ("198.51.100.7", "10.1.1.1")]
    assert [Line.TOR] * 2 == [line(text, loaded) for text in ("198.51.100.7", "2001:db8:1::5")]
    assert line("8.8.8.8", tables) & Line.HOSTING


def line(text: str, tables: Tables) -> int:
    address = read_address(text)
    assert address is not None
    return line_of(address, tables)
