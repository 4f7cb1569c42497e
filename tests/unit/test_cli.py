"""The command line without a warehouse: help in Chinese, exit codes, wrong use."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from orchestration.cli import cli
from tests.conftest import SAMPLES


@pytest.fixture
def call(tmp_path, monkeypatch):
    monkeypatch.setenv("TAIZHANG_RAW", str(SAMPLES))
    monkeypatch.setenv("TAIZHANG_HOME", str(tmp_path / "home"))

    def invoke(*arguments: str):
        return CliRunner().invoke(cli, arguments)

    return invoke


@pytest.mark.parametrize(
    "command",
    [
        "run",
        "receive",
        "status",
        "explain",
        "plan",
        "template",
        "feedback",
        "remind",
        "site",
        "dev",
        "serve",
        "doctor",
    ],
)
def test_help_is_chinese(call, command: str):
    result = call(command, "--help")
    assert result.exit_code == 0
    assert any("\u4e00" <= character <= "\u9fff" for character in result.output)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "--period", "2021Q5"), "期次"),
        (("run", "--period", "2021-09"), "期次"),
        (("run", "--period", "2021Q4", "--programme", "nowhere"), "nowhere"),
        (("run", "--period", "2021Q4", "--as-of", "昨天"), "--as-of"),
        (("run",), "--period"),
        (("status", "--period", "x"), "期次"),
        (
            (
                "receive",
                "a.csv",
                "--programme",
                "zhumadian2021",
                "--reporter",
                "411721",
                "--kind",
                "什么",
                "--period",
                "2021Q3",
            ),
            "种类",
        ),
        (("nonsense",), "nonsense"),
    ],
)
def test_wrong_use_is_exit_2(call, arguments, said):
    result = call(*arguments)
    assert result.exit_code == 2
    assert said in result.output


@pytest.mark.parametrize("command", [("status",), ("explain", "--reporter", "411721"), ("site",)])
def test_looking_before_any_run_is_exit_1_and_names_the_remedy(call, command):
    result = call(*command, "--period", "2021Q4")
    assert result.exit_code == 1
    assert "taizhang run --period 2021Q4" in result.output


def test_serve_before_any_run(call):
    result = call("serve")
    assert result.exit_code == 1
    assert "taizhang run" in result.output


def test_doctor_as_json(call):
    result = call("doctor", "--json")
    findings = {finding["item"]: finding for finding in json.loads(result.output)}
    assert findings["遥测"]["state"] == "正常"
    assert findings["数据目录"]["state"] == "正常"
    assert {"Python", "软件包", "数据库锁", "磁盘", "时钟", "中文字体", "浏览器"} <= set(findings)
