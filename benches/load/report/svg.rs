//! As much of SVG as plots need: a card with a title on it, in the reader's light or dark, and shapes of a few kinds.

use std::fmt::Write;

/// Colours that are told apart by colour-blind eyes too, each in a light and a dark that are legible on its card.
const STYLE: &str = "\
svg{font:14px system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif}\
.card{fill:#fff;stroke:#d0d7de}.words{fill:#1f2328}.quiet{fill:#59636e}.grid{stroke:#d0d7de}\
.title{font-size:17px;font-weight:600}.curve{fill:none;stroke-width:2.5;stroke-linejoin:round}\
.c0{fill:#0072b2}.c1{fill:#1f86bd}.c2{fill:#c44e00}.c3{fill:#007d5a}.c4{fill:#6e7781}\
.s0{stroke:#0072b2}.s1{stroke:#1f86bd}.s2{stroke:#c44e00}.s3{stroke:#007d5a}.s4{stroke:#6e7781}\
@media(prefers-color-scheme:dark){\
.card{fill:#0d1117;stroke:#3d444d}.words{fill:#f0f6fc}.quiet{fill:#9198a1}.grid{stroke:#3d444d}\
.c0{fill:#3f9fe0}.c1{fill:#8fd0f5}.c2{fill:#f08a4b}.c3{fill:#3cc79a}.c4{fill:#a5adb6}\
.s0{stroke:#3f9fe0}.s1{stroke:#8fd0f5}.s2{stroke:#f08a4b}.s3{stroke:#3cc79a}.s4{stroke:#a5adb6}}";

/// How many colours there are.
const COLOURS: usize = 5;

/// A picture that is being drawn.
#[derive(Debug)]
pub(crate) struct Svg {
    width: u32,
    height: u32,
    title: String,
    body: String,
}

/// Where a text stands by its point.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

impl Svg {
    pub(crate) fn new(width: u32, height: u32, title: &str) -> Self {
        let mut svg = Self { width, height, title: title.to_owned(), body: String::new() };
        svg.text(24.0, 36.0, Anchor::Start, "words title", title);
        svg
    }

    pub(crate) fn text(&mut self, x: f64, y: f64, anchor: Anchor, class: &str, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let text = escaped(text);
        self.add(&format!(
            r#"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}" class="{class}">{text}</text>"#
        ));
    }

    /// A bar in the colour of this number.
    pub(crate) fn bar(&mut self, [x, y]: [f64; 2], [width, height]: [f64; 2], colour: usize) {
        let colour = colour % COLOURS;
        self.add(&format!(
            r#"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" rx="2" class="c{colour}"/>"#
        ));
    }

    pub(crate) fn line(&mut self, [x1, y1]: [f64; 2], [x2, y2]: [f64; 2]) {
        self.add(&format!(r#"<line x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}" class="grid"/>"#));
    }

    /// A curve in the colour of this number, which may be broken by gaps, so that one below it is seen.
    pub(crate) fn curve(&mut self, points: &[[f64; 2]], colour: usize, broken: bool) {
        let colour = colour % COLOURS;
        let points: Vec<_> = points.iter().map(|[x, y]| format!("{x:.1},{y:.1}")).collect();
        let gaps = if broken { r#" stroke-dasharray="7 6""# } else { "" };
        let points = points.join(" ");
        self.add(&format!(r#"<polyline points="{points}" class="curve s{colour}"{gaps}/>"#));
    }

    /// The whole file.
    pub(crate) fn finish(self) -> String {
        let Self { width, height, title, body } = self;
        let title = escaped(&title);
        let (right, bottom) = (width - 1, height - 1);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
             height=\"{height}\" role=\"img\" aria-label=\"{title}\">\n<style>{STYLE}</style>\n\
             <rect x=\"0.5\" y=\"0.5\" width=\"{right}\" height=\"{bottom}\" rx=\"8\" class=\"card\"/>\n{body}</svg>\n"
        )
    }

    fn add(&mut self, shape: &str) {
        // A text takes everything.
        writeln!(self.body, "{shape}").ok();
    }
}

/// What may stand in an element or an attribute.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
