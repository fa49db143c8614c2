"""The forms of the wire: what scripts post, what is answered, what the feed carries. The console imports only this."""
