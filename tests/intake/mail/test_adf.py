"""ADF as programs of the auto trade write it: read, or refused with the place."""

from __future__ import annotations

import pytest

from exchange.intake.mail.adf import BadAdf, is_adf, read_adf

WHOLE = """<?ADF VERSION "1.0"?>
<?XML VERSION "1.0"?>
<ADF>
  <Prospect Status="new">
    <id sequence="1" source="portal">A-17</id>
    <requestdate>2026-11-19T10:12:00-07:00</requestdate>
    <vehicle interest="buy" status="new"><year>2026</year><make>Subaru</make><model>Outback</model>
      <price type="quote" currency="USD">31000</price></vehicle>
    <vehicle interest="trade-in"><year>2015</year><make>Honda</make><model>Fit</model>
      <odometer>90000</odometer></vehicle>
    <customer>
      <contact><name part="full">Somebody Else</name></contact>
      <contact primarycontact="1">
        <name part="first">Ana</name><name part="last">Sandoval</name>
        <email preferredcontact="1">ana@consumer.example</email>
        <phone type="voice" time="evening">602-958-0001</phone><phone type="cellphone">602-958-0142</phone>
        <address type="home"><street line="1">1 Main St</street><street line="2">Unit 4</street>
          <city>Phoenix</city><regioncode>AZ</regioncode><postalcode>85016</postalcode></address>
      </contact>
      <comments><![CDATA[Is it still there? <b>Call</b> after 5]]></comments>
    </customer>
    <vendor><vendorname>Harbor Motors</vendorname></vendor>
    <provider><name part="full">Portal</name><service>Used cars</service></provider>
  </Prospect>
</ADF>"""


def test_everything_a_prospect_says() -> None:
    assert read_adf(WHOLE) == [
        {
            "seller_lead_id": "A-17",
            "adf_status": "new",
            "requested_at": "2026-11-19T10:12:00-07:00",
            "first_name": "Ana",
            "last_name": "Sandoval",
            "email": "ana@consumer.example",
            "phone": "602-958-0142",
            "phone2": "602-958-0001",
            "address": "1 Main St",
            "address2": "Unit 4",
            "city": "Phoenix",
            "state": "AZ",
            "zip": "85016",
            "vehicle_interest": "buy",
            "vehicle_status": "new",
            "vehicle_year": "2026",
            "vehicle_make": "Subaru",
            "vehicle_model": "Outback",
            "vehicle_price": "31000",
            "trade_in_interest": "trade-in",
            "trade_in_year": "2015",
            "trade_in_make": "Honda",
            "trade_in_model": "Fit",
            "trade_in_odometer": "90000",
            "comments": "Is it still there? <b>Call</b> after 5",
            "vendor": "Harbor Motors",
            "provider": "Portal",
            "provider_service": "Used cars",
        }
    ]


def test_a_full_name_counts_when_its_parts_are_missing() -> None:
    contact = "<contact><name part='full'>Ana Sandoval</name></contact>"

    assert read_adf(f"<adf><prospect><customer>{contact}</customer></prospect></adf>") == [
        {"full_name": "Ana Sandoval"}
    ]


def test_several_prospects_are_several_records() -> None:
    one = "<prospect><customer><contact><email>a@consumer.example</email></contact></customer></prospect>"

    assert 3 == len(read_adf(f"<adf>{one * 3}</adf>"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("<!DOCTYPE adf [<!ENTITY a 'b'>]><adf><prospect/></adf>", "a DOCTYPE"),
        ("<adf><prospect><customer></prospect></adf>", "line 1, column 28"),
        ("<adf><vendor/></adf>", "no prospect"),
        ("<adf>" + "<x>" * 100_000, "larger than 256 KB"),
        ("<adf>" + "<x>" * 20_000, "cannot be read"),
        ("<adf><prospect>&whatever;</prospect></adf>", "cannot be read"),
    ],
)
def test_what_is_no_adf_is_refused_with_its_place(text: str, told: str) -> None:
    with pytest.raises(BadAdf, match=told):
        read_adf(text)


def test_adf_is_known_by_its_element() -> None:
    assert is_adf(WHOLE)
    assert not is_adf("<html><body>adf</body></html>")
