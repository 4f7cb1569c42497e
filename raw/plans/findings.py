"""Kinds of findings and how much they matter.

Belongs here: the list of kinds and their order for the reviewer. Does not belong here: finding them.
"""

from __future__ import annotations

# kind → weight: 1 decide before use, 2 look at it, 3 for information
KINDS = {
    "前后矛盾": 1,
    "时限缺失": 1,
    "时限有误": 1,
    "责任单位缺失": 1,
    "时限矛盾": 1,
    "错列": 1,
    "编号重复": 1,
    "未识别": 1,
    "专项存疑": 1,
    "方向存疑": 2,
    "时限含糊": 1,
    "多个牵头": 2,
    "责任范围": 2,
    "单位存疑": 2,
    "单位归并": 2,
    "写法不一致": 2,
    "疑似错字": 2,
    "责任重复": 2,
    "编号跳号": 2,
    "共用责任": 2,
    "无编号任务": 2,
    "任务重复": 2,
    "只见一处": 2,
    "指标存疑": 2,
    "指标无日期": 3,
    "时限取自正文": 2,
    "正文另有节点": 3,
    "定性目标": 3,
    "断行重复": 3,
    "标记残留": 3,
    "名单未列全": 3,
    "无到期日": 3,
    "牵头领导": 3,
    "未登记部分": 3,
    "说明": 3,
}


def weight(kind: str) -> int:
    """1 (decide first) to 3 (for information); an unknown kind counts as 2."""
    return KINDS.get(kind, 2)
