"""Lets `python -m noctui` run the console."""

from noctui.cli import main

main(prog_name="noctui")
