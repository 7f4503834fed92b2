//! Light work: jobs that do nothing here but be there. The machine pulls them in batches and says when they are done.

use diwan_kernel::World;
use diwan_link::{Reset, ResetCode, Stream};
use diwan_protocol::light::{Done, FromWorker, LARGEST_BATCH, ToWorker};
use diwan_protocol::{decode, encode};

/// So many are pulled ahead: enough that a batch is under way while another is done.
const AHEAD: u32 = 4 * LARGEST_BATCH as u32;

/// Does light work until the stream ends.
pub(crate) async fn work(world: &World, mut stream: Stream) {
    match pull(world, &mut stream).await {
        Ok(()) | Err(Broken::Reset) => {}
        Err(Broken::Protocol) => stream.reset(ResetCode::Protocol, "what came is no light work"),
    }
}

enum Broken {
    Reset,
    Protocol,
}

impl From<Reset> for Broken {
    fn from(_: Reset) -> Self {
        Self::Reset
    }
}

async fn pull(world: &World, stream: &mut Stream) -> Result<(), Broken> {
    stream.send(encode(&FromWorker::Pull(AHEAD)).into()).await?;
    while let Some(message) = stream.receive().await? {
        let began_ms = world.now().as_millis();
        let Some(ToWorker::Batch(batch)) = decode(&message).map_err(|_| Broken::Protocol)? else { continue };
        let count = batch.ids().ok_or(Broken::Protocol)?.len();
        let done = Done { number: batch.number, began_ms, ended_ms: world.now().as_millis(), jobs: batch.jobs };
        stream.send(encode(&FromWorker::Done(done)).into()).await?;
        let again = u32::try_from(count).unwrap_or(AHEAD);
        stream.send(encode(&FromWorker::Pull(again)).into()).await?;
    }
    Ok(())
}
