"""Read what WeCom knows of a customer (D92114): only what it really gave."""

from typing import Any


def read_contact(answer: dict[str, Any]) -> dict[str, Any]:
    """Keys name, company, position, unionid, state, mobiles, followers; what is missing has no
    key.

    `company` of WeChat users and `mobiles` are what our members wrote down: WeCom never gives a
    customer's own number. `state` is the channel of the newest addition. `followers` are all
    members who are contacts of the customer, the newest first: `member` is an address, `since`
    a Unix second.
    """
    person = answer.get("external_contact") or {}
    followers = sorted(
        answer.get("follow_user") or (), key=lambda one: one.get("createtime", 0), reverse=True
    )
    mobiles = [mobile for one in followers for mobile in one.get("remark_mobiles") or ()]
    found = {
        "name": person.get("name"),
        "company": person.get("corp_name") or _first(followers, "remark_corp_name"),
        "position": person.get("position"),
        "unionid": person.get("unionid"),
        "state": _first(followers, "state"),
        "mobiles": list(dict.fromkeys(mobiles)),
        "followers": [_follower(one) for one in followers if one.get("userid")],
    }
    return {name: value for name, value in found.items() if value}


def _follower(one: dict[str, Any]) -> dict[str, Any]:
    return {"member": f"wecom:{one['userid']}", "since": int(one.get("createtime", 0))}


def _first(followers: list[dict[str, Any]], name: str) -> str:
    return next((one[name] for one in followers if one.get(name)), "")
