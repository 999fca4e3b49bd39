//! What is typed and pasted into the field.

use care4w_tests::{AppWindow, Key, Server};

use crate::stage::Person;

fn field(window: &AppWindow) -> String {
    window.text("phone-input").unwrap()
}

fn shows(window: &AppWindow, wanted: &str) {
    window.wait_for_value("phone-input", |text| text == wanted).unwrap_or_else(|error| {
        panic!("the field shows “{}” and not “{wanted}”: {error}", field(window));
    });
}

fn caret(window: &AppWindow, wanted: &str) {
    // What stands before the caret.
    let script = format!(
        "const f = document.querySelector('[data-testid=phone-input]'); return f.value.slice(0, f.selectionStart) === {}",
        serde_json::Value::from(wanted)
    );
    window.wait_until(&format!("the caret behind “{wanted}”"), &script).unwrap();
}

fn empty(window: &AppWindow) {
    window.press_with(Key::Control, 'a').unwrap();
    window.press(&[Key::Backspace]).unwrap();
    shows_nothing(window);
}

fn shows_nothing(window: &AppWindow) {
    window
        .wait_until("an empty field", "return document.querySelector('[data-testid=phone-input]').value === ''")
        .unwrap();
}

/// Copies a text as people do, in a field of its own, and pastes it where it is to go.
fn paste(window: &AppWindow, text: &str) {
    let script = format!(
        "const source = document.createElement('textarea'); source.value = {}; source.id = 'source'; \
         document.querySelector('[data-testid=phone-modal]').append(source); source.focus(); source.select()",
        serde_json::Value::from(text)
    );
    window.evaluate(&script).unwrap();
    window.press_with(Key::Control, 'c').unwrap();
    window
        .evaluate(
            "document.getElementById('source').remove(); document.querySelector('[data-testid=phone-input]').focus()",
        )
        .unwrap();
    window.press_with(Key::Control, 'a').unwrap();
    window.press_with(Key::Control, 'v').unwrap();
}

fn country(window: &AppWindow, code: &str) {
    window
        .wait_until(
            &format!("the country to be {code}"),
            &format!("return document.querySelector('[data-testid=phone-country]').dataset.value === '{code}'"),
        )
        .unwrap();
}

#[test]
fn numbers_are_formatted_as_one_types_and_the_caret_stays_where_it_was() {
    let person = Person::named("Amina");
    let server = Server::start().unwrap();
    let window = person.is_asked(server.url());

    window.type_keys("0712345678").unwrap();
    shows(&window, "0712 345678");
    caret(&window, "0712 345678");
    // In the middle: behind the 2.
    window.press(&[Key::Home, Key::Right, Key::Right, Key::Right, Key::Right]).unwrap();
    caret(&window, "0712");
    window.press(&[Key::Backspace]).unwrap();
    caret(&window, "071");
    window.type_keys("9").unwrap();
    shows(&window, "0719 345678");
    caret(&window, "0719");
    // What formatting put there is not what is deleted.
    window.press(&[Key::Delete]).unwrap();
    caret(&window, "0719");
    assert_eq!(field(&window).replace(' ', ""), "071945678");
    window.type_keys("3").unwrap();
    shows(&window, "0719 345678");
    window.press(&[Key::Home]).unwrap();
    window.press(&[Key::Right; 5]).unwrap();
    caret(&window, "0719 ");
    window.press(&[Key::Backspace]).unwrap();
    caret(&window, "071");
    assert_eq!(field(&window).replace(' ', ""), "071345678");
}

#[test]
fn whatever_people_paste_is_read_and_its_country_moves_the_selector() {
    let person = Person::named("Baraka");
    let server = Server::start().unwrap();
    let window = person.is_asked(server.url());
    country(&window, "KE");

    for (pasted, shown, of) in [
        ("+254 (0) 712-345 678", "+254 712 345678", "KE"),
        ("00255 754 321 987", "+255 754 321 987", "TZ"),
        ("tel:+254712345678", "+254 712 345678", "KE"),
        ("＋２５４ ７１２ ３４５ ６７８", "+254 712 345678", "KE"),
        ("٠٧١٢٣٤٥٦٧٨", "0712 345678", "KE"),
        ("\u{202a}+49\u{a0}30\u{2011}90\u{200b}1820\u{202c}", "+49 30 901820", "DE"),
        ("Mobile: +1 (416) 555-0123.", "+1 416-555-0123", "CA"),
        ("0712.345.678 (Amina)", "", "CA"),
        ("+800 1234 5678", "+800 1234 5678", "+800"),
    ] {
        paste(&window, pasted);
        if !shown.is_empty() {
            shows(&window, shown);
        }
        country(&window, of);
        empty(&window);
    }

    // The country chosen by hand reads what stands there anew, also when it named another one.
    paste(&window, "+255 754 321 987");
    country(&window, "TZ");
    window.click("phone-country").unwrap();
    window.type_keys("kenya").unwrap();
    window.press(&[Key::Enter]).unwrap();
    country(&window, "KE");
    window.wait_for_value("phone-input", |text| text.replace(' ', "") == "754321987").unwrap();
    window.wait_for_state("phone-status", &["available"]).unwrap();
}
