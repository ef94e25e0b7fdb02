"""What may stand on the command line."""

import argparse
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from commands.opening import team_zone
from storage.models import Role

WRITERS = ("sales", "delivery", "manager", "customer")
"""Whose note it is, as the reader of notes tells them apart."""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="yinuo", description="一诺：说到做到的销售机器人")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="serve the bot (and the playground, without real platforms)")
    commands.add_parser("demo", help="play the demo story and print each card as text")
    replaying = commands.add_parser("replay", help="send notes of a JSONL file through the bot")
    replaying.add_argument("file", type=Path)
    replaying.add_argument("--quiet", action="store_true", help="print the totals only")
    teaching = commands.add_parser("learn", help="propose words from what people put right")
    teaching.add_argument("--json", action="store_true", help="print the proposals as JSON")
    teaching.add_argument("--accept", nargs="*", default=[], metavar="ID")
    teaching.add_argument("--decline", nargs="*", default=[], metavar="ID")
    inviting = commands.add_parser("invite", help="add a colleague, print the binding code")
    whom = inviting.add_mutually_exclusive_group(required=True)
    whom.add_argument("name", nargs="?")
    sources = ("wecom", "dingtalk", "feishu")
    whom.add_argument("--from", dest="source", choices=sources, help="a whole directory")
    inviting.add_argument("--department", default="", help="with --from: this one and all below")
    inviting.add_argument("--role", default="sales", choices=[str(role) for role in Role])
    reading = commands.add_parser("read", help="show what a note is understood to mean, and why")
    reading.add_argument("text")
    reading.add_argument("--now", type=moment, metavar="2026-01-28T10:20")
    reading.add_argument("--role", default="sales", choices=WRITERS)
    reading.add_argument("--json", action="store_true")
    checking = commands.add_parser("doctor", help="check each configured platform step by step")
    checking.add_argument("--json", action="store_true")
    checking.add_argument("--address", default="", metavar="https://your.address")
    checking.add_argument("--card", default="", metavar="NAME", help="send a test card, wait")
    parking = commands.add_parser("parked", help="list events that were given up")
    parking.add_argument("--again", type=int, nargs="*", default=[], metavar="ID")
    return parser.parse_args(arguments)


def moment(written: str) -> datetime:
    """A day or a moment in the team's zone, for arguments."""
    try:
        said = datetime.fromisoformat(written)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{written!r} is no moment; write 2026-01-28 or 2026-01-28T10:20"
        ) from None
    if len(written) <= len("2026-01-28"):
        said = said.replace(hour=9)
    return said if said.tzinfo else said.replace(tzinfo=team_zone())
