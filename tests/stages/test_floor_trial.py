"""What a floor brings beside the leads held out of it: arms that stay, and no verdict on little."""

from __future__ import annotations

from exchange.stages.floor_trial import Arm, FloorTrial, arms, held_out


def trial(under: tuple[int, int], out: tuple[int, int]) -> FloorTrial:
    """Of each arm, leads that brought 20.00 and leads that brought nothing."""
    found = []
    for sold, unsold in (under, out):
        arm = Arm()
        for brought in (200_000,) * sold + (0,) * unsold:
            arm = arm.plus(brought, brought // 2)
        found.append(arm)
    return FloorTrial("AZ", 140_000, 100_000, 0, *found)


def test_a_lead_stays_in_its_arm_and_the_share_is_held() -> None:
    ids = [f"ld_{number}" for number in range(4_000)]
    out = {each for each in ids if held_out(each, 1_000)}
    assert 320 < len(out) < 480 and out == {each for each in ids if held_out(each, 1_000)}
    assert out < {each for each in ids if held_out(each, 2_000)} and not any(held_out(each, 0) for each in ids)
    under, apart = arms(((each, 100, 40) for each in ids), 1_000)
    assert (len(out), len(out) * 60, 4_000) == (apart.leads, apart.margin, under.leads + apart.leads)


def test_a_verdict_needs_leads_in_both_arms_and_an_interval_off_nothing() -> None:
    more, less = trial((300, 100), (60, 60)), trial((100, 300), (60, 60))
    assert ("brings_more", 50_000) == (more.verdict, more.gain) and more.bounds[0] > 0
    assert ("brings_less", -50_000) == (less.verdict, less.gain) and less.bounds[1] < 0
    assert "open" == trial((200, 200), (60, 60)).verdict == trial((300, 100), (2, 18)).verdict
    assert 100_000 == more.under.margin // 300 and (0, 0) == (Arm().each, Arm().variance)
