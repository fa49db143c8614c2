"""Tests of every kind; `python -m tests.bench` runs the benchmarks."""
