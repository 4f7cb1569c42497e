"""Small invented plan documents in layouts that the real samples do not have, as text and as .docx.

Belongs here: documents and the builder of .docx files with merged cells. Does not belong here: what must be read
from them (the tests say it).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

# chapters and sections (第一章, 第一节), labels inside brackets and at the end of the sentence, full-width points
BRACKETS = """\
东海省杭山市人民政府办公室关于印发杭山市2024年优化营商环境攻坚行动方案的通知

各区、县（市）人民政府，市政府各部门：

杭山市2024年优化营商环境攻坚行动方案

第一章 总体目标
到2024年底，企业开办时间压缩至1个工作日以内，政务服务事项网办率达到95%以上，力争营商环境进入全省前5位。

第二章 重点任务
第一节 政务环境
1．推进“高效办成一件事”。上线15个“一件事”主题。（牵头单位：市数据局；责任单位：市市场监管局、市人社局；完成时限：2024年上半年）
2．健全常态化沟通机制。每月召开政企恳谈会。（牵头单位：市发展改革委；配合单位：市工商联、各区县（市）政府；完成时限：每月5日前）
3．规范中介服务。清单之外无中介事项。（责任单位：市住建局，市自然资源局等；完成时限：三季度末）
第二节 法治环境
4．加强涉企执法监督，严禁“一刀切”。牵头领导：王某某；牵头单位：市司法局；责任单位：市综合执法局、各开发区管委会；完成时限：长期坚持
5．提升商事审判质效。牵头单位：市中级人民法院；完成时限：2024年10月底

第三章 保障措施
各单位要加强组织领导。
"""

# one label per line, circled points inside an item, a vague deadline, a year left out
LABELS = """\
关于印发《江北区2023年度优化营商环境工作要点》的通知
一、优化准入准营环境
（一）持续提升开办企业便利度
推行“一照通”改革，实现企业开办1日办结。
牵头单位：区市场监管局
配合单位：区税务局、区公安分局、区人力社保局
完成时间：2023年9月底前
（二）推进“证照分离”改革全覆盖
牵头单位：区市场监管局
完成时间：适时
二、优化法治环境
（一）规范涉企检查
①制定检查计划。②公开检查结果。
责任单位：区司法局、各行政执法部门
完成时间：12月底前
"""

# tab-separated, with a leader's column; merged cells lost; one row shifted by one, one deadline lost
TABLE = """\
川南县2023年营商环境提升任务清单
序号\t重点任务\t具体措施\t牵头领导\t牵头单位\t配合单位\t完成时限
1\t优化审批\t推行容缺受理，压缩审批时限50%。\t张三\t县行政审批局\t县发改局、县住建局\t2023年6月底前
2\t\t推行告知承诺制，承诺事项清单向社会公开，办理结果同步推送，企业一次也不用多跑。\t张三\t县行政审批局\t各乡镇人民政府\t持续推进
3\t强化要素保障\t保障项目用地。\t李四\t县自然资源局\t县发改局\t2023年上半年
4\t\t开展银企对接，每季度至少一次。\t李四\t县金融工作局\t县人行、各银行机构\t每季度一次
"""

# hard wraps with blanks inside words, page numbers and a page break inside an item and inside a list of units
WRAPPED = """\
2022 年白沙县优化营商环境实施方案
一、主要任务
( 一 ) 优化获得电力
1.压缩办电时间。低压小微企业办电时间压缩至 10 个工 作日以内，推行线
— 12 —
上办电，实行“一次都不跑”。
完成时限：2022 年 9 月
责任单位：县供电公司、县发展改革委、县自
— 13 —
然资源局、县住房城乡建设局等部门按职责 分工负责                     2.减少停电。城区停电时间不超过 5 个小时。
完成时限：持续推进
责任单位：县供电公司
"""

PROSE = """\
2024年我市召开营商环境座谈会。
会议指出，要进一步提高认识，加强组织领导，营造良好氛围。
"""

REPORT_HEADER = ("序号", "存在问题", "整改措施", "责任单位", "整改期限")
REPORT_ROWS = (
    ("1", "政策宣传不够。未落实《优化营商环境条例》第38条，惠企政策知晓度不高。", "一是集中宣传。二是送政策上门。", "市发展改革委 市财政局等", "2023年6月底"),
    ("2", "融资难问题突出。与《东海省优化营商环境条例》第十八条要求有差距。", "开展银企对接。", "市金融工作局 人行杭山市中心支行", "2023年12月"),
)  # fmt: skip


def report_text() -> str:
    """A rectification report with a table of problems."""
    rows = "\n".join("\t".join(cells) for cells in (REPORT_HEADER, *REPORT_ROWS))
    return f"杭山市关于2023年营商环境执法检查问题整改情况的报告\n一、总体情况\n整改有序推进。\n整改情况汇总表\n{rows}\n"


def write_text(path: Path, text: str, encoding: str = "utf-8") -> Path:
    """Write a text document; its path."""
    path.write_bytes(text.encode(encoding))
    return path


def write_docx(path: Path, blocks: Sequence[str | Sequence[Sequence[str | None]]]) -> Path:
    """A .docx of paragraphs (str) and tables (rows of cells; None is merged with the cell above); its path."""
    import docx

    document = docx.Document()
    for block in blocks:
        if isinstance(block, str):
            document.add_paragraph(block)
            continue
        rows = [list(row) for row in block]
        table = document.add_table(len(rows), len(rows[0]))
        cells = table._cells  # one look-up: the property is quadratic in the rows
        width = len(rows[0])
        for at, row in enumerate(rows):
            for column, text in enumerate(row):
                if text is not None:
                    cells[at * width + column].text = text
        for column in range(width):
            start = 0
            for at in range(1, len(rows) + 1):
                if at == len(rows) or rows[at][column] is not None:
                    if at - 1 > start:
                        cells[start * width + column].merge(cells[(at - 1) * width + column])
                    start = at
    document.save(str(path))
    return path
