//! The binary: hands its words to the library.

#[expect(
    clippy::disallowed_methods,
    reason = "the words enter here and nowhere else"
)]
fn main() -> std::process::ExitCode {
    modelguard::commands::main(std::env::args_os())
}
