"""What sources and buyers bring: rates that say little where little is known, each with its doubt. Pure."""
