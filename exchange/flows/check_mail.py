"""The check of mail: whether the email's domain takes any. A domain is asked about once a day, not once a lead."""

from __future__ import annotations

from exchange.courier.mail_domains import TakesMail
from exchange.flows.case import Case
from exchange.flows.market import Market
from exchange.model.finding import Finding, Outcome
from exchange.stages.scrub.emails import is_provider
from exchange.stages.scrub.lead import against

CHECK = "scrub:mail"


async def check_mail(case: Case, market: Market) -> Case:
    """Of every lead with an email. A lead that is refused already is not worth a question."""
    value = case.lead.values.get("email")
    if value is None:
        return case
    if any(finding.outcome is Outcome.REFUSED for finding in case.findings):
        return case.finding(Finding(CHECK, Outcome.SKIPPED, "Whether the email's domain takes mail was not asked."))
    domain = value.parts["domain"]
    if is_provider(domain):
        return case.finding(Finding(CHECK, Outcome.PASSED, "The email is at a great provider."))
    terms = case.deals.intakes[case.campaign.id].scrub_terms
    match await market.mail_domains.ask(domain):
        case TakesMail.YES:
            return case.finding(Finding(CHECK, Outcome.PASSED, "The email's domain takes mail."))
        case TakesMail.NO:
            return case.finding(against(CHECK, "email_no_mail", terms))
        case TakesMail.UNKNOWN:
            return case.finding(against(CHECK, "email_dns_away", terms))
        case TakesMail.NOT_ASKED:
            return case.finding(Finding(CHECK, Outcome.SKIPPED, "Whether the email's domain takes mail was not asked."))
