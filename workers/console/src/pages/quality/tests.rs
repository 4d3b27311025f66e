//! What the page shows of a report that was counted of given verdicts, and to whom its figures lead.

use std::sync::Arc;

use axum::{extract::Query, http::Method};
use ombud_contract::records::{Feedback, RoutedComplaint};
use ombud_launch::guard::{Caller, Person, PersonSource, Right, Role, SignedIn, Teams};
use ombud_local::LocalWorklist;
use ombud_measure::quality::{
    AuditDraw, By, CountedQuality, FigureCases, FigureKey, FigureKind, JudgedCase, Part, QualityCounts,
    QualityReport,
};
use ombud_store::{Worklist as _, WorklistChange};

use super::{
    address::CasesQuery,
    cases::{page, visible},
    live::Days,
    report::report,
    view::View,
};
use crate::{pages::words::Language, read_clock};

const ENGLISH: View = View { language: Language::English, days: Days::Month };
const HOSTILE: &str = "<b>cards\u{202e}";

fn route(id: &str, team: &str) -> RoutedComplaint {
    let example = include_str!("../../../../../schemas/complaints.routed/examples/valid/complete.json");
    let route: RoutedComplaint = serde_json::from_str(example).unwrap();
    let human_reasons = vec!["audit-sample".to_owned()];
    RoutedComplaint { complaint_id: id.into(), team: team.into(), human_reasons, ..route }
}

/// One in five was sent on, of so many that were drawn and judged.
pub(super) fn counted(cases: usize) -> CountedQuality {
    counted_of(cases, "cards")
}

fn counted_of(cases: usize, team: &str) -> CountedQuality {
    let reallocated =
        include_str!("../../../../../schemas/complaints.feedback/examples/valid/reallocated.json");
    let confirmed = include_str!(
        "../../../../../schemas/complaints.feedback/examples/valid/only-what-must-be-there.json"
    );
    let [reallocated, confirmed] =
        [reallocated, confirmed].map(|example| serde_json::from_str::<Feedback>(example).unwrap());
    let mut quality = QualityCounts::default();
    for n in 0..cases {
        let route = route(&format!("c-{n}"), team);
        let verdict = if n % 5 == 0 { &reallocated } else { &confirmed };
        let verdict = Feedback {
            complaint_id: route.complaint_id.clone(),
            revision: route.revision,
            ..verdict.clone()
        };
        quality.add(&JudgedCase { verdicts: vec![verdict], routes: vec![route], shadows: vec![] });
    }
    let span = ("2026-01-01T00:00:00Z".to_owned(), "2026-01-31T09:41:07Z".to_owned());
    let report = QualityReport::of(&quality, &AuditDraw::default(), Vec::new(), span);
    let QualityCounts { audit_sample, rest, .. } = quality;
    let (audit_sample, rest) = (audit_sample.listed, rest.listed);
    CountedQuality { report, audit_sample, rest, all: FigureCases::default() }
}

fn person(roles: &[Role], teams: &[&str]) -> Caller {
    let teams = Teams::Only(teams.iter().map(|team| (*team).to_owned()).collect());
    let person = Person { name: "ann".into(), roles: roles.iter().copied().collect(), teams };
    SignedIn { person, source: PersonSource::Session }.into()
}

/// The addresses of cases that a page leads to.
fn leads_to(html: &str) -> Vec<CasesQuery> {
    let addresses = html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let addresses = addresses.filter(|address| address.starts_with("/quality/cases?"));
    addresses
        .map(|address| {
            let address = address.replace("&amp;", "&").parse().unwrap();
            Query::<CasesQuery>::try_from_uri(&address).unwrap().0
        })
        .collect()
}

#[test]
fn the_first_figures_stand_against_what_was_asked() {
    let html = report(&ENGLISH, &counted(250)).into_string();
    let first = html.split("<nav").next().unwrap();
    for text in
        ["Right product", r#"class="lead">80.0 %"#, "asked: 80 %", "near what was asked", "asked: 71 %"]
    {
        assert!(first.contains(text), "{text}: {first}");
    }
    assert!(first.contains("Vulnerable customers flagged") && first.contains("asked: 60 %"), "{first}");
    assert!(html.contains("<svg") && html.contains("Audit sample"), "{html}");
}

#[test]
fn too_little_is_said_and_not_drawn() {
    let html = report(&ENGLISH, &counted(41)).into_string();
    assert!(html.contains("not enough data: 41 of 200") && !html.contains("<svg"), "{html}");
    assert!(html.contains("product: right answers by week: not enough data: 41 of 200"), "{html}");
}

#[test]
fn every_figure_leads_to_the_cases_that_it_counts() {
    let counted = counted(250);
    let links = leads_to(&report(&ENGLISH, &counted).into_string());
    assert!(links.len() > 10, "{links:?}");
    for link in links {
        let (part, key) = link.figure();
        let tally = counted.tally(part, &key).unwrap_or_else(|| panic!("{key:?} is no figure"));
        let cases = counted.cases(part, &key);
        let hits = cases.iter().filter(|case| case.hit).count();
        assert_eq!(
            (hits, cases.len() - hits),
            (tally.hits.min(200), (tally.of - tally.hits).min(200)),
            "{key:?}"
        );
    }
}

#[test]
fn nothing_is_inline_and_no_name_from_outside_is_markup() {
    let html = report(&ENGLISH, &counted_of(250, HOSTILE)).into_string();
    assert!(!html.contains("style=") && !html.contains("<style"), "{html}");
    assert!(html.contains(r"&lt;b&gt;cards\u202e") && !html.contains("<b>"), "{html}");
    for link in leads_to(&html) {
        assert!(link.figure().1.name.is_empty() || !link.figure().1.name.contains("&lt;"));
    }
}

#[test]
fn both_languages_have_every_word_and_their_own_decimals() {
    let counted = counted(250);
    for (language, share) in [(Language::English, "80.0 %"), (Language::Spanish, "80,0 %")] {
        let view = View { language, ..ENGLISH };
        let html = report(&view, &counted).into_string();
        assert!(!html.contains("{quality-") && html.contains(share), "{html}");
    }
}

#[test]
fn a_list_has_only_cases_of_teams_that_the_reader_may_see_now() {
    let folder = tempfile::tempdir().unwrap();
    let worklist = LocalWorklist::open(folder.path(), Arc::new(read_clock)).unwrap();
    // Judged with cards, and with loans since.
    let moved = WorklistChange::Route(Box::new(route("c-5", "loans")));
    worklist.apply(&[moved], &[]).unwrap();
    let counted = counted(10);
    let html = report(&ENGLISH, &counted).into_string();
    let all = |(_, key): &(Part, FigureKey)| key.kind == FigureKind::Reallocated && key.by == By::All;
    let (part, key) = leads_to(&html).into_iter().map(|link| link.figure()).find(all).unwrap();
    let ids = |caller: &Caller| -> Vec<String> {
        let cases = visible(&worklist, caller, counted.cases(part, &key)).unwrap();
        cases.iter().map(|case| case.complaint_id.to_string()).collect()
    };
    let lead = ids(&person(&[Role::Lead], &["cards"]));
    assert!(
        !lead.contains(&"c-5".to_owned()) && lead.len() == counted.cases(part, &key).len() - 1,
        "{lead:?}"
    );
    assert_eq!(ids(&person(&[Role::Lead], &["loans"])), ["c-5"]);
    assert_eq!(ids(&person(&[Role::Auditor], &[])).len(), counted.cases(part, &key).len());
    assert!(
        ids(&person(&[Role::ModelOwner, Role::Approver], &["cards"])).is_empty(),
        "they see no complaints"
    );

    let tally = counted.tally(part, &key).unwrap();
    let cases = visible(&worklist, &person(&[Role::Lead], &["cards"]), counted.cases(part, &key)).unwrap();
    let shown = page(&ENGLISH, (part, &key), tally, &counted, &cases).into_string();
    assert!(shown.contains("href=\"/complaints/c-0\"") && !shown.contains("c-5<"), "{shown}");
    assert!(!shown.contains("{quality-") && !shown.contains("style="), "{shown}");
    assert!(
        shown.contains(r#"<time datetime="2026-01-31T09:41:07Z">2026-01-31 09:41 UTC</time>"#),
        "{shown}"
    );
}

#[test]
fn leads_model_owners_approvers_and_auditors_see_quality_and_nobody_else() {
    for path in ["/quality", "/quality/cases"] {
        let right = Right::of_page(&Method::GET, path).unwrap();
        for role in Role::ALL {
            let may = [Role::Lead, Role::ModelOwner, Role::Approver, Role::Auditor].contains(&role);
            assert_eq!(person(&[role], &[]).may(right), may, "{path} {role:?}");
        }
    }
}
