//! What is left of plans as `auto_explain` writes them.

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::{MaskedPlan, PlanFormat};

const TEXT: &str = r#"Query Text: select * from shop.orders o join t on t.id = o.id -- s3cr3t
where note = 's3cr3t' and o.n > 4711
Query Parameters: $1 = 's3cr3t', $2 = '4711'
Hash Join  (cost=1.09..2.20 rows=1 width=68) (actual time=0.031..0.033 rows=1.00 loops=1)
  Output: o.id, o.note, 's3cr3t'::text, (o.n + 4711)
  Inner Unique: true
  Hash Cond: (o.id = t.id)
  Join Filter: ((o.note ~~ '%s3cr3t%'::text) OR (o.n = ANY ('{4711,4712}'::integer[])))
  Rows Removed by Join Filter: 3
  Buffers: shared hit=3 read=1
  ->  Seq Scan on shop.orders o_1  (cost=0.00..1.10 rows=1 width=36) (never executed)
        Filter: ((NOT (hashed SubPlan 1)) AND (o_1.n > $0))
        Worker 0:  actual time=0.010..0.011 rows=1 loops=1
        Worker 1:  Sort Method: quicksort  Memory: 25kB
        SubPlan 1
          ->  Function Scan on pg_catalog.generate_series g  (cost=0.00..1.10 rows=1 width=36)
                Function Call: generate_series(1, 4711)
  ->  Hash  (cost=1.04..1.04 rows=4 width=4) (actual time=0.011..0.012 rows=4.00 loops=1)
        Buckets: 1024  Batches: 1  Memory Usage: 9kB
Settings: work_mem = '64kB', search_path = 's3cr3t'
Query Identifier: -1234567890123456789
Trigger RI_ConstraintTrigger_c_16400 on orders: time=0.250 calls=1
JIT:
  Functions: 4
  Timing: Generation 0.5 ms (Deform 0.2 ms), Total 1.5 ms
"#;

fn check(raw: &str, expected: &Expect) -> MaskedPlan {
    let plan = MaskedPlan::of(raw.as_bytes()).unwrap();
    assert!(!plan.as_str().contains("s3cr3t") && !plan.as_str().contains("4711"), "{plan:?}");
    expected.assert_eq(plan.as_str());
    assert_eq!(MaskedPlan::try_from(plan.as_str().to_owned()).as_ref(), Ok(&plan), "it can be read back");
    plan
}

fn refused(raw: &str) {
    assert_eq!(MaskedPlan::of(raw.as_bytes()), None, "{raw}");
}

#[test]
fn of_lines_for_people_figures_and_names_stay() {
    let plan = check(
        TEXT,
        &expect![[r#"
        Query Text: select * from shop.orders o join t on t.id = o.id where note = $1 and o.n > $2
        Query Parameters: ?
        Hash Join  (cost=1.09..2.20 rows=1 width=68) (actual time=0.031..0.033 rows=1.00 loops=1)
          Output: o.id, o.note, ?::text, (o.n + ?)
          Inner Unique: true
          Hash Cond: (o.id = t.id)
          Join Filter: ((o.note ~~ ?::text) OR (o.n = ANY (?::integer[])))
          Rows Removed by Join Filter: 3
          Buffers: shared hit=3 read=1
          ->  Seq Scan on shop.orders o_1  (cost=0.00..1.10 rows=1 width=36) (never executed)
                Filter: ((NOT (hashed SubPlan 1)) AND (o_1.n > $0))
                Worker 0:  actual time=0.010..0.011 rows=1 loops=1
                Worker 1:  Sort Method: quicksort  Memory: 25kB
                SubPlan 1
                  ->  Function Scan on pg_catalog.generate_series g  (cost=0.00..1.10 rows=1 width=36)
                        Function Call: generate_series(?, ?)
          ->  Hash  (cost=1.04..1.04 rows=4 width=4) (actual time=0.011..0.012 rows=4.00 loops=1)
                Buckets: 1024  Batches: 1  Memory Usage: 9kB
        Settings: work_mem = ?, search_path = ?
        Query Identifier: -1234567890123456789
        Trigger RI_ConstraintTrigger_c_16400 on orders: time=0.250 calls=1
        JIT:
          Functions: 4
          Timing: Generation 0.5 ms (Deform 0.2 ms), Total 1.5 ms
    "#]],
    );
    assert_eq!((plan.format(), plan.queryid()), (PlanFormat::Text, Some(-1_234_567_890_123_456_789)));
}

#[test]
fn of_json_figures_and_names_stay() {
    let raw = r#"{
      "Query Text": "select * from t where a = 's3cr3t' and n = 4711",
      "Query Parameters": "$1 = 's3cr3t'",
      "Query Identifier": 42,
      "Plan": {
        "Node Type": "Seq Scan", "Relation Name": "t", "Alias": "t_1", "Parallel Aware": false,
        "Startup Cost": 0.00, "Total Cost": 35.5, "Plan Rows": 10,
        "Output": ["a", "'s3cr3t'::text", "(n + 4711)"],
        "Filter": "((a = 's3cr3t'::text) AND (n = 4711) AND (SubPlan 1))",
        "Plans": [{"Node Type": "Result", "Subplan Name": "SubPlan 1", "One-Time Filter": "(4711 = $1)"}]
      },
      "Settings": {"work_mem": "4711kB", "search_path": "'s3cr3t'"},
      "JIT": {"Functions": 2, "Options": {"Inlining": false}}
    }"#;
    let plan = check(
        raw,
        &expect![[
            r#"{"Query Text":"select * from t where a = $1 and n = $2","Query Parameters":"?","Query Identifier":42,"Plan":{"Node Type":"Seq Scan","Relation Name":"t","Alias":"t_1","Parallel Aware":false,"Startup Cost":0.0,"Total Cost":35.5,"Plan Rows":10,"Output":["a","?::text","(n + ?)"],"Filter":"((a = ?::text) AND (n = ?) AND (SubPlan 1))","Plans":[{"Node Type":"Result","Subplan Name":"SubPlan 1","One-Time Filter":"(? = $1)"}]},"Settings":{"work_mem":"?","search_path":"?"},"JIT":{"Functions":2,"Options":{"Inlining":false}}}"#
        ]],
    );
    assert_eq!((plan.format(), plan.queryid()), (PlanFormat::Json, Some(42)));
}

#[test]
fn what_cannot_be_masked_for_certain_is_no_plan() {
    const NODE: &str = "Result  (cost=0.00..0.01 rows=1 width=4)";
    for raw in [
        String::new(),
        "Query Text: select 1\n".to_owned(),
        format!("{NODE}\n"),
        format!("Query Text: select 1\n{NODE}\n{NODE}\n"),
        format!("Query Text: select 'a\n{NODE}\n'\n{NODE}\n"),
        format!(
            "Query Text: select 1\n{NODE}\n  Filter: (a = 'first line\n  Rows Removed by Filter: 4711'::text)\n"
        ),
        format!("Query Text: select 1\n{NODE}\n  Filter: (a = 'cut of"),
        "Query Text: \"select 1\"\nPlan: \n  Node Type: \"Result\"\n  Total Cost: 0.01".to_owned(),
        "<explain xmlns=\"http://www.postgresql.org/2009/explain\">\n</explain>".to_owned(),
        "{\"Query Text\": \"select 1\", \"Plan\": {\"Filter\": \"(a = 'open)\"}}".to_owned(),
        "{\"Query Text\": \"select 1\", \"Plan\": {\"Node Type\": \"Result\"}".to_owned(),
        "{\"Query Text\": \"select 1\"}".to_owned(),
        "{\"Plan\": {}}".to_owned(),
    ] {
        refused(&raw);
    }
    assert_eq!(MaskedPlan::of(b"Query Text: \xff\n"), None);
}

#[test]
fn reading_back_refuses_a_literal() {
    let plan = String::from(MaskedPlan::of(TEXT.as_bytes()).unwrap());
    for (masked, literal) in [
        ("Hash Cond: (o.id = t.id)", "Hash Cond: (o.id = 4711)"),
        ("'?", "?"),
        ("Buffers: shared hit=3 read=1", "Buffers: 's3cr3t'"),
        ("Query Parameters: ?", "Query Parameters: $1 = 's3cr3t'"),
        ("Query Text: select", "Query Text: select 1,"),
    ] {
        let text = plan.replacen(masked, literal, 1);
        let read = MaskedPlan::try_from(text.clone());
        assert_eq!(read.is_ok(), text == plan, "{text}");
    }
}

proptest! {
    /// Whatever a literal holds, of a condition nothing of it is left.
    #[test]
    fn no_literal_is_left(literal in "[a-z '\\\\\"(=.$-]{0,20}", number in 1_000_000u32..) {
        let quoted = literal.replace('\'', "''");
        let quoted = match literal.contains('\\') {
            true => format!("E'{}zq7'", quoted.replace('\\', "\\\\")),
            false => format!("'{quoted}zq7'"),
        };
        let raw = format!(
            "Query Text: select {quoted}, {number}\nResult  (cost=0.00..0.01 rows=1 width=4)\n  \
             Output: {quoted}::text, {number}\n"
        );
        let plan = MaskedPlan::of(raw.as_bytes()).unwrap();
        prop_assert!(!plan.as_str().contains("zq7") && !plan.as_str().contains(&number.to_string()), "{plan:?}");
    }

    #[test]
    fn any_text_is_masked_once(text in "\\PC{0,60}", condition in "[a-z0-9'\"$(){}:=+-]{0,30}") {
        for raw in [text, format!("Query Text: select 1\nResult  (cost=0.00..0.01 rows=1 width=4)\n  Filter: {condition}\n")] {
            if let Some(plan) = MaskedPlan::of(raw.as_bytes()) {
                prop_assert_eq!(MaskedPlan::of(plan.as_str().as_bytes()), Some(plan));
            }
        }
    }
}
