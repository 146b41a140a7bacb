"""`exchange campaign scrub`: what becomes of the scrub's rules in one campaign, told and changed."""

from __future__ import annotations

from tests.cli.home import Home


def test_every_rule_is_told_and_one_is_changed_and_given_back(market_home: Home) -> None:
    assert "refuse" == market_home.run("campaign", "scrub", "cedar-solar", "--json").json["phone_fictional"]

    told = market_home.run("campaign", "scrub", "cedar-solar", "phone_area=flag", "email_role=ignore")
    assert 0 == told.code and 2 == told.out.count("of this campaign")
    rules = market_home.run("campaign", "scrub", "cedar-solar", "email_role=usual", "--json").json
    assert ("flag", "flag") == (rules["phone_area"], rules["email_role"])

    lines = market_home.rows("SELECT after_json FROM audit_lines WHERE action = 'campaign.scrub' ORDER BY id")
    assert ['{"phone_area":"flag","email_role":"ignore"}', '{"phone_area":"flag"}'] == [
        line["after_json"] for line in lines
    ]


def test_what_is_no_rule_or_no_action_changes_nothing(market_home: Home) -> None:
    unknown = market_home.run("campaign", "scrub", "cedar-solar", "email_rolle=flag")
    assert 2 == unknown.code and "email_rolle is no rule; there are" in unknown.err
    wrong = market_home.run("campaign", "scrub", "cedar-solar", "email_role=drop")
    assert 2 == wrong.code and "write a rule and refuse, hold, flag, ignore or usual" in wrong.err
    assert 1 == market_home.run("campaign", "scrub", "nobody").code
    assert not market_home.rows("SELECT id FROM audit_lines WHERE action = 'campaign.scrub'")
