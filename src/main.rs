//! The binary: hands its words to the library.

fn main() -> std::process::ExitCode {
    modelguard::commands::main(std::env::args_os())
}
