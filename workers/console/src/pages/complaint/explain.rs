//! `POST /complaints/{complaint_id}/explain`: why it was answered so, beside what the customer wrote. That both were opened is recorded
//! before they are shown; where it can't be, the page says so and shows nothing.

use std::sync::Arc;

use axum::{extract::State as Shared, response::Response};
use fluent_bundle::FluentArgs;
use jiff::{ToSpan as _, civil::Date, tz::TimeZone};
use ombud_contract::shown::shown;

use super::{
    explained::{ExplainedPage, page},
    show,
    why::against_field,
};
use crate::{
    audit::{Act, Action},
    cases,
    explain::{self, ExplainedText, Question},
    own_writes::OwnWrites,
    pages::{
        PageState,
        fields::{Fields, FormFields, Named},
        frame::Frame,
    },
    refused::Problem,
};

/// Shows it; or the complaint again, with what was asked and why there is no answer.
pub(super) async fn explain(
    Shared(state): Shared<Arc<PageState>>,
    frame: Frame,
    own: OwnWrites,
    Named(complaint_id): Named,
    FormFields(form): FormFields,
) -> Response {
    match ask(&state, &frame, &own, &complaint_id, &form).await {
        Ok(explained) => {
            let mut args = FluentArgs::new();
            args.set("complaint", shown(&complaint_id).into_owned());
            let asked = ExplainedPage {
                complaint_id: &complaint_id,
                as_of: form.one("as_of"),
                explained: &explained,
            };
            frame.page(&frame.say_with("explain-title", &args), &page(&frame, &asked))
        }
        Err(problem) => show::again(&state, &frame, &own, &complaint_id, &form, &problem).await,
    }
}

async fn ask(
    state: &PageState,
    frame: &Frame,
    own: &OwnWrites,
    complaint_id: &str,
    form: &Fields,
) -> Result<ExplainedText, Problem> {
    let (api, caller) = (&state.api, &frame.caller);
    let found = cases::find(api, caller, own, complaint_id).await?;
    let opened = Act::new(Action::NarrativeOpened, &found.complaint_id);
    explain::explain(api, caller, &found, question_of(form)?, &[opened]).await
}

fn question_of(form: &Fields) -> Result<Question, Problem> {
    let task = form.one("task").map(str::to_owned);
    let against = task.as_deref().and_then(|task| form.one(&against_field(task))).map(str::to_owned);
    Ok(Question { task, against, as_of: end_of_day(form.one("as_of"))? })
}

/// The last moment of a day in UTC.
pub(super) fn end_of_day(day: Option<&str>) -> Result<Option<i64>, Problem> {
    let Some(day) = day else { return Ok(None) };
    let next = day.parse::<Date>().ok().and_then(|day| day.checked_add(1.day()).ok());
    let next = next.and_then(|day| TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok());
    match next {
        Some(next) => Ok(Some(next.as_millisecond() - 1)),
        None => Err(Problem::wrong("as_of", "no-day", "give a day such as 2026-12-04")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_asks_about_one_task_and_its_own_label_until_the_end_of_a_day() {
        let form =
            Fields::read(b"task=issue&against_issue=Fraud+or+scam&against_product=Mortgage&as_of=2026-12-04");
        let asked = question_of(&form).unwrap();
        assert_eq!((asked.task.as_deref(), asked.against.as_deref()), (Some("issue"), Some("Fraud or scam")));
        assert_eq!(asked.as_of, Some(1_796_428_799_999));
        let all = question_of(&Fields::read(b"against_issue=Fraud+or+scam&as_of=")).unwrap();
        assert_eq!(all, Question::default());
        for day in ["2026-13-01", "now", "9999-12-31"] {
            let form = Fields::default().with("as_of", Some(day));
            assert_eq!(question_of(&form).unwrap_err().body().code.as_deref(), Some("no-day"), "{day}");
        }
    }
}
