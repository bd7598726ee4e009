//! What a journal keeps, for whom, and by which of its threads.

use protocol::{Event, PlanEvent};
use store::DataFolder;

use super::*;
use crate::bus::Bus;
use crate::source::SystemSource;

/// A writer of a new session, and its data.
fn writer() -> (tempfile::TempDir, Writer) {
    let dir = tempfile::tempdir().unwrap();
    let data = DataFolder::at(dir.path());
    let source: Arc<dyn Source> = Arc::new(SystemSource::new());
    let session = SessionId::new(source.uuid());
    let journal = store::Journal::create(&data, session).unwrap();
    let (_, announcer) = Bus::new(data, session, journal.at());
    let writer = Writer {
        session,
        next: journal.next_seq(),
        journal,
        source,
        announcer,
        feed: None,
        crash: None,
        is_dark: Arc::default(),
    };
    (dir, writer)
}

fn draft() -> Vec<Draft> {
    vec![Draft {
        agent: None,
        node: None,
        turn: None,
        cause: None,
        event: Event::Plan(PlanEvent::Unpaused),
    }]
}

fn append() -> Job {
    Job::Append(draft(), oneshot::channel().0)
}

#[test]
fn the_disk_gets_a_thread_of_its_own_once_a_record_has_come_meanwhile() {
    let (_dir, mut writer) = writer();
    let ((queue, jobs), beside) = (channel(), Beside::default());
    let keep = |writer: &Writer| {
        let (ack, synced) = oneshot::channel();
        let still = writer.lingering();
        assert!(still.is_some(), "something waits for the disk");
        let came = writer
            .keep_what_is_due(still, vec![ack], (&jobs, &beside))
            .0;
        assert!(synced.blocking_recv().unwrap().is_ok());
        assert!(writer.lingering().is_none(), "the disk has it");
        came
    };
    let write = |writer: &mut Writer, job: Job| {
        let group = writer.group(std::iter::once(job));
        writer.write(group.records, group.told).unwrap();
    };
    write(&mut writer, append());
    assert!(keep(&writer).is_none());
    write(&mut writer, append());
    let (ack, _synced) = oneshot::channel();
    queue.send(Job::Sync(ack)).unwrap();
    assert!(matches!(keep(&writer), Some(Job::Sync(_))));
    let (ack, _) = oneshot::channel();
    assert!(beside.ask(ack).is_err(), "nobody has waited for it");
    write(&mut writer, append());
    queue.send(append()).unwrap();
    let came = keep(&writer).unwrap();
    write(&mut writer, came);
    assert!(keep(&writer).is_none());
    let (ack, synced) = oneshot::channel();
    assert!(beside.ask(ack).is_ok(), "there is a thread beside it now");
    assert!(synced.blocking_recv().unwrap().is_ok());
}

#[tokio::test]
async fn many_who_write_and_sync_at_once_are_all_answered_and_nothing_is_lost() {
    let (dir, writer) = writer();
    let session = writer.session;
    let journal = Journal::start(writer).unwrap();
    let one = || async {
        for _ in 0..20 {
            journal.append(draft()).await.unwrap();
            journal.sync().await.unwrap();
        }
    };
    futures_util::future::join_all((0..8).map(|_| one())).await;
    journal.close().await;
    let read = store::read(&DataFolder::at(dir.path()), session, Seq(1)).unwrap();
    assert_eq!(read.records.len(), 160);
    assert!(journal.append(draft()).await.is_err());
}

#[tokio::test]
async fn a_journal_that_has_failed_answers_everybody_and_can_be_closed() {
    let (_dir, writer) = writer();
    let syncer = writer.journal.syncer();
    let journal = Journal::start(writer).unwrap();
    journal.append(draft()).await.unwrap();
    syncer.fail("the disk is gone".to_owned());
    let why = |down: JournalDown| assert!(down.0.contains("the disk is gone"), "{down}");
    why(journal.sync().await.unwrap_err());
    why(journal.append(draft()).await.unwrap_err());
    why(journal.sync().await.unwrap_err());
    journal.close().await;
}
