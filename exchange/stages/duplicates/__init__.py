"""Whether two leads are about one person: who is compared, by which evidence, and what follows from it. Pure."""
