//! Tests of the inbox: what waits, what moves, and that no move ever lands on another file or loses a newer one.
#![cfg(test)]

use std::path::PathBuf;

use super::moving::name_for;
use super::*;
use crate::domain::time::Length;

struct Scene {
    _keep: tempfile::TempDir,
    folder: PathBuf,
}

const NO_TIME: Length = Length::from_seconds(0);

impl Scene {
    fn new(files: &[&str]) -> Self {
        let keep = tempfile::tempdir().unwrap();
        let folder = keep.path().join("inbox");
        fs::create_dir(&folder).unwrap();
        let scene = Self {
            _keep: keep,
            folder,
        };
        for name in files {
            scene.write(name, name);
        }
        scene
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// As a service does it: a new file, renamed over the old one.
    fn rename_in(&self, name: &str, text: &str) {
        self.write(".new.tmp", text);
        fs::rename(self.folder.join(".new.tmp"), self.folder.join(name)).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join(name)).unwrap_or_else(|_| "-".to_owned())
    }

    fn visit(&self) -> Inbox {
        Inbox::visit(&self.folder, NO_TIME).unwrap()
    }

    fn waiting(&self) -> Vec<String> {
        let waiting = look(&self.folder).unwrap().waiting.into_iter();
        waiting.map(|name| name.into_string().unwrap()).collect()
    }

    fn names(&self, folder: &str) -> Vec<String> {
        let entries = entries(&self.folder.join(folder)).unwrap_or_default();
        let names = entries.into_iter();
        names.map(|(name, _)| name.into_string().unwrap()).collect()
    }
}

/// A name with `#` for the eight letters that are a file's own.
fn plain(name: &str) -> String {
    let is_mark =
        |part: &&str| part.len() == 8 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let parts = name
        .split('.')
        .map(|part| if is_mark(&part) { "#" } else { part });
    parts.collect::<Vec<_>>().join(".")
}

/// The text of the one file whose name that is.
fn text_of(scene: &Scene, folder: &str, name: &str) -> String {
    let names = scene.names(folder).into_iter();
    let found: Vec<_> = names.filter(|found| plain(found) == name).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    fs::read_to_string(scene.folder.join(folder).join(&found[0])).unwrap()
}

fn done(inbox: &Inbox, name: &str) -> PathBuf {
    let watched = inbox.watch(name.as_ref()).unwrap().unwrap();
    let claimed = inbox.claim(name.as_ref(), &watched).unwrap().unwrap();
    claimed.done().unwrap()
}

#[test]
fn finished_files_wait_in_the_order_of_their_names_and_nothing_else_does() {
    let scene = Scene::new(&[
        "b.csv",
        "a.csv",
        "B.csv",
        ".hidden",
        "x.csv.tmp",
        "y.PART",
        "done/c.csv",
        "rejected/d",
    ]);
    fs::create_dir(scene.folder.join("sub")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("a.csv", scene.folder.join("link.csv")).unwrap();
    let listing = look(&scene.folder).unwrap();
    assert_eq!(scene.waiting(), ["B.csv", "a.csv", "b.csv"]);
    let odd: Vec<_> = listing.odd.iter().map(|(_, what)| *what).collect();
    if cfg!(unix) {
        assert_eq!(odd, ["a symbolic link", "a folder"]);
    }
    assert!(matches!(
        *look(&scene.folder.join("no")).unwrap_err().kind,
        FileErrorKind::Missing
    ));
}

#[test]
fn a_name_that_is_taken_gets_letters_of_its_own_and_nothing_is_overwritten() {
    for (name, ending) in [
        ("a.csv", "csv"),
        ("a.csv.gz", "csv.gz"),
        ("a.CSV.ZST", "CSV.ZST"),
        ("a", ""),
        ("a.gz", "gz"),
    ] {
        let scene = Scene::new(&[]);
        let mut places = Vec::new();
        for text in ["one", "two", "three"] {
            scene.rename_in(name, text);
            places.push((done(&scene.visit(), name), text));
        }
        assert_eq!(scene.names(DONE).len(), 3);
        for (index, (place, text)) in places.iter().enumerate() {
            assert_eq!(fs::read_to_string(place).unwrap(), *text);
            let wanted = if index == 0 {
                name.to_owned()
            } else {
                format!("a.#.{ending}")
            };
            let got = plain(place.file_name().unwrap().to_str().unwrap());
            assert_eq!(got, wanted.trim_end_matches('.'));
        }
        assert_eq!(scene.waiting(), [""; 0]);
        assert_eq!(scene.names(CLAIMED), [""; 0]);
    }
}

#[test]
fn a_taken_name_is_found_in_one_go_and_counts_on_where_even_that_is_taken() {
    let scene = Scene::new(&["a.csv"]);
    let file = scene.folder.join("a.csv");
    let name = |number| name_for(&file, "a.csv".as_ref(), number, 255).unwrap();
    let (second, third) = (name(1), name(2));
    assert_eq!(plain(second.to_str().unwrap()), "a.#.csv");
    assert_eq!(plain(third.to_str().unwrap()), "a.#.1.csv");
    // A move changes no letter of it: after a crash the same name is found again.
    fs::rename(&file, scene.folder.join("b")).unwrap();
    let moved = name_for(&scene.folder.join("b"), "a.csv".as_ref(), 1, 255).unwrap();
    assert_eq!(moved, second);
    fs::rename(scene.folder.join("b"), &file).unwrap();
    scene.write("done/a.csv", "x");
    scene.write(&format!("done/{}", second.display()), "y");
    assert!(done(&scene.visit(), "a.csv").ends_with(third));
}

#[test]
fn a_newer_file_of_the_same_name_stays_for_the_next_visit() {
    let scene = Scene::new(&["a.csv"]);
    let inbox = scene.visit();
    let watched = inbox.watch("a.csv".as_ref()).unwrap().unwrap();
    scene.rename_in("a.csv", "newer");
    assert!(inbox.claim("a.csv".as_ref(), &watched).unwrap().is_none());
    assert_eq!(scene.read("a.csv"), "newer");
    assert_eq!(scene.names(CLAIMED), [""; 0]);
    // Also where it has grown.
    let watched = inbox.watch("a.csv".as_ref()).unwrap().unwrap();
    scene.write("a.csv", "newer and longer");
    assert!(inbox.claim("a.csv".as_ref(), &watched).unwrap().is_none());
    assert_eq!(scene.read("a.csv"), "newer and longer");
    // And what is gone is nobody's.
    let watched = inbox.watch("a.csv".as_ref()).unwrap().unwrap();
    fs::remove_file(scene.folder.join("a.csv")).unwrap();
    assert!(inbox.claim("a.csv".as_ref(), &watched).unwrap().is_none());
    assert!(inbox.watch("a.csv".as_ref()).unwrap().is_none());
}

#[test]
fn a_claimed_file_goes_back_beside_a_newer_one() {
    let scene = Scene::new(&["a.csv"]);
    let inbox = scene.visit();
    let watched = inbox.watch("a.csv".as_ref()).unwrap().unwrap();
    let claimed = inbox.claim("a.csv".as_ref(), &watched).unwrap().unwrap();
    scene.rename_in("a.csv", "newer");
    claimed.put_back().unwrap();
    assert_eq!(scene.waiting().len(), 2);
    assert_eq!(text_of(&scene, ".", "a.#.csv"), "a.csv");
    assert_eq!(scene.read("a.csv"), "newer");
}

#[test]
fn what_an_ended_visitor_had_claimed_waits_again() {
    let scene = Scene::new(&[".taking/a.csv", ".taking/b.csv", "b.csv"]);
    scene.write("b.csv", "newer");
    assert_eq!(look(&scene.folder).unwrap().claimed_count, 2);
    drop(scene.visit());
    assert_eq!(scene.waiting().len(), 3);
    assert_eq!(scene.read("a.csv"), ".taking/a.csv");
    assert_eq!(scene.read("b.csv"), "newer");
    assert_eq!(text_of(&scene, ".", "b.#.csv"), ".taking/b.csv");
}

#[cfg(unix)]
#[test]
fn a_file_that_a_crash_left_under_both_names_is_one_file() {
    let scene = Scene::new(&["a.csv", "done/x"]);
    let (done_path, claimed) = (
        scene.folder.join("done/a.csv"),
        scene.folder.join(".taking/a.csv"),
    );
    fs::create_dir(scene.folder.join(CLAIMED)).unwrap();
    fs::hard_link(scene.folder.join("a.csv"), &done_path).unwrap();
    fs::rename(scene.folder.join("a.csv"), &claimed).unwrap();
    let inbox = scene.visit();
    assert_eq!(scene.waiting(), ["a.csv"]);
    assert_eq!(done(&inbox, "a.csv"), done_path);
    assert_eq!(scene.names(DONE), ["a.csv", "x"]);
    assert_eq!(scene.waiting(), [""; 0]);
}

#[test]
fn a_rejected_file_has_its_document_and_neither_lands_on_another() {
    let scene = Scene::new(&[]);
    let claimed = |inbox: &Inbox, mark: &str| {
        let watched = inbox.watch("a.csv".as_ref()).unwrap().unwrap();
        let claimed = inbox.claim("a.csv".as_ref(), &watched).unwrap().unwrap();
        let aside = Aside {
            claimed: &claimed,
            document: format!("why {mark}"),
            mark: mark.to_owned(),
        };
        let place = put_aside(&[aside]).remove(0).unwrap();
        plain(place.file_name().unwrap().to_str().unwrap())
    };
    let rejected = |text: &str, mark: &str| {
        scene.rename_in("a.csv", text);
        claimed(&scene.visit(), mark)
    };
    assert_eq!(rejected("one", "h1"), "a.csv");
    assert_eq!(rejected("two", "h2"), "a.#.csv");
    assert_eq!(scene.read("rejected/a.csv.error.json"), "why h1");
    assert_eq!(text_of(&scene, REJECTED, "a.#.csv.error.json"), "why h2");
    assert_eq!(rejected_count(&scene.folder).unwrap(), 2);
    scene.write("rejected/.a.csv.error.json.mg-7-0.tmp", "half a docum");
    // A crash came between the document and the file: the same file takes its document again, another one does not.
    scene.rename_in("a.csv", "three");
    let own = name_for(&scene.folder.join("a.csv"), "a.csv".as_ref(), 1, 255).unwrap();
    let document = format!("rejected/{}.error.json", own.display());
    scene.write(&document, "why h3");
    assert_eq!(claimed(&scene.visit(), "h3"), "a.#.csv");
    assert!(scene.folder.join("rejected").join(&own).is_file());
    scene.rename_in("a.csv", "four");
    let own = name_for(&scene.folder.join("a.csv"), "a.csv".as_ref(), 1, 255).unwrap();
    let document = format!("rejected/{}.error.json", own.display());
    scene.write(&document, "why another");
    assert_eq!(claimed(&scene.visit(), "h4"), "a.#.1.csv");
    assert_eq!(scene.read(&document), "why another");
    assert_eq!(rejected_count(&scene.folder).unwrap(), 4);
    let hidden = scene.names(REJECTED).into_iter();
    assert_eq!(hidden.filter(|name| name.starts_with('.')).count(), 0);
}

#[test]
fn a_file_is_refused_if_its_document_lies_beside_it() {
    let scene = Scene::new(&[
        "rejected/a.csv.error.json",
        "rejected/a.csv.error.json.error.json",
        "rejected/taken_away_to_be_mended.csv.error.json",
    ]);
    assert_eq!(rejected_count(&scene.folder).unwrap(), 1);
    assert_eq!(rejected_count(&scene.folder.join("none")).unwrap(), 0);
}

#[test]
fn one_visitor_at_a_time() {
    let scene = Scene::new(&["a.csv"]);
    let inbox = scene.visit();
    let second = Inbox::visit(&scene.folder, NO_TIME).unwrap_err();
    assert!(matches!(*second.kind, FileErrorKind::Locked { .. }));
    drop(inbox);
    drop(scene.visit());
    assert_eq!(scene.waiting(), ["a.csv"]);
}

#[cfg(unix)]
#[test]
fn a_link_leads_no_file_out_of_the_inbox() {
    let scene = Scene::new(&["a.csv", "other/x"]);
    let link = scene.folder.join(DONE);
    std::os::unix::fs::symlink("other", &link).unwrap();
    let inbox = scene.visit();
    let watched = inbox.watch("a.csv".as_ref()).unwrap().unwrap();
    let claimed = inbox.claim("a.csv".as_ref(), &watched).unwrap().unwrap();
    let refused = claimed.done().unwrap_err();
    assert!(matches!(*refused.kind, FileErrorKind::NotDirectory));
    claimed.put_back().unwrap();
    drop(inbox);
    assert_eq!(scene.names("other"), ["x"]);
    assert_eq!(scene.waiting(), ["a.csv"]);
    let lock = scene.folder.join(".modelguard.lock");
    fs::remove_file(&lock).unwrap();
    std::os::unix::fs::symlink("other/made", &lock).unwrap();
    assert!(Inbox::visit(&scene.folder, NO_TIME).is_err());
    assert_eq!(scene.names("other"), ["x"]);
}
