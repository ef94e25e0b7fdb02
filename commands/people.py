"""`invite`: a colleague by name, or all of a directory."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from sqlmodel import Session

from bot.clock import Clock
from bot.platforms.protocol import PlatformError
from cards.refusals import IMS
from commands.opening import open_database
from config.settings import BadSettings, Settings
from storage import people, rosters
from storage.models import Role

Directory = Callable[
    [Clock, str], Awaitable[tuple[Sequence[rosters.Unit], Sequence[rosters.Entry]]]
]
"""Reads the departments and people of a platform, or of one department; raises PlatformError."""
INVITATION = timedelta(days=3)
"""How long a colleague has to use the first code."""


def invite(settings: Settings, name: str, role: str) -> None:
    """Add a colleague and print the code that ties the first IM account to him."""
    db = open_database(settings)
    now = Clock()()
    with Session(db.engine) as session:
        person = people.named(session, name) or people.add(session, name, Role(role))
        code = people.new_code(session, person.id or 0, now, INVITATION)
        session.commit()
    print(f"请 {name} 在企业微信、钉钉或飞书里给机器人发：绑定 {code}")


async def enrol(
    settings: Settings, source: str, read: Directory, *, department: str, role: str
) -> None:
    """Take colleagues and teams over from a platform's directory; accounts are tied at once."""
    clock = Clock()
    try:
        units, colleagues = await read(clock, department)
    except PlatformError as problem:
        raise BadSettings(f"invite --from {source}: {problem}") from None
    if department and not units:
        raise BadSettings(
            f"invite --department {department}: none, or more than one, is called that. "
            "Remedy: write the name as the directory has it, and let the app see that department."
        )
    db = open_database(settings)
    with Session(db.engine) as session:
        told = rosters.enrol(session, units, colleagues, Role(role), clock())
        leaders = sum(person.role == Role.MANAGER for person in told.added)
        print(f"新加 {len(told.added)} 人（主管 {leaders} 位），原有 {len(told.known)} 人，")
        print(f"新建团队 {told.teams} 个。他们在{IMS[source]}里给机器人发话就能用，不用绑定。")
        for entry in told.namesakes:
            print(
                f"{entry.name}：已有同名的人，没有动。是同一个人，请他在另一个软件里发“绑定”拿码。"
            )
        for entry in told.left:
            print(f"{entry.name}：这个账号的人已停用，没有动。")
        session.commit()
