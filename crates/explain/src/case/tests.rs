use bytes::Bytes;
use ombud_contract::records::{RawComplaint, Strategy};
use ombud_models::Strategies;

use super::*;
use crate::testing::{FakeModel, MORTGAGE, jobs, jobs_from, raw, strategy};

fn event<T: codec::Record>(kind: Kind, seq: i64, id: &str, at: i64, record: &T) -> CaseEvent {
    let body = codec::encode(record).unwrap();
    CaseEvent {
        complaint_id: "c-1".to_owned(),
        kind,
        seq,
        id: id.to_owned(),
        at,
        task: None,
        team: None,
        model_id: None,
        model_version: None,
        schema_id: codec::schema_id(&body),
        body,
        origin: format!("{}/0/7", T::TOPIC.base_name()),
    }
}

/// The events of one decided submission.
fn events(raw: &RawComplaint, jobs: &[ExplainJob]) -> Vec<CaseEvent> {
    let route = jobs[0].route.as_ref().unwrap();
    let mut events = vec![event(Kind::Raw, raw.submission.into(), &route.input_sha256, raw.received_at, raw)];
    for prediction in &jobs[0].predictions {
        events.push(event(
            Kind::Prediction,
            7,
            &prediction.prediction_id,
            prediction.predicted_at,
            prediction,
        ));
    }
    events.push(event(Kind::Routed, route.revision, &route.route_id, route.routed_at, route));
    events
}

fn strategies(versions: i64) -> Strategies {
    let mut strategies = Strategies::default();
    for version in 1..=versions {
        let effective_from = (version - 1) * 1_000;
        strategies.push(Strategy { version, effective_from, ..strategy() }).unwrap();
    }
    strategies
}

/// A case that was decided under strategy 1, and again, with other words, under strategy 2.
fn twice() -> (Vec<CaseEvent>, [i64; 2]) {
    let first = raw(MORTGAGE);
    let day = 24 * 60 * 60 * 1000;
    let second = RawComplaint {
        narrative: format!("{MORTGAGE} Now it is my student loan as well."),
        submission: 2,
        received_at: first.received_at + day,
        ..first.clone()
    };
    let mut all = Vec::new();
    let mut routed_at = [0; 2];
    for (at, raw) in [first, second].iter().enumerate() {
        let version = at as i64 + 1;
        let mut predictions = jobs(&FakeModel::straight(), raw)[0].predictions.clone();
        predictions.iter_mut().for_each(|prediction| prediction.strategy_version = version);
        let mut jobs = jobs_from(raw, &predictions, &Strategy { version, ..strategy() });
        let route = jobs[0].route.as_mut().unwrap();
        (route.revision, route.raw_offset) = (version, 7 + at as i64);
        routed_at[at] = route.routed_at;
        all.extend(events(raw, &jobs));
    }
    (all, routed_at)
}

#[test]
fn as_of_a_time_counts_what_was_routed_until_then_under_the_strategy_of_then() {
    let (events, [first, second]) = twice();
    let strategies = strategies(3);
    let version = |as_of| {
        let jobs = jobs_of(&events, &strategies, as_of).unwrap();
        assert_eq!(jobs.len(), 3);
        assert!(jobs.iter().all(|job| job.strategy.version == job.route.as_ref().unwrap().strategy_version));
        assert!(jobs.iter().all(|job| job.prediction.strategy_version == job.strategy.version));
        (jobs[0].strategy.version, jobs[0].raw.submission)
    };
    assert_eq!(version(None), (2, 2));
    assert_eq!(version(Some(second)), (2, 2));
    assert_eq!(version(Some(second - 1)), (1, 1));
    assert_eq!(version(Some(first)), (1, 1));
    assert_eq!(jobs_of(&events, &strategies, Some(first - 1)), Err(NoJob::NotRoutedByThen { first }));
    assert_eq!(jobs_of(&events[..1], &strategies, None), Err(NoJob::NotRouted));
    assert_eq!(jobs_of(&events, &self::strategies(1), None), Err(NoJob::StrategyGone { version: 2 }));
}

#[test]
fn a_prediction_that_was_written_twice_gives_one_job_and_the_one_of_then() {
    let raw = raw(MORTGAGE);
    let jobs = jobs(&FakeModel::straight(), &raw);
    let mut events = events(&raw, &jobs);
    let later =
        Prediction { confidence: 0.5, predicted_at: raw.received_at + 9_000, ..jobs[0].prediction.clone() };
    events.push(event(Kind::Prediction, 7, &later.prediction_id, later.predicted_at, &later));
    events.reverse();
    let found = jobs_of(&events, &strategies(1), None).unwrap();
    assert_eq!(found, jobs);
}

#[test]
fn what_is_missing_or_damaged_is_named_with_its_place() {
    let raw = raw(MORTGAGE);
    let jobs = jobs(&FakeModel::straight(), &raw);
    let events = events(&raw, &jobs);
    let refused = |change: &dyn Fn(&mut Vec<CaseEvent>)| {
        let mut events = events.clone();
        change(&mut events);
        jobs_of(&events, &strategies(1), None).unwrap_err()
    };
    assert_eq!(refused(&|events| drop(events.remove(0))), NoJob::NarrativeGone { place: "0/7".to_owned() });
    let gone = refused(&|events| drop(events.remove(2)));
    assert!(matches!(&gone, NoJob::PredictionGone { task, .. } if task == "issue"), "{gone}");
    for (at, event) in events.iter().enumerate() {
        let spoilt = refused(&|events| events[at] = event.clone().spoilt());
        let NoJob::Unreadable { place, .. } = &spoilt else { panic!("{spoilt}") };
        assert_eq!(*place, event.origin);
        assert!(spoilt.to_string().contains("file it again"));
    }
    let erased = refused(&|events| events[0].body = codec::encode(&RawComplaint::new("c-1", "", 1)).unwrap());
    assert_eq!(erased, NoJob::OtherNarrative { place: "complaints.raw/0/7".to_owned() });
    let nothing = refused(&|events| {
        let mut route = jobs[0].route.clone().unwrap();
        route.decisions.clear();
        let at = events.len() - 1;
        events[at].body = codec::encode(&route).unwrap();
    });
    assert!(matches!(nothing, NoJob::NothingDecided { .. }), "{nothing}");
    let empty = refused(&|events| events[0].body = Bytes::new());
    assert!(matches!(empty, NoJob::Unreadable { .. }), "{empty}");
}
