//! Whatever bytes the other end sends: a link takes them or ends, and neither panics nor hangs.
#![no_main]

use std::cell::LazyCell;

use diwan_link::{Limits, Link, Side};
use libfuzzer_sys::fuzz_target;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex, sink, split};
use tokio::runtime::{Builder, Runtime};
use tokio::task::LocalSet;

thread_local! {
    static RUNTIME: LazyCell<Runtime> =
        LazyCell::new(|| Builder::new_current_thread().enable_all().build().expect("a runtime"));
}

async fn talk(bytes: &[u8]) {
    let (ours, theirs) = duplex(64 * 1024);
    let side = if bytes.first().is_some_and(|byte| byte & 1 == 1) { Side::Dialler } else { Side::Acceptor };
    let (link, driver) = Link::new(ours, side, Limits { streams: 8, window: 4096, message: 16 * 1024 });
    let (mut from_us, mut to_us) = split(theirs);
    let accept = async {
        while let Some((mut stream, _)) = link.accept().await {
            tokio::task::spawn_local(async move {
                while let Ok(Some(message)) = stream.receive().await {
                    if stream.send(message).await.is_err() {
                        return;
                    }
                }
                stream.finish();
            });
        }
    };
    let send = async {
        // The link may end before it has heard everything.
        let _ = to_us.write_all(bytes.get(1..).unwrap_or_default()).await;
        let _ = to_us.shutdown().await;
        let mut rest = sink();
        let _ = tokio::io::copy(&mut (&mut from_us).take(1 << 20), &mut rest).await;
    };
    tokio::join!(driver, accept, send);
}

fuzz_target!(|bytes: &[u8]| {
    RUNTIME.with(|runtime| LocalSet::new().block_on(runtime, talk(bytes)));
});
