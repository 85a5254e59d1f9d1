//! Tests of register: how a new version, an old one and a no are told, and why nothing was kept.

#![cfg(test)]

use super::*;
use crate::commands::example::{OPERATION, call, minute, model, screen, standing, text, version};
use crate::domain::metric::Task;
use crate::domain::names::NameSyntax;
use crate::domain::operation::OperationKind;
use crate::store::StoreError;
use crate::ui::colour::Palette;
use crate::ui::exit::ExitStatus;
use crate::workflows::switching::{Party, SwitchError, example};

#[test]
fn every_failure_has_its_code_and_its_remedy() {
    let tell = |error| problem(&call(&["register", "m"]), Path::new("model.bin"), error);
    let taken = RegisterError::NameTaken {
        name: "v1".parse().unwrap(),
        model: "churn".to_owned(),
    };
    let busy = StoreError::Busy {
        path: "m.db".into(),
    };
    let cause = io::Error::other("the cable was pulled");
    let name = NameSyntax::Reserved("latest".to_owned(), "version");
    for (error, code, exit) in [
        (taken, "MG0601", 3),
        (RegisterError::Stopped, "MG0110", 130),
        (RegisterError::Source(cause), "MG0501", 1),
        (RegisterError::Name(name), "MG0107", 2),
        (SwitchError::NoOperation(OPERATION).into(), "MG0209", 10),
        (busy.into(), "MG0404", 11),
    ] {
        let problem = tell(error);
        assert_eq!(
            (problem.code, problem.exit.code()),
            (code, exit),
            "{problem}"
        );
        assert!(problem.render(Palette::plain()).lines().count() <= 4);
        match code {
            "MG0601" => assert_eq!(
                problem.hints,
                ["choose another id, or look at it: `modelguard show v1`"]
            ),
            "MG0501" => {
                assert_eq!(problem.message, "model.bin can't be read");
                assert_eq!(problem.causes, ["the cable was pulled"]);
            }
            _ => {}
        }
    }
}

fn kept(created: bool) -> Kept {
    Kept {
        is_plan_told: false,
        model: model(Task::Regression),
        registered: Registered {
            version: version("v1", 1),
            created,
            stored_bytes: 700,
            operation: created.then_some(OPERATION),
            switched: None,
        },
        switched: None,
        undo_command: None,
        actor: "ann".to_owned(),
        reference: None,
    }
}

#[test]
fn the_answer_is_the_name_alone_so_that_a_script_can_take_it() {
    for created in [true, false] {
        assert_eq!(text(&kept(created)), "v1\n");
        assert_eq!(kept(created).exit(), ExitStatus::Ok);
    }
    assert_eq!(
        kept(true).aside(&screen()),
        "Registered model.bin (1.50 kB)\n"
    );
    assert_eq!(
        kept(false).aside(&screen()),
        "model.bin was registered before as v1\n"
    );
}

#[test]
fn a_version_that_was_there_changes_nothing() {
    let data = kept(true).data();
    assert_eq!(
        (&data["created"], &data["changed"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(data["operation_id"], "op_41");
    assert_eq!(
        (&data["size_bytes"], &data["stored_bytes"]),
        (&json!(1_500), &json!(700))
    );
    assert_eq!(data["artifact_blake3"], "07".repeat(32));
    let data = kept(false).data();
    assert_eq!(
        (&data["created"], &data["changed"]),
        (&json!(false), &json!(false))
    );
    assert_eq!(data["operation_id"], Value::Null);
    assert_eq!(data["alias"], Value::Null);
}

#[test]
fn an_old_version_that_takes_an_alias_is_a_change() {
    let party = Party {
        version: version("v1", 1),
        bad: false,
        standing: standing(None),
        reference: None,
    };
    let alias = "production".parse().unwrap();
    let kind = OperationKind::Promote;
    let plan = example::plan(
        model(Task::Regression),
        alias,
        kind,
        (None, Some(party)),
        minute(1),
    );
    let mut report = kept(false);
    report.switched = Some(Switched {
        plan,
        operation: Some(OPERATION),
        stack: vec!["v1".parse().unwrap()],
    });
    report.undo_command = Some("modelguard undo op_41".to_owned());
    let data = report.data();
    assert_eq!(
        (&data["created"], &data["changed"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(data["alias"]["to_version"], "v1");
    assert_eq!(data["alias"]["undo_command"], "modelguard undo op_41");
    let said = report.aside(&screen());
    assert!(
        said.ends_with("Promoted v1 (was nobody). undo: modelguard undo op_41\n"),
        "{said}"
    );
}

#[test]
fn a_no_to_the_alias_registers_nothing_and_keeps_every_key() {
    let no = Unchanged {
        model: model(Task::Regression),
    };
    assert_eq!(text(&no), "", "no name goes to stdout");
    assert_eq!(no.aside(&screen()), "Nothing changed.\n");
    assert_eq!(no.exit(), ExitStatus::Ok);
    let keys = |data: Value| -> Vec<String> { data.as_object().unwrap().keys().cloned().collect() };
    assert_eq!(keys(no.data()), keys(kept(true).data()));
    assert_eq!(no.data()["changed"], false);
}

#[test]
fn what_passes_is_counted_and_a_stop_ends_the_copy() {
    let mut counted = 0;
    let mut bytes = Vec::new();
    let mut tick = |written: usize| {
        counted += written;
        counted < 10
    };
    let mut out = Ticking {
        out: &mut bytes,
        tick: &mut tick,
    };
    let copied = io::copy(&mut &[1_u8; 9][..], &mut out);
    assert_eq!(copied.unwrap(), 9);
    assert!(io::copy(&mut &[1_u8; 9][..], &mut out).is_err());
    assert_eq!(counted, 18);
}
