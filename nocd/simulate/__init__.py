"""A seeded world of sites, guards, tours and planted frauds, for demo and tests."""

from nocd.simulate.events import events
from nocd.simulate.export import write
from nocd.simulate.frauds import frauds
from nocd.simulate.live import Live, demo_world, live
from nocd.simulate.truth import HEADER, RATES, Truth
from nocd.simulate.world import World

__all__ = ["HEADER", "RATES", "Live", "Truth", "World", "demo_world", "events", "frauds", "live", "write"]
