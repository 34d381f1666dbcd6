"""Rules that hold for every response and every log line, checked in all tests: problems, JSON logs, no personal data."""
import json
import re

SANITIZER_REPORT = re.compile(r"(ERROR|WARNING): (Address|Leak|Thread|Memory)Sanitizer|: runtime error:")


def check_response(answer, canaries):
    """Every error is a problem with a code and a trace id, and has no SQL and no personal data."""
    if answer.status < 400 or answer.method == "HEAD":
        return
    where = f"{answer.method} {answer.path} -> {answer.status} {answer.text[:500]}"
    assert answer.headers.get("Content-Type", "").startswith("application/problem+json"), where
    problem = answer.json
    assert problem["status"] == answer.status, where
    assert re.fullmatch(r"[a-z_]+(\.[a-z0-9_]+)+", problem["code"]), where
    assert problem.get("title") and problem.get("trace_id"), where
    assert isinstance(problem.get("errors", []), list), where
    assert not re.search(r"\b(select|insert into|update|delete from|relation|constraint)\b .* ", answer.text,
                         re.I), f"SQL in an error: {where}"
    check_no_canary(answer.text, canaries, where)


def check_no_canary(text, canaries, where):
    for canary in tuple(canaries):          # other threads add to them
        assert canary not in text, f"personal data {canary!r} in {where}"


def fault_in_log(log, canaries, allowed):
    """The first fault of a log, or None: a sanitizer report, a line that is not one JSON object, personal data.
    allowed: regular expressions of lines that need not be JSON."""
    raw = log.read_bytes() if log.exists() else b""
    lines = raw.decode("utf-8", errors="replace").split("\n")
    for number, line in enumerate(lines, 1):
        if SANITIZER_REPORT.search(line):
            return f"sanitizer report in {log}:{number}:\n" + "\n".join(lines[number - 1:number + 30])
    lines.pop()             # the last is empty, or was cut off by a kill
    canary = re.compile("|".join(map(re.escape, tuple(canaries)))) if canaries else None
    for number, line in enumerate(lines, 1):
        if any(re.search(each, line) for each in allowed):
            continue
        if not is_object(line):
            return f"not one JSON object in {log}:{number}: {line[:300]!r}"
        if canary and (found := canary.search(line)):
            return f"personal data {found[0]!r} in {log}:{number}: {line[:300]}"
    return None


def is_object(line):
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False
