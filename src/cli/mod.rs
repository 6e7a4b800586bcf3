//! The command line: which command, its settings, and the process's output and exit code.

mod arguments;
mod log;
mod perf;
mod serve;
mod settings;
mod start;
mod store;

use std::ffi::OsString;
use std::future::Future;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use leveret::config::Config;
use leveret::ctl::command::Invocation;
use leveret::ctl::exit::Exit;
use leveret::ctl::session;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use arguments::{Action, ServeArguments};
use settings::Loaded;

/// Does what the arguments say.
pub(crate) fn run(arguments: &[OsString]) -> ExitCode {
    raise_descriptor_limit();
    match arguments::parse(arguments) {
        Ok(Action::Serve(arguments)) => serve(&arguments),
        Ok(Action::CheckConfig(file)) => check_config(&file),
        Ok(Action::Ctl(invocation)) => ctl(&invocation),
        Ok(Action::Perf(perf)) => perf::run(&perf),
        Ok(Action::Store(command)) => store::run(&command),
        Err(error) => {
            let _ = error.print();
            if error.use_stderr() { Exit::Usage.into() } else { ExitCode::SUCCESS }
        }
    }
}

/// Turns of tasks after which a worker looks for sockets that are ready: a turn of a connection that
/// floods takes half a millisecond, and tokio's default is 61.
const EVENT_INTERVAL: u32 = 8;

/// Lets the process have as many sockets as it may. The usual soft limit of 1,024 is for programs
/// that call select(2); the hard limit is the administrator's.
fn raise_descriptor_limit() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // Refused or not, the limit in force is reported by whoever runs into it.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}

fn serve(arguments: &ServeArguments) -> ExitCode {
    let environment = settings::environment();
    let file = arguments.config.clone().or_else(settings::default_file);
    let Loaded { mut config, unknown } = match settings::load(file.as_deref(), environment) {
        Ok(loaded) => loaded,
        Err(text) => return fail(Exit::Config, &text),
    };
    arguments.overlay(&mut config);
    let lines = log::start(config.log.level);
    for name in unknown {
        tracing::warn!("environment variable {name} sets nothing");
    }
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.event_interval(EVENT_INTERVAL);
    block_on(runtime, serve::run(start::start(config, lines)))
}

fn check_config(file: &Path) -> ExitCode {
    match settings::load(Some(file), Vec::new()) {
        Ok(_) => {
            print(&format!("{}: in order\n", file.display()));
            ExitCode::SUCCESS
        }
        Err(text) => fail(Exit::Config, &text),
    }
}

fn ctl(invocation: &Invocation) -> ExitCode {
    let config = if invocation.options.socket.is_some() {
        // The node is known: health checks work even where the settings cannot be read.
        Config::default()
    } else {
        match settings::load(settings::default_file().as_deref(), settings::environment()) {
            Ok(loaded) => loaded.config,
            Err(text) => return fail(Exit::Config, &text),
        }
    };
    block_on(tokio::runtime::Builder::new_current_thread(), async {
        let places = session::places(&invocation.options, &config);
        let report = session::run(invocation, &places, config.node.name.as_deref()).await;
        print(&report.output);
        let _ = std::io::stderr().write_all(report.errors.as_bytes());
        report.exit.into()
    })
}

fn block_on(
    mut builder: tokio::runtime::Builder,
    work: impl Future<Output = ExitCode>,
) -> ExitCode {
    match builder.enable_all().build() {
        Ok(runtime) => {
            let exit = runtime.block_on(work);
            runtime.shutdown_background();
            exit
        }
        Err(error) => fail(Exit::Unavailable, &format!("cannot start threads: {error}")),
    }
}

/// Says in one line why the process ends.
fn fail(exit: Exit, text: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "leveret: {text}");
    exit.into()
}

/// Standard output may be closed by whoever reads it; that is no reason to fail.
fn print(text: &str) {
    let mut output = std::io::stdout().lock();
    let _ = output.write_all(text.as_bytes()).and_then(|()| output.flush());
}
