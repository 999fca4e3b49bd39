//! The text files of the repository.

use std::{fs, path::Path};

use care4w_tests::binaries;

/// Folders that are made, not written.
const MADE: &[&str] = &[".care4w", ".git", ".hypothesis", ".svelte-kit", "dist", "gen", "node_modules", "target"];

/// Files that a tool wrote, with whatever it writes.
const WRITTEN_BY_TOOLS: &[&str] = &["Cargo.lock", "package-lock.json"];

/// One text file.
pub struct File {
    /// From the project's top folder, with `/`.
    pub path: String,
    /// What is in it.
    pub text: String,
}

impl File {
    /// The file's name without what follows the first point.
    pub fn stem(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        name.split('.').next().unwrap_or_default()
    }

    /// Whether it holds tests and nothing else.
    pub fn is_test(&self) -> bool {
        self.path.ends_with("tests.rs") || self.path.contains("/tests/")
    }

    /// Its lines with their numbers: without comments, and without the tests at its end.
    pub fn code_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate().map(|(index, line)| (index + 1, line));
        // A `mod tests;` at a file's head ends nothing.
        let tests = self.text.find("#[cfg(test)]\nmod tests {").map(|at| self.text[..at].lines().count());
        lines.take(tests.unwrap_or(usize::MAX)).filter(|(_, line)| !line.trim().starts_with("//"))
    }
}

/// All of them.
pub struct Repository {
    /// The files.
    pub files: Vec<File>,
}

impl Repository {
    /// Reads them.
    pub fn read() -> Self {
        let mut files = Vec::new();
        walk(binaries::project(), binaries::project(), &mut files);
        assert!(files.len() > 50, "the project lies where this looks for it");
        Self { files }
    }

    /// The source files.
    pub fn sources(&self) -> impl Iterator<Item = &File> {
        let is_source = |file: &&File| [".rs", ".ts", ".svelte"].iter().any(|end| file.path.ends_with(end));
        self.files.iter().filter(is_source)
    }

    /// Every line that holds one of `marks`.
    pub fn lines_with(&self, marks: &[&str]) -> Vec<String> {
        let mut found = Vec::new();
        for file in self.files.iter().filter(|file| !WRITTEN_BY_TOOLS.contains(&file.path.as_str())) {
            for (index, line) in file.text.lines().enumerate() {
                if marks.iter().any(|mark| line.contains(mark)) {
                    found.push(format!("{}:{}: {}", file.path, index + 1, line.trim()));
                }
            }
        }
        found
    }
}

fn walk(root: &Path, folder: &Path, files: &mut Vec<File>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !MADE.contains(&name.as_str()) {
                walk(root, &path, files);
            }
        } else if let Ok(text) = fs::read_to_string(&path) {
            // What is not text (an icon, a sound) has no lines to look at.
            let parts: Vec<_> = path.strip_prefix(root).unwrap().iter().map(|part| part.to_string_lossy()).collect();
            files.push(File { path: parts.join("/"), text });
        }
    }
}
