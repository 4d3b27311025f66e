//! The page: what is wrong first, then each part of the system.

use maud::{Markup, html};
use ombud_contract::shown::shown;
use ombud_launch::guard::Right;

use super::{
    super::{
        frame::Frame,
        parts::{self, Tone, badge},
    },
    DoctorLine, Examination, Grade, Known, SystemStatus,
    redrive::Outcome,
    sections,
};
use crate::worklist::WorklistLag;

/// What is shown.
pub(super) struct HealthPage<'a> {
    pub(super) frame: &'a Frame,
    pub(super) system: Option<&'a Known<SystemStatus>>,
    pub(super) examination: &'a Examination,
    /// How far this console's own list of work is behind.
    pub(super) worklist: WorklistLag,
    /// What has just been sent again.
    pub(super) outcome: Option<Outcome>,
    /// Why a form was not taken.
    pub(super) problem: Option<&'a str>,
}

impl HealthPage<'_> {
    pub(super) fn body(&self) -> Markup {
        let frame = self.frame;
        html! {
            div.stack {
                @if let Some(problem) = self.problem { (parts::problem(problem)) }
                @if let Some(outcome) = self.outcome { (sent_again(frame, outcome)) }
                @match self.system {
                    None => (parts::empty(&frame.say("health-unknown"), &frame.say("health-unknown-why"))),
                    Some(Known { what, age }) => {
                        p.muted {
                            (frame.say_count("health-as-of", i64::try_from(age.as_secs()).unwrap_or(i64::MAX)))
                            " " a href="/health" data-key="r" { (frame.say("health-again")) " " kbd { "r" } }
                        }
                        (self.waits(what))
                        (sections::groups(frame, &what.groups))
                        (sections::letters(frame, &what.letters, frame.caller.may(Right::Redrive)))
                        (sections::models(frame, &what.models))
                        (self.reached(what))
                    }
                }
                (self.doctor())
            }
        }
    }

    /// What this process waits for, and remarks on it.
    fn waits(&self, system: &SystemStatus) -> Markup {
        let frame = self.frame;
        html! {
            section.card aria-labelledby="waits" {
                h2 id="waits" { (frame.say("health-waits")) }
                @if system.waits.is_empty() {
                    p { (badge(Tone::Good, &frame.say("health-ready"))) " " (frame.say("health-ready-why")) }
                } @else {
                    ul {
                        @for (part, what) in &system.waits {
                            li { (badge(Tone::Warning, part)) " " (shown(what)) }
                        }
                    }
                }
                @if !system.remarks.is_empty() {
                    ul { @for (part, what) in &system.remarks { li { (badge(Tone::Plain, part)) " " (shown(what)) } } }
                }
                p.muted { (frame.say("health-version")) " " (shown(&system.version)) }
            }
        }
    }

    /// What answers, and how far the worklist is.
    fn reached(&self, system: &SystemStatus) -> Markup {
        let frame = self.frame;
        let lag = &self.worklist;
        html! {
            section.card aria-labelledby="reached" {
                h2 id="reached" { (frame.say("health-reached")) }
                table.dense {
                    caption { (frame.say("health-reached-caption")) }
                    thead { tr {
                        th scope="col" { (frame.say("health-part")) }
                        th scope="col" { (frame.say("health-state")) }
                        th scope="col" { (frame.say("health-detail")) }
                    } }
                    tbody {
                        @for reached in &system.reached { (sections::reached(frame, reached)) }
                        tr {
                            th scope="row" { (frame.say("health-worklist")) }
                            @let well = lag.is_complete;
                            td {
                                @if well { (badge(Tone::Good, &frame.say("health-followed"))) }
                                @else { (badge(Tone::Warning, &frame.say("health-read"))) }
                            }
                            td {
                                (frame.say_count("health-records-behind", i64::try_from(lag.records).unwrap_or(i64::MAX)))
                                @if let Some(seconds) = lag.seconds { ", " (sections::seconds(frame, seconds)) }
                            }
                        }
                    }
                }
            }
        }
    }

    /// What `ombud doctor` says.
    fn doctor(&self) -> Markup {
        let frame = self.frame;
        html! {
            section.card aria-labelledby="doctor" {
                h2 id="doctor" { (frame.say("health-doctor")) }
                p.muted { (frame.say("health-doctor-what")) }
                @if self.examination.is_running { p role="status" { (frame.say("health-doctor-running")) } }
                @if let Some(Known { what, age }) = &self.examination.found {
                    p.muted { (frame.say_count("health-as-of", i64::try_from(age.as_secs()).unwrap_or(i64::MAX))) }
                    (findings(frame, what))
                }
                p.actions { a.button href="/health?examine=1#doctor" data-key="e" {
                    (frame.say("health-doctor-ask")) " " kbd { "e" }
                } }
            }
        }
    }
}

fn sent_again(frame: &Frame, outcome: Outcome) -> Markup {
    let Outcome { sent, already, refused } = outcome;
    let texts = [("health-sent", sent), ("health-already", already), ("health-refused", refused)];
    let said: Vec<String> = texts
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(id, count)| frame.say_count(id, count.into()))
        .collect();
    html! { @if !said.is_empty() { p.status { (said.join(" ")) } } }
}

fn findings(frame: &Frame, lines: &[DoctorLine]) -> Markup {
    html! {
        table.dense {
            caption { (frame.say("health-doctor-caption")) }
            thead { tr {
                th scope="col" { (frame.say("health-part")) }
                th scope="col" { (frame.say("health-state")) }
                th scope="col" { (frame.say("health-found")) }
                th scope="col" { (frame.say("health-fix")) }
            } }
            tbody {
                @for line in worst_first(lines) {
                    tr {
                        th scope="row" { (shown(&line.what)) }
                        td { (grade(frame, line.grade)) }
                        td { (shown(&line.found)) }
                        td { (shown(line.fix.as_deref().unwrap_or_default())) }
                    }
                }
            }
        }
    }
}

/// What is wrong first; else in the order in which it was looked at.
fn worst_first(lines: &[DoctorLine]) -> Vec<&DoctorLine> {
    let mut lines: Vec<&DoctorLine> = lines.iter().collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.grade));
    lines
}

fn grade(frame: &Frame, grade: Grade) -> Markup {
    match grade {
        Grade::Ok => badge(Tone::Good, &frame.say("health-grade-ok")),
        Grade::Warn => badge(Tone::Warning, &frame.say("health-grade-warn")),
        Grade::Bad => badge(Tone::Bad, &frame.say("health-grade-bad")),
    }
}
