//! Opens devices for a call: at its start, when somebody chooses another, and when one went away.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Sender;
use std::thread;

use crate::card::{Host, OnLost, Waker};
use crate::command::Command;
use crate::endpoint::{Microphone, Opened, Speaker};
use crate::notice::Notice;
use crate::shared::Shared;
use crate::{DeviceSelector, Direction, OpenAudioError};

/// What opening a device needs.
#[derive(Clone)]
pub struct Opener {
    pub host: Arc<dyn Host>,
    pub waker: Arc<Waker>,
    pub commands: Sender<Command>,
    pub shared: Arc<Shared>,
}

impl Opener {
    pub fn microphone(&self, selector: &DeviceSelector) -> Result<Opened<Microphone>, OpenAudioError> {
        let (generation, lost) = self.lost(Direction::Input);
        let device = Microphone::open(&*self.host, selector, self.waker.clone(), lost)?;
        Ok(Opened { device, generation, notice: None })
    }

    pub fn speaker(&self, selector: &DeviceSelector) -> Result<Opened<Speaker>, OpenAudioError> {
        let (generation, lost) = self.lost(Direction::Output);
        let device = Speaker::open(&*self.host, selector, self.waker.clone(), lost)?;
        Ok(Opened { device, generation, notice: None })
    }

    fn lost(&self, direction: Direction) -> (u64, OnLost) {
        let generation = self.shared.generation.fetch_add(1, Ordering::Relaxed) + 1;
        let (commands, waker) = (self.commands.clone(), self.waker.clone());
        let lost = Box::new(move || {
            // The engine may be gone by now, and then nobody needs to know.
            let _ = commands.send(Command::Lost(direction, generation));
            waker.wake();
        });
        (generation, lost)
    }

    /// Opens the system's default in the background and hands it to the engine.
    pub fn replace(self, direction: Direction) {
        let notice = Some(Notice::SwitchedToDefault { direction });
        let none = Some(Notice::NoDeviceLeft { direction });
        thread::spawn(move || {
            let command = match direction {
                Direction::Input => Command::Microphone(match self.microphone(&DeviceSelector::Default) {
                    Ok(opened) => Opened { notice, ..opened },
                    Err(_) => Opened { device: Microphone::Silence, generation: 0, notice: none },
                }),
                Direction::Output => Command::Speaker(match self.speaker(&DeviceSelector::Default) {
                    Ok(opened) => Opened { notice, ..opened },
                    Err(_) => Opened { device: Speaker::Silence, generation: 0, notice: none },
                }),
            };
            let _ = self.commands.send(command);
        });
    }
}
