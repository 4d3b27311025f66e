//! Which changes of a strategy need a second person, and whether a version has them.
//!
//! Each version says how many persons must approve the next change of what decides. A version that lacks them is no
//! strategy for anybody: [`Strategies::push`] refuses it, and with it every worker, command and page.

use ombud_contract::records::{Arm, Role, Strategy, TaskStrategy};
use ombud_contract::shown::shown;
use unicode_normalization::UnicodeNormalization;

use super::{ActiveStrategy, Strategies};

/// More approvals than this are taken for a mistake: a bank that asks for so many changes nothing any more.
pub const MOST_APPROVALS: i32 = 9;
/// Longer than any name or address of a person.
const MOST_NAME_BYTES: usize = 200;

impl Strategies {
    /// How many persons beside the one who asks must approve `next`, after these. None where everything that decides
    /// stays, or where it is again as in a version that was in force: then whoever asks is enough.
    pub fn approvals_needed(&self, next: &ActiveStrategy) -> i32 {
        let Some(newest) = self.newest() else { return 0 };
        let asked = newest.record.approvals;
        let is_free = asked <= 0 || decide_alike(newest, next) || self.goes_back(newest, next);
        if is_free { 0 } else { asked }
    }

    /// Checks that `next` has the approvals that the newest of these asks for.
    ///
    /// # Errors
    /// [`ApprovalFault`] says what it lacks, and what to do.
    pub fn check_approvals(&self, next: &ActiveStrategy) -> Result<(), ApprovalFault> {
        let record = &next.record;
        let version = record.version;
        if let Some(what) = fault_in(record) {
            return Err(ApprovalFault::Persons { version, what });
        }
        let needed = self.approvals_needed(next);
        let given = i32::try_from(record.approved_by.len()).unwrap_or(i32::MAX);
        if given < needed {
            return Err(ApprovalFault::Missing { version, before: version - 1, needed, given });
        }
        Ok(())
    }

    /// Whether `next` decides as a version did that was in force, and asks for as many approvals as the newest does.
    fn goes_back(&self, newest: &ActiveStrategy, next: &ActiveStrategy) -> bool {
        // One that was replaced before its time never decided anything.
        let served =
            self.all.windows(2).filter(|two| two[0].record.effective_from < two[1].record.effective_from);
        next.record.approvals == newest.record.approvals
            && served.map(|two| &two[0]).any(|older| decide_alike_but_approvals(older, next))
    }
}

/// Whether two names mean one person: letters of another case or form make no second person.
pub fn is_same_person(one: &str, other: &str) -> bool {
    let plain = |name: &str| name.trim().nfkc().collect::<String>().to_lowercase();
    plain(one) == plain(other)
}

/// `next` as the version that `approvers` have approved.
pub fn with_approvals(
    next: Strategy,
    request_id: &str,
    requested_by: &str,
    approvers: &[String],
) -> Strategy {
    let mut approved_by = approvers.to_vec();
    approved_by.sort();
    approved_by.dedup();
    let (request_id, requested_by) = (Some(request_id.to_owned()), Some(requested_by.to_owned()));
    Strategy { request_id, requested_by, approved_by, ..next }
}

/// Whether a name can stand for a person in a record: a line of 1 to 200 bytes, without a character that nobody sees.
pub fn is_person(name: &str) -> bool {
    let is_line = !name.is_empty() && name.trim() == name && !name.contains(char::is_control);
    is_line && name.len() <= MOST_NAME_BYTES && shown(name) == name
}

/// What is wrong with the persons of `record`.
fn fault_in(record: &Strategy) -> Option<String> {
    let Strategy { approved_by, requested_by, changed_by, .. } = record;
    if approved_by.is_empty() {
        return None;
    }
    let Some(requested_by) = requested_by.as_deref().filter(|name| is_person(name)) else {
        return Some("it is approved, and nobody asked for it".to_owned());
    };
    if let Some(name) = approved_by.iter().find(|name| !is_person(name)) {
        return Some(format!("`{name}` approved it, which is no name of a person"));
    }
    if approved_by.iter().any(|name| is_same_person(name, requested_by) || is_same_person(name, changed_by)) {
        return Some("who asked for it or made it is among those who approved it".to_owned());
    }
    let twice =
        |(i, name): (usize, &String)| approved_by[..i].iter().any(|other| is_same_person(other, name));
    if approved_by.iter().enumerate().any(twice) {
        return Some("one person approved it twice".to_owned());
    }
    (!approved_by.is_sorted()).then(|| "those who approved it are not in the order of their names".to_owned())
}

fn decide_alike(one: &ActiveStrategy, other: &ActiveStrategy) -> bool {
    one.record.approvals == other.record.approvals && decide_alike_but_approvals(one, other)
}

/// Whether every complaint gets the same answers of the same models under both, and the same team by the same time.
fn decide_alike_but_approvals(one: &ActiveStrategy, other: &ActiveStrategy) -> bool {
    // Named one by one, so that a new field does not compile until somebody has thought of it here.
    let Strategy {
        deadline_ms,
        amend_window_ms,
        audit_basis_points,
        tasks,
        // The same table is compared as it was read.
        routing: _,
        // Compared by who calls this.
        approvals: _,
        version: _,
        effective_from: _,
        changed_by: _,
        changed_at: _,
        reason: _,
        evaluation_id: _,
        request_id: _,
        requested_by: _,
        approved_by: _,
    } = &one.record;
    let of = &other.record;
    (deadline_ms, amend_window_ms, audit_basis_points)
        == (&of.deadline_ms, &of.amend_window_ms, &of.audit_basis_points)
        && one.routing == other.routing
        && deciding(tasks) == deciding(&of.tasks)
}

/// The tasks by name, each with what decides it: shadows only watch. An arm of a role that this build doesn't know may
/// decide in a newer one.
fn deciding(tasks: &[TaskStrategy]) -> Vec<DecidedTask<'_>> {
    let decided = |of: &'_ TaskStrategy| of.required || of.arms.iter().any(|arm| arm.role != Role::Shadow);
    let mut all: Vec<DecidedTask<'_>> = tasks
        .iter()
        .filter(|of| decided(of))
        .map(|TaskStrategy { task, required, salt, review_below, arms }| DecidedTask {
            task,
            required: *required,
            salt,
            review_below: *review_below,
            arms: arms.iter().filter(|arm| arm.role != Role::Shadow).collect(),
        })
        .collect();
    all.sort_by_key(|of| of.task);
    all
}

/// A task without its shadows.
#[derive(PartialEq)]
struct DecidedTask<'a> {
    task: &'a str,
    required: bool,
    salt: &'a str,
    review_below: f32,
    arms: Vec<&'a Arm>,
}

/// A version that lacks the persons whom it needs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApprovalFault {
    /// Too few have approved it.
    #[error(
        "accept strategy {version}: it changes who decides or where complaints go, for which strategy {before} asks for {needed} \
         more than the one who asks; it has {given}: ask for it with `ombud strategy request`, and let another person approve \
         it with `ombud strategy approve`"
    )]
    Missing {
        /// The version.
        version: i64,
        /// The version that asks for them.
        before: i64,
        /// How many it needs.
        needed: i32,
        /// How many it has.
        given: i32,
    },
    /// Those whom it names can't be.
    #[error("accept strategy {version}: {what}")]
    Persons {
        /// The version.
        version: i64,
        /// What is wrong.
        what: String,
    },
}
