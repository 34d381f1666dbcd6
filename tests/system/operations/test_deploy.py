"""Deployment files, checked without deploying: alert rules and the runbook, Dockerfile, Makefile."""
import os
import re
import shutil
import subprocess

import pytest
import yaml

from stack.plan import ROOT

RULES = [rule for group in yaml.safe_load((ROOT / "deploy/alerts.yml").read_text())["groups"] for rule in group["rules"]]
PROMTOOL = shutil.which("promtool", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/bin"]))


def test_every_alert_has_one_section_in_the_runbook_and_every_section_an_alert():
    sections = re.findall(r"^## (\w+)$", (ROOT / "docs/how-to/runbook.md").read_text(), re.M)
    assert sorted(sections) == sorted(rule["alert"] for rule in RULES)


def test_every_alert_has_a_severity_and_a_summary():
    for rule in RULES:
        assert rule["labels"]["severity"] in ("page", "ticket") and rule["annotations"]["summary"], rule


def test_every_alert_has_a_test_that_fires_it():
    tests = yaml.safe_load((ROOT / "deploy/alerts_test.yml").read_text())["tests"]
    fired = [check["alertname"] for test in tests for check in test["alert_rule_test"] if check["exp_alerts"]]
    quiet = [check["alertname"] for test in tests for check in test["alert_rule_test"] if not check["exp_alerts"]]
    assert sorted(fired) == sorted(quiet) == sorted(rule["alert"] for rule in RULES)


@pytest.mark.skipif(not PROMTOOL, reason="promtool is not installed (Debian package prometheus)")
@pytest.mark.parametrize("what", [("check", "rules", "alerts.yml"), ("test", "rules", "alerts_test.yml")], ids=" ".join)
def test_prometheus_accepts_the_rules_and_each_fires(what):
    done = subprocess.run([PROMTOOL, *what], cwd=ROOT / "deploy", capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_image_contains_every_tool_that_its_build_runs():
    wanted = set(re.findall(r"tools/(\w+\.py)", (ROOT / "CMakeLists.txt").read_text()))
    copied = re.search(r"^COPY (tools/.*) tools/$", (ROOT / "Dockerfile").read_text(), re.M)[1]
    assert wanted and {f"tools/{name}" for name in wanted} <= set(copied.split())


def test_every_script_of_the_makefile_is_executable():
    named = set(re.findall(r"^\t@?((?:bench|tools|tests)/[\w/.]+)", (ROOT / "Makefile").read_text(), re.M))
    assert len(named) > 5 and [name for name in named if not os.access(ROOT / name, os.X_OK)] == []
