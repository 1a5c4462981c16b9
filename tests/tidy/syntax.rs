//! Small answers about syntax: what a `use` brings in, what a path is made of, what is for tests only.

use syn::ext::IdentExt;
use syn::punctuated::Punctuated;
use syn::{Attribute, Ident, Item, ItemUse, Meta, Token, UseTree};

/// One name that a `use` brings in; a glob brings in no name of its own.
pub(crate) struct Leaf {
    pub(crate) line: usize,
    pub(crate) name: Option<String>,
    pub(crate) path: Vec<String>,
}

/// What a `use` brings in, its groups laid out.
pub(crate) fn leaves(item: &ItemUse) -> Vec<Leaf> {
    let mut found = Vec::new();
    let root = item.leading_colon.iter().map(|_| "::".to_owned()).collect();
    grow(&item.tree, root, item.use_token.span.start().line, &mut found);
    found
}

fn grow(tree: &UseTree, mut path: Vec<String>, line: usize, found: &mut Vec<Leaf>) {
    match tree {
        UseTree::Name(name) => found.push(leaf(path, &name.ident, None)),
        UseTree::Rename(rename) => found.push(leaf(path, &rename.ident, Some(text(&rename.rename)))),
        UseTree::Path(next) => {
            path.push(text(&next.ident));
            grow(&next.tree, path, next.ident.span().start().line, found);
        }
        UseTree::Glob(_) => {
            path.push("*".to_owned());
            let name = None;
            found.push(Leaf { line, name, path });
        }
        UseTree::Group(group) => {
            for tree in &group.items {
                grow(tree, path.clone(), line, found);
            }
        }
    }
}

fn leaf(mut path: Vec<String>, ident: &Ident, name: Option<String>) -> Leaf {
    // `x::{self}` is `x`.
    if ident != "self" || path.is_empty() {
        path.push(text(ident));
    }
    let line = ident.span().start().line;
    let name = name.or_else(|| path.last().cloned());
    Leaf { line, name, path }
}

/// A name without the `r#` that it may be written with.
pub(crate) fn text(ident: &Ident) -> String {
    ident.unraw().to_string()
}

/// The segments of a path; `::` first if it begins so.
pub(crate) fn segments(path: &syn::Path) -> Vec<String> {
    let root = path.leading_colon.iter().map(|_| "::".to_owned());
    root.chain(path.segments.iter().map(|segment| text(&segment.ident))).collect()
}

/// Whether attributes keep what they stand on out of every build but that of the tests.
pub(crate) fn only_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let path = attribute.path();
        path.segments.last().is_some_and(|last| last.ident == "test")
            || path.is_ident("cfg") && attribute.parse_args().is_ok_and(|meta| means_test(&meta))
    })
}

fn means_test(meta: &Meta) -> bool {
    let Meta::List(list) = meta else {
        return meta.path().is_ident("test");
    };
    let Ok(parts) = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated) else {
        return false;
    };
    list.path.is_ident("all") && parts.iter().any(means_test)
        || list.path.is_ident("any") && !parts.is_empty() && parts.iter().all(means_test)
}

/// The attributes of an item.
#[allow(
    clippy::wildcard_enum_match_arm,
    reason = "syn's list is open, and what is not named here is judged as no test"
)]
pub(crate) fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}
