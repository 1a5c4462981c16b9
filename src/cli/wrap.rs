//! Sentences on lines that a terminal shows whole.

/// The widest line, in characters.
pub(super) const WIDTH: usize = 100;

/// A text on lines, the first of which begins with `head` and the others with as many spaces.
pub(super) fn hanging(head: &str, text: &str) -> String {
    let indent = head.chars().count();
    let (mut lines, mut line, mut length) = (String::new(), head.to_owned(), indent);
    for (number, word) in text.split_ascii_whitespace().enumerate() {
        let needs = word.chars().count();
        if number > 0 && length + 1 + needs > WIDTH {
            lines.push_str(&line);
            lines.push('\n');
            line = " ".repeat(indent);
            length = indent;
        } else if number > 0 {
            line.push(' ');
            length += 1;
        }
        line.push_str(word);
        length += needs;
    }
    lines.push_str(&line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_hangs_below_its_head_and_no_line_is_too_wide() {
        let text = "éa ".repeat(80);
        let hung = hanging("  name  ", &text);
        assert!(hung.starts_with("  name  éa éa "), "{hung}");
        assert!(hung.lines().skip(1).all(|line| line.starts_with("        éa")), "{hung}");
        assert!(hung.lines().all(|line| line.chars().count() <= WIDTH), "{hung}");
        assert_eq!(hung.lines().map(|line| line.chars().count()).max(), Some(WIDTH));
        let words: Vec<_> = hung.split_ascii_whitespace().skip(1).collect();
        assert_eq!(words, text.split_ascii_whitespace().collect::<Vec<_>>());
    }

    #[test]
    fn a_word_wider_than_a_line_stays_whole() {
        let word = "x".repeat(150);
        assert_eq!(hanging("- ", &word), format!("- {word}"));
    }
}
