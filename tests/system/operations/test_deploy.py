"""What is deployed, as far as it can be seen without deploying it: alert rules and their runbook, and what the images need."""
import os
import re
import shutil
import subprocess

import pytest
import yaml

from stack.plan import ROOT

RULES = [rule for group in yaml.safe_load((ROOT / "deploy/alerts.yml").read_text())["groups"] for rule in group["rules"]]
PROMTOOL = shutil.which("promtool", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/bin"]))


def test_every_alert_has_one_section_in_the_runbook_and_every_section_its_alert():
    sections = re.findall(r"^## (\w+)$", (ROOT / "docs/how-to/runbook.md").read_text(), re.M)
    assert sorted(sections) == sorted(rule["alert"] for rule in RULES)


def test_every_alert_says_how_urgent_it_is_and_what_is_the_matter():
    for rule in RULES:
        assert rule["labels"]["severity"] in ("page", "ticket") and rule["annotations"]["summary"], rule


def test_every_alert_is_made_to_fire_by_a_test_of_its_own():
    tests = yaml.safe_load((ROOT / "deploy/alerts_test.yml").read_text())["tests"]
    fired = [check["alertname"] for test in tests for check in test["alert_rule_test"] if check["exp_alerts"]]
    quiet = [check["alertname"] for test in tests for check in test["alert_rule_test"] if not check["exp_alerts"]]
    assert sorted(fired) == sorted(quiet) == sorted(rule["alert"] for rule in RULES)


@pytest.mark.skipif(not PROMTOOL, reason="promtool is not installed (Debian package prometheus)")
@pytest.mark.parametrize("what", [("check", "rules", "alerts.yml"), ("test", "rules", "alerts_test.yml")], ids=" ".join)
def test_prometheus_takes_the_rules_and_each_fires(what):
    done = subprocess.run([PROMTOOL, *what], cwd=ROOT / "deploy", capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_image_gets_every_tool_that_its_build_runs():
    wanted = set(re.findall(r"tools/(\w+\.py)", (ROOT / "CMakeLists.txt").read_text()))
    copied = re.search(r"^COPY (tools/.*) tools/$", (ROOT / "Dockerfile").read_text(), re.M)[1]
    assert wanted and {f"tools/{name}" for name in wanted} <= set(copied.split())


def test_make_may_run_every_script_that_it_names():
    named = set(re.findall(r"^\t@?((?:bench|tools|tests)/[\w/.]+)", (ROOT / "Makefile").read_text(), re.M))
    assert len(named) > 5 and [name for name in named if not os.access(ROOT / name, os.X_OK)] == []
