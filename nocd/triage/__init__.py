"""From findings and outside alerts to what an operator handles, with the reason of every decision."""
