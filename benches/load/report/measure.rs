//! What is measured of each contender.

use serde::{Deserialize, Serialize};

use crate::figures::Unit;

/// A row of the comparison. The three memories are those at the three sizes of the idle crowd.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Measure {
    TokenProcessor,
    TokensASecond,
    ReceiptMedian,
    ReceiptP99,
    ReceiptLast,
    FewIdle,
    ManyIdle,
    MostIdle,
    Connects,
    PingProcessor,
    PingP99,
    Joins,
    FirstAnswer,
    Binary,
    UnderLimit,
    FullDelivered,
    FullAstray,
    FullLast,
}

impl Measure {
    pub(crate) const ALL: [Self; 18] = [
        Self::TokenProcessor,
        Self::TokensASecond,
        Self::ReceiptMedian,
        Self::ReceiptP99,
        Self::ReceiptLast,
        Self::FewIdle,
        Self::ManyIdle,
        Self::MostIdle,
        Self::Connects,
        Self::PingProcessor,
        Self::PingP99,
        Self::Joins,
        Self::FirstAnswer,
        Self::Binary,
        Self::UnderLimit,
        Self::FullDelivered,
        Self::FullAstray,
        Self::FullLast,
    ];
    /// Those of an idle connection, at each size of the crowd.
    pub(crate) const IDLE: [Self; 3] = [Self::FewIdle, Self::ManyIdle, Self::MostIdle];
    /// Those of all that one process holds, which only the hub is asked for.
    pub(crate) const FULL: [Self; 3] = [Self::FullDelivered, Self::FullAstray, Self::FullLast];

    pub(crate) fn unit(self) -> Unit {
        match self {
            Self::TokenProcessor | Self::PingProcessor | Self::PingP99 => Unit::Microseconds,
            Self::ReceiptMedian | Self::ReceiptP99 | Self::ReceiptLast | Self::FirstAnswer => {
                Unit::Milliseconds
            }
            Self::FewIdle | Self::ManyIdle | Self::MostIdle => Unit::Kibibytes,
            Self::Binary => Unit::Megabytes,
            Self::FullLast => Unit::Seconds,
            Self::TokensASecond
            | Self::Connects
            | Self::Joins
            | Self::UnderLimit
            | Self::FullDelivered
            | Self::FullAstray => Unit::Count,
        }
    }

    /// In words, where so many were connected.
    pub(crate) fn name(self, sizes: &Sizes) -> String {
        let Sizes { pressed, idle: [few, many, most], rate, full } = *sizes;
        let [pressed, few, many, most, full] = [pressed, few, many, most, full].map(thousands);
        match self {
            Self::TokenProcessor => "processor time a token".to_owned(),
            Self::TokensASecond => "tokens a second".to_owned(),
            Self::ReceiptMedian => format!("press to receipt, {pressed} users: median"),
            Self::ReceiptP99 => format!("press to receipt, {pressed} users: p99"),
            Self::ReceiptLast => format!("press to receipt, {pressed} users: the last"),
            Self::FewIdle => format!("memory of an idle connection, of {few}"),
            Self::ManyIdle => format!("memory of an idle connection, of {many}"),
            Self::MostIdle => format!("memory of an idle connection, of {most}"),
            Self::Connects => "connects a second".to_owned(),
            Self::PingProcessor => "processor time a ping".to_owned(),
            Self::PingP99 => "ping to pong, p99".to_owned(),
            Self::Joins => "POST /api/meetings/join a second".to_owned(),
            Self::FirstAnswer => "start to first answer".to_owned(),
            Self::Binary => "size of the binary".to_owned(),
            Self::UnderLimit => format!("delivered of {pressed}, Zoom at {rate} calls/s"),
            Self::FullDelivered => format!("delivered of {full}, 19 hosts at once"),
            Self::FullAstray => format!("tokens astray of {full}"),
            Self::FullLast => format!("every one of {full} has one"),
        }
    }
}

/// How many were connected for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sizes {
    /// To whom is distributed.
    pub(crate) pressed: usize,
    pub(crate) idle: [usize; 3],
    /// Calls a second, where Zoom has a limit.
    pub(crate) rate: u32,
    /// All that one process holds.
    pub(crate) full: usize,
}

/// A count as it is read most easily.
pub(crate) fn thousands(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
