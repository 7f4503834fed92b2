//! What is said to a command: its secrets first, and while it runs input, signals, and that it has to stop.

use std::convert::Infallible;

use diwan_link::Sending;
use diwan_protocol::encode;
use diwan_protocol::environment::Brought;
use diwan_protocol::run::{LENGTH_OF_BLANK, LONGEST_PIECE, Piece, ToCommand};
use tokio::sync::mpsc::Receiver;

use super::live::LiveCommand;

/// Says it, for as long as somebody listens. It has no end of its own: the command has one.
pub(crate) async fn talk(
    live: &LiveCommand,
    mut sending: Sending,
    (secrets, mut orders): (Option<Brought>, Receiver<ToCommand>),
    (has_input, is_terminal): (bool, bool),
) -> Infallible {
    let (mut at, mut takes_input) = (live.input_taken(), has_input);
    if let Some(secrets) = secrets {
        for message in [ToCommand::Secrets(secrets), ToCommand::Blank(vec![0; LENGTH_OF_BLANK].into())] {
            if sending.send(encode(&message).into()).await.is_err() {
                return std::future::pending().await;
            }
        }
    }
    loop {
        let message = tokio::select! {
            // What stops a command overtakes what it is given to read.
            biased;
            order = orders.recv() => match order {
                Some(order) => order,
                None => break,
            },
            next = live.next_input(at, LONGEST_PIECE), if takes_input => match next {
                Some((place, bytes)) => {
                    at = place + bytes.len() as u64;
                    ToCommand::Input(Piece { channel: 0, at: place, bytes: Vec::from(bytes).into() })
                }
                None => {
                    takes_input = false;
                    ToCommand::InputEnds
                }
            },
        };
        if is_terminal && matches!(message, ToCommand::Input(_)) {
            sending.give_way();
        }
        if sending.send(encode(&message).into()).await.is_err() {
            break;
        }
    }
    std::future::pending().await
}
