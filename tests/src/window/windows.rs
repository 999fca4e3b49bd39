//! An app with more than one window: the driver holds one of them at a time.

use anyhow::Result;

use super::AppWindow;

impl AppWindow {
    /// Waits until there is a second window, and drives it from now on.
    pub fn goes_to_newest_window(&self) -> Result<()> {
        self.until("a second window", async |client| {
            let (now, all) = (client.window().await?, client.windows().await?);
            let Some(other) = all.into_iter().find(|window| *window != now) else { return Ok(None) };
            Ok(Some(client.switch_to_window(other).await?))
        })
    }

    /// Waits until there is one window, and drives it from now on.
    pub fn goes_to_first_window(&self) -> Result<()> {
        self.until("the second window to go", async |client| {
            let all = client.windows().await?;
            let [only] = &all[..] else { return Ok(None) };
            Ok(Some(client.switch_to_window(only.clone()).await?))
        })
    }
}
