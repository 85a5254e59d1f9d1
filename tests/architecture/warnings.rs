//! Reads the codes of all warnings out of the sources.

use super::check::Parsed;
use super::names::{attributes_of, is_test_only};
use std::collections::BTreeSet;
use syn::parse::Parser as _;
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{Expr, ExprStruct, Item, Lit, Local, Macro, Member, Pat, Token};

/// The struct whose field `code` holds them.
const WARNING: &str = "Warning";

/// The codes, and the places where one is neither written nor chosen in the same file.
pub fn codes_of<'a>(
    files: impl IntoIterator<Item = &'a Parsed>,
) -> (BTreeSet<String>, Vec<String>) {
    let (mut codes, mut hidden) = (BTreeSet::new(), Vec::new());
    for file in files {
        let Some(syntax) = file.syntax() else {
            continue;
        };
        if file.path.ends_with("tests.rs") || is_test_only(&syntax.attrs) {
            continue;
        }
        let mut seen = Codes::default();
        seen.visit_file(syntax);
        if seen.is_elsewhere && seen.chosen.is_empty() {
            hidden.push(file.path.clone());
        }
        codes.extend(seen.written);
        if seen.is_elsewhere {
            codes.extend(seen.chosen);
        }
    }
    (codes, hidden)
}

#[derive(Default)]
struct Codes {
    written: BTreeSet<String>,
    /// By a `let` that binds `code`.
    chosen: BTreeSet<String>,
    /// A warning takes its code from such a one.
    is_elsewhere: bool,
}

impl<'a> Visit<'a> for Codes {
    fn visit_item(&mut self, item: &'a Item) {
        if !is_test_only(attributes_of(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_expr_struct(&mut self, made: &'a ExprStruct) {
        if made
            .path
            .segments
            .last()
            .is_some_and(|last| last.ident == WARNING)
        {
            for field in &made.fields {
                if matches!(&field.member, Member::Named(name) if name == "code") {
                    let texts = texts_of(&field.expr);
                    self.is_elsewhere |= texts.is_empty();
                    self.written.extend(texts);
                }
            }
        }
        visit::visit_expr_struct(self, made);
    }

    fn visit_macro(&mut self, called: &'a Macro) {
        let expressions = Punctuated::<Expr, Token![,]>::parse_terminated;
        // What holds no expressions makes no warning.
        for expression in expressions
            .parse2(called.tokens.clone())
            .unwrap_or_default()
        {
            let mut within = Codes::default();
            within.visit_expr(&expression);
            self.written.extend(within.written);
            self.chosen.extend(within.chosen);
            self.is_elsewhere |= within.is_elsewhere;
        }
    }

    fn visit_local(&mut self, local: &'a Local) {
        if let Some(init) = &local.init
            && binds_code(&local.pat)
        {
            let is_code = |text: &String| {
                let mut bytes = text.bytes();
                bytes.all(|byte| byte.is_ascii_lowercase() || byte == b'_') && text.contains('_')
            };
            self.chosen
                .extend(texts_of(&init.expr).into_iter().filter(is_code));
        }
        visit::visit_local(self, local);
    }
}

fn binds_code(pattern: &Pat) -> bool {
    match pattern {
        Pat::Ident(name) => name.ident == "code",
        Pat::Tuple(parts) => parts.elems.iter().any(binds_code),
        _ => false,
    }
}

fn texts_of(expression: &Expr) -> BTreeSet<String> {
    struct Texts(BTreeSet<String>);
    impl Visit<'_> for Texts {
        fn visit_lit(&mut self, literal: &Lit) {
            if let Lit::Str(text) = literal {
                self.0.insert(text.value());
            }
        }
    }
    let mut texts = Texts(BTreeSet::new());
    texts.visit_expr(expression);
    texts.0
}
