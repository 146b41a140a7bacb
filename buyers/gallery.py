"""Templates of the usual buyers that are no web request: what each has to be told, and nothing else."""

from __future__ import annotations

from typing import Final

from exchange.model.teaching import Ask, Template

_OURS: Final = "+16025550100"
_THEIRS: Final = "+14805550177"
_SENDER: Final = "Harbor Exchange <leads@harbor.example>"
_FAX: Final = Ask("to", "The buyer's fax number", "to", _THEIRS)
_HEADING: Final = Ask("heading", "Heading of the page", "heading", "New solar lead", optional=True)
_ACCOUNT: Final = (
    Ask("from", "Your number at Twilio", "from", _OURS),
    Ask("sid", "Account SID", "account.sid", "AC and 32 letters and digits"),
    Ask("token", "Auth token", "account.token", secret=True),
)

GALLERY: Final = (
    Template(
        "email",
        "Email",
        "Each lead as a mail, with links to say what became of it; or it is answered with a word.",
        (
            Ask("to", "Its addresses, with commas", "to", "leads@acme.example", many=True),
            Ask("from", "Sender", "from", _SENDER),
            Ask("subject", "Subject", "subject", "Solar lead: {first_name} {last_name}", optional=True),
            Ask("attach", "Attached file", "attach", options=("none", "csv", "xml", "adf")),
        ),
        {"connector": "email", "links": ["dispositions", "return", "reply"]},
    ),
    Template(
        "fax_telnyx",
        "Fax by Telnyx",
        "Each lead as one page. Telnyx fetches it, and calls back signed.",
        (
            _FAX,
            Ask("from", "Your number at Telnyx", "from", _OURS),
            Ask("application", "ID of the Fax Application", "application", "1293384261075731499"),
            Ask("key", "API key", "key", secret=True),
            Ask("public_key", "Public key for webhooks", "public_key", "32 bytes in Base64, as its portal shows it"),
            _HEADING,
        ),
        {"connector": "telnyx_fax"},
    ),
    Template(
        "fax_sinch",
        "Fax by Sinch",
        "Each lead as one page. What is called back is believed once Sinch was asked.",
        (
            _FAX,
            Ask("project", "Project ID", "project"),
            Ask("user", "ID of the access key", "user"),
            Ask("password", "Secret of the access key", "password", secret=True),
            Ask("from", "Your number at Sinch", "from", _OURS, optional=True),
            _HEADING,
        ),
        {"connector": "sinch_fax"},
    ),
    Template(
        "fax_email",
        "Fax by a mail gateway",
        "Each lead as one page, mailed to a service that faxes it.",
        (
            _FAX,
            Ask("gateway", "Address of the gateway, with {number} in it", "gateway", "{number}@send.mfax.io"),
            Ask("from", "Sender", "from", _SENDER),
            Ask("silence", "When no mail comes back", "silence", options=("unclear", "delivered")),
            _HEADING,
        ),
        {"connector": "email_fax"},
    ),
    Template(
        "phone",
        "Phone",
        "Rung by Twilio: 1 accepts, 2 refuses, 9 connects the consumer.",
        (
            Ask("to", "The buyer's number", "to", _THEIRS),
            *_ACCOUNT,
            Ask("summary", "Fields heard before a key, with commas", "summary", usual="city, state", many=True),
        ),
        {"connector": "phone"},
    ),
    Template(
        "sms",
        "SMS",
        "A text by Twilio with a link to a page that takes the lead or refuses it.",
        (Ask("to", "The buyer's number", "to", _THEIRS), *_ACCOUNT),
        {"connector": "sms"},
    ),
    Template(
        "store",
        "Store",
        "It buys by itself on the pages of the store; nothing is sent to it.",
        (),
        {"connector": "store"},
    ),
    Template(
        "pull",
        "Fetched by its program",
        "Leads wait until it asks for them with its key.",
        (),
        {"connector": "pull"},
    ),
    Template(
        "csv_url",
        "A CSV address",
        "A spreadsheet of its own reads them from a secret address.",
        (),
        {"connector": "csv_url"},
    ),
    Template(
        "files",
        "Files on its server",
        "SFTP, FTPS or FTP: a file for each lead, or one for all that wait.",
        (
            Ask("protocol", "Protocol", "protocol", options=("sftp", "ftps", "ftp")),
            Ask("server", "Server, and its port if it is not the usual one", "server", "files.acme.example"),
            Ask("folder", "Folder", "folder", "incoming/leads", optional=True),
            Ask("user", "User", "user"),
            Ask("password", "Password", "password", secret=True),
            Ask("host_key", "Key of an SFTP server", "host_key", "SHA256:…", optional=True),
            Ask("format", "Format", "format", options=("csv", "xlsx", "jsonl", "xml")),
        ),
        {"connector": "files"},
    ),
)
