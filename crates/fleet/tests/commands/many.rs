//! Many commands at once.

use std::collections::{BTreeSet, VecDeque};

use diwan_testkit::{TestServer, on_every_backend};
use futures::StreamExt;
use reqwest::StatusCode;
use serde_json::json;

use super::machine::{Machine, piece, say};
use super::{audit, exec, text};

const ALL: usize = 200;
const AT_ONCE: usize = 25;

on_every_backend! {
    async fn many_at_once_arrive_in_order_and_each_has_one_end(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let mut wanted = exec("box", &["true"]);
        wanted["await_end_ms"] = json!(20_000);
        let asking = futures::stream::iter(0..ALL).map(|_| async {
            let batch = owner.post("/api/v1/commands", wanted.clone()).await.expect(StatusCode::CREATED);
            assert_eq!((&batch["succeeded"], &batch["commands"][0]["output_bytes"]), (&json!(1), &json!(3)), "{batch}");
            text(&batch["commands"][0], "id").to_owned()
        });
        let asking = asking.buffer_unordered(AT_ONCE).collect::<BTreeSet<_>>();
        let doing = async {
            // That a number was overtaken would be seen when the next command is opened.
            let (mut ids, mut held) = (BTreeSet::new(), VecDeque::new());
            for _ in 0..ALL {
                let mut sent = machine.sent().await;
                sent.begin().await;
                say(&mut sent.stream, piece(1, 0, b"ok\n")).await;
                sent.end(0, 3, 0).await;
                ids.insert(sent.command.id.clone());
                held.push_back(sent.stream);
                if held.len() > 2 * AT_ONCE {
                    // It is let go of when the other end has heard all of it.
                    let mut oldest = held.pop_front().expect("a stream");
                    while let Ok(Some(_)) = oldest.receive().await {}
                }
            }
            (ids, held)
        };
        let (asked, (done, held)) = tokio::join!(asking, doing);
        assert_eq!((asked.len(), &asked), (ALL, &done));
        drop(held);
        let mut ends = BTreeSet::new();
        let mut cursor = String::new();
        loop {
            let page = owner.get(&format!("/api/v1/audit?action=command.end&limit=200{cursor}")).await.expect(StatusCode::OK);
            for entry in page["items"].as_array().expect("items") {
                assert!(ends.insert(text(&entry["resource"], "id").to_owned()), "twice: {entry}");
            }
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(ends, asked);
        assert!(!audit(&owner, "command.run").await.is_empty());
    }
}
