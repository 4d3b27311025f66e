//! Which arm a complaint's draw falls to, and what shares many complaints give.

use ombud_contract::ids::basis_point;
use ombud_contract::records::{Role, TaskStrategy};
use serde::Serialize;

use super::{ALL, ActiveStrategy};

/// What a complaint drew for a task, and what an arm takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Draw {
    /// Seeds the draw.
    pub salt: String,
    /// What the complaint drew, 0 to 9,999.
    pub point: i32,
    /// The arm takes draws from here
    pub from: i32,
    /// to here, which is not included.
    pub to: i32,
}

impl Draw {
    /// Whether the arm takes the complaint.
    pub fn is_taken(&self) -> bool {
        (self.from..self.to).contains(&self.point)
    }
}

impl ActiveStrategy {
    /// Why `arm` did or didn't get this complaint's `task`; `None` where there is no such arm.
    pub fn draw(&self, task: &str, arm: &str, complaint_id: &str) -> Option<Draw> {
        draw(self.task(task)?, arm, complaint_id)
    }
}

fn draw(task: &TaskStrategy, arm: &str, complaint_id: &str) -> Option<Draw> {
    let place = task.arms.iter().position(|known| known.name == arm)?;
    let (before, arm) = (&task.arms[..place], &task.arms[place]);
    let (salt, from) = match arm.role {
        // Deciding arms lie one behind the other.
        Role::Deciding => {
            let deciding = before.iter().filter(|arm| arm.role == Role::Deciding);
            (task.salt.clone(), deciding.map(|arm| arm.basis_points).sum())
        }
        Role::Shadow => (shadow_salt(task, &arm.name), 0),
        Role::Unknown => return None,
    };
    Some(Draw { point: basis_point(complaint_id, &salt), salt, from, to: from + arm.basis_points })
}

/// Each shadow draws by itself.
pub(super) fn shadow_salt(task: &TaskStrategy, arm: &str) -> String {
    format!("{}/{arm}", task.salt)
}

/// What an arm got of some complaints.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ArmShare {
    /// The task.
    pub task: String,
    /// The arm.
    pub arm: String,
    /// Deciding or shadow.
    pub role: Role,
    /// The share that the strategy gives it, 0 to 1.
    pub expected: f64,
    /// How many complaints it got.
    pub complaints: u64,
    /// The share that it got, 0 to 1; 0 of none.
    pub share: f64,
    /// The standard error of a share of so many complaints; 0 of none.
    pub sampling_error: f64,
}

impl ActiveStrategy {
    /// What each arm of each task gets of `complaint_ids`.
    pub fn shares<'a>(&self, complaint_ids: impl IntoIterator<Item = &'a str>) -> Vec<ArmShare> {
        let arms = self.record.tasks.iter().flat_map(|task| task.arms.iter().map(move |arm| (task, arm)));
        let arms: Vec<_> = arms.filter(|(_, arm)| arm.role != Role::Unknown).collect();
        let (mut got, mut all) = (vec![0_u64; arms.len()], 0_u64);
        for id in complaint_ids {
            all += 1;
            for (got, (task, arm)) in got.iter_mut().zip(&arms) {
                let taken = match arm.role {
                    Role::Deciding => self.arm_for(&task.task, id).is_some_and(|one| one.name == arm.name),
                    _ => self.shadows_for(&task.task, id).any(|one| one.name == arm.name),
                };
                *got += u64::from(taken);
            }
        }
        let share = |(complaints, (task, arm)): (u64, (&TaskStrategy, &ombud_contract::records::Arm))| {
            let expected = f64::from(arm.basis_points) / f64::from(ALL);
            let of_all = |value: f64| if all == 0 { 0.0 } else { value / all as f64 };
            ArmShare {
                task: task.task.clone(),
                arm: arm.name.clone(),
                role: arm.role,
                expected,
                complaints,
                share: of_all(complaints as f64),
                sampling_error: of_all(expected * (1.0 - expected)).sqrt(),
            }
        };
        got.into_iter().zip(arms).map(share).collect()
    }
}
