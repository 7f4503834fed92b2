//! How far it is: a line on the terminal that is written anew, and nothing where nobody looks.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::super::screen::size;

/// How often the line is written.
const OFTEN: Duration = Duration::from_millis(250);

/// How many bytes were dealt with.
#[derive(Debug, Clone, Default)]
pub(in crate::cli) struct Moved(Arc<AtomicU64>);

impl Moved {
    pub(in crate::cli) fn add(&self, bytes: u64) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }

    fn now(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Shows how far it is while something is done.
pub(in crate::cli) async fn show<T>(
    moved: &Moved,
    total: Option<u64>,
    is_quiet: bool,
    work: impl Future<Output = T>,
) -> T {
    if is_quiet || !std::io::stderr().is_terminal() {
        return work.await;
    }
    let mut work = std::pin::pin!(work);
    let mut before = 0;
    let done = loop {
        match tokio::time::timeout(OFTEN, &mut work).await {
            Ok(done) => break done,
            Err(_) => {
                let now = moved.now();
                write(&line(now, total, now.saturating_sub(before) * 4));
                before = now;
            }
        }
    };
    write("");
    done
}

fn line(now: u64, total: Option<u64>, each_second: u64) -> String {
    let of = match total {
        Some(total) if total > 0 => format!(" of {} ({} %)", size(total), now.min(total) * 100 / total),
        _ => String::new(),
    };
    format!("{}{of}, {}/s", size(now), size(each_second))
}

fn write(text: &str) {
    let mut to = std::io::stderr().lock();
    // Who does not see it does not miss it.
    let _ = write!(to, "\r\u{1b}[K{text}").and_then(|()| to.flush());
}
