//! What a machine may say of a command, and in which order: the rules, without input or output.
//!
//! Nothing that a machine says is taken on trust. Output has places: what is there already is passed over,
//! what would leave a gap is refused, and whoever breaks the order is not listened to any longer.

use bytes::Bytes;
use diwan_protocol::artifacts::Artifacts;
use diwan_protocol::run::{Decision, Ended, FromCommand, LONGEST_PIECE, Piece, Verdict};

/// Standard output and standard error.
pub(crate) const CHANNELS: usize = 2;

/// How far a command has come.
#[derive(Debug, Clone, Default)]
pub(crate) struct Intake {
    lengths: [u64; CHANNELS],
    /// How much output is taken at the most.
    most: u64,
    decision: Option<Decision>,
    /// Whether somebody has said yes, so that a machine that asks goes on.
    is_approved: bool,
    has_started: bool,
    /// Whether this is not the first stream about it, so that its beginning may be left out.
    is_resumed: bool,
    is_over: bool,
    /// Whether only the newest output matters, so that what is gone leaves a gap.
    is_terminal: bool,
}

/// What follows from what was said.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing new.
    Nothing,
    /// The machine has judged.
    Verdict(Verdict),
    /// It began, at this moment by the machine's clock.
    Started(i64),
    /// These bytes come next on this channel (0 or 1).
    Output(usize, Bytes),
    /// There is more output than is taken.
    TooMuch,
    /// So much of its input is taken.
    InputTaken(u64),
    /// Files that it left are kept there.
    Artifacts(Artifacts),
    /// It is over.
    Ended(Ended),
}

/// Why a machine is not listened to any longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    /// Something in between is missing: it has to be asked for.
    #[error("output is missing")]
    Gap,
    /// Not what may come now.
    #[error("messages out of order")]
    Order,
    /// Not what a piece can be.
    #[error("a piece of output that cannot be")]
    Piece,
}

impl Intake {
    /// So much output is here already.
    pub(crate) fn new(lengths: [u64; CHANNELS]) -> Self {
        Self { lengths, ..Self::default() }
    }

    /// Of a command to which somebody has said yes.
    pub(crate) fn approved(self, is_approved: bool) -> Self {
        Self { is_approved, ..self }
    }

    /// Of a terminal.
    pub(crate) fn terminal(self, is_terminal: bool) -> Self {
        Self { is_terminal, ..self }
    }

    /// A stream that goes on where another one ended.
    pub(crate) fn resume(&mut self, lengths: [u64; CHANNELS]) {
        (self.lengths, self.is_resumed, self.is_over) = (lengths, true, false);
    }

    /// How much output is here.
    pub(crate) fn lengths(&self) -> [u64; CHANNELS] {
        self.lengths
    }

    /// So much output is taken from now on.
    pub(crate) fn take_at_most(&mut self, most: u64) {
        self.most = most;
    }

    /// What follows from a message.
    ///
    /// # Errors
    /// [`Fault`] when it may not be said; nothing that comes after it counts.
    pub(crate) fn hear(&mut self, message: FromCommand) -> Result<Step, Fault> {
        if self.is_over {
            return Err(Fault::Order);
        }
        match message {
            FromCommand::Verdict(verdict) => self.hear_verdict(verdict),
            FromCommand::Started(at_ms) => {
                self.must_be_allowed()?;
                let is_new = !std::mem::replace(&mut self.has_started, true);
                Ok(if is_new { Step::Started(at_ms) } else { Step::Nothing })
            }
            FromCommand::Output(piece) => self.hear_output(piece),
            FromCommand::InputTaken(count) => {
                self.must_run()?;
                Ok(Step::InputTaken(count))
            }
            FromCommand::Artifacts(artifacts) => {
                self.must_run()?;
                Ok(Step::Artifacts(artifacts))
            }
            FromCommand::Ended(ended) => self.hear_end(ended),
        }
    }

    fn hear_verdict(&mut self, verdict: Verdict) -> Result<Step, Fault> {
        match self.decision {
            // Told again after a new connection.
            Some(before) if before == verdict.decision => Ok(Step::Nothing),
            Some(_) => Err(Fault::Order),
            None if self.has_started && !self.is_yes(verdict.decision) => Err(Fault::Order),
            None => {
                self.decision = Some(verdict.decision);
                self.is_over = !self.is_yes(verdict.decision);
                Ok(Step::Verdict(verdict))
            }
        }
    }

    fn is_yes(&self, decision: Decision) -> bool {
        decision == Decision::Allow || (decision == Decision::Ask && self.is_approved)
    }

    fn must_be_allowed(&self) -> Result<(), Fault> {
        let is_allowed = self.decision.is_some_and(|decision| self.is_yes(decision));
        if self.is_resumed || is_allowed { Ok(()) } else { Err(Fault::Order) }
    }

    fn must_run(&self) -> Result<(), Fault> {
        if self.is_resumed || self.has_started { Ok(()) } else { Err(Fault::Order) }
    }

    fn hear_output(&mut self, piece: Piece) -> Result<Step, Fault> {
        self.must_run()?;
        let Piece { channel, at, bytes } = piece;
        let bytes = Bytes::from(Vec::from(bytes));
        let channel = usize::from(channel).checked_sub(1).filter(|c| *c < CHANNELS).ok_or(Fault::Piece)?;
        let end = at.checked_add(bytes.len() as u64).filter(|_| bytes.len() <= LONGEST_PIECE).ok_or(Fault::Piece)?;
        if self.is_terminal {
            self.lengths[channel] = self.lengths[channel].max(at);
        }
        let here = self.lengths[channel];
        if at > here {
            return Err(Fault::Gap);
        }
        if end <= here {
            return Ok(Step::Nothing);
        }
        let others: u64 = self.lengths.iter().sum::<u64>() - here;
        if !self.is_terminal && others + end > self.most {
            return Ok(Step::TooMuch);
        }
        self.lengths[channel] = end;
        // Its first bytes may be here already: the difference is less than a piece.
        Ok(Step::Output(channel, bytes.slice((here - at) as usize..)))
    }

    fn hear_end(&mut self, ended: Ended) -> Result<Step, Fault> {
        if !self.is_terminal && (self.lengths[0] < ended.output || self.lengths[1] < ended.errors) {
            return Err(Fault::Gap);
        }
        self.is_over = true;
        Ok(Step::Ended(ended))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use diwan_protocol::run::{Outcome, Usage};
    use proptest::prelude::*;

    fn verdict(decision: Decision) -> FromCommand {
        FromCommand::Verdict(Verdict { decision, rule: None, reasons: vec![], argv: vec![] })
    }

    fn piece(channel: u8, at: u64, bytes: &[u8]) -> FromCommand {
        FromCommand::Output(Piece { channel, at, bytes: bytes.to_vec().into() })
    }

    fn ended(output: u64, errors: u64) -> FromCommand {
        let (outcome, usage) = (Outcome::Exited(0), Usage::default());
        FromCommand::Ended(Ended { outcome, at_ms: 9, output, errors, usage })
    }

    fn running() -> Intake {
        let mut intake = Intake { most: 8000, ..Intake::default() };
        assert!(matches!(intake.hear(verdict(Decision::Allow)), Ok(Step::Verdict(_))));
        assert_eq!(intake.hear(FromCommand::Started(5)), Ok(Step::Started(5)));
        intake
    }

    #[test]
    fn the_order_is_kept() {
        let files = FromCommand::Artifacts(Artifacts::default());
        for early in [FromCommand::Started(1), piece(1, 0, b"x"), FromCommand::InputTaken(3), files] {
            assert_eq!(Intake::default().hear(early), Err(Fault::Order));
        }
        for late in [piece(1, 0, b"x"), ended(0, 0), verdict(Decision::Allow), FromCommand::Started(1)] {
            let mut intake = running();
            assert!(matches!(intake.hear(ended(0, 0)), Ok(Step::Ended(_))));
            assert_eq!(intake.hear(late.clone()), Err(Fault::Order));
            let mut intake = Intake::default();
            assert!(intake.hear(verdict(Decision::Deny)).is_ok());
            assert_eq!(intake.hear(late), Err(Fault::Order), "after a refusal");
        }
        assert_eq!(running().hear(verdict(Decision::Deny)), Err(Fault::Order), "another verdict");
    }

    #[test]
    fn a_question_ends_a_command_unless_somebody_said_yes() {
        assert!(matches!(Intake::default().hear(verdict(Decision::Ask)), Ok(Step::Verdict(_))));
        let mut intake = Intake::default();
        assert!(intake.hear(verdict(Decision::Ask)).is_ok());
        assert_eq!(intake.hear(FromCommand::Started(1)), Err(Fault::Order));
        let mut intake = Intake::default().approved(true);
        assert!(intake.hear(verdict(Decision::Ask)).is_ok());
        assert_eq!(intake.hear(FromCommand::Started(1)), Ok(Step::Started(1)));
    }

    #[test]
    fn f29_f30_pieces_have_places() {
        let mut intake = running();
        let bytes = |text: &'static [u8]| Ok(Step::Output(0, Bytes::from_static(text)));
        assert_eq!(intake.hear(piece(1, 0, b"abc")), bytes(b"abc"));
        assert_eq!(intake.hear(piece(1, 0, b"abc")), Ok(Step::Nothing), "twice");
        assert_eq!(intake.hear(piece(1, 1, b"bcde")), bytes(b"de"), "overlapping");
        assert_eq!(intake.hear(piece(1, 6, b"x")), Err(Fault::Gap));
        assert_eq!(intake.hear(ended(9, 0)), Err(Fault::Gap), "an end before all is here");
        for odd in
            [piece(0, 0, b"x"), piece(3, 0, b"x"), piece(1, u64::MAX, b"x"), piece(2, 0, &[0; LONGEST_PIECE + 1])]
        {
            assert_eq!(intake.hear(odd), Err(Fault::Piece));
        }
        assert_eq!(intake.lengths(), [5, 0]);
    }

    #[test]
    fn of_a_terminal_only_the_newest_matters() {
        let mut intake = running().terminal(true);
        intake.take_at_most(3);
        assert!(matches!(intake.hear(piece(1, 100, b"abc")), Ok(Step::Output(0, _))), "the first is not here any more");
        assert_eq!(intake.lengths(), [103, 0]);
        assert_eq!(intake.hear(piece(1, 100, b"abc")), Ok(Step::Nothing));
        assert_eq!(intake.hear(piece(1, 102, b"cd")), Ok(Step::Output(0, Bytes::from_static(b"d"))));
        assert_eq!(intake.hear(piece(1, u64::MAX, b"x")), Err(Fault::Piece));
        assert!(matches!(intake.hear(ended(200, 0)), Ok(Step::Ended(_))));
    }

    #[test]
    fn f86_output_without_end_is_not_taken() {
        let mut intake = running();
        intake.take_at_most(6);
        assert!(matches!(intake.hear(piece(1, 0, b"abcd")), Ok(Step::Output(..))));
        assert_eq!(intake.hear(piece(2, 0, b"efg")), Ok(Step::TooMuch));
        assert!(matches!(intake.hear(piece(2, 0, b"ef")), Ok(Step::Output(..))));
    }

    proptest! {
        /// However the pieces are cut, repeated and begun anew, what is taken is the text.
        #[test]
        fn f31_what_is_taken_is_what_was_said(
            text in proptest::collection::vec(any::<u8>(), 0..400),
            cuts in proptest::collection::vec((0usize..400, 0usize..60, any::<bool>()), 0..80),
        ) {
            let (mut intake, mut taken) = (running(), vec![]);
            let whole = [(0, text.len(), false)];
            for (at, length, cut) in cuts.into_iter().chain(whole) {
                if cut {
                    intake.resume(intake.lengths());
                }
                let at = at.min(text.len());
                let end = (at + length).min(text.len());
                match intake.hear(piece(1, at as u64, &text[at..end])) {
                    Ok(Step::Output(0, bytes)) => taken.extend_from_slice(&bytes),
                    Ok(Step::Nothing) => prop_assert!(end <= taken.len()),
                    Err(Fault::Gap) => prop_assert!(at > taken.len()),
                    other => prop_assert!(false, "{other:?}"),
                }
                prop_assert_eq!(intake.lengths()[0], taken.len() as u64);
            }
            prop_assert_eq!(taken, text);
        }
    }
}
