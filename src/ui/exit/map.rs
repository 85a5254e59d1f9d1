//! Says which number the shell sees for a status, where another program has numbers of its own.

use std::str::FromStr;

use super::ExitStatus::{self, Acted, Blocked, Insufficient, Negative};

/// What becomes of each status. `ExitMap::default()` leaves all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExitMap {
    pairs: Vec<(ExitStatus, u8)>,
    /// What every other status becomes; `None`: it stays.
    rest: Option<u8>,
}

/// Why a text is no map.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadExitMap {
    #[error("{0:?} is no exit map; write nagios, airflow, zero, or pairs such as 4=0,5=0")]
    Word(String),
    #[error("{0:?} is no exit status of modelguard; `modelguard help exit-codes` lists them")]
    Status(String),
    #[error("{0:?} is no number from 0 to 255")]
    Number(String),
    #[error("the exit status {0} is mapped twice")]
    Twice(u8),
}

impl ExitMap {
    /// Gives the number that the shell sees.
    #[must_use]
    pub fn code(&self, status: ExitStatus) -> u8 {
        let mapped = self.pairs.iter().find(|(from, _)| *from == status);
        let to = mapped.map(|(_, to)| *to).or(self.rest);
        to.unwrap_or_else(|| status.code())
    }
}

impl FromStr for ExitMap {
    type Err = BadExitMap;

    fn from_str(text: &str) -> Result<Self, BadExitMap> {
        let (pairs, rest) = match text {
            "nagios" => (
                vec![(ExitStatus::Ok, 0), (Acted, 1), (Negative, 2), (Blocked, 2)],
                Some(3),
            ),
            "airflow" => (vec![(Insufficient, 99)], None),
            "zero" => {
                let verdicts = [Negative, Insufficient, Acted, Blocked];
                (verdicts.map(|status| (status, 0)).to_vec(), None)
            }
            _ => (explicit(text)?, None),
        };
        Ok(Self { pairs, rest })
    }
}

/// Reads `4=0,5=0`.
fn explicit(text: &str) -> Result<Vec<(ExitStatus, u8)>, BadExitMap> {
    let mut pairs = Vec::new();
    for pair in text.split(',') {
        let (from, to) = pair
            .split_once('=')
            .map(|(from, to)| (from.trim(), to.trim()))
            .ok_or_else(|| BadExitMap::Word(text.to_owned()))?;
        let status = ExitStatus::ALL
            .into_iter()
            .find(|status| status.code().to_string() == from)
            .ok_or_else(|| BadExitMap::Status(from.to_owned()))?;
        let to = to.parse().map_err(|_| BadExitMap::Number(to.to_owned()))?;
        if pairs.iter().any(|(known, _)| *known == status) {
            return Err(BadExitMap::Twice(status.code()));
        }
        pairs.push((status, to));
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of all statuses in ascending order: 0 1 2 3 4 5 6 10 11 12 13 70 130 143.
    fn codes(map: &str) -> Vec<u8> {
        let map: ExitMap = map.parse().unwrap();
        ExitStatus::ALL.map(|status| map.code(status)).to_vec()
    }

    #[test]
    fn without_a_map_every_status_is_its_own() {
        let map = ExitMap::default();
        for status in ExitStatus::ALL {
            assert_eq!(map.code(status), status.code());
        }
    }

    #[test]
    fn the_named_maps_are_the_documented_ones() {
        assert_eq!(codes("nagios"), [0, 3, 3, 2, 3, 1, 2, 3, 3, 3, 3, 3, 3, 3]);
        assert_eq!(
            codes("airflow"),
            [0, 1, 2, 3, 99, 5, 6, 10, 11, 12, 13, 70, 130, 143]
        );
        assert_eq!(
            codes("zero"),
            [0, 1, 2, 0, 0, 0, 0, 10, 11, 12, 13, 70, 130, 143]
        );
    }

    #[test]
    fn pairs_change_what_they_name_and_nothing_else() {
        let expected = [0, 1, 2, 3, 0, 255, 6, 10, 11, 12, 13, 70, 130, 143];
        assert_eq!(codes("4=0,5=255"), expected);
        assert_eq!(codes(" 4 = 0 , 5=255"), expected);
        assert_eq!(codes("0=1")[0], 1);
        assert_eq!(codes("70=2,143=0")[11..], [2, 130, 0]);
    }

    #[test]
    fn what_is_no_map_is_told_by_what_is_wrong() {
        let bad = |text: &str| text.parse::<ExitMap>().unwrap_err();
        for word in ["", "Nagios", "nagois", "4", "4=0;5=0,", "4=0,", ",4=0"] {
            let error = bad(word);
            let told = matches!(error, BadExitMap::Word(_) | BadExitMap::Number(_));
            assert!(told, "{word}: {error}");
        }
        for (text, status) in [
            ("7=0", "7"),
            ("04=0", "04"),
            ("=0", ""),
            ("nagios=0", "nagios"),
        ] {
            assert_eq!(bad(text), BadExitMap::Status(status.to_owned()));
        }
        for (text, number) in [
            ("4=256", "256"),
            ("4=-1", "-1"),
            ("4=", ""),
            ("4=0=1", "0=1"),
        ] {
            assert_eq!(bad(text), BadExitMap::Number(number.to_owned()));
        }
        assert_eq!(bad("4=0,4=1"), BadExitMap::Twice(4));
        assert!(bad("x").to_string().starts_with("\"x\" is no exit map; "));
    }
}
