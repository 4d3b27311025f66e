//! What the business asked for, and how much is left to people.

use maud::Markup;
use ombud_measure::{
    quality::{Headline, HeadlineFigure, Part, QualityReport},
    target::TargetState,
};
use ombud_report::{Lead, leads};

use super::{address::cases_of, view::View};

/// The figures that stand first.
pub(super) fn headlines(view: &View, report: &QualityReport) -> Markup {
    leads(&report.headlines.iter().map(|headline| lead(view, headline)).collect::<Vec<_>>())
}

fn lead(view: &View, headline: &Headline) -> Lead {
    let (name, counts, part) = match headline.figure {
        HeadlineFigure::Product => ("quality-lead-product", "quality-of-answers", Part::AuditSample),
        HeadlineFigure::Issue => ("quality-lead-issue", "quality-of-answers", Part::AuditSample),
        HeadlineFigure::VulnerableRecall => {
            ("quality-lead-vulnerable", "quality-of-vulnerable", Part::AuditSample)
        }
        HeadlineFigure::Review => ("quality-lead-review", "quality-of-received", Part::All),
    };
    let of = headline.counted.of;
    let (figure, detail) = match (headline.standing, headline.counted.share(), headline.counted.interval()) {
        (TargetState::NotClaimed, ..) => (view.say("quality-not-claimed"), String::new()),
        (TargetState::TooFew, ..) | (_, None, _) | (_, _, None) => (view.not_enough(of), String::new()),
        (_, Some(share), Some(interval)) => {
            let values = [("range", view.range(interval)), ("count", of.to_string())];
            (view.percent(share), view.say_of(counts, &values))
        }
    };
    let standing = match headline.standing {
        TargetState::Met => "quality-met",
        TargetState::Unsure => "quality-near",
        TargetState::Missed => "quality-missed",
        TargetState::TooFew | TargetState::NotClaimed | TargetState::NotAsked => "",
    };
    let asked = headline.asked.map(|share| view.say_of("quality-asked", &[("share", view.whole(share))]));
    let link = || (cases_of(view.days, part, &headline.key()), view.say("quality-its-cases"));
    Lead {
        name: view.say(name),
        figure,
        detail,
        asked: asked.unwrap_or_default(),
        standing: if standing.is_empty() { String::new() } else { view.say(standing) },
        tone: headline.standing.tone(),
        link: (of > 0).then(link),
    }
}
