"""Emails: sure slips are put right, real domains never changed, throw-away ones refused."""

from __future__ import annotations

import pytest

from exchange.stages.scrub.emails import exists, is_provider, meant_by, slips, suspects
from tests.stages.scrub.scrubbed import doubted, refused, scrubbed, told


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("gmial.com", "gmail.com"),
        ("gnail.com", "gmail.com"),
        ("gmai.com", "gmail.com"),
        ("gmaill.com", "gmail.com"),
        ("gmail.con", "gmail.com"),
        ("gmail.co", "gmail.com"),
        ("gamil.com", "gmail.com"),
        ("gmail.cm", "gmail.com"),
        ("gmial.con", "gmail.com"),
        ("yhaoo.com", "yahoo.com"),
        ("yaho.com", "yahoo.com"),
        ("yahooo.com", "yahoo.com"),
        ("hotmial.com", "hotmail.com"),
        ("hotmal.com", "hotmail.com"),
        ("outlok.com", "outlook.com"),
        ("icloud.con", "icloud.com"),
        ("live.con", "live.com"),
        ("msn.con", "msn.com"),
        ("aol.con", "aol.com"),
        ("comcast.ner", "comcast.net"),
        ("comacst.net", "comcast.net"),
        ("iclould.com", "icloud.com"),
        ("gmail.com.com", "gmail.com"),
        ("hotmeil.com", "hotmail.com"),
        ("HOTMIAL.COM", "hotmail.com"),
    ],
)
def test_a_slip_of_a_great_provider_is_put_right(wrong: str, right: str) -> None:
    found = scrubbed(email=f"Maria.S@{wrong}")

    assert (f"Maria.S@{right}", f"Maria.S@{wrong}") == (found.lead.text("email"), found.lead.values["email"].raw)
    assert f"maria.s@{right}" == found.lead.values["email"].parts["folded"]
    assert ("scrub:email", "fixed") in told(found) and not refused(found)
    assert [f"email: the email's domain was a slip of {right}."] == [each.message for each in found.corrected]


REAL = (
    "mail.com",
    "email.com",
    "ymail.com",
    "rocketmail.com",
    "aim.com",
    "ail.com",
    "gmx.com",
    "gmx.net",
    "gmx.de",
    "me.com",
    "mac.com",
    "live.ca",
    "yahoo.ca",
    "hotmail.fr",
    "yahoo.co.uk",
    "hotmail.co.uk",
    "live.com",
    "outlook.fr",
    "acme-roofing.com",
    "hey.com",
    "pm.me",
    "proton.me",
    "fastmail.com",
    "inbox.com",
    "zoho.com",
    "gail.com",
    "acme.com",
    "att.com",
    "comcast.com",
    "cox.com",
    "web.de",
    "libero.it",
    "orange.fr",
    "qq.com",
    "163.com",
    "yandex.com",
    "usa.com",
    "mail.ru",
    "email.cz",
    "gmail.de",
    "outlook.de",
    "mailbox.org",
    "tutanota.com",
    "juno.com",
    "earthlink.net",
    "windstream.net",
)


@pytest.mark.parametrize("domain", REAL)
def test_a_real_domain_that_looks_like_a_slip_is_never_changed(domain: str) -> None:
    assert f"maria@{domain}" == scrubbed(email=f"maria@{domain}").lead.text("email")
    assert None is refused(scrubbed(email=f"maria@{domain}"))


def test_no_slip_is_itself_a_provider_and_each_leads_to_one() -> None:
    meant = {slip: meant_by(f"{slip}.{ending}") for slip in slips() for ending in ("com", "con", "net", "co")}
    assert all(is_provider(domain) for domain in (*meant.values(), *suspects().values()) if domain is not None)
    assert not [domain for domain in suspects() if meant_by(domain) is not None]
    assert (None, None) == (meant_by("gmail.com"), meant_by("comcast.com"))


def test_what_may_be_a_slip_is_suggested_and_left() -> None:
    found = scrubbed(email="maria@hmial.com")
    assert [] == doubted(found)  # two strokes: nobody knows

    found = scrubbed(email="maria@fmail.com")
    assert "maria@fmail.com" == found.lead.text("email")
    found = scrubbed(email="maria@utlook.com")
    assert (["email_suspect"], "maria@outlook.com") == (doubted(found), found.doubted[0].closest)


@pytest.mark.parametrize("domain", ["mailinator.com", "sub.mailinator.com", "MAILINATOR.COM", "yopmail.com"])
def test_a_throw_away_address_is_refused(domain: str) -> None:
    found = scrubbed(email=f"maria@{domain}")

    assert ("email_refused", ["email_disposable"]) == (refused(found), doubted(found))
    assert "mailinator" not in str(found.findings).lower()


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("info@acme-roofing.com", "email_role"),
        ("noreply@acme-roofing.com", "email_role"),
        ("info+solar@acme-roofing.com", "email_role"),
        ("none@gmail.com", "email_filler"),
        ("noemail@aol.com", "email_filler"),
        ("maria@acme.con", "email_domain"),
        ("maria@acme.nosuchending", "email_domain"),
    ],
)
def test_offices_fillers_and_endings_that_do_not_exist_are_flagged(address: str, code: str) -> None:
    found = scrubbed(email=address)

    assert (None, [code]) == (refused(found), doubted(found))


def test_a_wrong_ending_comes_with_what_was_meant() -> None:
    assert "maria@acme.com" == scrubbed(email="maria@acme.con").doubted[0].closest
    assert None is scrubbed(email="maria@acme.nosuchending").doubted[0].closest


def test_endings_exist_or_are_kept_for_documents() -> None:
    assert exists("consumer.example") and exists("acme.com") and exists("müller.de".encode("idna").decode())
    assert not exists("acme.con")
