"""From what a seller earned in a period to what is paid, and to the file that pays it. Pure."""
