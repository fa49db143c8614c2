"""Telling the outside: the outbox's sender, and the receivers it sends to."""
