#!/usr/bin/python3
"""Turn named SQL queries into typed C calls, and migrations into tables.

    sqlgen.py PREFIX OUT_DIR QUERY.sql... --migrations MIGRATION.sql...

Writes OUT_DIR/PREFIX_queries.h, PREFIX_queries.c and PREFIX_migrations.c. A query begins with a line

    -- name: order_lock(id, quantity int) :row status, version int

Its parameters stand in the SQL as :id; each is text unless it says int or bool. Kinds:
    :exec              nobody looks at the result: it is pipelined          int q_x(w, …)
    :count             number of rows changed                               int q_x(w, …, int64_t *count)
    :row a, b int      exactly one row, else NOT_FOUND                      int q_x(w, …, struct x_row *row)
    :maybe a, b int    one row or none (row->found)                         int q_x(w, …, struct x_row *row)
    :rows a, b int     any number                                           int q_x(w, …, struct x_row **rows, size_t *n)
    :soon a, b int     as :rows, but pipelined: it is there after the      int q_x(w, …, const struct x_answer **answer)
                       next call that waits, or await(w)
    :json              one column of one row as text, else NOT_FOUND        int q_x(w, …, const char **json)
A parameter that the SQL does not use, or one that it uses and the head does not name, fails the build.
"""
import hashlib
import os
import re
import sys

C_TYPE = {"text": "const char *", "int": "int64_t ", "bool": "bool "}
HEAD = re.compile(r"--\s*name:\s*(\w+)\(([^)]*)\)\s*:(exec|count|rows|row|maybe|soon|json)\s*(.*)$")


def fault(where, what):
    sys.exit(f"sqlgen: {where}: {what}")


def typed(where, text):
    """'a, b int' -> [('a', 'text'), ('b', 'int')]"""
    out = []
    for part in filter(None, (p.strip() for p in text.split(","))):
        words = part.split()
        kind = words[1] if len(words) > 1 else "text"
        if len(words) > 2 or kind not in C_TYPE or not re.fullmatch(r"[a-z_]\w*", words[0]):
            fault(where, f"cannot read '{part}'")
        out.append((words[0], kind))
    return out


def numbered(where, sql, params):
    """Replace :name by $n outside quotes and comments; check both directions."""
    names = [p for p, _ in params]
    used = set()

    def replace(match):
        if match.group(1) is None:
            return "" if match.group(0).startswith("--") else match.group(0)
        name = match.group(1)
        if name not in names:
            fault(where, f"the SQL uses :{name}, which the head does not name")
        used.add(name)
        return f"${names.index(name) + 1}"

    sql = re.sub(r"'(?:[^']|'')*'|--[^\n]*|::\w+|:([a-z_]\w*)", replace, sql)
    for name in names:
        if name not in used:
            fault(where, f"the head names {name}, which the SQL does not use")
    return re.sub(r"\s+", " ", sql).strip().rstrip(";")


def c_string(text):
    text = text.replace("\\", "\\\\").replace('"', '\\"')
    lines = text.split("\n")
    return "\n".join(f'    "{line}' + ('\\n"' if i + 1 < len(lines) else '"') for i, line in enumerate(lines))


class Query:
    def __init__(self, where, head, sql):
        match = HEAD.match(head)
        if not match:
            fault(where, f"cannot read the head: {head}")
        self.name, params, self.kind, cols = match.groups()
        self.params = typed(where, params)
        self.columns = typed(where, cols)
        self.sql = numbered(where, sql, self.params)
        if (self.kind in ("row", "maybe", "rows", "soon")) != bool(self.columns):
            fault(where, f"{self.name}: :row, :maybe, :rows and :soon name their columns, the others none")

    def signature(self):
        args = ["struct work *w"] + [f"{C_TYPE[t]}{n}" for n, t in self.params]
        args += {"count": ["int64_t *count"], "json": ["const char **json"],
                 "row": [f"struct {self.name}_row *row"], "maybe": [f"struct {self.name}_row *row"],
                 "rows": [f"struct {self.name}_row **rows", "size_t *n"],
                 "soon": [f"const struct {self.name}_answer **answer"]}.get(self.kind, [])
        return f"int q_{self.name}({', '.join(args)})"

    def struct(self):
        if not self.columns:
            return ""
        found = "    bool found;\n" if self.kind == "maybe" else ""
        members = "".join(f"    {C_TYPE[t]}{n};\n" for n, t in self.columns)
        answer = f"struct {self.name}_answer {{\n    struct {self.name}_row *rows;\n    size_t n;\n}};\n" if self.kind == "soon" else ""
        return f"struct {self.name}_row {{\n{found}{members}}};\n{answer}"

    def values(self):
        if not self.params:
            return "    const char *const *values = NULL;\n"
        as_text = {"text": "{0}", "int": "sql_from_int(w, {0})", "bool": "({0} ? \"true\" : \"false\")"}
        cells = ", ".join(as_text[t].format(n) for n, t in self.params)
        return f"    const char *values[] = {{{cells}}};\n"

    def cells(self, row, target):
        read = {"text": "sql_text", "int": "sql_int", "bool": "sql_bool"}
        return "".join(f"    {target}{n} = {read[t]}(result, {row}, {i});\n" for i, (n, t) in enumerate(self.columns))

    def taker(self):
        """What reads the rows of an answer that comes later."""
        if self.kind != "soon":
            return ""
        cells = self.cells("(int)i", "answer->rows[i].").replace("    ", "        ")
        return (f"static void take_{self.name}(struct work *w, struct pg_result *result, void *into)\n{{\n"
                f"    struct {self.name}_answer *answer = into;\n\n    answer->n = sql_height(result);\n"
                "    answer->rows = arena_alloc(w->arena, (answer->n + 1) * sizeof *answer->rows);\n"
                "    for (size_t i = 0; i < answer->n; i++) {\n" + cells + "    }\n}\n\n")

    def body(self, index, prefix):
        query = f"&{prefix}_queries[{index}]"
        if self.kind == "soon":
            return (self.values() + f"    struct {self.name}_answer *to_come = arena_alloc(w->arena, sizeof *to_come);\n\n"
                    f"    *answer = to_come;\n    return sql_soon(w, {query}, values, take_{self.name}, to_come);\n")
        if self.kind == "exec":
            return self.values() + f"\n    return sql_exec(w, {query}, values);\n"
        if self.kind == "count":
            return self.values() + f"\n    return sql_count(w, {query}, values, count);\n"
        if self.kind == "json":
            return self.values() + f"\n    return sql_json(w, {query}, values, json);\n"
        start = self.values() + f"    struct pg_result *result;\n\n    TRY(sql_fetch(w, {query}, values, &result));\n"
        if self.kind == "rows":
            cells = self.cells("(int)i", "(*rows)[i].").replace("    ", "        ")
            return (start + "    *n = sql_height(result);\n"
                    "    *rows = arena_alloc(w->arena, (*n + 1) * sizeof **rows);\n"
                    "    for (size_t i = 0; i < *n; i++) {\n" + cells + "    }\n    return OK;\n")
        if self.kind == "maybe":
            cells = self.cells("0", "row->")
            return (start + "    memset(row, 0, sizeof *row);\n    row->found = sql_height(result) > 0;\n"
                    "    if (!row->found)\n        return OK;\n" + cells + "    return OK;\n")
        return start + "    TRY(sql_only_row(w, result));\n" + self.cells("0", "row->") + "    return OK;\n"


def read_queries(path):
    head, lines, number = None, [], 0
    for line in open(path, encoding="utf-8"):
        number += 1
        if line.startswith("-- name:"):
            if head:
                yield Query(where, head, "".join(lines))
            head, lines, where = line.rstrip("\n"), [], f"{path}:{number}"
        elif head:
            lines.append(line)
        elif line.strip() and not line.startswith("--"):
            fault(f"{path}:{number}", "SQL before the first '-- name:' line")
    if head:
        yield Query(where, head, "".join(lines))


def write(path, text):
    """Only when it differs, so that nothing is built again for nothing."""
    if not os.path.exists(path) or open(path, encoding="utf-8").read() != text:
        open(path, "w", encoding="utf-8").write(text)


def main():
    prefix, out, *files = sys.argv[1:]
    split = files.index("--migrations") if "--migrations" in files else len(files)
    queries = [q for f in sorted(files[:split]) for q in read_queries(f)]
    names = [q.name for q in queries]
    for name in names:
        if names.count(name) > 1:
            fault(prefix, f"the query {name} is named twice")
    note = "/* Generated by tools/sqlgen.py: change the .sql files instead. */\n"
    guard = f"BACKROOM_{prefix.upper()}_QUERIES_H"
    write(f"{out}/{prefix}_queries.h", note + f"#ifndef {guard}\n#define {guard}\n\n#include <string.h>\n\n"
          '#include "migrate.h"\n#include "sql.h"\n#include "work.h"\n\n'
          f"enum {{ {prefix.upper()}_QUERY_COUNT = {len(queries)} }};\n"
          f"extern const struct query {prefix}_queries[];\nextern const struct migration {prefix}_migrations[];\n\n"
          + "\n".join(q.struct() + q.signature() + ";\n" for q in queries) + "\n#endif\n")
    write(f"{out}/{prefix}_queries.c", note + f'#include "{prefix}_queries.h"\n\n'
          f"const struct query {prefix}_queries[] = {{\n"
          + "".join(f"    {{\"{q.name}\", {len(q.params)},\n{c_string(q.sql)}}},\n" for q in queries)
          + "    {NULL, 0, NULL},\n};\n\n"
          + "\n".join(f"{q.taker()}{q.signature()}\n{{\n{q.body(i, prefix)}}}\n" for i, q in enumerate(queries)))
    migrations = ""
    for path in sorted(files[split + 1:]):
        sql = open(path, encoding="utf-8").read()
        digest = hashlib.sha256(sql.encode()).hexdigest()
        migrations += f'    {{"{os.path.basename(path)}", "{digest}",\n{c_string(sql)}}},\n'
    write(f"{out}/{prefix}_migrations.c", note + f'#include "{prefix}_queries.h"\n\nconst struct migration {prefix}_migrations[]'
          f" = {{\n{migrations}    {{NULL, NULL, NULL}},\n}};\n")


main()
