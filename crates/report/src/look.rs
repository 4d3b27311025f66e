//! How everything looks: one style for the console's pages and for reports.

/// The style, as CSS.
pub const STYLE: &str = include_str!("../look/ombud.css");

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// How bright a colour such as `#0b5670` is, as WCAG 2.2 reckons it.
    fn luminance(colour: &str) -> f64 {
        let digits: String = match colour.trim_start_matches('#') {
            short if short.len() == 3 => short.chars().flat_map(|digit| [digit, digit]).collect(),
            whole => whole.to_owned(),
        };
        let part = |at: usize| f64::from(u8::from_str_radix(&digits[at..at + 2], 16).unwrap()) / 255.0;
        let linear = |part: f64| {
            if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(part(0)) + 0.7152 * linear(part(2)) + 0.0722 * linear(part(4))
    }

    fn contrast(one: &str, other: &str) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    /// Each colour by its name, in the light and in the dark.
    fn colours() -> BTreeMap<&'static str, [&'static str; 2]> {
        let lines =
            STYLE.lines().filter_map(|line| line.trim().strip_prefix("--")?.split_once(": light-dark("));
        lines
            .map(|(name, both)| {
                let (light, dark) = both.trim_end_matches(");").split_once(", ").unwrap();
                (name, [light, dark])
            })
            .collect()
    }

    #[test]
    fn what_is_written_can_be_read_in_the_light_and_in_the_dark() {
        let colours = colours();
        assert!(colours.len() >= 16, "{colours:?}");
        for scheme in [0, 1] {
            let of = |name: &str| colours[name][scheme];
            let mut pairs = vec![("on-accent", "accent")];
            for ground in ["paper", "card", "sunk", "wash", "good-wash", "warning-wash", "bad-wash"] {
                pairs.extend(["ink", "muted"].map(|text| (text, ground)));
            }
            for ground in ["paper", "card", "sunk", "wash"] {
                pairs.extend(["accent", "bad"].map(|text| (text, ground)));
            }
            pairs.extend([("good", "good-wash"), ("warning", "warning-wash"), ("bad", "bad-wash")]);
            for (text, ground) in pairs {
                let contrast = contrast(of(text), of(ground));
                assert!(contrast >= 4.5, "{text} on {ground} {scheme}: {contrast:.2}");
            }
            for ground in ["paper", "card"] {
                let contrast = contrast(of("edge"), of(ground));
                assert!(contrast >= 3.0, "the edge of a field on {ground} {scheme}: {contrast:.2}");
            }
        }
    }

    #[test]
    fn the_style_is_whole_and_loads_nothing() {
        assert_eq!(STYLE.matches('{').count(), STYLE.matches('}').count());
        for elsewhere in ["@import", "url(", "http", "</"] {
            assert!(!STYLE.contains(elsewhere), "{elsewhere}");
        }
        for asked in [
            "light-dark(",
            "@media print",
            "forced-colors: active",
            "prefers-reduced-motion",
            ":focus-visible",
            "@layer base, frame, parts, print",
        ] {
            assert!(STYLE.contains(asked), "{asked}");
        }
    }
}
