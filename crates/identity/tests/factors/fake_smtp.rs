//! A mail server that does as the test says.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use diwan_kernel::{Supervisor, TaskPolicy};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// A mail as it came over the wire.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) recipient: String,
    pub(crate) data: String,
    /// Who the sender said they are, as it came: `AUTH PLAIN` in base64.
    pub(crate) login: Option<String>,
}

/// The server.
pub(crate) struct FakeSmtp {
    pub(crate) port: u16,
    received: mpsc::UnboundedReceiver<Received>,
    tried: mpsc::UnboundedReceiver<Option<String>>,
    _supervisor: Supervisor,
}

impl FakeSmtp {
    /// Starts one that answers the first recipients with these lines, and takes all others.
    pub(crate) async fn start(refusals: &'static [&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, received) = mpsc::unbounded_channel();
        let (tries, tried) = mpsc::unbounded_channel();
        let (supervisor, refused) = (Supervisor::new(), AtomicUsize::new(0));
        supervisor.spawn("fake mail server", TaskPolicy::Once, async move {
            while let Ok((stream, _)) = listener.accept().await {
                let named = AtomicUsize::new(0);
                let tell = |recipient: &str| {
                    named.fetch_add(1, Ordering::SeqCst);
                    let _ = tries.send(Some(recipient.to_owned()));
                };
                // Whatever a client does, the next one is served.
                let _ = converse(stream, refusals, &refused, tell, &sender).await;
                if named.into_inner() == 0 {
                    let _ = tries.send(None);
                }
            }
        });
        Self { port, received, tried, _supervisor: supervisor }
    }

    /// The next mail.
    pub(crate) async fn next(&mut self) -> Received {
        let next = tokio::time::timeout(Duration::from_secs(20), self.received.recv()).await;
        next.expect("a mail comes").expect("the server runs")
    }

    /// The next recipient that somebody tried to send to, taken or not; `None` when they left without
    /// naming one.
    pub(crate) async fn next_try(&mut self) -> Option<String> {
        let next = tokio::time::timeout(Duration::from_secs(20), self.tried.recv()).await;
        next.expect("somebody tries").expect("the server runs")
    }

    /// The next mail, if it is here already.
    pub(crate) fn next_if_here(&mut self) -> Option<Received> {
        self.received.try_recv().ok()
    }
}

async fn converse(
    stream: TcpStream,
    refusals: &[&str],
    refused: &AtomicUsize,
    tell: impl Fn(&str),
    sender: &mpsc::UnboundedSender<Received>,
) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    let (mut recipient, mut login) = (String::new(), None);
    write.write_all(b"220 fake\r\n").await?;
    while let Some(line) = lines.next_line().await? {
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_uppercase();
        let answer = match verb.as_str() {
            "EHLO" | "HELO" => "250-fake\r\n250 AUTH PLAIN".to_owned(),
            "AUTH" => {
                login = line.split(' ').nth(2).map(str::to_owned);
                "235 welcome".to_owned()
            }
            "RCPT" => {
                let wanted = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                tell(&wanted);
                match refusals.get(refused.fetch_add(1, Ordering::SeqCst)) {
                    Some(refusal) => (*refusal).to_owned(),
                    None => {
                        recipient = wanted;
                        "250 ok".to_owned()
                    }
                }
            }
            "DATA" => {
                write.write_all(b"354 go on\r\n").await?;
                let mut data = String::new();
                while let Some(line) = lines.next_line().await? {
                    if line == "." {
                        break;
                    }
                    data.push_str(&line);
                    data.push('\n');
                }
                let _ = sender.send(Received { recipient: recipient.clone(), data, login: login.clone() });
                "250 taken".to_owned()
            }
            "QUIT" => {
                write.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => "250 ok".to_owned(),
        };
        write.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
    Ok(())
}
