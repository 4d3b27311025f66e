//! `POST /complaints/{complaint_id}/work`: what was done, as the API takes it.

use std::sync::Arc;

use axum::{extract::State as Shared, http::HeaderMap, response::Response};

use super::show;
use crate::{
    blind::SEEN,
    money::minor_units,
    own_writes::OwnWrites,
    pages::{
        PageState,
        address::led_to,
        archived::wait_until_archived,
        fields::{Fields, FormFields, Named},
        frame::Frame,
        item_words::complaint_path,
    },
    refused::Problem,
    work::{AcceptedWork, report},
    work_report::{Answer, WorkReport, WorkReportKind},
};

/// What forms report, by their symbols.
const KINDS: [(&str, WorkReportKind); 8] = [
    ("ACKNOWLEDGED", WorkReportKind::Acknowledged),
    ("HOLDING_RESPONSE", WorkReportKind::HoldingResponse),
    ("SUMMARY_RESOLUTION", WorkReportKind::SummaryResolution),
    ("FINAL_RESPONSE", WorkReportKind::FinalResponse),
    ("FORWARDED", WorkReportKind::Forwarded),
    ("REOPENED", WorkReportKind::Reopened),
    ("NOTED", WorkReportKind::Noted),
    ("UNDONE", WorkReportKind::Undone),
];

const ANSWERS: [(&str, Answer); 3] =
    [("UPHELD", Answer::Upheld), ("PARTLY_UPHELD", Answer::PartlyUpheld), ("REJECTED", Answer::Rejected)];

/// Records what the form says.
pub(super) async fn work(
    Shared(state): Shared<Arc<PageState>>,
    frame: Frame,
    own: OwnWrites,
    Named(complaint_id): Named,
    FormFields(form): FormFields,
) -> Response {
    match take(&state, &frame, &own, &complaint_id, &form).await {
        Ok((headers, done, accepted)) => {
            let fields = Fields::default().with("done", Some(&done));
            let accepted = accepted.filter(|_| done != "complaint-undone");
            if form.one("reason_code") == Some(SEEN)
                && let Some(noted) = &accepted
            {
                // The page shows what was asked for as soon as the note is there.
                let _ = wait_until_archived(&state.api, &[(&noted.work_id, &complaint_id)]).await;
            }
            let undo = accepted.map(|work| work.work_id);
            let fields = fields.with("undo", undo.as_deref());
            led_to(headers, &fields.address(&complaint_path(&complaint_id)))
        }
        Err(problem) => show::again(&state, &frame, &own, &complaint_id, &form, &problem).await,
    }
}

async fn take(
    state: &PageState,
    frame: &Frame,
    own: &OwnWrites,
    complaint_id: &str,
    form: &Fields,
) -> Result<(HeaderMap, String, Option<AcceptedWork>), Problem> {
    let event = event_of(complaint_id, form)?;
    if let Some(undone) = &event.undoes {
        wait_until_archived(&state.api, &[(undone, complaint_id)]).await?;
    }
    let (headers, accepted) = report(&state.api, &frame.caller, own.clone(), vec![event]).await?;
    let kind = form.typed("kind").to_ascii_lowercase().replace('_', "-");
    Ok((headers, format!("complaint-{kind}"), accepted.into_iter().next()))
}

fn event_of(complaint_id: &str, form: &Fields) -> Result<WorkReport, Problem> {
    let kind = KINDS.iter().find(|(symbol, _)| form.one("kind") == Some(symbol));
    let kind = kind.ok_or_else(|| Problem::wrong("kind", "unknown-symbol", "choose what was done"))?.1;
    let said = |name: &str| form.one(name).map(str::to_owned);
    let currency = said("redress_currency").map(|code| code.to_ascii_uppercase());
    let redress = match (form.one("redress_minor"), &currency) {
        (None, None) => None,
        (Some(amount), Some(currency)) => {
            let malformed = |error: crate::AmountError| {
                Problem::wrong("redress_minor", "amount-malformed", &error.to_string())
            };
            Some(minor_units(amount, currency).map_err(malformed)?)
        }
        (Some(_), None) => {
            return Err(Problem::wrong(
                "redress_currency",
                "currency-missing",
                "say in which currency, such as GBP",
            ));
        }
        (None, Some(_)) => {
            return Err(Problem::wrong(
                "redress_minor",
                "amount-missing",
                "say how much, or leave out the currency",
            ));
        }
    };
    let revision = form.one("revision").map(str::parse).transpose();
    Ok(WorkReport {
        revision: revision.map_err(|_| Problem::wrong("revision", "wrong-type", "give a whole number"))?,
        reason_code: said("reason_code").unwrap_or_default(),
        outcome: ANSWERS
            .iter()
            .find(|(symbol, _)| form.one("outcome") == Some(symbol))
            .map(|(_, answer)| *answer),
        cause_code: said("cause_code"),
        redress_minor: redress,
        redress_currency: currency,
        vulnerability_code: said("vulnerability_code"),
        forwarded_to: said("forwarded_to"),
        undoes: said("undoes"),
        ..WorkReport::new(complaint_id, kind)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_as_the_event_that_the_api_takes_and_what_is_none_is_told_by_its_field() {
        let form = Fields::read(
            b"kind=FINAL_RESPONSE&revision=3&outcome=PARTLY_UPHELD&cause_code=FEES&redress_minor=25.50&redress_currency=gbp",
        );
        let event = event_of("c-1", &form).unwrap();
        assert_eq!((event.kind, event.revision), (WorkReportKind::FinalResponse, Some(3)));
        assert_eq!((event.outcome, event.redress_minor), (Some(Answer::PartlyUpheld), Some(2_550)));
        assert_eq!(event.redress_currency.as_deref(), Some("GBP"));
        for (wrong, field) in [
            ("kind=CLAIMED", "kind: "),
            ("kind=NOTED&revision=x", "revision: "),
            ("kind=FINAL_RESPONSE&redress_minor=1,5&redress_currency=GBP", "redress_minor: "),
            ("kind=FINAL_RESPONSE&redress_minor=15", "redress_currency: "),
            ("kind=FINAL_RESPONSE&redress_currency=GBP", "redress_minor: "),
        ] {
            let problem = event_of("c-1", &Fields::read(wrong.as_bytes())).unwrap_err();
            assert!(problem.body().error.starts_with(field), "{wrong}: {problem:?}");
        }
    }
}
