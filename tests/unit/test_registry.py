"""A registry as an office writes it: every mistake is a finding at its place, the rest is computed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from raw.registry import Programme, programme_ids, read_programme
from raw.schema import FINDING
from tests.factories.trees import make_registry, write_registry_table

SPECIAL = {"special_id": "kaiban", "name": "企业开办"}


def found(programme: Programme, *names: str) -> list[tuple]:
    return [
        tuple(dict(zip(FINDING, line, strict=True))[name] for name in names) for line in programme.findings
    ]


def build(root: Path, **tables) -> Programme:
    make_registry(root, **tables)
    return read_programme(root, "p2021")


def with_toml(root: Path, text: str | bytes) -> Programme:
    folder = make_registry(root)
    (folder / "programme.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_programme(root, "p2021")


def with_csv(root: Path, table: str, text: str | bytes) -> Programme:
    folder = make_registry(root)
    (folder / f"{table}.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_programme(root, "p2021")


# ── a sound registry ──────────────────────────────────────────────────────────────────────────


def test_a_sound_registry_has_no_findings(tmp_path):
    programme = build(tmp_path)
    assert programme.findings == [] and programme.computable
    assert {table: len(rows) for table, rows in programme.tables.items() if rows} == {
        "programmes": 1, "reporters": 2, "units": 1, "unit_names": 2, "specials": 1, "tasks": 3, "task_milestones": 2,
        "responsibilities": 3, "indicators": 2, "targets": 2,
    }  # fmt: skip
    assert [str(period) for period in programme.periods] == ["2021Q1", "2021Q2", "2021Q3", "2021Q4"]


def test_rows_are_typed_and_keep_their_line(tmp_path):
    programme = build(tmp_path)
    reporter = programme.tables["reporters"][0]
    assert reporter == {
        "programme_id": "p2021", "reporter_id": "410001", "name": "甲县", "kind": "county", "parent_id": None,
        "group": "一组", "aliases": "甲;甲县人民政府", "weight": None, "seq": 1, "row_number": 2,
    }  # fmt: skip
    indicator = programme.tables["indicators"][1]
    assert (indicator["baseline"], indicator["decimals"], indicator["position"], indicator["worst"]) == (
        3.0,
        0,
        2,
        None,
    )
    milestones = [
        (m["task_id"], m["milestone_no"], m["due_date"]) for m in programme.tables["task_milestones"]
    ]
    assert milestones == [("t01", 1, date(2021, 6, 30)), ("t02", 1, date(2021, 12, 31))]
    assert [t["deadline_kind"] for t in programme.tables["tasks"]] == ["date", "month", "ongoing"]


def test_defaults_of_programme_toml(tmp_path):
    programme = with_toml(tmp_path, "start_date = 2021-01-01\nend_date = 2021-12-31\n")
    assert programme.findings == []
    row = programme.row
    assert {name: row[name] for name in row if name not in ("programme_id", "start_date", "end_date", "path")} == {
        "title": "p2021", "issuer": None, "report_day": 28, "freeze_days": 12, "weight_tasks": 0.5,
        "weight_indicators": 0.5, "red": 3, "black": 3, "late_per_day": 2.0, "late_floor": 60.0, "overdue_cap": 60.0,
        "yellow_points": -10.0, "blue_days": 10, "coverage_min": 0.0, "talk_after": 3, "aggregation": "arithmetic",
        "sub_units": "separate", "black_exception": "all_targets", "ties": "include", "no_lists": None,
    }  # fmt: skip


def test_methods_and_list_rules_are_words(tmp_path):
    settings = (
        '[lists]\ntalk_after = 2\nblack_exception = "none"\nties = "exclude"\nno_lists = ["2021Q1", "2021Q3"]\n'
        '[scoring]\naggregation = "copeland"\nsub_units = "roll_up"\n'
    )
    make_registry(tmp_path, settings=settings)
    programme = read_programme(tmp_path, "p2021")
    names = "talk_after black_exception ties no_lists aggregation sub_units"
    assert [programme.row[name] for name in names.split()] == [
        2,
        "none",
        "exclude",
        "2021Q1;2021Q3",
        "copeland",
        "roll_up",
    ]
    assert programme.findings == []


def test_unknown_words_and_periods_are_findings_and_defaults_hold(tmp_path):
    make_registry(
        tmp_path,
        settings='[lists]\nties = "both"\nno_lists = ["第一季度", "2021Q2"]\n[scoring]\naggregation = "最好的"\n',
    )
    programme = read_programme(tmp_path, "p2021")
    assert [programme.row[name] for name in ("ties", "no_lists", "aggregation")] == [
        "include",
        "2021Q2",
        "arithmetic",
    ]
    assert sorted((f[0], f[9 + 1]) for f in programme.findings) == [
        ("V01", "aggregation"), ("V01", "no_lists"), ("V01", "ties"),
    ]  # fmt: skip


def test_a_part_has_no_parts_where_scores_are_rolled_up(tmp_path):
    reporters = [
        {"reporter_id": "1", "name": "市"},
        {"reporter_id": "2", "name": "县", "parent_id": "1"},
        {"reporter_id": "3", "name": "镇", "parent_id": "2"},
    ]
    make_registry(tmp_path, settings='[scoring]\nsub_units = "roll_up"\n', reporters=reporters)
    programme = read_programme(tmp_path, "p2021")
    assert [row["parent_id"] for row in programme.tables["reporters"]] == [None, None, "2"]
    assert [f[0] for f in programme.findings if "既有上级又有下级" in f[-1]] == ["F05"]


def test_every_parameter_is_read(tmp_path):
    settings = (
        "[weights]\ntasks = 0.7\nindicators = 0.3\n[lists]\nred = 2\nblack = 1\n[scoring]\nlate_per_day = 1.5\n"
        "late_floor = 50\noverdue_cap = 40\nyellow_points = -5\nblue_days = 7\ncoverage_min = 0.8\n"
    )
    make_registry(tmp_path, settings=settings)
    programme = read_programme(tmp_path, "p2021")
    names = "weight_tasks weight_indicators red black late_per_day late_floor overdue_cap yellow_points blue_days coverage_min"
    assert [programme.row[name] for name in names.split()] == [0.7, 0.3, 2, 1, 1.5, 50, 40, -5, 7, 0.8]
    assert programme.findings == []


@pytest.mark.parametrize(
    "prefix, encode",
    [("\ufeff", "utf-8"), ("", "utf-8"), ("# 说明\r\n", "utf-8")],
)
def test_a_byte_order_mark_in_programme_toml(tmp_path, prefix, encode):
    text = f'{prefix}id = "p2021"\r\nstart_date = "2021-01-01"\r\nend_date = 2021-12-31T00:00:00\r\n'
    programme = with_toml(tmp_path, text.encode(encode))
    assert programme.findings == [] and programme.row["start_date"] == date(2021, 1, 1)


# ── mistakes in programme.toml ────────────────────────────────────────────────────────────────

DAYS = "start_date = 2021-01-01\nend_date = 2021-12-31\n"


@pytest.mark.parametrize(
    "text, rules, computable",
    [
        ("start_date = ", [("F01", None)], False),
        (b"title = '\xd6\xd0'\n", [("F01", None)], False),
        ("", [("F02", "start_date"), ("F02", "end_date")], False),
        ("title = '甲'\nstart_date = 2021-01-01\n", [("F02", "end_date")], False),
        ("start_date = 'soon'\nend_date = 5\n", [("F02", "start_date"), ("F02", "end_date")], False),
        (
            "start_date = 0021-01-01\nend_date = 9999-12-31\n",
            [("F02", "start_date"), ("F02", "end_date")],
            False,
        ),
        ("start_date = 2021-12-31\nend_date = 2021-01-01\n", [("T01", "start_date")], False),
        (f"id = 'other'\n{DAYS}", [("F05", "id")], True),
        (f"id = 5\n{DAYS}", [("F05", "id")], True),
        (f"report_day = 32\nfreeze_days = -1\n{DAYS}", [("V01", "report_day"), ("V01", "freeze_days")], True),
        (f"report_day = 28.5\n{DAYS}", [("V01", "report_day")], True),
        (f"report_day = '28'\n{DAYS}", [("V01", "report_day")], True),
        (f"report_day = true\n{DAYS}", [("V01", "report_day")], True),
        (
            f"{DAYS}[weights]\ntasks = 1.5\nindicators = nan\n",
            [("V01", "tasks"), ("V01", "indicators")],
            True,
        ),
        (f"{DAYS}[lists]\nred = 2.5\nblack = inf\n", [("V01", "red"), ("V01", "black")], True),
        (f"weights = 5\n{DAYS}", [("V01", "weights")], True),
        (f"title = ['甲']\nissuer = {{a = 1}}\n{DAYS}", [], True),
    ],
)
def test_mistakes_in_programme_toml(tmp_path, text, rules, computable):
    programme = with_toml(tmp_path, text)
    assert found(programme, "rule_id", "column_name") == rules
    assert programme.computable == computable == bool(programme.periods)
    assert (programme.row["report_day"], programme.row["red"], programme.row["weight_tasks"]) == (28, 3, 0.5)
    assert {path for (path,) in found(programme, "path")} <= {"registry/p2021/programme.toml"}
    assert all(isinstance(programme.row[name], str | None) for name in ("title", "issuer"))


def test_a_missing_programme_toml(tmp_path):
    folder = make_registry(tmp_path)
    (folder / "programme.toml").unlink()
    programme = read_programme(tmp_path, "p2021")
    assert found(programme, "rule_id") == [("F01",)] and not programme.computable
    assert len(programme.tables["tasks"]) == 3


# ── mistakes in the tables ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("table", ["reporters", "specials"])
def test_a_missing_table_that_must_exist(tmp_path, table):
    folder = make_registry(tmp_path)
    (folder / f"{table}.csv").unlink()
    programme = read_programme(tmp_path, "p2021")
    assert found(programme, "rule_id", "path")[0] == ("F02", f"registry/p2021/{table}.csv")


def test_optional_tables_may_be_absent(tmp_path):
    folder = make_registry(tmp_path)
    for table in ("units", "goals", "indicators", "targets"):
        (folder / f"{table}.csv").unlink()
    assert read_programme(tmp_path, "p2021").findings == []


@pytest.mark.parametrize(
    "body",
    [
        b"\xef\xbb\xbfspecial_id,name,weight,lead_unit\r\nkaiban,\xe4\xbc\x81\xe4\xb8\x9a\xe5\xbc\x80\xe5\x8a\x9e,,\r\n",
        "\n\nspecial_id , name\n\n kaiban , 企业开办 \n,,\n".encode(),
        'extra,name,special_id\nx,"企业开办","kaiban"\n'.encode(),
        "ｓｐｅｃｉａｌ＿ｉｄ,name\nｋａｉｂａｎ,企业开办\n".encode(),
    ],
)
def test_ways_to_write_a_table(tmp_path, body):
    programme = with_csv(tmp_path, "specials", body)
    assert programme.findings == []
    assert [(s["special_id"], s["name"]) for s in programme.tables["specials"]] == [("kaiban", "企业开办")]


def test_line_numbers_with_quoted_lines_and_blank_lines(tmp_path):
    text = 'task_id,special_id,title,deadline_text\n\nt01,kaiban,"第一行\n第二行",2021年6月\n,,\nt02,kaiban,x,2021年\n'
    programme = with_csv(tmp_path, "tasks", text)
    assert [(t["task_id"], t["row_number"]) for t in programme.tables["tasks"]] == [("t01", 3), ("t02", 6)]


@pytest.mark.parametrize(
    "table, text, expected, loaded",
    [
        ("units", "单位\nx\n".encode("gbk"), ("F01", None, None), 0),
        ("units", 'unit_id,name\nu1,"甲\nu2,乙\n', ("F01", None, None), 0),
        ("units", "unit_id,title\nu1,甲\n", ("F02", 1, None), 0),
        ("units", "unit_id,name,aliases\nu1,甲,乙,丙\nu2,丁,\n", ("F02", 2, None), 1),
        ("units", "unit_id,name\n,甲\nu2,乙\n", ("F05", 2, "unit_id"), 1),
        ("units", "unit_id,name\nu1,甲\nu1,乙\n", ("K01", 3, "unit_id"), 1),
        ("reporters", "reporter_id,name,kind\n1,甲,city\n", ("F05", 2, "kind"), 1),
        ("reporters", "reporter_id,name,parent_id\n1,甲,9\n", ("F05", 2, "parent_id"), 1),
        ("specials", "special_id,name,weight\nkaiban,甲,一半\n", ("F03", 2, "weight"), 1),
        ("specials", "special_id,name,weight\nkaiban,甲,-0.5\n", ("V01", 2, "weight"), 1),
        ("tasks", "task_id,special_id\nt01,other\n", ("F05", 2, "special_id"), 0),
        ("tasks", "task_id,special_id,start_date\nt01,kaiban,2021-02-30\n", ("F04", 2, "start_date"), 1),
        ("responsibilities", "task_id,unit_name,role\nt01,甲,boss\n", ("F05", 2, "role"), 0),
        ("responsibilities", "task_id,unit_name,role\nt99,甲,lead\n", ("F05", 2, "task_id"), 0),
        ("indicators", "indicator_id,special_id,name,polarity\nx,kaiban,甲,up\n", ("F05", 2, "polarity"), 0),
        (
            "indicators",
            "indicator_id,special_id,name,polarity,decimals\nkb_online,kaiban,甲,lower,1.5\n",
            ("F03", 2, "decimals"),
            1,
        ),
        (
            "indicators",
            "indicator_id,special_id,name,polarity,decimals\nkb_online,kaiban,甲,lower,99999999999\n",
            ("F03", 2, "decimals"),
            1,
        ),
        (
            "indicators",
            "indicator_id,special_id,name,polarity,method\nkb_online,kaiban,甲,lower,guess\n",
            ("F05", 2, "method"),
            1,
        ),
        ("targets", "indicator_id,due_date,target\nkb_online,soon,5\n", ("F04", 2, "due_date"), 0),
        ("targets", "indicator_id,due_date,target\nkb_online,2021-12-31,约5\n", ("F03", 2, "target"), 0),
        ("targets", "indicator_id,due_date,target\nkb_online,2021-12-31,\n", ("F05", 2, "target"), 0),
        ("goals", "goal_id,kind,scope\ng1,best,reporter\n", ("F05", 2, "kind"), 0),
        ("goals", "goal_id,kind,indicator_id\ng1,rank,nothing\n", ("F05", 2, "indicator_id"), 0),
        ("goal_results", "goal_id,period,actual\ng9,2021Q1,5\n", ("F05", 2, "goal_id"), 0),
        ("assignments", "task_id,reporter_id\n,410001\n", ("F05", 2, None), 0),
        ("assignments", "task_id,reporter_id\nt01,410009\n", ("F05", 2, "reporter_id"), 0),
        ("assignments", "indicator_id,reporter_id\nnothing,410001\n", ("F05", 2, "indicator_id"), 0),
        (
            "applicability",
            "indicator_id,reporter_id,state\nkb_online,410001,unknown\n",
            ("F05", 2, "state"),
            0,
        ),
    ],
)
def test_a_mistake_is_one_finding_at_its_place(tmp_path, table, text, expected, loaded):
    programme = with_csv(tmp_path, table, text)
    here = f"registry/p2021/{table}.csv"
    findings = found(programme, "path", "rule_id", "row_number", "column_name")
    assert [finding[1:] for finding in findings if finding[0] == here] == [expected]
    assert len(programme.tables[table]) == loaded
    assert {(r, p, s) for r, p, s in found(programme, "reporter_id", "period", "sheet")} == {
        (None, None, None)
    }


def test_a_period_of_a_result_is_a_period(tmp_path):
    folder = make_registry(tmp_path, goals=[{"goal_id": "g1", "kind": "rank", "scope": "issuer"}])
    write_registry_table(
        folder, "goal_results", [{"goal_id": "g1", "period": p, "actual": 2} for p in ("2021-Q1", "2021Q2")]
    )
    programme = read_programme(tmp_path, "p2021")
    assert [row["period"] for row in programme.tables["goal_results"]] == ["2021Q2"]
    assert found(programme, "rule_id", "row_number", "raw_value") == [("F05", 2, "2021-Q1")]


RELATIONS = "relation_id,indicator_id,coefficient,name\n"


def test_relations_are_read_term_by_term(tmp_path):
    text = f"{RELATIONS}r1,kb_online,1,甲=乙\nr1,kb_steps,-0.5,\n"
    programme = with_csv(tmp_path, "relations", text)
    assert programme.findings == []
    first = {"programme_id": "p2021", "relation_id": "r1", "indicator_id": "kb_online", "coefficient": 1.0}
    assert programme.tables["relations"] == [
        first | {"name": "甲=乙", "row_number": 2},
        first | {"indicator_id": "kb_steps", "coefficient": -0.5, "name": None, "row_number": 3},
    ]
    assert programme.content_hash != build(tmp_path / "other").content_hash


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("r2,kb_online,1,\n", [("F05", 4, "relation_id")]),  # one term is no equation
        ("r2,kb_online,1,\nr2,nothing,-1,\n", [("F05", 5, "indicator_id"), ("F05", 4, "relation_id")]),
        ("r2,kb_online,1,\nr2,kb_steps,零,\n", [("F03", 5, "coefficient"), ("F05", 4, "relation_id")]),
        ("r2,kb_online,1,\nr2,kb_steps,0,\n", [("V01", 5, "coefficient"), ("F05", 4, "relation_id")]),
        ("r2,kb_online,1,\nr2,kb_steps,,\n", [("F05", 5, "coefficient"), ("F05", 4, "relation_id")]),
        (
            "r2,kb_online,1,\nr2,kb_steps,-1,\nr2,kb_online,1,\n",
            [("K01", 6, "relation_id"), ("F05", 4, "relation_id")],
        ),
        ("r2,kb_online,1,\nr2,kb_steps,-1,甲,乙\n", [("F02", 5, None), ("F05", 4, "relation_id")]),
        (
            "r2,kb_online,1,\nr2,kb_steps,-1,\n,kb_days,1,\n",
            [("F05", 6, "relation_id"), ("F05", 4, "relation_id")],
        ),
    ],
)
def test_a_relation_with_a_broken_line_is_left_out_whole(tmp_path, lines, expected):
    """Without one of its terms it would accuse every reporter; the relation beside it stays."""
    sound = "r1,kb_online,1,\nr1,kb_steps,-1,\n"
    programme = with_csv(tmp_path, "relations", RELATIONS + sound + lines)
    assert found(programme, "rule_id", "row_number", "column_name") == expected
    assert [row["relation_id"] for row in programme.tables["relations"]] == ["r1", "r1"]


def test_the_first_of_two_equal_keys_stays(tmp_path):
    programme = build(tmp_path, units=[{"unit_id": "u1", "name": "甲局"}, {"unit_id": "u1", "name": "乙局"}])
    assert [unit["name"] for unit in programme.tables["units"]] == ["甲局"]
    ((message,),) = found(programme, "message")
    assert "第 3 行与第 2 行" in message and "u1" in message


def test_a_unit_named_twice_for_one_task_says_nothing_new(tmp_path):
    line = {"task_id": "t01", "unit_name": "甲局", "role": "lead"}
    programme = build(tmp_path, responsibilities=[line, line, line | {"role": "cooperate"}])
    assert programme.findings == [] and len(programme.tables["responsibilities"]) == 2


def test_findings_name_their_entity(tmp_path):
    tasks = [{"task_id": "t01", "special_id": "kaiban", "title": "甲", "weight": "重"}]
    programme = build(
        tmp_path, tasks=[*tasks, {"task_id": "t01", "special_id": "kaiban"}], responsibilities=[]
    )
    assert ("K01", "task", "t01", 3) in found(programme, "rule_id", "entity_type", "entity_id", "row_number")


# ── names ─────────────────────────────────────────────────────────────────────────────────────


def test_names_before_aliases(tmp_path):
    units = [
        {"unit_id": "u1", "name": "市 甲局", "aliases": "乙局；丙局; 甲 局"},
        {"unit_id": "u2", "name": "乙局", "aliases": "丙局"},
    ]
    names = {n["known_name"]: n["unit_id"] for n in build(tmp_path, units=units).tables["unit_names"]}
    assert names == {"市甲局": "u1", "乙局": "u2", "丙局": "u1", "甲局": "u1"}


def test_a_known_unit_name_is_stored_in_the_form_it_is_joined_by(tmp_path):
    responsibilities = [
        {"task_id": "t01", "unit_name": "市市场监督 管理局", "role": "lead"},
        {"task_id": "t01", "unit_name": "没有 的局", "role": "cooperate"},
    ]
    programme = build(tmp_path, responsibilities=responsibilities)
    assert [r["unit_name"] for r in programme.tables["responsibilities"]] == ["市市场监督管理局", "没有 的局"]


def test_codes_for_the_readers(tmp_path):
    tasks = [
        {"task_id": "t01", "seq": 1, "special_id": "kaiban", "title": "压缩 时间"},
        {"task_id": "t02", "seq": 2, "special_id": "kaiban", "title": "同名"},
        {"task_id": "t03", "seq": 2, "special_id": "kaiban", "title": "同名"},
        {"task_id": "t04", "special_id": "kaiban"},
    ]
    codes = build(tmp_path, tasks=tasks, responsibilities=[]).codes()
    assert codes.tasks == {"t01": "压缩 时间", "t02": "同名", "t03": "同名", "t04": ""}
    assert codes.task_by_seq == {"1": "t01", "2": ""}
    assert codes.task_by_title == {"压缩时间": "t01", "同名": ""}
    assert codes.reporters == {"410001": ("甲县", "甲", "甲县人民政府"), "410002": ("乙县",)}
    assert codes.indicator_by_name["企业开办环节"] == "kb_steps"


# ── folders ───────────────────────────────────────────────────────────────────────────────────


def test_programmes_are_the_folders_of_the_registry(tmp_path):
    assert programme_ids(tmp_path) == []
    for name in ("b2021", "a2021", ".git"):
        make_registry(tmp_path, name)
    (tmp_path / "registry" / "notes.txt").write_text("x")
    assert programme_ids(tmp_path) == ["a2021", "b2021"]


def test_the_content_hash_follows_the_bytes(tmp_path):
    one, two = build(tmp_path / "a"), build(tmp_path / "b")
    assert one.content_hash == two.content_hash
    assert (
        with_csv(tmp_path / "b", "specials", "special_id,name\nkaiban,别名\n").content_hash
        != one.content_hash
    )
