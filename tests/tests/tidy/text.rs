//! Looking at source text.

use crate::repository::File;

/// Words before the name of something that is defined.
const DEFINING: &[&str] = &["struct", "enum", "trait", "mod", "type", "class", "interface", "fn", "function"];

/// The names that a file defines, with their lines.
pub fn defined_names(file: &File) -> Vec<(usize, String)> {
    let mut names = Vec::new();
    for (line, text) in file.code_lines() {
        let mut parts = text.split(|character: char| !character.is_alphanumeric() && character != '_');
        while let Some(part) = parts.next() {
            if DEFINING.contains(&part) {
                names.extend(parts.next().filter(|name| !name.is_empty()).map(|name| (line, name.to_owned())));
            }
        }
    }
    names
}

/// The words of a name, small: `CallManager` and `call_manager` are `call` and `manager`.
pub fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for character in name.chars() {
        if character == '_' || character.is_uppercase() {
            words.push(String::new());
        }
        if character != '_' {
            words.last_mut().unwrap().extend(character.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The paragraph of `//!` that a file begins with, in one line.
pub fn opening_paragraph(file: &File) -> String {
    let lines = file.text.lines().map_while(|line| line.strip_prefix("//!"));
    lines.map(str::trim).take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_name_is_its_words() {
    assert_eq!(words("CallManager"), ["call", "manager"]);
    assert_eq!(words("call_manager"), ["call", "manager"]);
    assert_eq!(words("Commonwealth"), ["commonwealth"]);
}
