//! The edge in a simulated network: the same seed gives the same run, hours pass in moments.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use diwan_kernel::World;
use diwan_kernel::world::{BoxStream, Clock, Heavy, Listener, RealDisk, Timestamp};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use turmoil::net::{TcpListener, TcpStream};

use crate::house::{Dice, plan};

struct SimClock;

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_767_690_000_000).plus(self.monotonic())
    }

    fn monotonic(&self) -> Duration {
        turmoil::sim_elapsed().unwrap_or_default()
    }
}

struct SimDoor(TcpListener);

#[async_trait]
impl Listener for SimDoor {
    async fn accept(&self) -> std::io::Result<(BoxStream, SocketAddr)> {
        let (stream, from) = self.0.accept().await?;
        Ok((Box::new(stream), from))
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

async fn server() -> turmoil::Result {
    let house = plan()
        .with(|c| {
            c.allowed_hosts = vec!["diwan".into()];
            c.rate_limit_burst = 10_000;
        })
        .build_in(|_, net| {
            World::new(Arc::new(SimClock), Arc::new(Dice::default()), Arc::new(RealDisk), net, Heavy::InPlace)
        })
        .await;
    let listener = TcpListener::bind((IpAddr::V4(Ipv4Addr::UNSPECIFIED), 7400)).await?;
    house.edge.serve(Box::new(SimDoor(listener))).await?;
    house.supervisor.stopping().await;
    Ok(())
}

async fn exchange(request: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect("diwan:7400").await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

const OPEN: &str = "GET /api/v1/open HTTP/1.1\r\nHost: diwan\r\nConnection: close\r\n\r\n";

/// A morning: a slow client, a partition, a good client throughout. What it saw, as text.
fn morning(seed: u64) -> String {
    let mut sim = turmoil::Builder::new()
        .simulation_duration(Duration::from_secs(600))
        .min_message_latency(Duration::from_millis(1))
        .max_message_latency(Duration::from_millis(200))
        .rng_seed(seed)
        .build();
    let seen = Arc::new(std::sync::Mutex::new(String::new()));
    sim.host("diwan", server);
    sim.client("slow", async {
        let mut stream = TcpStream::connect("diwan:7400").await?;
        stream.write_all(b"GET / HTTP/1.1\r\nHo").await?;
        let began = turmoil::sim_elapsed().unwrap_or_default();
        let mut rest = vec![];
        let _ = stream.read_to_end(&mut rest).await;
        let after = turmoil::sim_elapsed().unwrap_or_default() - began;
        assert!((9..=11).contains(&after.as_secs()), "{after:?}");
        Ok(())
    });
    let notes = seen.clone();
    sim.client("good", async move {
        for n in 0..40 {
            if n == 10 {
                turmoil::partition("good", "diwan");
            }
            if n == 15 {
                turmoil::repair("good", "diwan");
            }
            let began = turmoil::sim_elapsed().unwrap_or_default();
            let answer = tokio::time::timeout(Duration::from_secs(5), exchange(OPEN)).await;
            let status = match answer {
                Ok(Ok(answer)) => answer.get(9..12).unwrap_or("???").to_owned(),
                Ok(Err(error)) => error.kind().to_string(),
                Err(_) => "no answer".into(),
            };
            let after = turmoil::sim_elapsed().unwrap_or_default() - began;
            notes.lock().unwrap().push_str(&format!("{n} {status} {}\n", after.as_millis()));
            assert!((10..15).contains(&n) || status == "200", "{n}: {status}");
        }
        Ok(())
    });
    sim.run().unwrap();
    Arc::into_inner(seen).unwrap().into_inner().unwrap()
}

#[test]
fn the_edge_serves_on_after_a_partition_and_the_same_seed_gives_the_same_run() {
    let first = morning(7);
    assert_eq!(first, morning(7));
    assert_ne!(first, morning(8), "another seed, another morning");
}
