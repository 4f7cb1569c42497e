"""The annexes: ranking, overdue tasks by unit, reports missing or late, corrections, the rules of evaluation.

Belongs here: which tables, columns and notes. Does not belong here: SQL (``queries``), the body (``text``), layout.
An annex without rows is left out, except corrections, which say 无; the rest is numbered over what is there.
"""

from __future__ import annotations

from dashboards import format as fmt
from dashboards.bulletin import queries
from dashboards.bulletin.content import Annex, Block, Column, Paragraph, Table, items
from dashboards.bulletin.facts import Fact, Facts, Line, Result, Sentence, join, say
from dashboards.pages.editions import FIELDS, GROUPS, cell

LONGEST_TABLE = 60  # rows of a list that could go on for pages; the workbook holds all
_TITLE = 60  # characters of a task's title in a table


def _rank_change(line: Line) -> Fact:
    change = line["rank_change"]
    if change is None:
        return line.text("rank_change")
    return line.shown("rank_change", "平" if change == 0 else f"{'升' if change > 0 else '降'}{abs(change)}")


def _group_rank(line: Line) -> Fact | None:
    if line["group_name"] is None:
        return None
    rank = "" if line["group_rank"] is None else f"第{line['group_rank']}"
    return line.shown(("group_name", "group_rank"), f"{line['group_name']}{rank}")


def ranking_table(rows: Result) -> list[Block]:
    """The ranking; columns nobody fills are left out. Who has no rank stands last, with the reason below the table."""

    def there(column: str) -> bool:
        return any(line[column] is not None for line in rows)

    columns: list[tuple[Column, object]] = [
        (Column("名次"), lambda line: line.count("rank") if line["rank"] is not None else line.shown("rank", "无排名"))
    ]  # fmt: skip
    if there("rank_p05"):
        columns.append((Column("名次区间"), lambda line: line.band("rank", "rank_p05", "rank_p95")))
    columns.append((Column("填报主体", "left", 26), lambda line: line.text("name")))
    if len({line["group_name"] for line in rows}) > 1:
        columns.append((Column("组内名次"), _group_rank))
    columns.append((Column("总分"), lambda line: line.number("total_score")))
    if there("task_score") and there("indicator_score"):
        columns.append((Column("任务得分"), lambda line: line.number("task_score")))
        columns.append((Column("指标得分"), lambda line: line.number("indicator_score")))
    if there("rank_change"):
        columns.append((Column("较上季"), _rank_change))
    if there("list"):
        columns.append(
            (Column("榜单"), lambda line: line.words("list", fmt.LIST_WORDS) if line["list"] else None)
        )
    blocks: list[Block] = [
        Table(tuple(column for column, _ in columns), [[cell(line) for _, cell in columns] for line in rows])
    ]
    if there("rank_p05"):
        drawn = next(line for line in rows if line["draws"] is not None)
        blocks.append(
            Paragraph(
                say(
                    "注：名次区间为同时变动权重和计算方法{draws}次后九成情形下的名次范围；“稳定”为名次不变。",
                    draws=drawn.count("draws"),
                ),
                size="note",
            )
        )
    blocks += [
        Paragraph(
            say("{name}：{reason}。", name=line.text("name"), reason=line.sentence("reason")), size="note"
        )
        for line in rows
        if line["rank"] is None and line["reason"]
    ]
    return blocks


_TASK_COLUMNS = (
    Column("责任单位", "left", 24),
    Column("任务", "left", 37),
    Column("填报主体", "left", 17),
    Column("到期日"),
    Column("逾期天数"),
)


def _task_row(line: Line) -> list[Fact | None]:
    return [
        line.text("unit"), line.text("title", _TITLE), line.text("name"), line.iso("due_date"), line.count("days_overdue"),
    ]  # fmt: skip


def overdue_tables(total: Line, units: Result, longest: Result) -> list[Block]:
    """By unit; all tasks where they fit, else the units in full and the longest tasks."""
    by_unit = Table(
        (
            Column("责任单位", "left", 26),
            Column("逾期项次"),
            Column("任务数"),
            Column("最长天数"),
            Column("填报主体（项次）", "left", 48),
        ),
        [
            [line.text("unit"), line.count("pairs"), line.count("tasks"), line.count("longest"), line.text("whose")]
            for line in units
        ],
    )  # fmt: skip
    blocks: list[Block] = [
        Paragraph(
            say(
                "共{tasks}项任务、{pairs}项次逾期，涉及{units}个责任单位、{reporters}个填报主体；几个单位共同牵头的任务，分别计入各单位。",
                tasks=total.count("tasks"), pairs=total.count("pairs"), units=total.count("units"),
                reporters=total.count("reporters"),
            ),
            size="small",
        ),
        by_unit,
    ]  # fmt: skip
    if total["pairs"] > len(longest):
        lead = say("逾期时间最长的{n}项次如下，全部逾期任务见附表。", n=longest.rows())
    else:
        lead = say("逾期任务如下，逾期时间长的在前。")
    return [
        *blocks,
        Paragraph(lead, size="small"),
        Table(_TASK_COLUMNS, [_task_row(line) for line in longest]),
    ]


def reporting_table(rows: Result) -> list[Block]:
    """Who did not report, or late."""
    columns = (
        Column("填报主体", "left", 26), Column("报表"), Column("情况"), Column("截止日期"),
        Column("首次收到"), Column("迟报天数"),
    )  # fmt: skip
    table = Table(
        columns,
        [
            [
                line.text("name"),
                line.words("kind", fmt.KIND_WORDS),
                line.shown("received", "迟报" if line["received"] else "未报送"),
                line.iso("cutoff_on"),
                line.shown("first_received_at", fmt.moment(line["first_received_at"])),
                line.count("days_late") if line["received"] else None,
            ]
            for line in rows
        ],
    )
    return [table]


def _changed_value(line: Line, column: str) -> Fact:
    value = line[column]
    if line["what"] == "input":
        # the hash of a file says nothing on paper
        states = {"old": ("未收到", "原文件"), "new": ("已撤回", "已收到")}[column]
        return line.shown(column, states[value is not None])
    return line.shown(column, cell(line["field"], value))


def corrections(head: Line | None, count: Result | None, rows: Result | None) -> list[Block]:
    """What the standing edition changed; 无 for a draft or a first edition, or when nothing moved."""
    if head is None or not head["revision"]:
        return [Paragraph(say("无。"))]
    blocks: list[Block] = [
        Paragraph(
            say(
                "本次为第{n}次修订。修订原因：{reason}。",
                n=head.count("revision"), reason=head.sentence("reason") if head["reason"] else head.text("reason"),
            )
        )
    ]  # fmt: skip
    if head["correction"] is not None:
        name = head.text("corrected_name" if head["corrected_name"] else "correction")
        blocks.append(
            Paragraph(
                say("本次只更正{name}，按更正后的得分排入已发布的名次，其他填报主体的名次不变。", name=name)
            )
        )
    if not rows:
        return [*blocks, Paragraph(say("各项结果与上一版相同。"))]
    if count[0]["changes"] > len(rows):
        blocks.append(
            Paragraph(
                say(
                    "共有{all}处变动，下表列出名次、得分在前的{n}处，其余见版本差异文件。",
                    all=count[0].count("changes"), n=rows.rows(),
                )
            )
        )  # fmt: skip
    columns = (
        Column("填报主体", "left", 20), Column("类别"), Column("事项", "left", 30), Column("内容"), Column("原"),
        Column("现"),
    )  # fmt: skip
    table = Table(
        columns,
        [
            [
                line.text("name"), line.words("what", GROUPS), line.text("entity", _TITLE), line.words("field", FIELDS),
                _changed_value(line, "old"), _changed_value(line, "new"),
            ]
            for line in rows
        ],
    )  # fmt: skip
    return [*blocks, table]


_AGGREGATIONS = {
    "arithmetic": "各层均取加权算术平均",
    "geometric": "各层先换算到一至一百，再取加权几何平均",
    "copeland": "名次由各专项两两比较的胜负场数决定，总分仍按加权算术平均列示",
}


def _method_texts(facts: Facts) -> list[Sentence]:
    found = []
    for line in queries.methods(facts):
        said = {
            "attainment": "目标达成法（{n}项指标）：（当前值－现状值）÷（目标值－现状值）；没有现状值的，取当前值与目标值之比，"
            "越低越好的指标取倒数",
            "dtf": "前沿距离法（{n}项指标）：（最差值－当前值）÷（最差值－前沿值），有指数的再乘方",
        }.get(line["method"])
        if said:
            found.append(say(said, n=line.count("indicators")))
    return found


def evaluation(facts: Facts, head: Line) -> list[Block]:
    """The rules in words: enough to compute a score again."""
    texts: list[Sentence] = []
    weighted = head["weight_tasks"] is not None and head["weight_indicators"] is not None
    if weighted:
        texts.append(
            say(
                "总分。总分＝任务得分×{tasks}＋指标得分×{indicators}，满分一百分；缺少一项的，按另一项计。任务得分、指标得分为各专项得分"
                "按专项权重的平均，专项内按任务、指标的权重平均，缺项的权重按比例分给其余各项。",
                tasks=head.percent("weight_tasks", 0), indicators=head.percent("weight_indicators", 0),
            )
        )  # fmt: skip
    weights = queries.specials(facts)
    if weights and all(line["weight"] is not None for line in weights):
        named = join(
            [say("{name}{weight}", name=line.text("name"), weight=line.percent("weight", 1)) for line in weights], "、"
        )  # fmt: skip
        texts.append(say("专项权重。{named}。", named=named))
    elif weights:
        texts.append(say("专项权重。{n}个专项权重相等。", n=weights.rows()))
    if head["overdue_cap"] is not None:
        texts.append(
            say(
                "任务得分。按时完成的得满分；逾期完成的，每逾期一日扣{per_day}分，最低{floor}分；逾期未完成的，按完成进度计分，最高"
                "{cap}分；未到期的，按完成进度与应达进度之比计分，应达进度按开始日至到期日的天数均匀推算，分几个节点的按节点折算；"
                "持续推进类任务，当季报送进展的得满分，未报送的不得分；没有明确时限的、已取消的不计。",
                per_day=head.number("late_per_day", 2, trim=True), floor=head.number("late_floor", 2, trim=True),
                cap=head.number("overdue_cap", 2, trim=True),
            )
        )  # fmt: skip
    methods = _method_texts(facts)
    if methods:
        texts.append(
            say(
                "指标得分。{methods}。结果换算为百分制，低于零按零分、高于满分按满分计；未开展的和定版时仍未报送的得零分，不适用的"
                "不计。",
                methods=join(methods, "；"),
            )
        )  # fmt: skip
    if head["aggregation"] in _AGGREGATIONS:
        texts.append(
            say(
                "合成方法。{method}。{units}",
                method=Sentence((head.words("aggregation", _AGGREGATIONS),)),
                units=say("有下级单位的，下级单位先单独计分，再按权重平均为上级得分，下级单位不参加排名。")
                if head["sub_units"] == "roll_up"
                else Sentence(),
            )
        )
    texts.append(
        say(
            "名次。总分保留六位小数比较，相同的并列，其后名次顺延。{coverage}",
            coverage=say(
                "有值的适用指标少于{coverage}的，不参加排名。", coverage=head.percent("coverage_min", 0)
            )
            if head["coverage_min"]
            else Sentence(),
        )
    )
    if head["red"] or head["black"]:
        texts.append(_list_rule(head))
    texts.append(
        say(
            "数据。以{as_of}前收到的报送数据为准，同一事项以最后报送的为准；定版后收到的计入下一版，已发布的结果不变。",
            as_of=head.moment("as_of"),
        )
    )
    return items(texts, "small")


def _list_rule(head: Line) -> Sentence:
    tie = "并列的都不列入" if head["ties"] == "exclude" else "并列的都列入"
    text = say(
        "榜单。前{red}名列入红榜，后{black}名列入黑榜，" + tie + "；",
        red=head.count("red"), black=head.count("black"),
    )  # fmt: skip
    if head["black_exception"] != "none":
        text += say("有目标的适用指标全部达标的不列入黑榜，也不递补；")
    text += say("参加排名的不多于红榜与黑榜名额之和的，不设榜单")
    if head["no_lists"]:
        text += say("；{quarters}只排名、不设榜单", quarters=head.shown(
            "no_lists", "、".join(fmt.period_words(q) for q in head["no_lists"].split(";"))
        ))  # fmt: skip
    if head["talk_after"] is not None:
        text += say("；连续{n}个季度列入黑榜的，约谈其负责人", n=head.count("talk_after"))
    return text + say("。")


def annexes(facts: Facts, head: Line, edition: Line | None, total: Line) -> list[Annex]:
    """All annexes of the quarter, numbered."""
    titled: list[tuple[Sentence, list[Block]]] = []
    ranked = queries.ranking(facts)
    quarter = head.quarter("period")
    titled.append((say("{quarter}排名表", quarter=quarter), ranking_table(ranked)))
    if total["pairs"]:
        titled.append(
            (
                say("逾期任务清单（按责任单位）"),
                overdue_tables(
                    total, queries.overdue_units(facts), queries.overdue_tasks(facts, LONGEST_TABLE)
                ),
            )
        )
    late = queries.not_reported(facts)
    if len(late):
        titled.append((say("未报送、迟报清单"), reporting_table(late)))
    revised = edition is not None and edition["revision"] > 0
    titled.append(
        (
            say("更正与修订情况"),
            corrections(
                edition,
                queries.changes_count(facts, edition["revision"]) if revised else None,
                queries.changes(facts, edition["revision"], LONGEST_TABLE) if revised else None,
            ),
        )
    )
    titled.append((say("评价口径"), evaluation(facts, head)))
    return [Annex(number, title, blocks) for number, (title, blocks) in enumerate(titled, 1)]
