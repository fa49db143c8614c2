"""From bytes to events: every shape a sender may use, each refusal with a stable code. Pure; time is an argument."""
