//! Changes of the strategy that wait for another person. HTTP and commands do the same, by the same functions.
//!
//! ask -> audit -> kept open -> approve -> audit -> approved by enough: publish -> audit -> marked as published
//!
//! A process that dies in between loses nothing: the same approval again continues there, and a request whose id a version
//! carries is published no second time.

mod ask;
mod audit;
mod book;
mod desk;
mod port;
mod refusal;
mod view;

pub(crate) use ask::{approve, ask, close, open_requests};
pub(crate) use book::{ApprovalDraft, ClosingDraft, RequestBook, RequestDraft};
pub(crate) use desk::StrategyDesk;
pub(crate) use port::{Book, document, routes};
pub(crate) use view::{RequestStatus, RequestView};

/// Where requests are asked for over HTTP.
const PATH: &str = "/api/requests";
