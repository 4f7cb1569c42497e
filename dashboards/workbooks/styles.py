"""Colours, fonts and widths of the workbooks, once.

Fonts are those every Chinese Windows, WPS and Kylin machine has; elsewhere the office program takes its own.
"""

from __future__ import annotations

TITLE_FONT, HEAD_FONT, BODY_FONT = "方正小标宋简体", "黑体", "宋体"

INK, MUTED, LINE = "#1B2430", "#5A6472", "#A9B2BF"
HEAD_FILL, ANSWER_HEAD_FILL = "#DCE6F1", "#FCE4B0"
INFO_FILL, ANSWER_FILL, CLOSED_FILL = "#F3F4F6", "#FFFBEB", "#E5E7EB"
WARN_FILL = "#F8CBAD"

# severity → (fill, word, what it means for the clerk)
SEVERITIES = {
    "B": ("#FF8A80", "必须改", "本行（或本文件）没有载入，改正前不计入"),
    "E": ("#FFB74D", "错误", "已载入，但数据有错，请改正"),
    "W": ("#FFF176", "请核对", "可能有误，请核对；属实的请写明原因"),
    "I": ("#B3E5FC", "提示", "知悉即可"),
}
# findings on the work, not on the cell: overdue, behind, due soon
WORK_FILL, WORK_WORD, WORK_MEANING = "#E4DCF4", "督办", "填写无误；是任务本身逾期、滞后或临期"


def rgb(colour: str) -> str:
    """``#RRGGBB`` as openpyxl wants it."""
    return "FF" + colour.removeprefix("#")


def text_width(text: str) -> int:
    """Width in columns of half-width characters: a Chinese character takes two."""
    return sum(2 if ord(character) > 0x2E7F else 1 for character in text)


def row_height(texts: list[tuple[object, int]], least: float = 18) -> float:
    """Height of a row in points that shows every (text, column width) whole; the writer cannot measure for us."""
    lines = max((-(-text_width(str(text)) // max(width - 1, 1)) for text, width in texts if text), default=1)
    return max(least, 15 * lines + 3)
