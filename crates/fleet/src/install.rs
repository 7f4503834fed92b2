//! What a machine fetches before it is one of ours: the script that installs the bridge, and the bridge. Both
//! are public: nobody joins by having them. What a person pastes names the checksum of the script, and the
//! script those of the bridges, so that neither can be exchanged on the way.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use diwan_kernel::{Problem, World};
use futures::stream;
use ring::digest::{Context, SHA256, digest};
use tokio::io::AsyncReadExt;

use crate::authority::hex;
use crate::fleet::Fleet;

/// Where the script is.
pub(crate) const SCRIPT: &str = "/install.sh";
/// Before the platform in the path of a bridge.
const BRIDGE: &str = "/downloads/diwan-bridge-";
const TEMPLATE: &str = include_str!("../../../deploy/install.sh");
const PLATFORMS: [&str; 2] = ["linux-x86_64", "linux-aarch64"];
const PIECE: usize = 64 * 1024;

/// Where the bridges are that can be handed out.
#[derive(Debug, Clone)]
pub struct Bridges {
    /// The program for this platform.
    pub own: Option<PathBuf>,
    /// Those of others: `diwan-bridge-linux-aarch64` and the like.
    pub dir: PathBuf,
}

/// What was worked out last, and from which files.
#[derive(Debug, Default)]
pub(crate) struct Installer(Mutex<Option<(Vec<Look>, Arc<Script>)>>);

/// The script, and the files that it names.
#[derive(Debug)]
pub(crate) struct Script {
    text: String,
    /// SHA-256 of the text.
    pub(crate) checksum: String,
    files: BTreeMap<&'static str, PathBuf>,
}

/// What a file looks like from outside: when that is the same, so is the file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Look {
    platform: &'static str,
    path: PathBuf,
    length: u64,
    modified: Option<SystemTime>,
}

impl Bridges {
    fn look(&self) -> Vec<Look> {
        let here = format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH);
        let of = |platform: &'static str| {
            let placed = self.dir.join(format!("diwan-bridge-{platform}"));
            let own = self.own.clone().filter(|_| platform == here);
            [Some(placed), own].into_iter().flatten().find_map(|path| {
                let seen = std::fs::metadata(&path).ok().filter(std::fs::Metadata::is_file)?;
                Some(Look { platform, path, length: seen.len(), modified: seen.modified().ok() })
            })
        };
        PLATFORMS.into_iter().filter_map(of).collect()
    }
}

impl Script {
    fn naming(bridges: &[Look]) -> std::io::Result<Self> {
        let (mut checksums, mut files) = (String::new(), BTreeMap::new());
        for bridge in bridges {
            checksums.push_str(&format!("{} {}\n", bridge.platform, checksum_of(&bridge.path)?));
            files.insert(bridge.platform, bridge.path.clone());
        }
        let text = TEMPLATE.replace("@CHECKSUMS@", checksums.trim_end());
        Ok(Self { checksum: hex(digest(&SHA256, text.as_bytes()).as_ref()), text, files })
    }
}

fn checksum_of(path: &Path) -> std::io::Result<String> {
    let (mut file, mut context, mut piece) = (std::fs::File::open(path)?, Context::new(&SHA256), vec![0; PIECE]);
    loop {
        match std::io::Read::read(&mut file, &mut piece)? {
            0 => return Ok(hex(context.finish().as_ref())),
            length => context.update(&piece[..length]),
        }
    }
}

impl Fleet {
    /// The script that installs the bridges that are here now.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub(crate) async fn script(&self) -> Result<Arc<Script>, Problem> {
        let bridges = self.bridges().look();
        let known = self.installer().0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, script)) = known.filter(|(looked, _)| *looked == bridges) {
            return Ok(script);
        }
        let looked = bridges.clone();
        let script = heavily(self.world(), move || Script::naming(&bridges)).await?;
        let script = Arc::new(script);
        *self.installer().0.lock().unwrap_or_else(PoisonError::into_inner) = Some((looked, Arc::clone(&script)));
        Ok(script)
    }

    /// What is handed out at this path to machines that are not ours yet, if anything is.
    pub async fn hand_out(&self, path: &str) -> Option<Result<Response, Problem>> {
        if path == SCRIPT {
            let script = self.script().await;
            return Some(
                script.map(|script| send("text/x-shellscript; charset=utf-8", Body::from(script.text.clone()))),
            );
        }
        let platform = path.strip_prefix(BRIDGE)?;
        match self.script().await {
            Err(problem) => Some(Err(problem)),
            Ok(script) => Some(send_file(script.files.get(platform)?).await),
        }
    }
}

async fn heavily<T: Send + 'static>(
    world: &World,
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, Problem> {
    world.heavy(work).await.map_err(Problem::internal)?.map_err(Problem::internal)
}

/// Piece by piece: a bridge is many megabytes, and a whole fleet may ask at once.
async fn send_file(path: &Path) -> Result<Response, Problem> {
    let file = tokio::fs::File::open(path).await.map_err(Problem::internal)?;
    let length = file.metadata().await.map_err(Problem::internal)?.len();
    let pieces = stream::try_unfold(file, async |mut file| {
        let mut piece = vec![0; PIECE];
        let length = file.read(&mut piece).await?;
        piece.truncate(length);
        Ok::<_, std::io::Error>((length > 0).then(|| (Bytes::from(piece), file)))
    });
    let mut answer = send("application/octet-stream", Body::from_stream(pieces));
    answer.headers_mut().insert(header::CONTENT_LENGTH, length.into());
    Ok(answer)
}

fn send(what: &'static str, body: Body) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(what)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, body).into_response()
}
