//! The plots of bars: a bar each contender, its name before it and its value behind.

use super::measure::{Measure, thousands};
use super::record::Record;
use super::svg::{Anchor, Svg};
use crate::figures::{Unit, number};

const WIDTH: u32 = 800;
const TOP: f64 = 84.0;
const LEFT: f64 = 140.0;
const ROW: f64 = 30.0;
/// Where the longest bar ends: its value needs room.
const LONGEST: f64 = 540.0;

/// A bar that is to be drawn.
#[derive(Debug)]
struct Bar<'a> {
    label: &'a str,
    colour: usize,
    value: f64,
}

/// Processor time a token, a bar each contender.
pub(crate) fn processor(record: &Record) -> String {
    let bars = bars(record, Measure::TokenProcessor);
    let mut svg = Svg::new(WIDTH, height(bars.len(), 1), "Processor time of the server a token");
    let under = format!("µs, batches of {} connected users; less is better", thousands(record.sizes.pressed));
    svg.text(24.0, 58.0, Anchor::Start, "quiet", &under);
    let most = most(&bars);
    draw(&mut svg, &bars, TOP, most, Unit::Microseconds);
    svg.finish()
}

/// Memory of an idle connection, a group of bars each size of the crowd.
pub(crate) fn memory(record: &Record) -> String {
    let groups = Measure::IDLE.map(|measure| bars(record, measure));
    let rows = groups.iter().map(Vec::len).sum();
    let mut svg = Svg::new(WIDTH, height(rows, groups.len()), "Resident memory of an idle connection");
    svg.text(24.0, 58.0, Anchor::Start, "quiet", "KiB, authenticated and silent; less is better");
    let most = groups.iter().map(|bars| most(bars)).fold(0.0, f64::max);
    let mut top = TOP;
    for (bars, size) in groups.iter().zip(record.sizes.idle) {
        let name = format!("{} connections", thousands(size));
        svg.text(24.0, top + 16.0, Anchor::Start, "words", &name);
        top = draw(&mut svg, bars, top + ROW, most, Unit::Kibibytes) + ROW / 2.0;
    }
    svg.finish()
}

/// The contenders of whom it was measured, in the colours that each has in every plot.
fn bars(record: &Record, measure: Measure) -> Vec<Bar<'_>> {
    let measured = record.contenders.iter().enumerate().filter_map(|(colour, contender)| {
        let value = record.median(&contender.label, measure)?;
        Some(Bar { label: &contender.label, colour, value })
    });
    measured.collect()
}

/// Draws bars below one another, and says where they end.
fn draw(svg: &mut Svg, bars: &[Bar<'_>], top: f64, most: f64, unit: Unit) -> f64 {
    let mut y = top;
    for bar in bars {
        let length = (bar.value / most * LONGEST).max(1.0);
        svg.text(LEFT - 10.0, y + 16.0, Anchor::End, "words", bar.label);
        svg.bar([LEFT, y], [length, ROW - 8.0], bar.colour);
        svg.text(LEFT + length + 8.0, y + 16.0, Anchor::Start, "words", &unit.written(bar.value));
        y += ROW;
    }
    y
}

fn most(bars: &[Bar<'_>]) -> f64 {
    bars.iter().map(|bar| bar.value).fold(f64::MIN_POSITIVE, f64::max)
}

fn height(rows: usize, groups: usize) -> u32 {
    let heads = if groups > 1 { groups * 45 } else { 0 };
    u32::try_from(rows * 30 + heads + 100).unwrap_or(u32::MAX)
}

/// A round number of steps that reaches `most`: how far one is from the next.
pub(crate) fn step(most: f64, steps: usize) -> f64 {
    let rough = (most / number(steps)).max(f64::MIN_POSITIVE);
    let magnitude = 10_f64.powf(rough.log10().floor());
    let round = [1.0, 2.0, 2.5, 5.0, 10.0].map(|factor| factor * magnitude);
    round.into_iter().find(|step| *step >= rough * 0.999).unwrap_or(rough)
}
