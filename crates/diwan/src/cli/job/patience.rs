//! A server that is away for a while: it is asked again, with pauses, and given up in the end.

use std::time::Duration;

use diwan_client::ClientError;

use super::super::failure::Failure;
use super::super::run::may_pass;
use super::teller::aside;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// A server that is away for longer is not waited for.
const MOST_TRIES: u32 = 60;
/// What breaks off so often with nothing to show is given up.
const FRUITLESS: u32 = 4;
/// After so many failures it is said.
const SAY_SO: u32 = 5;

/// Waits longer each time.
#[derive(Debug, Default)]
pub(super) struct Patience(u32);

impl Patience {
    /// Waits a moment after something that may pass.
    pub(super) async fn bear(&mut self, error: ClientError, id: &str) -> Result<(), Failure> {
        if !may_pass(&error) {
            return Err(error.into());
        }
        if self.0 >= MOST_TRIES {
            let next = format!("The job goes on. When the server is back: diwan job logs -f {id}");
            return Err(Failure::from(error).with_next(&next));
        }
        if self.0 + 1 == SAY_SO {
            aside(&format!("the connection is lost ({error}); trying again, the job goes on"));
        }
        self.pause().await;
        Ok(())
    }

    /// The same for somebody who only looks on.
    pub(super) async fn bear_quietly(&mut self, error: ClientError) -> Result<(), Failure> {
        if self.0 >= MOST_TRIES || !may_pass(&error) {
            return Err(error.into());
        }
        self.pause().await;
        Ok(())
    }

    /// Nothing came although nothing is wrong: that is not borne for ever either.
    pub(super) fn check(&self) -> Result<(), Failure> {
        match self.0 > FRUITLESS {
            true => Err(Failure::refused("it breaks off again and again", "Try again later.")),
            false => Ok(()),
        }
    }

    /// Waits a moment, longer than the last time.
    pub(super) async fn pause(&mut self) {
        tokio::time::sleep(FIRST_PAUSE.saturating_mul(1 << self.0.min(6)).min(LONGEST_PAUSE)).await;
        self.0 += 1;
    }
}
