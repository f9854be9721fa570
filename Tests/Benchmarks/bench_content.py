"""Deploy/bench content: what a resync of a large book costs, see content/content_bench.py."""

from content.content_bench import main

__all__ = ["main"]
