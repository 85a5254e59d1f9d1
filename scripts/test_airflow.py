"""Runs both DAGs of integrations/airflow with `airflow dags test` and looks at what came of it.

Tasks and XComs are read from Airflow's own database, what is live from the program, mails from a server that runs here.
The stores hold the flights of fixtures/demo: a healthy week, a fault, and hours in which nobody can say yet.
"""

import email
import email.policy
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from aiosmtpd.controller import Controller

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "target" / "airflow" / "test"
HOME = WORK / "home"
DATA = ROOT / "fixtures" / "demo"
AIRFLOW = Path(sys.prefix) / "bin" / "airflow"
BINARY = sys.argv[1]
OLDER, NEWER = "20131101_090000", "20131104_090000"
WEEK, FAULT, HOURS = "2013-11-11T09:00:00Z", "2013-11-13T09:00:00Z", "2013-11-13T14:00:00Z"
TASKS = ("check_performance", "compare_versions", "handle_alert")


class Mailbox:
    """Keeps what a mail server is given."""

    def __init__(self):
        self.mails = []

    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.mails.append((envelope.rcpt_tos, str(mail["subject"]), mail.get_body(("html",)).get_content()))
        return "250 OK"


def modelguard(project, now, *words):
    """Runs the program; a verdict is no failure."""
    ran = subprocess.run(
        [BINARY, "-C", project, "--json", *words],
        env={**os.environ, "MODELGUARD_NOW": now},
        capture_output=True,
        text=True,
    )
    assert ran.returncode in (0, 3, 4, 5, 6), f"{words}: {ran.stderr}"
    return json.loads(ran.stdout)


def live(project):
    return modelguard(project, HOURS, "status")["data"]["models"][0]["production"]["version"]


def ingest(project, now, part):
    modelguard(project, now, "ingest", "predictions", f"{DATA}/{part}_live.csv")
    other = OLDER if live(project) == NEWER else NEWER
    modelguard(project, now, "ingest", "predictions", f"{DATA}/{part}_shadow.csv", "--version", other)
    modelguard(project, now, "ingest", "truth", f"{DATA}/{part}_truth.csv")


def register(project, now, name):
    modelguard(
        project, now, "register", f"{DATA}/{name}.json",
        "--metrics", f"{DATA}/metrics_{name}.json", "--reference", f"{DATA}/reference_{name}.csv",
    )  # fmt: skip
    modelguard(project, now, "promote", "latest", "--yes")


def make_store(name, versions=2):
    """A project whose name a shell would tear apart, with a week of healthy flights."""
    project = WORK / name
    project.mkdir(parents=True)
    began = "2013-11-01T09:00:00Z"
    modelguard(project, began, "init", "--model", "flights", "--task", "classification")
    if versions == 2:
        register(project, began, "clock_times")
    register(project, "2013-11-04T09:00:00Z", "feed_delay")
    return project


class Run:
    """One `airflow dags test`: the states of its tasks, their XComs, and the mails that it sent."""

    count = 0

    def __init__(self, dag, mailbox, now, **variables):
        Run.count += 1
        day = f"2026-02-{Run.count:02}"
        environment = {
            **os.environ,
            "MODELGUARD_NOW": now,
            "AIRFLOW_VAR_MODELGUARD_BINARY": BINARY,
            **{f"AIRFLOW_VAR_MODELGUARD_{name.upper()}": str(value) for name, value in variables.items()},
        }
        mailbox.mails.clear()
        began = time.monotonic()
        self.ran = subprocess.run(
            [AIRFLOW, "dags", "test", dag, day], env=environment, capture_output=True, text=True, cwd=WORK
        )
        print(f"  {dag} {day}: {time.monotonic() - began:.0f} s", flush=True)
        self.mails = list(mailbox.mails)
        base = sqlite3.connect(f"file:{HOME}/airflow.db?mode=ro", uri=True)
        here = "dag_id = ? AND run_id = (SELECT run_id FROM dag_run WHERE dag_id = ? ORDER BY id DESC LIMIT 1)"
        self.states = dict(base.execute(f"SELECT task_id, state FROM task_instance WHERE {here}", (dag, dag)))
        found = base.execute(f"SELECT task_id, value FROM xcom WHERE {here} AND key = 'return_value'", (dag, dag))
        self.xcoms = {task: json.loads(value) for task, value in found}
        base.close()

    def expect(self, what, found, wanted):
        if found != wanted:
            print(self.ran.stdout[-6000:], self.ran.stderr[-6000:], sep="\n", file=sys.stderr)
            sys.exit(f"{what}: {found!r}, not {wanted!r}")

    def expect_states(self, *states):
        self.expect("states", self.states, dict(zip(TASKS, states)))

    def expect_mails(self, *tasks):
        subjects = [subject for _, subject, _ in self.mails]
        self.expect("mails", subjects, [f"{task} failed" for task in tasks])
        for to, _, _ in self.mails:
            self.expect("recipient", to, ["on-call@localhost"])


def prepare_airflow(port):
    for name in [name for name in os.environ if name.startswith(("AIRFLOW", "MODELGUARD"))]:
        del os.environ[name]
    connection = {
        "conn_type": "smtp",
        "host": "127.0.0.1",
        "port": port,
        "extra": {"disable_ssl": True, "disable_tls": True, "from_email": "airflow@localhost"},
    }
    os.environ.update(
        AIRFLOW_HOME=str(HOME),
        AIRFLOW__CORE__LOAD_EXAMPLES="False",
        AIRFLOW__CORE__DAGS_FOLDER=str(HOME / "dags"),
        AIRFLOW_CONN_SMTP_DEFAULT=json.dumps(connection),
        AIRFLOW_VAR_MODELGUARD_EMAIL="on-call@localhost",
    )
    (HOME / "dags").mkdir(parents=True)
    shutil.copy(ROOT / "integrations" / "airflow" / "modelguard_dag.py", HOME / "dags")
    subprocess.run([AIRFLOW, "db", "migrate"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def test_story(mailbox):
    """A healthy week, a fault that is rolled back, and the first hours of the restored version."""
    project = make_store("fly 'ght; $(touch torn) \"s\"")
    ingest(project, WEEK, "1_week")
    print("healthy:", flush=True)
    run = Run("modelguard_hourly", mailbox, WEEK, project=project)
    run.expect_states("success", "success", "success")
    document = run.xcoms["check_performance"]
    run.expect("schema", document["schema"], "modelguard.monitor/1")
    run.expect("verdict", (document["verdict"], document["exit_code"]), ("healthy", 0))
    compared = run.xcoms["compare_versions"]["data"]
    run.expect("compared", (compared["a"]["version"], compared["b"]["version"]), (NEWER, OLDER))
    run.expect("said", run.xcoms["handle_alert"].startswith(f"flights {NEWER}: healthy"), True)
    run.expect_mails()
    run.expect("live", live(project), NEWER)

    print("degraded:", flush=True)
    ingest(project, FAULT, "2_fault")
    copy = WORK / "copy"
    shutil.copytree(project, copy)
    run = Run("modelguard_hourly", mailbox, FAULT, project=project)
    run.expect_states("success", "success", "failed")
    document = run.xcoms["check_performance"]
    run.expect("verdict", (document["verdict"], document["exit_code"]), ("degraded", 5))
    action = document["data"]["models"][0]["action"]
    run.expect("action", (action["status"], action["from_version"], action["to_version"]), ("done", NEWER, OLDER))
    compared = run.xcoms["compare_versions"]["data"]
    run.expect("compared", (compared["a"]["version"], compared["b"]["version"]), (NEWER, OLDER))
    run.expect("overall", compared["overall"], "b_better")
    run.expect("no XCom of a failure", "handle_alert" in run.xcoms, False)
    run.expect_mails("modelguard_hourly.handle_alert")
    said = run.mails[0][2]
    run.expect("mail", f"flights {NEWER}: degraded, rolled back to {OLDER}" in said and "undo op_" in said, True)
    run.expect("live", live(project), OLDER)

    print("insufficient:", flush=True)
    ingest(project, HOURS, "3_hours")
    run = Run("modelguard_hourly", mailbox, HOURS, project=project)
    # The rollback has taken the faulty version off the stack: nothing lies below any more.
    run.expect_states("success", "skipped", "skipped")
    document = run.xcoms["check_performance"]
    run.expect("verdict", (document["verdict"], document["exit_code"]), ("insufficient_data", 4))
    run.expect_mails()
    run.expect("live", live(project), OLDER)
    run = Run("modelguard_one_task", mailbox, HOURS, project=project)
    run.expect("99 skips", run.states, {"monitor": "skipped"})
    run.expect("no XCom", run.xcoms, {})
    run.expect_mails()
    run.expect("nothing was torn apart", list(WORK.rglob("torn")), [])

    print("degraded, in one task:", flush=True)
    run = Run("modelguard_one_task", mailbox, FAULT, project=copy)
    run.expect("states", run.states, {"monitor": "failed"})
    run.expect_mails("modelguard_one_task.monitor")
    run.expect("live", live(copy), OLDER)


def test_one_version(mailbox):
    """With nothing below there is nothing to compare with, and nowhere to go."""
    print("degraded, one version:", flush=True)
    project = make_store("one", versions=1)
    for part in ("1_week", "2_fault"):
        modelguard(project, FAULT, "ingest", "predictions", f"{DATA}/{part}_live.csv")
        modelguard(project, FAULT, "ingest", "truth", f"{DATA}/{part}_truth.csv")
    run = Run("modelguard_hourly", mailbox, FAULT, project=project, model="flights")
    run.expect_states("success", "skipped", "failed")
    run.expect("exit code", run.xcoms["check_performance"]["exit_code"], 6)
    run.expect_mails("modelguard_hourly.handle_alert")
    run.expect("mail", "nowhere to go" in run.mails[0][2], True)


def test_no_store(mailbox):
    """A failure of the tool itself is no verdict."""
    print("no store:", flush=True)
    (WORK / "nothing").mkdir()
    run = Run("modelguard_hourly", mailbox, FAULT, project=WORK / "nothing")
    run.expect_states("failed", "upstream_failed", "upstream_failed")
    run.expect("no XCom", run.xcoms, {})
    run.expect_mails("modelguard_hourly.check_performance")


def main():
    shutil.rmtree(WORK, ignore_errors=True)
    mailbox = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    server = Controller(mailbox, hostname="127.0.0.1", port=port)
    server.start()
    try:
        prepare_airflow(port)
        test_story(mailbox)
        test_one_version(mailbox)
        test_no_store(mailbox)
    finally:
        server.stop()
    print("The DAGs of integrations/airflow hold.")


main()
