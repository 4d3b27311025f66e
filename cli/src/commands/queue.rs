//! `ombud queue`: what a team has to do, as its console has it; without a team, how many complaints each team has.

use std::io::Write;

use anyhow::Result;
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use ombud_console::{Item, QueueCounts, QueueList, QueuePage, State, WorklistLag};
use ombud_launch::config::Settings;

use crate::{
    Done,
    input::{
        examples::{Example, examples_text},
        when::moment,
    },
    output::screen::{Screen, Table},
    running_up::desk::{ConsoleAddress, DeskClient, encoded},
};

const EXAMPLES: [Example; 2] = [
    ("What is to be done next", "ombud queue card-services"),
    (
        "What is due by the end of January, as JSON",
        "ombud queue card-services --due-before 2026-02-01 --json",
    ),
];

/// Lag below this is how long the worklist usually takes to be measured.
const SHOWN_LAG_SECONDS: f64 = 10.0;

/// The arguments of `queue`.
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = examples_text(&EXAMPLES))]
pub(crate) struct Queue {
    /// The team [default: how many complaints each team has]
    pub(crate) team: Option<String>,

    /// Only these states, with commas between [default: open, acknowledged, waiting]
    #[arg(long, value_enum, value_delimiter = ',', value_name = "STATE", requires = "team")]
    pub(crate) state: Vec<StateWord>,

    /// Only this product
    #[arg(long, value_name = "LABEL", requires = "team")]
    pub(crate) product: Option<String>,

    /// Only what is due before: 2026-01-31T09:00Z or 2026-01-31
    #[arg(long, value_name = "TIME", value_parser = moment, requires = "team")]
    pub(crate) due_before: Option<i64>,

    /// Only customers who are vulnerable, or may be
    #[arg(long, requires = "team")]
    pub(crate) vulnerable: bool,

    /// Only what a person must still look at
    #[arg(long, requires = "team")]
    pub(crate) needs_human: bool,

    /// The order [default: next]
    #[arg(long, value_enum, value_name = "ORDER", requires = "team")]
    pub(crate) order: Option<OrderWord>,

    /// The most complaints: 1 to 200 [default: 50]
    #[arg(long, value_name = "N", requires = "team")]
    pub(crate) limit: Option<u8>,

    /// Begin where a page ended: its `next`
    #[arg(long, value_name = "NEXT", requires = "team")]
    pub(crate) after: Option<String>,

    #[command(flatten)]
    pub(crate) address: ConsoleAddress,

    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// How far work is, as the command line has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StateWord {
    /// Nobody has done anything
    Open,
    /// The customer knows that it was received
    Acknowledged,
    /// The customer knows why there is no answer yet
    Waiting,
    /// Answered or forwarded
    Answered,
    /// The customer took it back
    Withdrawn,
}

impl From<StateWord> for State {
    fn from(word: StateWord) -> Self {
        match word {
            StateWord::Open => Self::Open,
            StateWord::Acknowledged => Self::Acknowledged,
            StateWord::Waiting => Self::Waiting,
            StateWord::Answered => Self::Answered,
            StateWord::Withdrawn => Self::Withdrawn,
        }
    }
}

/// The order of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OrderWord {
    /// Vulnerable first, then by due moment, then the most urgent
    Next,
    /// By due moment
    Due,
    /// The latest received first
    Received,
    /// The latest changed first
    Changed,
}

/// Prints a page of a queue, or all queues.
pub(crate) fn queue(args: &Queue, settings: &Settings, out: &mut impl Write) -> Result<Done> {
    let console = DeskClient::of(&args.address, settings)?;
    let screen = Screen::of_process();
    let Some(team) = &args.team else {
        let list: QueueList = console.get("/api/queues")?;
        match args.json {
            true => writeln!(out, "{}", serde_json::to_string(&list)?)?,
            false => writeln!(out, "{}{}", counted(&list.queues, screen), behind(&list.lag))?,
        }
        return Ok(Done::Well);
    };
    let page: QueuePage = console.get(&path(team, args))?;
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&page)?)?;
        return Ok(Done::Well);
    }
    match page.items.is_empty() {
        true => writeln!(out, "{team} has nothing of this kind{}", behind(&page.lag))?,
        false => writeln!(out, "{}{}", listed(&page.items, screen), behind(&page.lag))?,
    }
    if let Some(next) = page.next {
        writeln!(out, "more: --after {next}")?;
    }
    Ok(Done::Well)
}

fn path(team: &str, args: &Queue) -> String {
    let mut fields: Vec<(&str, String)> = Vec::new();
    if !args.state.is_empty() {
        let states: Vec<&str> = args.state.iter().map(|word| State::from(*word).symbol()).collect();
        fields.push(("state", states.join(",")));
    }
    fields.extend(args.product.clone().map(|product| ("product", product)));
    fields.extend(args.due_before.map(|due| ("due_before", due.to_string())));
    fields.extend(args.vulnerable.then(|| ("vulnerability", "POSSIBLE".to_owned())));
    fields.extend(args.needs_human.then(|| ("needs_human", "true".to_owned())));
    fields.extend(
        args.order.and_then(|order| Some(("order", order.to_possible_value()?.get_name().to_owned()))),
    );
    fields.extend(args.limit.map(|limit| ("limit", limit.to_string())));
    fields.extend(args.after.clone().map(|after| ("after", after)));
    let fields: Vec<String> =
        fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    let query = if fields.is_empty() { String::new() } else { format!("?{}", fields.join("&")) };
    format!("/api/queues/{}{query}", encoded(team))
}

/// A page as people look at it. A clock that was missed has a word for it, not only a colour.
fn listed(items: &[Item], screen: Screen) -> Table {
    let mut table = screen.table(["due (UTC)", "complaint", "state", "vulnerable", "issue", "with"]);
    for item in items {
        let due = match item.due {
            Some(due) if item.clocks.iter().any(|clock| clock.missed && clock.met_at.is_none()) => {
                format!("{} late", minute(due))
            }
            Some(due) => minute(due),
            None => "-".to_owned(),
        };
        table.add_row([
            due,
            item.complaint_id.clone(),
            item.state.symbol().to_lowercase(),
            item.vulnerability.to_lowercase().replace('_', " "),
            item.issue.clone().or_else(|| item.product.clone()).unwrap_or_else(|| "-".to_owned()),
            item.held_by.as_ref().map_or_else(|| "-".to_owned(), |held| held.holder.clone()),
        ]);
    }
    table
}

fn counted(queues: &[QueueCounts], screen: Screen) -> Table {
    let mut table = screen.table(["team", "open", "acknowledged", "waiting", "answered", "withdrawn"]);
    for queue in queues {
        let QueueCounts { team, open, acknowledged, waiting, answered, withdrawn } = queue;
        let counts = [open, acknowledged, waiting, answered, withdrawn].map(u64::to_string);
        table.add_row([team.clone()].into_iter().chain(counts));
    }
    table
}

/// Said only where it matters: what was done a moment ago may not be shown yet.
fn behind(lag: &WorklistLag) -> String {
    match lag.seconds {
        _ if !lag.is_complete => "\nthe worklist is still being read: complaints may be missing".to_owned(),
        Some(seconds) if seconds >= SHOWN_LAG_SECONDS => {
            format!("\nthe worklist is {seconds:.0} s behind its topics")
        }
        _ => String::new(),
    }
}

fn minute(ms: i64) -> String {
    let at = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX);
    at.strftime("%Y-%m-%d %H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use ombud_console::{ClockStanding, LeaseHolder};

    use super::*;

    fn item() -> Item {
        let clock = ClockStanding {
            name: "final-response".into(),
            due: 1_767_225_600_000,
            met_at: None,
            missed: true,
            rule: "8 weeks".into(),
            calendar: None,
            beyond_calendar: false,
        };
        Item {
            complaint_id: "c-1".into(),
            team: "card-services".into(),
            state: State::Waiting,
            due: Some(clock.due),
            clocks: vec![clock],
            revision: 1,
            route_id: "r-1".into(),
            priority: 0,
            vulnerability: "NOT_INDICATED".into(),
            needs_human: false,
            human_reasons: Vec::new(),
            audit_sample: false,
            product: Some("Credit card".into()),
            issue: None,
            legal_entity: None,
            customer_ref: None,
            external_ref: None,
            received_at: 0,
            changed_at: 0,
            out_of_order: 0,
            held_by: Some(LeaseHolder { holder: "anna".into(), until: 0 }),
        }
    }

    #[test]
    fn a_queue_shows_when_each_complaint_is_due_and_says_which_is_late() {
        let free =
            Item { complaint_id: "c-2".into(), due: None, clocks: Vec::new(), held_by: None, ..item() };
        let text = listed(&[item(), free], Screen::new(120, false)).to_string();
        for shown in
            ["2026-01-01 00:00 late", "c-1", "waiting", "not indicated", "Credit card", "anna", "c-2"]
        {
            assert!(text.contains(shown), "{shown}: {text}");
        }
    }

    #[test]
    fn every_filter_is_asked_for() {
        let args = Queue {
            state: vec![StateWord::Open, StateWord::Waiting],
            product: Some("Credit card".into()),
            due_before: Some(17),
            vulnerable: true,
            needs_human: true,
            order: Some(OrderWord::Due),
            limit: Some(7),
            after: Some("ab.cd".into()),
            ..Queue::default()
        };
        let asked = "/api/queues/card%20services?state=OPEN%2CWAITING&product=Credit%20card&due_before=17&vulnerability=POSSIBLE\
             &needs_human=true&order=due&limit=7&after=ab.cd";
        assert_eq!(path("card services", &args), asked);
        assert_eq!(path("cards", &Queue::default()), "/api/queues/cards");
    }

    #[test]
    fn lag_is_said_where_there_is_some() {
        let lag = |is_complete, seconds| WorklistLag { is_complete, records: 1, seconds };
        assert_eq!(behind(&lag(true, Some(9.0))), "");
        assert_eq!(behind(&lag(true, None)), "");
        assert!(behind(&lag(true, Some(61.0))).contains("61 s behind"));
        assert!(behind(&lag(false, Some(0.0))).contains("may be missing"));
    }
}
