//! How a WebSocket ends.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};

/// Says goodbye and waits, no longer than this, until the client has said so too. To a browser a connection that is cut
/// before looks like one that was lost, whatever was said; and what it has not read yet may be lost with it.
pub(crate) async fn part(
    (mut sink, mut client): (SplitSink<WebSocket, Message>, SplitStream<WebSocket>),
    frame: CloseFrame,
    at_most: Duration,
) {
    let part = async {
        if sink.send(Message::Close(Some(frame))).await.is_ok() {
            while let Some(Ok(_)) = client.next().await {}
        }
    };
    // A client that says nothing is gone.
    let _ = tokio::time::timeout(at_most, part).await;
}
