"""What is said about voice messages: what was heard, or why it was not."""

from datetime import datetime

from cards import actions, words
from cards.model import Button, Card
from storage.models import FollowUp

MENDABLE = ("off", "key", "refused")
"""What an administrator will mend: the same message can be heard later."""
WHY = {
    "off": "这条语音我听不了：请打字，或请管理员设置 SPEECH__URL。",
    "gone": "这条语音的文件已经取不到了（平台只保留几天，撤回的也取不到）。请重说一遍，或打字。",
    "too_large": "这条语音太大了，没法转成文字。请分几条说，或打字。",
    "unknown": "这种语音格式我听不懂（认得 AMR、Opus、MP3、M4A、WAV）。请换个方式说，或打字。",
    "broken": "这条语音的文件是坏的，听不出来。请重说一遍，或打字。",
    "key": "转文字的服务不认我们的密钥。请先打字，并请管理员检查 SPEECH__KEY。",
    "refused": "转文字的服务不收这条语音。请先打字，并请管理员检查 SPEECH__URL 和 SPEECH__MODEL。",
    "empty": "这条语音里没听到说话。请靠近话筒重说一遍，或打字。",
    "down": "转文字的服务一直没有回应。请先打字，或过一会儿再听。",
}


def unheard_card(reason: str, number: int, longest_seconds: int = 0) -> Card:
    """Each failure with its remedy; `number` is the kept message's own. Names of settings stand
    in plain text, where every character stays as it is."""
    if reason == "too_long":
        return Card(text=f"这条语音超过{_length(longest_seconds)}，太长了。请分几条说，或打字。")
    if reason in MENDABLE:
        return Card(text=f"{WHY[reason]}语音还留着，设好以后发“再听 E{number}”。")
    if reason != "down":
        return Card(text=WHY[reason])
    again = Button("再听一次", actions.HearAgain(number), typed=f"再听 E{number}")
    return Card(title="这条语音还没听成", text=f"{WHY[reason]}语音还留着。", buttons=(again,))


def _length(seconds: int) -> str:
    return f" {seconds // 60} 分钟" if seconds % 60 == 0 else f" {seconds} 秒"


def slow_card() -> Card:
    return Card(text="语音还在转文字，好了马上接着说；着急就先打字。")


def listening_card() -> Card:
    return Card(title="再听一次", text="好，正在听。", closed=True, replace="正在听")


def no_such_voice_card() -> Card:
    return Card(text="没找到这条语音，或者它不是你说的。")


def heard_already_card() -> Card:
    return Card(text="这条语音已经听过了。")


def chat_card(heard: str) -> Card:
    """The speaker sees what was heard, also when nothing comes of it."""
    return Card(text=f"听到：“{heard}”。没有要记的；听错了请再说一遍。")


def unclear_card(heard: str) -> Card:
    return Card(text=f"没听清，好像是：“{words.short(heard, 100)}”。请再说一遍，或打字。")


def heard_card(note: FollowUp) -> Card:
    """Asked where it is not sure enough: nothing is logged before the speaker agrees."""
    number = note.id or 0
    return Card(
        title="没听清，是这样说的吗？",
        tone="warn",
        quote=note.text,
        notes=("对了点“确认”，我就照这个记；不对就重说一遍，或打字",),
        buttons=(
            Button("确认", actions.ConfirmFollowUp(number), style="primary", typed="确认"),
            Button("不对", actions.UndoFollowUp(number), typed="撤回"),
        ),
    )


def heard_right_card(note: FollowUp) -> Card:
    """It told of a promise or asked about one, and the answer is a card of its own."""
    return Card(title="听对了", quote=note.text, closed=True, replace="已确认")


def words_card(heard: str, at: datetime) -> Card:
    """The original, word for word; `at` is local."""
    return Card(text=f"{words.moment(at)} 的原话：\n{heard}")
