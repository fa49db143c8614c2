"""HTTP: a handler parses, asks and presents; one middleware turns errors into problems."""
