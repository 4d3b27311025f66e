//! What can be done next with a complaint: take it, say what was done, give it to another team. What was typed stays where it was
//! refused.

use fluent_bundle::FluentArgs;
use maud::{Markup, html};
use ombud_contract::shown::shown;
use ombud_launch::guard::Right;

use super::seen::Seen;
use crate::{
    item::{Item, State},
    pages::{
        fields::Fields,
        frame::Frame,
        item_words::{complaint_path, symbol},
        not_ours_fields::not_ours_fields,
        parts::{self, Field},
        team::team_path,
        trouble,
    },
    refused::Problem,
};

/// The forms of a complaint.
pub(super) struct Forms<'a> {
    pub(super) frame: &'a Frame,
    pub(super) seen: &'a Seen,
    pub(super) item: &'a Item,
    pub(super) typed: &'a Fields,
    pub(super) problem: Option<&'a Problem>,
}

impl Forms<'_> {
    pub(super) fn markup(&self) -> Markup {
        let (frame, item) = (self.frame, self.item);
        let is_open = matches!(item.state, State::Open | State::Acknowledged | State::Waiting);
        let is_others = item.held_by.is_some() && self.seen.lease_id.is_none();
        // What was typed is kept, though another has it by now.
        let is_typed = self.typed.one("kind").is_some_and(|kind| kind != "UNDONE");
        let is_shown = (is_open && !is_others) || is_typed;
        let may_reopen = item.state == State::Answered && frame.caller.may(Right::Lead);
        html! {
            section {
                h2 { (frame.say("complaint-work")) }
                @if is_open { (self.lease()) }
                div.stack {
                    @if is_shown {
                        div.actions {
                            @if item.state != State::Acknowledged {
                                (self.short("a", "ACKNOWLEDGED", "complaint-do-acknowledged"))
                            }
                            (self.short("h", "HOLDING_RESPONSE", "complaint-do-holding-response"))
                            a.button href="#not-ours" data-key="x" { (frame.say("complaint-do-not-ours")) " " kbd { "x" } }
                        }
                        (self.long("FINAL_RESPONSE", self.answer("FINAL_RESPONSE")))
                        (self.long("SUMMARY_RESOLUTION", self.answer("SUMMARY_RESOLUTION")))
                        (self.long("FORWARDED", self.text("FORWARDED", "forwarded_to", true)))
                    }
                    @if may_reopen { (self.long("REOPENED", self.text("REOPENED", "reason_code", false))) }
                    (self.long("NOTED", self.text("NOTED", "reason_code", true)))
                    @if is_open && !is_others { (self.not_ours()) }
                }
            }
        }
    }

    /// Who has it, and the buttons that change that.
    fn lease(&self) -> Markup {
        let frame = self.frame;
        let path = format!("{}/lease", complaint_path(&self.item.complaint_id));
        let mut args = FluentArgs::new();
        if let Some(lease) = &self.item.held_by {
            args.set("holder", shown(&lease.holder).into_owned());
        }
        html! {
            @match (&self.seen.lease_id, &self.item.held_by) {
                (Some(lease_id), held) => form.row method="post" action=(path) {
                    p {
                        (frame.say("complaint-lease-yours"))
                        @if let Some(held) = held { " " (parts::moment(held.until)) }
                    }
                    input type="hidden" name="lease_id" value=(lease_id);
                    button type="submit" name="action" value="renew" { (frame.say("complaint-lease-renew")) }
                    (parts::key_button("r", "action", "release", &frame.say("complaint-lease-release")))
                },
                (None, Some(held)) => {
                    p { (shown(&frame.say_with("complaint-lease-others", &args))) " " (parts::moment(held.until)) }
                    @if frame.caller.may(Right::Lead) {
                        form.row method="post" action=(path) {
                            (self.lead_reason())
                            button.danger type="submit" name="action" value="take-over" {
                                (frame.say("complaint-lease-take-over"))
                            }
                        }
                    }
                },
                (None, None) => form.row method="post" action=(path) {
                    p { (frame.say("complaint-lease-free")) }
                    (parts::key_button("t", "action", "take", &frame.say("complaint-lease-take")))
                },
            }
        }
    }

    fn lead_reason(&self) -> Markup {
        let is_this = self.typed.one("action") == Some("take-over");
        self.input("take-over", "reason_code", true, is_this)
    }

    /// A button that says all.
    fn short(&self, key: &str, kind: &str, text: &str) -> Markup {
        html! {
            form method="post" action={ (complaint_path(&self.item.complaint_id)) "/work" } {
                input type="hidden" name="revision" value=(self.item.revision);
                (parts::key_button(key, "kind", kind, &self.frame.say(text)))
            }
        }
    }

    /// A form with fields, folded away until it is needed.
    fn long(&self, kind: &str, fields: Markup) -> Markup {
        let frame = self.frame;
        let named = symbol(frame, "complaint-do", kind);
        // What is folded away is not seen to be wrong.
        let is_open = self.is_typed(kind) || (kind == "FINAL_RESPONSE" && self.seen.lease_id.is_some());
        html! {
            details.card open[is_open] {
                summary { (named) }
                form.stack method="post" action={ (complaint_path(&self.item.complaint_id)) "/work" } {
                    input type="hidden" name="kind" value=(kind);
                    input type="hidden" name="revision" value=(self.item.revision);
                    (fields)
                    div.actions { button type="submit" { (named) } }
                }
            }
        }
    }

    fn is_typed(&self, kind: &str) -> bool {
        self.typed.one("kind") == Some(kind)
    }

    /// What the customer was answered.
    fn answer(&self, kind: &str) -> Markup {
        let (frame, id) = (self.frame, format!("{}-outcome", kind.to_ascii_lowercase()));
        let chosen = if self.is_typed(kind) { self.typed.typed("outcome") } else { "" };
        let wrong = self.wrong(self.is_typed(kind), "outcome");
        let label = frame.say("complaint-field-outcome");
        let field = Field { id: &id, label: &label, problem: wrong.as_deref(), ..Field::default() };
        html! {
            (parts::field(field, |described| html! {
                select id=(id) name="outcome" required aria-describedby=[described] {
                    option value="" { (frame.say("complaint-field-outcome-none")) }
                    @for outcome in ["UPHELD", "PARTLY_UPHELD", "REJECTED"] {
                        option value=(outcome) selected[chosen == outcome] { (symbol(frame, "complaint-answer", outcome)) }
                    }
                }
            }))
            (self.text(kind, "cause_code", true))
            (self.text(kind, "redress_minor", false))
            (self.text(kind, "redress_currency", false))
            (self.text(kind, "vulnerability_code", false))
        }
    }

    fn text(&self, kind: &str, name: &str, is_needed: bool) -> Markup {
        self.input(kind, name, is_needed, self.is_typed(kind))
    }

    /// A field of the form `of`; `is_this`: it is the one that was sent and is not done.
    fn input(&self, of: &str, name: &str, is_needed: bool, is_this: bool) -> Markup {
        let id = format!("{}-{name}", of.to_ascii_lowercase());
        let words = format!("complaint-field-{}", name.replace('_', "-"));
        let (label, hint) = (self.frame.say(&words), self.frame.say(&format!("{words}-hint")));
        let typed = if is_this { self.typed.typed(name) } else { "" };
        let wrong = self.wrong(is_this, name);
        let field = Field { id: &id, label: &label, hint: Some(&hint), problem: wrong.as_deref() };
        parts::field(field, |described| {
            html! {
                input id=(id) name=(name) value=(typed) maxlength="64" autocomplete="off" required[is_needed]
                    aria-describedby=[described];
            }
        })
    }

    fn wrong(&self, is_this: bool, name: &str) -> Option<String> {
        let problem = self.problem.filter(|problem| is_this && trouble::field(problem) == Some(name))?;
        Some(trouble::sentence(self.frame, problem))
    }

    fn not_ours(&self) -> Markup {
        let (frame, team) = (self.frame, &self.item.team);
        html! {
            section.card id="not-ours" {
                h3 { (frame.say("complaint-do-not-ours")) }
                form.stack method="post" action={ (team_path(team)) "/not-ours" } {
                    input type="hidden" name="complaint" value=(self.item.complaint_id);
                    (not_ours_fields(frame, &self.seen.teams, &Fields::default(), None))
                    div.actions { button type="submit" { (frame.say("complaint-do-not-ours-send")) } }
                }
            }
        }
    }
}
