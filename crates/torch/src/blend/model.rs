//! A blend behind [`Model`]: every member prepares the text, and answers it unless the first one is sure enough.

use std::sync::Arc;

use ombud_models::{
    Artefact, Blame, Classifier, ClassifyError, Fault, Head, HostFault, Input, LoadError, LoadModel, Logits,
    Manifest, Model, Prepared, Trace, with_causes,
};

use super::error::FusionError;
use super::fusion::Fusion;
use super::plan::Plan;
use super::trace::{BlendTrace, MemberTrace};

/// Loads the blend of an artefact; `loader` loads its members, whatever their families are.
///
/// # Errors
/// `blend.json` is broken or doesn't fit, or a member doesn't load.
pub(crate) fn load(artefact: &Artefact, loader: &dyn LoadModel) -> Result<Arc<dyn Model>, LoadError> {
    let refuse = |what: String, blame: Blame| LoadError {
        model_id: artefact.manifest.model_id.clone(),
        dir: artefact.dir.display().to_string(),
        what,
        blame,
    };
    let misfit = |error: FusionError| refuse(error.to_string(), error.blame());
    let fusion = Fusion::read(&artefact.dir).map_err(misfit)?;
    let open = |name: &String| {
        let member = Artefact::open(&artefact.dir.join(name))
            .map_err(|error| refuse(format!("member {name}: {}", with_causes(&error)), error.blame()))?;
        Ok(BlendMember { model: loader.load(&member)?, manifest: member.manifest })
    };
    let members = fusion.members.iter().map(open).collect::<Result<Vec<_>, LoadError>>()?;
    in_memory(&artefact.manifest.heads, &fusion, members).map_err(misfit)
}

/// A member of a blend.
pub struct BlendMember {
    /// Its own `ombud.json`.
    pub manifest: Manifest,
    /// It, loaded.
    pub model: Arc<dyn Model>,
}

/// A blend that is not an artefact yet: `heads` are those of its `ombud.json`, `members` stand in the fusion's order.
///
/// # Errors
/// The fusion doesn't fit the members.
pub fn in_memory(
    heads: &[Head],
    fusion: &Fusion,
    members: Vec<BlendMember>,
) -> Result<Arc<dyn Model>, FusionError> {
    let manifests: Vec<&Manifest> = members.iter().map(|member| &member.manifest).collect();
    let plan = Arc::new(Plan::new(heads, fusion, &manifests)?);
    let names = fusion.members.iter().cloned();
    let tasks = heads.iter().map(|head| head.task.clone()).collect();
    Ok(Arc::new(Blend { plan, tasks, members: names.zip(members).collect() }))
}

struct Blend {
    plan: Arc<Plan>,
    /// By head.
    tasks: Vec<String>,
    /// By name.
    members: Vec<(String, BlendMember)>,
}

impl Model for Blend {
    /// Prepares the text for all members: which of them are asked is known only once the first has answered.
    fn prepare(&self, narrative: &str) -> Prepared {
        let members: Vec<Prepared> =
            self.members.iter().map(|(_, member)| member.model.prepare(narrative)).collect();
        // A member that reads words, rather than counts them, knows how much was read; of several, the one that reads most.
        let reads = |prepared: &&Prepared| !matches!(prepared.input, Input::Columns { .. });
        let longest_reader = members.iter().filter(reads).min_by_key(|prepared| prepared.truncated_tokens);
        let (tokens, truncated_tokens, windows) = longest_reader
            .or(members.first())
            .map_or((0, 0, 1), |one| (one.tokens, one.truncated_tokens, one.windows));
        // A tokenizer spells nearly every word; it is the counted n-grams that show what is new.
        let share = |one: &Prepared| f64::from(one.unseen_tokens) / f64::from(one.tokens.max(1));
        let unseen = members.iter().map(share).fold(0.0, f64::max);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a small count"
        )]
        let unseen_tokens = (unseen * f64::from(tokens)).round() as u32;
        Prepared { input: Input::Members(members), tokens, truncated_tokens, unseen_tokens, windows }
    }

    fn replica(&self) -> Box<dyn Classifier> {
        let member = |(name, member): &(String, BlendMember)| MemberReplica {
            name: name.clone(),
            outputs: member.manifest.heads.iter().map(Head::outputs).collect(),
            replica: member.model.replica(),
        };
        Box::new(Replica { plan: Arc::clone(&self.plan), members: self.members.iter().map(member).collect() })
    }

    fn trace(&self, narrative: &str) -> Result<Option<Box<dyn Trace>>, ClassifyError> {
        let Some((first, others)) = self.members.split_first() else { return Ok(None) };
        let Some(first) = follow(first, narrative)? else { return Ok(None) };
        if let Some(served) = self.plan.fast(first.served()) {
            let alone = BlendTrace::new(self.plan.of_first(), &self.tasks, vec![first], served);
            return Ok(Some(Box::new(alone)));
        }
        let mut members = vec![first];
        for member in others {
            let Some(member) = follow(member, narrative)? else { return Ok(None) };
            members.push(member);
        }
        let answers: Vec<&Logits> = members.iter().map(MemberTrace::served).collect();
        let served = self.plan.fuse(&answers);
        Ok(Some(Box::new(BlendTrace::new(self.plan.of_all(), &self.tasks, members, served))))
    }
}

fn follow(
    (name, member): &(String, BlendMember),
    narrative: &str,
) -> Result<Option<MemberTrace>, ClassifyError> {
    let trace = member.model.trace(narrative).map_err(|error| ClassifyError {
        model: "blend",
        what: format!("member {name}: {error}"),
        ..error
    })?;
    Ok(trace.map(|trace| MemberTrace::new(name.clone(), member.manifest.family, trace)))
}

/// One thread's hold on all members.
struct Replica {
    plan: Arc<Plan>,
    members: Vec<MemberReplica>,
}

/// One thread's hold on one member.
struct MemberReplica {
    name: String,
    /// How many logits each head has.
    outputs: Vec<usize>,
    replica: Box<dyn Classifier>,
}

impl Classifier for Replica {
    fn classify(&mut self, batch: &[&Prepared]) -> Result<Vec<Logits>, ClassifyError> {
        let failed =
            |what: String, blame: Blame| ClassifyError { model: "blend", rows: batch.len(), what, blame };
        let mut texts = Vec::with_capacity(batch.len());
        for (row, prepared) in batch.iter().enumerate() {
            match &prepared.input {
                Input::Members(inputs) if inputs.len() == self.members.len() => texts.push(inputs.as_slice()),
                _ => {
                    let what = format!("row {row} was prepared for another model");
                    return Err(failed(what, Blame::Host(HostFault::Compute)));
                }
            }
        }
        let Some((first, others)) = self.members.split_first_mut() else { return Ok(Vec::new()) };
        let ask = |member: &mut MemberReplica, place: usize, rows: &[usize]| {
            let inputs: Vec<&Prepared> = rows.iter().map(|row| &texts[*row][place]).collect();
            member
                .answer(&inputs)
                .map_err(|(what, blame)| failed(format!("member {}: {what}", member.name), blame))
        };

        let every: Vec<usize> = (0..texts.len()).collect();
        let begun = ask(first, 0, &every)?;
        // Each row by itself, so that its neighbours don't change which members are asked about it.
        let mut fused: Vec<Option<Logits>> = begun.iter().map(|logits| self.plan.fast(logits)).collect();
        let open: Vec<usize> = every.into_iter().filter(|row| fused[*row].is_none()).collect();
        let mut heard = Vec::with_capacity(others.len());
        for (member, place) in others.iter_mut().zip(1..) {
            heard.push(ask(member, place, &open)?);
        }
        for (at, row) in open.into_iter().enumerate() {
            let answers: Vec<&Logits> =
                std::iter::once(&begun[row]).chain(heard.iter().map(|said| &said[at])).collect();
            fused[row] = Some(self.plan.fuse(&answers));
        }
        Ok(fused.into_iter().map(Option::unwrap_or_default).collect())
    }
}

impl MemberReplica {
    fn answer(&mut self, inputs: &[&Prepared]) -> Result<Vec<Logits>, (String, Blame)> {
        if inputs.is_empty() {
            return Ok(Vec::new());
        }
        let answers = self.replica.classify(inputs).map_err(|error| (error.to_string(), error.blame))?;
        let fits = |logits: &Logits| logits.iter().map(Vec::len).eq(self.outputs.iter().copied());
        if answers.len() != inputs.len() || !answers.iter().all(fits) {
            let what = "it gave logits of another shape than its ombud.json says";
            return Err((what.to_owned(), Blame::Version(Fault::LabelCount)));
        }
        Ok(answers)
    }
}
