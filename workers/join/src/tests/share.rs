//! Shards that share what their process may hold.

use proptest::prelude::*;

use super::*;

fn holding(cap: usize) -> JoinLimits {
    JoinLimits { open_cap: cap, closed_cap: cap, early_cap: cap, ..JoinLimits::default() }
}

#[test]
fn predictions_that_make_room_for_another_shard_are_read_again() {
    let mut story = Story::new();
    story.answer_all(0, (0, "a", "A"));
    story.answer(3, (1, "b", "B"), "issue");
    story.answer(4, (2, "c", "C"), "issue");
    story.on(Input::Share(holding(4)));
    assert_eq!(story.status().early, 4, "about the latest raw record first");
    story.on(Input::Share(holding(2)));
    assert_eq!(story.status().early, 0, "all about one raw record together");
    assert_eq!(story.shard.position(0).meta.predictions, 0, "no commit passes them");

    story.complain(0, "a", "A");
    assert!(story.out.iter().any(|effect| matches!(effect, Effect::SeekPredictions(0))));
    story.on(Input::Share(holding(100)));
    story.answer_all(0, (0, "a", "A"));
    assert_eq!(story.routes().len(), 1);
    story.answer(3, (1, "b", "B"), "issue");
    story.answer(4, (2, "c", "C"), "issue");
    assert_eq!(story.status().early, 2);
}

#[test]
fn a_smaller_share_pauses_raw_and_forgets_with_the_next_commit() {
    let mut story = Story::new();
    // What is forgotten has lesser revisions than whatever comes.
    story.at(NEW_YEAR);
    for (offset, id) in (0..).zip(["a", "b", "c"]) {
        story.complain(offset, id, id);
        story.answer_all(3 * offset, (offset, id, id));
        story.ack(id, offset);
        story.now += 1;
    }
    story.complain(3, "d", "d");
    assert_eq!((story.status().closed, story.status().unsettled), (3, 1));
    story.out.clear();
    story.on(Input::Share(holding(1)));
    assert!(story.out.iter().any(|effect| matches!(effect, Effect::PauseRaw(true))));
    story.now += JoinLimits::default().lease_ms / 3;
    story.on(Input::Tick);
    story.on(Input::CommitAcked);
    assert_eq!(story.status().closed, 1);
}

/// A shard, where its next prediction and its next raw record lie, as the loop treats it.
struct Fleet {
    process: JoinLimits,
    shards: Vec<(Story, i64, i64)>,
}

impl Fleet {
    fn share(&mut self, coming: usize) {
        let share = self.process.share(self.shards.len() + coming);
        for (story, ..) in &mut self.shards {
            story.on(Input::Share(share.clone()));
        }
    }

    fn take_on(&mut self) {
        self.share(1);
        let share = self.process.share(self.shards.len() + 1);
        self.shards.push((Story::from(nowhere(), &[], 0, share), 0, 0));
    }

    fn give_up(&mut self, which: usize) {
        self.shards.remove(which % self.shards.len());
        self.share(0);
    }

    /// A prediction about a raw record that is not read yet.
    fn predict(&mut self, which: usize, ahead: i64) {
        let at = which % self.shards.len();
        let (story, prediction, raw) = &mut self.shards[at];
        story.answer(*prediction, (*raw + ahead, "a", "A"), "issue");
        *prediction += 1;
    }

    /// The next raw record, unless it is held back.
    fn complain(&mut self, which: usize) {
        let at = which % self.shards.len();
        let (story, _, raw) = &mut self.shards[at];
        if !story.status().is_raw_paused {
            story.complain(*raw, &format!("c-{raw}"), "C");
            *raw += 1;
        }
    }
}

proptest! {
    #[test]
    fn shards_that_come_and_go_hold_together_what_their_process_may_hold(
        steps in prop::collection::vec((0_u8..8, 0_usize..6, 0_i64..9), 1..120),
    ) {
        let mut fleet = Fleet { process: holding(12), shards: Vec::new() };
        fleet.take_on();
        for (what, which, ahead) in steps {
            match what {
                0 if fleet.shards.len() < 6 => fleet.take_on(),
                1 if fleet.shards.len() > 1 => fleet.give_up(which),
                2 | 3 => fleet.complain(which),
                _ => fleet.predict(which, ahead),
            }
            let early: usize = fleet.shards.iter().map(|(story, ..)| story.status().early).sum();
            prop_assert!(early <= 12, "{early} early predictions");
            for (story, ..) in &fleet.shards {
                let (open, cap) = (story.status().unsettled, fleet.process.share(fleet.shards.len()).open_cap);
                prop_assert!(story.status().is_raw_paused || open < cap, "{open} open records and more to come");
            }
        }
    }
}
