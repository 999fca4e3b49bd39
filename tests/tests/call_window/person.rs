//! A person with two sound cards, and what the tests of a call ask of their window.

use care4w_tests::{AppWindow, Person};

/// Somebody with a headset besides the sound card that the system uses.
pub fn person() -> Person {
    Person::with_cards("Amina", "call", &["desk", "headset"])
}

/// Looks at what the window shows now: light and dark, and whether all of it fits into the smallest window.
pub fn looks(person: &Person, window: &AppWindow, name: &str) -> Vec<String> {
    let name = format!("call/{name}");
    let mut found = person.looks(window, &name);
    window.resize(340, 520).unwrap();
    window.wait_at_rest().unwrap();
    if let Some(outside) = window.evaluate(OUTSIDE).unwrap().as_str() {
        found.push(format!("{name}, small: {outside}"));
    }
    person.picture(window, &format!("{name}-small"));
    window.resize(400, 680).unwrap();
    found
}

/// Waits until these words stand there; what stands instead is told.
pub fn reads(window: &AppWindow, id: &str, words: &str) {
    let waited = window.wait_for_text(id, |text| text == words);
    waited.unwrap_or_else(|error| {
        let panel = window.evaluate("return document.body.innerText").unwrap();
        panic!("{error}: “{id}” to read “{words}”: {panel}")
    });
}

/// The first thing that one cannot get to: a control of the call outside of the window, or a sheet that is cut and
/// cannot be scrolled.
const OUTSIDE: &str = "
    const sheet = document.querySelector('.sheet');
    if (sheet) {
        const box = sheet.getBoundingClientRect();
        return box.top < 0 || box.bottom > innerHeight || box.left < 0 || box.right > innerWidth ? 'the sheet' : null;
    }
    const outside = [...document.querySelectorAll('[data-testid=call-panel] :is(button, h1, p, time)')].find((e) => {
        const box = e.getBoundingClientRect();
        return !e.classList.contains('spoken') && box.width > 0
            && (box.top < 0 || box.bottom > innerHeight || box.left < 0 || box.right > innerWidth);
    });
    return outside ? outside.outerHTML : null";

pub fn wait_for_attribute(window: &AppWindow, id: &str, name: &str, value: &str) {
    let script = format!("return document.querySelector('[data-testid={id}]')?.getAttribute('{name}') === '{value}'");
    window.wait_until(&format!("“{id}” to have {name}={value}"), &script).unwrap();
}

/// Waits until a meter moves.
pub fn meter_moves(window: &AppWindow, id: &str) {
    let script =
        format!("return Number(document.querySelector('[data-testid={id}]')?.getAttribute('aria-valuenow')) > 30");
    window.wait_until(&format!("“{id}” to move"), &script).unwrap();
}
