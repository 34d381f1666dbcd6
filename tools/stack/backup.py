"""A backup is a folder: one consistent snapshot of the database of all services, the heads of the event logs at that moment,
and the secrets and keys. A restore begins with an empty PostgreSQL and an empty nats-server: the services create the streams
again and fill them from the event logs, and consumers skip the events they have.
"""
import hashlib
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import psycopg2

from . import plan
from .postgres import BIN, USER
from .process import Failed, tool

DUMP, MANIFEST = "backroom.dump", "manifest.json"
HEAD = "select position, encode(hash, 'hex') from {}.event where position is not null order by position desc limit 1"


def take(server, folder, files=(), database=plan.DATABASE):
    """Write a backup of a running server into a new folder, with these files. Returns the manifest."""
    folder = Path(folder)
    folder.mkdir(parents=True, mode=0o700)
    with psycopg2.connect(server.url(USER, database)) as connection:
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        with connection.cursor() as cursor:
            cursor.execute("select pg_export_snapshot(), now()::text")
            snapshot, moment = cursor.fetchone()
            run(server, "pg_dump", database, "--format=custom", f"--snapshot={snapshot}", f"--file={folder / DUMP}")
            manifest = {"taken_at": moment, "database": database, "heads": heads(cursor), "files": {}}
    connection.close()
    for each in (folder / DUMP, *(copy(Path(each), folder) for each in files)):
        each.chmod(0o600)
        manifest["files"][each.name] = digest(each)
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n")      # last: without it, it is not a backup
    return manifest


def read(folder):
    """The manifest of a complete, unchanged backup."""
    folder = Path(folder)
    if not (folder / MANIFEST).exists():
        raise Failed(f"{folder} is not a backup: it has no {MANIFEST}")
    manifest = json.loads((folder / MANIFEST).read_text())
    for name, wanted in manifest["files"].items():
        if not (folder / name).exists() or digest(folder / name) != wanted:
            raise Failed(f"{folder / name} is missing or has changed")
    return manifest


def put_back(server, folder, database=plan.DATABASE):
    """Restore into a running server in one transaction; the database's earlier content is deleted. Services must be stopped."""
    manifest = read(folder)
    if server.has_database(database):
        server.drop_database(database)
    server.create_database(database)                    # roles with the passwords of now, schemas, extensions
    run(server, "pg_restore", database, f"--dbname={database}", "--clean", "--if-exists", "--single-transaction", "--exit-on-error",
        Path(folder) / DUMP)
    server.psql(database, "--command", "analyze")
    with psycopg2.connect(server.url(USER, database)) as connection, connection.cursor() as cursor:
        found = heads(cursor)
    connection.close()
    if found != manifest["heads"]:
        raise Failed(f"the heads of the event logs differ from those in the backup: {found}")
    return manifest


def heads(cursor):
    """{service: "17:<hash>"}, as in GET /v1/audit/head; without services that never ran."""
    found = {}
    for service in plan.SERVICES:
        cursor.execute("select to_regclass(%s)", (f"{service}.event",))
        if cursor.fetchone()[0]:
            cursor.execute(HEAD.format(service))
            row = cursor.fetchone()
            found[service] = f"{row[0]}:{row[1]}" if row else None
    return found


def run(server, program, database, *arguments):
    env = {**os.environ, "PGHOST": "127.0.0.1", "PGPORT": str(server.port), "PGUSER": USER, "PGPASSWORD": server.passwords[USER],
           "PGDATABASE": database, "PGAPPNAME": "backroom tools"}
    done = subprocess.run([tool(program, BIN), *map(str, arguments)], env=env, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    if done.returncode:
        raise Failed(f"{program}: {done.stdout.strip()[-2000:]}")


def copy(path, folder):
    return Path(shutil.copyfile(path, folder / path.name))


def digest(path):
    found = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(1 << 20):
            found.update(piece)
    return found.hexdigest()


def new_folder(below):
    """A new folder, named after the current time."""
    return Path(below) / time.strftime("%Y%m%d-%H%M%S")
