"""Lists of words that the scrub knows, short and exact: what could be somebody's name is on none that refuses."""

from __future__ import annotations


def _words(text: str, sign: str | None = None) -> frozenset[str]:
    return frozenset(word.strip() for word in text.split(sign))


JOKES = _words(
    """amanda hugginkiss, amanda hugnkiss, anita bath, ben dover, bugs bunny, bunny bugs, daffy duck, darth vader,
    dixie normous, donald duck, easter bunny, heywood jablome, heywood jablowme, haywood jablome, hugh jass, hugh janus,
    ivana tinkle, ip freely, i freely, jack meoff, jack mehoff, jane doe, john doe, mickey mouse, micky mouse,
    minnie mouse, minny mouse, oliver closoff, sal monella, santa claus, seymour butts, seymour butz, seymour buts,
    tooth fairy, bat man, super man, spider man, moe lester, al beback, wile coyote, yogi bear""",
    ",",
)
"""First and last names together."""
DOUBTFUL = _words(
    """homer simpson, bart simpson, harry potter, james bond, bruce wayne, clark kent, peter parker, mike hunt,
    elvis presley, luke skywalker, sponge bob, phil mccracken, al coholic, jim beam, jack daniels, peter pan,
    bill gates, joe schmoe, joe blow, barack obama, donald trump, joe biden, taylor swift, kim kardashian""",
    ",",
)
"""Names of the famous, which other people bear too."""
PROFANE = _words(
    """arsehole asshole assholes bastard bastards bitch bitches blowjob bullshit cocksucker cunt cunts dickhead dildo
    dumbass fag faggot fuck fucker fucking fuckoff fuckyou jackass motherfucker nigga nigger penis pussy shit shithead
    shitty slut vagina wanker whore"""
)
NAME_FILLERS = _words(
    """null none test testing tester tests na nan nil undefined blank empty user customer client person somebody someone
    nobody unknown anonymous name first last given family surname lead sample demo dummy fake asd asdf asdfg asdfgh
    qwe qwer qwert qwerty zxc zxcv zxcvb abc abcd xyz aaa bbb xxx xx yyy zzz foo bar sdf dfg fgh jkl hjkl lkj"""
)
"""Held against nobody unless both names are of these: people are called Null and Test."""
SURE_FILLERS = _words("firstname lastname fname lname yourname fullname noname nofirstname nolastname")
"""One of these is enough."""
ROLES = _words(
    """abuse accounting accounts admin administrator billing careers compliance contact customerservice dns enquiries
    feedback finance ftp help helpdesk hello hostmaster hr info inquiries it jobs legal mail mailer-daemon marketing
    media news newsletter noc no-reply noreply office operations orders postmaster press privacy receptionist root
    sales security service services staff support sysadmin team usenet uucp webmaster www"""
)
"""What stands before the @ of an office: RFC 2142, and what the trade meets."""
EMAIL_FILLERS = _words(
    """none no noemail no-email no.email noemailaddress nomail noone nobody na n.a notavailable notgiven nothanks null
    unknown test testing asdf asdfasdf qwerty abc abc123 xxx fake refused declined donthave dontemail"""
)
STREET_FILLERS = _words(
    """none, na, n a, unknown, not given, not available, no address, address, street, street address, test, asdf, xxx,
    123, 1234, homeless, general delivery, same, refused""",
    ",",
)
WRONG_COM = _words(
    """con cmo ocm comm coom vom xom cim clm cpm cok cpn cm om cmm ccom comn coml comj conm coma c0m vcom coim
    com.com"""
)
"""Endings that are .com with a wrong stroke."""
WRONG_NET = _words("ner bet nte met ent ne nett nrt nwt netr net1 neet et")
NEIGHBOURS = {
    "a": "qwsz", "b": "vghn", "c": "xdfv", "d": "serfcx", "e": "wsdr34", "f": "drtgvc", "g": "ftyhbv", "h": "gyujnb",
    "i": "ujko89", "j": "huikmn", "k": "jiolm", "l": "kop", "m": "njk", "n": "bhjm", "o": "iklp90", "p": "ol0",
    "q": "wa", "r": "edft45", "s": "awedxz", "t": "rfgy56", "u": "yhji78", "v": "cfgb", "w": "qase", "x": "zsdc",
    "y": "tghu67", "z": "asx",
}  # fmt: skip
"""The keys around each letter's."""
