//! What a request's target may look like.

use axum::http::{StatusCode, Uri};
use diwan_kernel::Problem;

/// Longer targets are nobody's: cursors and filters are far shorter.
const LONGEST: usize = 8 * 1024;

/// Refuses targets that are too long or hide a NUL.
///
/// # Errors
/// 414 or 400.
pub(crate) fn check(uri: &Uri) -> Result<(), Problem> {
    let target = uri.path_and_query().map_or("", |t| t.as_str());
    if target.len() > LONGEST {
        return Err(Problem::new(
            StatusCode::URI_TOO_LONG,
            "target_too_long",
            "The address is too long",
            format!("The path and query together are longer than {LONGEST} bytes."),
            "Shorten the query.",
        ));
    }
    let mut rest = target.as_bytes();
    while let Some(at) = rest.iter().position(|b| *b == b'%') {
        if rest[at..].starts_with(b"%00") {
            return Err(Problem::invalid("The address holds a NUL character, which nothing here is named with."));
        }
        rest = &rest[at + 1..];
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hidden_nul_and_an_endless_target_are_refused() {
        let code = |target: &str| check(&target.parse().unwrap()).map_err(|p| p.code());
        assert_eq!(code("/api/v1/users/%00"), Err("request_invalid"));
        assert_eq!(code("/api/v1/users?search=a%00"), Err("request_invalid"));
        assert_eq!(code("/api/v1/users/%2500"), Ok(()));
        assert_eq!(code(&format!("/?{}", "a".repeat(LONGEST))), Err("target_too_long"));
        assert_eq!(code("/people?x=%"), Ok(()));
    }
}
