"""The past, run again: the live engine over stored or given events, on their own clock."""
