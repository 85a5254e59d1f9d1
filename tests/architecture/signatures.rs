//! Finds an owned type in a public signature: whoever gets one can use it without naming it.

use super::check::File;
use super::names::{Module, Target, is_test_only, parent_of, parts_of, root_of};
use super::rules::{HARMLESS_IN_SIGNATURES, NOT_IN_SIGNATURES, begins_with};
use syn::visit::{self, Visit};
use syn::{ImplItem, Item, Visibility};

impl File<'_> {
    /// The module inside which something can be seen; `None` where that is its own.
    pub(super) fn seen_from(&self, visibility: &Visibility) -> Option<Module> {
        match visibility {
            Visibility::Inherited => None,
            Visibility::Public(_) => Some(root_of(&self.module)),
            Visibility::Restricted(restricted) => {
                let mut seen = self.module.clone();
                for part in parts_of(&restricted.path) {
                    match part.as_str() {
                        "crate" => seen = root_of(&self.module),
                        "super" => seen = parent_of(&seen),
                        "self" => {}
                        _ => seen.push(part),
                    }
                }
                Some(seen)
            }
        }
    }

    /// Whether something can be seen outside the room of this file.
    fn leaves_room(&self, visibility: &Visibility) -> bool {
        self.seen_from(visibility)
            .is_some_and(|seen| seen.is_empty() || seen == ["main"])
    }

    fn check_signature<'ast>(&mut self, name: String, visit: impl FnOnce(&mut Self) + 'ast) {
        let before = self.shown.replace(name);
        visit(self);
        self.shown = before;
    }

    pub(super) fn check_shown(&mut self, path: &[String], line: usize) {
        let Some(shown) = self.shown.clone() else {
            return;
        };
        if let Target::Outside(target) = self.names.resolve(&self.module, &self.blocks, path).target
            && is_kept_out(&target)
            && !HARMLESS_IN_SIGNATURES
                .iter()
                .any(|harmless| begins_with(&target, harmless))
        {
            let what = format!(
                "{} in the public signature of {shown} ({}): write pub(super)",
                target[0],
                path.join("::")
            );
            self.report(line, what);
        }
    }

    pub(super) fn check_item_signature(&mut self, item: &Item) {
        match item {
            Item::Fn(item) if self.leaves_room(&item.vis) => {
                let name = format!("fn {}", item.sig.ident);
                self.check_signature(name, |file| file.visit_signature(&item.sig));
            }
            Item::Struct(item) if self.leaves_room(&item.vis) => {
                let name = format!("struct {}", item.ident);
                self.check_signature(name.clone(), |file| file.visit_generics(&item.generics));
                for field in &item.fields {
                    if self.leaves_room(&field.vis) {
                        self.check_signature(name.clone(), |file| file.visit_type(&field.ty));
                    }
                }
            }
            Item::Enum(item) if self.leaves_room(&item.vis) => {
                let name = format!("enum {}", item.ident);
                self.check_signature(name, |file| {
                    file.visit_generics(&item.generics);
                    for field in item.variants.iter().flat_map(|variant| &variant.fields) {
                        file.visit_type(&field.ty);
                    }
                });
            }
            Item::Type(item) if self.leaves_room(&item.vis) => {
                let name = format!("type {}", item.ident);
                self.check_signature(name, |file| visit::visit_item_type(file, item));
            }
            Item::Const(item) if self.leaves_room(&item.vis) => {
                let name = format!("const {}", item.ident);
                self.check_signature(name, |file| file.visit_type(&item.ty));
            }
            Item::Static(item) if self.leaves_room(&item.vis) => {
                let name = format!("static {}", item.ident);
                self.check_signature(name, |file| file.visit_type(&item.ty));
            }
            Item::Trait(item) if self.leaves_room(&item.vis) => {
                let name = format!("trait {}", item.ident);
                self.check_signature(name, |file| {
                    file.visit_generics(&item.generics);
                    for bound in &item.supertraits {
                        file.visit_type_param_bound(bound);
                    }
                    for part in &item.items {
                        match part {
                            syn::TraitItem::Fn(part) => file.visit_signature(&part.sig),
                            part => file.visit_trait_item(part),
                        }
                    }
                });
            }
            Item::Impl(item) => self.check_impl(item),
            _ => {}
        }
    }

    fn check_impl(&mut self, item: &syn::ItemImpl) {
        if let Some((implemented, _)) = &item.trait_ {
            // `impl Deref for Store` and `impl AsRef<Connection> for Store` hand it out as well.
            let name = format!("impl {}", parts_of(implemented).join("::"));
            self.check_signature(name, |file| {
                for segment in &implemented.segments {
                    file.visit_path_arguments(&segment.arguments);
                }
                for part in &item.items {
                    if let ImplItem::Type(part) = part {
                        file.visit_type(&part.ty);
                    }
                }
            });
            return;
        }
        for part in &item.items {
            match part {
                ImplItem::Fn(part) if self.leaves_room(&part.vis) && !is_test_only(&part.attrs) => {
                    let name = format!("fn {}", part.sig.ident);
                    self.check_signature(name, |file| file.visit_signature(&part.sig));
                }
                ImplItem::Const(part) if self.leaves_room(&part.vis) => {
                    let name = format!("const {}", part.ident);
                    self.check_signature(name, |file| file.visit_type(&part.ty));
                }
                _ => {}
            }
        }
    }
}

pub fn is_kept_out(target: &[String]) -> bool {
    target
        .first()
        .is_some_and(|name| NOT_IN_SIGNATURES.contains(&name.as_str()))
}
