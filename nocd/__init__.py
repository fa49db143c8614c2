"""The NOC Intelligence daemon: events in, decisions out, every one of them durable, explained and resumable."""

__version__ = "0.1.0"
