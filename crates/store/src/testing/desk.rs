//! What every store of the desk has to keep: one suite, run over each implementation.

mod leases;
mod people;
mod requests;

use std::{sync::Barrier, thread, time::Duration};

pub use leases::{
    a_claim_that_is_sent_again_is_the_same_lease, a_lease_ends_by_itself_and_the_next_gets_it,
    a_lease_that_is_renewed_lasts_and_began_when_it_began, finished_work_is_nobodys_until_its_time_is_over,
    median_of_taking, of_many_who_ask_at_once_one_gets_it, to_take_over_needs_the_lease_that_is_there,
    what_a_lease_has_lost_it_does_not_get_back, what_is_given_back_is_free_at_once,
    what_is_opened_again_is_free_and_work_goes_on, what_somebody_has_is_found_by_complaint_and_by_holder,
};
pub use people::{
    a_change_of_a_user_needs_the_one_before, a_link_works_once_and_until_its_time_is_over,
    a_session_that_was_ended_is_gone, all_sessions_of_somebody_end_and_no_others,
    sessions_end_when_their_time_is_over, users_come_back_as_they_were_by_name,
};
pub use requests::{
    a_request_comes_back_as_it_was_and_the_oldest_first, approvals_at_once_are_all_counted_each_once,
    only_an_open_request_is_approved_or_ended,
};

use crate::{Leases, Requests, Sessions, Users};

/// A store of the desk, empty at first, that several processes share.
pub trait DeskWorld: Sync {
    /// What one of the processes has.
    type Stores: Leases + Sessions + Requests + Users + Send;

    /// The store as one more process opens it.
    fn open(&self) -> Self::Stores;

    /// Returns once so much time has passed by the store's clock.
    fn pass(&self, time: Duration);
}

/// Runs every promise as a test of its own; `$fresh` (a function) makes a [`DeskWorld`].
#[macro_export]
macro_rules! desk_keeps_its_promises {
    ($fresh:path: $($promise:ident),+ $(,)?) => {
        $(#[test] fn $promise() {
            $crate::testing::desk::$promise(&$fresh());
        })+
    };
    ($fresh:path) => {
        $crate::desk_keeps_its_promises!($fresh:
            of_many_who_ask_at_once_one_gets_it,
            a_claim_that_is_sent_again_is_the_same_lease,
            a_lease_ends_by_itself_and_the_next_gets_it,
            a_lease_that_is_renewed_lasts_and_began_when_it_began,
            what_a_lease_has_lost_it_does_not_get_back,
            what_is_given_back_is_free_at_once,
            to_take_over_needs_the_lease_that_is_there,
            finished_work_is_nobodys_until_its_time_is_over,
            what_is_opened_again_is_free_and_work_goes_on,
            what_somebody_has_is_found_by_complaint_and_by_holder,
            sessions_end_when_their_time_is_over,
            a_session_that_was_ended_is_gone,
            all_sessions_of_somebody_end_and_no_others,
            a_request_comes_back_as_it_was_and_the_oldest_first,
            only_an_open_request_is_approved_or_ended,
            approvals_at_once_are_all_counted_each_once,
            users_come_back_as_they_were_by_name,
            a_change_of_a_user_needs_the_one_before,
            a_link_works_once_and_until_its_time_is_over,
        );
    };
}

/// Longer than any test.
const LONG: Duration = Duration::from_secs(600);
/// What a test waits for.
const SHORT: Duration = Duration::from_secs(2);
/// What a store may keep things for beyond their time.
const ROUNDING: Duration = Duration::from_millis(2_500);

/// What each of `processes` says, where all begin at once: to open the desk, and then, once all have it, to act.
fn at_once<W: DeskWorld, T: Send>(
    world: &W,
    processes: usize,
    act: impl Fn(usize, W::Stores) -> T + Sync,
) -> Vec<T> {
    let open = |()| world.open();
    let desks = side_by_side(vec![(); processes], &open);
    let (start, act) = (Barrier::new(processes), &act);
    side_by_side(desks.into_iter().enumerate().collect(), &|(number, desk)| {
        start.wait();
        act(number, desk)
    })
}

/// What each comes to, each on a thread of its own. One that panics is reported once all have ended: it may not be waited for.
fn side_by_side<A: Send, T: Send>(each: Vec<A>, act: &(impl Fn(A) -> T + Sync)) -> Vec<T> {
    thread::scope(|scope| {
        let running: Vec<_> = each.into_iter().map(|one| scope.spawn(move || act(one))).collect();
        running.into_iter().map(|one| one.join().expect("it did not panic")).collect()
    })
}
