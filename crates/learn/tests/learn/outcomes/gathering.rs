//! A case is gathered as it was known at a time.

use super::*;

/// Cases in memory.
#[derive(Default)]
struct Cases(Vec<Row>);

impl CaseStore for Cases {
    fn write(&mut self, rows: &[Row]) -> Result<(), Outage> {
        self.0.extend_from_slice(rows);
        Ok(())
    }

    fn case(&mut self, complaint_id: &str) -> Result<Vec<CaseEvent>, Outage> {
        let event = |row: &Row| match row {
            Row::CaseEvent(event) if event.complaint_id == complaint_id => Some(event.clone()),
            _ => None,
        };
        Ok(self.0.iter().filter_map(event).collect())
    }

    fn queue(&mut self, _: &str, _: jiff::civil::Date) -> Result<Vec<QueueEntry>, Outage> {
        Ok(Vec::new())
    }

    fn feedback(&mut self, day: jiff::civil::Date, each: &mut dyn FnMut(FeedbackDay)) -> Result<(), Outage> {
        let of_day = |row: &Row| match row {
            Row::Feedback(verdict) if day_of(verdict.decided_at) == day => Some(verdict.clone()),
            _ => None,
        };
        self.0.iter().filter_map(of_day).for_each(each);
        Ok(())
    }

    fn decisions(
        &mut self,
        _: &str,
        _: &str,
        _: jiff::civil::Date,
        _: &mut dyn FnMut(ombud_store::ModelDecision),
    ) -> Result<(), Outage> {
        Ok(())
    }
}

impl Cases {
    fn file(&mut self, rows: impl Fn(&Record) -> Vec<Row>, value: bytes::Bytes) {
        let source = TopicPartition::new("complaints", 0);
        let original = Record {
            source,
            offset: 0,
            appended_at: 0,
            key: None,
            value: Some(value),
            headers: Vec::new(),
            original: None,
        };
        self.0.extend(rows(&original));
    }

    fn submitted(&mut self, raw: &RawComplaint) {
        self.file(|original| file_raw(raw, original), codec::encode(raw).unwrap());
        let example = include_str!("../../../../../schemas/complaints.routed/examples/valid/complete.json");
        let route: RoutedComplaint = serde_json::from_str(example).unwrap();
        let (complaint_id, routed_at) = (raw.complaint_id.clone(), raw.received_at);
        let route = RoutedComplaint { complaint_id, routed_at, revision: 1, ..route };
        self.file(|original| file_routed(&route, original, &[]), codec::encode(&route).unwrap());
    }

    fn relabelled(&mut self, complaint_id: &str, product: &str, decided_at: i64) {
        let example =
            include_str!("../../../../../schemas/complaints.feedback/examples/valid/relabelled.json");
        let relabelled: Feedback = serde_json::from_str(example).unwrap();
        let feedback = Feedback {
            feedback_id: format!("{complaint_id}-{decided_at}"),
            complaint_id: complaint_id.to_owned(),
            revision: 1,
            task: Some("product".into()),
            label_after: Some(product.to_owned()),
            decided_at,
            ..relabelled
        };
        self.file(|original| file_feedback(&feedback, original), codec::encode(&feedback).unwrap());
    }
}

#[test]
fn a_case_is_gathered_as_it_stood_then() {
    let mut cases = Cases::default();
    let first = RawComplaint::new("c-1", "They lost my letter.", NOW);
    cases.submitted(&first);
    let narrative = "They lost both of my letters.".to_owned();
    cases.submitted(&RawComplaint { submission: 2, narrative, received_at: NOW + 5 * DAY, ..first });
    cases.relabelled("c-1", "Mortgage", NOW + DAY);
    cases.relabelled("c-1", "Debt collection", NOW + 6 * DAY);
    let withdrawn = RawComplaint::new("c-2", "Never mind.", NOW);
    cases.submitted(&withdrawn);
    cases.relabelled("c-2", "Mortgage", NOW + DAY);
    cases.submitted(&RawComplaint {
        submission: 2,
        withdrawn: true,
        received_at: NOW + 5 * DAY,
        ..withdrawn
    });

    let mut known = |as_of| -> Vec<(String, String, String)> {
        let mut known_cases = Vec::new();
        let each = |case: Case| {
            known_cases.push((case.complaint_id, case.narrative, case.labels["product"].clone()));
            Ok::<_, Outage>(())
        };
        gather(&mut cases, NOW, as_of, |_, _| {}, each).unwrap();
        known_cases
    };
    let case = |id: &str, text: &str, label: &str| (id.to_owned(), text.to_owned(), label.to_owned());
    assert_eq!(known(NOW + DAY), []);
    assert_eq!(
        known(NOW + 2 * DAY),
        [case("c-2", "Never mind.", "Mortgage"), case("c-1", "They lost my letter.", "Mortgage")]
    );
    assert_eq!(known(NOW + 7 * DAY), [case("c-1", "They lost both of my letters.", "Debt collection")]);
}

#[test]
fn whoever_cannot_go_on_ends_the_gathering() {
    let mut cases = Cases::default();
    for n in 0..300 {
        let raw = RawComplaint::new(format!("c-{n}"), "They lost my letter.", NOW);
        cases.submitted(&raw);
        cases.relabelled(&raw.complaint_id, "Mortgage", NOW + n);
    }
    let (mut taken, mut read) = (0, 0);
    let each = |_| {
        taken += 1;
        if taken == 3 { Err(Outage::fatal("write", "no room")) } else { Ok(()) }
    };
    gather(&mut cases, NOW, NOW + DAY, |so_far, all| (read, _) = (so_far, all), each).unwrap_err();
    assert!(taken == 3 && read == 0, "{taken} {read}");
    let mut counts = Vec::new();
    gather(&mut cases, NOW, NOW + DAY, |read, all| counts.push((read, all)), |_| Ok::<_, Outage>(()))
        .unwrap();
    assert_eq!(counts, [(128, 300), (256, 300), (300, 300)]);
}
