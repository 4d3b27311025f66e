//! What an address or a form says, field by field. A field may come more than once; what is empty was not filled in, and what a
//! page does not know it leaves alone.

use std::sync::Arc;

use axum::{
    extract::{FromRequest, FromRequestParts, Request},
    http::{Uri, request::Parts},
    response::Response,
};
use bytes::Bytes;
use form_urlencoded::Serializer;

use super::{PageState, frame::Frame, trouble};
use crate::{refused::Problem, request::Segment};

/// Fields in the order in which they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Those of a query or the body of a form.
    pub(crate) fn read(text: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(text);
        Self(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// The first that is called `name` and says something, without the spaces around it.
    pub(crate) fn one(&self, name: &str) -> Option<&str> {
        let called = self.0.iter().filter(|(one, _)| one == name);
        called.map(|(_, value)| value.trim()).find(|value| !value.is_empty())
    }

    /// All that are called `name` and say something.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let called = self.0.iter().filter(move |(one, _)| one == name);
        called.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// What was typed into `name`, to be shown again.
    pub(crate) fn typed(&self, name: &str) -> &str {
        self.one(name).unwrap_or_default()
    }

    /// With another one; nothing, where it says nothing.
    pub(crate) fn with(mut self, name: &str, value: Option<&str>) -> Self {
        self.0.extend(value.map(|value| (name.to_owned(), value.to_owned())));
        self
    }

    /// As a query has them.
    pub(crate) fn query(&self) -> String {
        Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }

    /// `path` with them.
    pub(crate) fn address(&self, path: &str) -> String {
        if self.0.is_empty() { path.to_owned() } else { format!("{path}?{}", self.query()) }
    }
}

/// The fields of the address.
pub(crate) struct QueryFields(pub(crate) Fields);

/// The fields of a form that was sent.
pub(crate) struct FormFields(pub(crate) Fields);

/// The one variable segment of the path.
pub(crate) struct Named(pub(crate) String);

impl QueryFields {
    fn of(uri: &Uri) -> Self {
        Self(Fields::read(uri.query().unwrap_or_default().as_bytes()))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for QueryFields {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::of(&parts.uri))
    }
}

impl FromRequest<Arc<PageState>> for FormFields {
    type Rejection = Response;

    async fn from_request(request: Request, state: &Arc<PageState>) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let frame = Frame::from_request_parts(&mut parts, state).await?;
        // The guard has read it already.
        let body = Bytes::from_request(Request::from_parts(parts, body), state).await;
        let unread = |_| trouble::page(&frame, &Problem::wrong("body", "body-unread", "send it again"));
        body.map(|body| Self(Fields::read(&body))).map_err(unread)
    }
}

impl FromRequestParts<Arc<PageState>> for Named {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<PageState>) -> Result<Self, Response> {
        match Segment::from_request_parts(parts, state).await {
            Ok(Segment(name)) => Ok(Self(name)),
            Err(problem) => {
                let frame = Frame::from_request_parts(parts, state).await?;
                Err(trouble::page(&frame, &problem))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_stays_one_field_of_an_address_whatever_is_in_it() {
        assert_eq!(Fields::default().with("q", Some("a&b=c")).address("/x"), "/x?q=a%26b%3Dc");
        assert_eq!(Fields::default().with("q", None).address("/x"), "/x");
    }

    #[test]
    fn a_field_may_come_more_than_once_and_an_empty_one_was_not_filled_in() {
        let fields = Fields::read(b"of=c-1&of=c%2F2&of=&of=+c+3+&note=a%26b&x");
        assert_eq!(fields.all("of").collect::<Vec<_>>(), ["c-1", "c/2", "c 3"]);
        assert_eq!((fields.one("note"), fields.one("x"), fields.one("y")), (Some("a&b"), None, None));
        let again = Fields::read(fields.query().as_bytes());
        assert_eq!(again.all("of").collect::<Vec<_>>(), ["c-1", "c/2", "c 3"]);
    }
}
