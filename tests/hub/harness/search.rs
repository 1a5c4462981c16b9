//! Secrets looked for in texts: whole, in part, and spelled out as debug texts of buffers have them.

use std::collections::{BTreeMap, HashMap, HashSet};

/// As long as a piece of a secret is looked for.
const PIECE: usize = 16;

/// Secrets, each with a name to report it by.
#[derive(Clone, Debug, Default)]
pub struct Secrets(Vec<(String, String)>);

/// The pieces of secrets, ready to be looked for in many texts.
#[derive(Debug)]
pub struct Search<'a>(HashMap<&'a [u8], (usize, &'a str)>);

impl Secrets {
    pub fn add(&mut self, name: impl Into<String>, secret: impl Into<String>) {
        let (name, secret) = (name.into(), secret.into());
        assert!(secret.len() >= PIECE, "{name} is too short to be looked for");
        self.0.push((name, secret));
    }

    /// Adds these under one name.
    pub fn add_all(&mut self, name: &str, secrets: impl IntoIterator<Item = String>) {
        secrets.into_iter().for_each(|secret| self.add(name, secret));
    }

    pub fn append(&mut self, mut others: Self) {
        self.0.append(&mut others.0);
    }

    pub fn count(&self) -> usize {
        self.0.len()
    }

    pub fn search(&self) -> Search<'_> {
        let mut pieces = HashMap::new();
        for (index, (name, secret)) in self.0.iter().enumerate() {
            for piece in secret.as_bytes().chunks_exact(PIECE) {
                let known = pieces.entry(piece).or_insert((index, name.as_str()));
                if known.0 != index {
                    *known = (usize::MAX, "a part of several");
                }
            }
        }
        Search(pieces)
    }

    /// The secrets of which a text holds a piece, each by its name and the line.
    pub fn within(&self, text: &str) -> Vec<String> {
        self.search().within(text)
    }

    /// The names of the secrets whose beginning a text holds as a list of bytes or in hexadecimal.
    pub fn spelled_out_in(&self, text: &str) -> Vec<&str> {
        let lists = text.split(|letter: char| !letter.is_ascii_digit() && !", ".contains(letter));
        let hex = text.split(|letter: char| !letter.is_ascii_hexdigit());
        let spelled: HashSet<_> = lists.chain(hex).filter(|word| word.len() >= 2 * PIECE).collect();
        let is_there = |form: &String| spelled.iter().any(|word| word.contains(form.as_str()));
        let found = self.0.iter().filter(|(_, secret)| spelled_out(secret).iter().any(is_there));
        found.map(|(name, _)| name.as_str()).collect()
    }
}

impl Search<'_> {
    /// The secrets of which a text holds a piece, each by its name and the line.
    pub fn within(&self, text: &str) -> Vec<String> {
        let mut found = BTreeMap::new();
        for piece in pieces(text).collect::<HashSet<_>>() {
            if let Some((index, name)) = self.0.get(piece) {
                let piece = String::from_utf8_lossy(piece);
                let line = text.lines().find(|line| line.contains(&*piece)).unwrap_or_default();
                found.entry(index).or_insert(format!("{name}: {line}"));
            }
        }
        found.into_values().collect()
    }
}

/// Each piece of a text in which a secret could be recognised.
fn pieces(text: &str) -> impl Iterator<Item = &[u8]> {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=_-.".contains(byte);
    let words = text.as_bytes().split(move |byte| !is_word(byte));
    words.flat_map(|word| word.windows(PIECE))
}

/// A secret's beginning as a list of bytes and in hexadecimal.
fn spelled_out(secret: &str) -> [String; 2] {
    let start = &secret.as_bytes()[..PIECE];
    let list: Vec<_> = start.iter().map(ToString::to_string).collect();
    let hex: Vec<_> = start.iter().map(|byte| format!("{byte:02x}")).collect();
    [list.join(", "), hex.concat()]
}

#[test]
fn a_secret_in_a_text_is_found_whole_in_part_and_spelled_out() {
    let mut secrets = Secrets::default();
    secrets.add("it", "0123456789abcdefghijklmnopqrstuvwxyz");
    for text in [
        "a log line: Bearer 0123456789abcdefghijklmnopqrstuvwxyz.",
        "one \"0123456789abcdef…\" cut short",
        "x\\r\\n56789abcdefghijklmnopqrstuv\\r",
    ] {
        assert_eq!(secrets.within(text), [format!("it: {text}")]);
    }
    assert_eq!(secrets.within("0123456789abcde"), [""; 0]);
    for text in [
        "[48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 97, 98, 99, 100, 101, 102]",
        "30313233343536373839616263646566",
    ] {
        assert_eq!(secrets.spelled_out_in(text), ["it"]);
    }
}
