//! Where the figures of `diwan top` come from: the list of machines, the live feed, and a watch on each machine
//! that is looked at.

use std::time::Duration;

use diwan_client::{Client, ClientError, Feed, FromFeed, Machine, MachineSample, Query};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use ratatui::crossterm::event::{Event, KeyEventKind};
use serde::Deserialize;

use super::super::failure::Failure;
use super::board::{Asked, Board};
use super::draw::draw;
use super::terminal::{Screen, typed};

/// A watch lasts half a minute.
const RENEW: Duration = Duration::from_secs(20);
/// The list is fetched anew this often, whatever the feed said.
const REFRESH: Duration = Duration::from_secs(15);
const AGAIN: Duration = Duration::from_secs(2);
/// No more are watched at once: each makes its machine report every two seconds.
const MOST_WATCHED: usize = 50;
const LARGEST_PAGE: u32 = 200;
/// More machines are more than a screen.
const MOST_PAGES: usize = 10;

/// Fetches the machines.
pub(super) async fn refresh(client: &Client, board: &mut Board) -> Result<(), ClientError> {
    let (mut machines, mut cursor): (Vec<Machine>, Option<String>) = (vec![], None);
    for _ in 0..MOST_PAGES {
        let query = Query::new().with("limit", Some(LARGEST_PAGE)).with("cursor", cursor);
        let page = client.list_machines(query).await?.read()?;
        machines.extend(page.items);
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    board.set(machines);
    Ok(())
}

/// Watches until somebody quits.
pub(super) async fn run(client: &Client, board: &mut Board) -> Result<(), Failure> {
    let unusable = |e: std::io::Error| Failure::refused(format!("the terminal cannot be used: {e}"), "Try --json.");
    let mut screen = Screen::take().map_err(unusable)?;
    let mut typed = typed();
    let mut stop = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).map_err(unusable)?;
    let (mut renew, mut again) = (tokio::time::interval(RENEW), tokio::time::interval(AGAIN));
    let mut list = tokio::time::interval(REFRESH);
    let mut feed: Option<Feed> = None;
    loop {
        screen.draw(|frame| draw(frame, board)).map_err(unusable)?;
        let done = tokio::select! {
            event = typed.recv() => match event.map(|event| press(board, &event)) {
                None | Some(Asked::Quit) => return Ok(()),
                Some(Asked::Nothing) => Ok(()),
                Some(Asked::Detail) => detail(client, board).await,
            },
            _ = stop.recv() => return Ok(()),
            heard = next_of(&mut feed) => hear(client, board, &mut feed, heard).await,
            _ = renew.tick() => watch_all(client, board).await,
            _ = list.tick() => refresh(client, board).await,
            _ = again.tick(), if feed.is_none() => match client.open_live(&["machines"]).await {
                Ok(opened) => {
                    feed = Some(opened);
                    refresh(client, board).await
                }
                Err(error) => Err(error),
            },
        };
        match done {
            Ok(()) => board.trouble = None,
            Err(error @ (ClientError::Refused(_) | ClientError::NotSignedIn(_))) => return Err(error.into()),
            // What comes later may go well again.
            Err(error) => board.trouble = Some(error.to_string()),
        }
    }
}

fn press(board: &mut Board, event: &Event) -> Asked {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => board.press(*key),
        // Whatever else it was: everything is drawn anew.
        _ => Asked::Nothing,
    }
}

async fn next_of(feed: &mut Option<Feed>) -> Option<FromFeed> {
    match feed {
        Some(feed) => feed.next().await.ok(),
        None => std::future::pending().await,
    }
}

#[derive(Deserialize)]
struct Sampled {
    id: String,
    sample: MachineSample,
}

async fn hear(
    client: &Client,
    board: &mut Board,
    feed: &mut Option<Feed>,
    heard: Option<FromFeed>,
) -> Result<(), ClientError> {
    match heard {
        None => *feed = None,
        Some(FromFeed::Gap) => return refresh(client, board).await,
        Some(FromFeed::Event { name, data }) => match name.as_str() {
            "machine.sample" => {
                if let Ok(Sampled { id, sample }) = serde_json::from_value(data) {
                    board.sampled(&id, sample);
                }
            }
            "machine.changed" if data["state"] != "revoked" => {
                if let (Some(id), Some(state)) = (data["id"].as_str(), data["state"].as_str()) {
                    board.set_state(id, state);
                }
            }
            "machine.joined" | "machine.gone" | "machine.locked" | "machine.changed" => {
                return refresh(client, board).await;
            }
            _ => {}
        },
    }
    Ok(())
}

/// Has all that are looked at report often.
async fn watch_all(client: &Client, board: &mut Board) -> Result<(), ClientError> {
    let looked_at: Vec<String> = if board.is_alone {
        board.chosen.iter().cloned().collect()
    } else {
        let there = board.in_order().into_iter().filter(|shown| shown.is_there());
        there.take(MOST_WATCHED).map(|shown| shown.machine.id.clone()).collect()
    };
    let mut all: FuturesUnordered<_> =
        looked_at.iter().map(|id| async move { (id, client.watch_machine(id).await) }).collect();
    let mut failed = None;
    while let Some((id, reply)) = all.next().await {
        match reply.and_then(|reply| reply.read()) {
            Ok(watch) => watch.sample.into_iter().for_each(|sample| board.sampled(id, sample)),
            // It is gone: the feed says so too.
            Err(ClientError::Refused(problem)) if problem.status == 404 => {}
            Err(error) => failed = Some(error),
        }
    }
    if board.is_alone {
        detail(client, board).await?;
    }
    failed.map_or(Ok(()), Err)
}

/// Fetches what one machine shown alone needs.
async fn detail(client: &Client, board: &mut Board) -> Result<(), ClientError> {
    let Some(id) = board.chosen.clone() else { return Ok(()) };
    let points = client.list_machine_samples(&id).await?.read()?;
    board.remembers(&id, &points.items);
    if let Some(sample) = client.watch_machine(&id).await?.read()?.sample {
        board.sampled(&id, sample);
    }
    Ok(())
}
