"""Ask a form in WeCom's way: ticks or selections, and lines for what its cards cannot ask."""

from dataclasses import dataclass

from cards.model import Button, Choice, DateInput, Form, Option
from cards.render.wecom_text import (
    Line,
    Part,
    Room,
    asked_line,
    given,
    names_of,
    options_of,
    short,
)

SELECTS, SELECT_TITLE, SELECT_OPTIONS, VOTE_OPTIONS = 3, 13, 10, 20
"""Counts, and characters of a title (D90236; the title's length is the smart robot's, D101032)."""

_NOTHING_TO_SEND = Button("")


@dataclass(frozen=True, slots=True)
class Asked:
    """A form as WeCom can ask it, and lines for the rest of it."""

    submit: Button = _NOTHING_TO_SEND
    checkbox: Part | None = None
    selects: tuple[Part, ...] = ()
    lines: tuple[Line, ...] = ()


def ask(form: Form | None, room: Room) -> Asked:
    """A vote for several ticks or for one of a long list, else up to three selections."""
    if form is None:
        return Asked()
    askable = [one for one in form.inputs if isinstance(one, Choice | DateInput)]
    askable = [one for one in askable if options_of(one)]
    voted = next((one for one in askable if isinstance(one, Choice) and one.many), None)
    if voted is None and len(askable) == 1 and len(options_of(askable[0])) > SELECT_OPTIONS:
        voted = askable[0] if isinstance(askable[0], Choice) else None
    selected = [] if voted else askable[:SELECTS]
    shown = [voted] if voted else selected
    if shown and form.submit.action is None:
        raise ValueError(f"the button {form.submit.text!r} sends a form but has no action")
    lines = [
        *(asked_line(one) for one in form.inputs if one not in shown),
        *(line for one in shown for line in _unseen(one, room, vote=bool(voted))),
    ]
    return Asked(
        form.submit,
        checkbox=_checkbox(voted, room) if voted else None,
        selects=tuple(_select(one, room) for one in selected),
        lines=tuple(lines),
    )


def _checkbox(choice: Choice, room: Room) -> Part:
    return {
        "question_key": choice.name,
        "mode": int(choice.many),
        "option_list": [
            {**_option(one, room.vote), "is_checked": one.id in choice.selected}
            for one in choice.options[:VOTE_OPTIONS]
        ],
    }


def _select(asked: Choice | DateInput, room: Room) -> Part:
    options = options_of(asked)[:SELECT_OPTIONS]
    chosen = next((one.id for one in options if one.id in _preset(asked)), "")
    return {
        "question_key": asked.name,
        "title": short(asked.title, SELECT_TITLE),
        "option_list": [_option(one, room.select) for one in options],
        **given("selected_id", chosen),
    }


def _preset(asked: Choice | DateInput) -> tuple[str, ...]:
    if isinstance(asked, Choice):
        return asked.selected
    return (asked.selected.isoformat(),) if asked.selected else ()


def _option(option: Option, longest: int) -> Part:
    return {"id": option.id, "text": short(option.text, longest)}


def _unseen(asked: Choice | DateInput, room: Room, *, vote: bool) -> list[Line]:
    """What a selection has to leave out: long titles, long texts, options beyond the limit.

    A checkbox has no title of its own.
    """
    count, longest = (VOTE_OPTIONS, room.vote) if vote else (SELECT_OPTIONS, room.select)
    options = options_of(asked)
    cut, more = [one for one in options[:count] if len(one.text) > longest], options[count:]
    untitled = vote or len(asked.title) > SELECT_TITLE
    return [
        *([Line(f"请选择：{asked.title}")] if untitled and asked.title else ()),
        *([Line(f"选项全文：{names_of(cut)}")] if cut else ()),
        *([Line(f"{asked.title}还可选（直接回复文字）：{names_of(more)}")] if more else ()),
    ]
