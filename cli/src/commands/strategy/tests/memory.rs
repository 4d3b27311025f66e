//! Requests in memory, which can be down at the moment that a request is marked.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use ombud_launch::config::Settings;
use ombud_store::{ChangeRequest, RequestState, Requests};
use ombud_stream::Outage;

use super::clock;
use crate::{
    log::backend::Backend,
    strategies::{StrategyPublisher, requests::RequestBook},
};

#[derive(Clone, Default)]
pub(super) struct MemoryRequests {
    all: Arc<Mutex<Vec<ChangeRequest>>>,
    is_down_at_the_end: Arc<AtomicBool>,
}

impl MemoryRequests {
    /// A process that answers requests, beside others.
    pub(super) fn book(&self, backend: &Backend, settings: &Settings) -> RequestBook {
        let publisher = StrategyPublisher::open(backend, settings, clock()).unwrap();
        let requests = self.clone();
        let open = Box::new(move || Ok(Box::new(requests.clone()) as Box<dyn Requests>));
        RequestBook::new(open, publisher)
    }

    /// Whether whoever marks a request as ended finds the store down from now on.
    pub(super) fn down_at_the_end(&self, is_down: bool) {
        self.is_down_at_the_end.store(is_down, Ordering::SeqCst);
    }

    pub(super) fn state(&self, id: &str) -> RequestState {
        self.clone().request(id).unwrap().unwrap().state
    }

    fn change<T>(&self, id: &str, change: impl FnOnce(&mut ChangeRequest) -> T) -> Option<T> {
        self.all.lock().unwrap().iter_mut().find(|one| one.request_id == id).map(change)
    }
}

impl Requests for MemoryRequests {
    fn ask(&mut self, request: &ChangeRequest) -> Result<(), Outage> {
        self.all.lock().unwrap().push(request.clone());
        Ok(())
    }

    fn request(&mut self, request_id: &str) -> Result<Option<ChangeRequest>, Outage> {
        Ok(self.change(request_id, |one| one.clone()))
    }

    fn open_requests(&mut self) -> Result<Vec<ChangeRequest>, Outage> {
        let all = self.all.lock().unwrap();
        Ok(all.iter().filter(|one| one.state == RequestState::Open).cloned().collect())
    }

    fn approve(&mut self, request_id: &str, person: &str) -> Result<Option<ChangeRequest>, Outage> {
        Ok(self.change(request_id, |one| {
            if one.state == RequestState::Open && !one.approved_by.iter().any(|known| known == person) {
                one.approved_by.push(person.to_owned());
            }
            one.clone()
        }))
    }

    fn end_request(&mut self, request_id: &str, state: RequestState) -> Result<bool, Outage> {
        if self.is_down_at_the_end.load(Ordering::SeqCst) {
            return Err(Outage::passing("mark the request", "nobody answers"));
        }
        let ended = self.change(request_id, |one| {
            if one.state == RequestState::Open {
                one.state = state;
            }
            one.state == state
        });
        Ok(ended.unwrap_or_default())
    }
}
