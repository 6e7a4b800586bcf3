//! The task of one connection: moves octets between the socket, the connection's core and its
//! service. It decides nothing but when to read and when to write.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::io::IoSlice;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use bytes::{BufMut, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::Sleep;

use super::input::LARGE_FRAME;
use super::life::End;
use super::output::{SLICES_MAX, Writing};
use super::peer::Peer;

/// Octets read at once: one buffer for each thread, so that an idle connection has none.
const SCRATCH_SIZE: usize = 128 << 10;

/// Octets read behind a part of a large body. What comes behind is most likely more of it, which is
/// not to be copied but read to where it will rest.
const READ_AHEAD: usize = 4 << 10;

/// Octets read before the other connections get their turn; one read may go beyond.
const TURN_OCTETS_MAX: usize = 64 << 10;

/// What is read and dropped of a peer that was refused, so that it gets to read why.
const LINGER_OCTETS_MAX: u64 = 1 << 20;

thread_local! {
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A connection's socket and its peer.
pub(super) struct Driver<S> {
    stream: S,
    peer: Peer,
    /// Octets that are not a whole frame yet, or not to be looked at yet.
    input: BytesMut,
    /// Whether the last octets read were a part of a large body.
    in_body: bool,
    writing: Writing,
    timer: Pin<Box<Sleep>>,
    timer_at: Option<Instant>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Driver<S> {
    pub(super) fn new(stream: S, peer: Peer) -> Self {
        Self {
            stream,
            peer,
            input: BytesMut::new(),
            in_body: false,
            writing: Writing::default(),
            timer: Box::pin(tokio::time::sleep_until(Instant::now().into())),
            timer_at: None,
        }
    }

    /// Serves the connection to its end.
    pub(super) async fn run(mut self) {
        let end = poll_fn(|cx| self.poll(cx)).await;
        self.peer.ended(&end);
        if matches!(end, End::Refused | End::Closed) {
            let hold = tokio::time::timeout(std::time::Duration::from_secs(1), async {
                self.stream.shutdown().await?;
                let rest = &mut (&mut self.stream).take(LINGER_OCTETS_MAX);
                tokio::io::copy(rest, &mut tokio::io::sink()).await
            });
            // Whatever comes of it, the socket is closed next.
            drop(hold.await);
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        self.peer.outbox().register(cx.waker());
        self.peer.handle_signals();
        if let Poll::Ready(end) = self.poll_timer(cx) {
            return Poll::Ready(end);
        }
        let mut moved = 0;
        while moved < TURN_OCTETS_MAX {
            if self.peer.unblock() {
                let input = std::mem::take(&mut self.input);
                self.take_in(&input);
            }
            let read = self.poll_read(cx);
            let wrote = self.poll_write(cx);
            match (read, wrote) {
                (Poll::Ready(Err(end)), _) | (_, Poll::Ready(Err(end))) => return Poll::Ready(end),
                (Poll::Pending, Poll::Pending) => return self.poll_timer(cx),
                (Poll::Ready(Ok(octets)), _) => moved += octets,
                (Poll::Pending, Poll::Ready(Ok(()))) => {}
            }
        }
        // There may be more, but others get their turn first.
        cx.waker().wake_by_ref();
        self.poll_timer(cx)
    }

    /// Sets the timer to the core's next deadline, and tells the core when it has passed.
    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        loop {
            let Some(due) = self.peer.poll_timeout() else { return Poll::Pending };
            if self.timer_at != Some(due) {
                self.timer.as_mut().reset(due.into());
                self.timer_at = Some(due);
            }
            ready!(self.timer.as_mut().poll(cx));
            self.timer_at = None;
            if let Some(end) = self.peer.handle_timeout() {
                return Poll::Ready(end);
            }
            if let Poll::Ready(Err(end)) = self.poll_write(cx) {
                return Poll::Ready(end);
            }
        }
    }

    /// Reads once and carries out what has come; says how many octets that was. Pending when there
    /// is nothing, or when it is not the time to read.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<usize, End>> {
        if !self.peer.wants_input() {
            return Poll::Pending;
        }
        if self.peer.needed().max(self.input.len()) > LARGE_FRAME {
            return self.poll_gather(cx);
        }
        if let Some(mut room) = self.peer.body_room() {
            let read = ready!(poll_read_buf(&mut self.stream, cx, &mut room))?;
            self.peer.body_received(read);
            self.in_body = true;
            return Poll::Ready(Ok(read));
        }
        let most = if self.in_body { READ_AHEAD } else { SCRATCH_SIZE };
        SCRATCH.with_borrow_mut(|scratch| {
            scratch.resize(SCRATCH_SIZE, 0);
            let left = self.input.len();
            let (kept, free) = scratch.split_at_mut(left.min(SCRATCH_SIZE));
            kept.copy_from_slice(&self.input);
            let mut free = free.limit(most);
            let read = ready!(poll_read_buf(&mut self.stream, cx, &mut free))?;
            self.in_body = false;
            self.peer.octets_received();
            self.take_in(scratch.get(..left + read).unwrap_or_default());
            Poll::Ready(Ok(read))
        })
    }

    /// As [`Self::poll_read`], into a buffer that holds the whole of a large frame.
    fn poll_gather(&mut self, cx: &mut Context<'_>) -> Poll<Result<usize, End>> {
        let missing = self.peer.needed().saturating_sub(self.input.len());
        self.input.reserve(missing.max(LARGE_FRAME));
        let read = ready!(poll_read_buf(&mut self.stream, cx, &mut self.input))?;
        self.peer.octets_received();
        if self.input.len() >= self.peer.needed() {
            let input = std::mem::take(&mut self.input);
            self.take_in(&input);
        }
        Poll::Ready(Ok(read))
    }

    /// Carries out the frames in `input`, and keeps what is left.
    fn take_in(&mut self, input: &[u8]) {
        let consumed = self.peer.take_in(input);
        let rest = input.get(consumed..).unwrap_or_default();
        self.input = BytesMut::from(rest);
    }

    /// Writes what there is to write. Ready when something was written and more may follow.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), End>> {
        let mut progress = Poll::Pending;
        loop {
            if self.writing.is_done() && !self.writing.refill(|out| self.peer.take_output(out)) {
                return self.peer.take_end().map_or(progress, |end| Poll::Ready(Err(end)));
            }
            let mut slices = [IoSlice::new(&[]); SLICES_MAX];
            let count = self.writing.next(&mut slices);
            let slices = slices.get(..count).unwrap_or_default();
            match Pin::new(&mut self.stream).poll_write_vectored(cx, slices) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(End::Disconnected)),
                Poll::Ready(Ok(written)) => self.writing.advance(written),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(End::Failed(error))),
                Poll::Pending => return progress,
            }
            self.peer.octets_sent();
            progress = Poll::Ready(Ok(()));
        }
    }
}

/// Reads once into `buffer`, which has room; says how many octets came.
fn poll_read_buf<S: AsyncRead + Unpin>(
    stream: &mut S,
    cx: &mut Context<'_>,
    buffer: &mut impl BufMut,
) -> Poll<Result<usize, End>> {
    let read = ready!(std::pin::pin!(stream.read_buf(buffer)).poll(cx));
    Poll::Ready(match read {
        Ok(0) => Err(End::Disconnected),
        Ok(read) => Ok(read),
        Err(error) => Err(End::Failed(error)),
    })
}
