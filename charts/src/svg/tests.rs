//! Drawings of ordinary and of degenerate charts.

use super::*;
use crate::model::{Bar, ChartText, Series};
use proptest::prelude::*;

fn chart(levels: &[DataPoint]) -> Chart {
    Chart {
        id: "minutes".into(),
        title: "Minutes <watched>".into(),
        unit: "minutes".into(),
        sentence: "12 & \"more\"".into(),
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
        },
    }
}

fn svg(levels: &[DataPoint], width: u32, height: u32) -> String {
    draw(&chart(levels), Size { width, height }, &|n| format!("{n}"))
}

#[test]
fn a_small_drawing_is_unchanged() {
    let drawn = svg(
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
    fn everything_can_be_drawn_and_styled_from_outside(
        levels in levels(),
        width in prop_oneof![Just(0u32), Just(1), 2u32..1500],
        height in prop_oneof![Just(0u32), 1u32..400],
    ) {
        let drawn = svg(&levels, width, height);
        prop_assert!(drawn.starts_with("<svg ") && drawn.trim_end().ends_with("</svg>"));
        prop_assert!(!drawn.contains("style="));
        prop_assert!(!drawn.contains("#01FE"), "no placeholder is left: {drawn}");
        prop_assert!(!drawn.contains("NaN") && !drawn.contains("width=\"-"));
    }

    #[test]
    fn every_number_in_the_table_is_a_mark(levels in levels()) {
        let chart = chart(&levels);
        let table = chart.table();
        prop_assert_eq!(table.rows.len(), chart.bars.len());
        for (row, bar) in table.rows.iter().zip(&chart.bars) {
            prop_assert_eq!(row.values[0], bar.level.value());
            prop_assert_eq!(row.values.len() + 2, table.columns.len());
        }
        let drawn = svg(&levels, 2000, 300);
        let shown = table.rows.iter().filter(|row| row.values[0].is_some_and(|value| value > 0.0)).count();
        prop_assert_eq!(drawn.matches("class=\"bar").count(), shown);
    }
}

#[test]
fn what_stands_upon_a_bar_is_hollow_and_ends_where_both_do() {
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
fn a_gap_has_its_word_and_is_never_a_zero() {
    let drawn = svg(&[DataPoint::Complete(1.0), DataPoint::Missing, DataPoint::Missing], 400, 100);
    assert_eq!(drawn.matches("class=\"gap\"").count(), 1);
    assert_eq!(drawn.matches("class=\"word\"").count(), 1);
    assert!(drawn.contains("none"));
    // What is here and not told is another gap, beside it too.
    let drawn = svg(&[DataPoint::Missing, DataPoint::Withheld, DataPoint::Withheld], 400, 100);
    assert_eq!(drawn.matches("class=\"gap\"").count(), 2);
    assert!(drawn.contains("none") && drawn.contains("untold"));
}

#[test]
fn a_name_cannot_leave_its_attribute() {
    let drawn = svg(&[], 100, 100);
    assert!(drawn.contains("aria-label=\"Minutes &lt;watched&gt;. 12 &amp; &quot;more&quot;\""));
}

#[test]
fn what_bars_are_held_against_is_a_line_across_each_and_a_column_beside_them() {
    let mut chart = chart(&[DataPoint::Complete(10.0), DataPoint::Missing, DataPoint::Complete(5.0)]);
    let values = vec![Some(20.0), Some(4.0), Some(0.0)];
    chart.other = Some(Series { name: "the week before".into(), values });
    let drawn = draw(&chart, Size { width: 300, height: 120 }, &|n| format!("{n}"));
    assert_eq!(drawn.matches("class=\"other\"").count(), 2, "of nothing there is no line");
    assert!((chart.largest() - 20.0).abs() < 1e-9, "the axis reaches to both");
    let table = chart.table();
    assert_eq!(table.columns, ["Day", "minutes", "minutes, the week before", "viewers", "State"]);
    assert_eq!(table.rows[1].values, [None, Some(4.0), None]);
}
