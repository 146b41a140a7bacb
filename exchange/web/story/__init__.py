"""The story of one lead, told from what was kept: its steps, its requests as sent, its money, who could have had it."""
