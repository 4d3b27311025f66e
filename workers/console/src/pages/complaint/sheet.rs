//! The page of a complaint: how it stands, what can be done, its clocks, and all that happened.

use fluent_bundle::FluentArgs;
use maud::{Markup, html};
use ombud_contract::shown::shown;
use ombud_launch::guard::Right;

use super::{clocks::clocks, find::complaints, forms::Forms, seen::Seen, timeline, why::why};
use crate::{
    item::Item,
    pages::{
        blind_gate::gate,
        fields::Fields,
        frame::Frame,
        item_words::{self, complaint_path, or_dash},
        parts::{self, Tone},
        team::team_path,
        trouble,
    },
    refused::Problem,
};

/// What the page of a complaint is called.
pub(super) fn title(frame: &Frame, complaint_id: &str) -> String {
    let mut args = FluentArgs::new();
    args.set("complaint", shown(complaint_id).into_owned());
    frame.say_with("complaint-title", &args)
}

/// What stands on the page.
pub(super) struct Sheet<'a> {
    pub(super) frame: &'a Frame,
    pub(super) seen: &'a Seen,
    /// What was typed into a form that is not done.
    pub(super) typed: &'a Fields,
    /// Why it is not.
    pub(super) problem: Option<&'a Problem>,
    /// The event that may be undone now.
    pub(super) undo: Option<&'a str>,
}

impl Sheet<'_> {
    pub(super) fn body(&self) -> Markup {
        let Self { frame, seen, .. } = self;
        let case = &seen.case;
        let works = frame.caller.works_for(&seen.team);
        html! {
            div.stack {
                @if let Some(problem) = self.problem { (parts::problem(&trouble::sentence(frame, problem))) }
                @if works { (self.undo_form()) }
                @if case.item.as_ref().is_some_and(Item::is_kept) { (gate(frame, &case.complaint_id)) }
                @match &case.item {
                    Some(item) => (self.standing(item)),
                    None => (parts::empty(&frame.say("complaint-not-listed"), &frame.say("complaint-not-listed-why"))),
                }
                (self.leads_to())
                @if works && let Some(item) = &case.item {
                    (Forms { frame, seen, item, typed: self.typed, problem: self.problem }.markup())
                }
                @if let Some(item) = &case.item { (clocks(frame, &item.clocks, seen.now)) }
                (why(frame, seen, self.typed))
                (timeline::deeds(frame, &case.timeline))
                (timeline::records(frame, &case.timeline))
                (self.others())
            }
        }
    }

    fn undo_form(&self) -> Markup {
        let (frame, complaint_id) = (self.frame, &self.seen.case.complaint_id);
        html! {
            @if let Some(work_id) = self.undo {
                form.row method="post" action={ (complaint_path(complaint_id)) "/work" } {
                    input type="hidden" name="undoes" value=(work_id);
                    (parts::key_button("u", "kind", "UNDONE", &frame.say("complaint-undo")))
                }
            }
        }
    }

    fn standing(&self, item: &Item) -> Markup {
        let frame = self.frame;
        let fact = |name: &str, value: Markup| html! { dt { (frame.say(&format!("complaint-is-{name}"))) } dd { (value) } };
        let customer = item.customer_ref.as_deref();
        html! {
            section.card {
                h2 { (frame.say("complaint-standing")) }
                dl {
                    (fact("state", html! {
                        (item_words::state(frame, item.state))
                        @if item.needs_human { " " (parts::badge(Tone::Warning, &frame.say("complaint-needs-human"))) }
                    }))
                    (fact("due", item_words::due(frame, item, self.seen.now)))
                    (fact("holder", item_words::holder(frame, item)))
                    (fact("team", html! { a href=(team_path(&item.team)) { (frame.team(&item.team)) } }))
                    (fact("vulnerability", item_words::vulnerability(frame, &item.vulnerability)))
                    (fact("product", or_dash(item.product.as_deref())))
                    (fact("issue", or_dash(item.issue.as_deref())))
                    (fact("customer", html! {
                        @match customer {
                            Some(customer) => a href=(Fields::default().with("q", Some(customer)).address("/complaints")) { (shown(customer)) },
                            None => (or_dash(None)),
                        }
                    }))
                    (fact("external", or_dash(item.external_ref.as_deref())))
                    (fact("entity", or_dash(item.legal_entity.as_deref())))
                    (fact("received", html! { (parts::moment(item.received_at)) " " span.muted { (item_words::age(frame, item.received_at, self.seen.now)) } }))
                    @if !item.human_reasons.is_empty() {
                        (fact("reasons", html! { (shown(&item.human_reasons.join(", "))) }))
                    }
                    @if item.out_of_order > 0 {
                        (fact("out-of-order", html! { (item.out_of_order) }))
                    }
                }
            }
        }
    }

    fn leads_to(&self) -> Markup {
        let (frame, seen) = (self.frame, self.seen);
        let complaint_id = &seen.case.complaint_id;
        html! {
            div.actions {
                @if frame.caller.reads_narrative_of(&seen.team) {
                    (parts::key_link("n", &format!("{}/narrative", complaint_path(complaint_id)), &frame.say("complaint-open-narrative")))
                }
                @if frame.caller.may(Right::ReadAudit) {
                    a.button href=(Fields::default().with("complaint", Some(complaint_id)).address("/trail")) {
                        (frame.say("complaint-open-trail"))
                    }
                }
            }
        }
    }

    fn others(&self) -> Markup {
        let (frame, seen) = (self.frame, self.seen);
        html! {
            @if !seen.others.is_empty() {
                section {
                    h2 { (frame.say("complaint-others")) }
                    (complaints(
                        frame,
                        &frame.say_count("complaint-others-caption", seen.others.len() as i64),
                        &seen.others,
                        seen.now,
                    ))
                }
            }
        }
    }
}
