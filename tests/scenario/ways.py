"""Every way to be connected that the bot has, and what a platform cannot do on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.conftest import Seating

ONLY_MENTIONS = "only what mentions the robot is delivered"


@dataclass(frozen=True, slots=True)
class Way:
    """Where sales sits; manager and delivery are on the two other platforms."""

    name: str
    seating: Seating
    group: str = ""
    """The platform's id of a team's group."""
    lacks: Mapping[str, str] = field(default_factory=dict)
    """Capability → why not, with its source in platforms/*.md."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """For `start`."""


WECOM: Seating = ("wecom", "dingtalk", "feishu")
DINGTALK: Seating = ("dingtalk", "feishu", "wecom")
FEISHU: Seating = ("feishu", "wecom", "dingtalk")
WECOM_GROUP = "wrEast0000000000000000000000000001"
DINGTALK_GROUP, FEISHU_GROUP = "cidEast", "oc_east"

NO_INPUTS = "the public template of cards has no inputs [dingtalk.md, 8.6]"
NO_MENTION = "a picture mentions nobody [feishu.md, 6.1]"
NO_GROUPS = "an app hears no groups and cannot be in them [D90235]"

WAYS = (
    Way(
        "wecom-app",
        WECOM,
        lacks={
            "groups": NO_GROUPS,
            "group pictures": NO_GROUPS,
            "overhearing": NO_GROUPS,
        },
    ),
    Way(
        "wecom-robot-long",
        WECOM,
        WECOM_GROUP,
        lacks={"overhearing": f"{ONLY_MENTIONS} [D100719]"},
        options={"wecom_robot": "long"},
    ),
    Way(
        "wecom-robot-http",
        WECOM,
        WECOM_GROUP,
        lacks={
            "overhearing": f"{ONLY_MENTIONS} [D100719]",
            "forms": "one answer to each thing said, and a form takes two [D101138]",
            "pushes": "over HTTP a robot only answers, within an hour [D101031, D101138]",
        },
        options={"wecom_robot": "http"},
    ),
    Way(
        "dingtalk-stream",
        DINGTALK,
        DINGTALK_GROUP,
        lacks={"forms": NO_INPUTS, "overhearing": f"{ONLY_MENTIONS} [dingtalk.md, fact 2]"},
    ),
    Way(
        "dingtalk-http",
        DINGTALK,
        DINGTALK_GROUP,
        lacks={"forms": NO_INPUTS, "overhearing": f"{ONLY_MENTIONS} [dingtalk.md, fact 2]"},
        options={"dingtalk_http": True},
    ),
    Way(
        "feishu-long",
        FEISHU,
        FEISHU_GROUP,
        lacks={"group pictures": NO_MENTION},
        options={"feishu_long": True},
    ),
    Way("feishu-http", FEISHU, FEISHU_GROUP, lacks={"group pictures": NO_MENTION}),
)
