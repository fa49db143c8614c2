"""The screens: each draws the desk it is given and turns keys into view changes or messages."""
