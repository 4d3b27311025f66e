//! Who answers for an arm: its own version, the last model that decided the task, or nobody yet. Plain values in, a
//! decision out: no lock, no clock, no loading.

use std::time::Duration;

/// How long a version that nobody stands in for is waited for, from when a strategy first named it: as long as a
/// strategy's deadline usually is. The complaint is routed without this answer then, wait or no wait.
pub(super) const LOADING_TIMEOUT: Duration = Duration::from_secs(30);

/// Who brings a version that nobody has tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bringer {
    /// The loader, which brings what the strategy in force and the coming ones name.
    Loader,
    /// Who asks, for a complaint of an older strategy: so does a replay find the models of its time.
    Asker,
}

/// What is asked for an arm. `S` stands in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask<S> {
    /// Whether the arm decides its task. Nobody stands in for a shadow, whose answers are there to be compared, and nobody
    /// waits for one.
    pub(super) decides: bool,
    /// Who brings the version where nobody has tried it.
    pub(super) bringer: Bringer,
    /// The last model that decided the task.
    pub(super) stand_in: Option<S>,
    /// It has waited, and the process stops: that a version is not there says nothing of it any more.
    pub(super) is_stopping: bool,
}

/// How far this process is with the version of an arm. `M` serves.
#[derive(Clone, Copy, Debug)]
pub(super) enum Availability<M> {
    /// Nobody has asked for it.
    Unknown,
    /// The loader is to bring it.
    Wanted { for_long: Duration },
    /// Somebody brings it. `for_replay`: a complaint of an older strategy asked for it.
    Loading { for_long: Duration, for_replay: bool },
    /// It serves.
    Ready { model: M, answers_task: bool },
    /// It can't serve, for good or for now.
    Failed,
}

/// What becomes of an ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision<M, S> {
    /// The arm's own version answers.
    Serve(M),
    /// Another model answers in its place.
    StandIn(S),
    /// Somebody brings the version: ask again when one is settled.
    Wait,
    /// Who asks brings the version, and asks again.
    Bring,
    /// Nobody answers.
    Unserved,
    /// Nobody answers, because the process stops.
    Stop,
}

/// Decides `ask` for a version that is so far.
pub(super) fn decide<M, S>(ask: Ask<S>, version: Availability<M>) -> Decision<M, S> {
    match version {
        Availability::Ready { model, answers_task: true } => Decision::Serve(model),
        Availability::Ready { answers_task: false, .. } => ask.instead(),
        _ if ask.is_stopping => Decision::Stop,
        Availability::Failed => ask.instead(),
        Availability::Unknown => match ask.bringer {
            Bringer::Asker => Decision::Bring,
            Bringer::Loader => ask.wait_or_instead(Duration::ZERO),
        },
        // Decided by this version alone, or a replay would not repeat.
        Availability::Loading { for_replay: true, .. } if ask.bringer == Bringer::Asker => Decision::Wait,
        Availability::Wanted { for_long } | Availability::Loading { for_long, .. } => {
            ask.wait_or_instead(for_long)
        }
    }
}

impl<S> Ask<S> {
    fn instead<M>(self) -> Decision<M, S> {
        match self.stand_in {
            Some(stand_in) if self.decides => Decision::StandIn(stand_in),
            _ => Decision::Unserved,
        }
    }

    /// Waits for a version that is wanted `for_long` already, unless another can stand in.
    fn wait_or_instead<M>(self, for_long: Duration) -> Decision<M, S> {
        let may_wait = self.decides && self.stand_in.is_none() && for_long < LOADING_TIMEOUT;
        if may_wait { Decision::Wait } else { self.instead() }
    }
}

#[cfg(test)]
mod tests {
    use Availability::{Failed, Loading, Ready, Unknown, Wanted};
    use Bringer::{Asker, Loader};
    use Decision::{Bring, Serve, StandIn, Stop, Unserved, Wait};

    use super::*;

    const SHORT: Duration = Duration::from_secs(1);

    const READY: Availability<&str> = Ready { model: "own", answers_task: true };
    const OTHER_TASK: Availability<&str> = Ready { model: "own", answers_task: false };
    const WANTED: Availability<&str> = Wanted { for_long: SHORT };
    const LOADING: Availability<&str> = Loading { for_long: SHORT, for_replay: false };
    const REPLAYED: Availability<&str> = Loading { for_long: SHORT, for_replay: true };

    /// With and without a model that can stand in.
    type Row = (
        Availability<&'static str>,
        Bringer,
        Decision<&'static str, &'static str>,
        Decision<&'static str, &'static str>,
    );

    fn ask(decides: bool, bringer: Bringer, stand_in: Option<&'static str>) -> Ask<&'static str> {
        Ask { decides, bringer, stand_in, is_stopping: false }
    }

    #[test]
    fn an_arm_that_decides_is_served_stood_in_for_waited_for_or_brought() {
        #[rustfmt::skip]
        let rows: [Row; 14] = [
            // version   bringer  none stands in  "last" stands in
            (READY,      Loader,  Serve("own"),   Serve("own")),
            (READY,      Asker,   Serve("own"),   Serve("own")),
            (OTHER_TASK, Loader,  Unserved,       StandIn("last")),
            (OTHER_TASK, Asker,   Unserved,       StandIn("last")),
            (Failed,     Loader,  Unserved,       StandIn("last")),
            (Failed,     Asker,   Unserved,       StandIn("last")),
            (WANTED,     Loader,  Wait,           StandIn("last")),
            (WANTED,     Asker,   Wait,           StandIn("last")),
            (LOADING,    Loader,  Wait,           StandIn("last")),
            (LOADING,    Asker,   Wait,           StandIn("last")),
            (REPLAYED,   Loader,  Wait,           StandIn("last")),
            // The strategy of its time named this version: a replay repeats what that one decided.
            (REPLAYED,   Asker,   Wait,           Wait),
            (Unknown,    Loader,  Wait,           StandIn("last")),
            (Unknown,    Asker,   Bring,          Bring),
        ];
        for (version, bringer, alone, beside_another) in rows {
            assert_eq!(decide(ask(true, bringer, None), version), alone, "{version:?} {bringer:?}");
            let decided = decide(ask(true, bringer, Some("last")), version);
            assert_eq!(decided, beside_another, "{version:?} {bringer:?}");
        }
    }

    #[test]
    fn a_shadow_is_neither_stood_in_for_nor_waited_for_but_by_a_replay() {
        #[rustfmt::skip]
        let rows = [
            (READY,      Loader, Serve("own")),
            (READY,      Asker,  Serve("own")),
            (OTHER_TASK, Asker,  Unserved),
            (Failed,     Loader, Unserved),
            (WANTED,     Loader, Unserved),
            (WANTED,     Asker,  Unserved),
            (LOADING,    Loader, Unserved),
            (LOADING,    Asker,  Unserved),
            (REPLAYED,   Loader, Unserved),
            (REPLAYED,   Asker,  Wait),
            (Unknown,    Loader, Unserved),
            (Unknown,    Asker,  Bring),
        ];
        for (version, bringer, expected) in rows {
            for stand_in in [None, Some("last")] {
                assert_eq!(
                    decide(ask(false, bringer, stand_in), version),
                    expected,
                    "{version:?} {bringer:?}"
                );
            }
        }
    }

    #[test]
    fn a_version_is_waited_for_until_the_deadline_of_its_complaint_has_passed() {
        for (for_long, expected) in [
            (LOADING_TIMEOUT - Duration::from_millis(1), Wait),
            (LOADING_TIMEOUT, Unserved),
            (LOADING_TIMEOUT * 2, Unserved),
        ] {
            for version in [Wanted { for_long }, Loading { for_long, for_replay: false }] {
                let decided: Decision<&str, _> = decide(ask(true, Loader, None), version);
                assert_eq!(decided, expected, "{version:?}");
            }
            // A replay waits for as long as it is being brought: fetching has deadlines of its own.
            let version = Loading { for_long, for_replay: true };
            assert_eq!(decide::<&str, _>(ask(true, Asker, None), version), Wait, "{version:?}");
        }
    }

    #[test]
    fn whoever_has_waited_hears_that_the_process_stops_unless_the_model_is_there() {
        for stand_in in [None, Some("last")] {
            let ask = Ask { is_stopping: true, ..ask(true, Asker, stand_in) };
            for version in [WANTED, LOADING, REPLAYED, Failed, Unknown] {
                assert_eq!(decide(ask, version), Stop, "{version:?}");
            }
            assert_eq!(decide(ask, READY), Serve("own"));
            assert_ne!(decide(ask, OTHER_TASK), Stop);
        }
    }
}
