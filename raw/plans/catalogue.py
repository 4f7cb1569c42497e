"""Names of units → canonical names.

Belongs here: abbreviations, missing prefixes and suffixes, typos, collectives; which printed form stands for the
others. Does not belong here: reading names out of expressions (``units``).

What is certain by form (市人防办 ⊂ 市人民防空办公室, same begin and end) is merged and noted; what needs evidence
(市教育局 = 市教体局) is merged only where two printings of the same task differ in exactly that name, and is a doubt.
Of an abbreviation and its full form the full form is canonical, of a typo and the right form the frequent one.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from raw.plans.model import Plan, Task, UnitName
from raw.plans.text import plain
from raw.plans.units import is_collective, is_unit

# short names that are no abbreviation by form; only the part after 市/县
_SHORT = {
    "金融办": ("金融工作局", "金融工作办公室", "金融局"),
    "金融局": ("金融工作局",),
    "房管中心": ("房产事务服务中心", "房产管理中心", "房屋管理中心"),
    "房管局": ("房产管理局", "住房保障和房产管理局"),
    "市监局": ("市场监督管理局",),
    "人行": ("人民银行",),
    "市场局": ("市场监督管理局",),
    "供电局": ("供电公司",),
    "大数据局": ("政务服务和大数据管理局", "大数据管理局", "行政审批和大数据管理局", "政务服务和大数据局"),
    "行政审批局": ("行政审批服务局", "行政审批和政务信息管理局"),
    "工商联": ("工商业联合会",),
    "科工信局": ("科学技术和工业信息化局", "科技和工业信息化局"),
}
_NAMES_MAX = 800  # names are compared in pairs; a real plan prints at most some three hundred
_LEVEL = "市县区省州旗"
_SUFFIXES = (("管理委员会", "管委会"), ("委员会", "委"), ("办公室", "办"), ("人民政府", "政府"))
_PLACE_END = re.compile(r"(?:区|园|县|镇|乡|园区|新城)$")
_BODY_END = re.compile(r"(管理委员会|管委会|人民政府|街道办事处|政府)$")


class Catalogue:
    """Canonical names of a document's units."""

    def __init__(
        self, plan: Plan, tasks: Sequence[Task], others: Sequence[Task], pairs: Sequence[tuple[Task, Task]]
    ):
        self.plan = plan
        self.counts: Counter[str] = Counter()
        self.lines: dict[str, int] = {}
        for task in [*others, *tasks]:
            for share in task.shares:
                self.counts[share.unit] += 1
        for task in tasks:
            for share in task.shares:
                self.lines.setdefault(share.unit, share.line or task.units_line)
        self.level, self.place = _place(plan, self.counts)
        self.parent = {name: name for name in self.counts}
        self.inferior: set[str] = set()
        self.reason: dict[str, tuple[str, str]] = {}
        self.whole: dict[str, str] = {}
        self._collectives()
        self._suffixes([*others, *tasks])
        self._scoped([*others, *tasks])
        self._prefixes()
        if len(self.counts) <= _NAMES_MAX:
            self._typos()
            self._abbreviations()
            for _ in range(2):
                self._evidence(pairs)
        else:
            plan.find(
                0, "单位存疑", f"{len(self.counts)} 个名称", "单位名称过多，未归并简称和错字，请核对单位表"
            )
        self._choose()

    # relations -------------------------------------------------------------------------------------

    def _root(self, name: str) -> str:
        while self.parent[name] != name:
            name = self.parent[name]
        return name

    def _join(self, name: str, other: str, kind: str, why: str) -> None:
        one, two = self._root(name), self._root(other)
        if one != two:
            self.parent[one] = two
        self.reason.setdefault(name, (kind, why))

    def _add(self, name: str) -> None:
        if name not in self.parent:
            self.parent[name] = name

    def _named(self) -> list[str]:
        return [n for n in self.counts if not is_collective(n)]

    def _collectives(self) -> None:
        groups: dict[str, list[str]] = defaultdict(list)
        for name in self.counts:
            key = _collective_key(name, self.level)
            if key:
                groups[key].append(name)
        for names in groups.values():
            best = max(names, key=lambda n: (not n.startswith("等"), _plainness(n), self.counts[n], n))
            if best.startswith("等"):
                bare = re.sub(r"^等", "", best)
                bare = "相关部门" if bare in ("部门", "单位") else bare
                self._add(bare)
                best = bare
            for name in names:
                if name != best:
                    self._join(name, best, "单位归并", f"“{name}”与“{best}”同为泛指")
                    self.inferior.add(name)

    def _suffixes(self, tasks: Iterable[Task]) -> None:
        """城乡一体化示范区、经济开发区、高新区管委会: the last one's suffix holds for all."""
        for task in tasks:
            names = [s.unit for s in task.shares]
            for at, name in enumerate(names):
                if not _PLACE_END.search(name) or is_collective(name) or re.match(r"各", name):
                    continue
                for following in names[at + 1 :]:
                    end = _BODY_END.search(following)
                    if end:
                        if _PLACE_END.search(following[: end.start()]) and not following.startswith("各"):
                            full = name + end[1]
                            self._add(full)
                            self._join(
                                name,
                                full,
                                "单位归并",
                                f"“{name}”与“{following}”共用“{end[1]}”，按“{full}”登记",
                            )
                            self.inferior.add(name)
                        break
                    if not _PLACE_END.search(following):
                        break

    def _scoped(self, tasks: Iterable[Task]) -> None:
        """产业集聚区由管委会牵头: the bare word means the body of that area."""
        for task in tasks:
            for share in task.shares:
                match = re.search(
                    rf"([一-龥]{{2,12}}(?:区|园|县|镇))由{re.escape(share.unit)}", task.units_text
                )
                if not match or not re.fullmatch(r"管委会|管理委员会|政府|人民政府", share.unit):
                    continue
                full = match[1] + share.unit
                full = self.level + full if self.level + full in self.counts else full
                self._add(full)
                self._join(share.unit, full, "单位存疑", f"“{share.unit}”按“{full}”登记，请确认")
                self.inferior.add(share.unit)

    def _prefixes(self) -> None:
        """自然资源局 in a list of 市…: the level is left out."""
        if not self.level:
            return
        for name in list(self.counts):
            full = self.level + name
            if is_collective(name) or full == name:
                continue
            if full in self.counts:
                rare = (
                    self.counts[name] <= self.counts[full]
                    or re.search(r"[局委办部院厅署]$", name) is not None
                )
                loser, winner = (name, full) if rare else (full, name)
                what = f"省略了“{self.level}”" if rare else f"多了“{self.level}”"
                self._join(loser, winner, "单位归并", f"“{loser}”{what}，按“{winner}”登记")
                self.inferior.add(loser)
            elif (
                not re.match(rf"[{_LEVEL}]|国家|中共|中央|人行|人民银行|“|中国|国网", name)
                and not re.match(r"[一-龥]{2,8}(?:市|县|区|省|州)", name)
                and not re.search(r"公司|集团|银行|银保监|海关|大学|学院|医院|支行|热线|段$", name)
                and not (self.place and name.startswith(self.place[:-1]))
                and re.search(r"[局委办部院中心]$", name)
            ):
                if (
                    re.fullmatch(r"组织部|宣传部|统战部|政法委|编办|社会工作部|督查室", name)
                    and self._party()
                ):
                    full = f"{self.level}委{name}"
                self._add(full)
                self._join(name, full, "单位存疑", f"“{name}”没有写明层级，按“{full}”登记，请确认")
                self.inferior.add(name)

    def _party(self) -> bool:
        """Whether the document names bodies of the party committee (市委宣传部)."""
        return any(name.startswith(f"{self.level}委") and len(name) > 3 for name in self.counts)

    def _typos(self) -> None:
        names = self._named()
        for name in names:
            # 县自然资源牵头: the last character is missing
            whole = [n for n in names if len(n) == len(name) + 1 and n.startswith(name) and is_unit(n)]
            if not is_unit(name) and len(whole) == 1:
                self._join(name, whole[0], "疑似错字", f"“{name}”疑为“{whole[0]}”（漏字）")
                self.inferior.add(name)
        for at, one in enumerate(names):
            for two in names[at + 1 :]:
                kind = _typo(one, two, self.place)
                if not kind or self._root(one) == self._root(two):
                    continue
                rare, common = sorted((one, two), key=lambda n: (self.counts[n], n))
                self._join(rare, common, "疑似错字", f"“{rare}”疑为“{common}”（{kind}）")
                self.inferior.add(rare)

    def _abbreviations(self) -> None:
        names = sorted(set(self._named()) | {n for n in self.parent if not is_collective(n)}, key=len)
        full_place = self._full_place_forms(names)
        names = sorted({*names, *full_place}, key=len)
        for at, short in enumerate(names):
            longer = [n for n in names[at + 1 :] if self._abbreviates(short, n)]
            longer = [n for n in longer if n != short]
            if not longer:
                continue
            roots = {self._root(n) for n in longer}
            if len(roots) > 1 and not all(
                self._abbreviates(a, b) or self._abbreviates(b, a) or a == b for a in longer for b in longer
            ):
                self.plan.find(
                    self.lines.get(short, 0),
                    "单位存疑",
                    short,
                    f"“{short}”可能是{'、'.join(longer)}的简称，未归并，请确认",
                )
                continue
            self._join(
                short,
                max(longer, key=lambda n: (len(n), self.counts[n])),
                "单位归并",
                f"“{short}”是“{longer[-1]}”的简称",
            )

    def _full_place_forms(self, names: list[str]) -> list[str]:
        """舞钢市供电公司 where the text prints it and the lists say 市供电公司 or 舞钢供电公司."""
        if not self.place:
            return []
        text = "".join(
            plain(line.text) for line in self.plan.source.lines if self.place in line.text.replace(" ", "")
        )
        added = []
        for name in names:
            rest = None
            if self.level and name.startswith(self.level) and not name.startswith(self.level * 2):
                rest = name[len(self.level) :]
            elif name.startswith(self.place[:-1]) and not name.startswith(self.place):
                rest = name[len(self.place) - 1 :]
            if rest and re.search(r"公司$", rest):
                full = self.place + rest
                if full in text:
                    self._add(full)
                    added.append(full)
                    if self._root(name) != self._root(full):
                        self._join(name, full, "单位归并", f"“{name}”即“{full}”")
        return added

    def _abbreviates(self, short: str, full: str) -> bool:
        return abbreviates(short, full, self.level, self.place)

    def _evidence(self, pairs: Sequence[tuple[Task, Task]]) -> None:
        """Two printings of a task that differ in one name."""
        for listed, planned in pairs:
            one = [s.unit for s in listed.shares]
            two = [s.unit for s in planned.shares]
            roots_one, roots_two = {self._root(n) for n in one}, {self._root(n) for n in two}
            left = [n for n in one if self._root(n) not in roots_two and not is_collective(n)]
            right = [n for n in two if self._root(n) not in roots_one and not is_collective(n)]
            if len(set(left)) != 1 or len(set(right)) != 1:
                continue
            a, b = left[0], right[0]
            if likeness(a, b) < 0.6:
                continue
            rare, common = sorted((a, b), key=lambda n: (len(n), self.counts[n]))
            if "(" in plain(common) and is_inside(rare, common):
                rare, common = common, rare
                self.inferior.add(rare)
            self._join(
                rare, common, "单位存疑",
                f"“{rare}”按“{common}”登记：第 {listed.line} 行与第 {planned.units_line} 行是同一任务，请确认是否同一单位",
            )  # fmt: skip

    # result ----------------------------------------------------------------------------------------

    def _choose(self) -> None:
        groups: dict[str, list[str]] = defaultdict(list)
        for name in self.parent:
            groups[self._root(name)].append(name)
        for names in groups.values():
            good = [n for n in names if n not in self.inferior] or names
            best = max(good, key=lambda n: (len(_core(n, self.place, self.level)), len(n), self.counts[n], n))
            for name in names:
                self.whole[name] = best

    def canonical(self, name: str) -> str:
        """Canonical name of a printed one."""
        return self.whole.get(name, name)

    def units(self) -> list[UnitName]:
        """Units of the registered tasks in order of first appearance, with findings on what was merged."""
        found: dict[str, UnitName] = {}
        for name, line in self.lines.items():
            best = self.canonical(name)
            unit = found.setdefault(best, UnitName(best, [], is_collective(best), line))
            if name != best and name not in unit.aliases:
                unit.aliases.append(name)
                kind, why = self.reason.get(name, ("单位归并", f"“{name}”按“{best}”登记"))
                if not (kind == "单位归并" and name.startswith("等")):
                    self.plan.find(line, kind, name, why if best in why else f"{why}；登记名“{best}”")
        return list(found.values())


def _place(plan: Plan, counts: Counter[str]) -> tuple[str, str]:
    """(level character, name of the place): 市, 舞钢市."""
    first = Counter()
    for name, times in counts.items():
        if name[:1] in _LEVEL and not re.match(r"市场|区域|省级|县区", name):
            first[name[0]] += times
    level = first.most_common(1)[0][0] if first else ""
    title = re.sub(r"20\d\d(?:[—–~至-]20\d\d)?年(?:度)?", "", plain(plan.title))
    match = re.match(r"(?:关于|印发|《)*([一-龥]{1,4}?[市县区州旗])", title)
    return level, match[1] if match else ""


def _core(name: str, place: str, level: str) -> str:
    core = plain(name)
    core = core[len(place) :] if place and core.startswith(place) else core
    if core == plain(name) and level and core.startswith(level):
        core = core[len(level) :]
    elif core == plain(name) and place and core.startswith(place[:-1]) and len(place) > 2:
        core = core[len(place) - 1 :]
    for long, short in _SUFFIXES:
        if core.endswith(long):
            core = core[: -len(long)] + short
            break
    return core


def abbreviates(short: str, full: str, level: str = "", place: str = "") -> bool:
    """Whether ``short`` is the same body as ``full`` by form: same begin and end, its characters in order."""
    if short == full or _scope(short, level, place) != _scope(full, level, place):
        return False
    a, b = _core(short, place, level), _core(full, place, level)
    if a == b:
        return True
    if b in _SHORT.get(a, ()):
        return True
    if len(a) >= len(b) or len(a) < 3 or a[0] != b[0] or a[-1] != b[-1]:
        return False
    if a[:2] in ("市委", "县委") and len(a) < 4:
        return False
    return _subsequence(a, b) and _covers(a, b)


def _scope(name: str, level: str, place: str) -> str:
    """省/市/县 or a district's own name; bodies of different places are never the same."""
    if place and name.startswith(place[:-1]):
        return level
    if name[:1] in _LEVEL and not re.match(r"市场|区域|省级", name):
        return name[0] + ("委" if name[1:2] == "委" and len(name) > 3 else "")
    match = re.match(r"[一-龥]{2,6}?[市县区省州]", name)
    return match[0] if match and len(match[0]) < len(name) - 2 else level


def _covers(short: str, full: str) -> bool:
    """Every word of a long name leaves a trace: no gap of more than five characters."""
    gap = at = 0
    for char in short:
        found = full.index(char, at)
        gap = max(gap, found - at)
        at = found + 1
    return gap <= 5


def _subsequence(short: str, full: str) -> bool:
    rest = iter(full)
    return all(char in rest for char in short)


def is_inside(name: str, composite: str) -> bool:
    """Whether the bracket of a composite holds (about) that name: 市住建局(市房产事务服务中心)."""
    inside = re.search(r"[(（]([^()（）]+)[)）]", composite)
    return bool(inside) and likeness(name, inside[1]) >= 0.8


def likeness(one: str, other: str) -> float:
    """Length of the longest common subsequence over the length of the shorter name."""
    a, b = plain(one), plain(other)
    row = [0] * (len(b) + 1)
    for char in a:
        before = 0
        for at, other_char in enumerate(b, start=1):
            keep = row[at]
            row[at] = before + 1 if char == other_char else max(row[at], row[at - 1])
            before = keep
    return row[-1] / max(1, min(len(a), len(b)))


def _typo(one: str, two: str, place: str) -> str:
    """What kind of slip makes one name of the other, or empty."""
    a, b = plain(one), plain(two)
    if a == b:
        return "写法不同"
    if len(a) == len(b) and len(a) >= 5 and sorted(a) == sorted(b):
        return "字序颠倒"
    if place and a.replace(place[:-1] + place[-1], place[:-1]) == b.replace(
        place[:-1] + place[-1], place[:-1]
    ):
        return "地名写法不同"
    short, long = sorted((a, b), key=len)
    if 1 <= len(long) - len(short) <= 2 and len(short) >= 8:
        for at in range(len(long) - 1):
            piece = long[at : at + len(long) - len(short)]
            if long[:at] + long[at + len(piece) :] == short:
                doubled = long[at : at + 2 * len(piece)] == piece * 2
                return (
                    "重复字"
                    if doubled
                    else ("漏字" if len(piece) == 1 and not re.match(r"[市县区]", piece) else "")
                )
    if len(a) == len(b) >= 8 and sum(x != y for x, y in zip(a, b, strict=True)) == 1:
        return "错一字"
    return ""


def _collective_key(name: str, level: str) -> str:
    """Key under which collectives that mean the same stand together."""
    bare = re.sub(r"^等", "", name)
    match = re.fullmatch(
        rf"(?P<a>各|各相关|各有关|相关|有关)?(?P<scope>[{_LEVEL}]直|[{_LEVEL}])?(?P<b>各|相关|有关|各相关|各有关)?(?P<what>部门|单位)",
        bare,
    )
    if not match:
        return ""
    named = (match["a"] or "") + (match["b"] or "")
    if match["scope"] is None:
        return "相关部门" if re.search(r"相关|有关", named) or name.startswith("等") else ""
    if not re.search(r"相关|有关", named):
        return ""  # 市直各部门 are all of them
    return f"{match['scope']}相关" if match["scope"].endswith("直") else f"{match['scope']}有关"


def _plainness(name: str) -> tuple:
    return ("相关部门" in name, "各" not in name, -len(name))
