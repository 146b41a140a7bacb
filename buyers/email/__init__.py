"""Buyers that take leads by mail: one message per lead, or one for many, in text, HTML and a file that say the same."""
