//! Tests drawings of ordinary and degenerate charts.

use super::*;
use crate::model::{Bar, ChartText, Series};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn chart(levels: &[DataPoint]) -> Chart {
    Chart {
        id: "minutes".into(),
        title: "Minutes <watched>".into(),
        unit: "minutes".into(),
        sentence: "12 & \"more\"".into(),
        breaks: BTreeSet::new(),
        bars: levels
            .iter()
            .enumerate()
            .map(|(n, level)| Bar {
                name: format!("Day {n}"),
                short: format!("{n}"),
                is_landmark: n % 7 == 0,
                level: *level,
            })
            .collect(),
        beside: vec![Series { name: "viewers".into(), values: levels.iter().map(|l| l.value()).collect() }],
        is_stacked: false,
        other: None,
        words: ChartText {
            bars: "Day".into(),
            state: "State".into(),
            complete: "final".into(),
            provisional: "not final".into(),
            missing: "none".into(),
            withheld: "untold".into(),
            on_break: "Break".into(),
        },
    }
}

fn draw_levels(levels: &[DataPoint], width: u32, height: u32) -> String {
    draw(&chart(levels), Size { width, height }, &|n| format!("{n}"))
}

#[test]
fn drawing_format_unchanged() {
    let drawn = draw_levels(
        &[
            DataPoint::Complete(40.0),
            DataPoint::Provisional(20.0),
            DataPoint::Missing,
            DataPoint::Complete(0.0),
        ],
        200,
        100,
    );
    let expected = include_str!("small.svg");
    assert_eq!(drawn.trim(), expected.trim(), "\n{drawn}");
}

#[test]
fn a_break_is_a_band_behind_the_bars_with_its_word_and_a_state() {
    let mut chart = chart(&[DataPoint::Complete(5.0); 20]);
    chart.breaks = (7..14).chain([19, 99]).collect();
    let drawn = draw(&chart, Size { width: 800, height: 200 }, &|n| format!("{n}"));
    assert_eq!(drawn.matches("class=\"break\"").count(), 2);
    assert_eq!(drawn.matches("Break").count(), 1, "the word does not fit above a single day");
    assert!(drawn.find("class=\"break\"") < drawn.find("class=\"bar\""));
    let states: Vec<String> = chart.table().rows.into_iter().filter_map(|row| row.state).collect();
    assert_eq!(
        (states[6].as_str(), states[7].as_str(), states[19].as_str()),
        ("final", "final, break", "final, break")
    );
}

fn levels() -> impl Strategy<Value = Vec<DataPoint>> {
    let number = || prop_oneof![Just(0.0), 0.0f64..1e7, Just(f64::NAN), Just(f64::INFINITY), Just(-1.0)];
    prop::collection::vec(
        prop_oneof![
            Just(DataPoint::Missing),
            Just(DataPoint::Withheld),
            number().prop_map(DataPoint::Provisional),
            number().prop_map(DataPoint::Complete)
        ],
        0..60,
    )
}

proptest! {
    #[test]
    fn any_chart_can_be_drawn_without_inline_styles(
        levels in levels(),
        width in prop_oneof![Just(0u32), Just(1), 2u32..1500],
        height in prop_oneof![Just(0u32), 1u32..400],
    ) {
        let drawn = draw_levels(&levels, width, height);
        prop_assert!(drawn.starts_with("<svg ") && drawn.trim_end().ends_with("</svg>"));
        prop_assert!(!drawn.contains("style="));
        prop_assert!(!drawn.contains("#01FE"), "no placeholder remains: {drawn}");
        prop_assert!(!drawn.contains("NaN") && !drawn.contains("width=\"-"));
    }

    #[test]
    fn every_number_above_zero_is_a_bar(levels in levels()) {
        let chart = chart(&levels);
        let table = chart.table();
        prop_assert_eq!(table.rows.len(), chart.bars.len());
        for (row, bar) in table.rows.iter().zip(&chart.bars) {
            prop_assert_eq!(row.values[0], bar.level.value());
            prop_assert_eq!(row.values.len() + 2, table.columns.len());
        }
        let drawn = draw_levels(&levels, 2000, 300);
        let shown = table.rows.iter().filter(|row| row.values[0].is_some_and(|value| value > 0.0)).count();
        prop_assert_eq!(drawn.matches("class=\"bar").count(), shown);
    }
}

#[test]
fn a_stacked_bar_is_hollow_and_ends_at_the_sum() {
    let mut chart = chart(&[DataPoint::Complete(10.0), DataPoint::Complete(0.0), DataPoint::Missing]);
    chart.beside[0].values = vec![Some(30.0), Some(20.0), None];
    chart.is_stacked = true;
    let size = Size { width: 400, height: 128 };
    let layout = ChartLayout::new(&chart, size, &|n| format!("{n}"));
    assert_eq!(layout.ticks.last().map(|tick| tick.label.as_str()), Some("40"));
    let drawn = draw(&chart, size, &|n| format!("{n}"));
    let bars: Vec<&str> = drawn.lines().filter(|line| line.contains("class=\"bar")).collect();
    assert_eq!(bars.len(), 3);
    for (bar, class, amounts) in
        [(0, "bar", (10.0, 0.0)), (1, "bar hollow", (40.0, 10.0)), (2, "bar hollow", (20.0, 0.0))]
    {
        let (top, foot) = (layout.amounts.to_pixel(amounts.0), layout.amounts.to_pixel(amounts.1));
        for part in
            [format!("class=\"{class}\""), format!("y=\"{top}\""), format!("height=\"{}\"", foot - top)]
        {
            assert!(bars[bar].contains(&part), "{part} in {}", bars[bar]);
        }
    }
}

#[test]
fn missing_and_withheld_bars_are_gaps_with_words() {
    let drawn = draw_levels(&[DataPoint::Complete(1.0), DataPoint::Missing, DataPoint::Missing], 400, 100);
    assert_eq!(drawn.matches("class=\"gap\"").count(), 1);
    assert_eq!(drawn.matches("class=\"word\"").count(), 1);
    assert!(drawn.contains("none"));
    // Missing and withheld bars are separate gaps even if adjacent.
    let drawn = draw_levels(&[DataPoint::Missing, DataPoint::Withheld, DataPoint::Withheld], 400, 100);
    assert_eq!(drawn.matches("class=\"gap\"").count(), 2);
    assert!(drawn.contains("none") && drawn.contains("untold"));
}

#[test]
fn the_accessible_name_is_escaped() {
    let drawn = draw_levels(&[], 100, 100);
    assert!(drawn.contains("aria-label=\"Minutes &lt;watched&gt;. 12 &amp; &quot;more&quot;\""));
}

#[test]
fn a_comparison_is_a_line_across_each_bar_and_a_table_column() {
    let mut chart = chart(&[DataPoint::Complete(10.0), DataPoint::Missing, DataPoint::Complete(5.0)]);
    let values = vec![Some(20.0), Some(4.0), Some(0.0)];
    chart.other = Some(Series { name: "the week before".into(), values });
    let drawn = draw(&chart, Size { width: 300, height: 120 }, &|n| format!("{n}"));
    assert_eq!(drawn.matches("class=\"other\"").count(), 2, "zero has no line");
    assert!((chart.largest() - 20.0).abs() < 1e-9, "the axis includes the comparison");
    let table = chart.table();
    assert_eq!(table.columns, ["Day", "minutes", "minutes, the week before", "viewers", "State"]);
    assert_eq!(table.rows[1].values, [None, Some(4.0), None]);
}
