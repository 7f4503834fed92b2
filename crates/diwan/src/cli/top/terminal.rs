//! The terminal in the state that a full screen needs; given back as it was, however that ends.

use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event};
use tokio::sync::mpsc;

/// The terminal, as long as it is ours.
#[derive(Debug)]
pub(super) struct Screen(DefaultTerminal);

impl Screen {
    pub(super) fn take() -> std::io::Result<Self> {
        Ok(Self(ratatui::try_init()?))
    }

    /// Draws everything.
    pub(super) fn draw(&mut self, draw: impl FnOnce(&mut ratatui::Frame<'_>)) -> std::io::Result<()> {
        self.0.draw(draw).map(drop)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

/// What is typed, and changes of the size. It is read beside the event loop.
pub(super) fn typed() -> mpsc::Receiver<Event> {
    let (sender, typed) = mpsc::channel(16);
    tokio::task::spawn_blocking(move || {
        while let Ok(event) = event::read() {
            if sender.blocking_send(event).is_err() {
                return;
            }
        }
    });
    typed
}
