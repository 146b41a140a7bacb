"""Every chart says in a sentence what it shows, has a table with the same figures, and stays small enough to draw."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from exchange.web.charts.across import Across, Range, across, ranges
from exchange.web.charts.chart import NODES_MOST, Chart
from exchange.web.charts.funnel import Step, funnel
from exchange.web.charts.heat import HeatCell, HeatColumn, heat
from exchange.web.charts.histogram import Bin, Marker, Names, histogram
from exchange.web.charts.lines import Line, lines
from exchange.web.charts.sankey import Column, Flow, Node, sankey
from exchange.web.charts.stacked import Group, Series, stacked

MONEY = (Series("Payout", "payout"), Series("Margin", "margin"))
WON = Names("Lost", "Won", "$")


def many_charts(count: int) -> dict[str, Chart]:
    """One of each form, of so many figures."""
    groups = [Group(f"{at}", (float(at % 7), 1.0), float(at % 5)) for at in range(count)]
    names = [group.name for group in groups]
    nodes = tuple(Node(f"n{at}", f"Seller {at}", 10, "one") for at in range(min(count, 20)))
    columns = (Column("Sellers", nodes), Column("Checks", (Node("all", "Passed", 10 * len(nodes), "sale"),)))
    return {
        "stacked": stacked(groups, MONEY, "Revenue $5.00", before="Last Friday"),
        "lines": lines(names, [Line("Leads", tuple(float(at) for at in range(count)))], "Leads: 5 a day"),
        "histogram": histogram([Bin(at, at + 1, 5, 2) for at in range(count)], (), WON, "5 bids"),
        "across": across([Across(f"R{at}", at, str(at)) for at in range(count)], "5 rejected", ("Reason", "Leads")),
        "ranges": ranges(
            [Range(f"B{at}", 1, 2, ("1", "2")) for at in range(count)], 9, "9 ms", "p50 1 ms", ("Buyer", "p50", "p95")
        ),
        "funnel": funnel([Step(f"Step {at}", count - at, "one") for at in range(min(count, 40))], "5 leads"),
        "sankey": sankey(columns, [Flow(node.id, "all", 10) for node in nodes], "200 leads in"),
    }  # fmt: skip


@pytest.mark.parametrize("count", [1, 24, 5_000])
def test_each_chart_says_what_it_shows_and_stays_small(count: int) -> None:
    for name, chart in many_charts(count).items():
        assert f'role="img" aria-label="{chart.summary}"' in chart.picture, name
        assert len(re.findall(r"<[a-z]", chart.picture)) <= NODES_MOST, name
        assert "NaN" not in chart.picture and "inf" not in chart.picture, name


def test_each_chart_has_a_table_with_all_of_its_figures() -> None:
    for name, chart in many_charts(300).items():
        widths = {len(row) for row in (*chart.twin.rows, *((chart.twin.foot,) if chart.twin.foot else ()))}
        assert {len(chart.twin.head)} == widths, name
    assert 300 == len(many_charts(300)["across"].twin.rows)


def test_sums_stand_beneath_their_columns() -> None:
    chart = stacked([Group("08:00", (10.0, 2.5)), Group("09:00", (1.25, 0.5))], MONEY, "Revenue $14.25")

    assert ("Sum", "11.25", "3.00") == chart.twin.foot
    assert 'title>08:00: payout 10.00, margin 2.50</title' in chart.picture  # fmt: skip


def test_what_is_compared_with_ends_where_it_is_known() -> None:
    chart = stacked(
        [Group("08", (1.0,), 4.0), Group("09", (0.0,), 2.0), Group("10", (0.0,), None)], MONEY[:1], "Revenue"
    )

    (line,) = re.findall(r'<polyline points="([^"]+)" class="c-before"', chart.picture)
    assert 2 == len(line.split())


def test_bars_of_a_histogram_lead_to_their_list_and_marks_lie_in_it() -> None:
    bins = [Bin(0, 10, 5, 1, "/console/leads?a=1&b=2"), Bin(10, 20, 8, 4)]
    chart = histogram(bins, [Marker(8, "floor $8.00", "limit"), Marker(99, "median $99.00", "median")], WON, "13 bids")

    assert 'data-href="/console/leads?a=1&amp;b=2"' in chart.picture
    assert ("Sum", "5", "8") == chart.twin.foot
    assert all(
        46 <= float(x) <= 430 for x in re.findall(r'x1="([\d.]+)"[^>]+class="c-(?:limit|median)"', chart.picture)
    )


def test_what_flows_into_a_bar_is_as_thick_as_what_flows_out() -> None:
    columns = (
        Column("Sold", (Node("x", "Exclusive", 3, "sale"), Node("s", "Shared", 2, "bid"))),
        Column("Buyers", (Node("a", "Acme", 4, "sale", share=3.5), Node("b", "<Birch>", 2, "sale", share=1.5))),
    )
    flows = [Flow("x", "a", 2), Flow("x", "b", 1), Flow("s", "a", 2, 1.5, "/list"), Flow("s", "b", 1, 0.5)]
    chart = sankey(columns, flows, "5 leads sold")

    heights = dict(zip("xsab", _heights(chart), strict=True))
    assert heights["x"] == pytest.approx(1.5 * heights["s"], abs=0.2)
    assert heights["a"] + heights["b"] == pytest.approx(heights["x"] + heights["s"], abs=0.2)
    assert "&lt;Birch&gt;" in chart.picture and "Shared to Acme: 2, 75.0% of Shared" in chart.picture
    assert "<a href=" in chart.twin.rows[2][0] and ("2", "1.50") == chart.twin.rows[2][1:]


def _heights(chart: Chart) -> Sequence[float]:
    return [float(height) for height in re.findall(r'<rect[^>]+ height="([\d.]+)"', chart.picture)]


def test_a_heat_table_shades_within_columns_and_leaves_few_alone() -> None:
    columns = (HeatColumn("Leads"), HeatColumn("Sold", 1), HeatColumn("Returned", -1))
    rows = [
        [HeatCell("900", 900), HeatCell("80%", 80), HeatCell("2%", 2)],
        [HeatCell("800", 800), HeatCell("70%", 70), HeatCell("4%", 4)],
        [HeatCell("700", 700), HeatCell("30%", 30), HeatCell("3 of 11")],
    ]
    tones = [[cell.tone for cell in row] for row in heat(columns, rows)]

    assert [["", "h-good1", "h-good3"], ["", "h-mid", "h-bad3"], ["", "h-bad3", "few"]] == tones
