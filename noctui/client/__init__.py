"""The console's side of the wire, in a thread of its own: a stalled terminal never costs a ping or a change."""
