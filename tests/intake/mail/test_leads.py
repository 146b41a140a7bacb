"""A lead is found in a mail whatever its layout, and what is no lead is told."""

from __future__ import annotations

from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.intake.mail.leads import leads_of
from exchange.intake.mail.message import BadMail, read_mail
from tests.intake.mail.layouts import LABELS, LAYOUTS, Layout, Person, adf_of, labels_and_values, mail_of

LETTERS = st.text(alphabet="ABCDEFabcdef áéñÖ'-", min_size=1, max_size=20)
NAMES = LETTERS.map(lambda text: " ".join(text.split())).filter(lambda text: text[:1].isalpha())
DIGITS = st.text(alphabet="0123456789", min_size=7, max_size=7)
ZIPS = st.sampled_from(["85016", "02139", "10001"])


def person(first: str, last: str, number: str, zip5: str) -> Person:
    contact = {"phone": f"602{number}", "email": f"p{number}@consumer.example", "zip": zip5}
    return {"first_name": first, "last_name": last, **contact}


PEOPLE = st.builds(person, NAMES, NAMES, DIGITS, ZIPS)
ANA = person("Ana", "Sandoval", "9580142", "85016")


def plain(text: str, **headers: str) -> bytes:
    message = EmailMessage()
    message["From"], message["To"] = "leads@dealer.example", "solar@in.exchange.example"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


def page(text: str) -> bytes:
    message = EmailMessage()
    message["From"] = "leads@dealer.example"
    message.set_content(text, subtype="html")
    return message.as_bytes()


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.__name__)
@settings(max_examples=25)
@given(who=PEOPLE)
def test_the_same_person_is_read_from_every_layout(layout: Layout, who: Person) -> None:
    (lead,) = leads_of(read_mail(mail_of(layout, who)))
    said = {name: lead.fields.get(name) or lead.fields.get(LABELS[name]) for name in who}

    assert not lead.problems
    assert who == said


def test_the_parts_of_a_mail() -> None:
    mail = read_mail(mail_of(labels_and_values, ANA))

    assert ("<1@dealer.example>", "leads@dealer.example") == (mail.key, mail.sender)
    assert ("solar@in.exchange.example",) == mail.recipients
    assert 1_795_108_320_000 == mail.sent_at
    assert not mail.automatic


def test_a_mail_without_an_id_is_known_by_its_bytes() -> None:
    keys = {read_mail(plain("Name: Ana\nZIP: 85016")).key for _ in range(2)}

    assert 1 == len(keys)
    assert keys != {read_mail(plain("Name: Eva\nZIP: 85016")).key}


def test_a_table_of_people_is_a_lead_a_row() -> None:
    rows = "".join(f"<tr><td>{name}</td><td>85016</td></tr>" for name in ("Ana", "Bo", "Cy"))
    found = leads_of(read_mail(page(f"<table><tr><th>Name</th><th>ZIP</th></tr>{rows}</table>")))

    assert [("Ana", "row 1 of a table"), ("Bo", "row 2 of a table"), ("Cy", "row 3 of a table")] == [
        (lead.fields["Name"], lead.where) for lead in found
    ]


def test_a_long_answer_that_was_wrapped_is_one_value() -> None:
    text = f"Name: Ana\nComments: {'I want panels on the roof of the barn ' * 2}\nand on the house\n\nThank you"

    (lead,) = leads_of(read_mail(plain(text)))

    assert lead.fields["Comments"].endswith("barn and on the house")


def test_flowing_text_is_joined() -> None:
    message = EmailMessage()
    message.set_content("Name: Ana \nSandoval\nZIP: 85016\n")
    message.set_param("format", "flowed")

    (lead,) = leads_of(read_mail(message.as_bytes()))

    assert {"Name": "Ana Sandoval", "ZIP": "85016"} == lead.fields


@pytest.mark.parametrize(
    ("body", "charset"),
    [("Name: José\nZIP: 85016".encode("latin-1"), "iso-8859-1"), ("Name: José\nZIP: 85016".encode(), "x-unknown")],
)
def test_charsets_are_read_and_wrong_ones_guessed(body: bytes, charset: str) -> None:
    head = (
        f"From: a@b.example\r\nContent-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    )

    (lead,) = leads_of(read_mail(head.encode() + body))

    assert "José" == lead.fields["Name"]


def test_a_mail_without_a_lead_says_so() -> None:
    (lead,) = leads_of(read_mail(plain("Hello,\nsee you at 12:30 at https://dealer.example/x\n")))

    assert ("No lead was found: no labels with values, no table and no ADF.",) == lead.problems


@pytest.mark.parametrize("said", ["auto-replied", "auto-notified; owner-email=x@y.example"])
def test_an_answer_of_a_machine_is_known(said: str) -> None:
    assert read_mail(plain("I am away: until Monday", Auto_Submitted=said)).automatic
    assert not read_mail(plain("Name: Ana", Auto_Submitted="auto-generated")).automatic


def test_a_label_that_comes_again_counts_once() -> None:
    (lead,) = leads_of(read_mail(plain("Email *: a@consumer.example\nZIP: 85016\nEmail *: b@consumer.example")))

    assert {"Email": "a@consumer.example", "ZIP": "85016"} == lead.fields


def test_adf_in_the_text_of_a_mail() -> None:
    (lead,) = leads_of(read_mail(plain(adf_of(ANA))))

    assert "ADF in the text" == lead.where
    assert ANA.items() <= lead.fields.items()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff" * 200,
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + b"--x\r\n" * 100,
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: multipart/mixed; boundary=x\r\n" * 50,
        b'Content-Type: text/plain; charset="\xff\x00"\r\n\r\nName: Ana',
        b"Date: \x00\r\nMessage-ID: <\r\nFrom: <<<>>@,;\r\n\r\nName: Ana",
        b"Content-Type: text/html\r\n\r\n" + b"<table><tr><td>" * 20_000,
        b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!====",
        b"From: " + b"(" * 5_000 + b"\r\n\r\nName: Ana",
        b"Content-Type: text/plain; " + b"(" * 5_000 + b"\r\n\r\nName: Ana",
        b"Content-Type: text/plain; " + b'"' * 500_000 + b"\r\n\r\nName: Ana",
        b"Content-Disposition: " + b"[" * 500_000 + b"\r\n\r\nName: Ana",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n"
        + b"--x\r\nContent-Type: text/plain;;;;\r\n\r\na\r\n" * 20_000,
        b"Content-Type: text/plain; format=flowed\r\n\r\n" + b"x \r\n" * 250_000,
    ],
)
def test_hostile_mails_are_read_or_refused(raw: bytes) -> None:
    try:
        found = leads_of(read_mail(raw))
    except BadMail as error:
        assert str(error).endswith(".")
    else:
        assert all(lead.problems or lead.fields for lead in found)


@given(raw=st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    head = b"Content-Type: text/html\r\n" if len(raw) % 2 else b""
    try:
        found = leads_of(read_mail(head + raw))
    except BadMail as error:
        assert str(error).endswith(".")
    else:
        assert found


def test_a_mail_that_is_too_large_or_has_too_many_parts_is_refused() -> None:
    message = EmailMessage()
    message.set_content("Name: Ana")
    for number in range(50):
        message.add_attachment("x", filename=f"{number}.txt")

    with pytest.raises(BadMail, match="more than 40 parts"):
        read_mail(message.as_bytes())
    with pytest.raises(BadMail, match="larger than 1024 KB"):
        read_mail(plain("x" * 2_000_000))
