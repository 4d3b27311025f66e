//! Which part of the recipe each flag changes, and that the help gives the recipe's own defaults.

use std::collections::BTreeMap;

use clap::{CommandFactory, Parser};
use ombud_learn::encoder::Recipe;
use serde_json::{Value, json};

use super::*;

#[derive(Parser)]
struct Words {
    #[command(flatten)]
    fine_tune: FineTune,
}

fn said(line: &str) -> FineTune {
    Words::try_parse_from(["learn"].into_iter().chain(line.split_whitespace())).unwrap().fine_tune
}

/// Every value of a recipe by where it stands, such as `tuning.epochs`.
fn values(recipe: &Recipe) -> BTreeMap<String, Value> {
    fn walk(at: &str, value: Value, found: &mut BTreeMap<String, Value>) {
        let below = |name: &str| if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
        match value {
            Value::Object(fields) => {
                fields.into_iter().for_each(|(name, value)| walk(&below(&name), value, found))
            }
            Value::Array(items) => {
                items
                    .into_iter()
                    .enumerate()
                    .for_each(|(at, value)| walk(&below(&at.to_string()), value, found));
            }
            leaf => drop(found.insert(at.to_owned(), leaf)),
        }
    }
    let mut found = BTreeMap::new();
    walk("", serde_json::to_value(recipe).unwrap(), &mut found);
    found
}

/// Where each flag's value stands.
const FLAGS: [(&str, &[&str], &str); 14] = [
    ("epochs", &["tuning.epochs"], "1.5"),
    ("rows", &["rows"], "100"),
    ("batch", &["tuning.batch"], "7"),
    ("max-tokens", &["max_tokens"], "128"),
    ("rate", &["tuning.rate"], "0.25"),
    ("rate-a-layer", &["tuning.rate_a_layer"], "0.25"),
    ("head-rate", &["tuning.head_rate"], "0.25"),
    ("frozen-layers", &["tuning.frozen_layers"], "5"),
    ("pooling", &["tuning.pooling"], "stock"),
    ("dropout", &["tuning.attention_dropout", "tuning.dropout"], "0.25"),
    ("smoothing", &["tuning.smoothing"], "0.25"),
    // The issue is the one task with a coarser level.
    ("coarse-weight", &["heads.1.coarse.weight"], "0.25"),
    ("average", &["tuning.average"], "0.25"),
    ("uncleaned", &["cleaning"], ""),
];

#[test]
fn nothing_said_is_the_default_recipe() {
    assert_eq!(said("").recipe(), Recipe::default());
}

#[test]
fn each_flag_changes_its_own_part_of_the_recipe_and_no_other() {
    let default = values(&Recipe::default());
    for (flag, places, text) in FLAGS {
        let recipe = values(&said(&format!("--{flag} {text}")).recipe());
        let changed: Vec<&str> = recipe
            .iter()
            .filter(|(at, value)| default.get(*at) != Some(value))
            .map(|(at, _)| at.as_str())
            .collect();
        assert_eq!(changed, places, "{flag}");
        let expected = match flag {
            "pooling" => json!("first"),
            "uncleaned" => Value::Null,
            _ => json!(text.parse::<f64>().unwrap()),
        };
        for place in places {
            let value = &recipe[*place];
            assert!(value == &expected || value.as_f64() == expected.as_f64(), "{flag}: {place} is {value}");
        }
    }
}

#[test]
fn the_help_gives_the_defaults_that_the_recipe_has() {
    let default = values(&Recipe::default());
    let command = Words::command();
    let mut compared = 0;
    for (flag, places, _) in FLAGS {
        let arg = command.get_arguments().find(|arg| arg.get_long() == Some(flag)).unwrap();
        let help = arg.get_help().unwrap().to_string();
        let Some((_, said)) = help.split_once("[default: ") else { continue };
        let said = said.trim_end_matches(']');
        for place in places {
            let shown = default[*place].to_string();
            let same = match (said.parse::<f64>(), shown.parse::<f64>()) {
                (Ok(said), Ok(recipe)) => said == recipe,
                _ => shown == format!("{said:?}"),
            };
            assert!(same, "--{flag}: the help says {said}, {place} is {shown}");
            compared += 1;
        }
    }
    assert_eq!(compared, 13, "only --rows and --uncleaned have no value of their own to give");
}

#[test]
fn the_precision_that_is_said_is_taken_whatever_the_processor_has() {
    use ombud_torch::encoder::Precision;
    assert_eq!(said("--precision float").recipe().tuning.precision, Precision::Float);
    assert_eq!(said("--precision bfloat16").recipe().tuning.precision, Precision::Bfloat16);
}

#[test]
fn no_layer_frozen_is_another_thing_than_no_layer_but_the_embeddings() {
    let frozen = |line: &str| said(line).recipe().tuning.frozen_layers;
    assert_eq!(frozen("--frozen-layers none"), None);
    assert_eq!(frozen("--frozen-layers 0"), Some(0));
    assert_eq!(layers("all"), Err("neither a number nor `none`".to_owned()));
}

#[test]
fn the_disk_for_frozen_layers_is_said_in_gigabytes_and_is_never_less_than_none() {
    for (line, bytes) in [
        ("", 6_000_000_000),
        ("--cache-gb 0.5", 500_000_000),
        ("--cache-gb 0", 0),
        ("--cache-gb=-3", 0),
        ("--cache-gb NaN", 0),
        ("--cache-gb inf", u64::MAX),
    ] {
        assert_eq!(said(line).cache_bytes(), bytes, "{line}");
    }
}
