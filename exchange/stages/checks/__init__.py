"""The checks of eligibility, one class each: which contracts fail at once, as bits, and afterwards why, in words."""
