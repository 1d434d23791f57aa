//! What happens to a connection at once.

use palisade_testkit::servers::RedisServer;

use tokio::time::sleep;

use super::*;

/// The check of a connection is still under way when the connection is lost.
#[tokio::test]
async fn a_connection_that_is_doubted_and_lost_is_replaced_once() {
    let server = RedisServer::start();
    let options = RedisOptions::parse(&server.url()).unwrap();
    let options = options.answer_timeout(Duration::from_millis(50)).unwrap();
    let options = options.connect_timeout(Duration::from_secs(10)).unwrap();
    let link = Link::new(options);
    let shared = &link.shared;
    link.wait_until_up().await.unwrap();
    server.pause();
    shared.judge(0, Verdict::Doubtful);
    // The check has sent its question by then.
    sleep(Duration::from_millis(5)).await;
    shared.judge(0, Verdict::Lost);
    // And has given up by then.
    sleep(Duration::from_millis(300)).await;
    server.resume();
    link.wait_until_up().await.unwrap();
    assert!(matches!(&*shared.state.borrow(), State::Up(up) if up.number == 1));
    assert_eq!(shared.next_number.load(Ordering::Relaxed), 2, "one other was opened");
    // Nor does the check's end, or the restoring's, disturb the new one.
    sleep(CALM * 2).await;
    assert!(matches!(&*shared.state.borrow(), State::Up(up) if up.number == 1));
}
