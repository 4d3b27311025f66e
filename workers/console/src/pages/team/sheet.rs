//! The page of a queue: tabs, filters, the table, and what is done with chosen rows.

use fluent_bundle::FluentArgs;
use maud::{Markup, html};
use ombud_contract::{shown::shown, task::PRODUCT, taxonomy::Taxonomy};
use ombud_launch::guard::Right;

use super::{
    rows::Rows,
    team_path,
    undo::Undo,
    view::{List, View},
};
use crate::{
    item::Item,
    pages::{
        frame::Frame,
        item_words::{self, complaint_path, or_dash},
        parts::{self, Field, Tab},
        trouble,
    },
    refused::Problem,
};

/// What the page of `team`'s queue is called.
pub(super) fn title(frame: &Frame, team: &str) -> String {
    let mut args = FluentArgs::new();
    args.set("team", frame.team(team).into_owned());
    frame.say_with("team-title", &args)
}

/// What stands on the page.
pub(super) struct Sheet<'a> {
    pub(super) frame: &'a Frame,
    pub(super) team: &'a str,
    pub(super) view: &'a View,
    pub(super) rows: &'a Rows,
    pub(super) now: i64,
    pub(super) undo: Undo,
    pub(super) all_chosen: bool,
    pub(super) problem: Option<&'a Problem>,
}

impl<'a> Sheet<'a> {
    pub(super) fn of(frame: &'a Frame, team: &'a str, view: &'a View, rows: &'a Rows, now: i64) -> Self {
        let undo = Undo::default();
        Self { frame, team, view, rows, now, undo, all_chosen: false, problem: None }
    }

    pub(super) fn body(&self) -> Markup {
        let Self { frame, team, view, rows, .. } = self;
        let beginning = view.beginning().address(team);
        let next =
            rows.next.clone().map(|after| View { after: Some(after), ..(*view).clone() }.address(team));
        let first = view.after.is_some().then_some(beginning.as_str());
        html! {
            div.stack {
                @if let Some(problem) = self.problem { (parts::problem(&trouble::sentence(frame, problem))) }
                (self.undo.form(frame, team, view))
                div.row {
                    (parts::tabs(&frame.say("team-tabs"), &self.tabs()))
                    span data-live=(team) {}
                }
                (filters(frame, team, view, None))
                @if rows.items.is_empty() { (self.nothing()) } @else { (self.table()) }
                (parts::pager(frame, first, next.as_deref()))
                @if frame.caller.may(Right::Export) {
                    p {
                        a href=(view.beginning().fields().address(&format!("{}/export", team_path(team)))) {
                            (frame.say("team-export"))
                        }
                        " " span.muted { (frame.say("team-export-hint")) }
                    }
                }
            }
        }
    }

    fn tabs(&self) -> Vec<Tab> {
        let tab = |(list, count): &(List, u64)| Tab {
            href: self.view.of_list(*list).address(self.team),
            text: self.frame.say(&format!("team-tab-{}", list.name())),
            count: Some(*count),
            is_current: *list == self.view.list,
        };
        self.rows.counts.iter().map(tab).collect()
    }

    fn nothing(&self) -> Markup {
        let why = match self.view.list {
            _ if self.view.is_filtered() => "team-empty-filtered".to_owned(),
            list => format!("team-empty-{}", list.name()),
        };
        parts::empty(&self.frame.say("team-empty"), &self.frame.say(&why))
    }

    /// Whether there is something to do here for the reader.
    fn is_workable(&self) -> bool {
        self.view.list != List::Answered && self.frame.caller.works_for(self.team)
    }

    fn table(&self) -> Markup {
        let Self { frame, team, view, rows, .. } = self;
        let table = html! {
            table.dense {
                caption { (frame.say_count("team-caption", rows.items.len() as i64)) }
                thead { tr {
                    @if self.is_workable() { th scope="col" { (frame.say("team-col-choose")) } }
                    @for column in COLUMNS { th scope="col" { (frame.say(&format!("team-col-{column}"))) } }
                } }
                tbody { @for item in &rows.items { (self.row(item)) } }
            }
        };
        if !self.is_workable() {
            return table;
        }
        html! {
            form method="post" action={ (team_path(team)) "/work" } {
                input type="hidden" name="view" value=(view.fields().query());
                (table)
                div.actions.batch {
                    (parts::key_button("a", "action", "acknowledge", &frame.say("team-acknowledge")))
                    (parts::key_button("h", "action", "holding", &frame.say("team-holding")))
                    (parts::key_button("x", "action", "move", &frame.say("team-not-ours")))
                    a href=(view.fields().with("chosen", Some("all")).address(&team_path(team))) {
                        (frame.say("team-choose-all"))
                    }
                }
            }
        }
    }

    fn row(&self, item: &Item) -> Markup {
        let (frame, id) = (self.frame, shown(&item.complaint_id));
        let mut args = FluentArgs::new();
        args.set("complaint", id.clone().into_owned());
        html! {
            tr data-row {
                @if self.is_workable() {
                    td {
                        input type="checkbox" name="complaint" value=(item.complaint_id)
                            aria-label=(frame.say_with("team-choose", &args)) checked[self.all_chosen];
                    }
                }
                th scope="row" { a href=(complaint_path(&item.complaint_id)) { (id) } }
                td { (item_words::due(frame, item, self.now)) }
                td { (item_words::vulnerability(frame, &item.vulnerability)) }
                td.words { (or_dash(item.issue.as_deref())) }
                td { (or_dash(item.product.as_deref())) }
                td.number { (item_words::age(frame, item.received_at, self.now)) }
                td { (item_words::holder(frame, item)) }
                td {
                    (item_words::state(frame, item.state))
                    @if item.needs_human { " " (parts::badge(parts::Tone::Warning, &frame.say("complaint-needs-human"))) }
                }
            }
        }
    }
}

/// The columns of the table, and of what is downloaded.
pub(super) const COLUMNS: [&str; 8] =
    ["complaint", "due", "vulnerability", "issue", "product", "age", "holder", "state"];

/// The page where a filter is wrong.
pub(super) fn refused(frame: &Frame, team: &str, view: &View, problem: &Problem) -> Markup {
    html! {
        div.stack {
            (parts::problem(&trouble::sentence(frame, problem)))
            (filters(frame, team, view, Some(problem)))
        }
    }
}

/// The products that can be looked for: those that models answer with, and what the address asks for besides.
fn products(view: &View) -> Vec<&str> {
    let known = Taxonomy::newest(PRODUCT).map(Taxonomy::leaves).unwrap_or_default();
    let mut products: Vec<&str> = known.iter().map(String::as_str).collect();
    products.extend(view.product.as_deref().filter(|product| !known.iter().any(|one| one == product)));
    products
}

fn filters(frame: &Frame, team: &str, view: &View, problem: Option<&Problem>) -> Markup {
    let label = |name: &str| frame.say(&format!("team-filter-{name}"));
    let wrong = problem.filter(|problem| trouble::field(problem) == Some("due_before"));
    let wrong = wrong.map(|problem| trouble::sentence(frame, problem));
    let text = |id: &str, name: &str, value: Option<&str>| {
        parts::field(Field { id, label: &label(name), ..Field::default() }, |described| {
            html! { input id=(id) name=(name) value=[value] autocomplete="off" aria-describedby=[described]; }
        })
    };
    let choice = |value: &str, name: &str| {
        let is_chosen = view.vulnerable.as_deref().unwrap_or_default() == value;
        html! { option value=(value) selected[is_chosen] { (label(name)) } }
    };
    html! {
        form.filters method="get" action=(team_path(team)) aria-label=(frame.say("team-filters")) {
            input type="hidden" name="tab" value=(view.list.name());
            (parts::field(Field { id: "filter-product", label: &label("product"), ..Field::default() }, |_| html! {
                select id="filter-product" name="product" {
                    option value="" { (label("any")) }
                    @for product in products(view) {
                        option value=(product) selected[view.product.as_deref() == Some(product)] { (shown(product)) }
                    }
                }
            }))
            (parts::field(Field { id: "filter-vulnerable", label: &label("vulnerable"), ..Field::default() }, |_| html! {
                select id="filter-vulnerable" name="vulnerable" {
                    (choice("", "any")) (choice("POSSIBLE", "possible")) (choice("VULNERABLE", "sure"))
                }
            }))
            (parts::field(
                Field { id: "filter-due", label: &label("due_before"), problem: wrong.as_deref(), ..Field::default() },
                |described| html! {
                    input id="filter-due" name="due_before" type="date" value=[view.due_before.as_deref()]
                        aria-describedby=[described];
                },
            ))
            (text("filter-customer", "customer", view.customer.as_deref()))
            div.field {
                label {
                    input type="checkbox" name="needs_human" value="yes" checked[view.needs_human]; " " (label("needs_human"))
                }
            }
            div.actions {
                button type="submit" { (frame.say("team-filter")) }
                @if view.is_filtered() {
                    a href=(View { list: view.list, ..View::default() }.address(team)) { (frame.say("team-filter-none")) }
                }
            }
        }
    }
}
