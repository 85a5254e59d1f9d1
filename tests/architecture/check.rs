//! Finds the paths that break the tables of `rules`, and whatever would hide one.

use super::names::{
    Import, Module, Names, Scope, Target, attributes_of, imports_of, is_test_only, module_of,
    parts_of, plain,
};
use super::rules::{NO_VERBS, Owned, is_room, may_import};
use super::signatures::is_kept_out;
use super::tokens::{is_std_macro, sets_path};
use std::collections::BTreeSet;
use syn::visit::{self, Visit};
use syn::{Attribute, ImplItem, Item, Visibility};

/// One file: its path below `src/`, with `/`, and its text.
#[derive(Clone)]
pub struct Source {
    pub path: String,
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    pub file: String,
    pub line: usize,
    pub what: String,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "src/{}:{}: {}", self.file, self.line, self.what)
    }
}

/// A file that was read, or the reason why it can't be.
pub struct Parsed {
    pub path: String,
    syntax: Result<syn::File, Finding>,
}

impl Parsed {
    pub fn of(source: &Source) -> Parsed {
        let syntax = syn::parse_file(&source.text).map_err(|error| Finding {
            file: source.path.clone(),
            line: error.span().start().line,
            what: format!("cannot be parsed: {error}"),
        });
        Parsed {
            path: source.path.clone(),
            syntax,
        }
    }
}

impl Parsed {
    /// Its syntax, where it could be read.
    pub fn syntax(&self) -> Option<&syn::File> {
        self.syntax.as_ref().ok()
    }
}

/// All that breaks the rules, by file and line.
pub fn check<'a>(files: impl IntoIterator<Item = &'a Parsed> + Clone) -> BTreeSet<Finding> {
    let mut findings = BTreeSet::new();
    let mut names = Names::default();
    for file in files.clone() {
        match &file.syntax {
            Ok(syntax) => names.add(&file.path, syntax),
            Err(finding) => {
                findings.insert(finding.clone());
            }
        }
    }
    for file in files {
        let module = module_of(&file.path);
        let Ok(syntax) = &file.syntax else { continue };
        if names.is_for_tests(&module) {
            continue;
        }
        let mut file = File {
            names: &names,
            path: &file.path,
            module,
            blocks: Vec::new(),
            shown: None,
            findings: &mut findings,
        };
        file.check_place(syntax);
        file.visit_file(syntax);
    }
    findings
}

pub struct File<'a> {
    pub(super) names: &'a Names,
    pub(super) path: &'a str,
    pub(super) module: Module,
    pub(super) blocks: Vec<Scope>,
    /// Inside a public signature: its name.
    pub(super) shown: Option<String>,
    pub(super) findings: &'a mut BTreeSet<Finding>,
}

impl File<'_> {
    pub(super) fn report(&mut self, line: usize, what: String) {
        self.findings.insert(Finding {
            file: self.path.to_owned(),
            line,
            what,
        });
    }

    fn check_place(&mut self, syntax: &syn::File) {
        match self.module.first() {
            None => {
                for item in &syntax.items {
                    if !matches!(item, Item::Mod(module) if module.content.is_none())
                        && !is_test_only(attributes_of(item))
                    {
                        let line = line_of(item);
                        self.report(line, "lib.rs is the list of rooms and nothing else".into());
                    }
                }
            }
            Some(room) if !is_room(room) => {
                let what = format!("`{room}` is no room of the table");
                self.report(1, what);
            }
            Some(_) => {}
        }
    }

    /// Checks what a path means: its rooms, its verb, its owner.
    pub(super) fn check_path(&mut self, path: &[String], line: usize) {
        let meaning = self.names.resolve(&self.module, &self.blocks, path);
        let written = path.join("::");
        let mut steps = meaning.through;
        match meaning.target {
            Target::Ours(target) => steps.push(target),
            Target::Outside(target) => self.check_owner(&target, &written, line),
            Target::Unknown => {}
        }
        for step in &steps {
            self.check_step(step, &written, line);
        }
    }

    fn check_step(&mut self, step: &[String], written: &str, line: usize) {
        let Some(from) = self.module.first().cloned() else {
            return;
        };
        let Some(to) = step.first() else { return };
        if !is_room(to) {
            let what = format!("`{to}` is no room of the table ({written})");
            self.report(line, what);
        } else if !may_import(&from, to) {
            let what = format!("room {from} must not import room {to} ({written})");
            self.report(line, what);
        }
        if let ([_, here, ..], [room, verb, ..]) = (&self.module[..], step)
            && from == "commands"
            && room == "commands"
            && here != verb
            && !NO_VERBS.contains(&verb.as_str())
            && self.names.has_module(&step[..2])
        {
            let what = format!("verb {here} must not import verb {verb} ({written})");
            self.report(line, what);
        }
    }

    fn check_owner(&mut self, target: &[String], written: &str, line: usize) {
        if let Some(row) = Owned::of(target)
            && !row.allows(self.path)
        {
            let owner = match row.owners {
                [] => "nobody".to_owned(),
                owners if owners.len() > 3 => "other rooms".to_owned(),
                owners => owners.join(", "),
            };
            let what = format!(
                "{} belongs to {owner} ({written}): {}",
                row.path.join("::"),
                row.instead
            );
            self.report(line, what);
        }
    }

    /// Checks one name of a `use`: what every path must hold, and what only an import can hide.
    pub(super) fn check_import(&mut self, import: &Import, visibility: &Visibility) {
        let Import { path, name, line } = import;
        self.check_path(path, *line);
        let written = path.join("::");
        match self.names.resolve(&self.module, &self.blocks, path).target {
            Target::Ours(target) if target.is_empty() || target == ["main"] => {
                let what = format!("imports the crate's root, which hides the rooms ({written})");
                self.report(*line, what);
            }
            Target::Outside(target) => {
                let hidden = Owned::below(&target).filter(|row| !row.allows(self.path));
                if target == ["std", "include"] || target == ["core", "include"] {
                    self.report(*line, "`include!` hides code from this test".into());
                } else if let (None, Some(row)) = (name, hidden) {
                    let what = format!("the glob hides {} ({written})", row.path.join("::"));
                    self.report(*line, what);
                } else if name.is_none() && is_kept_out(&target) {
                    let what = format!("name what you import, no glob of {written}");
                    self.report(*line, what);
                }
                let row = Owned::of(&target).or(Owned::below(&target));
                if let Some(row) = row
                    && let Some(seen) = self.seen_from(visibility)
                    && !row.covers(&seen)
                {
                    let what = format!(
                        "`pub use` passes {} on to those who do not own it ({written})",
                        row.path.join("::")
                    );
                    self.report(*line, what);
                }
            }
            _ => {}
        }
    }
}

fn line_of(item: &Item) -> usize {
    use syn::spanned::Spanned;
    item.span().start().line
}

impl<'ast> Visit<'ast> for File<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if is_test_only(attributes_of(item)) {
            return;
        }
        match item {
            Item::ExternCrate(item) => {
                let line = item.extern_token.span.start().line;
                let what = format!("`extern crate {}` hides a crate", item.ident);
                self.report(line, what);
            }
            Item::Verbatim(tokens) => self.scan(tokens.clone()),
            _ => {}
        }
        self.check_item_signature(item);
        visit::visit_item(self, item);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        for attribute in &item.attrs {
            self.visit_attribute(attribute);
        }
        let Some((_, items)) = &item.content else {
            return;
        };
        self.module.push(plain(&item.ident));
        // A module inside a function is in no file's tree.
        let local = !self.names.has_module(&self.module);
        let outer = std::mem::take(&mut self.blocks);
        if local {
            self.blocks.push(Scope::of(items));
        }
        for item in items {
            self.visit_item(item);
        }
        self.blocks = outer;
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        for import in imports_of(item) {
            self.check_import(&import, &item.vis);
        }
    }

    fn visit_item_macro(&mut self, item: &'ast syn::ItemMacro) {
        for attribute in &item.attrs {
            self.visit_attribute(attribute);
        }
        self.visit_macro(&item.mac);
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        let attributes: &[Attribute] = match item {
            ImplItem::Const(item) => &item.attrs,
            ImplItem::Fn(item) => &item.attrs,
            ImplItem::Type(item) => &item.attrs,
            ImplItem::Macro(item) => &item.attrs,
            _ => &[],
        };
        if !is_test_only(attributes) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_block(&mut self, block: &'ast syn::Block) {
        let items = block.stmts.iter().filter_map(|statement| match statement {
            syn::Stmt::Item(item) => Some(item),
            _ => None,
        });
        self.blocks.push(Scope::of(items));
        visit::visit_block(self, block);
        self.blocks.pop();
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let parts = parts_of(path);
        let line = path
            .segments
            .first()
            .map_or(1, |segment| segment.ident.span().start().line);
        if parts.len() > 1 {
            self.check_path(&parts, line);
        }
        self.check_shown(&parts, line);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        let parts = parts_of(&item.path);
        let line = item.bang_token.span.start().line;
        self.check_macro_name(&parts, line);
        if parts.len() > 1 && !is_std_macro(&parts) {
            self.check_path(&parts, line);
        }
        self.scan(item.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        let line = attribute.pound_token.span.start().line;
        if attribute.path().is_ident("doc") {
            return;
        }
        if attribute.path().is_ident("path") {
            self.report(line, "`#[path]` hides where a module lies".into());
        }
        let parts = parts_of(attribute.path());
        if parts.len() > 1 {
            self.check_path(&parts, line);
        }
        if let syn::Meta::List(list) = &attribute.meta {
            if attribute.path().is_ident("cfg_attr") && sets_path(list.tokens.clone()) {
                self.report(line, "`#[path]` hides where a module lies".into());
            }
            self.scan_serde(&list.tokens);
            self.scan(list.tokens.clone());
        }
    }

    /// `pub(super)` names no room.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}
}
