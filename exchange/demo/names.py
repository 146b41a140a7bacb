"""What made-up people are built from. Every word is common; nobody is meant by any combination of them."""

from __future__ import annotations

_FIRST_NAMES = """
Maria James Linda Robert Patricia Michael Jennifer David Elena William Susan Richard Jessica Joseph Karen Thomas
Nancy Carlos Lisa Daniel Margaret Matthew Sandra Anthony Ashley Mark Donna Paul Emily Steven Carol Andrew Michelle
Kenneth Amanda Joshua Melissa Kevin Deborah Brian Stephanie George Rebecca Edward Laura Ronald Helen Timothy Sharon
Jason Cynthia Jeffrey Kathleen Ryan Amy Jacob Angela Gary Shirley Nicholas Brenda Eric Pamela Jonathan Nicole
Stephen Samantha Larry Katherine Justin Emma Scott Ruth Brandon Christine Benjamin Catherine Samuel Debra Gregory
Priya Wei Fatima Omar Luis Rosa Ana Diego Mei Aisha Noor Ivan Olga Hana Kofi Amara Tomas Ingrid Marta Jamal
"""
FIRST_NAMES = tuple(_FIRST_NAMES.split())

_LAST_NAMES = """
Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez Wilson Anderson
Thomas Taylor Moore Jackson Martin Lee Perez Thompson White Harris Sanchez Clark Ramirez Lewis Robinson Walker Young
Allen King Wright Scott Torres Nguyen Hill Flores Green Adams Nelson Baker Hall Rivera Campbell Mitchell Carter
Roberts Gomez Phillips Evans Turner Diaz Parker Cruz Edwards Collins Reyes Stewart Morris Morales Murphy Cook Rogers
Gutierrez Ortiz Morgan Cooper Peterson Bailey Reed Kelly Howard Ramos Kim Cox Ward Richardson Watson Brooks Chavez
Wood James Bennett Gray Mendoza Ruiz Hughes Price Alvarez Castillo Sanders Patel Myers Long Ross Foster O'Brien
Okafor Haddad Novak Lindqvist
"""
LAST_NAMES = tuple(_LAST_NAMES.split())

_STREET_NAMES = """
Oak Maple Cedar Pine Elm Birch Willow Walnut Chestnut Juniper Lake Hill Park River Meadow Prairie Sunset Ridge
Valley Spring Highland Washington Jefferson Lincoln Madison Franklin Mission Canyon Mesa Orchard
"""
STREET_NAMES = tuple(_STREET_NAMES.split())
STREET_KINDS = ("St", "Ave", "Dr", "Ln", "Ct", "Rd", "Blvd", "Way", "Pl", "Ter")

# Reserved for documentation (RFC 2606): no mail to them can reach a person.
MAIL_DOMAINS = ("mail.example", "inbox.example", "webmail.example", "post.example", "home.example", "letters.example")

# Reserved for documentation (RFC 5737).
ADDRESS_BLOCKS = ("192.0.2", "198.51.100", "203.0.113")

USER_AGENTS = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 "
    "Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/131.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 14; SM-S921U) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/130.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.1 Safari/605.1.15",
)
SCRIPT_AGENT = "python-requests/2.32.3"

CONSENT_TEXT = (
    "By clicking Get my quote, I agree to be called, texted and emailed by the companies named on this page about my "
    "request at the number I gave, even if it is on a do-not-call list. Consent is not a condition of purchase."
)

MODELS_BY_MAKE = (
    ("Toyota", ("Camry", "Corolla", "RAV4", "Tacoma")),
    ("Honda", ("Civic", "Accord", "CR-V", "Pilot")),
    ("Ford", ("F-150", "Escape", "Explorer", "Focus")),
    ("Chevrolet", ("Silverado", "Malibu", "Equinox", "Tahoe")),
    ("Nissan", ("Altima", "Rogue", "Sentra", "Frontier")),
    ("Hyundai", ("Elantra", "Sonata", "Tucson", "Santa Fe")),
    ("Jeep", ("Wrangler", "Grand Cherokee", "Compass", "Gladiator")),
    ("Subaru", ("Outback", "Forester", "Crosstrek", "Impreza")),
)

FREE_TEXT = (
    "Please call after five.",
    "Interested in pricing for spring.",
    "Had a quote last year, comparing now.",
    "Prefer a text first.",
    "Two-story house, detached garage.",
    "Renewal is next month.",
)
