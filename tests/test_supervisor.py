"""The supervisor's promises, on small programs that start at once; the whole house is tried in tests/journeys."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil
import pytest

from config import ConfigError
from crowdfund.embedded import EmbeddedPostgres
from crowdfund.leftovers import end_leftovers
from crowdfund.processes import Processes, Program, Stopped
from crowdfund.programs import MAILBOX, SIMULATOR, SMTP, Plan, is_free
from crowdfund.supervisor import Supervisor
from crowdfund.welcome import welcome
from tests.services import free_base

SLEEP = "import time; time.sleep(60)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
)
PARENT = """
    import subprocess, sys, time
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    open(sys.argv[1], "w").write(str(child.pid))
    time.sleep(60)
"""


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def processes(tmp_path: Path, said: list[str]) -> Iterator[Processes]:
    made = Processes(tmp_path, said.append)
    yield made
    made.stopping = False
    made.stop(list(made.children), seconds=3)
    made.close()


def python(tmp_path: Path, name: str, code: str, *arguments: str) -> Program:
    return Program(name, [sys.executable, "-c", textwrap.dedent(code), *arguments], os.environ, tmp_path)


def gone(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def noted(tmp_path: Path, name: str) -> int:
    return int((tmp_path / "run" / f"{name}.pid").read_text())


def test_a_dead_child_is_back_within_two_seconds(processes: Processes, tmp_path: Path, said: list[str]) -> None:
    processes.start(python(tmp_path, "web", SLEEP))
    for _death in range(4):
        before = noted(tmp_path, "web")
        os.kill(before, signal.SIGKILL)
        assert processes.wait_for(lambda before=before: noted(tmp_path, "web") != before, 2)  # type: ignore[misc]
        assert not gone(noted(tmp_path, "web"))
    assert said == ["web ended with signal 9; it is started again"] * 4


def test_what_a_dead_child_started_dies_with_it(processes: Processes, tmp_path: Path) -> None:
    note = tmp_path / "grandchild"
    processes.start(python(tmp_path, "worker", PARENT, str(note)))
    assert processes.wait_for(lambda: note.exists() and note.read_text() != "", 10)
    grandchild = int(note.read_text())
    note.unlink()
    os.kill(noted(tmp_path, "worker"), signal.SIGKILL)
    assert processes.wait_for(lambda: gone(grandchild), 5)


def test_stopping_goes_group_by_group_and_kills_what_is_deaf(processes: Processes, tmp_path: Path) -> None:
    deaf = processes.start(python(tmp_path, "web", STUBBORN))
    log = tmp_path / "logs" / "web.log"
    assert processes.wait_for(lambda: log.read_text() == "deaf\n", 10)
    last = processes.start(python(tmp_path, "db", SLEEP))
    processes.stop(["web"], ["db"], seconds=2.5)
    assert deaf.process.returncode == -signal.SIGKILL
    assert last.process.returncode == -signal.SIGTERM
    assert not list((tmp_path / "run").glob("*.pid"))


def test_a_wish_to_stop_is_heard(processes: Processes, tmp_path: Path) -> None:
    processes.start(python(tmp_path, "web", SLEEP))
    processes.stopping = True
    with pytest.raises(Stopped):
        processes.tend()


def test_a_program_that_cannot_start_is_tried_again(processes: Processes, tmp_path: Path, said: list[str]) -> None:
    refusals = ["disk full"]

    def before() -> None:
        if noted_once and refusals:
            raise RuntimeError(refusals.pop())

    noted_once: list[int] = []
    program = Program("db", [sys.executable, "-c", SLEEP], os.environ, tmp_path, before=before)
    processes.start(program)
    noted_once.append(noted(tmp_path, "db"))
    os.kill(noted_once[0], signal.SIGKILL)
    assert processes.wait_for(lambda: noted(tmp_path, "db") != noted_once[0], 5)
    assert said[-1] == "db cannot be started: disk full"


def test_errands_give_their_status_and_words_while_others_are_tended(processes: Processes, tmp_path: Path) -> None:
    processes.start(python(tmp_path, "web", SLEEP))
    before = noted(tmp_path, "web")
    kill_and_wait = f"import os, time; os.kill({before}, 9); time.sleep(1.5); raise SystemExit(3)"
    assert processes.once(python(tmp_path, "demo", kill_and_wait), 10) == 3
    assert noted(tmp_path, "web") != before
    assert processes.collect(python(tmp_path, "demo", "print('[1]')"), 10) == "[1]\n"
    assert processes.collect(python(tmp_path, "demo", "print('[1]'); raise SystemExit(1)"), 10) == ""
    assert processes.once(python(tmp_path, "demo", SLEEP), 0.3) is None


def test_leftovers_of_a_killed_supervisor_are_ended_and_strangers_spared(tmp_path: Path) -> None:
    note = tmp_path / "grandchild"
    ours = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(PARENT), str(note)], start_new_session=True, stdout=subprocess.DEVNULL
    )
    stranger = subprocess.Popen([sys.executable, "-c", SLEEP], start_new_session=True)
    try:
        while not note.exists() or not note.read_text():
            time.sleep(0.02)
        run = tmp_path / "run"
        run.mkdir()
        (run / "web.pid").write_text(f"{ours.pid}\n")
        created = psutil.Process(ours.pid).create_time()
        notes = {
            "web": {"pid": ours.pid, "created": created},
            # the number was noted for another process, started an hour earlier
            "worker": {"pid": stranger.pid, "created": psutil.Process(stranger.pid).create_time() - 3600},
        }
        (run / "processes.json").write_text(json.dumps(notes))
        end_leftovers(run)
        assert gone(ours.pid)
        assert gone(int(note.read_text()))
        assert stranger.poll() is None
        assert not (run / "web.pid").exists()
    finally:
        for process in (ours, stranger):
            process.kill()
            process.wait()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel tells of a parent's death on Linux only")
def test_children_do_not_outlive_a_killed_supervisor(tmp_path: Path) -> None:
    code = f"""
        import sys, time
        from pathlib import Path
        from crowdfund.processes import Processes, Program
        processes = Processes(Path({str(tmp_path)!r}), print)
        processes.start(Program("web", [sys.executable, "-c", {SLEEP!r}], {{}}, Path.cwd()))
        time.sleep(60)
    """
    parent = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)])
    pid_file = tmp_path / "run" / "web.pid"
    while not pid_file.exists() and parent.poll() is None:
        time.sleep(0.02)
    child = int(pid_file.read_text())
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 5
    while not gone(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert gone(child)


BUSY = """
import psycopg, sys
with psycopg.connect(host=sys.argv[1], user="postgres", dbname="postgres") as connection:
    connection.execute("SELECT count(*) FROM generate_series(1, 1000000000)")
"""


@pytest.fixture
def durable(short_dir: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(short_dir)
    server.start()
    yield server
    server.stop()


def test_the_embedded_database_survives_kill_9_of_itself(durable: EmbeddedPostgres, short_dir: Path) -> None:
    assert durable._process is not None
    with durable.connect() as connection:
        connection.execute("CREATE TABLE kept (x int)")
        connection.execute("INSERT INTO kept VALUES (1)")
        busy = subprocess.Popen([sys.executable, "-c", BUSY, str(durable.socket)], stderr=subprocess.DEVNULL)
        count = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT count(*) FROM generate%'"
        while connection.execute(count).fetchone() == (0,):
            time.sleep(0.02)
        durable._process.kill()
    again = EmbeddedPostgres(short_dir)
    try:
        again.start()
        with again.connect() as connection:
            assert connection.execute("SELECT x FROM kept").fetchall() == [(1,)]
    finally:
        again.stop()
        assert busy.wait(10) != 0  # its question died with the server


def test_a_long_folder_gets_a_short_socket(short_dir: Path) -> None:
    deep = short_dir / ("a" * 100)
    server = EmbeddedPostgres(deep, fast=True)
    server.start()
    try:
        assert len(str(server.socket)) < 85
        assert server.socket.stat().st_mode & 0o077 == 0
        with server.connect() as connection:
            assert connection.execute("SELECT lower('ÉÀ'), current_setting('listen_addresses')").fetchone() == (
                "éà",
                "",
            )
    finally:
        server.stop()


def test_only_dispatch_audit_and_backup_see_past_row_security(cluster: EmbeddedPostgres) -> None:
    cluster.bootstrap()  # again: nothing changes
    with cluster.connect() as connection:
        rows = connection.execute(
            "SELECT rolname, rolcanlogin, rolbypassrls, rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication "
            "FROM pg_roles WHERE rolname LIKE 'cimaise%' ORDER BY 1"
        ).fetchall()
    assert rows == [
        ("cimaise_app", True, False, False),
        ("cimaise_audit", True, True, False),
        ("cimaise_backup", False, True, False),
        ("cimaise_dispatch", False, True, False),
        ("cimaise_owner", True, False, False),
        ("cimaise_public", False, False, False),
    ]


def test_a_plan_names_the_wrong_setting(tmp_path: Path) -> None:
    data = {"DATA_DIR": str(tmp_path)}
    with pytest.raises(ConfigError, match="PORT must be a number"):
        Plan.from_environ({**data, "PORT": "eight"})
    with pytest.raises(ConfigError, match="PORT must be a number"):
        Plan.from_environ({**data, "PORT": "65530"})
    with pytest.raises(ConfigError, match="DATABASE_OWNER_URL must be set"):
        Plan.from_environ({**data, "DATABASE_URL": "postgresql://app@db/cimaise"})


def test_a_plan_leaves_out_what_the_settings_replace(tmp_path: Path) -> None:
    base = free_base()
    whole = Plan.from_environ({"DATA_DIR": str(tmp_path), "PORT": str(base)})
    assert whole.ports() == [base, base + SIMULATOR, base + SMTP, base + MAILBOX]
    assert [program.name for program in whole.doubles()] == ["simulator", "mailbox"]
    assert whole.environ["PUBLIC_URL"] == f"http://127.0.0.1:{base}"
    served = Plan.from_environ(
        {
            "DATA_DIR": str(tmp_path),
            "PORT": str(base),
            "DATABASE_URL": "postgresql://app@db/cimaise",
            "DATABASE_OWNER_URL": "postgresql://owner@db/cimaise",
            "SMTP_URL": "smtp://mail.example:587",
        }
    )
    assert served.embedded is None
    assert [program.name for program in served.doubles()] == ["simulator"]
    assert "user:hidden" not in welcome(served, [], 1.0)


def test_the_welcome_shows_one_museum_and_what_its_people_share(tmp_path: Path) -> None:
    plan = Plan.from_environ({"DATA_DIR": str(tmp_path)})
    people = [
        {
            "museum": museum,
            "role": role,
            "name": role.title(),
            "email": f"{role}@{museum}.example",
            "password": "four words",
        }
        for museum, role in (("val", "owner"), ("aub", "owner"), ("aub", "desk"))
    ]
    text = welcome(plan, people, 4.26)
    assert "ready after 4.3 s" in text
    assert "owner@aub.example" in text
    assert "desk@aub.example" in text
    assert "val.example" not in text
    assert text.count("four words") == 1
    assert "1 more: .venv/bin/flask demo credentials" in text


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    plan = Plan.from_environ({"DATA_DIR": str(tmp_path), "PORT": str(free_base())})
    assert plan.taken_port() is None
    with socket.socket() as other:
        other.bind(("127.0.0.1", plan.port + SMTP))
        other.listen()
        assert not is_free(plan.port + SMTP)
        assert plan.taken_port() == plan.port + SMTP


@pytest.mark.parametrize(
    ("status", "said", "starts"),
    [
        (200, '{"ready": true, "reasons": []}', True),
        (503, '{"ready": false, "reasons": ["outbox"]}', True),  # told too late, by the house that is being started
        (503, '{"ready": false, "reasons": ["migrations", "outbox"]}', False),
        (503, "<h1>No database</h1>", False),
        (500, "[]", False),
    ],
)
def test_a_house_starts_with_facts_left_waiting(tmp_path: Path, status: int, said: str, *, starts: bool) -> None:
    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(said.encode())

        def log_message(self, *_: object) -> None:
            """Keep silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as door:
        threading.Thread(target=door.serve_forever, daemon=True).start()
        supervisor = Supervisor(Plan.from_environ({"DATA_DIR": str(tmp_path), "PORT": str(door.server_port)}))
        assert supervisor._is_ready() is starts
        supervisor.processes.close()
        door.shutdown()
