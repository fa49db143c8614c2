"""Widgets that draw the lines they are given; they know neither the daemon nor the model."""
