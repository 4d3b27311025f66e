//! The page before something is done with many complaints at once: what, and with how many.

use axum::{http::StatusCode, response::Response};
use fluent_bundle::FluentArgs;
use maud::{Markup, html};
use ombud_contract::shown::shown;

use super::{
    chosen::{Action, Chosen},
    team_path,
    view::View,
};
use crate::{
    pages::{fields::Fields, frame::Frame, not_ours_fields::not_ours_fields, parts, trouble},
    refused::Problem,
};

/// What is about to be done.
pub(super) struct Confirmation<'a> {
    pub(super) frame: &'a Frame,
    pub(super) team: &'a str,
    pub(super) view: &'a View,
    pub(super) action: Action,
    pub(super) chosen: &'a Chosen,
    /// What was typed so far.
    pub(super) typed: &'a Fields,
    pub(super) problem: Option<&'a Problem>,
}

impl Confirmation<'_> {
    /// The page; `teams` are those that complaints can go to.
    pub(super) fn page(&self, status: StatusCode, teams: &[String]) -> Response {
        let title = self.frame.say_count(&self.id("title"), self.count());
        self.frame.page_with(status, &title, &self.body(teams))
    }

    fn id(&self, part: &str) -> String {
        format!("team-confirm-{}-{part}", self.action.name())
    }

    fn count(&self) -> i64 {
        i64::try_from(self.chosen.able.len()).unwrap_or(i64::MAX)
    }

    fn body(&self, teams: &[String]) -> Markup {
        let Self { frame, team, view, action, chosen, typed, .. } = self;
        let path = if *action == Action::Move { "not-ours" } else { "work" };
        html! {
            div.stack {
                @if let Some(problem) = self.problem { (parts::problem(&trouble::sentence(frame, problem))) }
                @if chosen.able.is_empty() {
                    (parts::problem(&frame.say("team-confirm-nothing")))
                } @else {
                    p { (frame.say(&self.id("what"))) }
                    form.stack method="post" action={ (team_path(team)) "/" (path) } {
                        input type="hidden" name="view" value=(view.fields().query());
                        input type="hidden" name="action" value=(action.name());
                        input type="hidden" name="confirmed" value="yes";
                        ul.ids { @for id in &chosen.able {
                            li { (shown(id)) input type="hidden" name="complaint" value=(id); }
                        } }
                        @if *action == Action::Move { (not_ours_fields(frame, teams, typed, self.problem)) }
                        div.actions {
                            button type="submit" { (frame.say_count(&self.id("yes"), self.count())) }
                            a href=(view.address(team)) { (frame.say("team-confirm-no")) }
                        }
                    }
                }
                (self.left_out())
                @if chosen.able.is_empty() { p { a href=(view.address(team)) { (frame.say("team-confirm-no")) } } }
            }
        }
    }

    fn left_out(&self) -> Markup {
        let (frame, left_out) = (self.frame, &self.chosen.left_out);
        let why = |(id, code): &(String, &'static str)| {
            let mut args = FluentArgs::new();
            args.set("complaint", shown(id).into_owned());
            frame.say_with(&format!("team-left-out-{code}"), &args)
        };
        html! {
            @if !left_out.is_empty() {
                section {
                    h2 { (frame.say_count("team-left-out", left_out.len() as i64)) }
                    ul { @for one in left_out { li { (why(one)) } } }
                }
            }
        }
    }
}
