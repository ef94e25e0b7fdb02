"""A company to look at: people, customers and three months of history, made from a seed."""

from storage.demo.company import Company, build, find, is_empty

__all__ = ["Company", "build", "find", "is_empty"]
