"""Whether the exchange had a lead's consumer before, by this or a nearly equal name, telephone, mailbox or address.

Earlier leads are looked for by the statement that opens the request, so that this asks the database for nothing. Which
of them the same person is, and what that means, the stages decide.
"""

from __future__ import annotations

from types import MappingProxyType

from exchange.flows.case import Case
from exchange.flows.market import Market
from exchange.flows.sightings import compared, person_in
from exchange.model.finding import Finding, Outcome
from exchange.model.lead import Kind as Asked
from exchange.model.reason import Reason
from exchange.model.work import Duplicate
from exchange.stages.duplicates.decide import Asking, Decision, Earlier, Verdict, agreeing, decide, span
from exchange.stages.duplicates.judge import Kind
from exchange.stages.duplicates.windows import Windows, windows_of

NAME = "duplicates"
_AMONG = MappingProxyType(
    {
        "seller": "among this seller's leads",
        "campaign": "in this campaign",
        "vertical": "at any seller",
        "exchange": "at any seller, in any vertical",
    }
)


async def check(case: Case, market: Market) -> Case:
    """The case with what was found, the earlier lead of the same person, and what buyers bought of it."""
    skipped = _why_skipped(case)
    if skipped:
        return case.finding(Finding(NAME, Outcome.SKIPPED, "Duplicate check", facts=(skipped,)))
    found = _compared(case, market)
    return _told(_bought(case, found), decide(_asking(case, market), found))


def taken_by_another(case: Case, market: Market, taken: Duplicate) -> bool:
    """Whether the lead that holds the claim on a telephone or mailbox is about another person than this one."""
    if case.campaign.duplicate_by == "contact":
        return False
    holder = next((each for each in _compared(case, market) if each.origin.lead_id == taken.lead_id), None)
    return holder is not None and holder.match.kind is not Kind.SAME


def found_taken(case: Case, market: Market, taken: Duplicate) -> Case:
    """The case of a lead whose claim another one holds: it is a duplicate whatever the windows say."""
    holder = next((each for each in _compared(case, market) if each.origin.lead_id == taken.lead_id), None)
    if holder is not None:
        return _told(case, Decision(Verdict.DUPLICATE, holder))
    same = taken.seller_id == case.submission.seller_id
    reason = Reason.DUPLICATE_SELLER if same else Reason.DUPLICATE_EXCHANGE
    told = Finding(NAME, Outcome.REFUSED, reason.sentence, reason, tuple(filter(None, (taken.lead_id,))))
    return case.finding(told)._replace(same_as=taken.lead_id or None, duplicate_of=taken.lead_id or None)


def _why_skipped(case: Case) -> str:
    if case.submission.kind is Asked.PING:
        return "Not run: a ping names nobody"
    if case.lead.test_outcome is not None:
        return "Not run: the test lead says its outcome"
    return "" if _windows(case).longest else "Not run: this campaign takes consumers it had before"


def _windows(case: Case) -> Windows:
    return windows_of(case.campaign, case.vertical)


def _asking(case: Case, market: Market) -> Asking:
    campaign = case.campaign
    return Asking(
        campaign.seller_id,
        campaign.id,
        case.vertical.name,
        campaign.duplicate_scope,
        _windows(case),
        market.clock.now(),
        campaign.duplicate_by == "contact",
    )


def _compared(case: Case, market: Market) -> tuple[Earlier, ...]:
    if not case.seen.leads:
        return ()
    person = person_in(case.lead, case.vertical)
    found = (compared(person, row, market) for row in case.seen.leads)
    return tuple(each for each in found if each is not None)


def _bought(case: Case, found: tuple[Earlier, ...]) -> Case:
    """Eligibility hears of buyers that bought this person under another telephone or mailbox."""
    same = {each.origin.lead_id for each in found if each.match.kind is Kind.SAME}
    bought = dict(case.bought)
    for sale in case.seen.sales:
        if sale["lead_id"] in same:
            bought[sale["buyer_id"]] = max(bought.get(sale["buyer_id"], 0), sale["last_at"])
    return case.knowing(bought)


def _told(case: Case, decision: Decision) -> Case:
    """The finding. Its sentence is for the seller too: it tells nothing of other sellers or of buyers."""
    earlier = decision.earlier
    windows, scope = _windows(case), case.campaign.duplicate_scope
    if earlier is None:
        days = f"{windows.sold} day{'s' if windows.sold != 1 else ''}"
        told = Finding(NAME, Outcome.PASSED, "Not a duplicate", facts=(f"Nobody like this in {days}, {_AMONG[scope]}",))
        return case.finding(told)
    origin = earlier.counts_as
    before = span(case.lead.received_at - origin.received_at)
    alike = agreeing(earlier.match)
    facts = (origin.lead_id, f"{origin.state.value} then")
    match decision.verdict:
        case Verdict.DUPLICATE:
            mine = origin.seller_id == case.submission.seller_id
            reason = Reason.DUPLICATE_SELLER if mine else Reason.DUPLICATE_EXCHANGE
            whose = "a lead you sent" if mine else "a lead"
            who = "The same person as" if earlier.match.kind is Kind.SAME else "The same contact as"
            told = Finding(NAME, Outcome.REFUSED, f"{who} {whose} {before} before: same {alike}", reason, facts)
            return case.finding(told)._replace(same_as=origin.lead_id, duplicate_of=origin.lead_id)
        case Verdict.COMES_AGAIN:
            told = Finding(NAME, Outcome.PASSED, f"Not a duplicate: the same person {before} before", facts=facts)
            return case.finding(told)._replace(same_as=origin.lead_id)
        case Verdict.HOUSEHOLD:
            sentence = f"Not a duplicate: another person of a household seen {before} before"
            return case.finding(Finding(NAME, Outcome.PASSED, sentence, facts=(*facts, f"same {alike}")))
        case _:
            sentence = f"Another person gave the same {alike} {before} before"
            return case.finding(Finding(NAME, Outcome.FLAGGED, sentence, facts=facts))
