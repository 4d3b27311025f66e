//! Waits for the archive: what it has not yet, nobody can undo, and people press undo at once.

use std::time::Duration;

use tokio::{task::block_in_place, time::sleep};

use crate::{refused::Problem, state::RequestState};

/// How often it is looked at, and how often at most.
const LOOK_INTERVAL: Duration = Duration::from_millis(200);
const MOST_LOOKS: usize = 10;

/// Waits for a while until all of `records`, each a record's id and its complaint's, are archived. What is missing then, the
/// undoing itself will say.
pub(crate) async fn wait_until_archived(
    state: &RequestState,
    records: &[(&str, &str)],
) -> Result<(), Problem> {
    for _ in 0..MOST_LOOKS {
        if block_in_place(|| is_archived(state, records))? {
            return Ok(());
        }
        sleep(LOOK_INTERVAL).await;
    }
    Ok(())
}

fn is_archived(state: &RequestState, records: &[(&str, &str)]) -> Result<bool, Problem> {
    for (id, complaint_id) in records {
        if state.cases.events(complaint_id)?.iter().all(|event| event.id != *id) {
            return Ok(false);
        }
    }
    Ok(true)
}
