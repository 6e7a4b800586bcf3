//! What the fuzz targets do with an input. Each `run` panics when something does not hold.

pub mod connection;
pub mod frames;
pub mod methods;
pub mod record;
pub mod recovery;

use leveret::amqp::exception::Exception;

/// Holds an error against what goes for all of them: its text fits a short string.
fn check_exception(exception: &Exception) {
    let text = exception.reply_text();
    assert!(text.len() <= 255, "{} octets of reply text", text.len());
    assert!(text.starts_with(exception.code.name()), "{text}");
}
