"""`exchange check` tells every problem at once, each with its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from exchange.commands.check import contract_problems
from exchange.flows.connection import ready
from exchange.flows.shapes import Shapes
from exchange.model.party import Clause, Group
from tests.channels.fileserver import file_server
from tests.cli.home import Home, exchange
from tests.later_buyers import FaxBuyer
from tests.mail_buyer import MailBuyer, ShelfBuyer, SlowMailBuyer
from tests.market import buying, contract, read_once, selling, usd


def test_what_came_with_the_exchange_is_good(tmp_path: Path) -> None:
    found = exchange("--data", tmp_path, "check")

    assert 0 == found.code, found.out
    assert ["verticals", "connections", "cases"] == re.findall(r"^  ok +(\w+)", found.out, re.MULTILINE)


def test_an_exchange_with_its_parties_is_good(market_home: Home) -> None:
    found = market_home.run("--json", "check").json

    assert (True, []) == (found["ok"], found["problems"])
    assert "1 campaigns and 1 contracts fit the files" in [each["told"] for each in found["checks"]]


def test_settings_that_are_wrong_are_all_listed_with_their_file(home: Home) -> None:
    with (home.folder / "exchange.toml").open("a") as file:
        file.write('\nport = 99999\ncolour = "red"\n')
    found = home.run("--json", "check")

    assert 4 == found.code
    assert 2 == len(found.json["problems"])
    assert all("exchange.toml" in each["problem"] for each in found.json["problems"])


def spoil(home: Home, vertical: bool = True, case: bool = True) -> set[str]:
    """Break a vertical's file and add a case of Acme's that is none. Returns the files."""
    config, broken = home.folder / "config", set()
    if vertical:
        file = config / "verticals" / "solar.yaml"
        file.write_text(file.read_text("utf-8").replace("type: phone", "type: telephone"), "utf-8")
        broken.add(str(file))
    if case:
        cases = config / "connections" / "acme" / "cases"
        cases.mkdir()
        (cases / "none.yaml").write_text("name: [", "utf-8")
        broken.add(str(cases / "none.yaml"))
    return broken


def files_of(problems: list[dict[str, str]]) -> set[str]:
    return {each["problem"].partition(":")[0] for each in problems}


@pytest.mark.parametrize(
    ("wrong", "parties"),
    [
        ("port = 99999", {"contract cobalt-solar"}),
        ('allowed_networks = "lan"', {"contract cobalt-solar"}),  # no address is called forbidden because of that
        ("database_url = 5", set()),  # then nobody knows where the parties are
    ],
)
def test_a_wrong_setting_hides_no_other_problem(market_home: Home, wrong: str, parties: set[str]) -> None:
    market_home.store(buying("cobalt", connection="pigeon", price=usd("5")))
    broken = spoil(market_home, vertical=False)
    settings = market_home.folder / "exchange.toml"
    text = re.sub(r"^allowed_networks.*$", "", settings.read_text("utf-8"), flags=re.MULTILINE)
    networks = "" if wrong.startswith("allowed_networks") else 'allowed_networks = ["127.0.0.0/8"]\n'
    settings.write_text(f"{text}{networks}{wrong}\n", "utf-8")
    found = market_home.run("--json", "check")

    assert (4, {str(settings), *broken, *parties}) == (found.code, files_of(found.json["problems"]))


def test_settings_that_are_no_toml_hide_no_problem_of_the_files_beside_them(market_home: Home) -> None:
    broken = spoil(market_home)
    settings = market_home.folder / "exchange.toml"
    settings.write_text("name = [", "utf-8")
    found = market_home.run("--json", "check")

    told = files_of(found.json["problems"])
    assert (4, 3, broken) == (found.code, len(told), told & broken)
    assert any(each.startswith(f"{settings} cannot be read") for each in told)


def test_a_wrong_file_hides_no_problem_of_another_and_makes_none_up(market_home: Home) -> None:
    market_home.store(selling("oak", postback_url="http://10.0.0.7/sold"))
    broken = spoil(market_home)
    preset = market_home.folder / "config" / "presets" / "nobody_uses_it.yaml"
    preset.write_text("a: [", "utf-8")
    found = market_home.run("--json", "check")

    assert (4, {*broken, str(preset), "campaign oak-solar"}) == (found.code, files_of(found.json["problems"]))


def test_a_zone_that_is_nowhere_is_told_with_its_setting(home: Home) -> None:
    settings = home.folder / "exchange.toml"
    settings.write_text(re.sub(r"^zone.*$", 'zone = "Mars/Base"', settings.read_text("utf-8"), flags=re.MULTILINE))
    found = home.run("--json", "check")

    (problem,) = found.json["problems"]
    assert f"{settings}: zone: Value error, no time zone is called Mars/Base" == problem["problem"]
    assert 5 == home.run("why", "ld_1").code


def test_files_that_are_wrong_are_all_listed_with_their_paths(market_home: Home) -> None:
    config = market_home.folder / "config"
    vertical = config / "verticals" / "solar.yaml"
    vertical.write_text(vertical.read_text("utf-8").replace("type: phone", "type: telephone"), "utf-8")
    connection = config / "connections" / "acme" / "connection.yaml"
    connection.write_text(connection.read_text("utf-8").replace("json_http", "pigeon"), "utf-8")
    (config / "connections" / "birch" / "cases").mkdir(parents=True, exist_ok=True)
    (config / "connections" / "birch" / "connection.yaml").unlink(missing_ok=True)
    found = market_home.run("check")

    assert 4 == found.code
    assert re.search(r"FAIL .*verticals/solar\.yaml.*telephone", found.out)
    assert re.search(r"FAIL .*connections/acme.*connector: ", found.out)
    assert re.search(r"FAIL .*connections/birch: its file connection\.yaml is missing", found.out)


def test_a_captured_reply_that_is_read_otherwise_is_named(market_home: Home) -> None:
    cases = market_home.folder / "config" / "connections" / "acme" / "cases"
    cases.mkdir()
    (cases / "sold.yaml").write_text(
        "- kind: exemplary\n  name: a sale\n  offer: {zip: '85016'}\n  lead: {phone: '+16029580001'}\n"
        '  post:\n    reply: {status: 200, body: \'{"status": "rejected"}\'}\n  then: {accepted: {}}\n',
        "utf-8",
    )
    found = market_home.run("check")

    assert 4 == found.code
    assert re.search(r"FAIL +cases +.*acme/cases", found.out)


def test_parties_that_name_what_is_not_there_are_all_listed(market_home: Home) -> None:
    filters = Group("all", (Clause("colour", "is", ("red",)),))
    market_home.store(buying("cobalt", connection="pigeon", price=usd("5"), schedule="daily"))
    market_home.store(selling("oak", vertical="boats"))
    connection = market_home.folder / "config" / "connections" / "acme" / "connection.yaml"
    text = connection.read_text("utf-8").replace(
        "phone: phone", "phone: phone\n    key: {secret: acme_key}\n    at: {field: zipp}"
    )
    connection.write_text(text, "utf-8")
    market_home.store(contract("acme", price=usd("20"), filters=filters))
    problems = {each["problem"] for each in market_home.run("--json", "check").json["problems"]}

    assert problems == {
        "campaign oak-solar: no vertical is called boats",
        "contract acme-solar: solar has no field colour to filter on",
        "contract acme-solar: connection acme needs the variable EXCHANGE_SECRET_ACME_KEY",
        "contract acme-solar: connection acme sends the field zipp, which no vertical has: is it zip?",
        "contract cobalt-solar: schedule: 'daily' is none of: every 15m, hourly, at 06:00,18:00, mon,thu at 07:30",
        "contract cobalt-solar: no connection is called pigeon",
    }


def test_what_is_never_pinged_needs_a_fixed_price() -> None:
    later, shelf, spot = ready(SlowMailBuyer(), {}), ready(ShelfBuyer(), {}), ready(MailBuyer(), {})
    catalog, _ = read_once()
    shapes = Shapes(catalog.verticals, {"acme": later, "birch": shelf, "cobalt": spot, "delta": later})
    contracts = [contract(name) for name in ("acme", "birch", "cobalt")] + [contract("delta", price=usd("5"))]

    assert [
        "contract acme-solar: needs a fixed price: connection acme is never pinged",
        "contract birch-solar: needs a fixed price: connection birch is never pinged",
    ] == list(contract_problems(contracts, shapes, True))


def test_terms_of_a_delivery_fit_its_connection() -> None:
    later, spot = ready(FaxBuyer("acme"), {}), ready(MailBuyer(), {})
    catalog, _ = read_once()
    shapes = Shapes(catalog.verticals, {"acme": later, "birch": spot})
    contracts = [
        contract("acme", price=usd("5"), sold_when="at_once", schedule="hourly"),
        contract("birch", price=usd("5"), sold_when="at_once"),
    ]

    assert [
        "contract acme-solar: schedule: connection acme delivers one lead at a time",
        "contract birch-solar: sold_when: at_once is for what is delivered later, and connection birch answers on the "
        "spot",
    ] == list(contract_problems(contracts, shapes, True))


def test_documents_made_while_it_ran_are_checked_with_the_files(market_home: Home) -> None:
    field = {"name": "zip", "type": "text", "label": "Z", "ping": "optional", "post": "optional"}
    solar = {"title": "Sun", "fields": [field]}
    market_home.keep("vertical", "solar", solar)
    fine = market_home.run("check")
    market_home.keep("connection", "late", {"connection": "late", "connector": "pigeon"})
    found = market_home.run("--json", "check")

    assert "1 made while it ran; over the file of solar" in fine.out
    assert ["documents"] == [each["check"] for each in found.json["problems"]]
    assert "connection late: connector: 'pigeon' is not one of" in found.json["problems"][0]["problem"]


def test_an_sftp_server_nobody_pinned_is_asked_for_its_key(home: Home) -> None:
    with file_server() as server:
        place = home.folder / "config" / "connections" / "marlow"
        place.mkdir()
        document = f"connection: marlow\nconnector: files\nprotocol: sftp\nserver: 127.0.0.1:{server.sftp_port}\n"
        (place / "connection.yaml").write_text(document + "user: harbor\nkey_file: /no/such.pem\n", "utf-8")
        found = home.run("--json", "check")
        (place / "connection.yaml").write_text(
            f"{document}user: harbor\nkey_file: /no/such.pem\nhost_key: {server.fingerprint}\n", "utf-8"
        )
        pinned = home.run("--json", "check")

    told = f"127.0.0.1 shows {server.fingerprint}: compare it with what its owner says, then write it down"
    assert (4, [("host keys", f"connection marlow: host_key: is not set; {told}")]) == (
        found.code,
        [(each["check"], each["problem"]) for each in found.json["problems"]],
    )
    assert 0 == pinned.code, pinned.out


def test_a_form_that_does_not_fit_its_campaign_is_told(home: Home) -> None:
    home.store(selling("cedar"))
    folder = home.folder / "config" / "forms"
    folder.mkdir()
    fields = "[zip, first_name, last_name, email, phone]"
    text = f"title: Sun\ncampaign: {{}}\nsteps: [{{{{title: All, fields: {fields}}}}}]\nconsent: {{{{}}}}\n"
    (folder / "lost.yaml").write_text(text.format("nobody"), "utf-8")
    (folder / "sun.yaml").write_text(text.format("cedar-solar"), "utf-8")
    found = home.run("--json", "check")

    assert 4 == found.code
    assert [
        "form lost: there is no campaign nobody",
        "form sun: steps: monthly_bill is required by solar and is not asked",
        "form sun: steps: homeowner is required by solar and is not asked",
    ] == [each["problem"] for each in found.json["problems"]]
