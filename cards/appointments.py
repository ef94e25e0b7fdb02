"""What a card says of a meeting and the calendar."""

from dataclasses import dataclass
from datetime import datetime

from cards import actions, words
from cards.model import Button, Card
from storage.models import Appointment

ERROR_LETTERS = 300
MOST_CLASHES = 3


@dataclass(frozen=True, slots=True)
class AppointmentView:
    """With times in the team's zone."""

    appointment: Appointment
    begins: datetime
    ends: datetime
    busy: tuple[tuple[datetime, datetime], ...] = ()
    is_over: bool = False

    @property
    def when(self) -> str:
        """1月29日 周四 10:00–11:00."""
        return f"{words.day(self.begins.date())} {_hours(self.begins, self.ends)}"


def lines(view: AppointmentView) -> tuple[str, ...]:
    """The one line on the card of the note; empty when nothing has to be said."""
    known, error = view.appointment, view.appointment.error[:ERROR_LETTERS]
    if known.state == "offered":
        if error:
            return (f"没加到日历：{error}",)
        return (f"那时已有安排 {_clashes(view)}",) if view.busy else ()
    if known.state == "dropped":
        return ("已让日历删掉这个安排",) if known.event and not error else ()
    if known.is_up_to_date:
        return (f"已在日历：{view.when}",)
    if error:
        return (f"日历里还是原来的时间，没改成：{error}",)
    return (f"日历在改到{view.when}" if known.event else "在加到日历",)


def buttons(view: AppointmentView | None) -> tuple[Button, ...]:
    """One tap; gone once it is done or under way."""
    if view is None or view.is_over:
        return ()
    known = view.appointment
    action = actions.PutInCalendar(known.followup_id)
    if known.state == "offered":
        return (Button("加到日历", action, typed="加到日历"),)
    if known.state == "wanted" and known.event and known.error and not known.is_up_to_date:
        return (Button("再改日历", action, typed="加到日历"),)
    return ()


def there_already_card(view: AppointmentView) -> Card:
    return Card(text=f"已经在日历里了：{view.when}。")


def under_way_card() -> Card:
    return Card(text="正在写进日历，好了卡片上会说。")


def no_hour_card() -> Card:
    """Asked for in words, and there is nothing to put there."""
    return Card(
        text="最近那条已确认的记录里没有几点几分的安排，或者已经过了。带上钟点记一条、点确认再加，"
        "比如“约周四上午10点拜访王总”。"
    )


def not_possible_card() -> Card:
    return Card(text="这里加不了日历：没开，或这个 IM 没接日历。")


def not_removed_card(title: str, error: str) -> Card:
    return Card(text=f"“{title}”没能从日历里删掉，请自己删一下：{error[:ERROR_LETTERS]}")


def _clashes(view: AppointmentView) -> str:
    found = [_hours(start, end) for start, end in view.busy[:MOST_CLASHES]]
    more = " 等" if len(view.busy) > MOST_CLASHES else ""
    return "、".join(found) + more


def _hours(begins: datetime, ends: datetime) -> str:
    if begins.date() == ends.date():
        return f"{begins:%H:%M}–{ends:%H:%M}"
    return f"{begins:%H:%M}–{ends.month}月{ends.day}日 {ends:%H:%M}"
