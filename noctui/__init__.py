"""The operators' console: a picture of the daemon that never lies about its age, and a hand to act with."""
