"""The fraud screen: what speaks against a lead's visitor, device and source, weighed. Pure but for its memory."""
