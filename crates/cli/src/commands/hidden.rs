//! Characters that nobody sees in what was typed or pasted. They are read over, as in the window, and that is said: what
//! is called may not be what one read.

use care4w_client::numbers::hides_characters;

/// Says it on stderr, with what is left.
pub fn tell(typed: &str) {
    if !hides_characters(typed) {
        return;
    }
    let seen: String = typed.chars().filter(|c| !hides_characters(c.encode_utf8(&mut [0; 4]))).collect();
    eprintln!("care4w-cli: hidden characters are left out of what you gave; it reads {seen}");
}
