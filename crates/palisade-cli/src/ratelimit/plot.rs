//! The plot of a simulation, as SVG.

use std::path::Path;
use std::time::{Duration, SystemTime};

use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

use super::Form;
use super::bins::{Bin, Bins, Level, Tier, seconds};
use super::table::number;
use crate::output::Failure;

const SIZE: (u32, u32) = (960, 640);
const ADMITTED: RGBColor = RGBColor(0x4c, 0x78, 0xa8);
const REFUSED: RGBColor = RGBColor(0xe4, 0x57, 0x56);
/// Told apart by those who do not see red and green as well.
const TIERS: [RGBColor; 5] = [
    RGBColor(0x00, 0x72, 0xb2),
    RGBColor(0xd5, 0x5e, 0x00),
    RGBColor(0x00, 0x9e, 0x73),
    RGBColor(0xcc, 0x79, 0xa7),
    RGBColor(0x56, 0x56, 0x56),
];

type Drawn = Result<(), Box<dyn std::error::Error>>;

/// Writes the plot to a file.
pub(super) fn write(bins: &Bins, form: Form, path: &Path) -> Result<(), Failure> {
    let mut svg = String::new();
    // Into memory first, so that a file that is there is whole.
    draw(bins, form, &mut svg)
        .map_err(|error| Failure::error("output", &format!("the plot cannot be drawn: {error}")))?;
    std::fs::write(path, svg).map_err(|error| {
        Failure::error("output", &format!("the plot cannot be written: {}", error.kind()))
    })
}

fn draw(bins: &Bins, form: Form, svg: &mut String) -> Drawn {
    let root = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let (above, below) = root.split_vertically(SIZE.1 * 11 / 20);
    let axis = Axis::of(bins, form);
    arrivals(bins, &axis, &above)?;
    levels(bins, &axis, &below)?;
    root.present()?;
    Ok(())
}

/// Time, from the left to the right.
struct Axis {
    start: u64,
    end: f64,
    /// Seconds of one unit.
    unit: f64,
    label: String,
}

impl Axis {
    fn of(bins: &Bins, form: Form) -> Self {
        let (start, end) = bins.range();
        let span = seconds(end - start);
        let (name, unit) = match span {
            _ if span > 3.0 * 86_400.0 => ("days", 86_400.0),
            _ if span > 3.0 * 3_600.0 => ("hours", 3_600.0),
            _ if span > 600.0 => ("minutes", 60.0),
            _ => ("seconds", 1.0),
        };
        let since = Duration::from_micros(start);
        let label = match form {
            Form::Calendar => {
                let start = humantime::format_rfc3339(SystemTime::UNIX_EPOCH + since);
                format!("{name} after {start}")
            }
            Form::Seconds if start == 0 => format!("{name} from the start"),
            Form::Seconds => format!("{name} after {} s", number(since)),
        };
        Self { start, end: span / unit, unit, label }
    }

    /// With room on the right, where the legend hides nothing.
    fn range(&self) -> std::ops::Range<f64> {
        0.0..self.end * 1.18
    }

    fn tick(&self, at: f64) -> String {
        if at > self.end { String::new() } else { tick(at) }
    }

    fn place(&self, micros: u64) -> f64 {
        seconds(micros.saturating_sub(self.start)) / self.unit
    }
}

/// What passes and what is refused, as bars.
fn arrivals(bins: &Bins, axis: &Axis, area: &DrawingArea<SVGBackend<'_>, Shift>) -> Drawn {
    let count = |bin: &Bin| bin.admitted + bin.refused;
    let most = bins.bars().map(|(_, bin)| count(bin)).max().unwrap_or(1).max(1);
    let mut chart = ChartBuilder::on(area)
        .caption("Requests", ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(20)
        .y_label_area_size(64)
        .build_cartesian_2d(axis.range(), 0.0..float(most) * 1.05)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .y_desc(format!("requests each {} s", number(Duration::from_micros(bins.width()))))
        .x_label_formatter(&|at| axis.tick(*at))
        .y_label_formatter(&|count| tick(*count))
        .label_style(("sans-serif", 13))
        .draw()?;
    let bar = |start: u64, from: u64, to: u64, color: RGBColor| {
        let (left, right) = (axis.place(start), axis.place(start + bins.width()));
        Rectangle::new([(left, float(from)), (right, float(to))], color.filled())
    };
    let admitted = bins.bars().map(|(start, bin)| bar(start, 0, bin.admitted, ADMITTED));
    let refused = bins.bars().filter(|(_, bin)| bin.refused > 0);
    let refused = refused.map(|(start, bin)| bar(start, bin.admitted, count(bin), REFUSED));
    chart.draw_series(admitted)?.label("admitted").legend(|at| square(at, ADMITTED));
    chart.draw_series(refused)?.label("refused").legend(|at| square(at, REFUSED));
    legend(&mut chart)
}

/// How much is left of every tier, of the key that has least, as lines.
fn levels(bins: &Bins, axis: &Axis, area: &DrawingArea<SVGBackend<'_>, Shift>) -> Drawn {
    let mut chart = ChartBuilder::on(area)
        .caption("What is left to the key with least", ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(44)
        .y_label_area_size(64)
        .build_cartesian_2d(axis.range(), 0.0..105.0)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .x_desc(&axis.label)
        .y_desc("% of the capacity")
        .y_labels(6)
        .x_label_formatter(&|at| axis.tick(*at))
        .y_label_formatter(&|percent| tick(*percent))
        .label_style(("sans-serif", 13))
        .draw()?;
    for ((n, tier), color) in bins.tiers().iter().enumerate().zip(TIERS.iter().cycle()) {
        let points = line(bins, n, tier, axis);
        chart
            .draw_series(LineSeries::new(points, color.stroke_width(2)))?
            .label(&tier.name)
            .legend(|at| square(at, *color));
    }
    legend(&mut chart)
}

/// The level of a tier. Where no request comes for a while, it rises by itself.
fn line(bins: &Bins, n: usize, tier: &Tier, axis: &Axis) -> Vec<(f64, f64)> {
    let percent = |left: f64| 100.0 * left / f64::from(tier.capacity.max(1));
    let mut points = Vec::new();
    let mut before: Option<Level> = None;
    for level in bins.levels(n) {
        if let Some(before) = before
            && level.at.saturating_sub(before.at) > 2 * bins.width()
        {
            let mut times = vec![level.at];
            if before.full_at < level.at {
                // A window stays as it is until it ends.
                times.splice(0..0, [before.full_at.saturating_sub(1), before.full_at]);
            }
            let recovered = |at: u64| (axis.place(at), percent(tier.recovered(before, at)));
            points.extend(times.into_iter().map(recovered));
        }
        points.push((axis.place(level.at), percent(f64::from(level.left))));
        before = Some(level);
    }
    points
}

fn square((x, y): (i32, i32), color: RGBColor) -> Rectangle<(i32, i32)> {
    Rectangle::new([(x + 4, y - 5), (x + 14, y + 5)], color.filled())
}

type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

fn legend<'a, 'b: 'a>(chart: &mut Chart<'a, 'b>) -> Drawn {
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .background_style(WHITE.mix(0.85))
        .border_style(BLACK.mix(0.2))
        .label_font(("sans-serif", 13))
        .draw()?;
    Ok(())
}

/// A number at an axis, without zeros at the end.
fn tick(number: f64) -> String {
    let text = format!("{number:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A number of requests on an axis, which is exact far beyond what a trace holds.
#[allow(clippy::cast_precision_loss, reason = "a pixel is coarser")]
fn float(count: u64) -> f64 {
    count as f64
}
