//! Reads paths out of what is not parsed: macros, attributes, and the texts that serde takes for paths.

use super::check::File;
use super::names::{Scope, imports_of, plain};
use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

impl File<'_> {
    /// Reads paths, imports and attributes out of tokens that were not parsed.
    pub(super) fn scan(&mut self, tokens: TokenStream) {
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        self.blocks.push(Scope::default());
        let mut at = 0;
        while at < trees.len() {
            match &trees[at] {
                TokenTree::Group(group) => {
                    self.scan(group.stream());
                    at += 1;
                }
                TokenTree::Ident(ident) if ident == "use" => {
                    let end = trees[at..]
                        .iter()
                        .position(|tree| is_punct(tree, ';'))
                        .map_or(trees.len(), |end| at + end + 1);
                    let item: TokenStream = trees[at..end].iter().cloned().collect();
                    if let Ok(item) = syn::parse2::<syn::ItemUse>(item) {
                        self.take_import(&item);
                        at = end;
                    } else {
                        at += 1;
                    }
                }
                TokenTree::Ident(_) | TokenTree::Punct(_) => {
                    at = self.scan_path(&trees, at);
                }
                TokenTree::Literal(_) => at += 1,
            }
        }
        self.blocks.pop();
    }

    /// Checks the path that begins here, if one does, and tells where to go on.
    fn scan_path(&mut self, trees: &[TokenTree], start: usize) -> usize {
        let mut at = start;
        let mut path = Vec::new();
        let line = trees[start].span().start().line;
        let after_dot = start > 0 && is_punct(&trees[start - 1], '.');
        if is_colons(trees, at) {
            if closes_generics(trees, start) {
                return start + 2;
            }
            path.push(String::new());
            at += 2;
        }
        while let Some(TokenTree::Ident(ident)) = trees.get(at) {
            path.push(plain(ident));
            at += 1;
            if !is_colons(trees, at) {
                break;
            }
            at += 2;
        }
        if at == start {
            return start + 1;
        }
        let called = trees.get(at).is_some_and(|tree| is_punct(tree, '!'));
        if called {
            self.check_macro_name(&path, line);
        }
        if path.len() > 1 && !after_dot && !(called && is_std_macro(&path)) {
            self.check_path(&path, line);
        }
        at
    }

    pub(super) fn check_macro_name(&mut self, path: &[String], line: usize) {
        if path.last().is_some_and(|name| name == "include") {
            self.report(line, "`include!` hides code from this test".into());
        }
    }

    /// Checks an import inside a block or a macro and remembers its names.
    pub(super) fn take_import(&mut self, item: &syn::ItemUse) {
        let imports = imports_of(item);
        if let Some(block) = self.blocks.last_mut() {
            block.add(imports.clone());
        }
        for import in &imports {
            self.check_import(import, &item.vis);
        }
    }

    /// Reads the paths that serde takes as text.
    pub(super) fn scan_serde(&mut self, tokens: &TokenStream) {
        const TAKE_PATHS: &[&str] = &[
            "with",
            "default",
            "serialize_with",
            "deserialize_with",
            "skip_serializing_if",
            "getter",
            "remote",
            "try_from",
            "from",
            "into",
            "bound",
            "serialize",
            "deserialize",
        ];
        let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
        for (at, tree) in trees.iter().enumerate() {
            match tree {
                TokenTree::Group(group) => self.scan_serde(&group.stream()),
                TokenTree::Ident(key)
                    if TAKE_PATHS.contains(&key.to_string().as_str())
                        && trees.get(at + 1).is_some_and(|tree| is_punct(tree, '=')) =>
                {
                    let Some(TokenTree::Literal(text)) = trees.get(at + 2) else {
                        continue;
                    };
                    if let Ok(text) = syn::parse_str::<syn::LitStr>(&text.to_string())
                        && let Ok(inner) = text.value().parse::<TokenStream>()
                    {
                        self.scan(at_line(inner, key.span()));
                    }
                }
                _ => {}
            }
        }
    }
}

/// Gives tokens that were parsed from text the place of that text.
fn at_line(tokens: TokenStream, span: proc_macro2::Span) -> TokenStream {
    tokens
        .into_iter()
        .map(|mut tree| {
            if let TokenTree::Group(group) = &tree {
                let inner = at_line(group.stream(), span);
                tree = TokenTree::Group(proc_macro2::Group::new(group.delimiter(), inner));
            }
            tree.set_span(span);
            tree
        })
        .collect()
}

fn is_punct(tree: &TokenTree, wanted: char) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == wanted)
}

fn is_colons(trees: &[TokenTree], at: usize) -> bool {
    matches!(trees.get(at), Some(TokenTree::Punct(first))
        if first.as_char() == ':' && first.spacing() == Spacing::Joint)
        && trees.get(at + 1).is_some_and(|tree| is_punct(tree, ':'))
}

/// Whether a `>` before this ends generic arguments, and is not half of `->` or `=>`.
fn closes_generics(trees: &[TokenTree], at: usize) -> bool {
    at > 0
        && is_punct(&trees[at - 1], '>')
        && !(at > 1 && (is_punct(&trees[at - 2], '-') || is_punct(&trees[at - 2], '=')))
}

/// `std::env!` is a macro that reads the build's variables, not the module.
pub fn is_std_macro(path: &[String]) -> bool {
    let path: Vec<&str> = path
        .iter()
        .map(String::as_str)
        .filter(|part| !part.is_empty())
        .collect();
    matches!(path[..], ["std" | "core", _])
}

/// Whether a `cfg_attr` sets the path of a module.
pub fn sets_path(tokens: TokenStream) -> bool {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    trees.iter().enumerate().any(|(at, tree)| match tree {
        TokenTree::Ident(ident) => {
            ident == "path" && trees.get(at + 1).is_some_and(|tree| is_punct(tree, '='))
        }
        TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => {
            sets_path(group.stream())
        }
        _ => false,
    })
}
