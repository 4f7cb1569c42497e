"""What ``--engine spark`` needs and says when it is not there; the configuration of a Spark of our own."""

from __future__ import annotations

import importlib.metadata
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from orchestration.cli import cli
from orchestration.commands import doctor
from orchestration.engines import local_spark
from orchestration.settings import Settings, Spark
from tests.conftest import SAMPLES


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without Java and without the Python packages."""

    def version(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(local_spark.importlib.metadata, "version", version)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("TAIZHANG_RAW", str(SAMPLES))
    monkeypatch.setenv("TAIZHANG_HOME", str(tmp_path / "home"))


def test_what_is_missing_is_said_with_the_way_out(bare, tmp_path: Path):
    result = CliRunner().invoke(cli, ["run", "--period", "2021Q4", "--engine", "spark"])
    assert result.exit_code == 2
    for words in ("dbt-spark", "pyspark", "make install-spark", "openjdk-17-jre-headless"):
        assert words in result.output
    assert not (tmp_path / "home").exists()


def test_the_environment_chooses_too(bare, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TAIZHANG_ENGINE", "spark")
    assert CliRunner().invoke(cli, ["run", "--period", "2021Q4"]).exit_code == 2


def test_doctor_says_it_before_a_schedule_finds_out(bare, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    settings = Settings(SAMPLES, tmp_path)
    assert doctor._engine(settings).state == doctor.GOOD
    assert "make install-spark" in doctor._engine(replace(settings, engine="spark")).detail
    assert doctor._engine(replace(settings, engine="flink")).state == doctor.BAD


def test_an_engine_nobody_has(bare):
    result = CliRunner().invoke(cli, ["run", "--period", "2021Q4", "--engine", "flink"])
    assert result.exit_code == 2
    assert "duckdb、spark" in result.output


def test_a_server_needs_no_java_here(bare):
    (gap,) = local_spark.missing(Spark(method="thrift"))
    assert "dbt-spark" in gap


def test_java_home_counts(bare, tmp_path: Path):
    java = tmp_path / "jdk" / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.touch()
    assert not any("Java" in gap for gap in local_spark.missing(Spark(java_home=tmp_path / "jdk")))


def test_a_spark_of_our_own_listens_to_nobody_and_forgets_the_last_run(tmp_path: Path):
    settings = Settings(SAMPLES, tmp_path, spark=Spark(master="local[1]", memory="700m"))
    (settings.spark_home / "catalogue").mkdir(parents=True)
    local_spark.set_up(settings)
    text = (settings.spark_home / "conf" / "spark-defaults.conf").read_text(encoding="utf-8")
    given = dict(line.split(" ", 1) for line in text.splitlines())
    assert given["spark.master"] == "local[1]"
    assert given["spark.driver.memory"] == "700m"
    assert given["spark.driver.host"] == given["spark.driver.bindAddress"] == "127.0.0.1"
    assert given["spark.ui.enabled"] == "false"
    assert not (settings.spark_home / "catalogue").exists()
    assert settings.environment()["SPARK_CONF_DIR"] == str(settings.spark_home / "conf")


def test_somebody_elses_configuration_stands(tmp_path: Path):
    settings = Settings(SAMPLES, tmp_path)
    settings = replace(settings, spark=Spark(conf=tmp_path / "theirs"))
    local_spark.set_up(settings)
    assert not list((settings.spark_home / "conf").iterdir())
    assert settings.environment()["SPARK_CONF_DIR"] == str(tmp_path / "theirs")
