#!/usr/bin/env python3
"""Puts a file of Kubernetes objects, one JSON object per line, into DuckDB, SQLite and PostgreSQL and asks each the eight questions.

usage: peers.py OBJECTS WORKDIR [duckdb] [sqlite] [postgres]

Prints one JSON object per line: engine, name, results, p50_ms, p95_ms, rss_mib, or a note. Each engine is tuned as a careful user would:
typed columns in DuckDB, expression indexes in SQLite, jsonb with GIN and expression indexes in PostgreSQL. A question ends when all its ids were
fetched. `benches/README.md` says what has to be installed.
"""
import json
import os
import re
import resource
import shutil
import sqlite3
import statistics
import subprocess
import sys
import time

RUNS = 7
PATIENCE_S = 60
NAME = "gateway-.*-[x-z]"
POD = "kind = 'Pod'"
OWNERS = """select p.uid from objects d join objects s on s.owner = d.uid join objects p on p.owner = s.uid
    where d.kind = 'Deployment' and d.name = 'gateway' and d.cluster < 'c0038' and p.kind = 'Pod'"""
# The questions that every engine is asked in the same words.
COMMON = {
    "count by kind": "select kind, count(*) from objects group by 1",
    "kind, namespace, cluster": f"select uid from objects where {POD} and namespace = 'payments' and cluster = 'c0000'",
    "3 hops": OWNERS,
    "top 20 by name": f"select uid from objects where {POD} order by name limit 20",
}


def tell(**row):
    print(json.dumps(row), flush=True)


def loaded(engine, start, size):
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    took = (time.perf_counter() - start) * 1000
    tell(engine=engine, name="load", results=0, p50_ms=took, p95_ms=took, rss_mib=rss)
    tell(note=f"{engine}: {size >> 20} MiB on disk")


def ask(engine, questions, execute):
    for name, query in questions.items():
        times, results, begin = [], 0, time.perf_counter()
        # The first run warms up and does not count, unless it is the only one.
        while len(times) <= RUNS and time.perf_counter() - begin < PATIENCE_S:
            start = time.perf_counter()
            results = len(execute(query))
            times.append((time.perf_counter() - start) * 1000)
        warm = sorted(times[1:] or times)
        p95 = warm[(len(warm) - 1) * 95 // 100]
        tell(engine=engine, name=name, results=results, p50_ms=statistics.median(warm), p95_ms=p95, rss_mib=0)


def columns(path):
    """The columns that SQLite and PostgreSQL get beside the document."""
    with open(path) as lines:
        for line in lines:
            thing = json.loads(line)
            meta = thing["metadata"]
            owners = meta.get("ownerReferences") or [{}]
            yield thing["cluster"], thing["kind"], meta.get("uid"), meta.get("name"), meta.get("namespace"), owners[0].get("uid"), line


def duckdb_engine(path, workdir):
    import duckdb

    file = os.path.join(workdir, "peers.duckdb")
    if os.path.exists(file):
        os.remove(file)
    database = duckdb.connect(file)
    database.execute("set threads = 2")
    start = time.perf_counter()
    database.execute(f"""
        create table objects as select cluster, kind,
            metadata->>'$.uid' as uid, metadata->>'$.name' as name, metadata->>'$.namespace' as namespace,
            metadata->>'$.ownerReferences[0].uid' as owner, spec->>'$.nodeName' as node,
            list_transform(from_json(coalesce(status->'$.containerStatuses', '[]'), '["JSON"]'),
                lambda each: cast(each->>'$.restartCount' as int)) as restarts,
            metadata, spec, status
        from read_json('{path}', format = 'newline_delimited', maximum_object_size = 33554432,
            columns = {{cluster: 'VARCHAR', kind: 'VARCHAR', metadata: 'JSON', spec: 'JSON', status: 'JSON'}})""")
    database.execute("create index by_uid on objects(uid)")
    database.execute("create index by_owner on objects(owner)")
    database.execute("checkpoint")
    loaded("duckdb", start, os.path.getsize(file))
    ask("duckdb", COMMON | {
        "name regex": f"select uid from objects where {POD} and regexp_matches(name, '{NAME}')",
        "nested array: restarts > 5": f"select uid from objects where {POD} and len(list_filter(restarts, lambda each: each > 5)) > 0",
        "pods per node": f"select node, count(*) from objects where {POD} group by 1",
        "full text": "select uid from objects where contains(cast(status as varchar), 'OOMKilled')",
    }, lambda query: database.execute(query).fetchall())
    database.close()
    os.remove(file)


def sqlite_engine(path, workdir):
    file = os.path.join(workdir, "peers.sqlite")
    if os.path.exists(file):
        os.remove(file)
    database = sqlite3.connect(file)
    database.execute("pragma journal_mode = off")
    database.execute("pragma cache_size = -4000000")
    start = time.perf_counter()
    database.execute("create table objects(cluster text, kind text, uid text, name text, namespace text, owner text, doc text)")
    database.executemany("insert into objects values (?, ?, ?, ?, ?, ?, ?)", columns(path))
    for number, indexed in enumerate(["kind, namespace, cluster", "uid", "owner", "kind, name", "kind, json_extract(doc, '$.spec.nodeName')"]):
        database.execute(f"create index by_{number} on objects({indexed})")
    database.commit()
    database.execute("analyze")
    loaded("sqlite", start, os.path.getsize(file))
    pattern = re.compile(NAME)
    database.create_function("regexp", 2, lambda _, name: name is not None and pattern.search(name) is not None)
    ask("sqlite", COMMON | {
        "name regex": f"select uid from objects where {POD} and name regexp '{NAME}'",
        "nested array: restarts > 5": f"""select uid from objects where {POD} and exists(
            select 1 from json_each(doc, '$.status.containerStatuses') where json_extract(value, '$.restartCount') > 5)""",
        "pods per node": f"select json_extract(doc, '$.spec.nodeName'), count(*) from objects where {POD} group by 1",
        "full text": "select uid from objects where doc like '%OOMKilled%'",
    }, lambda query: database.execute(query).fetchall())
    database.close()
    os.remove(file)


class Postgres:
    """A server of its own on the loopback interface, for as long as the `with` lasts."""

    def __init__(self, workdir):
        self.data = os.path.join(workdir, "peers.postgres")
        found = subprocess.run("ls -d /usr/lib/postgresql/*/bin | tail -1", shell=True, capture_output=True, text=True)
        self.bin = found.stdout.strip() or os.path.dirname(shutil.which("initdb") or sys.exit("no initdb found: install PostgreSQL"))

    def run(self, *command):
        # The server refuses to run as root.
        user = ["su", "nobody", "-s", "/bin/sh", "-c"] if os.getuid() == 0 else ["sh", "-c"]
        subprocess.run([*user, " ".join(command)], check=True, stdout=subprocess.DEVNULL)

    def __enter__(self):
        shutil.rmtree(self.data, ignore_errors=True)
        os.makedirs(self.data)
        if os.getuid() == 0:
            os.chmod(os.path.dirname(self.data), 0o755)
            shutil.chown(self.data, "nobody")
        self.run(f"{self.bin}/initdb", "-D", self.data, "-A trust -U peers")
        options = (f"-p 5544 -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.data} -c shared_buffers=4GB -c fsync=off"
                   " -c work_mem=256MB -c maintenance_work_mem=2GB -c max_wal_size=20GB")
        self.run(f"{self.bin}/pg_ctl", "-D", self.data, "-w -o", f'"{options}"', "-l", f"{self.data}/log", "start")
        return self

    def __exit__(self, *_):
        self.run(f"{self.bin}/pg_ctl", "-D", self.data, "-m immediate stop")
        shutil.rmtree(self.data, ignore_errors=True)


def postgres_engine(path, workdir):
    import psycopg

    with Postgres(workdir):
        database = psycopg.connect("host=127.0.0.1 port=5544 user=peers dbname=postgres", autocommit=True)
        start = time.perf_counter()
        database.execute("create unlogged table objects(cluster text, kind text, uid text, name text, namespace text, owner text, doc jsonb)")
        with database.cursor().copy("copy objects from stdin") as copy:
            for row in columns(path):
                copy.write_row(row)
        for indexed in ["kind, namespace, cluster", "uid", "owner", "kind, name", "kind, (doc #>> '{spec,nodeName}')"]:
            database.execute(f"create index on objects({indexed})")
        database.execute("create index on objects using gin((doc->'status') jsonb_path_ops)")
        database.execute("vacuum analyze objects")
        size = database.execute("select pg_total_relation_size('objects')").fetchone()[0]
        loaded("postgres", start, size)
        ask("postgres", COMMON | {
            "name regex": f"select uid from objects where {POD} and name ~ '{NAME}'",
            "nested array: restarts > 5": f"select uid from objects where {POD} and doc @? '$.status.containerStatuses[*] ? (@.restartCount > 5)'",
            "pods per node": f"select doc #>> '{{spec,nodeName}}', count(*) from objects where {POD} group by 1",
            "full text": "select uid from objects where doc::text like '%OOMKilled%'",
        }, lambda query: database.execute(query).fetchall())
        database.close()


ENGINES = {"duckdb": duckdb_engine, "sqlite": sqlite_engine, "postgres": postgres_engine}


def main():
    if len(sys.argv) < 3 or not set(sys.argv[3:]) <= set(ENGINES):
        sys.exit(__doc__)
    path, workdir = sys.argv[1:3]
    for engine in sys.argv[3:] or ENGINES:
        ENGINES[engine](path, workdir)


main()
