//! The rule under what can go wrong: clerks at several replicas, processes that die before and after each call of the store,
//! before an event is appended and before the answer goes out, views that are behind, and clocks that differ. The same seed
//! gives the same run.

mod chance;
mod items;
mod store;
mod world;

use world::World;

const SEEDS: u64 = 400;
const COMPLAINTS: usize = 12;
const STEPS: usize = 400;

#[test]
fn nothing_is_held_by_two_at_once_none_is_stuck_and_each_is_done_once() {
    for seed in 0..SEEDS {
        let mut world = World::new(seed, COMPLAINTS);
        let run = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            (0..STEPS).for_each(|_| world.step());
            world.finish();
            world.judge();
        }));
        assert!(run.is_ok(), "seed {seed}");
    }
}
