#!/usr/bin/python3
"""Collect the problems that the services respond with: tools/problemgen.py OUT.c SOURCE.c…

They are read from the calls: fail(w, FAULT, "code", "detail"), http_error(w, 400, …), failed_if_any(w, …), and from rows of
constraints. One table for all services, so that the page behind a problem's `type` is the same everywhere
(common/api/problem.h).
"""
import json
import re
import sys
from pathlib import Path

STATUS = {"INVALID": 422, "FORBIDDEN": 403, "NOT_FOUND": 404, "CONFLICT": 409, "BUSY": 503, "BROKEN": 500}
TEXT = r'((?:"(?:[^"\\]|\\.)*"\s*)*)'
CODE = r'"([a-z_]+(?:\.[a-z0-9_]+)+)"\s*'
KIND = r"(INVALID|FORBIDDEN|NOT_FOUND|CONFLICT|BUSY|BROKEN|[45]\d\d)"
PATTERNS = [
    (rf"\b(?:fail|http_error|refuse_on_record)\(\s*\w+\s*,\s*{KIND}\s*,\s*{CODE},\s*{TEXT}", None),
    (rf'\{{\s*"\w+"\s*,\s*{KIND}\s*,\s*{CODE},\s*{TEXT}', None),
    (rf"\bfailed_if_any\(\s*\w+\s*,\s*{CODE},\s*{TEXT}", "INVALID"),
    (rf"\bbusy\(\s*\w+\s*,\s*{CODE}{TEXT}", "BUSY"),
    (rf"\breturn {CODE};()", "CONFLICT"),
    (rf'\bstruct refusal \w+ = \{{\s*"\w+"\s*,\s*{CODE},\s*\w+\s*,\s*{TEXT}', "CONFLICT"),
    (rf"\btoo_many\(\s*\w+\s*,\s*\w+\s*,\s*{CODE},\s*{TEXT}", "429"),
]


def plain(literals):
    """The text of adjacent C strings; conversions become an ellipsis."""
    text = "".join(json.loads(each) for each in re.findall(r'"(?:[^"\\]|\\.)*"', literals))
    text = re.sub(r'%(?:\.\d+)?(?:"\s*PRI\w+\s*"|l*[dus]|\.\*s)', "…", text)
    return "" if text.strip("… .") == "" else text


def found_in(source):
    source = re.sub(r'"\s*PRI\w+\s*"', "d", source)
    for pattern, kind in PATTERNS:
        for match in re.finditer(pattern, source):
            *kinds, code, literals = match.groups()
            status = kinds[0] if kinds else kind
            yield code, int(STATUS.get(status, status)), plain(literals)


def collect(sources):
    problems = {}
    for path in sorted(sources):
        for code, status, detail in found_in(Path(path).read_text()):
            kept = problems.setdefault(code, [status, []])
            if detail and detail not in kept[1]:
                kept[1].append(detail)
    return problems


def main(out, *sources):
    rows = [f"    {{{json.dumps(code)}, {status}, {json.dumps(json.dumps(details, ensure_ascii=False), ensure_ascii=False)}}},"
            for code, (status, details) in sorted(collect(sources).items())]
    text = ('/* Written by tools/problemgen.py. */\n#include "problem.h"\n\nconst struct problem problems[] = {\n' + "\n".join(rows) +
            "\n    {0}};\n")
    Path(out).write_text(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
