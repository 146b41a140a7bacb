"""The conversion score: an online model of the chance that a lead converts, learned from what buyers report."""
