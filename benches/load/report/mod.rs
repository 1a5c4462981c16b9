//! What a comparison gave, and what is made of it: a table for the terminal, one for the README, plots. All of it comes
//! from the record alone, so it can be made again without measuring.

pub(crate) mod limit_plot;
pub(crate) mod measure;
pub(crate) mod plots;
pub(crate) mod readme;
pub(crate) mod record;
pub(crate) mod svg;
pub(crate) mod terminal;
pub(crate) mod verdict;
