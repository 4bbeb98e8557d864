//! Turns that take too long.

use crate::lab::Lab;

#[test]
fn a_late_turn_is_interrupted_once_and_the_instance_goes_on() {
    let Some(lab) = Lab::new(&[]) else { return };
    let items =
        ["[[mode=hang tag=1]] say", "[[tag=2]] say", "[[mode=drip gap=2000 tag=3]] say", "[[tag=4]] say"];
    let ran = lab.run(&["-n", "1", "--timeout", "3s"], &items.join("\n"));
    assert_eq!(ran.outcomes(), ["timed_out", "ok", "timed_out", "ok"], "{}", ran.stderr);
    assert_eq!((ran.status, ran.slots()), (Some(1), vec![0]));
    for (record, item) in ran.records.iter().zip(items) {
        let interrupted = record.reply.matches("^C again to exit").count();
        assert_eq!(interrupted, usize::from(!record.is_ok()), "{record:?}");
        assert_eq!(record.reply.starts_with("PLAIN "), record.is_ok(), "{record:?}");
        assert_eq!(record.item.as_deref(), Some(item));
    }
    for tag in ["1", "2", "3", "4"] {
        lab.model.asked_once(tag);
    }
}
