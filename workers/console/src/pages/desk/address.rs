//! Where the desk's pages are, what their addresses carry, and what one request has written.

use axum::{
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use crate::{own_writes::OwnWrites, pages::address::encoded, refused::Problem};

/// The most complaints that an address carries as skipped; the oldest come again first.
const MOST_SKIPPED: usize = 16;

/// The page of a complaint at the desk, and what lies below it.
pub(super) fn case_path(complaint_id: &str) -> String {
    let segment = match complaint_id {
        // Forms of the desk have these names.
        "next" => "%6Eext".to_owned(),
        "undo" => "%75ndo".to_owned(),
        other => encoded(other),
    };
    format!("/desk/{segment}")
}

/// What an address of the desk may carry.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct DeskQuery {
    /// The verdict that was given last.
    pub(super) undo: String,
    /// On which complaint.
    pub(super) undo_of: String,
    /// See [`Skipped`].
    pub(super) skipped: String,
}

/// What whoever sits at the desk does not want now: it goes along in addresses and forms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Skipped(Vec<String>);

impl Skipped {
    /// As [`Self::text`] writes it.
    pub(super) fn read(text: &str) -> Self {
        let mut ids: Vec<String> = text.lines().filter(|id| !id.is_empty()).map(str::to_owned).collect();
        ids.drain(..ids.len().saturating_sub(MOST_SKIPPED));
        Self(ids)
    }

    pub(super) fn and(mut self, complaint_id: &str) -> Self {
        self.0.retain(|id| id != complaint_id);
        self.0.push(complaint_id.to_owned());
        self.0.drain(..self.0.len().saturating_sub(MOST_SKIPPED));
        self
    }

    pub(super) fn without(mut self, complaint_id: &str) -> Self {
        self.0.retain(|id| id != complaint_id);
        self
    }

    pub(super) fn ids(&self) -> &[String] {
        &self.0
    }

    pub(super) fn text(&self) -> String {
        self.0.join("\n")
    }
}

/// A page of the desk, and what is to be said on it.
#[derive(Clone, Debug, Default)]
pub(super) struct Address<'a> {
    /// The complaint; the desk itself otherwise.
    pub(super) complaint_id: Option<&'a str>,
    /// What has just been done, as the catalogue's `done-` calls it.
    pub(super) done: Option<&'a str>,
    /// The verdict that can be taken back, and its complaint.
    pub(super) undo: Option<(&'a str, &'a str)>,
    pub(super) skipped: Skipped,
}

impl Address<'_> {
    pub(super) fn text(&self) -> String {
        let mut text = self.complaint_id.map_or_else(|| "/desk".to_owned(), case_path);
        let (undo, undo_of) = self.undo.unzip();
        let skipped = self.skipped.text();
        let fields = [
            ("done", self.done),
            ("undo", undo),
            ("undo_of", undo_of),
            ("skipped", Some(&*skipped).filter(|ids| !ids.is_empty())),
        ];
        let mut between = '?';
        for (name, value) in fields.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            text.push(between);
            text.push_str(name);
            text.push('=');
            text.push_str(&encoded(value));
            between = '&';
        }
        text
    }
}

/// What one request has written so far, for what it does next and for its answer.
pub(super) struct Written {
    own: OwnWrites,
    headers: HeaderMap,
}

impl Written {
    pub(super) fn new(own: OwnWrites) -> Self {
        Self { own, headers: HeaderMap::new() }
    }

    /// All that the reader has written, for the next step.
    pub(super) fn own(&self) -> OwnWrites {
        self.own.clone()
    }

    /// Notes what a step has written, and gives what came of it.
    pub(super) fn take<T>(&mut self, step: Result<(HeaderMap, T), Problem>) -> Result<T, Problem> {
        let (headers, result) = step?;
        if !headers.is_empty() {
            self.own = std::mem::take(&mut self.own).and(&headers);
            // The cookie of the last step names what the steps before have written as well.
            self.headers = headers;
        }
        Ok(result)
    }

    /// On to `address`.
    pub(super) fn lead_to(self, address: &Address<'_>) -> Response {
        (self.headers, Redirect::to(&address.text())).into_response()
    }

    /// The answer with what was written.
    pub(super) fn with(self, answer: impl IntoResponse) -> Response {
        (self.headers, answer).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_carries_ids_of_any_kind_and_no_complaint_has_the_name_of_a_form() {
        assert_eq!(case_path("c/1 ?"), "/desk/c%2F1%20%3F");
        assert_eq!([case_path("next"), case_path("undo")], ["/desk/%6Eext", "/desk/%75ndo"]);
        let skipped = Skipped::default().and("a&b").and("c");
        let address = Address {
            complaint_id: Some("c-1"),
            done: Some("desk-confirmed"),
            undo: Some(("f", "é")),
            skipped,
        };
        assert_eq!(address.text(), "/desk/c-1?done=desk-confirmed&undo=f&undo_of=%C3%A9&skipped=a%26b%0Ac");
        assert_eq!(Address::default().text(), "/desk");
    }

    #[test]
    fn of_many_that_were_skipped_the_oldest_come_again() {
        let all = (0..20).fold(Skipped::default(), |skipped, n| skipped.and(&n.to_string()));
        assert_eq!((all.ids().len(), &*all.ids()[0]), (MOST_SKIPPED, "4"));
        assert_eq!(Skipped::read(&all.text()), all);
        assert_eq!(all.clone().without("4").and("5").ids().last().map(String::as_str), Some("5"));
    }
}
