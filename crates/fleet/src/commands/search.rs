//! Looks for a text in what a command said.

use diwan_kernel::Problem;
use serde::Serialize;

use super::id::CommandId;
use super::output::{OutputChannel, Said, no_bytes};
use super::text::{Found, Searcher};
use crate::fleet::Fleet;

/// So much is read in one go: a frame, where it is packed.
const PIECE: u64 = 256 * 1024;
/// So many pieces are looked through without a look around.
const AT_ONCE: usize = 16;
/// More is not looked through for one answer.
const MOST: u64 = 64 * 1024 * 1024;

/// What is looked for, and where.
#[derive(Debug, Clone)]
pub(crate) struct Sought {
    /// A word, or several in one line.
    pub(crate) text: String,
    /// Whether small and large letters of ASCII are the same.
    pub(crate) ignores_case: bool,
    /// On what it was said.
    pub(crate) channel: OutputChannel,
    /// From which place on, and in the line of which number that is.
    pub(crate) from: (u64, u64),
    /// How many lines are wanted.
    pub(crate) most: usize,
}

/// Lines of output with a text in them.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OutputMatches {
    /// The lines, in their order.
    matches: Vec<OutputMatch>,
    /// From where to go on; null when all that there is was looked through.
    next_from: Option<u64>,
    /// The number of the line there.
    next_line: Option<u64>,
    /// Whether nothing more comes: all was looked through, and the command is over.
    is_complete: bool,
}

/// A line of output with a text in it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct OutputMatch {
    /// On what it was said.
    channel: OutputChannel,
    /// The place of the first byte of the text.
    offset: u64,
    /// The number of the line, from 1 on.
    line: u64,
    /// The line without escape codes and control characters; of a long one what is around the text.
    text: String,
}

impl Fleet {
    /// Looks for a text in what a command said so far. Whether somebody may see it is for the caller to know.
    ///
    /// # Errors
    /// 404, 409 of a terminal, 410 when it is not kept any longer; 500 when something of it is damaged, 503 when the disk does not let itself be read.
    pub(crate) async fn search_output(&self, id: CommandId, sought: Sought) -> Result<OutputMatches, Problem> {
        let said = self.said(id, sought.channel).await?;
        match look_through(&said, &sought).await {
            Ok(found) => Ok(matches(found, &said, sought.channel)),
            Err(error) => Err(self.unless_deleted(id, no_bytes(error)).await),
        }
    }
}

/// The lines, and where to go on.
type Looked = (Vec<Found>, Option<(u64, u64)>);

async fn look_through(said: &Said, sought: &Sought) -> std::io::Result<Looked> {
    let (from, end) = (sought.from.0, said.length);
    let stop = from.saturating_add(MOST).min(end);
    let mut searcher = Searcher::new(&sought.text, sought.ignores_case, sought.from, sought.most);
    while searcher.at() < stop && !searcher.is_done() {
        let look = move |reader: &super::store::OutputReader| {
            for _ in 0..AT_ONCE {
                let at = searcher.at();
                let count = (PIECE - at % PIECE).min(stop.saturating_sub(at));
                if count == 0 || searcher.is_done() {
                    break;
                }
                let piece = reader.read_now(at, count as usize, vec![])?;
                if piece.len() as u64 != count {
                    return Err(std::io::ErrorKind::UnexpectedEof.into());
                }
                searcher.look(&piece);
            }
            Ok::<_, std::io::Error>(searcher)
        };
        searcher = said.reader.heavy(look).await??;
    }
    let is_all = searcher.at() >= end && !searcher.is_done();
    Ok(searcher.finish(is_all))
}

fn matches((found, rest): Looked, said: &Said, channel: OutputChannel) -> OutputMatches {
    let rest = rest.filter(|(place, _)| *place < said.length);
    let of = |Found { offset, line, text }| OutputMatch { channel, offset, line, text };
    OutputMatches {
        matches: found.into_iter().map(of).collect(),
        next_from: rest.map(|(place, _)| place),
        next_line: rest.map(|(_, line)| line),
        is_complete: rest.is_none() && said.is_over,
    }
}
