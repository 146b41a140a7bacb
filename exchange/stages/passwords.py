"""What a password may be: long, of several characters, and none that everybody tries first."""

from __future__ import annotations

import re
import unicodedata

from exchange.limits import PASSWORD_CHARACTERS, PASSWORD_LEAST

_OTHERS = re.compile(r"[\W\d_]+")
_DIFFERENT = 5
_WORDS = """
abc abcd abcdef access account admin administrator adminadmin alexander apple baseball basketball batman blink
charlie chocolate computer default demo dragon exchange facebook flower football fuckyou google guest hello
hellohello hunter iloveyou internet jessica jordan killer leadexchange letmein liverpool login lovely master
michael monkey mustang myspace naruto ninja operator passpass passphrase passw0rd password passwordpassword
pokemon princess purple qazwsx qazwsxedc qwer qwert qwerty qwertyqwerty qwertyuiop qwertyuiopasdfghjkl samsung
sample secret secretsecret shadow soccer spiderman starwars summer sunshine superman support target test
testtest tester trustno unknown user welcome welcomewelcome whatever winter asdf asdfasdf asdfgh asdfghjkl
zxcvbn zxcvbnm correcthorse correcthorsebatterystaple changeme changemenow letmeinplease iloveyouforever
"""
"""Those that people choose most, without their figures and signs."""
_COMMONEST = frozenset(_WORDS.split())
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz" * 2,
    "01234567890123456789" * 2,
    "98765432109876543210" * 2,
    "qwertyuiopasdfghjklzxcvbnm" * 2,
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
)


def normal(password: str) -> str:
    """One spelling of what looks alike: a keyboard may write an accent as a character of its own."""
    return unicodedata.normalize("NFKC", password)


def password_problem(password: str, email: str, name: str) -> str | None:
    """Why somebody with this address, at an exchange of this name, may not have it. None: they may."""
    password = normal(password)
    if len(password) < PASSWORD_LEAST:
        return f"password: at least {PASSWORD_LEAST} characters. A few words are easy to keep in mind."
    if len(password) > PASSWORD_CHARACTERS:
        return f"password: at most {PASSWORD_CHARACTERS} characters."
    folded = password.casefold()
    if len(set(folded)) < _DIFFERENT:
        return f"password: at least {_DIFFERENT} different characters."
    for other in (email, email.partition("@")[0], name):
        if len(other) > 3 and _bare(other) and _bare(other) in _bare(folded) and _is_most_of(other, folded):
            return "password: not your address or the name of the exchange."
    if _OTHERS.sub("", folded) in _COMMONEST or folded in _COMMONEST or any(folded in row for row in _ROWS):
        return "password: this one is among the first that are tried. Choose one that is only yours."
    return None


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())


def _is_most_of(part: str, password: str) -> bool:
    """What is left without it is too little to be a password of its own."""
    return len(_bare(password).replace(_bare(part), "")) < PASSWORD_LEAST - 4
