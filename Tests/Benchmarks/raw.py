"""What the same work costs without an engine: the statements of sql/, sent by pgbench and by COPY."""

import json
import pathlib
import re
import time

import psycopg

from processes import BenchError

SQL = pathlib.Path(__file__).parent / "sql"
CLAIM_SIZE = 100
BULK_SIZE = 10_000
PAYLOAD = "0123456789" * 10


def statement(name):
    return (SQL / f"{name}.sql").read_text()


def empty(connection):
    """Empties the queue and writes a checkpoint, so that none falls into what is measured next."""
    connection.execute(statement("empty"))
    connection.execute("CHECKPOINT")


class Raw:
    def __init__(self, server, children):
        self.server = server
        self.children = children

    def pgbench(self, database, script, clients, transactions, **variables):
        """Transactions per second of a script, without the time to connect. `transactions` is the sum over clients."""
        definitions = [part for name, value in variables.items() for part in ("-D", f"{name}={value}")]
        output = self.children.run(
            [self.server.bin / "pgbench", "--no-vacuum", "--protocol=prepared", f"--client={clients}",
             f"--jobs={min(clients, 2)}", f"--transactions={transactions // clients}", *definitions,
             f"--file={SQL / script}.sql"],
            timeout=600, env=self.server.environment(database))
        speed = re.search(r"^tps = ([0-9.]+)", output, re.MULTILINE)
        failed = re.search(r"number of failed transactions: (\d+)", output)
        if not speed or (failed and int(failed[1])):
            raise BenchError(f"pgbench did not finish {script}: {output.strip()[-300:]}")
        return float(speed[1])

    def drain(self, connection, database, clients, jobs):
        """Claims and ends so many waiting jobs; returns jobs per second and costs."""
        worker = connection.execute(statement("worker")).fetchone()[0]
        wal, cpu = self.server.wal_bytes(connection), self.server.cpu_seconds()
        rate = self.pgbench(database, "claim_end", clients, jobs // CLAIM_SIZE, worker=worker, hint=0) * CLAIM_SIZE
        costs = {
            "rate": rate,
            "server_cpu": self.server.cpu_seconds() - cpu,
            "wal": self.server.wal_bytes(connection) - wal,
        }
        if connection.execute("SELECT EXISTS (SELECT FROM lectern.ready) OR EXISTS (SELECT FROM lectern.lease)"
                              ).fetchone()[0]:
            raise BenchError("pgbench left jobs behind")
        return costs

    def copy(self, connection, jobs):
        """Loads jobs with COPY, a commit each ``BULK_SIZE``; returns jobs per second. Making the rows is not timed."""
        statements = [statement("copy_job"), statement("copy_ready")]
        columns = [re.search(r"\((.*)\)", text)[1].split(", ") for text in statements]
        now = int(time.time() * 1000)
        batches = [
            [_block(names, range(start, min(start + BULK_SIZE, jobs + 1)), now) for names in columns]
            for start in range(1, jobs + 1, BULK_SIZE)
        ]
        cursor = connection.cursor()
        began = time.monotonic()
        for blocks in batches:
            with connection.transaction():
                for text, block in zip(statements, blocks):
                    with cursor.copy(text) as copy:
                        copy.write(block)
        return jobs / (time.monotonic() - began)


def _block(columns, numbers, milliseconds):
    """Rows in COPY's text form."""
    fixed = {"queue": "bench", "kind": "no_op", "lane": "10", "max_attempts": "10", "timeout_ms": "60000"}
    lines = []
    for n in numbers:
        # The sequence part of an id has 20 bits.
        identity = str(((milliseconds + (n >> 20)) << 20) | (n & 0xFFFFF))
        row = fixed | {
            "id": identity, "job_id": identity, "tag": identity,
            "args": json.dumps({"n": n, "payload": PAYLOAD}, separators=(",", ":")),
        }
        lines.append("\t".join(row[name] for name in columns) + "\n")
    return "".join(lines).encode()


def buffers(connection):
    """Buffers touched by the choice of 50 jobs and by the whole claim of 50, as the claim after another would."""
    names = {"worker": connection.execute(statement("worker")).fetchone()[0], "hint": 0}
    # The worker before handed back what it had not started; those rows are no picture of a backlog.
    for _ in range(20):
        names["hint"], ended = connection.execute(statement("worked_off"), names).fetchone()
        if not ended:
            raise BenchError("the large queue gave no job to a claim")
    # EXPLAIN takes no parameters, so the client puts them in.
    cursor = psycopg.ClientCursor(connection)
    touched = []
    for name in ("fetch", "claim"):
        with connection.transaction(force_rollback=True):
            # As the claim itself sets them.
            connection.execute("SET LOCAL enable_seqscan = off")
            connection.execute("SET LOCAL enable_bitmapscan = off")
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement(name)}", names)
            plan = cursor.fetchone()[0][0]["Plan"]
        touched.append(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])
    return touched


def dead_rows(connection):
    return int(connection.execute(
        "SELECT coalesce(sum(n_dead_tup), 0) FROM pg_stat_user_tables WHERE schemaname = 'lectern'").fetchone()[0])
