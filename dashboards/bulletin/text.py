"""The body of the bulletin: why, overall situation, doing well, problems by name, next steps with dates.

Belongs here: which sentences stand and when they are left out. Does not belong here: SQL (``queries``), tables (``annexes``),
layout. Every number is a fact (``facts.say`` takes no digit); facts about a listed county are those of the marts, nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from dashboards import format as fmt
from dashboards.bulletin import queries
from dashboards.bulletin.annexes import LONGEST_TABLE, annexes
from dashboards.bulletin.content import Annex, Block, Bulletin, Paragraph, Section, items, numbered
from dashboards.bulletin.facts import Fact, Facts, Line, Result, Sentence, given, join, say

NAMED = 3  # units and reporters named in one sentence
LONGEST_NAMED = 3  # overdue tasks named
RISES = 3
FIRM = 0.5  # a listing that fewer of the draws repeat is not firm (R03)


@dataclass(frozen=True)
class Asked:
    """What the office gives: number of the document, date, copies; the edition that stands, else the mark of a draft."""

    edition: str | None
    draft_mark: str
    number: str | None = None
    date: date | None = None
    copies: str | None = None


def _moved(line: Line, column: str, digits: int, unit: str, up: str = "提高", down: str = "下降") -> Sentence:
    """，较上季度提高x…; empty where there is no quarter before."""
    value = line[column]
    if value is None:
        return Sentence()
    if round(value, digits) == 0:
        return say("，与上季度持平")
    return say("，较上季度" + (up if value > 0 else down) + "{size}" + unit, size=line.size(column, digits))


def _named(lines: Result, most: int = NAMED, said: str = "{name}", **columns: str) -> Sentence:
    """甲、乙、丙等n个 (n the rows of the result); ``columns``: places of ``said`` → column of a count."""
    shown = [
        say(said, name=line.text("name"), **{place: line.count(column) for place, column in columns.items()})
        for line in list(lines)[:most]
    ]
    text = join(shown, "、")
    return text if len(lines) <= most else text + say("等{n}个填报主体", n=lines.rows())


def _see(found: dict[str, Annex], title: str) -> Sentence:
    """，详见附件n where the annex is there."""
    annex = next((annex for name, annex in found.items() if title in name), None)
    return Sentence() if annex is None else say("，详见{annex}", annex=annex.label)


# --- 一、总体情况 ------------------------------------------------------------------------------------------------------


def _tasks(line: Line) -> Sentence:
    if not line["total"]:
        return Sentence()
    if line["distinct_tasks"]:
        text = say(
            "任务推进。方案任务{tasks}项由{reporters}个填报主体承担，共{total}项次",
            tasks=line.count("distinct_tasks"), reporters=line.count("reporters"), total=line.count("total"),
        )  # fmt: skip
    else:
        text = say(
            "任务推进。{reporters}个填报主体承担任务{total}项次",
            reporters=line.count("reporters"), total=line.count("total"),
        )  # fmt: skip
    if line["completed"]:
        text += say("，已完成{completed}项次，完成率{rate}", completed=line.count("completed"), rate=line.percent("completion_rate"))  # fmt: skip
        text += _moved(line, "completion_points", 1, "个百分点")
    else:
        text += say("，目前均在推进中")
    if line["finally_due"] and not line["on_time"]:
        text += say("；已到期{due}项次，均未按时完成", due=line.count("finally_due"))
    elif line["finally_due"]:
        text += say(
            "；已到期{due}项次，按时完成{done}项次，按时完成率{rate}",
            due=line.count("finally_due"), done=line.count("on_time"), rate=line.percent("on_time_rate"),
        )  # fmt: skip
        text += _moved(line, "on_time_points", 1, "个百分点")
    if line["overdue"]:
        text += say("；逾期未完成{n}项次", n=line.count("overdue"))
        if line["overdue_before"] is not None:
            text += _moved(line, "overdue_change", 0, "项次", "增加", "减少")
    elif line["finally_due"]:
        text += say("；没有逾期任务")
    return text + say("。")


def _indicators(found: Result) -> Sentence:
    if not found:
        return Sentence()
    line = found[0]
    text = say("指标提升。设定目标的指标{n}项，共{pairs}项次", n=line.count("distinct_indicators"), pairs=line.count("with_target"))  # fmt: skip
    if not line["reached"]:
        return text + say("，目前尚未达到目标。")
    text += say("，已达到目标{n}项次，达标率{rate}", n=line.count("reached"), rate=line.percent("rate"))
    return text + _moved(line, "points", 1, "个百分点") + say("。")


def _scores(found: Result, unranked: Line) -> Sentence:
    if not found or not found[0]["ranked"]:
        return Sentence()
    line = found[0]
    if line["ranked"] == 1:
        return (
            say("综合得分。总分{mean}分", mean=line.number("mean"))
            + _moved(line, "mean_change", 2, "分")
            + say("。")
        )
    text = say("综合得分。{n}个填报主体平均{mean}分", n=line.count("ranked"), mean=line.number("mean"))
    text += _moved(line, "mean_change", 2, "分")
    text += say(
        "；最高{best}分，最低{worst}分，相差{gap}分",
        best=line.number("best"), worst=line.number("worst"), gap=line.number("gap"),
    )  # fmt: skip
    if unranked["unranked"]:
        text += say("；另有{n}个不参加排名", n=unranked.count("unranked"))
    return text + say("。")


def _reports(line: Line) -> Sentence:
    if not line["owed"]:
        return Sentence()
    text = say("数据报送。应报{owed}份", owed=line.count("owed"))
    if not line["received"]:
        text += say("，均未报送")
    elif line["missing"]:
        text += say("，收到{n}份，未报送{missing}份", n=line.count("received"), missing=line.count("missing"))
    else:
        text += say("，全部收到")
    if line["late"]:
        text += say("，其中迟报{n}份", n=line.count("late"))
    elif line["received"]:
        text += say("，收到的均按时" if line["missing"] else "，均按时报送")
    return text + say("。")


def _goals(line: Line) -> Sentence:
    found = []
    for who, words, unit in (
        ("own", "方案确定的本级目标", "项"),
        ("theirs", "方案确定的填报主体目标", "项次"),
    ):
        if not line[who]:
            continue
        text = say(words + "{n}" + unit, n=line.count(who))
        if line[f"{who}_met"]:
            text += say("，已实现{n}" + unit, n=line.count(f"{who}_met"))
        else:
            text += say("，目前尚未实现")
        if line[f"{who}_expected"]:
            text += say("，按目前进度另有{n}" + unit + "预计可以实现", n=line.count(f"{who}_expected"))
        found.append(text)
    return say("目标实现。{found}。", found=join(found, "；")) if found else Sentence()


# --- 二、进展较好 ------------------------------------------------------------------------------------------------------


def _listed(line: Line, colour: str) -> Sentence:
    text = say("{name}，{place}", name=line.text("name"), place=line.place("rank", "rank_p05", "rank_p95"))
    if line["in_a_row"] is not None and line["in_a_row"] > 1:
        text += say("，连续{n}个季度列入" + fmt.LIST_WORDS[colour], n=line.count("in_a_row"))
    if line["reason"]:
        text += say("。{reason}。", reason=line.sentence("reason"))
    else:
        text += say("，总分{score}分。", score=line.number("total_score"))
    if colour == "black" and line["chance"] is not None and line["chance"] < FIRM:
        text += say(
            "在{draws}次变动权重和方法的测算中，列入黑榜的仅占{chance}，该结果尚不稳定，供参考。",
            draws=line.count("draws"), chance=line.percent("chance"),
        )  # fmt: skip
    return text


def _rise(line: Line) -> Sentence:
    text = say(
        "{name}由第{old}名升至第{new}名，上升{n}位",
        name=line.text("name"), old=line.count("previous_rank"), new=line.count("rank"), n=line.count("rank_change"),
    )  # fmt: skip
    if line["cause"]:
        text += say("，主要原因：{cause}", cause=line.sentence("cause"))
    return text + say("。")


def _doing_well(red: Result, risen: Result, found: dict[str, Annex]) -> Section:
    banded = any(line["rank_p05"] is not None for line in red)
    annex = next(annex for title, annex in found.items() if "排名表" in title)
    title = say("红榜（" + ("名次后为名次区间，" if banded else "") + "详见{annex}）", annex=annex.label)
    return Section(
        say("进展较好的单位"),
        parts=[
            Section(title, items([_listed(line, "red") for line in red])),
            Section(say("进位较快"), items([_rise(line) for line in risen])),
        ],
    )


# --- 三、存在的问题 ----------------------------------------------------------------------------------------------------


def _black(black: Result, spared: Result) -> list[Block]:
    blocks = items([_listed(line, "black") for line in black])
    blocks += [
        Paragraph(
            say("{name}列第{rank}名，有目标的适用指标全部达标，按规则不列入黑榜。", name=line.text("name"), rank=line.count("rank"))
        )
        for line in spared
    ]  # fmt: skip
    return blocks


def _days(line: Line) -> Sentence:
    """How long a task is overdue; one due on the quarter's last day is overdue by no day yet."""
    if line["days_overdue"] == 0:
        return say("，季末当日到期")
    return say("，逾期{days}天", days=line.count("days_overdue"))


def _overdue(facts: Facts, total: Line, found: dict[str, Annex]) -> list[Block]:
    if not total["pairs"]:
        return []
    units = queries.overdue_units(facts).lines[:NAMED]
    most = queries.overdue_reporters(facts, NAMED)
    longest = queries.overdue_tasks(facts, LONGEST_TABLE).lines[:LONGEST_NAMED]
    text = say(
        "逾期未完成的任务{tasks}项、{pairs}项次{see}。",
        tasks=total.count("tasks"), pairs=total.count("pairs"), see=_see(found, "逾期任务"),
    )  # fmt: skip
    by_unit = join(
        [say("{unit}（{n}项次）", unit=line.text("unit"), n=line.count("pairs")) for line in units], "、"
    )
    more = total["units"] > len(units)
    text += say("按责任单位，逾期" + ("较多" if more else "") + "的是{by_unit}；", by_unit=by_unit)
    by_reporter = join(
        [say("{name}（{n}项次）", name=line.text("name"), n=line.count("pairs")) for line in most], "、"
    )
    more = total["reporters"] > len(most)
    text += say(
        "按填报主体，逾期" + ("较多" if more else "") + "的是{by_reporter}。", by_reporter=by_reporter
    )
    many = total["longest_pairs"] > len(longest)
    named = join(
        [
            say(
                "{name}“{title}”（{unit}{days}）",
                name=line.text("name"), title=line.title("title", 40), unit=line.text("unit", 40),
                days=Sentence() if many else _days(line),
            )
            for line in longest
        ],
        "、",
    )  # fmt: skip
    if many:
        lead = say("逾期时间最长的有{n}项次，", n=total.count("longest_pairs"))
        lead += (
            say("季末当日到期，包括")
            if total["longest"] == 0
            else say("均逾期{days}天，包括", days=total.count("longest"))
        )
    else:
        lead = say("逾期时间较长的有" if total["pairs"] > len(longest) else "具体是")
    return [Paragraph(text), Paragraph(lead + named + say("。"))]


def _data(*sentences: Sentence) -> list[Block]:
    text = join(sentences, "")
    return [Paragraph(text)] if text else []


def _absent(facts: Facts, line: Line, found: dict[str, Annex]) -> Sentence:
    sentences = []
    if line["missing"]:
        names = _named(queries.absent(facts, "missing"), said="{name}（{n}份）", n="reports")
        sentences.append(say("未报送的有{names}", names=names))
    if line["late"]:
        names = _named(queries.absent(facts, "late"), said="{name}（迟报{n}天）", n="days_late")
        sentences.append(say("迟报的有{names}", names=names))
    return join(sentences, "；") + _see(found, "未报送") + say("。") if sentences else Sentence()


def _findings(line: Line) -> Sentence:
    grave = [
        say(words, n=line.count(column))
        for column, words in (("blocking", "不能载入的{n}处"), ("errors", "错误{n}处"))
        if line[column]
    ]
    text = join(grave, "、")
    if grave and line["reporters"]:
        text += say("，涉及{n}个填报主体", n=line.count("reporters"))
    if line["warnings"]:
        text = join([text, say("须核实的{n}处", n=line.count("warnings"))], "；")
    return say("数据检查发现{counted}。", counted=text) if text else text


def _talks(black: Result) -> list[Block]:
    named = [Sentence((line.text("name"),)) for line in black if line["talk"]]
    if not named:
        return []
    return [Paragraph(say("因连续列入黑榜，按评价规则列为约谈对象的有：{named}。", named=join(named, "、")))]


# --- 四、下一步要求 ----------------------------------------------------------------------------------------------------

_SOME_DAY = "×月×日"  # left to the office where the data know no date


def _next_steps(
    head: Line, ahead: Line, total: Line, reports: Line, findings: Line, published: bool
) -> Section:
    by_next = Sentence((ahead.day("cutoff_on"),)) if ahead["runs_on"] else say(_SOME_DAY)
    parts = []
    if total["pairs"]:
        parts.append(
            Section(
                say("限期办结逾期任务"),
                [
                    Paragraph(
                        say(
                            "各责任单位会同有关填报主体，对逾期的{n}项次任务逐项查明原因、明确措施，于{day}前办结并报送进展；确实不能"
                            "按期办结的，书面说明理由。",
                            n=total.count("pairs"), day=by_next,
                        )
                    )
                ],
            )
        )  # fmt: skip
    if ahead["runs_on"] and ahead["pairs"]:
        parts.append(
            Section(
                say("抓好下季度到期任务"),
                [
                    Paragraph(
                        say(
                            "{quarter}内（{end}前）有{tasks}项任务、{pairs}项次到期，请各责任单位对照时间节点倒排进度，确保按时完成。",
                            quarter=ahead.quarter("period"), end=ahead.day("next_end"), tasks=ahead.count("tasks"),
                            pairs=ahead.count("pairs"),
                        )
                    )
                ],
            )
        )  # fmt: skip
    sending = []
    wrong, open_still = findings["blocking"] or findings["errors"], not (head["frozen"] or published)
    if reports["missing"]:
        sending.append(say("未报送的，收到本通报后立即补报。"))
    if wrong and open_still:
        sending.append(
            say("须改正的数据，于{day}前报送更正件，定版前收到的计入本季度。", day=head.moment("freeze_at"))
        )
    elif wrong and not ahead["runs_on"]:
        sending.append(say("须改正的数据，于" + _SOME_DAY + "前报送更正件，从下一版起计入，不改变本期结果。"))
    if ahead["runs_on"]:
        sending.append(
            say(
                "{quarter}数据于{day}截止报送" + ("，须改正的数据一并报送更正件" if wrong and not open_still else "") + "，逾期收到的按迟报通报。",
                quarter=ahead.quarter("period"), day=ahead.day("cutoff_on"),
            )
        )  # fmt: skip
    if sending:
        parts.append(Section(say("按时准确报送数据"), [Paragraph(join(sending, ""))]))
    if not ahead["runs_on"] and not parts:
        parts.append(
            Section(
                say("巩固工作成效"),
                [Paragraph(say("方案实施期已满，请各填报主体巩固成果、完善长效机制。"))],
            )
        )
    return Section(say("下一步要求"), parts=parts)


# --- 版头、落款 --------------------------------------------------------------------------------------------------------


def addressees(kinds: set[str], units: bool) -> str:
    """主送 from the kinds of reporters; ``units``: whether units lead tasks."""
    said = {
        frozenset(("county", "district")): "各县（区）人民政府",
        frozenset(("county",)): "各县人民政府",
        frozenset(("district",)): "各区人民政府",
    }
    found = [said[local]] if (local := frozenset(kinds & {"county", "district"})) else []
    if "zone" in kinds:
        found.append("各功能区管委会")
    if "township" in kinds:
        found.append("各乡镇人民政府、街道办事处")
    if "department" in kinds:
        found.append("各有关部门和单位")
    elif units or not found:
        found.append("各有关责任单位")
    return "，".join(found) + "："


def _lines_of_title(head: Line) -> list[Sentence]:
    whole = head.text("title"), head.quarter("period")
    return [say("关于{title}", title=whole[0]), say("{quarter}推进情况的通报", quarter=whole[1])]


def _purpose(head: Line, edition: Line | None, asked: Asked) -> list[Block]:
    text = say(
        "为推动《{title}》落实，现将{quarter}任务推进、指标提升和数据报送情况通报如下。数据截至{as_of}{state}。",
        title=head.text("title"), quarter=head.quarter("period"), as_of=head.moment("as_of"),
        state=Sentence() if head["frozen"] or edition else say("，尚未定版（{day}定版）", day=head.moment("freeze_at")),
    )  # fmt: skip
    if edition is None:
        text += say("本稿为" + asked.draft_mark + "，名次和榜单以正式发布的为准。")
    elif edition["revision"]:
        text += say(
            "本次为第{n}次修订，修订原因：{reason}。",
            n=edition.count("revision"), reason=edition.sentence("reason") if edition["reason"] else edition.text("reason"),
        )  # fmt: skip
    return [Paragraph(text)]


def _date(edition: Line | None, asked: Asked) -> Sentence:
    if asked.date is not None:
        return Sentence((given("--date", asked.date, fmt.day_words(asked.date)),))
    return say("×年×月×日") if edition is None else Sentence((edition.day("published_at"),))


def _number(head: Line, edition: Line | None, asked: Asked) -> Sentence:
    if asked.number is not None:
        return Sentence((given("--number", asked.number, asked.number),))
    if asked.date is not None:
        year: Fact = given("--date", asked.date, str(asked.date.year))
    else:
        year = head.year("as_of") if edition is None else edition.year("published_at")
    return say("×营商办〔{year}〕×号", year=year)


def compose(facts: Facts, asked: Asked) -> Bulletin:
    """The bulletin of the programme and quarter of ``facts``. Raises LookupError when the file does not hold them."""
    found = queries.programme(facts, asked.edition)
    if not found:
        raise LookupError("programme or period is not in the file")
    head = found[0]
    edition = queries.edition(facts, asked.edition)[0] if asked.edition else None
    total = queries.overdue(facts)[0]
    attached = annexes(facts, head, edition, total)
    by_title = {str(annex.title): annex for annex in attached}
    red, black = queries.listed(facts, "red"), queries.listed(facts, "black")
    reports, findings = queries.reports(facts)[0], queries.findings(facts)[0]
    overall = [
        _tasks(line) if (line := next(iter(queries.tasks(facts)), None)) else Sentence(),
        _indicators(queries.attained(facts)),
        _reports(reports),
        _scores(queries.spread(facts), queries.reporters(facts)[0]),
        _goals(queries.goals(facts)[0]),
    ]
    sections = [
        Section(say("总体情况"), items([text for text in overall if text])),
        _doing_well(red, queries.rises(facts, RISES), by_title),
        Section(
            say("存在的问题"),
            parts=[
                Section(say("黑榜"), _black(black, queries.spared(facts))),
                Section(say("任务逾期"), _overdue(facts, total, by_title)),
                Section(say("数据报送和质量"), _data(_absent(facts, reports, by_title), _findings(findings))),
                Section(say("约谈"), _talks(black)),
            ],
        ),
        _next_steps(head, queries.next_quarter(facts)[0], total, reports, findings, edition is not None),
    ]
    kinds = {line["kind"] for line in queries.kinds(facts)}
    mark = Sentence()
    if edition is None:
        mark = Sentence((asked.draft_mark,))
    elif edition["revision"]:
        mark = say("第{n}次修订", n=edition.count("revision"))
    return Bulletin(
        data_cut=head["as_of"],
        mark=mark,
        number=_number(head, edition, asked),
        title=_lines_of_title(head),
        addressees=say(addressees(kinds, total["units"] > 0)),
        blocks=[*_purpose(head, edition, asked), *numbered(sections)],
        annexes=attached,
        issuer=Sentence((head.text("issuer"),)) if head["issuer"] else Sentence(),
        date=_date(edition, asked),
        copies=Sentence() if asked.copies is None else Sentence((given("--cc", asked.copies, asked.copies),)),
    )
