//! Through a blend: each member by its weight, and what the blend adds by itself.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use ombud_models::{Artefact, Family, Logits, Manifest, Model, Outputs, Source, Trace};
use ombud_torch::blend::{BlendMember, FusedHead, Fusion, in_memory};

use super::{
    closest, contrast, furthest, in_double, integrated, load, repository, sample, step, test_split, trace,
    value,
};

fn folder() -> PathBuf {
    repository().join("models/complaints")
}

/// The blend that is shipped, its fusion changed.
fn changed(change: impl FnOnce(&mut Fusion)) -> Arc<dyn Model> {
    let mut fusion = Fusion::read(&folder()).unwrap();
    change(&mut fusion);
    let member = |name: &String| {
        let dir = folder().join(name);
        BlendMember { manifest: Artefact::open(&dir).unwrap().manifest, model: load(&dir) }
    };
    let members = fusion.members.iter().map(member).collect();
    in_memory(&shipped().heads, &fusion, members).unwrap()
}

fn shipped() -> Manifest {
    Artefact::open(&folder()).unwrap().manifest
}

fn members(trace: &dyn Trace) -> Vec<String> {
    let mut names: Vec<String> = trace.traced().origins.iter().map(|origin| origin.member.clone()).collect();
    names.dedup();
    names
}

fn answer(model: &dyn Model, narrative: &str) -> Logits {
    model.replica().classify(&[&model.prepare(narrative)]).unwrap().remove(0)
}

/// The greatest distance between logits as traced and as served, and the errors of completeness, ascending.
fn completeness(narratives: &[String], points: usize) -> (f64, Vec<f64>) {
    let model = load(&folder());
    let (mut furthest_served, mut errors) = (0.0_f64, Vec::new());
    for narrative in narratives {
        let mut trace = trace(model.as_ref(), narrative);
        assert_eq!(trace.traced().served, answer(model.as_ref(), narrative));
        let end = step(trace.as_mut(), 1.0, &[]).outputs;
        furthest_served = furthest_served.max(furthest(&end, &in_double(&trace.traced().served)));
        let begin = step(trace.as_mut(), 0.0, &[]).outputs;
        let objectives = [0, 1, 2].map(|head| closest(&trace.traced().served, head));
        let parts = integrated(trace.as_mut(), points, &objectives);
        for (objective, parts) in objectives.iter().zip(parts) {
            let difference = value(&end, objective) - value(&begin, objective);
            let error = (parts.iter().sum::<f64>() - difference).abs();
            errors.push(error / value(&end, objective).abs().max(0.5));
        }
    }
    errors.sort_by(f64::total_cmp);
    (furthest_served, errors)
}

#[test]
fn at_the_end_of_the_path_the_shipped_blend_answers_as_served_and_the_parts_sum_to_it() {
    let (furthest, errors) = completeness(&sample(4), 64);
    println!("furthest from what is served: {furthest}; errors {errors:?}");
    assert!(furthest < 1e-4, "{furthest}");
    assert!(errors[errors.len() / 2] < 0.01, "{errors:?}");
}

#[test]
#[ignore = "long: TEST_FULL=1 scripts/test runs it"]
fn on_the_data_sets_too_the_parts_sum_to_what_the_shipped_blend_answers() {
    let (furthest, errors) = completeness(&test_split(15), 32);
    println!("furthest {furthest}; p50 {} p95 {}", errors[errors.len() / 2], errors[errors.len() * 19 / 20]);
    assert!(furthest < 1e-4, "{furthest}");
    assert!(errors[errors.len() / 2] < 0.01);
}

#[test]
fn a_trace_gives_the_same_bits_again() {
    let model = load(&folder());
    let narrative = sample(1).remove(0);
    let once = || {
        let mut trace = trace(model.as_ref(), &narrative);
        let objectives = [0, 1, 2].map(|head| closest(&trace.traced().served, head));
        let began = Instant::now();
        let steps = [0.25, 0.75].map(|point| step(trace.as_mut(), point, &objectives));
        println!("{:?} a step of three objectives", began.elapsed() / 2);
        let bits = |numbers: &[f64]| numbers.iter().map(|number| number.to_bits()).collect::<Vec<u64>>();
        let step = |step: ombud_models::Step| (bits(&step.outputs.concat()), bits(&step.slopes.concat()));
        (trace.traced().origins.clone(), steps.map(step))
    };
    assert_eq!(once(), once());
}

#[test]
fn where_the_first_member_decides_alone_it_alone_is_followed_and_the_path_is_straight() {
    let model = changed(|fusion| {
        fusion.cascade = Some(shipped().heads.iter().map(|head| (head.task.clone(), 0.0)).collect());
    });
    for narrative in sample(10) {
        let mut trace = trace(model.as_ref(), &narrative);
        assert_eq!(trace.traced().served, answer(model.as_ref(), &narrative));
        assert!(trace.traced().is_straight);
        assert_eq!(members(trace.as_ref()), ["bag"]);
        for head in 0..3 {
            let objective = closest(&trace.traced().served, head);
            let begin = step(trace.as_mut(), 0.0, std::slice::from_ref(&objective));
            let sum = value(&begin.outputs, &objective) + begin.slopes[0].iter().sum::<f64>();
            assert!((sum - value(&in_double(&trace.traced().served), &objective)).abs() < 1e-5);
        }
    }
}

#[test]
fn where_the_first_member_is_not_sure_all_are_followed() {
    let model = changed(|fusion| {
        fusion.cascade = Some(shipped().heads.iter().map(|head| (head.task.clone(), 1.0)).collect());
    });
    let trace = trace(model.as_ref(), &sample(1)[0]);
    assert_eq!(members(trace.as_ref()), ["bag", "encoder", ""]);
    assert!(!trace.traced().is_straight);
    assert_eq!(trace.traced().served, answer(model.as_ref(), &sample(1)[0]));
}

#[test]
fn a_shift_and_the_hints_of_a_task_are_parts_of_the_blends_own() {
    let model = changed(|fusion| {
        let issue = fusion.heads.get_mut("issue").unwrap();
        issue.shift = (0..45).map(f64::from).collect();
        issue.hint.as_mut().unwrap().strength = 2.0;
    });
    let mut trace = trace(model.as_ref(), &sample(1)[0]);
    let objective = contrast(&trace.traced().served, (1, 44, 4));
    let slopes = step(trace.as_mut(), 1.0, std::slice::from_ref(&objective)).slopes.remove(0);
    let of = |source: Source| {
        let own = |origin: &ombud_models::Origin| origin.member.is_empty() && origin.source == source;
        slopes[trace.traced().origins.iter().position(own).unwrap()]
    };
    assert!((of(Source::Shift) - 40.0).abs() < 1e-9);
    let fusion = Fusion::read(&folder()).unwrap();
    let given = &fusion.heads["issue"].hint.as_ref().unwrap().given;
    let believed = ombud_models::probabilities(&trace.traced().served[0], 1.0);
    let likely = |label: usize| -> f64 {
        given[label].iter().zip(&believed).map(|(given, believed)| f64::from(*given) * believed).sum()
    };
    let expected = 2.0 * (likely(44).ln() - likely(4).ln());
    let found = of(Source::Hint { from: "product".to_owned() });
    assert!((found - expected).abs() < 1e-4, "{found} {expected}");

    let end = step(trace.as_mut(), 1.0, &[]).outputs;
    assert!(furthest(&end, &in_double(&trace.traced().served)) < 1e-4);
}

#[test]
fn a_member_without_a_say_adds_nothing() {
    let model = changed(|fusion| {
        fusion.heads.get_mut("vulnerable").unwrap().weights =
            [("bag".to_owned(), 1.0), ("encoder".to_owned(), 0.0)].into();
    });
    let mut trace = trace(model.as_ref(), &sample(1)[0]);
    let objective = closest(&trace.traced().served, 2);
    let slopes = step(trace.as_mut(), 0.5, &[objective]).slopes.remove(0);
    let adds = |member: &str| {
        trace
            .traced()
            .origins
            .iter()
            .zip(&slopes)
            .any(|(origin, slope)| origin.member == member && *slope != 0.0)
    };
    assert!(adds("bag") && !adds("encoder"));
}

#[test]
fn members_of_a_blend_within_a_blend_are_named_by_the_way_to_them() {
    let heads = shipped().heads;
    let weights = |head: &ombud_models::Head| {
        let fused = FusedHead { weights: [("inner".to_owned(), 1.0)].into(), shift: Vec::new(), hint: None };
        (head.task.clone(), fused)
    };
    let fusion = Fusion {
        members: vec!["inner".to_owned()],
        heads: heads.iter().map(weights).collect(),
        cascade: None,
    };
    let manifest = shipped();
    assert_eq!(manifest.family, Family::Blend);
    let inner = load(&folder());
    let outer =
        in_memory(&heads, &fusion, vec![BlendMember { manifest, model: Arc::clone(&inner) }]).unwrap();
    let narrative = sample(1).remove(0);
    let (mut outer, mut inner) = (trace(outer.as_ref(), &narrative), trace(inner.as_ref(), &narrative));
    assert_eq!(members(outer.as_ref()), ["inner/bag", "inner/encoder", "inner"]);
    // Log-probabilities differ from logits by what is alike for all labels of a head.
    let objective: Outputs = closest(&inner.traced().served, 1);
    let of = |trace: &mut dyn Trace| step(trace, 0.5, std::slice::from_ref(&objective)).slopes.remove(0);
    let (outer, inner) = (of(outer.as_mut()), of(inner.as_mut()));
    assert!(outer.iter().zip(&inner).all(|(outer, inner)| (outer - inner).abs() < 1e-6));
}
