"""Any card as plain text: for logs, mail and people without buttons. Nothing is lost."""

import re

from cards.model import Button, Card, Choice, DateInput, Field, Form, Input, TextInput

BOLD = re.compile(r"(?<!\*)\*\*(?=[^\s*])(.+?)(?<=[^\s*])\*\*(?!\*)")
"""The one piece of markup a card's text may hold; the stars of 138****0123 are none."""


def render(card: Card) -> str:
    """Lines in the order every platform keeps; buttons numbered, with their typed equivalents."""
    blocks = [
        _headline(card),
        _without_bold(card.text),
        "\n".join(_field(field) for field in card.fields),
        "\n".join(f"> {line}" for line in card.quote.splitlines()),
        "\n".join(f"（{note}）" for note in card.notes),
        _choices(card),
    ]
    return "\n".join(block for block in blocks if block)


def _headline(card: Card) -> str:
    title = f"【{card.title}】" if card.title else ""
    return f"{title}{card.subtitle}"


def _without_bold(text: str) -> str:
    return BOLD.sub(r"\1", text)


def _field(field: Field) -> str:
    was = f"{field.was} → " if field.was else ""
    url = f" {field.url}" if field.url else ""
    return f"{field.name}：{was}{field.value}{url}"


def _choices(card: Card) -> str:
    """What can be done with the card, or what was chosen once the matter is settled."""
    if card.closed:
        return f"✓ {card.replace}" if card.replace else ""
    lines = _form(card.form) if card.form else []
    buttons = [*([card.form.submit] if card.form else []), *card.buttons]
    lines += [f"{number}. {_button(button)}" for number, button in enumerate(buttons, start=1)]
    if card.replace:
        lines.append(card.replace)
    return "\n".join(lines)


def _form(form: Form) -> list[str]:
    return [line for entry in form.inputs for line in _input(entry)]


def _input(entry: Input) -> list[str]:
    match entry:
        case Choice():
            return [f"◇ {entry.title}（{'可多选' if entry.many else '选一个'}）", *_options(entry)]
        case TextInput():
            return [f"◇ {entry.title}{_hint(entry.hint)}{_typed(entry.typed)}"]
        case DateInput():
            return [f"◇ {entry.title}{_days(entry)}{_typed(entry.typed)}"]


def _options(choice: Choice) -> list[str]:
    return [
        f"  {'●' if option.id in choice.selected else '○'} {option.text}"
        for option in choice.options
    ]


def _days(entry: DateInput) -> str:
    chosen = f"：{entry.selected:%Y-%m-%d}" if entry.selected else ""
    suggested = "、".join(f"{day:%Y-%m-%d}" for day in entry.suggested)
    return chosen + (f"（可选 {suggested}）" if suggested else "")


def _hint(hint: str) -> str:
    return f"（{hint}）" if hint else ""


def _typed(typed: str) -> str:
    return f"，回复“{typed}”" if typed else ""


def _button(button: Button) -> str:
    url = f"：{button.url}" if button.url else ""
    return f"{button.text}{url}{_typed(button.typed)}"
