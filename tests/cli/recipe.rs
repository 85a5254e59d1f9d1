//! `recipe`: each snippet is read as its program reads it, and what it would run is run, in a folder with a nasty name.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::{Run, Sandbox, finish};

const NASTY: &str = "it's 5% of {{all}} {%x%} $HOME; \"q\" \\%";

const NAMES: [&str; 9] = [
    "cron",
    "systemd",
    "airflow",
    "github",
    "gitlab",
    "windows",
    "nagios",
    "prometheus",
    "python",
];

/// A project of recorded metrics in a folder with a nasty name, and the program in another one.
struct Nasty {
    sandbox: Sandbox,
    program: PathBuf,
}

impl Nasty {
    /// The version below is good; the one that is live has that R² for a baseline of 0.8.
    fn new(r2: &str) -> Self {
        let sandbox = Sandbox::empty();
        std::fs::create_dir(sandbox.file(NASTY)).unwrap();
        let programs = sandbox.file("b %in");
        std::fs::create_dir(&programs).unwrap();
        let program = programs.join("modelguard");
        std::fs::copy(env!("CARGO_BIN_EXE_modelguard"), &program).unwrap();
        let run = |line: &str| sandbox.run_in(NASTY, line).expect(0);
        run("init --model m --task regression --preset original");
        for (name, r2) in [("v1", "0.8"), ("v2", r2)] {
            std::fs::write(sandbox.file(NASTY).join("m.bin"), name).unwrap();
            run(&format!(
                "register m.bin --version-id {name} --metric r2={r2} --metric rmse=10"
            ));
            run(&format!("promote {name} --yes"));
        }
        Self { sandbox, program }
    }

    fn recipe(&self, name: &str) -> String {
        let mut command = self.sandbox.command(&["recipe", name]);
        let program = Command::new(&self.program);
        let environment: Vec<_> = command
            .get_envs()
            .filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned())))
            .collect();
        command = program;
        command
            .args(["recipe", name])
            .current_dir(self.sandbox.file(NASTY))
            .env_clear()
            .envs(environment)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let run = finish(&["recipe", name], command, &[]).expect(0);
        assert_eq!(run.stderr, "", "{run:#?}");
        run.stdout
    }

    /// Runs words from the root in a bare environment, as a scheduler does. The state folder is the sandbox's.
    fn bare(&self, words: &[&str]) -> Run {
        let mut command = Command::new(words[0]);
        command
            .args(&words[1..])
            .current_dir("/")
            .env_clear()
            .env("HOME", "/")
            .env("SHELL", "/bin/sh")
            .env("XDG_STATE_HOME", self.sandbox.state())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        finish(words, command, &[])
    }

    /// Runs a script with a shell, in the sandbox's folder and with its tools.
    fn script(&self, shell: &[&str], script: &str, variables: &[(&str, &str)]) -> Run {
        let mut command = Command::new(shell[0]);
        command
            .args(&shell[1..])
            .arg(script)
            .current_dir(self.sandbox.path())
            .env("XDG_STATE_HOME", self.sandbox.state())
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        finish(&[script], command, &[])
    }

    fn live(&self) -> String {
        let run = self.sandbox.run_in(NASTY, "status --json").expect(0);
        let document = run.document();
        let live = &document["data"]["models"][0]["production"]["version"];
        live.as_str().unwrap().to_owned()
    }

    fn words(&self, more: &[&str]) -> Vec<String> {
        let folder = std::fs::canonicalize(self.sandbox.file(NASTY)).unwrap();
        let program = std::fs::canonicalize(&self.program).unwrap();
        let first = [program.to_str().unwrap(), "-C", folder.to_str().unwrap()];
        first
            .iter()
            .chain(more)
            .map(|word| (*word).to_owned())
            .collect()
    }
}

/// Says what the machine lacks for a test; it counts as passed.
fn not_tested(why: &str) {
    let _ = writeln!(std::io::stderr(), "NOT TESTED: {why}");
}

/// Whether a program of the system is there; a test that can't do without says so.
fn has(program: &str) -> bool {
    let found = Command::new("sh")
        .args(["-c", &format!("command -v {program}")])
        .stdout(Stdio::null())
        .status()
        .unwrap()
        .success();
    if !found {
        not_tested(&format!("there is no {program} here"));
    }
    found
}

/// What cron makes of a line: the five fields, and the command behind them, up to an unescaped `%`.
///
/// `collapses` is a cron that also makes one backslash of two.
fn crontab(line: &str, collapses: bool) -> (Vec<String>, String) {
    let mut rest = line;
    let mut fields = Vec::new();
    for _ in 0..5 {
        let (field, behind) = rest.split_once([' ', '\t']).unwrap();
        fields.push(field.to_owned());
        rest = behind.trim_start();
    }
    let mut command = String::new();
    let mut characters = rest.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, characters.peek().copied()) {
            ('%', _) => break,
            ('\\', Some('%')) => command.push(characters.next().unwrap()),
            ('\\', Some('\\')) if collapses => command.push(characters.next().unwrap()),
            ('\\', Some(_)) => {
                command.push('\\');
                command.push(characters.next().unwrap());
            }
            (other, _) => command.push(other),
        }
    }
    (fields, command)
}

#[test]
fn the_line_of_cron_runs_from_the_root_in_a_bare_environment() {
    let nasty = Nasty::new("0.6");
    let text = nasty.recipe("cron");
    let lines: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(lines.len(), 1, "{text}");
    let (fields, command) = crontab(lines[0], false);
    assert_eq!(fields, ["17", "*", "*", "*", "*"]);
    assert_eq!(crontab(lines[0], true).1, command);
    assert!(
        command.ends_with(" monitor --auto-rollback -q"),
        "{command}"
    );
    let hourly = || nasty.bare(&["/bin/sh", "-c", &command]);
    let acted = hourly().expect(5);
    assert!(
        acted.stdout.contains("Rolled back to v1 (was v2)"),
        "{acted:#?}"
    );
    assert_eq!(acted.stderr, "");
    assert_eq!(nasty.live(), "v1");
    // No version lies below v1, so that nothing can be said: no mail.
    let silent = hourly().expect(4);
    assert_eq!((silent.stdout.as_str(), silent.stderr.as_str()), ("", ""));
    // The undo of the mail can be pasted.
    let undo = acted
        .stdout
        .split("undo: ")
        .nth(1)
        .unwrap()
        .lines()
        .next()
        .unwrap();
    let undo = undo.replacen("modelguard", &format!("'{}'", nasty.program.display()), 1);
    nasty
        .bare(&["/bin/sh", "-c", &format!("{undo} --yes")])
        .expect(0);
    assert_eq!(nasty.live(), "v2");
    // An error is always mailed.
    std::fs::remove_file(nasty.sandbox.file(NASTY).join("modelguard.db")).unwrap();
    let failed = hourly().expect(10);
    assert!(failed.stderr.contains("MG0201"), "{failed:#?}");
}

/// The units of the recipe: file name and text.
fn units(text: &str) -> Vec<(String, String)> {
    let mut units: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        if let Some(path) = line.strip_prefix("# /etc/systemd/system/") {
            units.push((path.to_owned(), String::new()));
        } else if let Some((_, unit)) = units.last_mut() {
            unit.push_str(&format!("{line}\n"));
        }
    }
    units
}

/// What systemd makes of a command line.
fn of_systemd(line: &str) -> Vec<String> {
    let (mut words, mut word, mut inside) = (Vec::new(), None::<String>, false);
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        let text = word.get_or_insert_default();
        match character {
            '"' => inside = !inside,
            '\\' => text.push(characters.next().unwrap()),
            ' ' if !inside => words.push(word.take().unwrap()),
            other => text.push(other),
        }
    }
    words.extend(word);
    let expanded = |(index, word): (usize, &String)| {
        let word = word.replace("%%", "%");
        if index == 0 {
            word
        } else {
            let parts: Vec<_> = word.split("$$").collect();
            let bare = parts.iter().any(|part| part.contains('$'));
            assert!(!bare, "systemd would put a variable into {word}");
            parts.join("$")
        }
    };
    words.iter().enumerate().map(expanded).collect()
}

#[test]
fn the_units_of_systemd_pass_its_own_check_and_run() {
    let nasty = Nasty::new("0.6");
    let units = units(&nasty.recipe("systemd"));
    let names: Vec<_> = units
        .iter()
        .map(|(name, _)| name.rsplit('.').next().unwrap())
        .collect();
    assert_eq!(names, ["service", "timer", "service"]);
    let service = &units[0].1;
    assert!(service.contains("\nSuccessExitStatus=4 5\n"));
    assert!(service.contains(&format!("\nOnFailure={}\n", units[2].0)));
    let command = service
        .lines()
        .find_map(|line| line.strip_prefix("ExecStart="))
        .unwrap();
    let words = of_systemd(command);
    assert_eq!(words, nasty.words(&["monitor", "--auto-rollback"]));
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    nasty.bare(&words).expect(5);
    assert_eq!(nasty.live(), "v1");

    if !has("systemd-analyze") {
        return;
    }
    let folder = nasty.sandbox.file("units");
    std::fs::create_dir(&folder).unwrap();
    let paths: Vec<_> = units
        .iter()
        .map(|(name, unit)| {
            std::fs::write(folder.join(name), unit).unwrap();
            folder.join(name).display().to_string()
        })
        .collect();
    let verify = |paths: &[String]| {
        let mut command = Command::new("systemd-analyze");
        command
            .args(["verify", "--man=no"])
            .args(paths)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        finish(&["systemd-analyze"], command, &[])
    };
    let run = verify(&paths).expect(0);
    assert_eq!(run.stderr, "", "{run:#?}");
    // It would have noticed a quotation that is wrong.
    std::fs::write(folder.join(&units[0].0), service.replace("%%in", "%in")).unwrap();
    let run = verify(&paths);
    assert!(run.status != 0 || !run.stderr.is_empty(), "{run:#?}");
}

/// Stands for Airflow, and prints what it was given.
const AIRFLOW: &str = r#"
import json, sys, types

def module(name, **names):
    made = types.ModuleType(name)
    made.__dict__.update(names)
    sys.modules[name] = made

class DAG:
    def __init__(self, **given):
        self.given = given
    def __enter__(self):
        return self
    def __exit__(self, *_):
        return False

def BashOperator(**given):
    given["execution_timeout"] = given["execution_timeout"].total_seconds()
    print(json.dumps(given))

for name in ["airflow", "airflow.providers", "airflow.providers.standard", "airflow.providers.standard.operators"]:
    module(name)
module("airflow.sdk", DAG=DAG)
module("airflow.providers.standard.operators.bash", BashOperator=BashOperator)
exec(compile(open(sys.argv[1]).read(), sys.argv[1], "exec"))
"#;

#[test]
fn the_dag_of_airflow_compiles_and_its_command_skips_what_cannot_be_decided() {
    let nasty = Nasty::new("0.6");
    let text = nasty.recipe("airflow");
    assert!(text.contains("\n    schedule=\"17 * * * *\",\n"));
    if !has("python3") {
        return;
    }
    let path = nasty.sandbox.write("dag.py", text.as_bytes());
    let path = path.to_str().unwrap();
    nasty
        .script(&["python3", "-m", "py_compile"], path, &[])
        .expect(0);
    let stub = nasty.sandbox.write("stub.py", AIRFLOW.as_bytes());
    let run = nasty
        .script(&["python3", stub.to_str().unwrap()], path, &[])
        .expect(0);
    let task: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(
        (&task["retries"], &task["skip_on_exit_code"]),
        (&json!(0), &json!(99))
    );
    let command = task["bash_command"].as_str().unwrap();
    // Airflow reads it as a template of Jinja first, and a name that ends so as a file.
    for read in ["{{", "{%", "{#"] {
        assert!(!command.contains(read), "{command}");
    }
    assert!(!command.ends_with(".sh") && !command.ends_with(".bash"));
    let task = || nasty.bare(&["/bin/sh", "-c", command]);
    let acted = task().expect(5);
    let document: Value = serde_json::from_str(acted.stdout.lines().last().unwrap()).unwrap();
    assert_eq!(document["data"]["models"][0]["action"]["to_version"], "v1");
    assert_eq!(acted.stderr, "", "stderr would be the last line");
    let skipped = task().expect(99);
    let document: Value = serde_json::from_str(&skipped.stdout).unwrap();
    assert_eq!(document["exit_code"], 4);
}

/// The text of each `|` block of a YAML document that the shell runs.
fn blocks(text: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if !line.ends_with(" |") {
            continue;
        }
        let indent = line.len() - line.trim_start().len() + 1;
        let mut block = String::new();
        while let Some(line) = lines.next_if(|line| line.len() - line.trim_start().len() >= indent)
        {
            block.push_str(&format!("{}\n", line.trim_start()));
        }
        blocks.push(block);
    }
    blocks
}

/// Python reads the text as YAML and gives it as JSON; `None` where it can't.
fn yaml(nasty: &Nasty, text: &str) -> Option<Value> {
    if !has("python3") {
        return None;
    }
    let path = nasty.sandbox.write("job.yml", text.as_bytes());
    let program =
        "import sys, yaml, json; print(json.dumps(yaml.safe_load(open(sys.argv[1])), default=str))";
    let run = nasty.script(&["python3", "-c", program], path.to_str().unwrap(), &[]);
    if run.status != 0 && run.stderr.contains("No module named 'yaml'") {
        not_tested("python3 has no yaml here");
        return None;
    }
    serde_json::from_str(&run.expect(0).stdout).unwrap()
}

#[test]
fn the_job_of_github_fails_for_a_degraded_version_and_for_nothing_else() {
    let nasty = Nasty::new("0.6");
    let text = nasty.recipe("github");
    if let Some(job) = yaml(&nasty, &text) {
        let steps = job["jobs"]["modelguard"]["steps"].as_array().unwrap();
        assert_eq!(steps.len(), 2);
        let run = steps[0]["run"].as_str().unwrap();
        assert_eq!(run, blocks(&text)[0]);
        assert!(!run.contains("${{"), "{run}");
    }
    let blocks = blocks(&text);
    assert_eq!(blocks.len(), 2, "{text}");
    let summary = nasty.sandbox.file("summary.md").display().to_string();
    let step = |index: usize| {
        let variables = [("GITHUB_STEP_SUMMARY", summary.as_str())];
        let shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"];
        nasty.script(&shell, &blocks[index], &variables)
    };
    if !has("bash") || !has("jq") {
        return;
    }
    step(0).expect(3);
    let told = std::fs::read_to_string(&summary).unwrap();
    assert!(told.starts_with("```\nm  v2  degraded"), "{told}");
    assert!(told.ends_with("\n```\n"), "{told}");
    // The newest is the live one.
    step(1).expect(0);
    nasty.sandbox.run_in(NASTY, "rollback --yes").expect(0);
    // Of v1 nothing can be said, which is no failure; the newest is worse than it by what was recorded.
    step(0).expect(0);
    let worse = nasty
        .sandbox
        .run_in(NASTY, "compare latest --json")
        .expect(0);
    let is_worse = worse.document()["data"]["overall"] == "b_better";
    step(1).expect(i32::from(is_worse));
    assert!(is_worse, "the test should see a failure: {worse:#?}");
    std::fs::remove_file(nasty.sandbox.file(NASTY).join("modelguard.db")).unwrap();
    step(0).expect(10);
    step(1).expect(10);
}

#[test]
fn the_job_of_gitlab_fails_for_a_degraded_version_and_warns_of_no_verdict() {
    let nasty = Nasty::new("0.6");
    let text = nasty.recipe("gitlab");
    if let Some(job) = yaml(&nasty, &text) {
        assert_eq!(job["modelguard"]["allow_failure"]["exit_codes"], 4);
        assert_eq!(job["modelguard"]["script"][0], blocks(&text)[0]);
    }
    let blocks = blocks(&text);
    assert_eq!(blocks.len(), 1, "{text}");
    if !has("bash") || !has("jq") {
        return;
    }
    let job = || nasty.script(&["bash", "-c"], &blocks[0], &[]);
    job().expect(3);
    nasty.sandbox.run_in(NASTY, "rollback --yes").expect(0);
    job().expect(1);
    nasty
        .sandbox
        .run_in(NASTY, "retire v2 --reason worse")
        .expect(0);
    job().expect(4);
    let check = std::fs::read_to_string(nasty.sandbox.file("check.txt")).unwrap();
    assert!(check.contains("insufficient data"), "{check}");
}

#[test]
fn the_task_of_windows_is_xml_whose_arguments_part_as_they_should() {
    let nasty = Nasty::new("0.6");
    let text = nasty.recipe("windows");
    if !has("python3") {
        return;
    }
    let path = nasty.sandbox.write("task.xml", text.as_bytes());
    let program = "\
import sys, json, xml.etree.ElementTree as tree
names = {'t': 'http://schemas.microsoft.com/windows/2004/02/mit/task'}
run = tree.parse(sys.argv[1]).getroot().find('t:Actions/t:Exec', names)
print(json.dumps([run.find('t:Command', names).text, run.find('t:Arguments', names).text]))";
    let run = nasty
        .script(&["python3", "-c", program], path.to_str().unwrap(), &[])
        .expect(0);
    let parts: Vec<String> = serde_json::from_str(&run.stdout).unwrap();
    let words = nasty.words(&["monitor", "--auto-rollback", "-q", "--exit-map", "4=0,5=0"]);
    assert_eq!(parts[0], words[0]);
    // Python joins words by the rules of Windows.
    let program =
        "import sys, json, subprocess; print(subprocess.list2cmdline(json.loads(sys.argv[1])))";
    let words = serde_json::to_string(&words[1..]).unwrap();
    let run = nasty
        .script(&["python3", "-c", program], &words, &[])
        .expect(0);
    assert_eq!(parts[1], run.stdout.trim_end());
}

#[test]
fn the_command_of_nagios_ends_with_its_numbers() {
    let nasty = Nasty::new("0.6");
    let text = nasty.recipe("nagios");
    let line = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("command_line"));
    let line = line.unwrap().trim();
    // A bare `;` begins a comment.
    assert!(!line.replace(r"\;", "").contains(';'), "{line}");
    let command = line.replace(r"\;", ";").replace("$$", "$");
    let check = || nasty.bare(&["/bin/sh", "-c", &command]);
    let critical = check().expect(2);
    assert!(
        critical.stdout.starts_with("m  v2  degraded"),
        "{critical:#?}"
    );
    nasty.sandbox.run_in(NASTY, "rollback --yes").expect(0);
    check().expect(3);
    std::fs::remove_file(nasty.sandbox.file(NASTY).join("modelguard.db")).unwrap();
    check().expect(3);
}

#[test]
fn the_script_for_prometheus_writes_one_sample_a_line() {
    let nasty = Nasty::new("0.6");
    let text = nasty.recipe("prometheus");
    if !has("jq") {
        return;
    }
    nasty.sandbox.run_in(NASTY, "check").expect(3);
    let path = nasty.sandbox.write("collect.sh", text.as_bytes());
    let folder = nasty.sandbox.file("textfile");
    std::fs::create_dir(&folder).unwrap();
    let folder = folder.to_str().unwrap();
    let collect = || nasty.script(&["/bin/sh", path.to_str().unwrap()], folder, &[]);
    collect().expect(0);
    let files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(files.len(), 1, "{files:?}");
    assert!(files[0].extension().is_some_and(|ending| ending == "prom"));
    let samples = std::fs::read_to_string(&files[0]).unwrap();
    let find = |name: &str| {
        let beginning = format!("modelguard_{name}{{model=\"m\"}} ");
        let line = samples
            .lines()
            .find_map(|line| line.strip_prefix(beginning.as_str()));
        line.unwrap_or_else(|| panic!("no {name} in {samples}"))
            .parse::<f64>()
            .unwrap()
    };
    assert_eq!(
        [find("live"), find("degraded"), find("healthy")].map(|value| value as i64),
        [1, 1, 0]
    );
    assert_eq!(find("alerts_open") as i64, 1);
    let checked = find("checked_timestamp_seconds") as u64;
    assert!(
        checked.abs_diff(crate::support::BEGINNING) < 60,
        "{samples}"
    );
    // Where it fails, the file of before stays.
    std::fs::remove_file(nasty.sandbox.file(NASTY).join("modelguard.db")).unwrap();
    collect().expect(10);
    assert_eq!(std::fs::read_to_string(&files[0]).unwrap(), samples);
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 1);
}

#[test]
fn the_split_in_python_keeps_its_share_and_asks_for_the_verdict() {
    let nasty = Nasty::new("0.6");
    let text = nasty.recipe("python");
    if !has("python3") {
        return;
    }
    let path = nasty.sandbox.write("split.py", text.as_bytes());
    nasty
        .script(
            &["python3", "-m", "py_compile"],
            path.to_str().unwrap(),
            &[],
        )
        .expect(0);
    let verdict = || nasty.script(&["python3"], path.to_str().unwrap(), &[]);
    assert_eq!(verdict().expect(0).stdout, "degraded\n");
    let program = "\
import split
answers = [split.alias_for(key) for key in range(20000)]
assert answers == [split.alias_for(key) for key in range(20000)]
print(answers.count('@challenger'), len(set(answers)))";
    let run = nasty.script(&["python3", "-c"], program, &[]).expect(0);
    let counts: Vec<u32> = run
        .stdout
        .split_whitespace()
        .map(|count| count.parse().unwrap())
        .collect();
    assert!((1_800..2_200).contains(&counts[0]), "{counts:?}");
    assert_eq!(counts[1], 2);
    std::fs::remove_file(nasty.sandbox.file(NASTY).join("modelguard.db")).unwrap();
    assert!(verdict().expect(1).stderr.contains("MG0201"));
}

#[test]
fn a_snippet_chooses_what_this_run_chose() {
    let (sandbox, _) = Sandbox::with_versions(1);
    let cron = |variables: &[(&str, &str)], line: &str| {
        let run = sandbox.run_with(line, |command| {
            command.envs(variables.iter().copied());
        });
        run.expect(0).stdout.lines().last().unwrap().to_owned()
    };
    let here = std::fs::canonicalize(sandbox.path())
        .unwrap()
        .display()
        .to_string();
    let plain = cron(&[], "recipe cron");
    assert!(plain.contains(&format!(" -C {here} monitor ")), "{plain}");
    std::fs::create_dir(sandbox.file("sub")).unwrap();
    let from_below = sandbox.run_in("sub", "-C .. recipe cron").expect(0).stdout;
    assert!(
        from_below
            .lines()
            .last()
            .unwrap()
            .ends_with(" monitor --auto-rollback -q")
    );
    let named = cron(
        &[],
        "recipe cron --db modelguard.db --config modelguard.toml -m churn",
    );
    let words = format!(
        " -C {here} --config {here}/modelguard.toml --db {here}/modelguard.db -m churn monitor "
    );
    assert!(named.contains(&words), "{named}");
    let variables = [
        ("MODELGUARD_DB", "modelguard.db"),
        ("MODELGUARD_MODEL", "churn"),
    ];
    let chosen = cron(&variables, "recipe cron");
    assert!(
        chosen.contains(&format!(" --db {here}/modelguard.db -m churn monitor ")),
        "{chosen}"
    );
    for name in NAMES {
        let data = sandbox.json(&format!("recipe {name}"));
        assert_eq!(data["name"], name);
        assert_eq!(data["text"], sandbox.ok(&format!("recipe {name}")).stdout);
        sandbox.leaves_the_store(&format!("recipe {name}"), 0);
    }
    sandbox.fails("recipe jenkins", 2, "MG0101");
    sandbox.fails("recipe", 2, "MG0101");
}

#[test]
fn several_models_are_all_monitored_and_one_of_them_is_checked() {
    let sandbox = Sandbox::new();
    sandbox.ok("init --model prices --task regression");
    for name in ["cron", "systemd", "airflow", "windows"] {
        assert!(
            sandbox
                .ok(&format!("recipe {name}"))
                .stdout
                .contains("monitor --auto-rollback --all")
        );
        let one = sandbox.ok(&format!("recipe {name} -m churn")).stdout;
        assert!(
            one.contains("-m churn monitor --auto-rollback") && !one.contains("--all"),
            "{one}"
        );
    }
    for name in ["github", "gitlab", "nagios", "python"] {
        sandbox
            .fails(&format!("recipe {name}"), 2, "MG0103")
            .tells("churn, prices");
        assert!(
            sandbox
                .ok(&format!("recipe {name} -m prices"))
                .stdout
                .contains("prices")
        );
    }
    sandbox.ok("recipe prometheus");
}

#[test]
fn what_has_to_be_done_first_is_said() {
    let sandbox = Sandbox::empty();
    sandbox.ok("recipe cron").tells("modelguard init");
    let data = sandbox.ok("recipe cron --json").document();
    assert_eq!(data["warnings"][0]["code"], "no_store");
    // A policy that leads elsewhere needs trust, by the user of the job.
    sandbox.write("modelguard.toml", b"[store]\npath = \"../elsewhere.db\"\n");
    let run = sandbox.ok("recipe cron");
    let here = std::fs::canonicalize(sandbox.path()).unwrap();
    let trust = format!(" -C {} config trust", here.display());
    assert!(run.stderr.contains(&trust), "{run:#?}");
    assert!(
        run.stdout
            .contains("\n# once, as this user, and after each edit of the policy: ")
            && run.stdout.contains(&trust),
        "{run:#?}"
    );
    let explicit = sandbox.ok("recipe cron --config modelguard.toml");
    assert!(!explicit.stdout.contains("config trust"), "{explicit:#?}");
    sandbox.write("modelguard.toml", b"[check]\ntreshold = 4\n");
    sandbox.fails("recipe cron", 2, "MG0303");
}

#[test]
fn the_job_finds_the_trust_that_was_given_where_xdg_state_home_was_set() {
    let sandbox = Sandbox::new();
    let channel = "[[notify]]\nkind = \"command\"\ncommand = [\"sh\", \"-c\", \"cat > told\"]\n";
    sandbox.write("modelguard.toml", channel.as_bytes());
    sandbox.ok("config trust --yes");
    let path = sandbox.register("model");
    sandbox.ok(&format!("promote {path} --yes"));
    let run = sandbox.ok("recipe cron");
    assert!(!run.stdout.contains("once, as this user"), "{run:#?}");
    assert!(run.stdout.contains("after each edit of it: "), "{run:#?}");
    assert_eq!(run.stderr, "", "it is trusted: {run:#?}");
    let line = run.stdout.lines().find(|line| line.starts_with("17 "));
    let (_, command) = crontab(line.unwrap(), false);
    let shell = |command: &str| {
        let mut shell = Command::new("/bin/sh");
        shell
            .args(["-c", command])
            .current_dir("/")
            .env_clear()
            .env("HOME", "/")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        finish(&[command], shell, &[])
    };
    let run = shell(&command);
    assert_eq!(run.status, 4, "the bare job was not trusted: {run:#?}");
    let state = std::fs::canonicalize(sandbox.state()).unwrap();
    for name in NAMES.into_iter().filter(|name| *name != "windows") {
        let snippet = sandbox.ok(&format!("recipe {name}")).stdout;
        let folder = state.to_str().unwrap();
        let carried = format!("XDG_STATE_HOME={folder}");
        assert!(snippet.contains(&carried), "{name}: {snippet}");
    }
    // The task of Windows begins with the program, and its arguments with where it runs.
    let task = sandbox.ok("recipe windows").stdout;
    assert!(task.contains("<Arguments>-C "), "{task}");
    // A policy that stays in its folder needs nothing of it.
    sandbox.write("modelguard.toml", b"");
    let run = sandbox.ok("recipe cron");
    assert!(!run.stdout.contains("XDG_STATE_HOME"), "{run:#?}");
}

#[test]
fn a_unit_of_nobody_has_the_home_folder_in_which_the_trust_was_given() {
    let sandbox = Sandbox::new();
    let channel = "[[notify]]\nkind = \"command\"\ncommand = [\"sh\", \"-c\", \"cat > told\"]\n";
    let version = sandbox.register("model");
    sandbox.ok(&format!("promote {version} --yes"));
    sandbox.write("modelguard.toml", channel.as_bytes());
    let home = std::fs::canonicalize(sandbox.path()).unwrap();
    let home = home.with_file_name("h 100% \"$A\" \\");
    std::fs::create_dir(&home).unwrap();
    let run = |line: &str| {
        sandbox.run_with(line, |command| {
            command
                .env("HOME", &home)
                .env_remove("XDG_STATE_HOME")
                .env_remove("USER");
        })
    };
    let once = "\n# once, as this user, and after each edit of the policy: ";
    let untrusted = run("recipe systemd").expect(0).stdout;
    assert!(untrusted.contains(once), "{untrusted}");
    run("config trust --yes").expect(0);
    let text = run("recipe systemd").expect(0).stdout;
    assert!(!text.contains(once), "{text}");
    assert!(
        text.contains("\n# The policy is trusted as it stands; "),
        "{text}"
    );
    let service = &units(&text)[0].1;
    let line = |key: &str| {
        let found = service.lines().find_map(|line| line.strip_prefix(key));
        found.unwrap_or_else(|| panic!("no {key} in {service}"))
    };
    let variables = of_systemd(line("Environment="));
    assert_eq!(variables, [format!("HOME={}", home.display())]);
    let words = of_systemd(line("ExecStart="));
    let job = |variables: &[String]| {
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).current_dir("/").env_clear();
        command.envs(variables.iter().filter_map(|text| text.split_once('=')));
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        finish(&["the unit"], command, &[])
    };
    job(&variables).expect(4);
    assert_ne!(job(&[]).status, 4, "it needs no HOME");
    // A unit that names its user gets the home folder from systemd.
    let named = sandbox.ok("recipe systemd").stdout;
    assert!(named.contains("\nUser=tester\n"), "{named}");
    assert!(!named.contains("Environment="), "{named}");
}

#[test]
fn a_path_that_no_snippet_can_carry_is_refused() {
    let sandbox = Sandbox::empty();
    for name in ["line\nfeed", "tab\tstop"] {
        std::fs::create_dir(sandbox.file(name)).unwrap();
        let run = sandbox.run_words(&["-C", name, "recipe", "cron"]).expect(2);
        assert!(run.stderr.contains("MG0107"), "{run:#?}");
        assert_eq!(run.stdout, "");
    }
}

#[test]
fn a_project_with_seasons_has_a_job_for_them_every_hour() {
    let (sandbox, _) = Sandbox::with_versions(1);
    let lines = |line: &str| {
        let text = sandbox.ok(line).stdout;
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(lines("recipe cron").len(), 1);
    sandbox.ok("promote latest --yes");
    let cold = sandbox.register("cold");
    sandbox.ok(&format!("alias set winter {cold} --yes"));
    sandbox.write("modelguard.toml", b"[season]\nwinter = \"11-01\"\n");
    let text = sandbox.ok("recipe systemd").stdout;
    let job = "season apply --all --yes -q\n";
    assert_eq!(text.matches(job).count(), 1, "{text}");
    assert_eq!(text.matches("-season.timer").count(), 2, "{text}");
    // Midnight in UTC is at any hour of a local day.
    let timer = "[Timer]\nOnCalendar=*-*-* *:07:00\n";
    assert_eq!(text.matches(timer).count(), 1, "{text}");
    let cron = lines("recipe cron");
    assert_eq!(cron.len(), 2, "{cron:?}");
    let (fields, command) = crontab(&cron[1], false);
    assert_eq!(fields, ["7", "*", "*", "*", "*"]);
    assert!(command.ends_with(job.trim_end()), "{command}");
    let hour = || {
        let mut shell = Command::new("/bin/sh");
        shell
            .args(["-c", &command])
            .current_dir("/")
            .env_clear()
            .env("XDG_STATE_HOME", sandbox.state())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        finish(&[&command], shell, &[]).expect(0)
    };
    let first = hour();
    assert!(first.stdout.contains("Promoted "), "{first:#?}");
    assert_eq!(sandbox.holder("production"), Some(cold));
    for _ in 0..3 {
        let run = hour();
        assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
    }
}

#[test]
fn one_job_applies_the_seasons_of_all_models_also_of_one_that_comes_later() {
    let (sandbox, _) = Sandbox::with_versions(1);
    let jobs = |line: &str| {
        let text = sandbox.ok(line).stdout;
        let jobs = text.lines().filter(|line| line.contains(" season apply "));
        let jobs = jobs.map(|line| line[line.find(" season ").unwrap()..].to_owned());
        jobs.collect::<Vec<_>>()
    };
    let all = [" season apply --all --yes -q"];
    let own = b"[models.a-b.season]\nwinter = \"11-01\"\n";
    sandbox.write("modelguard.toml", own);
    assert_eq!(jobs("recipe cron").len(), 0, "no model has them");
    for model in ["a-b", "a_b"] {
        sandbox.ok(&format!("init --model {model} --task regression"));
    }
    for own in ["[models.a-b.season]", "[models.a_b.season]", "[season]"] {
        let policy = format!("{own}\nwinter = \"11-01\"\n");
        sandbox.write("modelguard.toml", policy.as_bytes());
        for name in ["cron", "systemd"] {
            assert_eq!(jobs(&format!("recipe {name}")), all, "{name} {own}");
        }
        let units = sandbox.ok("recipe systemd").stdout;
        let services = units.matches("-season.service\n").count();
        assert_eq!(services, 1, "{units}");
    }
    // Who names a model gets the job of that one.
    for line in ["recipe cron -m a_b", "recipe systemd -m a_b"] {
        assert_eq!(jobs(line), [" season apply --yes -q"], "{line}");
    }
    sandbox.write("modelguard.toml", own);
    assert_eq!(jobs("recipe cron -m a_b").len(), 0);
}

#[test]
fn a_job_is_said_to_need_the_variables_that_channels_read() {
    let (sandbox, _) = Sandbox::with_versions(1);
    let channel = |key: &str| {
        format!(
            "[[notify]]\nkind = \"webhook\"\nname = \"{key}\"\n{key}\ntoken_env = \"HOOK_TOKEN\"\n"
        )
        .replace(
            &format!("name = \"{key}\""),
            &format!("name = \"n{}\"", key.len()),
        )
    };
    let warnings = |policy: &str| {
        sandbox.write("modelguard.toml", policy.as_bytes());
        let warnings = sandbox.run("recipe cron --json").expect(0).document()["warnings"].take();
        let warnings = warnings.as_array().unwrap().clone().into_iter();
        let needed = warnings.filter(|warning| warning["code"] == "variables_needed");
        needed
            .map(|warning| warning["text"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let named = warnings(&(channel("url_env = \"HOOK\"") + &channel("url_file = \"hook\"")));
    assert_eq!(named.len(), 1, "{named:?}");
    assert!(named[0].contains(" HOOK, HOOK_TOKEN,"), "{named:?}");
    let in_files = "[[notify]]\nkind = \"slack\"\nurl_file = \"hook\"\n";
    assert_eq!(warnings(in_files), [""; 0]);
}
