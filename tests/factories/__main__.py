"""Regenerate the sample: ``python -m tests.factories [--registry]``.

Without options: ``raw/samples/submissions``, ``raw/samples/receipts.csv`` and
``tests/golden/planted_mistakes.csv`` from the committed registries. With ``--registry``: the registries
first, from the hand-checked facts beside the checkout.
"""

import argparse
import shutil

from tests.factories import registry_from_gold, sample


def main() -> None:
    """Parse the command line and write."""
    parser = argparse.ArgumentParser(prog="python -m tests.factories", description="生成随项目提供的示例数据")
    parser.add_argument("--registry", action="store_true", help="同时由核对过的方案事实重新生成登记册")
    if parser.parse_args().registry:
        registry_from_gold.build_registries(sample.SAMPLES / "registry")
    shutil.rmtree(sample.SAMPLES / "submissions", ignore_errors=True)
    sample.write_all()


if __name__ == "__main__":
    main()
