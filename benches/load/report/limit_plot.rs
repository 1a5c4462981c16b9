//! The plot of what is delivered under Zoom's limit: a curve each contender over time, its name at its end.

use super::measure::thousands;
use super::plots::step;
use super::record::{Measured, Record, TICK};
use super::svg::{Anchor, Svg};
use crate::figures::number;
use crate::spread::median;

const SIZE: [u32; 2] = [800, 440];
/// The edges of what is plotted.
const LEFT: f64 = 76.0;
const RIGHT: f64 = 610.0;
const TOP: f64 = 84.0;
const BOTTOM: f64 = 376.0;
/// Two names are no nearer than this.
const LINE: f64 = 19.0;

/// A contender's curve.
#[derive(Debug)]
struct Curve<'a> {
    label: &'a str,
    colour: usize,
    /// Tokens that had come, tick after tick.
    had: Vec<f64>,
}

pub(crate) fn limit(record: &Record) -> String {
    let curves = curves(record);
    let ticks = curves.iter().map(|curve| curve.had.len()).max().unwrap_or(0).max(2) - 1;
    let (seconds, users) = (number(ticks) * TICK, number(record.sizes.pressed));
    let title = format!("Delivered while Zoom lets {} calls a second in", record.sizes.rate);
    let [width, height] = SIZE;
    let mut svg = Svg::new(width, height, &title);
    let under =
        format!("tokens received of {}, over seconds since the press", thousands(record.sizes.pressed));
    svg.text(24.0, 58.0, Anchor::Start, "quiet", &under);
    axes(&mut svg, seconds, users);
    let at = |second: f64, tokens: f64| {
        [LEFT + second / seconds * (RIGHT - LEFT), BOTTOM - tokens / users * (BOTTOM - TOP)]
    };
    for (index, curve) in curves.iter().enumerate() {
        let last = curve.had.last().copied().unwrap_or_default();
        // Whoever has ended early stays where it is.
        let had = curve.had.iter().copied().chain(std::iter::repeat(last)).take(ticks + 1);
        let points: Vec<_> = had.enumerate().map(|(tick, had)| at(number(tick) * TICK, had)).collect();
        svg.curve(&points, curve.colour, index > 0);
    }
    names(&mut svg, &curves, |had| BOTTOM - had / users * (BOTTOM - TOP));
    svg.finish()
}

/// The median over the rounds, at each tick.
fn curves(record: &Record) -> Vec<Curve<'_>> {
    let curves = record.contenders.iter().enumerate().filter_map(|(colour, contender)| {
        let label = contender.label.as_str();
        let rounds: Vec<_> = record.of(label).filter(|measured| !measured.under_limit.is_empty()).collect();
        let ticks = rounds.iter().map(|measured| measured.under_limit.len()).max()?;
        let had = (0..ticks).map(|tick| median_at(&rounds, tick)).collect();
        Some(Curve { label, colour, had })
    });
    curves.collect()
}

fn median_at(rounds: &[&Measured], tick: usize) -> f64 {
    let had = |measured: &&Measured| {
        let series = &measured.under_limit;
        series.get(tick).or(series.last()).copied().map_or(0.0, number)
    };
    median(&rounds.iter().map(had).collect::<Vec<_>>())
}

fn axes(svg: &mut Svg, seconds: f64, users: f64) {
    let every = step(users, 5);
    let mut tokens = 0.0;
    while tokens <= users {
        let y = BOTTOM - tokens / users * (BOTTOM - TOP);
        svg.line([LEFT, y], [RIGHT, y]);
        svg.text(LEFT - 10.0, y + 5.0, Anchor::End, "quiet", &format!("{tokens:.0}"));
        tokens += every;
    }
    let every = step(seconds, 8);
    let mut second = 0.0;
    while second <= seconds {
        let x = LEFT + second / seconds * (RIGHT - LEFT);
        svg.text(x, BOTTOM + 22.0, Anchor::Middle, "quiet", &format!("{second}"));
        second += every;
    }
    let middle = f64::midpoint(LEFT, RIGHT);
    svg.text(middle, BOTTOM + 46.0, Anchor::Middle, "quiet", "seconds since the press");
}

/// The names at the ends of the curves, pushed apart where they would lie over one another.
fn names(svg: &mut Svg, curves: &[Curve<'_>], height: impl Fn(f64) -> f64) {
    let mut ends: Vec<_> =
        curves.iter().map(|curve| (curve, curve.had.last().copied().unwrap_or(0.0))).collect();
    ends.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    let heights: Vec<f64> = ends.iter().map(|(_, had)| height(*had) + 5.0).collect();
    for ((curve, had), y) in ends.iter().zip(apart(&heights, LINE, BOTTOM)) {
        let class = format!("c{}", curve.colour);
        svg.text(RIGHT + 10.0, y, Anchor::Start, &class, &format!("{}: {had:.0}", curve.label));
    }
}

/// These heights, from the top downwards, moved so that each is so far from the next and none below the floor.
pub(crate) fn apart(heights: &[f64], least: f64, floor: f64) -> Vec<f64> {
    let mut moved: Vec<f64> = Vec::with_capacity(heights.len());
    for height in heights {
        let above = moved.last().map_or(f64::NEG_INFINITY, |above| above + least);
        moved.push(height.max(above));
    }
    let mut below = floor + least;
    for height in moved.iter_mut().rev() {
        *height = height.min(below - least);
        below = *height;
    }
    moved
}
