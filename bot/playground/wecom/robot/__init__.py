"""WeCom's smart robot (智能机器人), imitated on the wire."""

from bot.playground.wecom.robot.server import RobotServer

__all__ = ["RobotServer"]
