//! The edge opens the door for machines, and the fleet talks to them.

use std::net::IpAddr;
use std::path::Path;

use async_trait::async_trait;
use axum::response::Response;
use diwan_fleet::{Bridges, Fleet};
use diwan_kernel::Problem;
use diwan_kernel::world::BoxStream;
use diwan_server::TakesMachines;

/// Leads machines from the door to the fleet.
pub(super) struct Gateway(pub(super) Fleet);

#[async_trait]
impl TakesMachines for Gateway {
    fn ready(&self) -> Result<(), Problem> {
        self.0.ready()
    }

    async fn serve(&self, connection: BoxStream, from: IpAddr) {
        self.0.serve(connection, from).await;
    }

    async fn hand_out(&self, path: &str) -> Option<Result<Response, Problem>> {
        self.0.hand_out(path).await
    }
}

/// The bridges that can be handed out: the slim program beside this one, or else this one, which is that too;
/// and whatever was put into the data directory for other platforms.
pub(super) fn bridges(data_dir: &Path) -> Bridges {
    let this = std::env::current_exe().ok();
    let slim = this.as_ref().map(|program| program.with_file_name("diwan-bridge")).filter(|slim| slim.is_file());
    Bridges { own: slim.or(this), dir: data_dir.join("downloads") }
}
