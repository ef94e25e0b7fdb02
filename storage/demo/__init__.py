"""A company to look at: people, customers and three months of history, made from a seed."""

from storage.demo.company import Company, Players, build, find, is_empty, players

__all__ = ["Company", "Players", "build", "find", "is_empty", "players"]
