//! The audio devices of this computer.

use care4w_client::audio::devices;

use crate::failure::Failure;
use crate::output::Output;

pub fn run(output: Output) -> Result<(), Failure> {
    let found = devices::list().map_err(|error| Failure::new(error.code(), error.to_string()))?;
    for device in found {
        output.say(&device, || {
            format!("{}  {}{}", device.id, device.name, if device.is_default { "  (default)" } else { "" })
        });
    }
    Ok(())
}
