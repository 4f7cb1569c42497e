"""The review page: document on the left, what was read on the right, doubts first.

Belongs here: one offline HTML file for the clerk who checks the reading. Does not belong here: reading, or changing
rows (the page exports a review file, see ``patch``). Everything from the document is escaped; the page loads nothing
and sends nothing.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections import defaultdict
from pathlib import Path

from raw.plans.findings import weight
from raw.plans.model import Plan, Task
from raw.plans.output import tables
from raw.plans.patch import REGISTRY_COLUMNS, keys
from raw.plans.text import despace

_ROLES = {
    "lead": "牵头",
    "cooperate": "配合",
    "implement": "落实",
    "by_duty": "分工",
    "joint": "共同",
    "sole": "单独",
}
_KINDS = {
    "date": "日期", "month": "月底", "before_month": "月底前", "year_end": "年底", "multiple": "多个节点", "ongoing": "持续",
    "recurring": "定期", "conditional_text": "含糊", "malformed": "有误", "blank": "空白",
}  # fmt: skip
_HEADS = {
    "tasks": (("seq", "序号"), ("special", "专项"), ("title", "任务"), ("deadline_text", "时限（原文）"), ("due", "读作"), ("units", "责任单位")),
    "indicators": (("special", "专项"), ("name", "指标"), ("unit", "单位"), ("polarity", "方向"), ("baseline", "现状"), ("targets", "目标"), ("frontier", "前沿")),
    "goals": (("special", "专项"), ("kind", "种类"), ("value", "目标"), ("due_date", "日期"), ("text", "原文")),
    "units": (("name", "登记名"), ("aliases", "原文写法"), ("collective", "泛指")),
    "issues": (("issue_id", "编号"), ("title", "问题"), ("legal_basis", "依据"), ("units", "责任单位"), ("measures", "整改措施")),
}  # fmt: skip
_TITLES = {
    "findings": "疑点",
    "tasks": "任务",
    "indicators": "指标",
    "goals": "位次目标",
    "units": "单位",
    "issues": "整改问题",
}
# column of the page → column of the registry a correction goes to
_EDITABLE = {
    "tasks": {"title", "deadline_text"},
    "indicators": {"name", "unit", "baseline", "frontier"},
    "units": {"name"},
}


def write_review(plan: Plan, programme: str, path: Path) -> Path:
    """Write the page; returns its path."""
    rows = tables(plan)
    marks = _marks(plan)
    by_line: dict[int, list] = defaultdict(list)
    for finding in plan.findings:
        by_line[finding.line].append(finding)
    tabs = {"findings": _findings(plan)}
    for name, built in (
        ("tasks", _tasks),
        ("indicators", _indicators),
        ("goals", _goals),
        ("units", _units),
        ("issues", _issues),
    ):
        part = built(plan, rows, by_line)
        if part:
            tabs[name] = part
    text = "".join(line.text for line in plan.source.lines)
    data = {
        "programme": programme,
        "store": hashlib.sha256(text.encode()).hexdigest()[:16],
        "tabs": tabs,
        "heads": {name: list(_HEADS[name]) for name in tabs if name in _HEADS},
        "titles": {name: _TITLES[name] for name in tabs},
        "editable": {name: sorted(columns) for name, columns in _EDITABLE.items()},
    }
    payload = (
        json.dumps(data, ensure_ascii=False)
        .replace("<", "\\u003c")
        .replace("\u2028", "\\u2028")
        .replace("\u2029", "\\u2029")
    )
    page = _PAGE.replace("@TITLE@", html.escape(plan.title or programme)).replace(
        "@DOCUMENT@", _document(plan, marks, by_line)
    )
    path.write_text(page.replace("@DATA@", payload), encoding="utf-8")
    return path


# --- left: the document ---------------------------------------------------------------------------


def _marks(plan: Plan) -> dict[int, list[tuple[str, str]]]:
    """line → (class, words) to highlight."""
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for task in [*plan.tasks, *plan.others]:
        found[task.line].append(("t", task.printed_title))
        if task.deadline_text:
            for words in task.deadline_text.split("；"):
                found[task.deadline_line].append(("d", words))
        for share in task.shares:
            found[share.line or task.units_line].append(("u", share.unit))
    for indicator in plan.indicators:
        for target in indicator.targets:
            found[target.line].append(("i", target.text))
    for goal in plan.goals:
        found[goal.line].append(("i", goal.text))
    for issue in plan.issues:
        found[issue.line].append(("t", issue.title))
        found[issue.line] += [("u", unit) for unit in issue.units]
    return found


def _document(plan: Plan, marks: dict, by_line: dict) -> str:
    parts = []
    for line in plan.source.lines:
        text = line.text.replace("\t", " ┊ ") if line.cells else line.text
        if not text.strip() and line.no not in marks and line.no not in by_line:
            continue
        classes = "l"
        if line.no in by_line:
            classes += f" f{min(weight(f.kind) for f in by_line[line.no])}"
        parts.append(
            f'<p class="{classes}" id="L{line.no}"><b>{line.no}</b>{_highlight(text, marks.get(line.no, []))}</p>'
        )
    return "\n".join(parts)


def _highlight(text: str, words: list[tuple[str, str]]) -> str:
    """Escaped text with the first occurrence of every word marked; blanks of line wraps are skipped over."""
    flat, places = [], []
    for at, char in enumerate(text):
        if not char.isspace():
            flat.append(char)
            places.append(at)
    joined = "".join(flat)
    spans: list[tuple[int, int, str]] = []
    for kind, word in words:
        wanted = re.sub(r"\s", "", despace(word))[:60]
        # units and deadlines stand behind the measure that may use the same words
        find = joined.rfind if kind in "ud" else joined.find
        at = find(wanted) if wanted else -1
        while at >= 0:
            begin, end = places[at], places[at + len(wanted) - 1] + 1
            if not any(begin < b and a < end for a, b, _ in spans):
                spans.append((begin, end, kind))
                break
            at = joined.rfind(wanted, 0, at) if kind in "ud" else joined.find(wanted, at + 1)
    out, last = [], 0
    for begin, end, kind in sorted(spans):
        out.append(html.escape(text[last:begin]))
        out.append(f"<mark class={kind}>{html.escape(text[begin:end])}</mark>")
        last = end
    out.append(html.escape(text[last:]))
    return "".join(out)


# --- right: the rows ------------------------------------------------------------------------------


def _findings(plan: Plan) -> list[dict]:
    return [
        {
            "key": f"f{n}",
            "line": f.line,
            "weight": weight(f.kind),
            "cells": {"kind": f.kind, "text": f.text, "message": f.message},
        }
        for n, f in enumerate(plan.findings)
    ]


def _doubts(lines: set[int], by_line: dict, name: str = "") -> list[dict]:
    found = [
        f
        for line in lines
        for f in by_line.get(line, [])
        if not name or name in f.text + f.message or f.line in lines
    ]
    return [
        {"kind": f.kind, "message": f.message, "weight": weight(f.kind)}
        for f in dict.fromkeys(found)
        if weight(f.kind) < 3
    ]


def _sorted(rows: list[dict]) -> list[dict]:
    """Rows with the heaviest doubts first, otherwise in order of the document."""
    return sorted(rows, key=lambda r: (min((d["weight"] for d in r["doubts"]), default=9), r["at"]))


def _tasks(plan: Plan, rows: dict, by_line: dict) -> list[dict]:
    found = []
    names = keys(rows)["tasks"] if plan.tasks else []
    for at, (task, row, key) in enumerate(zip(plan.tasks, rows["tasks"], names, strict=True)):
        due = "、".join(d.isoformat() for d in task.deadline.due_dates)
        kind = _KINDS[task.deadline.kind]
        cells = {
            "seq": task.seq,
            "special": task.special,
            "title": row["title"],
            "deadline_text": task.deadline_text,
            "due": " ".join(p for p in (due, kind, "＋持续" if task.deadline.ongoing and due else "") if p),
            "units": _by_role(task),
        }
        lines = {task.line, task.deadline_line, task.units_line}
        found.append(
            {"key": key, "line": task.line, "at": at, "doubts": _doubts(lines, by_line), "cells": cells}
        )
    return _sorted(found)


def _by_role(task: Task) -> str:
    """牵头：甲局　配合：乙局、丙局."""
    roles: dict[str, list[str]] = defaultdict(list)
    for share in task.shares:
        roles[share.role].append(share.unit)
    return "　".join(f"{_ROLES[role]}：{'、'.join(names)}" for role, names in roles.items())


def _indicators(plan: Plan, rows: dict, by_line: dict) -> list[dict]:
    found = []
    names = keys(rows)["indicators"]
    for at, (item, row, key) in enumerate(zip(plan.indicators, rows["indicators"], names, strict=True)):
        cells = {
            "special": item.special,
            "name": item.name,
            "unit": item.unit,
            "polarity": "越低越好" if item.polarity == "lower" else "越高越好",
            "baseline": row["baseline"],
            "targets": "　".join(f"{t.value:g}（{t.due or '无日期'}）" for t in item.targets),
            "frontier": row["frontier"],
        }
        doubts = [
            {"kind": f.kind, "message": f.message, "weight": weight(f.kind)}
            for f in by_line.get(item.line, [])
            if weight(f.kind) < 3 and f.kind in ("指标存疑", "前后矛盾")
        ]
        found.append({"key": key, "line": item.line, "at": at, "doubts": doubts, "cells": cells})
    return _sorted(found)


def _goals(plan: Plan, rows: dict, by_line: dict) -> list[dict]:
    return [
        {
            "key": key,
            "line": goal.line,
            "at": at,
            "doubts": [],
            "cells": {
                "special": goal.special or "全方案",
                "kind": "位次" if goal.kind == "rank" else "提升幅度",
                "value": f"前 {goal.top_n} 位" if goal.kind == "rank" else f"{goal.improvement_pct:g}%",
                "due_date": str(goal.due or ""),
                "text": goal.text,
            },
        }
        for at, (goal, key) in enumerate(zip(plan.goals, keys(rows)["goals"], strict=True))
    ]


def _units(plan: Plan, rows: dict, by_line: dict) -> list[dict]:
    found = []
    for at, unit in enumerate(plan.units):
        about = {unit.name, *unit.aliases}
        doubts = [
            {"kind": f.kind, "message": f.message, "weight": weight(f.kind)}
            for f in plan.findings
            if f.text in about and f.kind in ("单位存疑", "疑似错字", "单位归并")
        ]
        cells = {
            "name": unit.name,
            "aliases": "、".join(unit.aliases),
            "collective": "是" if unit.collective else "",
        }
        found.append({"key": unit.name, "line": unit.line, "at": at, "doubts": doubts, "cells": cells})
    return _sorted(found)


def _issues(plan: Plan, rows: dict, by_line: dict) -> list[dict]:
    return [
        {
            "key": issue.issue_id,
            "line": issue.line,
            "at": at,
            "doubts": _doubts({issue.line}, by_line),
            "cells": {
                "issue_id": issue.issue_id,
                "title": issue.title,
                "legal_basis": issue.legal_basis,
                "units": "、".join(issue.units),
                "measures": issue.measures[:300],
            },
        }
        for at, issue in enumerate(plan.issues)
    ]


assert all(column in REGISTRY_COLUMNS[name] for name, columns in _EDITABLE.items() for column in columns)

_PAGE = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width"><title>核对：@TITLE@</title>
<style>
*{box-sizing:border-box}body{margin:0;font:15px/1.6 "Noto Sans CJK SC","Microsoft YaHei","PingFang SC",sans-serif;color:#1d2129}
header{position:fixed;inset:0 0 auto 0;height:46px;display:flex;gap:12px;align-items:center;padding:0 14px;background:#1f3a5f;color:#fff;z-index:2}
header h1{font-size:15px;margin:0;white-space:nowrap;overflow:hidden;text-overflow:ellipsis;flex:0 1 20vw}header>*{white-space:nowrap}#bar{margin-left:auto;font-size:12px;overflow:hidden;text-overflow:ellipsis}
header input{padding:4px 8px;border:0;border-radius:4px;width:110px}header button,header label{font:inherit;font-size:13px;cursor:pointer}
header button{border:1px solid #fff8;background:none;color:#fff;border-radius:4px;padding:3px 9px}header button[aria-selected=true]{background:#fff;color:#1f3a5f}
#bar{margin-left:auto;font-size:13px;white-space:nowrap}
main{display:grid;grid-template-columns:44% 56%;height:100vh;padding-top:46px}
#doc,#rows{overflow:auto;height:calc(100vh - 46px);padding:10px 14px}#doc{border-right:1px solid #c9ced6;background:#fbfbf8}
.l{margin:0 0 2px;padding:1px 6px 1px 52px;position:relative;overflow-wrap:anywhere;border-left:3px solid transparent}
.l b{position:absolute;left:4px;width:42px;text-align:right;color:#86909c;font-weight:400;font-size:12px}
.f1{border-left-color:#c9302c;background:#fdf1f0}.f2{border-left-color:#d98e04;background:#fdf8ec}.f3{border-left-color:#9bb8d8}
.now{outline:2px solid #2468b2;background:#e8f1fb}
mark{padding:0 1px;border-radius:2px;color:inherit}mark.t{background:#cfe3f7}mark.d{background:#ffe3a8}mark.u{background:#d6efd2}mark.i{background:#ead9f5}
table{border-collapse:collapse;width:100%;font-size:14px}th{position:sticky;top:-10px;background:#eef1f5;text-align:left;padding:5px 6px;white-space:nowrap}
td{border-top:1px solid #e5e8ed;padding:5px 6px;vertical-align:top;overflow-wrap:anywhere}tr.cur>td{background:#e8f1fb}tr.done>td{color:#86909c}
tr{cursor:pointer}.n{white-space:nowrap}tr.sub>td{border-top:0;padding-top:0}.w1{color:#b3261e;font-weight:600}.w2{color:#8a5a00}.w3{color:#5c6b7a}.doubt{display:block;font-size:13px}
td[contenteditable]{outline:1px dashed #b9c4d2;outline-offset:-3px}td.changed{background:#fff3bf!important}
.key{font-size:12px;color:#5c6b7a;padding:4px 0 8px}@media print{header,#doc{display:none}main{display:block}}
</style></head><body>
<header><h1>核对：@TITLE@</h1><span id="tabs" role="tablist"></span><input id="q" placeholder="筛选（单位、任务…）" aria-label="筛选">
<label><input type="checkbox" id="only" style="width:auto"> 只看未核</label><button id="save">导出更正</button><span id="bar"></span></header>
<main><section id="doc" aria-label="文件原文">
@DOCUMENT@
</section><section id="rows" aria-label="读出的内容"></section></main>
<script type="application/json" id="data">@DATA@</script>
<script>
"use strict";
const D=JSON.parse(document.getElementById("data").textContent),$=i=>document.getElementById(i),STORE="plan-review-"+D.programme+"-"+D.store;
let S;try{S=JSON.parse(localStorage.getItem(STORE))}catch(e){S=null}S=S||{done:{},edit:{}};
let tab=Object.keys(D.tabs)[0],cur=-1,shown=[];
function keep(){try{localStorage.setItem(STORE,JSON.stringify(S))}catch(e){}}
function el(t,c,x){const e=document.createElement(t);if(c)e.className=c;if(x!==undefined)e.textContent=x;return e}
function id(r){return tab+"|"+r.key}
function mark(){const a=D.tabs[tab],n=a.filter(r=>S.done[id(r)]).length;$("bar").textContent="已核 "+n+" / "+a.length+"　↓↑ 移动　空格 已核　Enter 定位"}
function go(line){document.querySelectorAll(".now").forEach(e=>e.classList.remove("now"));const e=$("L"+line);if(e){e.classList.add("now");e.scrollIntoView({block:"center"})}}
function pick(i,jump){const t=document.querySelectorAll("#rows tbody tr:not(.sub)");if(i<0||i>=t.length)return;if(t[cur])t[cur].classList.remove("cur");cur=i;t[i].classList.add("cur");t[i].scrollIntoView({block:"nearest"});if(jump)go(shown[i].line)}
function toggle(i){const r=shown[i],k=id(r);if(S.done[k])delete S.done[k];else S.done[k]=1;const t=document.querySelectorAll("#rows tbody tr:not(.sub)")[i];t.classList.toggle("done",!!S.done[k]);t.querySelector("input").checked=!!S.done[k];keep();mark()}
function draw(){const box=$("rows"),q=$("q").value.trim(),only=$("only").checked;box.textContent="";cur=-1;
 shown=D.tabs[tab].filter(r=>(!q||(Object.values(r.cells).join(" ")+" "+(r.doubts||[]).map(d=>d.kind+d.message).join(" ")).includes(q))&&(!only||(!S.done[id(r)]&&(tab==="findings"?r.weight<3:(r.doubts||[]).length>0))));
 const heads=tab==="findings"?[["kind","种类"],["text","原文"],["message","说明"]]:D.heads[tab],edit=new Set(D.editable[tab]||[]);
 if(edit.size)box.append(el("div","key","虚线格可以直接改；改过的格用“导出更正”存成复核表。颜色：蓝 任务　黄 时限　绿 单位　紫 目标"));
 const t=el("table"),h=el("tr");h.append(el("th","","核"),el("th","","行"));heads.forEach(x=>h.append(el("th","",x[1])));const th=el("thead");th.append(h);t.append(th);const b=el("tbody");
 shown.forEach((r,i)=>{const tr=el("tr",S.done[id(r)]?"done":""),c=el("input");c.type="checkbox";c.checked=!!S.done[id(r)];c.onclick=e=>{e.stopPropagation();toggle(i)};const td=el("td");td.append(c);tr.append(td,el("td","n",String(r.line)));
  heads.forEach(([k])=>{const d=el("td",tab==="findings"&&k==="kind"?"n w"+r.weight:(k==="due"||k==="deadline_text")&&String(r.cells[k]||"").length<18?"n":"");const ek=id(r)+"|"+k,v=r.cells[k]==null?"":String(r.cells[k]);d.textContent=ek in S.edit?S.edit[ek]:v;if(ek in S.edit)d.classList.add("changed");
   if(edit.has(k)){d.contentEditable="true";d.onkeydown=e=>{e.stopPropagation();if(e.key==="Enter"){e.preventDefault();d.blur()}};d.onblur=()=>{const x=d.textContent.trim();if(x===v)delete S.edit[ek];else S.edit[ek]=x;d.classList.toggle("changed",x!==v);keep()}}
   tr.append(d)});
  tr.onclick=()=>pick(i,true);b.append(tr);
  if((r.doubts||[]).length){const s=el("tr","sub"),x=el("td");x.colSpan=2;const y=el("td");y.colSpan=heads.length;r.doubts.forEach(w=>y.append(el("span","doubt w"+w.weight,w.kind+"："+w.message)));s.append(x,y);s.onclick=()=>pick(i,true);b.append(s)}});
 t.append(b);box.append(t);mark()}
Object.keys(D.tabs).forEach(n=>{const b=el("button","",D.titles[n]+" "+D.tabs[n].length);b.setAttribute("role","tab");b.setAttribute("aria-selected",n===tab);b.onclick=()=>{tab=n;document.querySelectorAll("#tabs button").forEach(x=>x.setAttribute("aria-selected",x===b));draw()};$("tabs").append(b)});
$("q").oninput=draw;$("only").onchange=draw;
document.addEventListener("keydown",e=>{if(e.target.tagName==="INPUT"&&e.target.type!=="checkbox"||e.target.isContentEditable)return;
 if(e.key==="ArrowDown"||e.key==="j"){e.preventDefault();pick(Math.min(cur+1,shown.length-1),true)}else if(e.key==="ArrowUp"||e.key==="k"){e.preventDefault();pick(Math.max(cur-1,0),true)}
 else if(e.key===" "&&cur>=0){e.preventDefault();toggle(cur)}else if(e.key==="Enter"&&cur>=0)go(shown[cur].line)});
$("save").onclick=()=>{const c=x=>/[",\\n]/.test(x)?'"'+x.replace(/"/g,'""')+'"':x,L=["table,key,column,value,why"];
 for(const k in S.edit){const a=k.split("|"),t=a[0],col=a[a.length-1],key=a.slice(1,-1).join("|");L.push([t,key,col,S.edit[k],"复核"].map(c).join(","))}
 const a=el("a");a.href=URL.createObjectURL(new Blob(["\\ufeff"+L.join("\\n")+"\\n"],{type:"text/csv"}));a.download="review_"+D.programme+".csv";a.click();URL.revokeObjectURL(a.href)};
draw();
</script></body></html>
"""
