"""``taizhang``: the command line. Options and exit codes only; the work is in ``orchestration.commands``.

Exit codes: 0 done, whatever the counties sent; 1 registry errors or nothing computed; 2 wrong use.
"""

from __future__ import annotations

import atexit
import os
import sys
from dataclasses import replace
from pathlib import Path

import click

from orchestration.environment import refusal
from orchestration.settings import Settings, restrict_new_files

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class _Command(click.Group):
    """A group whose commands may raise Misuse (exit 2) and AuditUnavailable (exit 1: nothing was done).

    What the machine refuses (a full disk) is told in words, exit 1; any other error is ours and shows where it came from.
    """

    def invoke(self, ctx: click.Context):
        from orchestration.audit import AuditUnavailable
        from orchestration.commands.run import Misuse

        try:
            return super().invoke(ctx)
        except Misuse as error:
            raise click.UsageError(str(error)) from error
        except AuditUnavailable as error:
            raise click.ClickException(str(error)) from error
        except Exception as error:
            if (words := refusal(error)) is None:
                raise
            raise click.ClickException("\n".join([words, *getattr(error, "__notes__", [])])) from error


@click.group(cls=_Command, context_settings=CONTEXT)
def cli() -> None:
    """台账：营商环境季度评价数据仓库。

    数据目录由环境变量 TAIZHANG_RAW 指定（默认自带样例），结果放在 TAIZHANG_HOME（默认 ./var）。
    """
    restrict_new_files()


_period = click.option("--period", required=True, metavar="2021Q4", help="期次（季度）")
_programme = click.option("--programme", metavar="ID", help="只处理一个方案（默认全部）")
_json = click.option("--json", "as_json", is_flag=True, help="输出 JSON，供程序读取")


@cli.command()
@_period
@_programme
@click.option("--as-of", metavar="时间", help="以该时间所知的数据计算（默认定版时间；未到定版则为现在）")
@click.option("--no-site", is_flag=True, help="不生成看板网页（先看数时用）")
@click.option(
    "--engine", metavar="引擎", help="duckdb（默认）｜spark：由谁计算各表，结果相同（docs/spark.md）"
)
@_json
def run(
    period: str, programme: str | None, as_of: str | None, no_site: bool, engine: str | None, as_json: bool
) -> None:
    """运行一个季度：读取、检查、计算、发布、生成看板。"""
    from orchestration.commands.run import run as command

    settings = Settings.from_env()
    if engine:
        settings = replace(settings, engine=engine)
    sys.exit(command(settings, period, programme, as_of, as_json, pages=not no_site))


@cli.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="文件…")
@click.option("--programme", metavar="ID", help="方案")
@click.option("--reporter", metavar="ID", help="填报主体代码")
@click.option(
    "--kind", metavar="种类", help="progress 进展｜indicators 指标｜rectification 整改｜satisfaction 满意度"
)
@click.option("--period", metavar="2021Q4", help="期次（季度）")
@click.option("--at", metavar="时间", help="收到的时间（默认现在）")
@click.option("--sender", metavar="姓名", help="报送人（默认填报主体名称）")
@_json
def receive(files, programme, reporter, kind, period, at, sender, as_json) -> None:
    """收文：把文件存入数据目录并登记收文时间。

    下发的模板（taizhang template）和退改件（taizhang feedback）自带表号，不用写任何选项；其他文件须写明方案、填报主体、种类和期次。
    """
    from orchestration.commands.receive import receive_files

    sys.exit(
        receive_files(
            Settings.from_env(), list(files), programme, reporter, kind, period, at, sender, as_json
        )
    )


@cli.command()
@_period
@_programme
@_json
def status(period: str, programme: str | None, as_json: bool) -> None:
    """谁该报什么：已收、迟报、缺报、有误，以及下一步。"""
    from orchestration.commands.status import status as command

    sys.exit(command(Settings.from_env(), period, programme, as_json))


@cli.command()
@_period
@click.option("--reporter", required=True, metavar="ID", help="填报主体代码或名称")
@_programme
@_json
def explain(period: str, reporter: str, programme: str | None, as_json: bool) -> None:
    """解释一个填报主体的得分、名次和变化。"""
    from orchestration.commands.explain import explain as command

    sys.exit(command(Settings.from_env(), period, reporter, programme, as_json))


@cli.command()
@click.argument("file", type=click.Path(path_type=Path), metavar="文件")
@click.option("--programme", required=True, metavar="ID", help="方案代码，如 zhumadian2021")
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="目录", help="写到哪里")
@click.option(
    "--review", type=click.Path(path_type=Path), metavar="文件", help="审核改动表，应用后写出 登记目录"
)
@_json
def plan(file: Path, programme: str, out: Path, review: Path | None, as_json: bool) -> None:
    """读方案文件（.txt、.docx），写出登记目录、疑点清单和审核页。"""
    from orchestration.commands.plan import plan as command

    sys.exit(command(Settings.from_env(), file, programme, out, as_json, review))


_reporter = click.option("--reporter", metavar="ID", help="只要一个填报主体（代码或名称；默认全部）")
_out = click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    metavar="目录",
    help="写到哪个目录",
)


@cli.command()
@_period
@_reporter
@_programme
@_out
@_json
def template(period: str, reporter: str | None, programme: str | None, out: Path, as_json: bool) -> None:
    """下发模板：每个填报主体、每种报表一个预填好的 Excel 表。"""
    from orchestration.commands.template import template as command

    sys.exit(command(Settings.from_env(), period, reporter, programme, out, as_json))


@cli.command()
@_period
@_reporter
@_programme
@_out
@_json
def feedback(period: str, reporter: str | None, programme: str | None, out: Path, as_json: bool) -> None:
    """退改：把填报主体自己的文件标出问题后退回。"""
    from orchestration.commands.feedback import feedback as command

    sys.exit(command(Settings.from_env(), period, reporter, programme, out, as_json))


@cli.command()
@_period
@_programme
@click.option("--all", "every", is_flag=True, help="T-10、T-3、T+0、T+1 各一套（默认只要当前该发的）")
@_json
def remind(period: str, programme: str | None, every: bool, as_json: bool) -> None:
    """催报文字：全市一条、每个填报主体一条，可直接粘贴。"""
    from orchestration.commands.remind import remind as command

    sys.exit(command(Settings.from_env(), period, programme, every, as_json))


@cli.command()
@_period
@click.option("--reporter", required=True, metavar="ID", help="填报主体代码")
@click.option("--rule", required=True, metavar="ID", help="规则编号，如 V02")
@click.option("--entity", required=True, metavar="ID", help="任务、指标等的编号（检查发现中的对象）")
@click.option("--note", required=True, metavar="文字", help="情况说明：为什么属实")
@click.option("--by", required=True, metavar="姓名", help="确认人")
@_programme
@_json
def confirm(period, reporter, rule, entity, note, by, programme, as_json) -> None:
    """确认一条提示属实：写入 confirmations.csv，下次运行起不再追问。"""
    from orchestration.commands.confirm import confirm as command

    sys.exit(command(Settings.from_env(), period, reporter, rule, entity, note, by, programme, as_json))


@cli.command()
@click.option("--last", type=click.IntRange(min=1), metavar="N", help="只看最后 N 条（默认全部）")
@_json
def audit(last: int | None, as_json: bool) -> None:
    """审计日志：谁在何时收文、运行、发布、确认；检查记录有无改动或缺失。"""
    from orchestration.commands.audit import audit as command

    sys.exit(command(Settings.from_env(), last, as_json))


@cli.command()
@_period
@_programme
@click.option("--by", required=True, metavar="姓名", help="发布人")
@click.option("--approved-by", required=True, metavar="姓名", help="批准人，不能与发布人相同")
@click.option("--reason", metavar="文字", help="再次发布的原因")
@click.option("--only", metavar="ID", help="只更正一个填报主体，其余保持已发布的名次")
@_json
def publish(period, programme, by, approved_by, reason, only, as_json) -> None:
    """发布一个季度：运行结果定为一版（r0、r1……），此后不再改变。"""
    from orchestration.commands.publish import publish as command

    sys.exit(command(Settings.from_env(), period, programme, by, approved_by, reason, only, as_json))


@cli.command()
@click.option("--period", metavar="2021Q4", help="期次（默认全部）")
@_programme
@_json
def editions(period: str | None, programme: str | None, as_json: bool) -> None:
    """列出已发布的版本。"""
    from orchestration.commands.publish import editions as command

    sys.exit(command(Settings.from_env(), period, programme, as_json))


@cli.command()
@click.option("--edition", required=True, metavar="ID", help="版本，如 zhumadian2021/2021Q4/r0")
@_programme
@_json
def verify(edition: str, programme: str | None, as_json: bool) -> None:
    """核验一个已发布的版本：检查文件，从存档复算，逐值比对。"""
    from orchestration.commands.publish import verify as command

    sys.exit(command(Settings.from_env(), edition, programme, as_json))


@cli.command()
@_period
@_programme
@_out
@click.option("--number", metavar="文字", help="发文字号，如 驻营商办〔2021〕5号（默认留空待填）")
@click.option("--date", "date_text", metavar="2021-10-20", help="成文日期（默认发布日期；未发布的留空待填）")
@click.option("--cc", "copies", metavar="文字", help="抄送机关（默认没有）")
@_json
def bulletin(period, programme, out, number, date_text, copies, as_json) -> None:
    """通报：写出公文格式的 Word 通报、附表工作簿和数据来源清单。"""
    from orchestration.commands.bulletin import bulletin as command

    sys.exit(command(Settings.from_env(), period, programme, out, number, date_text, copies, as_json))


@cli.command()
@_period
@_programme
@click.option(
    "--single-file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="文件",
    help="写成一个可转发的网页文件（微信、邮件）",
)
@_json
def site(period: str, programme: str | None, single_file: Path | None, as_json: bool) -> None:
    """看板：用已发布的数据重新生成网页，或写成一个文件转发。"""
    from orchestration.commands.site import site as command

    sys.exit(command(Settings.from_env(), period, programme, single_file, as_json))


@cli.command()
@click.option(
    "--to", type=click.Path(path_type=Path), metavar="路径", help="写到哪个文件，或哪个目录（自动命名）"
)
@click.option("--check", type=click.Path(path_type=Path), metavar="文件", help="只检查一份备份是否完好")
@_json
def backup(to: Path | None, check: Path | None, as_json: bool) -> None:
    """备份：不能重新算出的数据（报送、收文登记、登记目录、存档、版本等）写成一个文件。"""
    from orchestration.commands.backup import backup as command

    sys.exit(command(Settings.from_env(), to, check, as_json))


@cli.command()
@click.option(
    "--from", "source", required=True, type=click.Path(path_type=Path), metavar="文件", help="备份文件"
)
@click.option(
    "--home", type=click.Path(path_type=Path), metavar="目录", help="结果目录（默认 TAIZHANG_HOME）"
)
@click.option("--raw", type=click.Path(path_type=Path), metavar="目录", help="数据目录（默认 TAIZHANG_RAW）")
@_json
def restore(source: Path, home: Path | None, raw: Path | None, as_json: bool) -> None:
    """恢复：把备份还原到空目录，并核验每一个已发布的版本。"""
    from orchestration.commands.backup import restore as command

    sys.exit(command(Settings.from_env(), source, home, raw, as_json))


@cli.command()
@click.option("--port", default=3000, show_default=True, help="端口")
def dev(port: int) -> None:
    """打开 Dagster 界面，含定时任务和收件箱监视。"""
    from orchestration.commands.dev import dev as command

    sys.exit(command(Settings.from_env(), port))


@cli.command()
@click.option("--port", default=8080, show_default=True, help="端口")
@click.option(
    "--password-file",
    type=click.Path(path_type=Path),
    metavar="文件",
    help="要求输入口令（taizhang password 建立）",
)
def serve(port: int, password_file: Path | None) -> None:
    """在本机浏览器查看已生成的看板。"""
    from orchestration.commands.serve import serve as command

    sys.exit(command(Settings.from_env(), port, password_file))


@cli.command()
@click.option(
    "--file", required=True, type=click.Path(path_type=Path, dir_okay=False), metavar="文件", help="口令文件"
)
@click.option("--user", required=True, metavar="姓名", help="用户名")
def password(file: Path, user: str) -> None:
    """为 serve 建立或更换一个用户的口令；文件里只有散列值。"""
    from orchestration.commands.serve import password as command

    if sys.stdin.isatty():
        text = click.prompt("口令", hide_input=True, confirmation_prompt="再输一次")
    else:
        text = sys.stdin.readline().rstrip("\r\n")
    sys.exit(command(file, user, text))


@cli.command()
@_json
def doctor(as_json: bool) -> None:
    """体检：字体、浏览器、锁、版本、遥测、磁盘、时钟。"""
    from orchestration.commands.doctor import doctor as command

    sys.exit(command(Settings.from_env(), as_json))


def command() -> None:
    """The installed command: ``main``, and then out at once.

    Freeing every object of Dagster, pandas and Great Expectations one by one takes Python two seconds after the last word of a run
    is said. What registered to be tidied up (log files, worker processes) is; mypy leaves its process the same way.
    """
    code: object = 0
    try:
        main()
    except SystemExit as end:
        code = end.code
    if isinstance(code, str):
        print(code, file=sys.stderr)
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(1 if isinstance(code, str) else int(code or 0))


def main() -> None:
    """What the installed command does; raises SystemExit with its exit code."""
    from orchestration.terminal import PlainStream

    sys.stdout, sys.stderr = PlainStream(sys.stdout), PlainStream(sys.stderr)
    cli(prog_name="taizhang")
