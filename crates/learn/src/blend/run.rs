//! members -> their answers to the validation rows -> weights -> the cascade -> thresholds, on rows that weighed
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
use super::judge::{FiguresAlone, Judge};
use super::members::{self, BlendMember, MemberLogits, MemberRecord};
use super::recipe::Recipe;
use super::weigh::{Losses, Scales, WeighedHead};
use crate::train::artefact::check_free;
use crate::train::card::FamilyCard;
use crate::train::evidence_score::EvidenceScore;
use crate::train::examples::Data;
use crate::train::finished_model::FinishedModel;
use crate::train::folds::Folds;
use crate::train::heads::CalibratedHead;
use crate::train::{Job, LearnError, LearnedModel};

/// Learns a blend.
pub struct Blend {
    /// From which files, and what becomes of it.
    pub job: Job,
    /// The artefact that is asked first.
    pub bag: PathBuf,
    /// The artefacts that are asked after it.
    pub encoders: Vec<PathBuf>,
    /// Labelled complaints to weigh and calibrate on, which no member has learned from.
    pub validation: PathBuf,
    /// Where the labels of a bank's own tasks stand.
    pub columns: Vec<LabelColumn>,
    /// Threads that ask the members.
    pub threads: usize,
    /// How.
    pub recipe: Recipe,
}

/// The result of learning a blend.
#[derive(Debug)]
pub struct BlendResult {
    /// As of any family.
    pub report: LearnedModel,
    /// By task.
    pub losses: BTreeMap<String, Losses>,
    /// What the cascade would cost; empty where the first member can't begin one.
    pub curve: Vec<Point>,
    /// The share of texts that the later members see, where there is a cascade.
    pub calls: Option<f64>,
}

/// What stands as recipe in the blend's `training.json`.
#[derive(Serialize)]
struct BlendRecord<'a> {
    members: Vec<MemberRecord<'a>>,
    #[serde(flatten)]
    recipe: &'a Recipe,
    losses: &'a BTreeMap<String, Losses>,
    curve: &'a [Point],
}

/// What is learned, on its way to the folder.
struct NewBlend<'a> {
    members: &'a [BlendMember],
    data: &'a Data,
    fusion: Fusion,
    heads: Vec<CalibratedHead>,
    losses: BTreeMap<String, Losses>,
    /// By task.
    alone: Vec<FiguresAlone>,
    curve: Vec<Point>,
    calls: Option<f64>,
}

/// By task.
fn losses(heads: &[Head], weighed: &[WeighedHead]) -> BTreeMap<String, Losses> {
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
    pub fn run(&self, progress: &ProgressBar) -> Result<BlendResult, LearnError> {
        check_free(&self.job.out)?;
        progress.set_message("loading");
        let members = members::open(&self.bag, &self.encoders)?;
        let tasks = members::tasks(&members, &self.columns);
        let data = Data::read(&self.job.files, Some(&self.validation), &tasks, 0, progress)?;
        members.iter().try_for_each(|member| member.refuse_known(&data))?;
        let said = MemberLogits::about(&data.validation, &members, self.threads, progress)?;

        progress.set_message("weighing");
        let heads: Vec<Head> = tasks.iter().map(|task| task.uncut(1.0)).collect();
        let (tasks, heads) = (&tasks[..], &heads[..]);
        let truths: Vec<Vec<Option<usize>>> = (0..tasks.len()).map(|place| data.truths(place)).collect();
        let scales = Scales::new(tasks, heads, &members, &said, self.recipe.hint.as_ref(), &data);
        let weighed = scales.weigh(&truths)?;
        let ensemble = Ensemble { heads, members: &members, said: &said };
        let fused = ensemble.answer(&ensemble.fusion(&weighed, None))?;

        let outright: Vec<Option<&EvidenceScore>> = weighed.iter().map(|one| one.outright.as_ref()).collect();
        let judge =
            Judge { tasks, heads, members: &members, truths: &truths, said: &said, outright: &outright };
        let curve = self.curve(&judge, &fused)?;
        let chosen = self.recipe.most_lost.and_then(|most_lost| choose(&curve, most_lost));
        let cascade = chosen.map(|point| &point.thresholds);
        let fusion = ensemble.fusion(&weighed, cascade);
        // The cascade's one number stays: it is a rank of the first member's confidence, which these rows did not weigh.
        let unfitted = Folds::of(&data.validation)
            .judge(&truths, |others, own| ensemble.scored(&scales.weigh(others)?, cascade, own))?;
        self.finish(NewBlend {
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

    fn finish(&self, blend: NewBlend<'_>) -> Result<BlendResult, LearnError> {
        let about = card::About {
            members: blend.members,
            fusion: &blend.fusion,
            losses: &blend.losses,
            heads: &blend.heads,
            alone: &blend.alone,
            curve: &blend.curve,
            calls: blend.calls,
        }
        .to_string();
        let finish = FinishedModel {
            job: &self.job,
            family: Family::Blend,
            max_tokens: None,
            cleaning: None,
            seed: 0,
            recipe: &BlendRecord {
                members: blend.members.iter().map(BlendMember::record).collect(),
                recipe: &self.recipe,
                losses: &blend.losses,
                curve: &blend.curve,
            },
            data: blend.data,
            heads: blend.heads,
            of_model: blend.calls.map(|calls| ("encoder_calls", calls)),
            targets: &self.recipe.targets,
            card: FamilyCard {
                shrunk: "",
                tag: "blend",
                about,
                flags: &card::flags(blend.members, self.recipe.most_lost),
                limits: card::LIMITS,
            },
            how: shown(&blend.curve).into_iter().collect(),
        };
        let report = finish.write(|dir| {
            for member in blend.members {
                member.artefact.copy_to(&dir.join(&member.name))?;
            }
            blend.fusion.save(dir).map_err(|source| LearnError::File { path: dir.to_owned(), source })
        })?;
        Ok(BlendResult { report, losses: blend.losses, curve: blend.curve, calls: blend.calls })
    }
}
