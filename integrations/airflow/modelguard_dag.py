"""Watches one model of modelguard every hour: check, compare, handle the alert.

Two DAGs, of which one is enough; a new DAG is paused until somebody unpauses it:

- modelguard_hourly: three tasks that hand their results on through XCom.
- modelguard_one_task: the same check in one task. Not enough data skips it; degraded fails it.

Airflow Variables, or their environment form AIRFLOW_VAR_MODELGUARD_PROJECT and so on:

- modelguard_project: the folder of the policy and the store, an absolute path; needed.
- modelguard_binary: the program; without it `modelguard` on the PATH of the worker.
- modelguard_model: the model, where the store has several.
- modelguard_email: who is told of a failed task, through Airflow's connection smtp_default; without it nobody.
"""

import json
from datetime import datetime, timedelta, timezone

from airflow.providers.smtp.notifications.smtp import SmtpNotifier
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, Variable, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException


def mail_failure(context):
    """Mails why a task failed; without an address nobody is told."""
    to = Variable.get("modelguard_email", default="")
    if to:
        SmtpNotifier(
            to=to,
            subject="{{ ti.dag_id }}.{{ ti.task_id }} failed",
            html_content="<p>{{ ti.dag_id }}.{{ ti.task_id }}, {{ run_id }}</p><pre>{{ exception | e }}</pre>",
        )(context)


# A retry would find what the first try has left: after a rollback a new tenure, "insufficient data", no failure.
# So nothing is tried again; the next hour is the next try.
COMMON = {
    "schedule": "@hourly",
    "start_date": datetime(2026, 1, 1, tzinfo=timezone.utc),
    "catchup": False,
    "max_active_runs": 1,
    "tags": ["modelguard"],
    "default_args": {
        "retries": 0,
        "execution_timeout": timedelta(minutes=10),
        "on_failure_callback": mail_failure,
    },
}

# Values reach the shell as variables and never as part of its text, so that no value needs quotes.
PROGRAM = {
    "BINARY": "{{ var.value.get('modelguard_binary', 'modelguard') }}",
    "PROJECT": "{{ var.value.modelguard_project }}",
    "MODELGUARD_MODEL": "{{ var.value.get('modelguard_model', '') }}",
}

with DAG("modelguard_hourly", doc_md=__doc__, **COMMON):
    # An exit status other than 0 would leave no XCom, so the verdicts end with 0 here and the document tells them
    # apart by its exit_code. A failure of the tool itself fails the task.
    check = BashOperator(
        task_id="check_performance",
        bash_command='"$BINARY" -C "$PROJECT" monitor --auto-rollback --json -q --exit-map zero',
        env=PROGRAM,
        append_env=True,
        output_processor=json.loads,
    )

    ACTION = "ti.xcom_pull(task_ids='check_performance')['data']['models'][0]['action']"
    # After a rollback: what was left and what it went back to. Else what is live and what lies below; 10 says that
    # nothing does, and skips.
    compare = BashOperator(
        task_id="compare_versions",
        bash_command='"$BINARY" -C "$PROJECT" compare "$LEFT" "$RIGHT" --json -q --exit-map 4=0,10=99',
        env={
            **PROGRAM,
            "LEFT": "{{ %s['from_version'] if %s['to_version'] else '@production' }}" % (ACTION, ACTION),
            "RIGHT": "{{ %s['to_version'] or '@production~1' }}" % ACTION,
        },
        append_env=True,
        output_processor=json.loads,
    )

    @task(task_id="handle_alert", trigger_rule="none_failed")
    def handle_alert(document, comparison):
        """Fails where a person has to know, skips where nobody can say, else succeeds."""
        model = document["data"]["models"][0]
        action = model["action"]
        live = action["from_version"] or "(nothing is live)"
        said = f"{model['model']} {live}: {document['verdict'].replace('_', ' ')}"
        if document["exit_code"] == 5:
            said += f", rolled back to {action['to_version']}. To take it back: {action['undo_command']}"
        elif document["exit_code"] == 6:
            said += ", and a rollback is wanted and impossible: nowhere to go"
        elif action["refused_by"]:
            said += f", and no rollback: {action['refused_by']}"
        for reason in (model["check"] or {}).get("reasons", []):
            said += f"\n{reason['text']}"
        if comparison:
            data = comparison["data"]
            said += f"\n{data['a']['version']} compared with {data['b']['version']}: {data['overall']}"
        if document["exit_code"] in (3, 5, 6):
            raise AirflowFailException(said)
        if document["exit_code"] == 4:
            raise AirflowSkipException(said)
        return said

    check >> compare
    handle_alert(check.output, compare.output)

with DAG("modelguard_one_task", doc_md=__doc__, **COMMON):
    # airflow: 4 (insufficient data) becomes 99, with which a task skips itself; 3, 5 and 6 stay and fail it.
    BashOperator(
        task_id="monitor",
        bash_command='"$BINARY" -C "$PROJECT" monitor --auto-rollback --exit-map airflow',
        env=PROGRAM,
        append_env=True,
    )
