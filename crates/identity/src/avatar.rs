//! Pictures of people: what is let in, and how it is handed out.

use axum::http::StatusCode;
use diwan_kernel::{Ctx, Entry, Problem};

use crate::identity::Identity;
use crate::people::announce_change;
use crate::refusal;
use crate::table::avatar;
use crate::table::user::{self, User};

/// The largest picture.
pub(crate) const LARGEST: usize = 128 * 1024;

/// The type of a picture, by its first bytes: what its sender says does not count.
fn sniff(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}

impl Identity {
    /// Sets the caller's picture.
    ///
    /// # Errors
    /// 415 when it is no picture that browsers show safely.
    pub(crate) async fn put_avatar(&self, ctx: &Ctx, bytes: &[u8]) -> Result<User, Problem> {
        let media_type = sniff(bytes).ok_or_else(not_a_picture)?;
        let id = ctx.user_id()?;
        let mut tx = self.db().begin(ctx).await?;
        avatar::put(&mut tx, id, bytes, media_type).await?;
        let user = user::find_in(&mut tx, id).await?.ok_or_else(refusal::session_ended)?;
        announce_change(&mut tx, id);
        let entry = Entry::done("user.update_avatar").on("user", id);
        tx.commit(entry.with("type", media_type).with("bytes", bytes.len())).await?;
        Ok(user)
    }

    /// Takes the caller's picture away.
    ///
    /// # Errors
    /// 404 when there is none.
    pub(crate) async fn delete_avatar(&self, ctx: &Ctx) -> Result<(), Problem> {
        let id = ctx.user_id()?;
        let mut tx = self.db().begin(ctx).await?;
        if !avatar::delete(&mut tx, id).await? {
            return Err(Problem::not_found("picture"));
        }
        announce_change(&mut tx, id);
        Ok(tx.commit(Entry::done("user.delete_avatar").on("user", id)).await?)
    }
}

fn not_a_picture() -> Problem {
    Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "picture_expected",
        "This is not a picture",
        "The body is not a PNG, JPEG or WebP picture.",
        "Send one of these, of at most 128 KiB.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pictures_are_let_in() {
        assert_eq!(sniff(b"\x89PNG\r\n\x1a\n...."), Some("image/png"));
        assert_eq!(sniff(b"\xff\xd8\xff\xe0"), Some("image/jpeg"));
        assert_eq!(sniff(b"RIFF\x10\0\0\0WEBPVP8 "), Some("image/webp"));
        for other in [&b""[..], b"<svg onload=alert(1)>", b"GIF89a", b"<html>", b"RIFF....WAVE", b"\x89PN"] {
            assert_eq!(sniff(other), None);
        }
    }
}
