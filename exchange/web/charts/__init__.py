"""Charts drawn as SVG by the server: they need no script, print, follow the theme, and say in words what they show."""
