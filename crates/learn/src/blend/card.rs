//! What stands only in the card of a blend.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

use ombud_measure::evaluate::figures;
use ombud_torch::blend::Fusion;

use super::cascade::Point;
use super::judge::FiguresAlone;
use super::members::BlendMember;
use super::weigh::Losses;
use crate::train::heads::CalibratedHead;

/// Displays as Markdown paragraphs: who the members are, how much each counts, and what it gains.
pub(super) struct About<'a> {
    pub(super) members: &'a [BlendMember],
    pub(super) fusion: &'a Fusion,
    pub(super) losses: &'a BTreeMap<String, Losses>,
    pub(super) heads: &'a [CalibratedHead],
    /// By task.
    pub(super) alone: &'a [FiguresAlone],
    pub(super) curve: &'a [Point],
    /// Share of texts that the later members see, where there is a cascade.
    pub(super) calls: Option<f64>,
}

/// The flags that made it.
pub(super) fn flags(members: &[BlendMember], most_lost: Option<f64>) -> String {
    let said = |(place, member): (usize, &BlendMember)| {
        format!(" --{} {}", if place == 0 { "bag" } else { "encoder" }, member.manifest().model_id)
    };
    let members: String = members.iter().enumerate().map(said).collect();
    let cascade = most_lost.map(|points| format!(" --cascade {points}")).unwrap_or_default();
    format!(" --family blend{members}{cascade}")
}

/// What a blend can't do.
pub(super) const LIMITS: &str = "\
- Its members' own temperatures and shifts were fitted to the rows that weigh them here and that chose its thresholds;
  their weights, and its own, were not.
- It can be no better than its members are apart: where all of them err alike, so does it. Their own cards, in their
  folders, say where.
";

impl Display for About<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(
            "Several models in one: each reads the complaint in its own way, and for each task their calibrated\n\
             log-probabilities are added up by weights. The weights were fitted to complaints that no member learned\n\
             from, none below zero, and are the temperature, too.\n\n| folder | model | family | version |\n|---|---|---|---|\n",
        )?;
        for member in self.members {
            let (manifest, version) = (member.manifest(), &member.artefact.version);
            writeln!(
                f,
                "| {} | {} | {} | `{version}` |",
                member.name,
                manifest.model_id,
                manifest.family.name()
            )?;
        }
        self.weights(f)?;
        self.gains(f)?;
        self.cascade(f)
    }
}

impl About<'_> {
    fn names(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|member| member.name.as_str())
    }

    fn header(&self, f: &mut Formatter<'_>, first: &str, last: &str) -> fmt::Result {
        writeln!(f, "\n| {first} | {} | {last} |", self.names().collect::<Vec<_>>().join(" | "))?;
        let columns = 2 + self.members.len() + last.matches('|').count();
        writeln!(f, "{}|", "|---".repeat(columns))
    }

    /// With the mean negative log-likelihoods that they were fitted to.
    fn weights(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.header(f, "weight of", "hint | loss, fused | loss, best alone")?;
        for head in self.heads {
            let task = &head.head.task;
            let (Some(fused), Some(losses)) = (self.fusion.heads.get(task), self.losses.get(task)) else {
                continue;
            };
            write!(f, "| {task} |")?;
            for name in self.names() {
                cell(f, fused.weights.get(name))?;
            }
            cell(f, fused.hint.as_ref().map(|hint| f64::from(hint.strength)).as_ref())?;
            let best = losses.alone.values().copied().reduce(f64::min);
            writeln!(f, " {:.4} | {:.4} |", losses.fused, best.unwrap_or(losses.fused))?;
        }
        let hinted = self.fusion.heads.iter().find_map(|(task, head)| Some((task, head.hint.as_ref()?)));
        match hinted {
            Some((to, hint)) => writeln!(
                f,
                "\nThe fused answer to {} hints at {to}: to each of its logits is added the hint's weight times\n\
                 `ln sum p(c) P(c | label)`, `P` counted on the files that it was made from.",
                hint.from
            ),
            None => Ok(()),
        }
    }

    fn gains(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.header(f, "on validation", "blend")?;
        for (head, alone) in self.heads.iter().zip(self.alone) {
            for (name, figure) in figures(&head.head.task, &head.report) {
                write!(f, "| {name} |")?;
                for member in self.names() {
                    cell(f, alone.get(member).and_then(|figures| figures.get(&name)))?;
                }
                writeln!(f, " {figure:.4} |")?;
            }
        }
        Ok(())
    }

    fn cascade(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Some(always) = self.curve.first() else { return Ok(()) };
        let first = self.names().next().unwrap_or_default();
        match self.calls {
            Some(calls) => writeln!(
                f,
                "\n**Cascade.** Where {first} is sure of every task its answer stands, and the others never see the\n\
                 complaint: they are asked about {:.1} % of the validation rows.",
                100.0 * calls
            )?,
            None => writeln!(
                f,
                "\n**Cascade.** None: every member sees every complaint. What leaving the others out would cost where\n\
                 {first} is sure of every task:"
            )?,
        }
        let names: Vec<&str> = always.figures.keys().map(String::as_str).collect();
        let tasks: Vec<&str> = self.heads.iter().map(|head| head.head.task.as_str()).collect();
        let thresholds: Vec<String> = tasks.iter().map(|task| format!("{task} from")).collect();
        writeln!(f, "\n| calls | {} | {} |", names.join(" | "), thresholds.join(" | "))?;
        writeln!(f, "{}|", "|---".repeat(1 + names.len() + tasks.len()))?;
        for point in self.curve {
            write!(f, "| {:.3} |", point.calls)?;
            for name in &names {
                cell(f, point.figures.get(*name))?;
            }
            for task in &tasks {
                cell(f, point.thresholds.get(*task))?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

fn cell(f: &mut Formatter<'_>, number: Option<&f64>) -> fmt::Result {
    match number {
        Some(number) => write!(f, " {number:.4} |"),
        None => f.write_str(" |"),
    }
}
