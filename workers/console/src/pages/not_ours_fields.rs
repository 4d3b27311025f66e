//! To which team a complaint goes that is not one's own team's, and why: the same two fields wherever that is asked.

use maud::{Markup, html};

use super::{
    fields::Fields,
    frame::Frame,
    parts::{self, Field},
    trouble,
};
use crate::refused::Problem;

/// Reasons that are offered; a bank may write its own.
const USUAL_REASONS: [&str; 4] = ["WRONG_PRODUCT", "WRONG_ISSUE", "SEVERAL_PRODUCTS", "SPECIALISTS_NEEDED"];

/// The fields, with what was `typed` into them.
pub(crate) fn not_ours_fields(
    frame: &Frame,
    teams: &[String],
    typed: &Fields,
    problem: Option<&Problem>,
) -> Markup {
    let wrong = |field: &str| {
        let problem = problem.filter(|problem| trouble::field(problem) == Some(field))?;
        Some(trouble::sentence(frame, problem))
    };
    let (wrong_team, wrong_reason) = (wrong("to_team"), wrong("reason_code"));
    let team = Field {
        id: "to-team",
        label: &frame.say("team-to-team"),
        problem: wrong_team.as_deref(),
        ..Field::default()
    };
    let reason = Field {
        id: "move-reason",
        label: &frame.say("team-move-reason"),
        hint: Some(&frame.say("team-move-reason-hint")),
        problem: wrong_reason.as_deref(),
    };
    html! {
        (parts::field(team, |described| html! {
            select id="to-team" name="to_team" required aria-describedby=[described] {
                option value="" { (frame.say("team-to-team-none")) }
                @for one in teams { option value=(one) selected[typed.typed("to_team") == one] { (frame.team(one)) } }
            }
        }))
        (parts::field(reason, |described| html! {
            input id="move-reason" name="reason_code" list="move-reasons" required maxlength="64"
                autocomplete="off" value=(typed.typed("reason_code")) aria-describedby=[described];
            datalist id="move-reasons" { @for reason in USUAL_REASONS { option value=(reason) {} } }
        }))
    }
}
