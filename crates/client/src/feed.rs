//! The live feed: what happens, as it happens.

use serde::Deserialize;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::call::Query;
use crate::client::Client;
use crate::error::ClientError;
use crate::socket::{Lost, Socket};

/// What is heard on the feed.
#[derive(Debug, Clone, PartialEq)]
pub enum FromFeed {
    /// Something happened.
    Event {
        /// What, like `machine.changed`.
        name: String,
        /// More about it.
        data: Value,
    },
    /// Something may have been missed: look anew.
    Gap,
}

/// A connection to the feed.
#[derive(Debug)]
pub struct Feed(Socket);

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Text {
    Event {
        name: String,
        data: Value,
    },
    Gap,
    Ping,
    #[serde(other)]
    Other,
}

impl Client {
    /// Opens the live feed and asks for these topics.
    ///
    /// # Errors
    /// When the server refuses or does not answer.
    pub async fn open_live(&self, topics: &[&str]) -> Result<Feed, ClientError> {
        let mut socket = self.socket("/live", Query::new()).await?;
        let subscribe = json!({"type": "subscribe", "topics": topics, "resume": null});
        match socket.send(Message::text(subscribe.to_string())).await {
            Ok(()) => Ok(Feed(socket)),
            Err(lost) => Err(self.unexpected(format!("the live feed did not begin: {lost:?}"))),
        }
    }
}

impl Feed {
    /// What comes next.
    ///
    /// # Errors
    /// When the connection is over.
    pub async fn next(&mut self) -> Result<FromFeed, Lost> {
        loop {
            let Message::Text(text) = self.0.next().await? else { continue };
            match serde_json::from_str(&text) {
                Ok(Text::Event { name, data }) => return Ok(FromFeed::Event { name, data }),
                Ok(Text::Gap) => return Ok(FromFeed::Gap),
                Ok(Text::Ping) => self.0.send(Message::text(json!({"type": "pong"}).to_string())).await?,
                Ok(Text::Other) => {}
                Err(error) => return Err(Lost::Broken(format!("what the server said has no meaning: {error}"))),
            }
        }
    }
}
