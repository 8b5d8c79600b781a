//! Whole reports of polls made by hand, as a person would see them.

mod fixture;
mod polls;

use expect_test::{Expect, expect};
use pgquerylens_model::report::{PollReport, Status};
use pgquerylens_model::selection::Order;
use unicode_width::UnicodeWidthStr;

use super::{RenderOptions, render};

fn check(report: &PollReport, expected: &Expect) {
    let options = RenderOptions { top: 3, ..RenderOptions::default() };
    let text = render(report, &options);
    expected.assert_eq(&text);
    for width in [40, 60, 80, 100, 200] {
        for colour in [false, true] {
            let text = render(report, &RenderOptions { width, colour, ..options });
            assert_eq!(text.contains('\u{1b}'), colour);
            let widest = without_escape_codes(&text).lines().map(UnicodeWidthStr::width).max();
            assert!(widest <= Some(width.min(100)), "{widest:?} columns of {width}\n{text}");
        }
    }
}

fn without_escape_codes(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once('m').map_or("", |(_, rest)| rest))
}

#[test]
fn a_busy_interval() {
    check(
        &polls::busy().report(),
        &expect![[r#"
            db.example.com:5432/shop  PostgreSQL 18.4 · primary · up 3 d 4 h
            12.0 s to 14:03:22 UTC · exact

            1.8 sessions active on average · 63 % of time in one statement · 97 % of active time explained

            TOP STATEMENTS by time · 3 of 6
                        time  share        calls     mean     ±dev   rows    hit      I/O       WAL      temp
            1         12.9 s    63%  ██▌   1.15k  11.2 ms  3.31 ms  11.5k  99.5%   322 ms         0         0
                select o.id, o.total, c.name from orders o join customers c on c…  shop/app -8123456789012345678
            2         4.24 s    21%  ▉        48  88.3 ms  54.9 ms    480  99.5%   106 ms         0  15.0 MiB
                select customer_id, sum(total) from orders group by customer_id                      shop/app 11
            3         3.20 s    16%  ▋     52.3k  0.06 ms  0.03 ms   523k  99.5%  80.0 ms  16.5 MiB         0
                update stock set quantity = quantity - $1 where product_id = $2                      shop/app 12
            2 more   11.0 ms    <1%           81  0.14 ms        -    810  99.5%  0.28 ms  38.1 MiB         0
            our own  23.4 ms    <1%            1  23.4 ms        -     10   100%  0.58 ms         0         0
            total     20.4 s   100%        53.6k  0.38 ms        -   536k  99.5%   509 ms  54.7 MiB  15.0 MiB

            SESSIONS      19 clients · 2 active · 17 idle
            active on     1 CPU · 1 IO:DataFileRead
            longest xact  1.4 s app@shop pid 4102 · active · select customer_id, sum(total) from orders group b…

            DATABASES
                  sessions  commits/s  rollbacks    hit  rows read/s  written/s      temp  deadlocks
            shop        19        375          3  99.5%         167k        383  15.0 MiB          0
            and 1 other database

            WAL           4.53 MiB/s · 312 full-page images

            this poll     14 statements in 2 round trips, 41.3 ms · 1.40 MiB received · 4 views read
                          our own statements took 23.4 ms in the window, no temp
            coverage      statements explain 97 % of the databases' active time · 6 of 5,000 entries used
                          no evictions

            - pg_stat_statements is 1.11, the server offers 1.12: newer columns are missing
              → alter extension pg_stat_statements update
        "#]],
    );
}

#[test]
fn a_first_reading() {
    check(
        &polls::first().report(),
        &expect![[r#"
            db.example.com:5432/shop  PostgreSQL 17.2 · primary · up 3 d 4 h
            first reading at 14:03:22 UTC · totals since the last reset, 2025-12-31 14:03 UTC; no interval yet

            2 sessions active now · 60 % of time in one statement

            TOP STATEMENTS by time · 3 of 6 · totals since the last reset · no I/O time: track_io_timing is off
                        time  share        calls     mean     ±dev   rows    hit      I/O       WAL      temp
            1         13.9 s    60%  ██▍   1.25k  11.1 ms  3.30 ms  12.5k  99.5%        -         0         0
                select o.id, o.total, c.name from orders o join customers c on c…  shop/app -8123456789012345678
            2         5.14 s    22%  ▉        98  52.4 ms  52.5 ms    980  99.5%        -         0  30.6 MiB
                select customer_id, sum(total) from orders group by customer_id                      shop/app 11
            3         3.90 s    17%  ▋     61.3k  0.06 ms  0.03 ms   613k  99.5%        -  17.5 MiB         0
                update stock set quantity = quantity - $1 where product_id = $2                      shop/app 12
            2 more   71.0 ms    <1%          161  0.44 ms        -  1.61k  99.5%        -  38.1 MiB         0
            our own   223 ms     1%           11  20.3 ms        -    110  99.5%        -         0         0
            total     23.2 s   100%        62.8k  0.37 ms        -   628k  99.5%        -  55.6 MiB  30.6 MiB

            SESSIONS      19 clients · 2 active · 17 idle
            active on     1 CPU · 1 IO:DataFileRead
            longest xact  1.4 s app@shop pid 4102 · active · select customer_id, sum(total) from orders group b…

            DATABASES · totals since each one's reset
                  sessions  commits  rollbacks    hit  rows read  rows written     temp  deadlocks
            shop        19    49.5k         33  99.5%      22.0M         50.6k  165 MiB          0
            and 1 other database

            this poll     14 statements in 2 round trips, 41.3 ms · 1.40 MiB received · 1 connection opened
                          4 views read
            coverage      6 of 5,000 entries used

            - track_io_timing is off: I/O times are not measured
              → alter system set track_io_timing = on; select pg_reload_conf()
        "#]],
    );
}

#[test]
fn blocked_sessions() {
    check(
        &polls::blocked().report(),
        &expect![[r#"
            db.example.com:5432/shop  PostgreSQL 18.4 · primary · up 3 d 4 h
            12.0 s to 14:03:22 UTC · exact

            1.8 sessions active on average · 63 % of time in one statement
            3 sessions blocked for 2.3 s at most · a transaction idle for 1 min 14 s
            97 % of active time explained

            TOP STATEMENTS by time · 3 of 6
                        time  share        calls     mean     ±dev   rows    hit      I/O       WAL      temp
            1         12.9 s    63%  ██▌   1.15k  11.2 ms  3.31 ms  11.5k  99.5%   322 ms         0         0
                select o.id, o.total, c.name from orders o join customers c on c…  shop/app -8123456789012345678
            2         4.24 s    21%  ▉        48  88.3 ms  54.9 ms    480  99.5%   106 ms         0  15.0 MiB
                select customer_id, sum(total) from orders group by customer_id                      shop/app 11
            3         3.20 s    16%  ▋     52.3k  0.06 ms  0.03 ms   523k  99.5%  80.0 ms  16.5 MiB         0
                update stock set quantity = quantity - $1 where product_id = $2                      shop/app 12
            2 more   11.0 ms    <1%           81  0.14 ms        -    810  99.5%  0.28 ms  38.1 MiB         0
            our own  23.4 ms    <1%            1  23.4 ms        -     10   100%  0.58 ms         0         0
            total     20.4 s   100%        53.6k  0.38 ms        -   536k  99.5%   509 ms  54.7 MiB  15.0 MiB

            SESSIONS      4 clients · 3 active · 1 idle in transaction
            active on     1 Lock:relation · 1 Lock:transactionid · 1 Lock:tuple
            longest xact  1 min 31 s app@shop pid 4200 · idle in transaction for 1 min 14 s · update stock set …

            WHO BLOCKS WHOM
              app@shop pid 4200 · idle in transaction for 1 min 14 s · in its transaction for 1 min 31 s
                update stock set quantity = $1 where id = $2
                └ app@shop pid 4201 waits 2.3 s for that transaction to end · update stock set quantity = $1 wh…
                  └ app@shop pid 4202 waits 1.1 s for ExclusiveLock on a row of public.stock · update stock set…
                    └ app@shop pid 4203 waits 400 ms for AccessExclusiveLock on public.stock, blocked by 4 sess…
              a prepared transaction, see pg_prepared_xacts

            this poll     14 statements in 2 round trips, 41.3 ms · 1.40 MiB received · 3 views read
                          our own statements took 23.4 ms in the window, no temp
            coverage      statements explain 97 % of the databases' active time · 6 of 5,000 entries used
                          no evictions
        "#]],
    );
}

#[test]
fn a_standby() {
    check(
        &polls::standby().report(),
        &expect![[r#"
            db.example.com:5432/shop  PostgreSQL 18.4 · Amazon RDS · standby · up 3 d 4 h
            12.0 s to 14:03:22 UTC · lower bound: pg_stat_statements evicted entries 7 times

            1.8 sessions active on average · 63 % of time in one statement · 97 % of active time explained

            TOP STATEMENTS by time · 3 of 6
                        time  share        calls     mean     ±dev   rows    hit      I/O       WAL      temp
            1         12.9 s    63%  ██▌   1.15k  11.2 ms  3.31 ms  11.5k  99.5%   322 ms         0         0
                select o.id, o.total, c.name from orders o join customers c on c…  shop/app -8123456789012345678
            2         4.24 s    21%  ▉        48  88.3 ms  54.9 ms    480  99.5%   106 ms         0  15.0 MiB
                select customer_id, sum(total) from orders group by customer_id                      shop/app 11
            3         3.20 s    16%  ▋     52.3k  0.06 ms  0.03 ms   523k  99.5%  80.0 ms  16.5 MiB         0
                update stock set quantity = quantity - $1 where product_id = $2                      shop/app 12
            2 more   11.0 ms    <1%           81  0.14 ms        -    810  99.5%  0.28 ms  38.1 MiB         0
            our own  23.4 ms    <1%            1  23.4 ms        -     10   100%  0.58 ms         0         0
            total     20.4 s   100%        53.6k  0.38 ms        -   536k  99.5%   509 ms  54.7 MiB  15.0 MiB

            SESSIONS      19 clients · 2 active · 17 idle
            active on     1 CPU · 1 IO:DataFileRead
            longest xact  1.4 s app@shop pid 4102 · active · select customer_id, sum(total) from orders group b…

            DATABASES
                  sessions  commits/s  rollbacks    hit  rows read/s  written/s      temp  deadlocks  conflicts
            shop        19        375          3  99.5%         167k        383  15.0 MiB          0          0
            and 1 other database

            replay        12.0 MiB behind, 14 s · streaming from 10.0.0.1
            standby       cascade at 10.0.0.9 · streaming, async · caught up

            this poll     14 statements in 2 round trips, 41.3 ms · 1.40 MiB received · 6 views read
                          our own statements took 23.4 ms in the window, no temp
            coverage      statements explain 97 % of the databases' active time · 6 of 5,000 entries used
                          evicted 7 times: raise pg_stat_statements.max
        "#]],
    );
}

#[test]
fn without_pg_stat_statements() {
    check(
        &polls::without_statements().report(),
        &expect![[r#"
            db.example.com:5432/shop  PostgreSQL 18.4 · primary · up 3 d 4 h · degraded
            12.0 s to 14:03:22 UTC · exact

            2 sessions active now

            SESSIONS      19 clients · 2 active · 17 idle
            active on     1 CPU · 1 IO:DataFileRead
            longest xact  1.4 s app@shop pid 4102 · active · select customer_id, sum(total) from orders group b…

            DATABASES
                  sessions  commits/s  rollbacks    hit  rows read/s  written/s      temp  deadlocks
            shop        19        375          3  99.5%         167k        383  15.0 MiB          0
            and 1 other database

            this poll     14 statements in 2 round trips, 41.3 ms · 1.40 MiB received · 2 views read

            ! the database "shop" does not have pg_stat_statements: no statements are shown
              → add pg_stat_statements to shared_preload_libraries, restart, then: create extension
                pg_stat_statements
        "#]],
    );
}

#[test]
fn a_failed_collector() {
    check(
        &polls::failed_collector().report(),
        &expect![[r#"
            db.example.com:5432/shop  PostgreSQL 18.4 · primary · up 3 d 4 h · degraded
            12.0 s to 14:03:22 UTC · exact

            1.8 sessions active on average · 97 % of active time explained

            SESSIONS      19 clients · 2 active · 17 idle
            active on     1 CPU · 1 IO:DataFileRead
            longest xact  1.4 s app@shop pid 4102 · active · select customer_id, sum(total) from orders group b…

            DATABASES
                  sessions  commits/s  rollbacks    hit  rows read/s  written/s      temp  deadlocks
            shop        19        375          3  99.5%         167k        383  15.0 MiB          0
            and 1 other database

            this poll     14 statements in 2 round trips, 41.3 ms · 1.40 MiB received · 2 views read · 1 failed
                          our own statements took 23.4 ms in the window, no temp
            coverage      statements explain 97 % of the databases' active time

            ! pg_stat_user_tables in "shop" was not read: canceling statement due to lock timeout
            - track_io_timing is off: I/O times are not measured
        "#]],
    );
}

#[test]
fn trouble_on_the_server() {
    check(
        &polls::in_trouble().report(),
        &expect![[r#"
            db.example.com:5432/shop  PostgreSQL 18.4 · primary · up 3 d 4 h
            read at 14:03:22 UTC

            1.8 sessions active on average · 97 % of active time explained

            checkpoints   0 timed, 3 requested · 23.4 MiB written in 2.10 s
            archiver      failing: 000000010000000000000042, 30 s ago · 4 failures
            in progress   VACUUM of public.orders · scanning heap · 25% · pid 812
            prepared      1 prepared transaction, the oldest for 2 h 1 min
            wraparound    shop is 1.62G transactions old · 524M left before the server stops writing
            slot          old_replica · retains 50.0 GiB of WAL · nobody reads it · unreserved
            indexes       in shop · 1 invalid: public.orders_x · 1 superfluous: public.orders_x
                          1 never scanned
            sequences     in shop · public.orders_id_seq 88% used up

            this poll     14 statements in 2 round trips, 41.3 ms · 1.40 MiB received · 10 views read
                          our own statements took 23.4 ms in the window, no temp
            coverage      statements explain 97 % of the databases' active time
        "#]],
    );
}

#[test]
fn nothing_was_read() {
    let mut report = polls::first().report();
    report.metrics = None;
    report.status = Status::Failed;
    check(
        &report,
        &expect![[r#"
        db.example.com:5432/shop  nothing was read

        this poll     14 statements in 2 round trips, 41.3 ms · 1.40 MiB received · 1 connection opened
                      4 views read

        - track_io_timing is off: I/O times are not measured
          → alter system set track_io_timing = on; select pg_reload_conf()
    "#]],
    );
}

#[test]
fn statements_by_wal() {
    let options = RenderOptions { top: 2, order: Order::Wal, ..RenderOptions::default() };
    let text = render(&polls::busy().report(), &options);
    let section: Vec<&str> = text.lines().skip_while(|line| !line.starts_with("TOP")).take(9).collect();
    expect![[r#"
        TOP STATEMENTS by WAL · 2 of 6
                    time  share        calls     mean     ±dev   rows    hit      I/O       WAL      temp
        1        10.0 ms    70%  ██▊      80  0.12 ms        0    800  99.5%  0.25 ms  38.1 MiB         0
            insert into order_lines select * from staging                                        shop/app 13
        2         3.20 s    30%  █▎    52.3k  0.06 ms  0.03 ms   523k  99.5%  80.0 ms  16.5 MiB         0
            update stock set quantity = quantity - $1 where product_id = $2                      shop/app 12
        3 more    17.1 s     0%        1.20k  14.3 ms        -  12.0k  99.5%   429 ms         0  15.0 MiB
        our own  23.4 ms     0%            1  23.4 ms        -     10   100%  0.58 ms         0         0
        total     20.4 s   100%        53.6k  0.38 ms        -   536k  99.5%   509 ms  54.7 MiB  15.0 MiB"#]]
    .assert_eq(&section.join("\n"));
}

#[test]
fn a_live_screen_is_kept_short() {
    let report = polls::busy().report();
    let lines = |live| render(&report, &RenderOptions { live, ..RenderOptions::default() }).lines().count();
    assert!(lines(true) < lines(false));
}

#[test]
fn a_circle_of_blocked_sessions_ends() {
    let text = render(&polls::circle().report(), &RenderOptions::default());
    let tree: Vec<&str> = text.lines().skip_while(|line| !line.starts_with("WHO")).take(4).collect();
    expect![[r#"
        WHO BLOCKS WHOM
          └ app@shop pid 1 waits 500 ms · update a
            └ app@shop pid 2 waits 400 ms · update b
    "#]]
    .assert_eq(&tree.join("\n"));
}

#[test]
fn hostile_names_do_not_reach_the_terminal() {
    let text = render(&polls::hostile().report(), &RenderOptions::default());
    let obeyed = |c: char| c != '\n' && (c.is_control() || matches!(c, '\u{202e}' | '\u{200b}'));
    assert!(!text.contains(obeyed), "{text}");
    assert!(text.contains("evil\\u{1b}[2Jrole") && text.contains("two\\nlines"), "{text}");
}
