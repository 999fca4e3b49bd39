//! How two sessions differ: which messages came in which order, and which fields they had.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::record::{Record, Said, Step};

/// What a connection does by its own clock, whatever happens: only its first time in a step says something, and on a connection
/// of an earlier step not even that.
const BY_CLOCK: [&str; 4] = ["listen", "connected", "register", "ready"];

/// The longest that a client waits for a heartbeat, in milliseconds.
const SILENCE: u64 = 15_000;

/// In words, one a line; none if they are alike. `this` is what was found, `that` what was expected.
pub fn between(this: &Record, that: &Record) -> Vec<String> {
    let mut found = Vec::new();
    for step in &this.0 {
        match that.0.iter().find(|other| other.name == step.name) {
            Some(other) => order(step, other, &mut found),
            None => found.push(format!("{}: expected by nobody", step.name)),
        }
        heartbeats(step, &mut found);
    }
    for step in that.0.iter().filter(|step| this.0.iter().all(|other| other.name != step.name)) {
        found.push(format!("{}: missing", step.name));
    }
    fields(this, that, &mut found);
    found
}

/// Each connection's messages in their order.
fn order(this: &Step, that: &Step, found: &mut Vec<String>) {
    let (this_order, that_order) = (sequences(this), sequences(that));
    for index in 0..this_order.len().max(that_order.len()) {
        let none = Vec::new();
        let (seen, expected) = (this_order.get(index).unwrap_or(&none), that_order.get(index).unwrap_or(&none));
        if seen != expected {
            let words = |words: &Vec<String>| if words.is_empty() { "nothing".to_owned() } else { words.join(" ") };
            found.push(format!("{}, connection {}: {}", this.name, index + 1, words(seen)));
            found.push(format!("    expected: {}", words(expected)));
        }
    }
}

fn sequences(step: &Step) -> Vec<Vec<String>> {
    let mut streams: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    let renewal = step.name == super::script::RENEWAL;
    for said in step.said.iter().filter(|said| said.event != "heartbeat") {
        let word = format!("{}{}", if said.by_phone { "→" } else { "←" }, said.kind());
        let words = streams.entry(said.stream).or_default();
        let opened_here = words.first().is_some_and(|first| first.ends_with("open"));
        let by_clock = BY_CLOCK.contains(&said.kind());
        let renews = renewal && ["listen", "connected"].contains(&said.kind());
        let known = words.contains(&word) || !(opened_here || renews);
        if !(by_clock && known) {
            words.push(word);
        }
    }
    streams.into_values().filter(|words| !words.is_empty()).collect()
}

/// A gateway that is silent for longer than clients wait.
fn heartbeats(step: &Step, found: &mut Vec<String>) {
    let mut last: BTreeMap<u64, u64> = BTreeMap::new();
    let mut longest = 0;
    for said in step.said.iter().filter(|said| !said.by_phone && said.event != "close") {
        if let Some(before) = last.insert(said.stream, said.at) {
            longest = longest.max(said.at.saturating_sub(before));
        }
    }
    if longest > SILENCE {
        found.push(format!("{}: the gateway was silent for {longest} ms", step.name));
    }
}

/// The fields of each kind of message, over the whole session.
fn fields(this: &Record, that: &Record, found: &mut Vec<String>) {
    let (this, that) = (kinds(this), kinds(that));
    for name in this.keys().chain(that.keys()).collect::<BTreeSet<_>>() {
        let none = BTreeSet::new();
        // A kind that came in one session alone is told by the order.
        let (Some(seen), Some(expected)) = (this.get(name), that.get(name)) else { continue };
        let (seen, expected) = (seen, if expected.is_empty() { &none } else { expected });
        for field in seen.difference(expected) {
            found.push(format!("{name}: has {field}"));
        }
        for field in expected.difference(seen) {
            found.push(format!("{name}: lacks {field}"));
        }
    }
}

fn kinds(record: &Record) -> BTreeMap<String, BTreeSet<String>> {
    let mut kinds: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let said = record.0.iter().flat_map(|step| &step.said);
    for said in said.filter(|said: &&Said| said.event == "message") {
        let name = format!("{}{}", if said.by_phone { "→" } else { "←" }, said.kind());
        flatten("", &said.message, kinds.entry(name).or_default());
    }
    kinds
}

fn flatten(path: &str, value: &Value, fields: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                flatten(&format!("{path}.{name}"), value, fields);
            }
        }
        Value::Array(values) => fields.extend(values.iter().map(|value| format!("{path} {value}"))),
        value => {
            fields.insert(format!("{path} {value}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn said(stream: u64, by_phone: bool, message: Value) -> Said {
        Said { stream, by_phone, event: "message".into(), message, at: 0 }
    }

    fn session(of: Vec<Said>) -> Record {
        let open = Said { stream: 1, by_phone: true, event: "open".into(), message: Value::Null, at: 0 };
        Record(vec![Step { name: "a call".into(), said: [vec![open], of].concat() }])
    }

    fn call() -> Vec<Said> {
        vec![
            said(1, true, json!({"type": "listen"})),
            said(1, false, json!({"type": "connected", "payload": {"edge": "roaming"}})),
            said(1, true, json!({"type": "invite"})),
            said(1, false, json!({"type": "answer"})),
        ]
    }

    #[test]
    fn sessions_that_are_alike_do_not_differ_whatever_came_by_the_clock() {
        let mut longer = call();
        longer.push(said(1, true, json!({"type": "listen"})));
        longer.push(said(1, false, json!({"type": "connected", "payload": {"edge": "roaming"}})));
        assert_eq!(between(&session(call()), &session(longer)), Vec::<String>::new());
    }

    #[test]
    fn another_order_another_field_and_a_missing_message_are_told() {
        let mut other = call();
        other.swap(2, 3);
        assert!(between(&session(other), &session(call()))[0].starts_with("a call, connection 1"));
        let mut other = call();
        other[1].message["payload"]["home"] = json!("us1");
        assert_eq!(between(&session(other), &session(call())), ["←connected: has .payload.home \"us1\""]);
        let mut other = call();
        other.pop();
        assert!(!between(&session(other), &session(call())).is_empty());
    }

    #[test]
    fn a_silent_gateway_is_told() {
        let mut late = call();
        late[3].at = 20_000;
        assert_eq!(between(&session(late), &session(call())), ["a call: the gateway was silent for 20000 ms"]);
    }
}
