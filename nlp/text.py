"""One spelling for many: full width to half, traditional to simplified, capitals to small."""

from functools import cache
from importlib import resources

SPACES = "\u3000\u00a0\u2002\u2003\u2009\t"
DASHES = "－–—ー−‐‑―"
TILDES = "～〜∼"


@cache
def spelling_table() -> dict[int, str]:
    """One character for one, so that every offset stays true."""
    table: dict[int, str] = {}
    characters = resources.files("opencc").joinpath("dictionary", "TSCharacters.txt")
    for line in characters.read_text(encoding="utf-8").splitlines():
        traditional, _, simplified = line.partition("\t")
        table[ord(traditional)] = simplified.split(" ")[0]
    for code in range(0xFF01, 0xFF5F):
        table[code] = chr(code - 0xFEE0).lower()
    for code in range(ord("A"), ord("Z") + 1):
        table[code] = chr(code).lower()
    table |= dict.fromkeys(map(ord, SPACES), " ")
    table |= dict.fromkeys(map(ord, DASHES), "-")
    table |= dict.fromkeys(map(ord, TILDES), "~")
    table |= {ord("週"): "周", ord("両"): "两", ord("’"): "'", ord("‘"): "'"}
    return table


@cache
def _narrow_table() -> dict[int, str]:
    return {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}


def narrow(text: str) -> str:
    """Full width to half, capitals kept; the length never changes."""
    return text if text.isascii() else text.translate(_narrow_table())


def fold(text: str) -> str:
    """The text in the one spelling that grammars are written in; its length never changes."""
    if text.isascii():
        folded = text.lower()
        return folded.replace("\t", " ")
    return text.translate(spelling_table())
