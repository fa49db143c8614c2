"""What the console knows and how it reads: pure, without Textual, asyncio, clock or pydantic."""
