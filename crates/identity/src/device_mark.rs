//! The mark of a browser that somebody signed in with: it tells the owner's guesses at a password
//! from a stranger's, and a new browser from a known one. It proves nothing about who sits there.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::cookie::SameSite;
use crate::identity::Identity;
use crate::keys::{mac, same};

const COOKIE: &str = "diwan_device";
/// Browsers keep no cookie for longer.
const LIFETIME: Duration = Duration::from_secs(400 * 24 * 3600);

/// Under which name a browser is remembered as a place.
pub(crate) fn place(mark: [u8; 16]) -> String {
    format!("device:{}", URL_SAFE_NO_PAD.encode(mark))
}

impl Identity {
    /// The browser's mark, if it carries one of ours.
    pub(crate) fn read_device(&self, headers: &HeaderMap) -> Option<[u8; 16]> {
        let bytes = URL_SAFE_NO_PAD.decode(self.read_cookie(headers, COOKIE)?).ok()?;
        let (mark, tag) = bytes.split_at_checked(16)?;
        same(tag, &mac(&self.keys().session, "device", &[mark])[..16]).then(|| mark.try_into().ok())?
    }

    /// Gives a browser its mark.
    pub(crate) fn device_cookie(&self, mark: [u8; 16]) -> HeaderValue {
        let mut bytes = mark.to_vec();
        bytes.extend(&mac(&self.keys().session, "device", &[&mark])[..16]);
        self.set_cookie(COOKIE, &URL_SAFE_NO_PAD.encode(bytes), SameSite::Lax, Some(LIFETIME))
    }
}
