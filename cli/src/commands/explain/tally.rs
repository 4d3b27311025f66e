//! Which words decide, counted over many explanations: by label where answers are right, by both labels where they are wrong.

use std::{collections::BTreeMap, fmt::Write as _};

use ombud_explain::Explanation;
use serde::Serialize;

use super::{labelled::LabelledAnswer, text::Text};
use crate::output::screen::{Screen, Style};

/// The most words of a group that are shown.
const WORDS_SHOWN: usize = 10;

/// What was answered where something was true.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    task: String,
    is_wrong: bool,
    answered: String,
    labelled: String,
}

/// The words of one group.
#[derive(Default)]
struct GroupWords {
    answers: usize,
    words: BTreeMap<String, WordSum>,
}

#[derive(Clone, Copy, Default)]
struct WordSum {
    value: f64,
    answers: usize,
}

/// All of them.
#[derive(Default)]
pub(super) struct Tally {
    groups: BTreeMap<Group, GroupWords>,
    /// Answers that nothing can be said about: the model could not read the text.
    unexplained: usize,
}

/// The words of a group that decide most, for programs.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct TopWords {
    pub(super) task: String,
    /// What was answered; of answers that were right also what is true.
    pub(super) answered: String,
    /// What is true.
    pub(super) labelled: String,
    pub(super) is_right: bool,
    pub(super) answers: usize,
    pub(super) words: Vec<TopWord>,
}

/// One of them.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct TopWord {
    pub(super) word: String,
    /// Log-odds that it adds to an answer of the group, where it stands in it or not: what it does for all of them.
    pub(super) mean: f64,
    /// In how many answers it stands.
    pub(super) answers: usize,
}

impl Tally {
    /// Counts one explanation of `answer`, which is about `narrative`.
    pub(super) fn add(&mut self, answer: &LabelledAnswer, explanation: &Explanation, narrative: &str) {
        let is_right = answer.is_right();
        let answered = answer.prediction.label.clone().unwrap_or_default();
        let labelled = if is_right { answered.clone() } else { answer.truth.label().to_owned() };
        self.count(&explanation.task, (answered, labelled, is_right), explanation, narrative);
    }

    fn count(
        &mut self,
        task: &str,
        (answered, labelled, is_right): (String, String, bool),
        explanation: &Explanation,
        narrative: &str,
    ) {
        let Some(contrast) = &explanation.contrast else {
            self.unexplained += 1;
            return;
        };
        let group = Group { task: task.to_owned(), is_wrong: !is_right, answered, labelled };
        let group = self.groups.entry(group).or_default();
        group.answers += 1;
        let text = Text::of(narrative);
        let mut words: BTreeMap<String, f64> = BTreeMap::new();
        for word in &contrast.words {
            *words.entry(text.at(word.place).to_lowercase()).or_default() += word.value;
        }
        for (word, value) in words {
            let sum = group.words.entry(word).or_default();
            *sum = WordSum { value: sum.value + value, answers: sum.answers + 1 };
        }
    }

    /// The words that speak most for what was answered, group by group: right answers before wrong ones.
    pub(super) fn top(&self) -> Vec<TopWords> {
        let group = |(group, counted): (&Group, &GroupWords)| TopWords {
            task: group.task.clone(),
            answered: group.answered.clone(),
            labelled: group.labelled.clone(),
            is_right: !group.is_wrong,
            answers: counted.answers,
            words: counted.top(),
        };
        self.groups.iter().map(group).collect()
    }

    /// For people: a table a task for right answers, and one for wrong ones.
    pub(super) fn text(&self, screen: Screen) -> String {
        let mut text = String::new();
        let top = self.top();
        let tasks: std::collections::BTreeSet<&str> = top.iter().map(|group| group.task.as_str()).collect();
        for task in tasks {
            for (is_right, heading) in
                [(true, "words that decide, by label"), (false, "words that mislead, by error")]
            {
                let groups: Vec<&TopWords> =
                    top.iter().filter(|group| group.task == task && group.is_right == is_right).collect();
                if groups.is_empty() {
                    continue;
                }
                let heading = screen.styled(Style::Bold, format_args!("{task}: {heading}"));
                let mut table =
                    screen.table([if is_right { "label" } else { "answered for" }, "answers", "words"]);
                for group in groups {
                    let label = match is_right {
                        true => group.answered.clone(),
                        false => format!("{} for {}", group.answered, group.labelled),
                    };
                    let words: Vec<String> =
                        group.words.iter().map(|word| format!("{} {:+.2}", word.word, word.mean)).collect();
                    table.add_row([label, group.answers.to_string(), words.join(", ")]);
                }
                // Writing to a String can't fail.
                let _ = writeln!(text, "\n{heading}\n{table}");
            }
        }
        if self.unexplained > 0 {
            let _ = writeln!(
                text,
                "\n{} answers without words: the model can't read these texts",
                self.unexplained
            );
        }
        text
    }
}

impl GroupWords {
    fn top(&self) -> Vec<TopWord> {
        let answers = self.answers.max(1) as f64;
        let word = |(word, sum): (&String, &WordSum)| TopWord {
            word: word.clone(),
            mean: sum.value / answers,
            answers: sum.answers,
        };
        let mut words: Vec<TopWord> = self.words.iter().map(word).filter(|word| word.mean > 0.0).collect();
        words.sort_by(|a, b| b.mean.total_cmp(&a.mean).then_with(|| a.word.cmp(&b.word)));
        words.truncate(WORDS_SHOWN);
        words
    }
}
