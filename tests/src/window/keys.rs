//! Real keys, for whatever has the focus: what somebody without a pointer does.

use anyhow::Result;
use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
pub use fantoccini::key::Key;

use super::{AppWindow, in_time};

impl AppWindow {
    /// Presses keys one after another.
    pub fn press(&self, keys: &[Key]) -> Result<()> {
        self.act(keys.iter().fold(KeyActions::new("keyboard".into()), |actions, key| stroke(actions, (*key).into())))
    }

    /// Types a text, key by key.
    pub fn type_keys(&self, text: &str) -> Result<()> {
        self.act(text.chars().fold(KeyActions::new("keyboard".into()), stroke))
    }

    /// Presses a key while `held` is down.
    pub fn press_with(&self, held: Key, key: char) -> Result<()> {
        let actions = KeyActions::new("keyboard".into()).then(KeyAction::Down { value: held.into() });
        self.act(stroke(actions, key).then(KeyAction::Up { value: held.into() }))
    }

    fn act(&self, actions: KeyActions) -> Result<()> {
        let client = self.client()?;
        self.runtime.block_on(in_time(async { Ok(client.perform_actions(actions).await?) }))
    }

    /// The `data-testid` of what has the focus; its role or tag where it has none.
    pub fn focused(&self) -> Result<String> {
        let script = "const on = document.activeElement; \
                      return on.dataset.testid ?? on.getAttribute('role') ?? on.tagName.toLowerCase()";
        Ok(self.evaluate(script)?.as_str().unwrap_or_default().to_owned())
    }
}

fn stroke(actions: KeyActions, key: char) -> KeyActions {
    actions.then(KeyAction::Down { value: key }).then(KeyAction::Up { value: key })
}
