//! The edge opens the door for machines, and the fleet talks to them.

use std::net::IpAddr;

use async_trait::async_trait;
use diwan_fleet::Fleet;
use diwan_kernel::Problem;
use diwan_kernel::world::BoxStream;
use diwan_server::Bridges;

/// Leads machines from the door to the fleet.
pub(super) struct Gateway(pub(super) Fleet);

#[async_trait]
impl Bridges for Gateway {
    fn ready(&self) -> Result<(), Problem> {
        self.0.ready()
    }

    async fn serve(&self, connection: BoxStream, from: IpAddr) {
        self.0.serve(connection, from).await;
    }
}
