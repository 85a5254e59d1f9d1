//! `compare`
#[derive(clap::Args, Debug)]
pub struct Args {}
pub fn run(_: &super::call::Call, _: &Args) -> super::Outcome {
    Err(crate::ui::problem::Problem::new("MG9901", "x"))
}
