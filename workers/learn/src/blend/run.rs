//! members -> what they say about the validation rows -> weights -> the cascade -> thresholds, on rows that weighed
//! nothing -> the artefact

use std::collections::BTreeMap;
use std::path::PathBuf;

use indicatif::ProgressBar;
use ombud_intake::LabelColumn;
use ombud_models::{Family, Head, Logits};
use ombud_torch::blend::Fusion;
use serde::Serialize;

use super::card;
use super::cascade::{Point, choose, curve, shown};
use super::ensemble::Ensemble;
use super::judge::{Alone, Judge};
use super::members::{self, Member, Said, Told};
use super::recipe::Recipe;
use super::weigh::{Losses, Scales, Weighed};
use crate::train::artefact::check_free;
use crate::train::card::OfFamily;
use crate::train::examples::Data;
use crate::train::finish::Finish;
use crate::train::folds::Folds;
use crate::train::heads::Calibrated;
use crate::train::outright::Outright;
use crate::train::{LearnError, Lineage, Report};

/// Learns a blend.
pub struct Blend {
    /// The artefact that is asked first.
    pub bag: PathBuf,
    /// The artefacts that are asked after it.
    pub encoders: Vec<PathBuf>,
    /// Labelled complaints to count which issues go with which products.
    pub files: Vec<PathBuf>,
    /// Labelled complaints to weigh and calibrate on, which no member has learned from.
    pub validation: PathBuf,
    /// Where the labels of a bank's own tasks stand.
    pub columns: Vec<LabelColumn>,
    /// The artefact's folder. One that is there already is replaced.
    pub out: PathBuf,
    /// What the registry and the strategy will call the model.
    pub model_id: String,
    /// Threads that ask the members.
    pub threads: usize,
    /// How.
    pub recipe: Recipe,
    /// Where it comes from.
    pub lineage: Lineage,
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    /// As of any family.
    pub report: Report,
    /// By task.
    pub losses: BTreeMap<String, Losses>,
    /// What the cascade would cost; empty where the first member can't begin one.
    pub curve: Vec<Point>,
    /// The share of texts that the later members see, where there is a cascade.
    pub calls: Option<f64>,
}

/// What stands as recipe in the blend's `training.json`.
#[derive(Serialize)]
struct Made<'a> {
    members: Vec<Told<'a>>,
    #[serde(flatten)]
    recipe: &'a Recipe,
    losses: &'a BTreeMap<String, Losses>,
    curve: &'a [Point],
}

/// What is learned, on its way to the folder.
struct Learnt<'a> {
    members: &'a [Member],
    data: &'a Data,
    fusion: Fusion,
    heads: Vec<Calibrated>,
    losses: BTreeMap<String, Losses>,
    /// By task.
    alone: Vec<Alone>,
    curve: Vec<Point>,
    calls: Option<f64>,
}

/// By task.
fn losses(heads: &[Head], weighed: &[Weighed]) -> BTreeMap<String, Losses> {
    heads.iter().zip(weighed).map(|(head, one)| (head.task.clone(), one.losses.clone())).collect()
}

impl Blend {
    /// Learns and writes. The same members, files and recipe give the same bytes. `progress` counts rows read, then
    /// answers of members; its message names the stage.
    ///
    /// # Errors
    /// A member doesn't load, doesn't fit the others or has learned from the validation rows; a file can't be read, a
    /// task has no labelled rows to weigh by, or the folder can't be written. What stood in the folder before stays
    /// then.
    pub fn run(&self, progress: &ProgressBar) -> Result<Outcome, LearnError> {
        check_free(&self.out)?;
        progress.set_message("loading");
        let members = members::open(&self.bag, &self.encoders)?;
        let tasks = members::tasks(&members, &self.columns);
        let data = Data::read(&self.files, Some(&self.validation), &tasks, 0, progress)?;
        members.iter().try_for_each(|member| member.refuse_known(&data))?;
        let said = Said::about(&data.validation, &members, self.threads, progress)?;

        progress.set_message("weighing");
        let heads: Vec<Head> = tasks.iter().map(|task| task.uncut(1.0)).collect();
        let (tasks, heads) = (&tasks[..], &heads[..]);
        let truths: Vec<Vec<Option<usize>>> = (0..tasks.len()).map(|place| data.truths(place)).collect();
        let scales = Scales::new(tasks, heads, &members, &said, self.recipe.hint.as_ref(), &data);
        let weighed = scales.weigh(&truths)?;
        let ensemble = Ensemble { heads, members: &members, said: &said };
        let fused = ensemble.answer(&ensemble.fusion(&weighed, None))?;

        let outright: Vec<Option<&Outright>> = weighed.iter().map(|one| one.outright.as_ref()).collect();
        let judge =
            Judge { tasks, heads, members: &members, truths: &truths, said: &said, outright: &outright };
        let curve = self.curve(&judge, &fused)?;
        let chosen = self.recipe.most_lost.and_then(|most_lost| choose(&curve, most_lost));
        let cascade = chosen.map(|point| &point.thresholds);
        let fusion = ensemble.fusion(&weighed, cascade);
        // The cascade's one number stays: it is a rank of the first member's confidence, which these rows did not weigh.
        let unfitted = Folds::of(&data.validation)
            .judge(&truths, |others, own| ensemble.scored(&scales.weigh(others)?, cascade, own))?;
        self.finish(Learnt {
            members: &members,
            data: &data,
            heads: judge.calibrate(&ensemble.answer(&fusion)?, &self.recipe.targets, unfitted)?,
            fusion,
            losses: losses(heads, &weighed),
            alone: judge.each_alone()?,
            calls: chosen.map(|point| point.calls),
            curve,
        })
    }

    /// Empty where the first member can't begin a cascade and none was asked for.
    fn curve(&self, judge: &Judge<'_>, fused: &[Logits]) -> Result<Vec<Point>, LearnError> {
        match judge.first_alone()? {
            Some(first) => Ok(curve(judge.tasks, &first, fused, |rows| judge.figures(rows))),
            None if self.recipe.most_lost.is_none() => Ok(Vec::new()),
            None => Err(LearnError::NoFirst {
                dir: self.bag.clone(),
                tasks: judge.tasks.iter().map(|task| task.name.as_str()).collect::<Vec<_>>().join(", "),
            }),
        }
    }

    fn finish(&self, learnt: Learnt<'_>) -> Result<Outcome, LearnError> {
        let about = card::About {
            members: learnt.members,
            fusion: &learnt.fusion,
            losses: &learnt.losses,
            heads: &learnt.heads,
            alone: &learnt.alone,
            curve: &learnt.curve,
            calls: learnt.calls,
        }
        .to_string();
        let finish = Finish {
            out: &self.out,
            model_id: &self.model_id,
            family: Family::Blend,
            max_tokens: None,
            cleaning: None,
            seed: 0,
            recipe: &Made {
                members: learnt.members.iter().map(Member::told).collect(),
                recipe: &self.recipe,
                losses: &learnt.losses,
                curve: &learnt.curve,
            },
            data: learnt.data,
            lineage: &self.lineage,
            heads: learnt.heads,
            of_model: learnt.calls.map(|calls| ("encoder_calls", calls)),
            targets: &self.recipe.targets,
            card: OfFamily {
                shrunk: "",
                tag: "blend",
                about,
                flags: &card::flags(learnt.members, self.recipe.most_lost),
                limits: card::LIMITS,
            },
            how: shown(&learnt.curve).into_iter().collect(),
        };
        let report = finish.write(|dir| {
            for member in learnt.members {
                member.artefact.copy_to(&dir.join(&member.name))?;
            }
            learnt.fusion.save(dir).map_err(|source| LearnError::File { path: dir.to_owned(), source })
        })?;
        Ok(Outcome { report, losses: learnt.losses, curve: learnt.curve, calls: learnt.calls })
    }
}
