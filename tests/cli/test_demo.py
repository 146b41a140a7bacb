"""`exchange demo`: what it prints works, and it keeps to its folder and its machine."""

from __future__ import annotations

import asyncio
import html
import json
import re
import shlex
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from exchange.demo.folder import FROZEN_AT
from exchange.flows.shaving import read_shaving
from exchange.flows.trail import read_trail
from exchange.model.actor import SYSTEM
from exchange.model.verdict import Check
from exchange.stages.reasons import sentence
from exchange.stages.shaving import Shaving
from exchange.storage.engine import open_database
from tests.cli.home import Home, exchange, start, until
from tests.cli.test_serve import free_port
from tests.market import POST
from tests.web.visitor import BROWSER


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A frozen demo that runs: its folder, and what it printed."""
    folder = tmp_path_factory.mktemp("demo") / "demo"
    with start("--data", folder, "demo", "--frozen", "--port", "0") as running:
        assert running.stdout is not None
        yield folder, until(lambda line: "exchange init" in line, running.stdout)
        running.send_signal(signal.SIGTERM)
        assert 0 == running.wait(30)


class Looker:
    """A browser, signed in by the link that was printed."""

    def __init__(self, told: str) -> None:
        link = re.findall(r"Open the console +(\S+)", told)[0]
        self._base = link.partition("/login/")[0]
        self._browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        self._browser.addheaders = [("User-Agent", BROWSER)]
        self._browser.open(link, timeout=20).close()

    def page(self, path: str) -> str:
        with self._browser.open(f"{self._base}{path}", timeout=20) as answer:
            return str(answer.read(), "utf-8")


@pytest.fixture(scope="module")
def looker(printed: tuple[Path, str]) -> Looker:
    return Looker(printed[1])


def proportional_mb(process_id: int) -> float:
    """What a process and its children hold in memory; pages of several count to each in part."""
    children = Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split()
    told = Path(f"/proc/{process_id}/smaps_rollup").read_text()
    own = int(re.findall(r"^Pss: +(\d+) kB", told, re.MULTILINE)[0]) / 1024
    return own + sum(proportional_mb(int(child)) for child in children)


def test_it_holds_less_than_250_mb_of_memory(printed: tuple[Path, str]) -> None:
    assert proportional_mb(int((printed[0] / "demo.lock").read_text())) < 250


def test_two_frozen_demos_have_the_same_past_even_side_by_side(
    printed: tuple[Path, str], looker: Looker, tmp_path: Path
) -> None:
    """The second finds its buyers' ports taken, and has them at others."""
    with start("--data", tmp_path / "second", "demo", "--frozen", "--port", str(free_port())) as running:
        told = Looker(until(lambda line: "exchange init" in line, running.stdout)).page("/console.json")
        running.send_signal(signal.SIGTERM)
        assert 0 == running.wait(30)
    sql = f"SELECT id, state, revenue_units, changed_at FROM leads WHERE received_at < {FROZEN_AT} ORDER BY id"
    first, second = Home(printed[0]).rows(sql), Home(tmp_path / "second").rows(sql)

    assert told == looker.page("/console.json")
    assert first == second
    assert sum(lead["state"] == "sold" for lead in first) > len(first) // 2


async def signs(home: Home) -> Shaving:
    """What the page about buyers that may shave says of solar."""
    db = await open_database(str(home.database), process=False)
    try:
        return await read_shaving(db, SYSTEM, "solar", FROZEN_AT)
    finally:
        await db.close()


WHY_NOT = {
    "schedule": r"Opens (\w{3} \d+ \w{3}, )?04:00 MST\. Lead came at \d\d:\d\d MST\.",
    "filter": r"monthly_bill must be \$301 or more, lead has \$101 to \$150\.",
    "geo": r"ZIP \d{5} is not within 60 miles of 85016\.",
    "source": r"Blocks sub ID pop-19\.",
    "grade": r"Needs B or better, lead is C \(\d+\)\.",
    "consent": r"Requires jornaya_leadid, none was sent\.",
    "duplicate_buyer": r"Bought this phone on \d+ Nov; window 30 days\.",
    "conflict": r"Same group as Helio One, already in this auction\.",
    "cap": r"Daily cap 12 of 12, reached \d\d:\d\d:\d\d MST\.",
    "balance": r"Balance \$12\.40, needs \$25\.00\.",
    "price": r"Fixed price \$24\.00 is under the floor \$120\.00\.",
    "health": r"Breaker open since \d\d:\d\d EST after 5 timeouts in a row\.",
    "tier": r"Tier 2 runs only when the exclusive auction does not sell\.",
}
"""By check, what is said of a buyer of the demo that it kept out."""
WENT_WRONG = {
    "/console/disputes": "2 disputes to decide",
    "/console/revocations": "2 revocations",
    "/console/words": "2 words, 2 reports",
    "/console/words/known": "1 mapped word",
}
"""By list, what stands there in the frozen demo."""


def test_its_past_has_a_lead_for_each_reason_a_buyer_is_not_asked_and_its_page_says_it_in_full(
    printed: tuple[Path, str], looker: Looker
) -> None:
    home = Home(printed[0])
    found: dict[str, tuple[str, str, str]] = {}
    for row in home.rows("SELECT lead_id, document FROM trails ORDER BY request_id DESC"):  # the last decision stands
        for contract_id, verdict in read_trail(row["document"])["verdicts"].items():
            for check in (Check(*each) for each in verdict["failed"]):
                name, told = check.name.partition(":")[0], sentence(check)
                if re.fullmatch(WHY_NOT.get(name, "(?!)"), told):
                    found.setdefault(name, (row["lead_id"], contract_id, told))
    lead_id, contract_id, told = found["cap"]
    why = home.run("--json", "why", lead_id, contract_id)

    assert WHY_NOT.keys() == found.keys()
    for lead, _, said in found.values():
        assert html.escape(said) in looker.page(f"/console/leads/{lead}"), said
    assert told in why.json["contracts"][0]["sentences"]


def test_in_its_past_a_lead_waits_in_nurture_and_one_that_was_given_back_is_sold_again(
    printed: tuple[Path, str], looker: Looker
) -> None:
    home = Home(printed[0])
    shaving = asyncio.run(signs(home))

    assert home.rows("SELECT lead_id FROM nurture_leads WHERE state = 'in'")
    assert {"kept", "open"} == {row["state"] for row in home.rows("SELECT state FROM retained")}  # sold, and unsold
    assert "sunpath" == shaving.falls[0].buyer_id
    assert [case for case in shaving.returns if case.sold_to and case.again_seller != case.seller_id]
    for path, told in WENT_WRONG.items():
        assert told in looker.page(path), path
    missed = home.rows("""SELECT a.detail, l.state FROM attempts a JOIN leads l ON l.id = a.lead_id
                          WHERE a.state = 'failed' AND a.buyer_id = 'brightroof' AND l.state = 'unsold'""")
    assert missed and "The connection was refused." in missed[-1]["detail"]


def test_the_printed_curl_line_gets_a_price(printed: tuple[Path, str]) -> None:
    line = re.findall(r"curl .*?\.77", printed[1], re.DOTALL)[0].replace("\\\n", " ")
    ran = subprocess.run(
        [*shlex.split(line), "-s", "-H", "Accept: application/json", "-m", "20"], capture_output=True, check=True
    )
    answer = json.loads(ran.stdout)

    assert "accepted" == answer["status"]
    assert answer["request_id"].startswith("req_")


def test_it_names_its_folder_and_three_links(printed: tuple[Path, str]) -> None:
    links = re.findall(r"(Open the console|as a seller|as a buyer) +http://127\.0\.0\.1:\d+/login/(\S+)", printed[1])

    known = [Home(printed[0]).run("user", "login-link", f"{who}@demo.local") for who in ("acme", "brightroof")]

    assert 3 == len({secret for _, secret in links})
    assert [(0, True)] * 2 == [(each.code, printed[1].split("/login/")[0].split()[-1] in each.out) for each in known]
    assert str(printed[0]) in printed[1]
    assert "none: the clock stands at" in printed[1]


def test_its_own_keys_sell_a_lead_and_the_commands_work_on_it(printed: tuple[Path, str]) -> None:
    home = Home(printed[0])
    url = re.findall(r"http://127\.0\.0\.1:\d+", printed[1])[0]
    body = json.dumps({"campaign_key": "ck_live_demo_acme", **POST}).encode()
    asked = urllib.request.Request(f"{url}/api/v1/post", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(asked, timeout=20) as reply:
        answer = json.load(reply)
    told = home.run("--json", "why", answer["lead_id"])

    assert answer["status"] in ("accepted", "queued", "unsold")
    assert (0, answer["lead_id"]) == (told.code, told.json["lead_id"])
    assert 0 == home.run("check").code
    assert 0 == home.run("ledger", "verify").code


def test_the_doctor_finds_the_demo_well_and_tells_where_a_wrong_mail_server_is_mended(
    printed: tuple[Path, str],
) -> None:
    home = Home(printed[0])
    well = home.run("--json", "doctor")
    file = home.folder / "exchange.toml"
    kept = file.read_text("utf-8")
    rest = "".join(line for line in kept.splitlines(keepends=True) if not line.startswith("mail_"))
    file.write_text(f'{rest}\nmail_host = "127.0.0.1"\nmail_port = {free_port()}\nmail_security = "plain"\n', "utf-8")
    wrong = home.run("doctor")
    file.write_text(kept, "utf-8")

    assert 0 == well.code, well.out
    assert (4, True) == (wrong.code, "Settings > Providers" in wrong.out)


def test_a_second_demo_on_the_same_data_is_refused(printed: tuple[Path, str]) -> None:
    for words in ((), ("--reset",), ("--frozen",)):
        refused = exchange("--data", printed[0], "demo", "--port", str(free_port()), *words)

        assert (6, True) == (refused.code, "runs already" in refused.err)
    assert 0 == Home(printed[0]).run("ledger", "verify").code


def test_a_taken_port_is_told_before_a_past_is_made(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        refused = exchange("--data", tmp_path / "demo", "demo", "--port", str(port))

    assert (6, True) == (refused.code, f"Port {port} is taken by another program" in refused.err)
    assert not Home(tmp_path / "demo").database.exists()


def test_its_past_has_as_many_leads_as_are_asked_for(tmp_path: Path) -> None:
    """About as many, and those of a rush."""
    with start("--data", tmp_path / "demo", "demo", "--frozen", "--leads", "10", "--port", str(free_port())) as running:
        until(lambda line: "exchange init" in line, running.stdout)
        running.send_signal(signal.SIGTERM)
        assert 0 == running.wait(30)

    assert 34 < Home(tmp_path / "demo").rows("SELECT count(*) AS leads FROM leads")[0]["leads"] < 60


def test_others_may_reach_it_only_when_that_is_said(tmp_path: Path) -> None:
    refused = exchange("--data", tmp_path, "demo", "--host", "0.0.0.0")

    assert (6, True) == (refused.code, "--public" in refused.err)
    assert [] == list(tmp_path.iterdir())


def test_a_folder_that_no_demo_made_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    for words in ((), ("--reset",), ("--frozen",)):
        assert 6 == exchange("--data", tmp_path, "demo", *words).code

    assert "years of work" == (tmp_path / "thesis.txt").read_text()


def test_a_stream_runs_from_first_to_last_and_its_dispositions_are_recorded(tmp_path: Path) -> None:
    leads, truth = [], []
    for number in range(4):
        contact = {name: POST[name] for name in ("first_name", "last_name", "address")}
        contact |= {"email": f"p{number}@mail.example", "phone": f"515958{number}140", "zip": "50309", "state": "IA"}
        at = f"2025-03-0{number + 3}T12:56:05Z"
        lead = {
            "lead_id": f"X{number}",
            "ts": at,
            "seller_id": "BK-trades",
            "sub_id": "sg-1",
            "vertical": "term_deposit",
            "source": "call_cellular",
            "landing_page": "https://page.example/a",
            "contact": contact | {"city": "des moines"},
            "ip": "198.51.100.7",
            "user_agent": "Browser",
            "form_ms": 20502,
            "hp": "",
            "consent": {"cert": "ab" * 20, "ts": at, "url": "https://page.example/a"},
            "fields": {"job": "admin", "balance_eur": 219, "credit_default": "no"},
        }
        said = {"ts": f"2025-03-1{number}T10:00:00Z", "status": "contacted", "reason": ""}
        leads.append(lead)
        truth.append({"lead_id": f"X{number}", "expect": "accept", "dispositions": [said]})
    for name, rows in (("s.jsonl", leads), ("s_truth.jsonl", truth)):
        (tmp_path / name).write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    words = ("--json", "--data", tmp_path / "d", "demo", "--stream", tmp_path / "s.jsonl", "--port", str(free_port()))
    with start(*words) as running:
        out, err = running.communicate(timeout=60)
    summary = json.loads(out.splitlines()[-1])

    assert 0 == running.returncode, err
    assert (4, "2025-03-03T12:56:05.000Z") == (summary["rows"], summary["from"])
    assert summary["sold"] + summary["unsold"] == 4
    assert summary["sold"] == summary["dispositions"]["recorded"] > 0


def test_a_stream_that_is_none_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "s.jsonl").write_text("not a lead\n")
    refused = exchange("--data", tmp_path / "d", "demo", "--stream", tmp_path / "s.jsonl")

    assert (1, True) == (refused.code, "line 1" in refused.err)
    assert 5 == exchange("--data", tmp_path / "d", "demo", "--stream", tmp_path / "none.jsonl").code
