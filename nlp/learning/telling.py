"""Tell proposals to whoever is to accept them: in Chinese, or as JSON."""

import json
from collections.abc import Sequence

from nlp.learning.types import Proposal

SHOWN = 3
"""Sentences of each sort that are shown."""
QUESTION = "    收下吗？[y 收下 / n 不要，别再提 / 回车 以后再说 / q 退出] "
NOTHING = "没有可提议的词：改过的那些话，现在都听得懂，或者看不出缺哪个词。"


def as_json(proposals: Sequence[Proposal]) -> str:
    told = [
        {
            "id": each.entry.id,
            "file": f"{each.entry.file}.toml",
            "path": list(each.entry.path),
            "word": each.entry.word,
            "value": each.entry.value,
            "count": len(each.sentences),
            "sentences": list(each.sentences),
            "would_also_change": len(each.others),
            "others": list(each.others),
        }
        for each in proposals
    ]
    return json.dumps(told, ensure_ascii=False, indent=2)


def as_text(proposal: Proposal) -> str:
    entry = proposal.entry
    lines = [f"{entry.id}  {entry.file}.toml  {entry.line}"]
    lines += [f"    来自 {len(proposal.sentences)} 句改过的话：", *_listed(proposal.sentences)]
    if proposal.others:
        lines += [
            f"    还会改变另外 {len(proposal.others)} 条记录的理解：",
            *_listed(proposal.others),
        ]
    else:
        lines.append("    不影响其他记录")
    return "\n".join(lines)


def _listed(sentences: Sequence[str]) -> list[str]:
    lines = [f"      {sentence}" for sentence in sentences[:SHOWN]]
    return [*lines, "      …"] if len(sentences) > SHOWN else lines
