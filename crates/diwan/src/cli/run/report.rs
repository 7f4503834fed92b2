//! What a command said, for programs that read JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use diwan_client::Channel;
use serde_json::{Value, json};

use super::follow::Hears;
use super::writer::Gone;

/// More is not put into JSON; `diwan command output` has all of it.
const MOST: usize = 1024 * 1024;

/// What was heard of a command.
#[derive(Debug, Default)]
pub(in crate::cli) struct Collected {
    heard: [Vec<u8>; 2],
    is_cut: bool,
}

impl Hears for Collected {
    async fn hear(&mut self, channel: Channel, bytes: Bytes) -> Result<(), Gone> {
        let heard = &mut self.heard[usize::from(channel == Channel::Errors)];
        let fits = bytes.len().min(MOST - heard.len());
        self.is_cut |= fits < bytes.len();
        heard.extend_from_slice(&bytes[..fits]);
        Ok(())
    }
}

impl Collected {
    /// The command with what it said: as text, or in base 64 where it is none.
    pub(in crate::cli) fn report(self, mut command: Value) -> Value {
        for (name, bytes) in ["output", "errors"].into_iter().zip(self.heard) {
            match String::from_utf8(bytes) {
                Ok(text) => command[name] = json!(text),
                Err(error) => command[format!("{name}_base64")] = json!(STANDARD.encode(error.as_bytes())),
            }
        }
        command["is_cut"] = json!(self.is_cut);
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn bytes_that_are_no_text_survive() {
        let mut collected = Collected::default();
        collected.hear(Channel::Output, Bytes::from_static(b"a\xff")).await.unwrap();
        collected.hear(Channel::Errors, Bytes::from(vec![b'x'; MOST + 1])).await.unwrap();
        let report = collected.report(json!({"id": "cmd_1"}));
        assert_eq!(
            (&report["output_base64"], &report["is_cut"], &report["output"]),
            (&json!("Yf8="), &json!(true), &Value::Null)
        );
        assert_eq!(report["errors"].as_str().map(str::len), Some(MOST));
    }
}
