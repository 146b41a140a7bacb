"""The same person in mails of ten layouts, as form builders, portals and people write them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from email.message import EmailMessage
from email.policy import SMTP
from html import escape

Person = Mapping[str, str]
Layout = Callable[[EmailMessage, Person], None]
LABELS = {
    "first_name": "First Name",
    "last_name": "Last name",
    "phone": "Phone Number",
    "email": "E-Mail",
    "zip": "ZIP",
}
ADF_NAMES = {"first_name", "last_name", "phone", "email", "zip"}


def mail_of(layout: Layout, person: Person, message_id: str = "<1@dealer.example>") -> bytes:
    message = EmailMessage()
    message["From"] = "Dealer Leads <leads@dealer.example>"
    message["To"] = "solar@in.exchange.example"
    message["Subject"] = "New lead"
    message["Message-ID"] = message_id
    message["Date"] = "Thu, 19 Nov 2026 10:12:00 -0700"
    layout(message, person)
    return message.as_bytes(policy=SMTP)


def labels_and_values(message: EmailMessage, person: Person) -> None:
    lines = [f"{LABELS[name]}: {value}" for name, value in person.items()]
    message.set_content("A new lead has come in.\n\n" + "\n".join(lines) + "\n\n-- \nDealer: call us at 602 555 0100\n")


def quoted_and_starred(message: EmailMessage, person: Person) -> None:
    lines = [f"> *{LABELS[name]}*: {value}" for name, value in person.items()]
    message.set_content("----- Forwarded message -----\n> From: someone@form.example\n" + "\n".join(lines))


def values_below(message: EmailMessage, person: Person) -> None:
    message.set_content("\n".join(f"{LABELS[name]}:\n{value}\n" for name, value in person.items()))


def tabbed(message: EmailMessage, person: Person) -> None:
    message.set_content("\n".join(f"{LABELS[name]}\t{value}" for name, value in person.items()))


def two_columns(message: EmailMessage, person: Person) -> None:
    rows = "".join(
        f"<tr><td><b>{LABELS[name]}:</b></td><td>{escape(value)}</td></tr>" for name, value in person.items()
    )
    message.set_content("Your mail program shows no pages.")
    message.add_alternative(f"<html><body><h1>New lead</h1><table>{rows}</table></body></html>", subtype="html")


def label_above(message: EmailMessage, person: Person) -> None:
    """As Gravity Forms writes its notifications."""
    rows = "".join(
        f'<tr bgcolor="#EAF2FA"><td colspan="2"><font><strong>{LABELS[name]}</strong></font></td></tr>'
        f'<tr bgcolor="#FFFFFF"><td width="20">&nbsp;</td><td><font>{escape(value)}</font></td></tr>'
        for name, value in person.items()
    )
    message.set_content(
        f'<table width="99%"><tr><td><table width="100%">{rows}</table></td></tr></table>', subtype="html"
    )


def headings_and_a_row(message: EmailMessage, person: Person) -> None:
    heads = "".join(f"<th>{LABELS[name]}</th>" for name in person)
    cells = "".join(f"<td>{escape(value)}</td>" for value in person.values())
    message.set_content(f"<table><tr>{heads}</tr><tr>{cells}</tr></table>", subtype="html")


def definitions(message: EmailMessage, person: Person) -> None:
    terms = "".join(f"<dt>{LABELS[name]}</dt><dd>{escape(value)}</dd>" for name, value in person.items())
    message.set_content(f"<dl>{terms}</dl>", subtype="html")


def paragraphs(message: EmailMessage, person: Person) -> None:
    lines = "".join(f"<div>{LABELS[name]}: <span>{escape(value)}</span></div>" for name, value in person.items())
    message.set_content(f"<body><style>p {{color: red}}</style>{lines}</body>", subtype="html")


def adf_attached(message: EmailMessage, person: Person) -> None:
    message.set_content("See the attachment.")
    message.add_attachment(adf_of(person).encode(), maintype="application", subtype="x-adf+xml", filename="lead.xml")


def adf_of(person: Person) -> str:
    told = {name: escape(value) for name, value in person.items()}
    return (
        '<?ADF VERSION "1.0"?>\n<?XML VERSION "1.0"?>\n<adf><prospect status="new">'
        '<requestdate>2026-11-19T10:12:00-07:00</requestdate><vehicle interest="buy" status="used"><year>2023</year>'
        "<make>Ford</make><model>F-150</model></vehicle><customer><contact>"
        f'<name part="first" type="individual">{told["first_name"]}</name><name part="last">{told["last_name"]}</name>'
        f'<email>{told["email"]}</email><phone type="fax">6029580199</phone><phone type="voice">{told["phone"]}</phone>'
        f'<address><street line="1">1 Main St</street><postalcode>{told["zip"]}</postalcode></address>'
        "</contact></customer><vendor><vendorname>Dealer</vendorname></vendor></prospect></adf>"
    )


LAYOUTS: tuple[Layout, ...] = (
    labels_and_values,
    quoted_and_starred,
    values_below,
    tabbed,
    two_columns,
    label_above,
    headings_and_a_row,
    definitions,
    paragraphs,
    adf_attached,
)
