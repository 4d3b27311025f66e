//! The command against a served console on the embedded log.

use std::{fs, sync::Arc, thread};

use ombud_console::{Console, Waiter, WorklistProgress, answer, desk::ClaimLimits, read_clock};
use ombud_contract::{
    catalogue::Topic,
    codec,
    records::{Feedback as Record, RoutedComplaint, Vulnerability},
};
use ombud_intake::rejected_path;
use ombud_launch::{
    config::{Inputs, load},
    guard::Guard,
    health::{Readiness, Server},
    shutdown::Shutdown,
    telemetry::Metrics,
};
use ombud_local::{Local, LocalWorklist, Options};
use ombud_store::{CaseStore, file_routed};
use ombud_stream::{Outage, Reader, TopicPartition};

use super::*;
use crate::{log::backend::View, strategies::known_teams};

const TOKEN: &str = "sesame-open";

/// Everything of a process that takes verdicts; ends when it is dropped.
struct Serving {
    local: Local,
    settings: Settings,
    shutdown: Shutdown,
    served: Option<thread::JoinHandle<()>>,
    dir: tempfile::TempDir,
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.shutdown.request();
        if let Some(served) = self.served.take() {
            served.join().unwrap();
        }
    }
}

fn route(id: &str, audited: bool) -> RoutedComplaint {
    let example = include_str!("../../../../schemas/complaints.routed/examples/valid/complete.json");
    let mut route: RoutedComplaint = serde_json::from_str(example).unwrap();
    id.clone_into(&mut route.complaint_id);
    route.vulnerability = Vulnerability::Possible;
    route.human_reasons = if audited { vec!["audit-sample".into()] } else { vec![] };
    route
}

fn serving() -> Serving {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::open(dir.path(), Options::catalogue("", 1)).unwrap();
    for route in [route("c-1", true), route("c-2", false)] {
        let original = ombud_stream::Record {
            source: TopicPartition::new("complaints.routed", 0),
            offset: 0,
            appended_at: 5,
            key: None,
            value: Some(codec::encode(&route).unwrap()),
            headers: Vec::new(),
            original: None,
        };
        local.cases().unwrap().write(&file_routed(&route, &original, &[])).unwrap();
    }
    let sha256 = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(TOKEN));
    let variables = [("TOKENS__DESK", sha256.as_str()), ("TOKEN", TOKEN), ("ADDRESS", "127.0.0.1:0")];
    let variables =
        variables.map(|(name, value)| (format!("OMBUD_HTTP__{name}").into(), value.into())).to_vec();
    let mut settings = load(&Inputs { variables, ..Inputs::default() }).unwrap().settings;
    dir.path().clone_into(&mut settings.data);

    let (sink, deliveries) = local.sink::<Waiter>(64);
    let view = local.view();
    let console = Console {
        sink: Box::new(sink),
        cases: Box::new(move || Ok(Box::new(view.cases().unwrap()) as Box<dyn CaseStore>)),
        teams: known_teams(View::open(&settings).unwrap(), "", Arc::new(SystemClock)),
        worklist: Arc::new(LocalWorklist::open(dir.path(), Arc::new(read_clock)).unwrap()),
        worklist_progress: WorklistProgress::default(),
        leases: Box::new(|| Err(Outage::fatal("find leases", "no verdict asks for them"))),
        limits: ClaimLimits::default(),
        trail: Box::new(|| Err(Outage::fatal("read the audit", "no verdict asks for it"))),
        clock: Arc::new(SystemClock),
        prefix: String::new(),
        dates: None,
        explain: None,
        dossiers: None,
    };
    let routes = Guard::of(&settings.http, None).unwrap().around(console.routes());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let server = runtime.block_on(Server::bind(&settings.http)).unwrap();
    settings.http.address = server.address();
    let shutdown = Shutdown::default();
    let stop = shutdown.clone();
    let served = thread::spawn(move || {
        let answering = thread::spawn(move || answer(&deliveries));
        let metrics = Metrics::install().unwrap();
        runtime.block_on(server.serve(routes, Readiness::default(), metrics, stop));
        answering.join().unwrap();
    });
    Serving { local, settings, shutdown, served: Some(served), dir }
}

fn one(id: &str, kind: VerdictKind) -> Feedback {
    Feedback {
        id: Some(id.into()),
        kind: Some(kind),
        task: None,
        label: None,
        to_team: None,
        verdict: None,
        by: Some("agent-17".into()),
        reason_code: None,
        at: None,
        file: None,
        dates: Dates::default(),
        json: true,
    }
}

impl Serving {
    fn say(&self, args: &Feedback) -> Result<(Done, String)> {
        let mut out = Vec::new();
        let done = feedback(args, &self.settings, &Terminal::default(), &mut out)?;
        Ok((done, String::from_utf8(out)?))
    }

    fn logged(&self) -> Vec<Record> {
        let partition = TopicPartition::new(Topic::Feedback.name(""), 0);
        let records =
            self.local.reader().unwrap().fetch(&partition, 0, std::time::Duration::ZERO).unwrap().records;
        records.iter().map(|record| codec::decode(record.value.as_deref().unwrap()).unwrap()).collect()
    }
}

/// One test: a process has one recorder of metrics.
#[test]
fn verdicts_are_given_one_by_one_and_from_a_file_that_may_be_given_again() {
    let serving = serving();
    let (done, said) = serving.say(&one("c-1", VerdictKind::Confirmed)).unwrap();
    let taken: TakenVerdict = serde_json::from_str(&said).unwrap();
    assert_eq!((done, taken.audit_sample, taken.vulnerability_missing), (Done::Well, true, true));
    assert_eq!(serving.logged()[0].source, "desk");

    let refused = serving.say(&one("c-1", VerdictKind::Reallocated)).unwrap_err().to_string();
    assert_eq!(refused, "take the verdict on c-1: to_team: say which team gets the complaint");
    let unknown = serving.say(&one("c-9", VerdictKind::Confirmed)).unwrap_err().to_string();
    assert!(unknown.contains("check the id"), "{unknown}");

    let path = serving.dir.path().join("verdicts.csv");
    let rows = "complaint_id,kind,label_after,to_team,decided_at,revision\n\
        c-1,vulnerability,NOT_INDICATED,,2026-01-31,\n\
        c-9,confirmed,,,,\n\
        c-2,reallocated,,home-lending,,\n\
        c-2,confirmed,,,2h,\n\
        c-2,loved,,,,\n\
        c-2,confirmed,,,,x\n\
        c-2,confirmed\n";
    fs::write(&path, rows).unwrap();
    let args = Feedback { id: None, kind: None, file: Some(path.clone()), ..one("", VerdictKind::Confirmed) };
    let (done, said) = serving.say(&args).unwrap();
    assert_eq!(done, Done::Wanting);
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&said["given"], &said["rejected"], &said["audit_sample"]), (&2.into(), &5.into(), &1.into()));
    let rejected = fs::read_to_string(rejected_path(&path)).unwrap();
    for (line, reason) in [
        (3, "case-unknown,complaint_id"),
        (5, "decided-at-malformed,decided_at"),
        (6, "unknown-symbol,kind"),
        (7, "wrong-type,revision"),
        (8, "csv-field-count,record"),
    ] {
        assert!(rejected.contains(&format!("\n{line},{reason},")), "{line} {reason}: {rejected}");
    }
    let ids = |feedback: &[Record]| feedback.iter().map(|one| one.feedback_id.clone()).collect::<Vec<_>>();
    let first = ids(&serving.logged()[1..]);
    serving.say(&args).unwrap();
    assert_eq!(ids(&serving.logged()[1 + first.len()..]), first, "a second run gives the same verdicts");

    // As a spreadsheet writes it: one date shows the order of both.
    let rows = ["c-2;Not a complaint;13/01/2026", " c-1 ;confirmed;05/01/2026 09:30"];
    let header = "\u{feff}Complaint ID;Kind;Decided at\n";
    fs::write(&path, format!("{header}{}\n{}\n", rows[0], rows[1])).unwrap();
    let (done, said) = serving.say(&args).unwrap();
    assert_eq!(done, Done::Well, "{said}");
    let decided: Vec<i64> =
        serving.logged().iter().rev().take(2).map(|feedback| feedback.decided_at).collect();
    assert_eq!(decided, [1_767_571_200_000 + 34_200_000, 1_768_262_400_000]);
    fs::write(&path, format!("{header}{}\n", rows[1])).unwrap();
    let refused = serving.say(&args).unwrap_err().to_string();
    assert!(refused.contains("line 2 has 05/01/2026") && refused.contains("--dates"), "{refused}");
    let dates = Dates { order: Some(ombud_intake::DateOrder::MonthFirst) };
    let said =
        Feedback { dates, id: None, kind: None, file: Some(path.clone()), ..one("", VerdictKind::Confirmed) };
    assert_eq!(serving.say(&said).unwrap().0, Done::Well);
    assert_eq!(serving.logged().last().unwrap().decided_at, 1_777_593_600_000 + 34_200_000);

    let lines = serving.dir.path().join("verdicts.jsonl");
    let json =
        "{\"complaint_id\": \"c-2\", \"kind\": \"NOT_A_COMPLAINT\", \"actor\": \"agent-18\"}\n\nnonsense\n";
    fs::write(&lines, format!("{json}{{}}\n")).unwrap();
    let (_, said) = serving.say(&Feedback { file: Some(lines), ..args }).unwrap();
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&said["given"], &said["rejected"]), (&1.into(), &2.into()));
    assert_eq!(serving.logged().last().unwrap().actor, "agent-18");

    let mut stranger = serving.settings.clone();
    stranger.http.token = "guessed".into();
    let error =
        feedback(&one("c-1", VerdictKind::Confirmed), &stranger, &Terminal::default(), &mut Vec::new());
    assert!(error.unwrap_err().to_string().contains("OMBUD_HTTP__TOKEN"));
}

#[test]
fn a_file_is_found_wanting_for_each_row_that_is_refused_and_refused_whole_where_it_has_none() {
    let args = Feedback { json: false, ..one("c-1", VerdictKind::Confirmed) };
    let path = std::path::Path::new("verdicts.csv");
    let said = |given: FileOutcome| {
        let mut out = Vec::new();
        conclude(&args, path, given, &mut out).map(|done| (done, String::from_utf8(out).unwrap()))
    };
    let given = FileOutcome { rows: 3, given: 2, audit_sample: 1, vulnerability_missing: 0, rejected: 1 };
    let (done, text) = said(given).unwrap();
    assert_eq!(done, Done::Wanting);
    assert!(text.starts_with("2 verdicts given, 1 of them on the audit sample, 1 rejected\n"), "{text}");
    let (_, text) = said(FileOutcome { vulnerability_missing: 1, ..given }).unwrap();
    assert!(text.contains("vulnerability missing: of 1 verdicts"), "{text}");
    let (done, text) = said(FileOutcome { rejected: 0, ..given }).unwrap();
    assert_eq!((done, text.lines().count()), (Done::Well, 1));
    assert!(said(FileOutcome::default()).unwrap_err().to_string().contains("verdicts.csv: it has none"));
}
