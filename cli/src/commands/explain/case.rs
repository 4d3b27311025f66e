//! `ombud explain ID`: asked of a console that runs beside, or computed here from the archived text and the very weights.

use std::{io, io::Write, time::Duration};

use anyhow::Result;
use ombud_console::{Explanations, Narrative};
use ombud_contract::{codec, ids, records::RawComplaint};
use ombud_explain::Explanation;
use ombud_launch::config::Settings;
use ombud_store::{CaseEvent, CaseStore, Kind};
use ombud_stream::{Clock, SystemClock};
use serde_json::json;

#[cfg(feature = "torch")]
use self::computed::here;
use super::{args::Explain, printed::explanation_text};
use crate::{
    Done,
    log::backend::View,
    output::{screen::Screen, terminal::Terminal},
    running_up::{
        self,
        desk::{DeskClient, encoded},
    },
};

/// How much longer a console may take than whoever it asks.
const CONSOLE_MARGIN: Duration = Duration::from_secs(30);

/// What was explained.
struct Explained {
    /// What the customer wrote; `None` where nobody has it any more.
    narrative: Option<String>,
    explanations: Vec<Explanation>,
}

/// Prints why the case was decided as it was.
pub(super) fn explain_case(
    id: &str,
    args: &Explain,
    settings: &Settings,
    terminal: &Terminal,
    out: &mut impl Write,
) -> Result<Done> {
    let as_of = args.as_of.map(|time| time.ms(SystemClock.now_ms()));
    let spinner = terminal.spinner("explaining");
    let explained = match beside(id, args, as_of, settings)? {
        Some(explained) => Some(explained),
        None => here(id, args, as_of, settings)?,
    };
    spinner.finish_and_clear();
    let Some(mut explained) = explained else {
        writeln!(out, "no case {id}: nothing with this id was archived")?;
        return Ok(Done::Wanting);
    };
    explained.explanations.retain(|one| args.wants(&one.task));
    let is_reproduced = explained.explanations.iter().all(|one| one.reproduction.is_reproduced);
    if args.json {
        // As it is: of a `Value` the confidences would have other digits than those of the API.
        let answer = Explanations { explanations: explained.explanations };
        writeln!(out, "{}", serde_json::to_string(&answer)?)?;
    } else {
        let narrative = explained.narrative.as_deref();
        for explanation in &explained.explanations {
            writeln!(out, "{}", explanation_text(explanation, narrative, Screen::of_process()))?;
        }
    }
    Ok(if is_reproduced { Done::Well } else { Done::Wanting })
}

/// What a console says that runs beside; `None` where none does and the log is this machine's to read.
fn beside(id: &str, args: &Explain, as_of: Option<i64>, settings: &Settings) -> Result<Option<Explained>> {
    let is_named = args.console.console.is_some();
    // Brokers are read from here as well as by a console. Port 0 is any: nobody knows which.
    let is_embedded = settings.kafka_bootstrap.is_empty() && settings.http.address.port() != 0;
    let runs_beside = is_named || (is_embedded && running_up::is_served(&settings.data)?);
    if !runs_beside {
        return Ok(None);
    }
    let timeout = Duration::from_secs(settings.explain.timeout_s) + CONSOLE_MARGIN;
    let client = DeskClient::of(&args.console, settings)?.patient(timeout);
    let task = match args.tasks.as_slice() {
        [only] => Some(only.task.as_str()),
        _ => None,
    };
    let question = json!({ "task": task, "against": args.against, "as_of": as_of });
    let asked = client.post(&format!("/api/complaints/{}/explain", encoded(id)), &question);
    let answer = match asked {
        Err(error) if !is_named && is_nobody(&error) => return Ok(None),
        asked => asked?,
    };
    let Explanations { explanations } = answer.taken()?;
    let narrative = match is_named {
        // The file beside which `up` runs: it has the very submission.
        false => submission(&mut *View::open(settings)?.cases()?, id, &explanations)?,
        // The newest, which is not what was judged by an earlier time.
        true if as_of.is_none() && !args.json => {
            let path = format!("/api/cases/{}/narrative", encoded(id));
            let found: Narrative = client.get(&path)?;
            Some(found.narrative)
        }
        true => None,
    };
    Ok(Some(Explained { narrative, explanations }))
}

/// Whether nobody listens there.
fn is_nobody(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| match cause.downcast_ref::<ureq::Error>() {
        Some(ureq::Error::Io(error)) => error.kind() == io::ErrorKind::ConnectionRefused,
        Some(ureq::Error::ConnectionFailed) => true,
        _ => false,
    })
}

fn submission(cases: &mut dyn CaseStore, id: &str, explanations: &[Explanation]) -> Result<Option<String>> {
    let Some(judged) = explanations.first().map(|one| one.input_sha256.as_str()) else { return Ok(None) };
    let events: Vec<CaseEvent> = cases.case(id)?;
    let raws = events.iter().filter(|event| event.kind == Kind::Raw && !event.is_spoilt());
    let mut raws = raws.filter_map(|event| codec::decode::<RawComplaint>(&event.body).ok());
    Ok(raws.find(|raw| ids::input_sha256(raw) == judged).map(|raw| raw.narrative))
}

/// Nobody asks this without a console that was named.
#[cfg(not(feature = "torch"))]
fn here(_: &str, _: &Explain, _: Option<i64>, _: &Settings) -> Result<Option<Explained>> {
    unreachable!("handed over")
}

#[cfg(feature = "torch")]
mod computed {
    //! The part of this file that needs libtorch.

    use anyhow::{anyhow, bail};
    use ombud_console::{ExplainDesk as _, ExplainRefusal};
    use ombud_contract::taxonomy::label_or_name;
    use ombud_explain::ExplainJob;
    use ombud_launch::shutdown::Shutdown;

    use super::*;
    use crate::explaining::{Explains, ServedExplanations};

    /// Computes it in this process; `None` where there is no such case.
    pub(super) fn here(
        id: &str,
        args: &Explain,
        as_of: Option<i64>,
        settings: &Settings,
    ) -> Result<Option<Explained>> {
        let view = View::open(settings)?;
        let events = view.cases()?.case(id)?;
        if events.is_empty() {
            return Ok(None);
        }
        let desk = ServedExplanations::new(view, settings, Explains::here(settings), Shutdown::default());
        let refused =
            |refusal: ExplainRefusal| anyhow!("{}", words(refusal)).context(format!("explain {id}"));
        let jobs = chosen(desk.jobs(&events, as_of).map_err(refused)?, id, args)?;
        let explanations = desk.explain(&jobs).map_err(refused)?;
        let narrative = jobs.into_iter().next().map(|job| job.raw.narrative);
        Ok(Some(Explained { narrative, explanations }))
    }

    fn words(refusal: ExplainRefusal) -> String {
        match refusal {
            ExplainRefusal::NothingDecided(why)
            | ExplainRefusal::ModelGone(why)
            | ExplainRefusal::Outage(why)
            | ExplainRefusal::Refused { error: why, .. } => why,
            ExplainRefusal::NotAvailable | ExplainRefusal::Busy => "ask again in a moment".to_owned(),
        }
    }

    /// The jobs of the tasks that are asked for, with what they are compared with.
    fn chosen(mut jobs: Vec<ExplainJob>, id: &str, args: &Explain) -> Result<Vec<ExplainJob>> {
        let decided: Vec<String> = jobs.iter().map(|job| job.prediction.task.clone()).collect();
        if decided.is_empty() {
            bail!(
                "explain {id}: no model has decided anything about it that is archived; ask again in a moment"
            );
        }
        if let Some(unknown) = args.tasks.iter().find(|named| !decided.contains(&named.task)) {
            let (task, decided) = (&unknown.task, decided.join(", "));
            return Err(anyhow!("explain {task} of {id}: name a task that was decided: {decided}"));
        }
        jobs.retain(|job| args.wants(&job.prediction.task));
        for job in &mut jobs {
            job.against =
                args.against.as_deref().map(|label| label_or_name(&job.prediction.task, label).to_owned());
        }
        Ok(jobs)
    }
}
