//! Whether who was let in would be let in still: for an answer that lasts.

use std::sync::Arc;

use axum::http::{HeaderMap, header};

use super::{Caller, Right, Rules};

/// Asks again who sent a page's request. An extension of every request that passes [`super::Guard::around_desk`].
#[derive(Clone)]
pub struct Recheck(Arc<Admission>);

struct Admission {
    rules: Arc<Rules>,
    headers: HeaderMap,
    right: Right,
}

impl Recheck {
    pub(super) fn new(rules: &Arc<Rules>, mut headers: HeaderMap, right: Right) -> Self {
        // Of no use here, and as long as a client likes.
        headers.remove(header::REFERER);
        Self(Arc::new(Admission { rules: Arc::clone(rules), headers, right }))
    }

    /// Who it is now; nobody where their session has ended, where they may not any more, or where nobody can say. It is no use
    /// of a session, so that what a browser keeps open lets nobody stay signed in who has left.
    pub async fn caller(&self) -> Option<Caller> {
        let Admission { rules, headers, right } = &*self.0;
        let look = rules.look_for_person.as_ref().or(rules.find_person.as_ref());
        let caller = rules.caller_by(look, headers, *right).await.ok()?;
        (caller != Caller::default()).then_some(caller)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use axum::{
        Extension, Router,
        body::Body,
        http::{Request, StatusCode},
        response::IntoResponse as _,
        routing::get,
    };
    use tower::ServiceExt as _;

    use super::*;
    use crate::{
        config::Settings,
        guard::{FindPerson, Guard, People, Person, PersonSource, Role, SignedIn, Teams},
    };

    fn ann() -> SignedIn {
        let person = Person { name: "ann".into(), roles: [Role::Clerk].into(), teams: Teams::All };
        SignedIn { person, source: PersonSource::Session }
    }

    #[tokio::test]
    async fn who_has_signed_out_since_is_nobody_and_looking_is_no_use_of_a_session() {
        let (signed_in, used) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(false)));
        let (is_in, uses) = (Arc::clone(&signed_in), Arc::clone(&used));
        let find: FindPerson = Arc::new(move |_| {
            uses.store(true, Ordering::SeqCst);
            Ok(Some(ann()))
        });
        let look: FindPerson = Arc::new(move |_| Ok(is_in.load(Ordering::SeqCst).then(ann)));
        let (kept, keeps) = tokio::sync::watch::channel(None);
        let page = get(move |Extension(recheck): Extension<Recheck>| async move {
            kept.send_replace(Some(recheck));
        });
        let people = Some(People { find, is_shared: false });
        let guard = Guard::with_people(&Settings::default().http, None, people).unwrap().looking_by(look);
        let pages = guard
            .around_desk(Router::new().route("/events", page), |_, _| StatusCode::FORBIDDEN.into_response());
        let request = Request::builder().uri("/events").header(header::HOST, "localhost");
        let answer = pages.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        let recheck: Recheck = keeps.borrow().clone().unwrap();
        assert!(used.swap(false, Ordering::SeqCst));
        assert_eq!(recheck.caller().await, Some(Caller::from(ann())));
        assert!(!used.load(Ordering::SeqCst));
        signed_in.store(false, Ordering::SeqCst);
        assert_eq!(recheck.caller().await, None);
    }
}
