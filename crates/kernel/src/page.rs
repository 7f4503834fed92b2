//! Lists page by cursor: stable under inserts, cheap at any depth, opaque to clients.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::problem::Problem;

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 200;

/// Which part of a list is wanted.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// How many at the most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub limit: Option<u32>,
    /// Where the page before ended: its `next_cursor`.
    pub cursor: Option<String>,
}

impl PageQuery {
    /// How many are wanted.
    ///
    /// # Errors
    /// 422 when outside 1 to 200.
    pub fn limit(&self) -> Result<usize, Problem> {
        match self.limit.unwrap_or(DEFAULT_LIMIT) {
            limit @ 1..=MAX_LIMIT => Ok(limit as usize),
            _ => Err(Problem::invalid_field("limit", "out_of_range", "A page holds 1 to 200 items.")),
        }
    }

    /// Where to go on from.
    ///
    /// # Errors
    /// 422 when the cursor is not one of ours.
    pub fn position<P: DeserializeOwned>(&self) -> Result<Option<P>, Problem> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let read = || serde_json::from_slice(&URL_SAFE_NO_PAD.decode(cursor).ok()?).ok();
        read().map(Some).ok_or_else(|| {
            Problem::invalid_field("cursor", "cursor_invalid", "The cursor is not one that this list gave.")
        })
    }
}

/// A part of a list.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page begins; null on the last page.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// A page of `limit` items out of `limit + 1` that were asked for: the surplus one tells that
    /// there is more.
    pub fn cut<P: Serialize>(mut items: Vec<T>, limit: usize, position: impl Fn(&T) -> P) -> Self {
        let more = items.len() > limit;
        items.truncate(limit);
        let last = items.last().filter(|_| more).map(position);
        let next_cursor = last.and_then(|p| serde_json::to_vec(&p).ok()).map(|json| URL_SAFE_NO_PAD.encode(json));
        Self { items, next_cursor }
    }

    /// A list that is short by nature, whole.
    pub const fn whole(items: Vec<T>) -> Self {
        Self { items, next_cursor: None }
    }

    /// The same page with other items.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(change).collect(), next_cursor: self.next_cursor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_to_where_the_page_ended() {
        let page = Page::cut(vec![9, 8, 7], 2, |n| *n);
        assert_eq!(page.items, [9, 8]);
        let query = PageQuery { limit: None, cursor: page.next_cursor };
        assert_eq!(query.position::<i32>().ok(), Some(Some(8)));
        assert_eq!(Page::cut(vec![1, 2], 2, |n| *n).next_cursor, None);
    }

    #[test]
    fn a_foreign_cursor_is_refused() {
        for cursor in ["", "!", "bm90IGpzb24", "é"] {
            let query = PageQuery { limit: None, cursor: Some(cursor.into()) };
            assert!(query.position::<i32>().is_err(), "{cursor}");
        }
    }
}
