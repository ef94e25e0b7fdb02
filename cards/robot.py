"""What WeCom's smart robot says on its own, where no event reaches a handler."""

ELSEWHERE = "单聊请到企业微信里的应用找我，我的回答都在那里。在群里 @ 我就行。"
"""To whoever opens the robot's chat while an app does the talking one to one."""
NOT_SAVED = "刚才这句没有记下来，请再发一次。"
"""The long connection delivers once: what could not be saved is lost otherwise."""
