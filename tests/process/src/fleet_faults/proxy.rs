//! A bad network between a bridge and its control plane: it cuts, delays, stalls one direction, becomes slow,
//! holds an old connection open while a new one is there, and says again what was said before.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::sleep;

const PIECE: usize = 64 * 1024;
/// So much of the beginning of a connection is said again.
const REMEMBERED: usize = 64 * 1024;

/// How bytes get through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Flow {
    #[default]
    Open,
    Stalled,
    Delayed(Duration),
    /// A KiB at a time.
    Trickle,
}

/// What becomes of one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Fate {
    /// To the control plane, and from it.
    flows: [Flow; 2],
    is_cut: bool,
    /// The bridge's end is gone, and the control plane does not know.
    is_orphan: bool,
}

#[derive(Debug, Default)]
struct Inner {
    target: Mutex<Option<SocketAddr>>,
    connections: Mutex<Vec<Connection>>,
    usual: Mutex<[Flow; 2]>,
}

#[derive(Debug, Clone)]
struct Connection {
    fate: Arc<watch::Sender<Fate>>,
    said: Arc<Mutex<Vec<u8>>>,
}

/// The network. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    inner: Arc<Inner>,
}

impl Proxy {
    pub(crate) async fn listen(address: IpAddr) -> Self {
        let listener = TcpListener::bind((address, 0)).await.expect("an address of our own");
        let address = listener.local_addr().expect("it has one");
        let this = Self { address, inner: Arc::default() };
        this.clone().spawn(async move |this| {
            while let Ok((near, _)) = listener.accept().await {
                this.clone().spawn(async move |this| {
                    // One that is refused or breaks is over; that is what is tried here.
                    let _ = this.connect(near).await;
                });
            }
        });
        this
    }

    #[expect(clippy::disallowed_methods, reason = "a test has no supervisor")]
    fn spawn<F: Future<Output = ()> + Send + 'static>(self, work: impl FnOnce(Self) -> F) {
        tokio::spawn(work(self));
    }

    /// Where the control plane is now; nowhere, while it is dead.
    pub(crate) fn lead_to(&self, target: Option<SocketAddr>) {
        *self.inner.target.lock().expect("no panic") = target;
    }

    /// For connections from now on, and those that are there.
    pub(crate) fn flow(&self, flows: [Flow; 2]) {
        *self.inner.usual.lock().expect("no panic") = flows;
        self.change(|fate| fate.flows = flows);
    }

    /// Only for those that are there: new ones are not affected.
    pub(crate) fn stall(&self, direction: usize) {
        self.change(|fate| fate.flows[direction] = Flow::Stalled);
    }

    pub(crate) fn cut(&self) {
        self.change(|fate| fate.is_cut = true);
    }

    /// Takes the bridge's ends away and keeps the others, with what was not delivered.
    pub(crate) fn orphan(&self) {
        self.change(|fate| (fate.is_orphan, fate.flows) = (true, [Flow::Stalled; 2]));
    }

    /// Everything is good again, and what was held back is delivered.
    pub(crate) fn heal(&self) {
        self.flow([Flow::Open; 2]);
    }

    /// Says the beginning of every connection again, on new ones.
    pub(crate) fn replay(&self) {
        let said: Vec<Vec<u8>> = {
            let connections = self.inner.connections.lock().expect("no panic");
            connections.iter().map(|one| one.said.lock().expect("no panic").clone()).collect()
        };
        for said in said {
            self.clone().spawn(async move |this| {
                let Ok(mut far) = this.dial().await else { return };
                if far.write_all(&said).await.is_ok() {
                    // Whatever it says: it hangs up.
                    let _ = far.read_to_end(&mut vec![]).await;
                }
            });
        }
    }

    fn change(&self, change: impl Fn(&mut Fate)) {
        let mut connections = self.inner.connections.lock().expect("no panic");
        connections.retain(|one| one.fate.receiver_count() > 0);
        connections.iter().for_each(|one| one.fate.send_modify(&change));
    }

    async fn dial(&self) -> io::Result<TcpStream> {
        let target = *self.inner.target.lock().expect("no panic");
        TcpStream::connect(target.ok_or(io::ErrorKind::ConnectionRefused)?).await
    }

    async fn connect(&self, near: TcpStream) -> io::Result<()> {
        let far = self.dial().await?;
        near.set_nodelay(true)?;
        far.set_nodelay(true)?;
        let flows = *self.inner.usual.lock().expect("no panic");
        let (fate, watched) = watch::channel(Fate { flows, ..Fate::default() });
        let connection = Connection { fate: Arc::new(fate), said: Arc::default() };
        let said = connection.said.clone();
        self.inner.connections.lock().expect("no panic").push(connection);
        let ((near_out, near_in), (far_out, far_in)) = (near.into_split(), far.into_split());
        let up = up(near_out, far_in, Way { fate: watched.clone(), direction: 0 }, &said);
        let down = down(far_out, near_in, Way { fate: watched, direction: 1 });
        // Whichever end hangs up, the other hears so when its direction has been delivered.
        let _ = tokio::join!(up, down);
        Ok(())
    }
}

/// From the bridge to the control plane.
async fn up(near: OwnedReadHalf, mut far: OwnedWriteHalf, mut way: Way, said: &Mutex<Vec<u8>>) -> io::Result<()> {
    let (mut near, mut piece) = (near, vec![0; PIECE]);
    loop {
        let length = way.read(&mut near, &mut piece).await?;
        remember(said, &piece[..length]);
        if length > 0 && !way.is_orphan() {
            way.passes().await?;
        }
        if way.is_orphan() {
            drop(near);
            way.heals().await?;
            return far.write_all(&piece[..length]).await;
        }
        if length == 0 {
            return Ok(());
        }
        way.write(&mut far, &piece[..length]).await?;
    }
}

/// From the control plane to the bridge.
async fn down(mut far: OwnedReadHalf, mut near: OwnedWriteHalf, mut way: Way) -> io::Result<()> {
    let mut piece = vec![0; PIECE];
    loop {
        let length = way.read(&mut far, &mut piece).await?;
        if length > 0 && !way.is_orphan() {
            way.passes().await?;
        }
        if way.is_orphan() {
            drop(near);
            // The control plane may go on talking to nobody.
            let listen = async { while far.read(&mut piece).await.is_ok_and(|length| length > 0) {} };
            tokio::select! {
                healed = way.heals() => return healed,
                () = listen => return Ok(()),
            }
        }
        if length == 0 {
            return Ok(());
        }
        way.write(&mut near, &piece[..length]).await?;
    }
}

fn remember(said: &Mutex<Vec<u8>>, piece: &[u8]) {
    let mut said = said.lock().expect("no panic");
    let room = REMEMBERED.saturating_sub(said.len()).min(piece.len());
    said.extend_from_slice(&piece[..room]);
}

/// One direction of a connection.
struct Way {
    fate: watch::Receiver<Fate>,
    direction: usize,
}

impl Way {
    fn flow(&self) -> Flow {
        self.fate.borrow().flows[self.direction]
    }

    fn is_orphan(&self) -> bool {
        self.fate.borrow().is_orphan
    }

    async fn until(&mut self, is_it: impl Fn(&Fate) -> bool) -> io::Result<()> {
        let cut = || io::Error::from(io::ErrorKind::ConnectionReset);
        let now = *self.fate.wait_for(|fate| fate.is_cut || is_it(fate)).await.map_err(|_| cut())?;
        if now.is_cut { Err(cut()) } else { Ok(()) }
    }

    /// The next piece; nothing at the end of the connection, or when the bridge's end is taken away.
    async fn read(&mut self, from: &mut OwnedReadHalf, piece: &mut [u8]) -> io::Result<usize> {
        tokio::select! {
            length = from.read(piece) => length,
            orphaned = self.until(|fate| fate.is_orphan) => orphaned.map(|()| 0),
        }
    }

    /// Waits until a piece may pass.
    async fn passes(&mut self) -> io::Result<()> {
        let direction = self.direction;
        self.until(|fate| fate.is_orphan || fate.flows[direction] != Flow::Stalled).await
    }

    async fn heals(&mut self) -> io::Result<()> {
        let direction = self.direction;
        self.until(|fate| fate.flows[direction] == Flow::Open).await
    }

    async fn write(&mut self, to: &mut OwnedWriteHalf, piece: &[u8]) -> io::Result<()> {
        let write = async {
            match self.flow() {
                Flow::Open | Flow::Stalled => {}
                Flow::Delayed(delay) => sleep(delay).await,
                Flow::Trickle => {
                    for part in piece.chunks(1024) {
                        to.write_all(part).await?;
                        sleep(Duration::from_millis(2)).await;
                    }
                    return Ok(());
                }
            }
            to.write_all(piece).await
        };
        let mut fate = self.fate.clone();
        tokio::select! {
            written = write => written,
            _ = fate.wait_for(|fate| fate.is_cut) => Err(io::ErrorKind::ConnectionReset.into()),
        }
    }
}
