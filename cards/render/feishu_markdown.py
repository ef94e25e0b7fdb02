"""Words in Feishu's markdown: ours may be bold, nobody's may become markup."""

import re
from urllib.parse import quote, urlsplit

from cards.render.plain import BOLD

# How Feishu's markdown can be escaped is not documented; full-width substitutes always work.
_FULL_WIDTH = str.maketrans("<>[]*`~|\\&", "＜＞［］＊｀～｜＼＆")
_LOOSE_UNDERSCORE = re.compile(r"(?<![0-9A-Za-z])_|_(?![0-9A-Za-z])")
_LINE_START = re.compile(r"^([ \t]*)([-+=#]|\d{1,9}(?=[.)]))", re.MULTILINE)
_INDENT = re.compile(r"^[ \t]+", re.MULTILINE)
_LINE_SUBSTITUTES = str.maketrans("-+=#", "－＋＝＃")


def escape(text: str) -> str:
    """The same words with nothing in them that Feishu's markdown could take for markup."""
    text = _LINE_START.sub(_harmless_start, text.translate(_FULL_WIDTH))
    text = _INDENT.sub(lambda found: "\u3000" * len(found[0]), text)
    return _LOOSE_UNDERSCORE.sub("＿", text)


def _harmless_start(found: re.Match[str]) -> str:
    """A list mark, a heading or a rule at the start of a line becomes a mere character."""
    mark = found[2]
    return found[1] + (f"{mark}\u200b" if mark.isdigit() else mark.translate(_LINE_SUBSTITUTES))


def with_bold(text: str) -> str:
    """Escaped text in which `**bold**` stays bold."""
    marked = BOLD.sub("\0\\1\0", text.replace("\0", ""))
    return escape(marked).replace("\0", "**")


def link(text: str, url: str) -> str:
    """Only web addresses become links; anything else is shown as words."""
    if not url:
        return escape(text)
    if urlsplit(url).scheme not in ("http", "https"):
        return f"{escape(text)} {escape(url)}"
    return f"[{escape(text)}]({quote(url, safe=':/?#@!$&+,;=%~-._')})"
