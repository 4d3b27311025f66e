//! Clerks who work through all queues over HTTP, whatever becomes of the consoles that they ask.
//!
//! next -> the item and its lease -> FINAL_RESPONSE under that lease. Where no answer comes, they send the same again.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    sync::{
        Mutex, PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use ureq::Agent;

use crate::role::DESK_BEARER;

/// How long a console that is down, or has nothing to do, is left alone.
const PAUSE: Duration = Duration::from_millis(100);
/// How long one request may take; a console that is killed answers none.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);

/// Where consoles listen, by number; `None` while one is down.
pub struct Consoles(RwLock<Vec<Option<String>>>);

impl Consoles {
    /// So many, none of which listens yet.
    pub fn new(count: usize) -> Self {
        Self(RwLock::new(vec![None; count]))
    }

    /// The console `number` listens at `address`, or is down.
    pub fn set(&self, number: usize, address: Option<String>) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(one) = all.get_mut(number) {
            *one = address;
        }
    }

    /// One that listens, as `turn` goes round.
    fn one(&self, turn: usize) -> Option<String> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        (0..all.len()).find_map(|step| all[(turn + step) % all.len()].clone())
    }
}

/// A lease that somebody was given.
#[derive(Clone, Debug)]
pub struct GivenLease {
    /// Of which complaint.
    pub complaint_id: String,
    /// Which one.
    pub lease_id: String,
    /// Until when, by the store's clock.
    pub until: i64,
    /// Whoever has it walks away.
    pub is_left: bool,
}

/// How many clerks there are.
const CLERKS: usize = 20;
/// How many more take one complaint, and walk away.
const LEAVERS: usize = 3;
/// How long all of it may take.
const SHIFT_TIMEOUT: Duration = Duration::from_secs(1_500);
/// How long what is left lying may lie after its lease.
const SLACK_MS: i64 = 5_000;
/// The setting by which what is left lying comes back.
pub const LEASE: (&str, &str) = ("OMBUD_CONSOLE__LEASE_MS", "20000");

/// How often the sample is sent, and how often a console is killed: more with TEST_FULL=1.
pub fn shift_size() -> (usize, usize) {
    if env::var_os("TEST_FULL").is_some() { (20, 10) } else { (1, 2) }
}

/// What clerks were answered.
#[derive(Debug, Default)]
pub struct ShiftReport {
    /// The leases that they were given, each once.
    pub given: BTreeMap<String, GivenLease>,
    /// Complaint -> the id of the final response that is durable.
    pub answered: BTreeMap<String, String>,
    /// How often somebody else had the complaint when the form was sent.
    pub conflicts: usize,
}

/// Clerks at work.
pub struct Shift<'a> {
    /// Whom they ask.
    pub consoles: &'a Consoles,
    /// Whose queues they work through.
    pub teams: &'a [String],
    /// How many complaints are to be answered.
    pub complaints: usize,
}

impl Shift<'_> {
    /// Works until every complaint is answered. Meanwhile `kill` is called `kills` times, each in the midst of the work, with its
    /// number from 1: it kills a console and starts it again.
    ///
    /// # Errors
    /// It takes too long, `kill` fails, or a console refuses what it should take.
    pub fn work(&self, kills: usize, mut kill: impl FnMut(usize) -> Result<()>) -> Result<ShiftReport> {
        let (report, count) = (Mutex::new(ShiftReport::default()), AtomicUsize::new(0));
        let until = Instant::now() + SHIFT_TIMEOUT;
        thread::scope(|scope| {
            let clerk = |number: usize| {
                let (report, count) = (&report, &count);
                scope.spawn(move || Clerk { shift: self, number, report, count, until, turn: number }.work())
            };
            let clerks: Vec<_> = (0..CLERKS + LEAVERS).map(clerk).collect();
            let done = || count.load(Ordering::SeqCst);
            let result = (1..=kills).try_for_each(|number| {
                let due = self.complaints * number / (kills + 1);
                while done() < due {
                    ensure!(Instant::now() < until, "{} of {} are done", done(), self.complaints);
                    thread::park_timeout(Duration::from_millis(5));
                }
                kill(number)
            });
            for clerk in clerks {
                clerk.join().map_err(|_| anyhow::anyhow!("a clerk panicked"))??;
            }
            result
        })?;
        Ok(report.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

struct Clerk<'a> {
    shift: &'a Shift<'a>,
    number: usize,
    report: &'a Mutex<ShiftReport>,
    count: &'a AtomicUsize,
    until: Instant,
    turn: usize,
}

impl Clerk<'_> {
    fn work(mut self) -> Result<()> {
        let leaves = self.number >= CLERKS;
        let teams = self.shift.teams;
        while self.count.load(Ordering::SeqCst) < self.shift.complaints {
            let mut is_idle = true;
            for team in teams.iter().cycle().skip(self.number % teams.len()).take(teams.len()) {
                let Some(lease) = self.next(team, leaves)? else { continue };
                if leaves {
                    return Ok(());
                }
                self.answer(&lease)?;
                is_idle = false;
            }
            if is_idle {
                thread::park_timeout(PAUSE);
            }
        }
        Ok(())
    }

    fn name(&self) -> String {
        format!("clerk-{}", self.number)
    }

    fn next(&mut self, team: &str, leaves: bool) -> Result<Option<GivenLease>> {
        let path = format!("/api/queues/{}/next", team.replace(' ', "%20"));
        let (status, answer) = self.ask(&path, &json!({ "actor": self.name() }))?;
        if status == 204 {
            return Ok(None);
        }
        ensure!(status == 200, "{path}: {status} {answer}");
        let text = |value: &Value| value.as_str().map(str::to_owned).context("a text");
        let lease = GivenLease {
            complaint_id: text(&answer["item"]["complaint_id"])?,
            lease_id: text(&answer["lease"]["lease_id"])?,
            until: answer["lease"]["until"].as_i64().context("an end")?,
            is_left: leaves,
        };
        self.report().given.insert(lease.lease_id.clone(), lease.clone());
        Ok(Some(lease))
    }

    fn answer(&mut self, lease: &GivenLease) -> Result<()> {
        let form = json!({
            "complaint_id": lease.complaint_id, "kind": "FINAL_RESPONSE", "actor": self.name(), "lease_id": lease.lease_id,
            "outcome": "UPHELD", "cause_code": "fees-not-explained",
        });
        let (status, answer) = self.ask("/api/work", &form)?;
        match status {
            202 => {
                let work_id = answer["work_id"].as_str().context("the id of what was done")?.to_owned();
                let earlier = self.report().answered.insert(lease.complaint_id.clone(), work_id);
                if earlier.is_none() {
                    self.count.fetch_add(1, Ordering::SeqCst);
                }
                ensure!(
                    earlier.is_none() || earlier.as_deref() == answer["work_id"].as_str(),
                    "{} was answered twice",
                    lease.complaint_id
                );
            }
            409 => self.report().conflicts += 1,
            _ => bail!("{form}: {status} {answer}"),
        }
        Ok(())
    }

    /// The answer to a request, which is sent again until one comes.
    fn ask(&mut self, path: &str, body: &Value) -> Result<(u16, Value)> {
        let agent: Agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(ANSWER_TIMEOUT))
            .build()
            .into();
        loop {
            ensure!(Instant::now() < self.until, "the shift takes too long: {path} was asked for last");
            self.turn += 1;
            let Some(address) = self.shift.consoles.one(self.turn) else {
                thread::park_timeout(PAUSE);
                continue;
            };
            let request = agent.post(format!("http://{address}{path}")).content_type("application/json");
            let answer = request
                .header("authorization", DESK_BEARER)
                .send(&body.to_string())
                .and_then(|mut answer| Ok((answer.status().as_u16(), answer.body_mut().read_to_string()?)));
            match answer {
                Ok((status, text)) if status < 500 => {
                    return Ok((status, serde_json::from_str(&text).unwrap_or_default()));
                }
                // It is down, dies, or says that it can't just now.
                Ok(_) | Err(_) => thread::park_timeout(PAUSE),
            }
        }
    }

    fn report(&self) -> std::sync::MutexGuard<'_, ShiftReport> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stretch in which no console answered, in milliseconds since the epoch.
pub type OutagePeriod = (i64, i64);

/// Holds the records of complaints.work against what clerks were answered: every complaint done once and by whoever had it, none
/// held by two at once, and none left lying for longer than 5 s after its lease. Gives what to print.
///
/// # Errors
/// Something of that does not hold.
pub fn judge_shift(
    records: &[Value],
    report: &ShiftReport,
    complaints: usize,
    outages: &[OutagePeriod],
) -> Result<String> {
    let mut by_complaint: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for record in records {
        let event = &record["value"];
        by_complaint.entry(event["complaint_id"].as_str().context("an id")?).or_default().push(event);
    }
    ensure!(by_complaint.len() == complaints, "{} complaints have work, of {complaints}", by_complaint.len());
    let (mut claims, mut longest) = (0, 0);
    for (id, events) in &by_complaint {
        let of = |kind: &'static str| events.iter().filter(move |event| event["kind"] == kind);
        let at = |event: &Value| event["done_at"].as_i64().context("a time");
        let lease = |event: &Value| event["lease_id"].as_str().unwrap_or_default().to_owned();
        let done: BTreeSet<&str> =
            of("FINAL_RESPONSE").filter_map(|event| event["work_id"].as_str()).collect();
        ensure!(done.len() == 1, "{id} was done {} times: {events:?}", done.len());
        let known =
            report.answered.get(*id).with_context(|| format!("{id} is done, and nobody was answered"))?;
        ensure!(done.contains(known.as_str()), "{id}: a clerk was answered {known}, which is not there");
        // One event a lease, however often it was appended.
        let mut held: BTreeMap<String, i64> = BTreeMap::new();
        for claimed in of("CLAIMED") {
            let (lease, at) = (lease(claimed), at(claimed)?);
            ensure!(*held.entry(lease).or_insert(at) == at, "{id}: one lease, claimed twice: {events:?}");
        }
        let mut held: Vec<(i64, String)> = held.into_iter().map(|(lease, at)| (at, lease)).collect();
        held.sort();
        claims += held.len();
        let answer = of("FINAL_RESPONSE").next().context("an answer")?;
        let (_, last) = held.last().with_context(|| format!("{id} was done without a claim"))?;
        ensure!(lease(answer) == *last, "{id} was done under a lease that was over: {events:?}");
        for pair in held.windows(2) {
            let [(_, before), (next, _)] = pair else { unreachable!("windows of two") };
            // One of which nobody heard was asked for by the same clerk again, and given.
            let given =
                report.given.get(before).with_context(|| format!("{id}: nobody was given {before}"))?;
            // That it ran out is said by whoever takes it next: then it counts until when it was given.
            let mut given_back =
                of("RELEASED").filter(|event| lease(event) == *before && event["reason_code"] != "ran-out");
            let end = given_back.next().map(|event| at(event)).transpose()?.unwrap_or(given.until);
            ensure!(end <= *next, "{id} was held by two: {before} was not over at {next}: {events:?}");
            let Some(left) = Some(given).filter(|given| given.is_left) else { continue };
            // While no console answers, nobody can take it.
            let outage = outages.iter().find(|(from, to)| (*from..=*to).contains(&left.until));
            let free = outage.map_or(left.until, |(_, to)| *to);
            ensure!(*next <= free + SLACK_MS, "{id} was free from {free}, and taken at {next}");
            longest = longest.max(*next - free);
        }
    }
    let left = report.given.values().filter(|given| given.is_left).count();
    Ok(format!(
        "{complaints} complaints done once each, {claims} claims, none by two at once; {} forms met another's lease; {left} \
         were left lying, and taken {longest} ms after their lease at the latest",
        report.conflicts
    ))
}
