use std::io::{self, BufRead};

/// The largest document that is read; an honest one stays far below 4 KiB. A larger one is passed over, not kept.
const LARGEST: usize = 256 * 1024;

/// One piece of the file where a document should be.
#[derive(Debug, PartialEq, Eq)]
pub struct Document {
    /// Line on which it begins, from 1.
    pub line: u64,
    /// How many there are up to it, from 1.
    pub number: u64,
    /// Its bytes, as they stand there.
    pub text: Result<Vec<u8>, Broken>,
}

/// Why there is no document where one should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// More than [`LARGEST`].
    TooLarge,
    /// The file ends within an array or a document.
    CutOff,
    /// Something follows the end of the array.
    BehindTheArray,
}

/// Takes a file apart: one document a line, or an array of them. It holds one document at a time, and says nothing of
/// whether that is JSON.
pub struct Documents<R> {
    reader: R,
    shape: Option<Shape>,
    line: u64,
    number: u64,
    bytes: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Lines,
    Array,
    Over,
}

impl<R: BufRead> Documents<R> {
    /// Of a file.
    pub fn new(reader: R) -> Self {
        Self { reader, shape: None, line: 1, number: 0, bytes: 0 }
    }

    /// Bytes that were read.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    fn peek(&mut self) -> io::Result<Option<u8>> {
        Ok(self.reader.fill_buf()?.first().copied())
    }

    fn step(&mut self, byte: u8) {
        self.reader.consume(1);
        self.bytes += 1;
        self.line += u64::from(byte == b'\n');
    }

    /// Passes over white space and `also`, and shows what comes then.
    fn skip(&mut self, also: &[u8]) -> io::Result<Option<u8>> {
        while let Some(byte) = self.peek()? {
            if !byte.is_ascii_whitespace() && !also.contains(&byte) {
                return Ok(Some(byte));
            }
            self.step(byte);
        }
        Ok(None)
    }

    fn next_document(&mut self) -> io::Result<Option<Document>> {
        if self.shape.is_none() {
            // Some editors and exports put a byte order mark first.
            let first = self.skip(&[0xEF, 0xBB, 0xBF])?;
            self.shape = Some(if first == Some(b'[') { Shape::Array } else { Shape::Lines });
            if let Some(bracket @ b'[') = first {
                self.step(bracket);
            }
        }
        match self.shape {
            Some(Shape::Lines) => self.next_line(),
            Some(Shape::Array) => self.next_element(),
            Some(Shape::Over) | None => Ok(None),
        }
    }

    fn next_line(&mut self) -> io::Result<Option<Document>> {
        if self.skip(b"")?.is_none() {
            return Ok(None);
        }
        let line = self.line;
        let mut text = Piece::default();
        while let Some(byte) = self.peek()? {
            self.step(byte);
            if byte == b'\n' {
                break;
            }
            text.push(byte);
        }
        Ok(Some(self.document(line, text.whole())))
    }

    fn next_element(&mut self) -> io::Result<Option<Document>> {
        let first = self.skip(b",")?;
        let line = self.line;
        match first {
            None => {
                self.shape = Some(Shape::Over);
                return Ok(Some(self.document(line, Err(Broken::CutOff))));
            }
            Some(bracket @ b']') => {
                self.step(bracket);
                self.shape = Some(Shape::Over);
                let more = self.skip(b"")?.is_some();
                let line = self.line;
                return Ok(more.then(|| self.document(line, Err(Broken::BehindTheArray))));
            }
            Some(_) => {}
        }
        let mut text = Piece::default();
        let (mut depth, mut quoted, mut escaped) = (0u64, false, false);
        loop {
            let Some(byte) = self.peek()? else {
                self.shape = Some(Shape::Over);
                return Ok(Some(self.document(line, Err(Broken::CutOff))));
            };
            match byte {
                _ if escaped => escaped = false,
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted,
                _ if quoted => {}
                b'{' | b'[' => depth += 1,
                // The end of the array, or of an element that is no object.
                b',' | b']' if depth == 0 => break,
                b'}' | b']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.step(byte);
            text.push(byte);
            if depth == 0 && byte == b'}' && !quoted {
                break;
            }
        }
        Ok(Some(self.document(line, text.whole())))
    }

    fn document(&mut self, line: u64, text: Result<Vec<u8>, Broken>) -> Document {
        self.number += 1;
        Document { line, number: self.number, text }
    }
}

impl<R: BufRead> Iterator for Documents<R> {
    type Item = io::Result<Document>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_document().transpose()
    }
}

/// The bytes of one document, unless there are too many.
#[derive(Default)]
struct Piece {
    bytes: Vec<u8>,
    too_large: bool,
}

impl Piece {
    fn push(&mut self, byte: u8) {
        if self.bytes.len() < LARGEST {
            self.bytes.push(byte);
        } else {
            self.too_large = true;
        }
    }

    fn whole(self) -> Result<Vec<u8>, Broken> {
        if self.too_large { Err(Broken::TooLarge) } else { Ok(self.bytes) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn taken_apart(text: &[u8]) -> Vec<(u64, Result<String, Broken>)> {
        Documents::new(text)
            .map(|document| {
                let Document { line, text, .. } = document.unwrap();
                (line, text.map(|text| String::from_utf8_lossy(&text).trim().to_owned()))
            })
            .collect()
    }

    fn is(line: u64, text: &str) -> (u64, Result<String, Broken>) {
        (line, Ok(text.to_owned()))
    }

    #[test]
    fn a_line_is_a_document_and_empty_ones_are_none() {
        let text = b"\xEF\xBB\xBF{\"a\":1}\r\n\n  \n{\"b\":\n[2]\nlast";
        assert_eq!(taken_apart(text), [is(1, "{\"a\":1}"), is(4, "{\"b\":"), is(5, "[2]"), is(6, "last")]);
        assert_eq!(taken_apart(b" \n "), []);
    }

    #[test]
    fn the_elements_of_an_array_are_documents_wherever_their_lines_break() {
        let text = "[{\"a\":\"]},\\\"{\"}\n,{\"b\":{\"c\":[1,\n{}]}},5, \"x,]\", [1,[2]]\n]\n";
        let wanted = [
            is(1, "{\"a\":\"]},\\\"{\"}"),
            is(2, "{\"b\":{\"c\":[1,\n{}]}}"),
            is(3, "5"),
            is(3, "\"x,]\""),
            is(3, "[1,[2]]"),
        ];
        assert_eq!(taken_apart(text.as_bytes()), wanted);
        assert_eq!(taken_apart(b"[]"), []);
    }

    #[test]
    fn what_is_cut_off_or_follows_the_array_or_is_too_large_is_said() {
        assert_eq!(taken_apart(b"[{\"a\":1},\n{\"b\":")[1], (2, Err(Broken::CutOff)));
        assert_eq!(taken_apart(b"[{\"a\":1}")[1], (1, Err(Broken::CutOff)));
        assert_eq!(taken_apart(b"[]\n{}"), [(2, Err(Broken::BehindTheArray))]);
        let large = format!("{}\n{{}}\n", "x".repeat(LARGEST + 1));
        assert_eq!(taken_apart(large.as_bytes()), [(1, Err(Broken::TooLarge)), is(2, "{}")]);
    }

    proptest! {
        #[test]
        fn whatever_the_file_holds_it_comes_to_an_end(text in proptest::collection::vec(prop_oneof![
            proptest::sample::select(b"[]{},\"\\\n :".to_vec()), any::<u8>()], 0..300)
        ) {
            let mut documents = Documents::new(text.as_slice());
            prop_assert!(documents.by_ref().count() <= text.len() + 1);
            prop_assert!(documents.bytes() <= text.len() as u64);
        }
    }
}
