"""What the dashboard shows, worked out from what storage counted. Figures are exact and add up."""
