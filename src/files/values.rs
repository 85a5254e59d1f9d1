//! placeholder until merged
pub(super) fn excerpt(t: &str) -> String {
    t.chars().take(40).collect()
}
