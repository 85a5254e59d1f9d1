//! Finds what a path means: the module tree of the sources, their imports, and the walk through both.

use super::rules::LIBRARY;
use std::collections::{BTreeMap, BTreeSet};
use syn::{Attribute, Item, UseTree};

/// The path of a module from the crate's root; that of the program begins with `main`.
pub type Module = Vec<String>;

/// Re-exports of re-exports: deeper than any honest tree.
const DEEPEST: usize = 24;

/// One name of a `use` tree.
#[derive(Clone)]
pub struct Import {
    /// The path as written; an empty first part stands for a leading `::`.
    pub path: Vec<String>,
    /// The name it gets here; `None` for a glob.
    pub name: Option<String>,
    pub line: usize,
}

/// The names of a module or a block.
#[derive(Default)]
pub struct Scope {
    imports: BTreeMap<String, Vec<String>>,
    globs: Vec<Vec<String>>,
    types: BTreeSet<String>,
}

/// Where a path leads.
pub struct Meaning {
    pub target: Target,
    /// The modules of ours that it leads through, its own first.
    pub through: Vec<Module>,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Target {
    Ours(Vec<String>),
    Outside(Vec<String>),
    Unknown,
}

#[derive(Default)]
pub struct Names {
    modules: BTreeMap<Module, Scope>,
    only_tests: Vec<Module>,
}

/// The module that a file is: `store/mod.rs` and `store.rs` are `store`, `lib.rs` is the root.
pub fn module_of(file: &str) -> Module {
    let mut parts: Module = file
        .trim_end_matches(".rs")
        .split('/')
        .map(str::to_owned)
        .collect();
    if parts.last().is_some_and(|last| last == "mod") || parts == ["lib"] {
        parts.pop();
    }
    parts
}

/// Where `crate` leads from a module.
pub fn root_of(module: &[String]) -> Module {
    if module.first().is_some_and(|first| first == "main") {
        vec!["main".to_owned()]
    } else {
        Vec::new()
    }
}

pub fn parent_of(module: &[String]) -> Module {
    let root = root_of(module);
    if module.len() <= root.len() {
        root
    } else {
        module[..module.len() - 1].to_vec()
    }
}

/// Whether code is compiled for tests only: `#[test]`, `#[cfg(test)]`, `#[cfg(all(test, …))]`.
pub fn is_test_only(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("test")
            || attribute.path().is_ident("cfg")
                && attribute
                    .parse_args::<syn::Meta>()
                    .is_ok_and(|condition| asks_for_test(&condition))
    })
}

fn asks_for_test(condition: &syn::Meta) -> bool {
    match condition {
        syn::Meta::Path(path) => path.is_ident("test"),
        syn::Meta::List(list) if list.path.is_ident("all") => list
            .parse_args_with(
                syn::punctuated::Punctuated::<syn::Meta, syn::Token![,]>::parse_terminated,
            )
            .is_ok_and(|all| all.iter().any(asks_for_test)),
        _ => false,
    }
}

pub fn attributes_of(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::ForeignMod(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::TraitAlias(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// Flattens a `use` tree.
pub fn imports_of(item: &syn::ItemUse) -> Vec<Import> {
    let mut found = Vec::new();
    let start = if item.leading_colon.is_some() {
        vec![String::new()]
    } else {
        Vec::new()
    };
    flatten(&item.tree, start, &mut found);
    found
}

fn flatten(tree: &UseTree, mut path: Vec<String>, found: &mut Vec<Import>) {
    match tree {
        UseTree::Path(next) => {
            path.push(plain(&next.ident));
            flatten(&next.tree, path, found);
        }
        UseTree::Group(group) => {
            for tree in &group.items {
                flatten(tree, path.clone(), found);
            }
        }
        UseTree::Glob(glob) => found.push(Import {
            path,
            name: None,
            line: glob.star_token.spans[0].start().line,
        }),
        UseTree::Name(leaf) => {
            add_leaf(path, &leaf.ident, None, found);
        }
        UseTree::Rename(leaf) => {
            add_leaf(path, &leaf.ident, Some(plain(&leaf.rename)), found);
        }
    }
}

fn add_leaf(
    mut path: Vec<String>,
    ident: &proc_macro2::Ident,
    rename: Option<String>,
    found: &mut Vec<Import>,
) {
    let leaf = plain(ident);
    // `{self}` in a group is the path before it; alone, `self` and `super` are modules.
    if leaf != "self" || path.is_empty() {
        path.push(leaf);
    }
    let name = rename.or_else(|| path.last().cloned());
    found.push(Import {
        path,
        name,
        line: ident.span().start().line,
    });
}

/// An identifier without `r#`.
pub fn plain(ident: &proc_macro2::Ident) -> String {
    ident.to_string().trim_start_matches("r#").to_owned()
}

pub fn parts_of(path: &syn::Path) -> Vec<String> {
    let start = path.leading_colon.map(|_| String::new());
    start
        .into_iter()
        .chain(path.segments.iter().map(|segment| plain(&segment.ident)))
        .collect()
}

impl Scope {
    pub fn of<'a>(items: impl IntoIterator<Item = &'a Item>) -> Scope {
        let mut scope = Scope::default();
        for item in items {
            if is_test_only(attributes_of(item)) {
                continue;
            }
            match item {
                Item::Use(item) => scope.add(imports_of(item)),
                Item::Struct(item) => scope.add_type(&item.ident),
                Item::Enum(item) => scope.add_type(&item.ident),
                Item::Union(item) => scope.add_type(&item.ident),
                Item::Trait(item) => scope.add_type(&item.ident),
                Item::Type(item) => match &*item.ty {
                    // An alias is a rename: `type Connection = rusqlite::Connection`.
                    syn::Type::Path(path) if path.qself.is_none() => {
                        let name = plain(&item.ident);
                        scope.imports.insert(name, parts_of(&path.path));
                    }
                    _ => scope.add_type(&item.ident),
                },
                _ => {}
            }
        }
        scope
    }

    pub fn add(&mut self, imports: Vec<Import>) {
        for import in imports {
            match import.name {
                Some(name) => {
                    self.imports.insert(name, import.path);
                }
                None => self.globs.push(import.path),
            }
        }
    }

    fn add_type(&mut self, ident: &proc_macro2::Ident) {
        self.types.insert(plain(ident));
    }

    /// The imports or renames by `type` of this scope that have a name.
    pub fn import(&self, name: &str) -> Option<&Vec<String>> {
        self.imports.get(name)
    }
}

impl Names {
    pub fn add(&mut self, file: &str, syntax: &syn::File) {
        let module = module_of(file);
        if is_test_only(&syntax.attrs) {
            self.only_tests.push(module.clone());
        }
        self.add_module(module, &syntax.items);
    }

    fn add_module(&mut self, module: Module, items: &[Item]) {
        for item in items {
            let Item::Mod(inner) = item else { continue };
            let mut path = module.clone();
            path.push(plain(&inner.ident));
            if is_test_only(&inner.attrs) {
                if inner.content.is_none() {
                    self.only_tests.push(path);
                }
            } else if let Some((_, items)) = &inner.content {
                self.add_module(path, items);
            }
        }
        self.modules.insert(module, Scope::of(items));
    }

    /// Whether a file's module, or one above it, is declared for tests only.
    pub fn is_for_tests(&self, module: &[String]) -> bool {
        self.only_tests
            .iter()
            .any(|test| module.len() >= test.len() && module[..test.len()] == test[..])
    }

    pub fn has_module(&self, module: &[String]) -> bool {
        self.modules.contains_key(module)
    }

    /// What a path means inside a module and the blocks around it, the innermost last.
    pub fn resolve(&self, module: &[String], blocks: &[Scope], path: &[String]) -> Meaning {
        let mut through = Vec::new();
        let target = self.resolve_inside(module, blocks, path, None, &mut through, 0);
        Meaning { target, through }
    }

    /// `besides` is the import that is being resolved: it does not mean itself.
    fn resolve_inside(
        &self,
        module: &[String],
        blocks: &[Scope],
        path: &[String],
        besides: Option<&str>,
        through: &mut Vec<Module>,
        depth: usize,
    ) -> Target {
        let Some((first, rest)) = path.split_first() else {
            return Target::Ours(module.to_vec());
        };
        if depth > DEEPEST {
            return Target::Unknown;
        }
        match first.as_str() {
            "" if rest.first().is_some_and(|name| name == LIBRARY) => {
                self.walk(Vec::new(), &rest[1..], None, through, depth)
            }
            "" => Target::Outside(rest.to_vec()),
            "crate" => self.walk(root_of(module), rest, None, through, depth),
            "self" => self.walk(module.to_vec(), rest, None, through, depth),
            "super" => self.walk(parent_of(module), rest, None, through, depth),
            name => {
                for (at, block) in blocks.iter().enumerate().rev() {
                    if besides != Some(name)
                        && let Some(start) = block.import(name)
                    {
                        let whole: Vec<String> = start.iter().chain(rest).cloned().collect();
                        // The same block also resolves what its own imports begin with.
                        return self.resolve_inside(
                            module,
                            &blocks[..=at],
                            &whole,
                            Some(name),
                            through,
                            depth + 1,
                        );
                    }
                    for glob in &block.globs {
                        let from = self.resolve(module, &blocks[..at], glob).target;
                        if let Some(found) = self.in_glob(from, path, through, depth) {
                            return found;
                        }
                    }
                    if block.types.contains(name) {
                        return Target::Unknown;
                    }
                }
                if self.knows(module, name, besides, depth) {
                    self.walk(module.to_vec(), path, besides, through, depth)
                } else if name == LIBRARY {
                    self.walk(Vec::new(), rest, None, through, depth)
                } else {
                    Target::Outside(path.to_vec())
                }
            }
        }
    }

    /// Follows a path from a module, through children, imports and re-exports.
    fn walk(
        &self,
        mut module: Module,
        path: &[String],
        besides: Option<&str>,
        through: &mut Vec<Module>,
        depth: usize,
    ) -> Target {
        if depth > DEEPEST {
            return Target::Unknown;
        }
        for (at, name) in path.iter().enumerate() {
            through.push(module.clone());
            match name.as_str() {
                "self" => continue,
                "super" => {
                    module = parent_of(&module);
                    continue;
                }
                _ => {}
            }
            let child = joined(&module, name);
            if self.modules.contains_key(&child) {
                module = child;
                continue;
            }
            let scope = self.modules.get(&module);
            let besides = if at == 0 { besides } else { None };
            if besides != Some(name.as_str())
                && let Some(start) = scope.and_then(|scope| scope.import(name))
            {
                let whole: Vec<String> = start.iter().chain(&path[at + 1..]).cloned().collect();
                return self.resolve_inside(&module, &[], &whole, Some(name), through, depth + 1);
            }
            let globs = scope.map_or(&[][..], |scope| &scope.globs);
            if !scope.is_some_and(|scope| scope.types.contains(name)) {
                for glob in globs {
                    let from = self.glob_target(&module, glob, depth);
                    if let Some(found) = self.in_glob(from, &path[at..], through, depth) {
                        return found;
                    }
                }
            }
            module.extend_from_slice(&path[at..]);
            return Target::Ours(module);
        }
        through.push(module.clone());
        Target::Ours(module)
    }

    fn glob_target(&self, module: &[String], glob: &[String], depth: usize) -> Target {
        self.resolve_inside(module, &[], glob, None, &mut Vec::new(), depth + 1)
    }

    fn in_glob(
        &self,
        from: Target,
        path: &[String],
        through: &mut Vec<Module>,
        depth: usize,
    ) -> Option<Target> {
        match from {
            Target::Ours(from) if self.knows(&from, &path[0], None, depth + 1) => {
                Some(self.walk(from, path, None, through, depth + 1))
            }
            _ => None,
        }
    }

    /// Whether a module has a name of its own, by import or by glob.
    fn knows(&self, module: &[String], name: &str, besides: Option<&str>, depth: usize) -> bool {
        if depth > DEEPEST {
            return false;
        }
        if self.modules.contains_key(&joined(module, name)) {
            return true;
        }
        let Some(scope) = self.modules.get(module) else {
            return false;
        };
        scope.types.contains(name)
            || besides != Some(name) && scope.imports.contains_key(name)
            || scope.globs.iter().any(|glob| {
                matches!(self.glob_target(module, glob, depth + 8), Target::Ours(from)
                    if from != module && self.knows(&from, name, None, depth + 8))
            })
    }
}

fn joined(module: &[String], name: &str) -> Module {
    let mut child = module.to_vec();
    child.push(name.to_owned());
    child
}
