"""Short lines about customers and the members who know them in an IM."""

from cards.model import Card

FAILURES = {
    "customer_refused": "客户没同意",
    "customer_limit_exceed": "接手人的客户数已到上限",
}


def second_member_card(title: str, code: str, owner: str) -> Card:
    """For whoever became a contact of a customer that is a colleague's lead."""
    return Card(text=f"{title} 已是{owner}的线索 {code}，没有另建。要归你，请主管改派。")


def returned_card(title: str, code: str) -> Card:
    return Card(text=f"{title} 又加回来了，还是线索 {code}。")


def left_card(title: str, code: str) -> Card:
    """For the member whom a customer deleted."""
    return Card(text=f"{title} 把你的企业微信删了（{code}）。电话或邮件还能找到的话，问一句原因。")


def manager_left_card(title: str, code: str, member: str, stage: str) -> Card:
    return Card(text=f"{title} 把{member}的企业微信删了，{code} 还在“{stage}”。")


def taken_over_card(title: str, code: str, before: str) -> Card:
    """For the new owner."""
    return Card(text=f"{title}（{code}）从{before}转给你了，之前的记录都在。")


def handed_over_card(title: str, code: str, after: str) -> Card:
    """For the owner of before."""
    return Card(text=f"{title}（{code}）已转给{after}，不用再跟。")


def transfer_failed_card(title: str, reason: str) -> Card:
    why = FAILURES.get(reason, reason or "企业微信没说原因")
    return Card(text=f"{title} 没转成：{why}。线索还归原来的人。")


def stranger_member_card(member: str) -> Card:
    """For administrators: customers reach a member whom the bot does not know."""
    return Card(
        text=f"企业微信成员 {member} 加了客户，但没绑定一诺，线索没人接。"
        "处理：运行 main.py invite 名字，让本人把“绑定 六位码”发给应用，这些线索就补上。"
    )


def tags_failed_card(error: str) -> Card:
    """For administrators."""
    return Card(text=f"客户标签没写进企业微信：{error[:300]}\n不想写的话，去掉 WECOM__WRITE_TAGS。")


LINKS = {
    "balance_low": "获客助手的额度不到 20 个了，请购买",
    "balance_exhausted": "获客助手的额度用完了，链接加不了新客户，请购买",
    "quota_expire_soon": "获客助手有额度快到期了，请查看",
    "link_unavailable": "一条获客链接（{link}）不能用了，请查看",
    "delete_link": "一条获客链接（{link}）被删了，用着它的广告和页面要换链接",
}
"""What administrators have to hear of."""


def link_card(change: str, link: str) -> Card:
    where = "管理后台 → 客户与上下游 → 获客助手"
    return Card(text=f"{LINKS[change].format(link=link)}：{where}。")
