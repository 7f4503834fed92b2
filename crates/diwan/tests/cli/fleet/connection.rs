//! A connection that breaks in the middle: nothing is lost and nothing comes twice.

use std::net::SocketAddr;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::Fleet;

/// So much comes through on each connection.
const FAIR: usize = 400_000;

/// Passes connections on to the server, several at once, and cuts each that has carried much to the client.
pub(crate) async fn cutting_proxy(server: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::task::spawn_blocking(move || {
        tokio::runtime::Handle::current().block_on(async move {
            let mut carried = FuturesUnordered::new();
            loop {
                tokio::select! {
                    accepted = listener.accept() => match accepted {
                        Ok((client, _)) => carried.push(carry(client, server)),
                        Err(_) => return,
                    },
                    Some(()) = carried.next() => {}
                }
            }
        });
    });
    address
}

async fn carry(mut client: TcpStream, server: SocketAddr) {
    let Ok(mut server) = TcpStream::connect(server).await else { return };
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    let down = async {
        let (mut carried, mut buffer) = (0, vec![0; 16 * 1024]);
        while carried < FAIR {
            match from_server.read(&mut buffer).await {
                Ok(count @ 1..) if to_client.write_all(&buffer[..count]).await.is_ok() => carried += count,
                _ => return,
            }
        }
    };
    tokio::select! {
        () = down => {}
        _ = tokio::io::copy(&mut from_client, &mut to_server) => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f30_output_is_byte_exact_over_connections_that_are_cut() {
    let (fleet, bridge) = Fleet::with("web-1").await;
    let bytes: Vec<u8> = (0..2_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 11) as u8).collect();
    std::fs::write(bridge.root().join("bytes"), &bytes).expect("a file");
    bridge.script("send.sh", "cat bytes; read word; echo \"$word\" >&2\n");
    let token = fleet.token(&["commands.run", "machines.read"]).await;
    let proxy = cutting_proxy(fleet.server.address()).await;
    let mut command = fleet.desk.command("run -m web-1 -- sh send.sh");
    command.env("DIWAN_TOKEN", token).env("DIWAN_SERVER", format!("http://{proxy}"));
    let mut child = command.stdin(std::process::Stdio::piped()).spawn().expect("it starts");
    std::io::Write::write_all(&mut child.stdin.take().expect("its input"), b"word\n").expect("it reads");
    let ended = tokio::task::spawn_blocking(move || child.wait_with_output()).await.expect("it ran").expect("it ended");
    let errors = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{errors}");
    assert!(ended.stdout == bytes, "{} bytes came", ended.stdout.len());
    assert!(errors.contains("word\n"), "{errors}");
}
