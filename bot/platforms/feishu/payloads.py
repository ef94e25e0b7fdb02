"""The shapes of Feishu's payloads that we read; members we have no use for are left out.

Facts: open.feishu.cn, "接收消息 v2.0", "卡片回传交互", "机器人自定义菜单事件", "机器人进群",
"用户进入与机器人的会话", "用户和机器人的会话首次被创建", "撤回消息事件".
"""

from typing import Annotated, Any

from pydantic import BaseModel, Field, Json, model_validator

Digits = Annotated[str, Field(pattern=r"^(\d{10}|\d{13}|\d{16})$")]
Seconds = Annotated[str, Field(pattern=r"^\d{10}(\.\d{1,9})?$")]
"""Of the old envelope."""
Id = Annotated[str, Field(min_length=1)]


class Wire(BaseModel):
    """A member that is null counts as missing."""

    @model_validator(mode="before")
    @classmethod
    def _without_null(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {name: member for name, member in value.items() if member is not None}


class UserIds(Wire):
    open_id: str = ""
    union_id: str = ""
    user_id: str = ""

    @property
    def address(self) -> str:
        """By the first id there is; Feishu may leave out the open_id of one who clicks."""
        found = self.open_id or self.union_id or self.user_id
        return f"feishu:{found}" if found else ""


class Header(Wire):
    event_id: Id
    create_time: Digits
    app_id: str
    tenant_key: str = ""


class Mention(Wire):
    key: str
    id: UserIds = UserIds()
    name: str = ""
    mentioned_type: str = ""


class Message(Wire):
    message_id: Id
    create_time: Digits
    chat_id: Id
    chat_type: str
    message_type: str
    content: Json[dict[str, Any]]
    parent_id: str = ""
    root_id: str = ""
    thread_id: str = ""
    mentions: list[Mention] = []


class Sender(Wire):
    sender_id: UserIds
    sender_type: str = "user"


class MessageEvent(Wire):
    sender: Sender
    message: Message


class MessagePush(Wire):
    header: Header
    event: MessageEvent


class MenuOperator(Wire):
    operator_id: UserIds
    operator_name: str = ""


class MenuEvent(Wire):
    operator: MenuOperator
    event_key: str


class MenuPush(Wire):
    header: Header
    event: MenuEvent


class EnteredEvent(Wire):
    operator_id: UserIds
    last_message_id: str = ""


class EnteredPush(Wire):
    header: Header
    event: EnteredEvent


class FirstChatEvent(Wire):
    """Of the old envelope."""

    app_id: str
    tenant_key: str = ""
    user: UserIds


class FirstChatPush(Wire):
    uuid: Id
    ts: Seconds
    event: FirstChatEvent


class JoinedEvent(Wire):
    chat_id: Id
    external: bool = False


class JoinedPush(Wire):
    header: Header
    event: JoinedEvent


class RecalledEvent(Wire):
    message_id: Id


class RecalledPush(Wire):
    header: Header
    event: RecalledEvent


class TaskEvent(Wire):
    task_id: Id
    obj_type: int


class TaskPush(Wire):
    header: Header
    event: TaskEvent


class Pressed(Wire):
    tag: str = ""
    name: str = ""
    value: dict[str, Any] | str = ""
    form_value: dict[str, Any] = {}
    option: str | None = None
    options: list[str] | None = None
    input_value: str | None = None
    checked: bool | None = None


class Context(Wire):
    open_message_id: str = ""
    open_chat_id: str = ""


class ClickEvent(Wire):
    operator: UserIds
    action: Pressed
    context: Context | None = None


class ClickPush(Wire):
    header: Header
    event: ClickEvent
    context: Context = Context()
