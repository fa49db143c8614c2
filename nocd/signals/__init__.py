"""What can be told about a person or site right now."""
