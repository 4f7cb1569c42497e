"""Rule checks on ``quality/flags``: one asset check per rule of the catalogue, with the number of its findings.

A county's mistake is a warning here, never an error: only our own invariants (dbt tests, conservation) stop a run.
"""

import dagster as dg

from orchestration import names
from orchestration.rules import rule_catalogue
from orchestration.settings import Settings
from orchestration.warehouse import reader


def build(settings: Settings) -> list[dg.AssetChecksDefinition]:
    """One multi-check over all active rules."""
    rules = rule_catalogue(settings)

    @dg.multi_asset_check(
        name="rule_findings",
        specs=[
            dg.AssetCheckSpec(
                name=f"rule_{rule['rule_id'].lower()}",
                asset=names.FLAGS,
                description=f"{rule['rule_id']} {rule['message_zh']}（{rule['severity']}，规则归属：{rule['home']}）",
            )
            for rule in rules
        ],
        pool=names.WRITER_POOL,
    )
    def rule_findings(context: dg.AssetCheckExecutionContext):
        with reader(settings.warehouse) as connection:
            counts = dict(
                connection.execute("SELECT rule_id, count(*) FROM quality.flags GROUP BY 1").fetchall()
            )
        for rule in rules:
            found = counts.get(rule["rule_id"], 0)
            yield dg.AssetCheckResult(
                asset_key=names.FLAGS,
                check_name=f"rule_{rule['rule_id'].lower()}",
                passed=found == 0,
                severity=dg.AssetCheckSeverity.WARN,
                metadata={"findings": found, "severity": rule["severity"], "message": rule["message_zh"]},
            )

    return [rule_findings]
