"""Leads by mail: texts with places, files, and nothing that a lead says gets out of the place it stands in."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
import xmltodict
from hypothesis import example, given
from hypothesis import strategies as st

from buyers import connectors
from buyers.email.connector import EmailConnector
from buyers.email.templates import compile_html, compile_line, compile_text
from buyers.family import ConnectionProblems
from buyers.family import load as load_of
from buyers.mapping.values import Facts
from exchange.connector import BadReply, Parcel, Terms
from exchange.courier.addresses import check_server
from exchange.courier.mime import build
from exchange.model.auction import Award, Bid, Later, Rejected
from exchange.model.lead import Lead
from exchange.model.wire import EmailMessage, Relay, Reply
from tests.stages.samples import NOW, contract, lead, usd, value

LINKS = {"contacted": "https://x.example/l/1", "return": "https://x.example/l/2"}
NAUGHTY = (
    "Eva\r\nBcc: thief@evil.example",
    "Eva\n\n<script>alert(1)</script>",
    "{{42*42}} ${7*7} {term:reference} {first_name} %s %(x)s",
    "=HYPERLINK(\"http://evil.example\")",
    "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\x00\x07\x1b[31m", "\u2028Bcc: x\u0085y", "<img src=x onerror=alert(1)>",
    "\" onmouseover=\"alert(1)", "' style='x", "javascript:alert(1)", "data:text/html,x", "]]>&lt;",
    "😀 Zoë 李", "\u202etxt",
)  # fmt: skip


def mailing(**over: Any) -> EmailConnector:
    document = {
        "connection": "cobalt",
        "connector": "email",
        "from": "Harbor <leads@harbor.example>",
        "to": "leads@cobalt.example",
        **over,
    }
    made = load_of(document, {}, connectors()).build()
    assert isinstance(made, EmailConnector)
    return made


def award(reference: str = "ref_1") -> Award:
    return Award(Bid("ct_1", "by_1", usd("42"), True, None, None), 1, reference)


def terms(**secrets: str) -> Terms:
    return Terms(NOW, "ref_1", secrets, LINKS)


def maria(**more: str) -> Lead:
    fields = {"first_name": "Maria", "last_name": "Sandoval", "phone": "6029580142", "city": "Phoenix", **more}
    return lead()._replace(values={name: value(text) for name, text in fields.items()})


def written(connector: EmailConnector, of: Lead | None = None) -> EmailMessage:
    return connector.message(of or maria(), award(), contract(), terms(pass_word="pw"))


def facts(of: Lead) -> Facts:
    return Facts(contract(), terms(), lead=of, award=award())


def test_a_document_of_four_lines_says_everything_there_is() -> None:
    mail = written(mailing())

    assert ("Harbor <leads@harbor.example>", ("leads@cobalt.example",)) == (mail.sender, mail.to)
    assert ("New solar lead ref_1", "<ref_1@harbor.example>") == (mail.subject, mail.message_id)
    assert ["First name: Maria", "Last name: Sandoval", "Phone: 6029580142", "City: Phoenix"] == mail.text.split("\n")[
        :4
    ]
    assert "Price: 42.00 USD\nReference: ref_1\n" in mail.text
    assert "<td" in mail.html and ">Sandoval</td>" in mail.html
    assert ((), "") == (mail.attachments, mail.reply_to) and "x.example" not in mail.text + mail.html


def test_links_are_there_when_they_are_wanted() -> None:
    mail = written(mailing(links=["dispositions", "return"]))
    own = written(mailing(links=["return"], html='<a href="{link:return}">r</a><a href="{link:contacted}">c</a>'))

    for part in (mail.text, mail.html):
        assert LINKS["contacted"] in part and LINKS["return"] in part
    assert set(LINKS.values()) <= set(mail.shown().secrets)
    assert f'<a href="{LINKS["return"]}">r</a><a href="#">c</a>' == own.html


def test_texts_of_its_own_draw_on_fields_terms_tracking_and_settings() -> None:
    connector = mailing(
        subject="{city}: {first_name} ({term:bid_price})",
        text="{tracking:sub_id1}/{setting:desk}/{unknown}/{consent:given}/{ x }/{}",
        html="<style>p {color: red} b{margin:0}</style><p title='{first_name}'>{last_name} <b>{city}</b></p>".replace(
            "b{margin:0}", "b{ margin:0 }"
        ),
    )
    of = maria()._replace(tracking={"sub_id1": "g1"})
    terms_of = replace(contract(), settings=(("desk", "west"),))
    mail = connector.message(of, award(), terms_of, terms())

    assert "Phoenix: Maria (42.00)" == mail.subject
    assert "g1/west//false/{ x }/{}" == mail.text
    assert "<p title='Maria'>Sandoval <b>Phoenix</b></p>" in mail.html


@pytest.mark.parametrize("kind", ["csv", "xml", "adf"])
def test_a_file_says_the_same(kind: str) -> None:
    of = maria(vehicle_make="Honda", vehicle_year="2019", email="m@consumer.example", zip="85016", accidents="0")
    mail = written(mailing(attach=kind), of)
    (file,) = mail.attachments
    text = file.content.decode("utf-8-sig")

    if kind == "csv":
        (row,) = csv.DictReader(io.StringIO(text))
        assert ("Maria", "Honda", "ref_1", "42.00") == (
            row["first_name"],
            row["vehicle_make"],
            row["reference"],
            row["price"],
        )
    elif kind == "xml":
        row = xmltodict.parse(text)["leads"]["lead"]
        assert ("Maria", "Honda", "ref_1") == (row["first_name"], row["vehicle_make"], row["reference"])
    else:
        assert ("application/x-adf+xml", '<?adf version="1.0"?>') == (file.content_type, text.split("\n")[1])
        prospect = xmltodict.parse(text, force_list=("name", "phone"))["adf"]["prospect"]
        contact = prospect["customer"]["contact"]
        assert {"@interest": "buy", "year": "2019", "make": "Honda"} == prospect["vehicle"]
        assert [("first", "Maria"), ("last", "Sandoval")] == [(n["@part"], n["#text"]) for n in contact["name"]]
        assert ("6029580142", "m@consumer.example") == (contact["phone"][0]["#text"], contact["email"])
        assert ("85016", "ref_1") == (contact["address"]["postalcode"], prospect["id"]["#text"])
        assert "Accidents: 0" == prospect["customer"]["comments"]


def test_many_leads_are_one_mail() -> None:
    connector = mailing(digest_subject="{count} leads for {city}", attach="csv", links=["return"])
    parcels = [
        Parcel(maria(first_name=name), award(f"ref_{name}"), {"return": f"https://x.example/{name}"}) for name in "AB"
    ]
    mail = connector.digest(parcels, contract(), Terms(NOW, "bat_1", {}))

    assert ("2 leads for {city}", "<bat_1@harbor.example>") == (mail.subject, mail.message_id)
    assert ["A", "B"] == [
        row["first_name"] for row in csv.DictReader(io.StringIO(mail.attachments[0].content.decode("utf-8-sig")))
    ]
    for name in "AB":
        assert f"Reference: ref_{name}" in mail.text and f'href="https://x.example/{name}"' in mail.html


def test_a_mail_with_many_leads_is_answered_at_an_address_of_its_own_by_their_numbers() -> None:
    links = {"reply": "r+dlv_1.s@in.example", "return": "https://x.example/1"}
    parcels = [Parcel(maria(), award(f"ref_{number}"), links, number) for number in (2, 5)]
    told = Terms(NOW, "bat_1", {}, {"reply": "r+bat_1.s@in.example"})
    many = mailing(links=["reply"]).digest(parcels, contract(), told)
    one = mailing(links=["reply"]).digest(parcels[:1], contract(), told)
    by_subject = mailing(links=["reply"], reply_to="desk@harbor.example").digest(parcels, contract(), told)
    silent = mailing().digest(parcels, contract(), told)

    assert ["r+bat_1.s@in.example", "r+dlv_1.s@in.example"] == [many.reply_to, one.reply_to]
    assert "Lead 5\n\n" in many.text and "Lead 5</h2>" in many.html and "r+dlv" not in many.text + many.html
    assert 1 == many.text.count("Or answer to r+bat_1.s@in.example") == many.html.count("Or answer to")
    assert ("desk@harbor.example", "2 new leads [#bat_1.s]") == (by_subject.reply_to, by_subject.subject)
    assert "r+bat_1.s@in.example" in many.secrets and "bat_1.s" in by_subject.secrets
    assert ("", False) == (silent.reply_to, "Or answer" in silent.text)


def test_the_relay_of_a_document_has_its_password_by_name() -> None:
    connector = mailing(
        relay={
            "server": "mx.example:465",
            "security": "tls",
            "user": "u",
            "password": {"secret": "pass_word"},
        }
    )
    mail = written(connector)

    assert Relay("mx.example", 465, "tls", "u", "pw") == mail.relay
    assert "pw" in mail.shown().secrets
    with pytest.raises(BadReply, match="the secret pass_word is not set"):
        connector.message(maria(), award(), contract(), terms())


@pytest.mark.parametrize("naughty", NAUGHTY)
def test_what_a_lead_says_stays_where_it_stands(naughty: str) -> None:
    connector = mailing(
        subject="{first_name}",
        html='<a href="{comments}" title="{comments}">{comments}</a><a href="https://x.example/?q={comments}">x</a>',
        attach="csv",
    )
    of = maria(first_name=naughty, comments=naughty)
    mail = written(connector, of)
    whole = build(mail, NOW)
    head = whole.partition(b"\r\n\r\n")[0]

    names = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"]
    assert names == re.findall(r"(?m)^([A-Za-z-]+):", head.decode())
    assert "1764" not in mail.text + mail.html + mail.subject and "49" not in mail.subject
    assert [("a", 2), ("a", 1)] == tags_of(mail.html)
    assert not re.search(r'href="(javascript|data):', mail.html)
    (row,) = csv.DictReader(io.StringIO(mail.attachments[0].content.decode("utf-8-sig")))
    assert not row["first_name"].startswith(("=", "@", "\t", "\r")) and row["first_name"] not in ("+1+1", "-2+3")
    assert 1 == len(written(mailing(), of).text.split("First name:")[1].split("\nLast name:")[0].splitlines())


@pytest.mark.parametrize("runs", ["=1+1", "＝1+1", "'=1+1", '"=1+1', "@SUM(A1)"])
def test_no_cell_of_a_file_is_run_by_a_spreadsheet(runs: str) -> None:
    mail = written(mailing(attach="csv"), maria(comments=runs))

    (row,) = csv.DictReader(io.StringIO(mail.attachments[0].content.decode("utf-8-sig")))
    assert f"'{runs}" == row["comments"]


def tags_of(html: str) -> list[tuple[str, int]]:
    """Each element and how many attributes it has."""
    found: list[tuple[str, int]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.append((tag, len(attrs)))

    Reader().feed(html)
    return found


@given(st.text(max_size=60))
@example("{last_name}")
def test_any_value_is_data(text: str) -> None:
    of = maria(first_name=text)
    shown = compile_html('<p title="{first_name}">{first_name}</p>')(facts(of))

    assert [("p", 1)] == tags_of(shown)
    assert 1 == len(compile_line("a{first_name}b")(facts(of)).splitlines())
    build(written(mailing(subject="x{first_name}"), of), NOW)


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{color:red}", "color is not one of"),
        ("{term:moon}", "moon is not one of"),
        ("<script>{first_name}</script>", "stands where no value may"),
        ("<style>{first_name}</style>", "stands where no value may"),
        ("<p onclick='{first_name}'>", "stands where no value may"),
        ("<p style='{first_name}'>", "stands where no value may"),
        ("<p title={first_name}>", "stands where no value may"),
        ("<{first_name}>", "stands where no value may"),
        ("<p {first_name}='x'>", "stands where no value may"),
        ("<!-- {first_name} -->", "stands where no value may"),
        ("<meta http-equiv='refresh' content='{first_name}'>", "stands where no value may"),
    ],
)
def test_a_place_where_no_value_is_safe_is_refused_when_it_is_saved(template: str, why: str) -> None:
    with pytest.raises(ConnectionProblems, match=why):
        mailing(html=template)


@pytest.mark.parametrize(
    ("over", "path"),
    [
        ({"to": []}, "to"),
        ({"to": "no address"}, "to.0"),
        ({"to": "a@b.example\r\nBcc: c@d.example"}, "to.0"),
        ({"from": "Harbor <leads>"}, "from"),
        ({"from": "Har\r\nbor <leads@harbor.example>"}, "from"),
        ({"subject": "two\nlines"}, "subject"),
        ({"subject": "{moon:x}"}, "subject"),
        ({"attach": "pdf"}, "attach"),
        ({"links": ["unsubscribe"]}, "links.0"),
        ({"relay": {"server": "mx.example:25", "user": "u"}}, "relay"),
        ({"relay": {"server": "mx:25", "security": "plain", "user": "u", "password": {"secret": "s"}}}, "relay"),
        ({"relay": {"server": "mx.example"}}, "relay.server"),
        ({"relay": {"server": "mx.example:99999"}}, "relay.server"),
        ({"relay": {"server": "a b:25"}}, "relay.server"),
        ({"bcc": "x@y.example"}, "bcc"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_document_is_told_with_its_place(over: dict[str, Any], path: str) -> None:
    with pytest.raises(ConnectionProblems) as told:
        mailing(**over)

    assert [path] == [problem.path for problem in told.value.problems]


def test_only_a_250_is_a_yes() -> None:
    connector = mailing()

    def answer(status: int) -> Any:
        conversation = connector.post(maria(), award(), contract(), terms())
        next(conversation)
        try:
            conversation.send(Reply(status, {}, b"2.0.0 \x00 yes\r\nno"))
        except StopIteration as end:
            return end.value
        raise AssertionError("it wanted another reply")

    assert "250 2.0.0 yes no" == answer(250).detail
    assert isinstance(answer(451), Later) and isinstance(answer(550), Rejected)
    for odd in (200, 251, 302, 0, 999):
        with pytest.raises(BadReply):
            answer(odd)


def test_a_template_without_places_is_itself() -> None:
    assert "a {b c} {{x}} {" == compile_text("a {b c} {{x}} {")(facts(maria())).replace("{}", "{{x}}")


@pytest.mark.parametrize(
    "server", ["10.0.0.1:25", "127.0.0.1:25", "[::1]:25", "localhost:25", "169.254.169.254:25", "2130706433:25"]
)
def test_a_relay_inside_our_own_network_is_refused_when_it_is_saved(server: str) -> None:
    document = {"connection": "a", "connector": "email", "from": "a@b.example", "to": "c@d.example"}
    loaded = load_of({**document, "relay": {"server": server}}, {}, connectors())

    assert [f"smtp://{server}"] == list(loaded.urls.values())
    assert check_server(loaded.urls["relay.server"]) is not None
    assert check_server("smtp://mail.lagoon.example:587") is None
