"""A Spark on this machine: what it needs, how it is set up. Nothing here imports it.

Does not belong here: what it computes (``spark``), how models talk to it (dbt_project/profiles.yml).
"""

from __future__ import annotations

import importlib.metadata
import shutil

from orchestration.settings import Settings, Spark

JAVA_PACKAGE = "openjdk-17-jre-headless"

# no page, no progress bar on the terminal, nobody but this machine can connect; at this size planning anew after every stage
# (adaptive) costs more than it saves
_DEFAULTS = """\
spark.master {spark.master}
spark.driver.memory {spark.memory}
spark.driver.host 127.0.0.1
spark.driver.bindAddress 127.0.0.1
spark.ui.enabled false
spark.ui.showConsoleProgress false
spark.local.dir {home}/spilled
spark.sql.shuffle.partitions 4
spark.sql.adaptive.enabled false
spark.sql.warehouse.dir {home}/warehouse
spark.hadoop.javax.jdo.option.ConnectionURL jdbc:derby:;databaseName={home}/catalogue;create=true
spark.driver.extraJavaOptions -Dderby.stream.error.file={home}/derby.log -Djava.io.tmpdir={home}/spilled
"""
_LOGGING = """\
rootLogger.level = error
rootLogger.appenderRef.file.ref = file
appender.file.type = File
appender.file.name = file
appender.file.fileName = {log}
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d %p %c{{1}}: %m%n
"""


def _java(spark: Spark) -> str | None:
    own = spark.java_home / "bin" / "java" if spark.java_home else None
    return str(own) if own and own.is_file() else shutil.which("java")


def missing(spark: Spark) -> list[str]:
    """What this machine lacks for ``--engine spark``, each with the way to get it."""
    wanted = ["dbt-spark", "pyspark"] if spark.local else ["dbt-spark"]
    gaps = []
    for package in wanted:
        try:
            importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            gaps.append(f"Python 包 {package}（执行 make install-spark）")
    if spark.local and _java(spark) is None:
        gaps.append(f"Java 17（Debian：apt-get install {JAVA_PACKAGE}；或设 JAVA_HOME）")
    return gaps


def refusal(spark: Spark) -> str | None:
    """What this machine lacks, as a sentence that also says how to do without."""
    gaps = missing(spark)
    way_out = "不用 Spark 时，去掉 --engine spark（或环境变量 TAIZHANG_ENGINE）即可"
    return f"用 Spark 计算还缺：{'；'.join(gaps)}。{way_out}" if gaps else None


def set_up(settings: Settings) -> None:
    """Folders and configuration of a Spark of our own, the owner's alone, without anything an earlier run left.

    Its catalogue knows tables of one run only: what a killed one left half written must not meet the next.
    """
    home = settings.spark_home
    for folder in (settings.lake, home):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
    for folder in (home / "conf", home / "spilled"):
        folder.mkdir()
    if settings.spark.conf is None:
        log = settings.home / "logs" / "spark.log"
        for name, text in (("spark-defaults.conf", _DEFAULTS), ("log4j2.properties", _LOGGING)):
            (home / "conf" / name).write_text(
                text.format(spark=settings.spark, home=home, log=log), encoding="utf-8"
            )
