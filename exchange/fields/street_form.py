"""A street line in the post office's form: capitals, its short words, no signs. `12 north Main Street, Apt. 4` is
`12 N MAIN ST APT 4`. The words are those of USPS Publication 28, the usual ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

_KINDS = """ALY ALLEY ALLEE ALLY|ANX ANNEX ANEX|ARC ARCADE|AVE AVENUE AV AVEN AVENU AVN AVNUE|BYU BAYOU|BCH BEACH
BND BEND|BLF BLUFF|BLVD BOULEVARD BOUL BOULV BLV|BR BRANCH BRNCH|BRG BRIDGE BRDGE|BRK BROOK
BYP BYPASS BYPAS|CP CAMP|CYN CANYON CANYN|CSWY CAUSEWAY|CTR CENTER CENTRE CENT CNTR
CIR CIRCLE CIRC CIRCL CRCL|CLF CLIFF|CLB CLUB|CMN COMMON|COR CORNER|CT COURT CRT|CTS COURTS|CV COVE
CRK CREEK|CRES CRESCENT CRSENT|XING CROSSING CRSSNG|XRD CROSSROAD|CURV CURVE|DL DALE|DR DRIVE DRIV DRV
EST ESTATE|ESTS ESTATES|EXPY EXPRESSWAY EXP EXPR EXPW|EXT EXTENSION EXTN|FLS FALLS|FRY FERRY|FLD FIELD
FLDS FIELDS|FRD FORD|FRST FOREST|FRK FORK|FRKS FORKS|FT FORT|FWY FREEWAY FREEWY|GDN GARDEN GARDN
GDNS GARDENS|GTWY GATEWAY|GLN GLEN|GRN GREEN|GRV GROVE GROV|HBR HARBOR|HVN HAVEN|HTS HEIGHTS HT
HWY HIGHWAY HIGHWY HIWAY HWAY|HL HILL|HLS HILLS|HOLW HOLLOW HLLW|IS ISLAND ISLND|JCT JUNCTION JCTION
KY KEY|KNL KNOLL|KNLS KNOLLS|LK LAKE|LKS LAKES|LNDG LANDING|LN LANE|LGT LIGHT|LOOP LOOPS|MNR MANOR
MDW MEADOW|MDWS MEADOWS|ML MILL|MLS MILLS|MSN MISSION|MTWY MOTORWAY|MT MOUNT|MTN MOUNTAIN|ORCH ORCHARD
OVAL OVL|PARK PRK|PKWY PARKWAY PARKWY PKWAY PKY|PASS|PATH PATHS|PIKE PIKES|PNE PINE|PNES PINES|PL PLACE
PLN PLAIN|PLNS PLAINS|PLZ PLAZA PLZA|PT POINT|PTS POINTS|PRT PORT|PR PRAIRIE|RNCH RANCH|RPDS RAPIDS
RST REST|RDG RIDGE RDGE|RIV RIVER RVR|RD ROAD|RDS ROADS|RTE ROUTE|ROW|RUN|SHR SHORE SHOAR|SHRS SHORES
SPG SPRING SPNG|SPGS SPRINGS|SPUR SPURS|SQ SQUARE SQR SQRE|STA STATION STATN|STRM STREAM
ST STREET STRT STR|SMT SUMMIT|TER TERRACE TERR|TRCE TRACE|TRAK TRACK|TRL TRAIL TRAILS
TPKE TURNPIKE TRNPK|UN UNION|VLY VALLEY VALLY|VW VIEW|VWS VIEWS|VLG VILLAGE VILLAG|VL VILLE
VIS VISTA VIST|WALK WALKS|WAY WY|WLS WELLS"""
_SHORT: Mapping[str, str] = MappingProxyType(
    {word: kind.split()[0] for kind in re.split(r"[|\n]", _KINDS) for word in kind.split()}
)
_SIDES: Mapping[str, str] = MappingProxyType(
    {
        "NORTH": "N", "SOUTH": "S", "EAST": "E", "WEST": "W", "NORTHEAST": "NE", "NORTHWEST": "NW", "SOUTHEAST": "SE",
        "SOUTHWEST": "SW", "N": "N", "S": "S", "E": "E", "W": "W", "NE": "NE", "NW": "NW", "SE": "SE", "SW": "SW",
    }
)  # fmt: skip
_UNITS: Mapping[str, str] = MappingProxyType(
    {
        "APARTMENT": "APT", "APT": "APT", "UNIT": "UNIT", "SUITE": "STE", "STE": "STE", "ROOM": "RM", "RM": "RM",
        "FLOOR": "FL", "FL": "FL", "BUILDING": "BLDG", "BLDG": "BLDG", "LOT": "LOT", "SPACE": "SPC", "SPC": "SPC",
        "TRAILER": "TRLR", "TRLR": "TRLR", "#": "APT", "DEPARTMENT": "DEPT", "DEPT": "DEPT", "SLIP": "SLIP",
    }
)  # fmt: skip
_SIGNS = re.compile(r"[.,;]+")
_NUMBER_SIGN = re.compile(r"# ?(?=\w)")
_BOX = re.compile(r"^P ?O ?BOX\b ?#? ?")


def standard_form(text: str) -> str:
    """The line as the post office writes it. What is not understood stays, in capitals."""
    words = _NUMBER_SIGN.sub("# ", _SIGNS.sub(" ", text.upper())).split()
    if words and words[0][0] == "P" and _BOX.match(line := " ".join(words)):
        return _BOX.sub("PO BOX ", line).rstrip()
    street, unit = _without_unit(words)
    end = len(street)
    if end > 2 and street[-1] in _SIDES:
        street[-1] = _SIDES[street[-1]]
        end -= 1
    if end > 2 and street[end - 1] in _SHORT:
        street[end - 1] = _SHORT[street[end - 1]]
    if len(street) > 3 and street[1] in _SIDES:
        street[1] = _SIDES[street[1]]
    return " ".join((*street, *unit))


def _without_unit(words: list[str]) -> tuple[list[str], list[str]]:
    """The street and its unit; a word such as LOT is one only where a name follows it, after the street's kind."""
    for place in range(len(words) - 1, 1, -1):
        if words[place] in _UNITS and len(words) - place in (2, 3) and place > 1:
            if words[place] == "#" and place > 2 and words[place - 1] in _UNITS:
                place -= 1
            rest = [word for word in words[place + 1 :] if word != "#"]
            if rest:
                return words[:place], [_UNITS[words[place]], *rest]
    return words, []
