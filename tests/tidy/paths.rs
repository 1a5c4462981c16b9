//! What a file names: each path in it, wherever it stands, led back to the crate's root or to a foreign crate.
//!
//! A path is followed through `self`, `super`, the names that `use` brings into its module, groups, renames, macro
//! bodies and the strings of attributes (`#[serde(with = "…")]`). A name of one segment outside a `use` is passed
//! over: it is a local value, or its `use` is already seen. Nothing here knows the rules.

use proc_macro2::{Literal, Spacing, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Ident, ImplItemFn, Item, ItemExternCrate, ItemMod, ItemUse, Macro};

use crate::Source;
use crate::syntax::{Leaf, attributes, leaves, only_for_tests, segments, text};

/// Something that a file does and a rule may be about.
pub(crate) struct Sight {
    pub(crate) line: usize,
    /// The module it stands in, without `crate`.
    pub(crate) module: Vec<String>,
    /// Whether it is compiled for tests only.
    pub(crate) test: bool,
    pub(crate) what: What,
}

/// What is seen.
pub(crate) enum What {
    /// A path, led by `crate` or by a foreign crate's name; a glob ends in `*`.
    Path { path: Vec<String>, exported: bool },
    /// `mod name;` or `mod name { … }`.
    Module { name: String, public: bool },
    /// A construct that hides from this reader where a name leads.
    Hidden(&'static str),
}

/// The module that a file of `src` is; the crate's root for `lib.rs` and `main.rs`.
pub(crate) fn module_of(path: &str) -> Vec<String> {
    let path = path.strip_prefix("src/").unwrap_or(path);
    let path = path.strip_suffix(".rs").unwrap_or(path);
    let mut module: Vec<String> = path.split('/').map(str::to_owned).collect();
    if module.last().is_some_and(|last| last == "mod") || matches!(path, "lib" | "main") {
        module.pop();
    }
    module
}

/// Everything that a file names. `crates` are the foreign crates that a path may begin with.
pub(crate) fn read(source: &Source, crates: &[String]) -> syn::Result<Vec<Sight>> {
    let file = syn::parse_file(&source.text)?;
    let mut reader = Reader {
        crates,
        module: module_of(&source.path),
        names: Vec::new(),
        test: only_for_tests(&file.attrs),
        in_attribute: false,
        sights: Vec::new(),
    };
    reader.enter(&file.items);
    reader.visit_file(&file);
    Ok(reader.sights)
}

struct Reader<'a> {
    crates: &'a [String],
    module: Vec<String>,
    /// What `use` and `mod` bring into the module and, by approximation, into those within it.
    names: Vec<(String, Vec<String>)>,
    test: bool,
    in_attribute: bool,
    sights: Vec<Sight>,
}

impl Reader<'_> {
    fn see(&mut self, line: usize, what: What) {
        let (module, test) = (self.module.clone(), self.test);
        self.sights.push(Sight { line, module, test, what });
    }

    fn see_path(&mut self, line: usize, path: &[String], exported: bool) {
        for path in self.resolve(path, 0) {
            self.see(line, What::Path { path, exported });
        }
    }

    /// Where a path may lead; nowhere if it begins with a name of its own module.
    fn resolve(&self, path: &[String], depth: usize) -> Vec<Vec<String>> {
        let Some((first, rest)) = path.split_first() else {
            return Vec::new();
        };
        let absolute = match first.as_str() {
            "crate" => path.to_vec(),
            "::" => rest.to_vec(),
            "self" | "super" => climb(&self.module, path),
            name => {
                let meanings: Vec<_> = self.names.iter().filter(|(known, _)| known == name).collect();
                if !meanings.is_empty() && depth < 8 {
                    return meanings
                        .into_iter()
                        .flat_map(|(_, meaning)| self.resolve(&[meaning, rest].concat(), depth + 1))
                        .collect();
                }
                if !self.crates.iter().any(|known| known == name) {
                    return Vec::new();
                }
                path.to_vec()
            }
        };
        vec![absolute]
    }

    /// Learns the names that a module's items bring into it.
    fn enter(&mut self, items: &[Item]) {
        let mut names = Names { module: self.module.clone(), found: Vec::new() };
        for item in items {
            names.visit_item(item);
        }
        self.names.retain(|(known, _)| !names.found.iter().any(|(name, _)| name == known));
        self.names.append(&mut names.found);
    }

    /// Looks through tokens that are no syntax yet: a macro's body, an attribute's arguments.
    fn scan(&mut self, tokens: TokenStream) {
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        let mut left = trees.as_slice();
        while let Some((tree, after)) = left.split_first() {
            left = match tree {
                TokenTree::Group(group) => {
                    self.scan(group.stream());
                    after
                }
                TokenTree::Ident(ident) if ident == "use" => self.scan_use(left).unwrap_or(after),
                TokenTree::Ident(ident) => self.scan_path(ident, after),
                TokenTree::Literal(literal) => {
                    self.scan_text(literal);
                    after
                }
                TokenTree::Punct(_) => after,
            };
        }
    }

    fn scan_use<'t>(&mut self, trees: &'t [TokenTree]) -> Option<&'t [TokenTree]> {
        let is = |tree: &TokenTree, c| matches!(tree, TokenTree::Punct(punct) if punct.as_char() == c);
        let end = trees.iter().position(|tree| is(tree, ';'))? + 1;
        let (statement, after) = trees.split_at(end);
        // `$crate` is the crate.
        let statement = statement.iter().filter(|tree| !is(tree, '$')).cloned().collect();
        self.visit_item_use(&syn::parse2(statement).ok()?);
        Some(after)
    }

    fn scan_path<'t>(&mut self, first: &Ident, mut left: &'t [TokenTree]) -> &'t [TokenTree] {
        let mut path = vec![text(first)];
        while let [TokenTree::Punct(one), TokenTree::Punct(two), TokenTree::Ident(next), after @ ..] = left {
            if one.as_char() != ':' || one.spacing() != Spacing::Joint || two.as_char() != ':' {
                break;
            }
            path.push(text(next));
            left = after;
        }
        if path.len() > 1 {
            self.see_path(first.span().start().line, &path, false);
        }
        left
    }

    fn scan_text(&mut self, literal: &Literal) {
        let parsed = syn::parse_str::<syn::LitStr>(&literal.to_string());
        if self.in_attribute
            && let Ok(path) = parsed.and_then(|text| text.parse::<syn::Path>())
            && path.segments.len() > 1
        {
            self.see_path(literal.span().start().line, &segments(&path), false);
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        let test = self.test;
        self.test |= only_for_tests(attributes(item));
        visit::visit_item(self, item);
        self.test = test;
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        let test = self.test;
        self.test |= only_for_tests(&item.attrs);
        visit::visit_impl_item_fn(self, item);
        self.test = test;
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        let line = item.ident.span().start().line;
        let (name, public) = (text(&item.ident), matches!(item.vis, syn::Visibility::Public(_)));
        self.see(line, What::Module { name, public });
        if item.attrs.iter().any(|attribute| attribute.path().is_ident("path")) {
            self.see(line, What::Hidden("#[path] on a module"));
        }
        let names = self.names.clone();
        self.module.push(text(&item.ident));
        if let Some((_, items)) = &item.content {
            self.enter(items);
        }
        visit::visit_item_mod(self, item);
        self.module.pop();
        self.names = names;
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let exported = !matches!(item.vis, syn::Visibility::Inherited);
        for leaf in leaves(item) {
            self.see_path(leaf.line, &leaf.path, exported);
        }
    }

    fn visit_item_extern_crate(&mut self, item: &'ast ItemExternCrate) {
        self.see(item.ident.span().start().line, What::Hidden("extern crate"));
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        if let Some(last) = call.path.segments.last()
            && last.ident == "include"
        {
            self.see(last.ident.span().start().line, What::Hidden("include!"));
        }
        visit::visit_macro(self, call);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if let (Some(first), true) = (path.segments.first(), path.segments.len() > 1) {
            self.see_path(first.ident.span().start().line, &segments(path), false);
        }
        visit::visit_path(self, path);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        self.in_attribute = true;
        visit::visit_attribute(self, attribute);
        self.in_attribute = false;
    }

    fn visit_token_stream(&mut self, tokens: &'ast TokenStream) {
        self.scan(tokens.clone());
    }

    /// `pub(in crate::x)` says who may look, and uses nothing.
    fn visit_vis_restricted(&mut self, _: &'ast syn::VisRestricted) {}
}

/// The names that `use` and `mod` bring into one module, those inside its functions too.
struct Names {
    module: Vec<String>,
    found: Vec<(String, Vec<String>)>,
}

impl<'ast> Visit<'ast> for Names {
    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        let name = text(&item.ident);
        let mut path = vec!["crate".to_owned()];
        path.extend(self.module.iter().chain([&name]).cloned());
        self.found.push((name, path));
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        for Leaf { name, path, .. } in leaves(item) {
            // `use log::{self, info}` teaches nothing new about `log`.
            if let (Some(name), Some(first)) = (name, path.first()) {
                match first.as_str() {
                    "self" | "super" => self.found.push((name, climb(&self.module, &path))),
                    first if first == name => {}
                    _ => self.found.push((name, path)),
                }
            }
        }
    }
}

/// Leads a path that begins with `self` or `super` back to the root.
fn climb(module: &[String], path: &[String]) -> Vec<String> {
    let mut module = module.to_vec();
    let steps = path.iter().take_while(|step| matches!(step.as_str(), "self" | "super"));
    let mut taken = 0;
    for step in steps {
        taken += 1;
        if step == "super" {
            module.pop();
        }
    }
    let root = std::iter::once("crate".to_owned());
    root.chain(module).chain(path.iter().skip(taken).cloned()).collect()
}
