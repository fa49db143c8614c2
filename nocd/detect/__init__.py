"""What is wrong: detectors turn events and state into findings."""
