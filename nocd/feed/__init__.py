"""The feed: numbered changes told once to everyone who may see them, resumable from the durable log."""
