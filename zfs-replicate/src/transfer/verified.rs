//! I copy a stream as it comes, without a thread, and let through only what is proved and keeps every rule.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use zfs_rs::stream::{CopyError, Intake, Profile, Summary, Ward};

/// A copy of a stream from a reader to a writer of tokio: what [`copy_verified`](zfs_rs::stream::copy_verified) is for those of std.
///
/// Whole verified records only are written; after a refusal not one byte more. To verify only, copy to [`tokio::io::sink`].
///
/// ```
/// use zfs_replicate::VerifiedCopy;
/// use zfs_rs::stream::{Begin, ByteOrder, Profile, Writer, record::End};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut stream = Vec::new();
/// let mut writer = Writer::new(ByteOrder::HOST);
/// writer.put(&mut stream, Begin::new("tank@a", 5), &[])?;
/// writer.put(&mut stream, End { to_guid: 5, ..End::default() }, &[])?;
///
/// let mut copied = Vec::new();
/// let summary = VerifiedCopy::new(Profile::any(), stream.as_slice(), &mut copied).run().await?;
/// assert_eq!(summary.records, 2);
/// assert_eq!(copied, stream);
///
/// stream[400] ^= 1;
/// assert!(VerifiedCopy::new(Profile::any(), stream.as_slice(), tokio::io::sink()).run().await.is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct VerifiedCopy<R, W> {
    from: R,
    to: W,
    intake: Intake,
    ward: Ward,
    /// Bytes of those that the ward gave last.
    written: usize,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> VerifiedCopy<R, W> {
    /// A copy to be made, for a receiver of this profile.
    pub fn new(profile: Profile, from: R, to: W) -> Self {
        Self {
            from,
            to,
            intake: Intake::new(),
            ward: Ward::new(profile),
            written: 0,
        }
    }

    /// Copies until the reader has no more, flushes the writer, and says what the stream held.
    ///
    /// It may be cancelled: no byte is lost or written twice when the future is dropped, and the next call goes on from there. What is written
    /// then may end within a record that is proved.
    ///
    /// # Errors
    ///
    /// Reading or writing failed, or the stream is refused; one that ends too early is that too. A refusal is given again by each later call.
    pub async fn run(&mut self) -> Result<Summary, CopyError> {
        loop {
            while let Some(proved @ [_, ..]) = self.ward.given().get(self.written..) {
                match self.to.write(proved).await.map_err(CopyError::Write)? {
                    0 => return Err(CopyError::Write(io::ErrorKind::WriteZero.into())),
                    count => self.written = self.written.saturating_add(count),
                }
            }
            if self.intake.rest().is_empty() {
                match self.from.read(self.intake.place()).await.map_err(CopyError::Read)? {
                    0 => break,
                    count => self.intake.came(count),
                }
            }
            self.written = 0;
            let (_, used) = self.ward.step(self.intake.rest())?;
            self.intake.used(used);
        }
        self.to.flush().await.map_err(CopyError::Write)?;
        Ok(self.ward.clone().finish()?)
    }
}

#[cfg(test)]
mod tests {
    use std::pin::{Pin, pin};
    use std::task::{Context, Poll, Waker};

    use tokio::io::ReadBuf;
    use zfs_rs::stream::record::{End, Object, RECORD_SIZE, Write};
    use zfs_rs::stream::{Begin, ByteOrder, Refused, Writer};

    use super::*;

    /// BEGIN, OBJECT, WRITE with 1024 bytes, WRITE with as many, END.
    fn stream(second: u64) -> Vec<u8> {
        let object = Object {
            object: 7,
            object_type: 19,
            bonus_type: 44,
            bonus_len: 168,
            block_size: 1024,
            dnode_slots: 1,
            to_guid: 5,
            ..Object::default()
        };
        let write = |offset| Write {
            object: 7,
            object_type: 19,
            offset,
            logical_size: 1024,
            to_guid: 5,
            checksum_type: 7,
            ..Write::default()
        };
        let end = End {
            to_guid: 5,
            ..End::default()
        };
        let mut out = Vec::new();
        let mut writer = Writer::new(ByteOrder::HOST);
        writer.put(&mut out, Begin::new("tank@a", 5), &[]).unwrap();
        writer.put(&mut out, object, &[0; 168]).unwrap();
        writer.put(&mut out, write(0), &[1; 1024]).unwrap();
        writer.put(&mut out, write(second), &[2; 1024]).unwrap();
        writer.put(&mut out, end, &[]).unwrap();
        out
    }

    /// Where the first WRITE starts, and the second.
    const FIRST: usize = 2 * RECORD_SIZE + 168;
    const SECOND: usize = FIRST + RECORD_SIZE + 1024;

    /// A reader and a writer of few bytes at a time, which let wait before each.
    struct Slow<T> {
        inner: T,
        most: usize,
        is_ready: bool,
    }

    impl<T> Slow<T> {
        fn new(inner: T, most: usize) -> Self {
            Self {
                inner,
                most,
                is_ready: false,
            }
        }

        fn waits(&mut self) -> bool {
            self.is_ready = !self.is_ready;
            self.is_ready
        }
    }

    impl AsyncRead for Slow<&[u8]> {
        fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            if self.waits() {
                return Poll::Pending;
            }
            let (now, later) = self.inner.split_at(self.most.min(self.inner.len()).min(buffer.remaining()));
            buffer.put_slice(now);
            self.inner = later;
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncWrite for Slow<Vec<u8>> {
        fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            if self.waits() {
                return Poll::Pending;
            }
            let count = self.most.min(bytes.len());
            self.inner.extend_from_slice(&bytes[..count]);
            Poll::Ready(Ok(count))
        }

        fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            if self.waits() { Poll::Pending } else { Poll::Ready(Ok(())) }
        }

        fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
            self.poll_flush(context)
        }
    }

    /// Drops the future whenever it waits, and begins again; what came of it, what was written, and how often it was dropped.
    fn cancelled(stream: &[u8], most: usize) -> (Result<Summary, CopyError>, Vec<u8>, usize) {
        let mut copy = VerifiedCopy::new(Profile::any(), Slow::new(stream, most), Slow::new(Vec::new(), most));
        let mut times = 0;
        loop {
            let polled = pin!(copy.run()).poll(&mut Context::from_waker(Waker::noop()));
            match polled {
                Poll::Ready(ended) => return (ended, copy.to.inner, times),
                Poll::Pending => times += 1,
            }
        }
    }

    #[test]
    fn who_is_cancelled_again_and_again_copies_every_byte_once() {
        let stream = stream(1024);
        for most in [1, 7, 311, 313, 5000] {
            let (ended, copied, times) = cancelled(&stream, most);
            assert_eq!(ended.unwrap().records, 5);
            assert!(copied == stream, "{}", copied.len());
            assert!(times >= stream.len() / most, "{times}");
        }
    }

    // I14
    #[test]
    fn no_byte_of_a_refused_record_is_written() {
        let whole = stream(1024);
        // Its last record that is refused is also the one that would prove the block before it.
        let rule_breaker = stream(512);
        for most in [1, 313, 5000] {
            let (ended, copied, _) = cancelled(&rule_breaker, most);
            assert!(matches!(ended, Err(CopyError::Refused(Refused::Breach(breach))) if breach.record == 3));
            assert!(copied == rule_breaker[..FIRST], "{}", copied.len());

            let mut damaged = whole.clone();
            damaged[SECOND + RECORD_SIZE + 100] ^= 1;
            let (ended, copied, _) = cancelled(&damaged, most);
            assert!(matches!(ended, Err(CopyError::Refused(Refused::Corrupt(_)))));
            assert!(copied == whole[..SECOND], "{}", copied.len());

            let (ended, copied, _) = cancelled(&whole[..whole.len() - 1], most);
            assert!(matches!(ended, Err(CopyError::Refused(Refused::Corrupt(_)))));
            assert!(copied == whole[..SECOND], "{}", copied.len());
        }
    }

    #[tokio::test]
    async fn a_refusal_stays_one_and_a_writer_that_takes_nothing_ends_it() {
        let rule_breaker = stream(512);
        let mut copied = Vec::new();
        let mut copy = VerifiedCopy::new(Profile::any(), rule_breaker.as_slice(), &mut copied);
        let first = copy.run().await.unwrap_err().to_string();
        assert_eq!(copy.run().await.unwrap_err().to_string(), first);
        assert!(copied == rule_breaker[..FIRST], "{}", copied.len());

        let whole = stream(1024);
        let mut room = [0; 500];
        let ended = VerifiedCopy::new(Profile::any(), whole.as_slice(), io::Cursor::new(&mut room[..]))
            .run()
            .await;
        assert!(matches!(ended, Err(CopyError::Write(error)) if error.kind() == io::ErrorKind::WriteZero));
    }
}
